"""Authoritative reads: in batches, halved where one is missing, and never absent by a mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper.providers.aws import names, session
from reaper.providers.aws.reading import read_tags, read_time
from reaper.providers.protocol import Absent, Unreadable
from reaper.sandbox.aws.world.identities import TRUST
from reaper.sandbox.faults import Effect, Fault, Operation
from tests.providers.aws.conftest import PAIRS, REGION, TAGS, Desk, tagged


@pytest.fixture
def impatient(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose reads are tried once only: how often they are is botocore's to test."""
    monkeypatch.setattr(session, "_READ_ATTEMPTS", 1)
    return desk


def volume(desk: Desk) -> str:
    made = desk.client("ec2").create_volume(
        AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=tagged("volume")
    )
    return str(made["VolumeId"])


def template(desk: Desk, name: str) -> str:
    made = desk.client("ec2").create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t3.micro"}
    )
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def machine(desk: Desk) -> Mapping[str, Any]:
    [made] = desk.client("ec2").run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, TagSpecifications=tagged("instance")
    )["Instances"]
    found: Mapping[str, Any] = made
    return found


def answer_otherwise(desk: Desk, operation: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Let AWS's answers to an operation be changed on their way."""
    service, _, name = operation.partition(".")
    client = desk.account._clients.reader(service, REGION)

    def altered(parsed: dict[str, Any], **_: object) -> None:
        change(parsed)

    client.meta.events.register(
        f"after-call.{client.meta.service_model.service_id.hyphenize()}.{name}", altered
    )


def test_what_is_there_is_read_and_what_is_not_is_absent(desk: Desk) -> None:
    made = volume(desk)

    found = desk.read(names.VOLUME, made, "vol-0123456789abcdef0")

    assert desk.one(names.VOLUME, made).tags == TAGS
    assert isinstance(found["vol-0123456789abcdef0"], Absent)


def test_many_are_read_in_few_calls(desk: Desk) -> None:
    made = [volume(desk) for _ in range(210)]
    desk.sandbox.requests.reset()

    found = desk.read(names.VOLUME, *made)

    assert len(found) == 210
    assert desk.sandbox.requests.total == 2


def test_a_batch_that_fails_for_one_that_is_missing_is_halved(desk: Desk) -> None:
    made = [template(desk, f"template-{number}") for number in range(6)]
    missing = ["lt-0123456789abcdef0", "lt-0123456789abcdef1"]

    found = desk.read(names.LAUNCH_TEMPLATE, *made[:3], *missing, *made[3:])

    assert {each for each, reading in found.items() if isinstance(reading, Absent)} == {*missing}
    assert {each for each, reading in found.items() if not isinstance(reading, Absent)} == {*made}


def test_a_single_one_that_is_missing_is_absent(desk: Desk) -> None:
    for kind, missing in (
        (names.ROLE, "none"),
        (names.QUEUE, "none"),
        (names.TABLE, "none"),
        (names.FUNCTION, "none"),
        (names.BUCKET, "none"),
        (names.PARAMETER, "/none"),
        (names.LOG_GROUP, "/none"),
        (names.KMS_KEY, "00000000-0000-0000-0000-000000000000"),
        (names.TOPIC, f"arn:aws:sns:{REGION}:{desk.sandbox.account}:none"),
        (
            names.SECRET,
            f"arn:aws:secretsmanager:{REGION}:{desk.sandbox.account}:secret:none-abcdef",
        ),
        (names.STACK, f"arn:aws:cloudformation:{REGION}:{desk.sandbox.account}:stack/none/1"),
        (names.POLICY, f"arn:aws:iam::{desk.sandbox.account}:policy/none"),
    ):
        assert isinstance(desk.read(kind, missing)[missing], Absent), kind


def test_a_log_group_of_which_the_name_is_only_a_beginning_is_another(desk: Desk) -> None:
    desk.client("logs").create_log_group(logGroupName="/one/more")

    assert isinstance(desk.read(names.LOG_GROUP, "/one")["/one"], Absent)


@pytest.mark.parametrize("effect", [Effect.DENY, Effect.FAIL])
@pytest.mark.parametrize(
    ("kind", "resource_id", "asked"),
    [
        (names.VOLUME, "vol-1", "ec2:DescribeVolumes"),
        (names.ROLE, "one", "iam:GetRole"),
        (names.QUEUE, "one", "sqs:GetQueueUrl"),
        (names.TABLE, "one", "dynamodb:DescribeTable"),
        (names.FUNCTION, "one", "lambda:GetFunction"),
        (names.BUCKET, "one", "s3:ListBuckets"),
    ],
)
def test_a_read_that_fails_is_unreadable_and_names_the_call(
    impatient: Desk, kind: str, resource_id: str, asked: str, effect: Effect
) -> None:
    desk = impatient
    operations = frozenset({Operation.READ})
    desk.sandbox.faults.add(Fault(effect=effect, operations=operations, kind=asked))

    reading = desk.read(kind, resource_id)[resource_id]

    assert isinstance(reading, Unreadable)
    # IAM's name for this one call is another than the API's.
    assert reading.reason.startswith(asked.replace("ListBuckets", "ListAllMyBuckets"))
    assert desk.control(kind) is None or asked == "s3:ListBuckets"


@pytest.mark.parametrize(
    "change",
    [
        lambda parsed: parsed.pop("Volumes"),
        lambda parsed: parsed.update(Volumes=None),
        lambda parsed: parsed.update(Volumes="three"),
        lambda parsed: parsed.update(Volumes=[None]),
        lambda parsed: parsed["Volumes"][0].pop("VolumeId"),
        lambda parsed: parsed["Volumes"][0].update(Tags="none"),
        lambda parsed: parsed["Volumes"][0].update(Tags=[{"Name": "no key"}]),
        lambda parsed: parsed["Volumes"][0].update(CreateTime="yesterday"),
    ],
)
def test_an_answer_that_is_not_as_documented_is_unreadable(
    desk: Desk, change: Callable[[dict[str, Any]], None]
) -> None:
    made = volume(desk)
    answer_otherwise(desk, "ec2.DescribeVolumes", change)

    reading = desk.read(names.VOLUME, made)[made]

    assert isinstance(reading, Unreadable)
    assert "not as documented" in reading.reason


def test_an_answer_without_the_thing_itself_is_unreadable(desk: Desk) -> None:
    desk.client("iam").create_role(RoleName="one", AssumeRolePolicyDocument=TRUST)
    answer_otherwise(desk, "iam.GetRole", lambda parsed: parsed.pop("Role"))

    reading = desk.read(names.ROLE, "one")["one"]

    assert isinstance(reading, Unreadable)
    assert "iam:GetRole" in reading.reason


def test_tags_that_were_left_out_of_a_batch_are_unreadable(desk: Desk) -> None:
    ec2, elb = desk.client("ec2"), desk.client("elbv2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    [target] = elb.create_target_group(Name="t", Protocol="HTTP", Port=80, VpcId=vpc, Tags=PAIRS)[
        "TargetGroups"
    ]
    answer_otherwise(desk, "elbv2.DescribeTags", lambda parsed: parsed["TagDescriptions"].clear())

    reading = desk.read(names.TARGET_GROUP, target["TargetGroupArn"])[target["TargetGroupArn"]]

    assert isinstance(reading, Unreadable)
    assert "left out" in reading.reason


def test_the_first_interface_tells_an_instance_s_age_and_not_its_last_start(desk: Desk) -> None:
    made = machine(desk)
    later = datetime.now(UTC) + timedelta(days=3)
    answer_otherwise(
        desk,
        "ec2.DescribeInstances",
        lambda parsed: parsed["Reservations"][0]["Instances"][0].update(LaunchTime=later),
    )

    found = desk.one(names.INSTANCE, made["InstanceId"])

    assert found.created is not None
    assert found.created < later - timedelta(days=2)


def test_a_terminated_instance_is_absent_and_says_why(desk: Desk) -> None:
    made = machine(desk)["InstanceId"]
    desk.client("ec2").terminate_instances(InstanceIds=[made])

    assert desk.read(names.INSTANCE, made)[made] == Absent(detail="it is terminated")


def test_an_instance_that_ends_is_going(desk: Desk) -> None:
    desk.sandbox.lags.instance_s = 60
    made = machine(desk)["InstanceId"]
    desk.client("ec2").terminate_instances(InstanceIds=[made])

    assert desk.one(names.INSTANCE, made).going


def test_a_resource_of_another_cell_is_unreadable_here(desk: Desk) -> None:
    ref = desk.ref(names.VOLUME, "vol-1")

    reading = desk.account.read(desk.everywhere, [ref])[ref.key]

    assert isinstance(reading, Unreadable)


TAG_TEXT = st.text(min_size=1, max_size=10)


@given(st.dictionaries(TAG_TEXT, TAG_TEXT))
def test_tags_are_read_in_each_form(tags: dict[str, str]) -> None:
    assert read_tags(tags) == tags
    assert read_tags([{"Key": key, "Value": value} for key, value in tags.items()]) == tags
    assert read_tags([{"TagKey": k, "TagValue": v} for k, v in tags.items()]) == tags
    assert read_tags(None) == {}


@pytest.mark.parametrize("garbled", ["text", 3, [3], [{"key": "a"}], ["a"]])
def test_garbled_tags_are_no_tags_at_all(garbled: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_tags(garbled)


MOMENTS = st.datetimes(
    min_value=datetime(2006, 1, 1),  # noqa: DTZ001 - Hypothesis takes the zone by itself
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS)
def test_times_are_read_in_each_form(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)

    seconds = int(moment.timestamp())
    forms = (moment, moment.isoformat(), str(seconds), seconds * 1000, str(seconds * 1000))
    assert {read_time(form) for form in forms} == {moment}
    assert read_time(moment.replace(tzinfo=None)) == moment
    assert read_time(None) is read_time("") is None
