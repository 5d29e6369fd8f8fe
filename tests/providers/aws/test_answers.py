"""What AWS's errors mean, in each service's dialect."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from reaper.providers.aws.answers import (
    classify,
    code_of,
    denied,
    explain,
    is_any,
    throttled,
)
from reaper.providers.protocol import Reply
from reaper.sandbox.aws.world.identities import TRUST
from reaper.sandbox.faults import Effect, Operation, once
from tests.providers.aws.conftest import REGION, Client, Desk


def error(
    code: str, message: str = "no", status: int = 400, operation: str = "DeleteIt"
) -> ClientError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)


@pytest.mark.parametrize(
    ("told", "reply"),
    [
        (error("InvalidVolume.NotFound"), Reply.ABSENT),
        (error("RequestLimitExceeded", status=503), Reply.THROTTLED),
        (error("Throttling"), Reply.THROTTLED),
        (error("TooManyRequestsException", status=429), Reply.THROTTLED),
        (error("AnyWord", status=429), Reply.THROTTLED),
        (error("SlowDown", status=503), Reply.THROTTLED),
        (error("UnauthorizedOperation", status=403), Reply.DENIED),
        (error("AccessDeniedException"), Reply.DENIED),
        (error("ExpiredToken", status=403), Reply.DENIED),
        (error("DependencyViolation"), Reply.IN_USE),
        (error("DeleteConflict", status=409), Reply.IN_USE),
        (error("BucketNotEmpty", status=409), Reply.IN_USE),
        (error("InvalidParameterValue", "it is currently in use by x"), Reply.IN_USE),
        (error("InvalidParameterValue", "protected from deletion"), Reply.PROTECTED),
        (error("OperationNotPermitted"), Reply.PROTECTED),
        (error("ValidationError", "TerminationProtection is enabled"), Reply.PROTECTED),
        (error("ValidationException", "the table has deletion protection"), Reply.PROTECTED),
        (error("ResourceInUseException", "deletion protection is on"), Reply.PROTECTED),
        (error("ResourceInUseException", "it is being created"), Reply.IN_USE),
        (error("InvalidParameterValue", "something else"), Reply.FAILED),
        (error("ValidationError", "another sentence"), Reply.FAILED),
        (error("InternalError", status=500), Reply.UNCERTAIN),
        (error("InternalError", status=500, operation="DescribeIt"), Reply.FAILED),
        (ReadTimeoutError(endpoint_url="http://a"), Reply.UNCERTAIN),
        (ResponseParserError("garbage"), Reply.UNCERTAIN),
        (EndpointConnectionError(endpoint_url="http://a"), Reply.FAILED),
        (ConnectTimeoutError(endpoint_url="http://a"), Reply.FAILED),
        (NoCredentialsError(), Reply.FAILED),
        (ParamValidationError(report="wrong"), Reply.FAILED),
    ],
)
def test_an_error_is_read_as_what_it_means(told: Exception, reply: Reply) -> None:
    answer = classify(told, gone=("InvalidVolume.NotFound",), doing="ec2:DeleteVolume")

    assert answer.reply is reply
    assert "ec2:DeleteVolume" in answer.detail


def test_what_was_never_sent_says_so() -> None:
    answer = classify(NoCredentialsError(), gone=(), doing="ec2:DeleteVolume")

    assert answer.detail.startswith("nothing was sent: ")


def test_what_may_have_been_carried_out_says_so() -> None:
    answer = classify(error("InternalError", status=500), gone=(), doing="it")

    assert answer.detail.endswith("it may have been carried out")


@given(
    code=st.text(st.characters(codec="ascii", exclude_characters=":"), max_size=30),
    message=st.text(max_size=30),
    status=st.integers(100, 599),
)
def test_no_unknown_error_is_success(code: str, message: str, status: int) -> None:
    answer = classify(error(code, message, status), gone=("Gone",), doing="it")

    assert answer.reply not in {Reply.DONE, Reply.STARTED, Reply.SCHEDULED}
    assert (answer.reply is Reply.ABSENT) == (code == "Gone")
    assert answer.detail


@given(words=st.text(min_size=1, max_size=20), sentence=st.text(max_size=60))
def test_a_code_with_words_means_sentences_that_have_them(words: str, sentence: str) -> None:
    told = error("ValidationError", f"{sentence}")

    assert is_any(told, (f"ValidationError:{words}",)) == (words in explain(told))
    assert not is_any(told, (f"Another:{words}",))


@pytest.mark.parametrize(
    ("told", "meaning"),
    [
        (error("SlowDown", status=503), {throttled}),
        (error("Anything", status=403), {denied}),
        (NoCredentialsError(), {denied}),
        (ReadTimeoutError(endpoint_url="http://a"), set()),
    ],
)
def test_what_is_throttled_and_what_is_denied(told: Exception, meaning: set[object]) -> None:
    assert {ask for ask in (throttled, denied) if ask(told)} == meaning


def test_an_error_without_aws_s_words_has_no_code() -> None:
    assert code_of(ReadTimeoutError(endpoint_url="http://a")) == ""
    assert explain(ResponseParserError("<html>")) == "AWS's answer cannot be read"
    assert explain(error("Code", "")) == "Code: no message"


# --- each dialect, as it is spoken on the wire --------------------------------------------------


def a_volume(client: Client) -> str:
    made = client("ec2").create_volume(AvailabilityZone=f"{REGION}a", Size=1)
    return str(made["VolumeId"])


def a_role(client: Client) -> str:
    client("iam").create_role(RoleName="one", AssumeRolePolicyDocument=TRUST)
    return "one"


def a_queue(client: Client) -> str:
    client("sqs").create_queue(QueueName="one")
    return "one"


def a_table(client: Client) -> str:
    client("dynamodb").create_table(
        TableName="one",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "one"


def a_topic(client: Client) -> str:
    return str(client("sns").create_topic(Name="one")["TopicArn"])


def a_bucket(client: Client) -> str:
    client("s3").create_bucket(Bucket="one")
    return "one"


def a_log_group(client: Client) -> str:
    client("logs").create_log_group(logGroupName="one")
    return "one"


MAKERS: dict[str, Callable[[Client], str]] = {
    "aws:ec2:volume": a_volume,
    "aws:iam:role": a_role,
    "aws:sqs:queue": a_queue,
    "aws:dynamodb:table": a_table,
    "aws:sns:topic": a_topic,
    "aws:s3:bucket": a_bucket,
    "aws:logs:log-group": a_log_group,
}


@pytest.mark.parametrize(
    ("effect", "reply", "goes"),
    [
        (Effect.THROTTLE, Reply.THROTTLED, False),
        (Effect.DENY, Reply.DENIED, False),
        (Effect.FAIL, Reply.UNCERTAIN, False),
        (Effect.UNSENT, Reply.UNCERTAIN, False),
        (Effect.LOST, Reply.UNCERTAIN, True),
    ],
)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_deletion_is_sent_once_and_its_end_is_understood(
    desk: Desk, kind: str, effect: Effect, reply: Reply, *, goes: bool
) -> None:
    made = MAKERS[kind](desk.client)
    desk.sandbox.faults.add(once(effect, Operation.DELETE))

    answer = desk.delete(kind, made)

    assert answer.reply is reply, answer
    assert answer.detail
    there = type(desk.read(kind, made)[made]).__name__
    assert there == ("Absent" if goes else "Resource")
