"""Faults befall requests as AWS's own do: botocore reads them as what they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.gateway import operation
from reaper.sandbox.faults import Effect, Fault, Operation, always, once
from tests.sandbox.aws.conftest import Client

Ask = Callable[[Any], object]

# One service of each protocol, and those with words of their own.
ASKED: dict[str, Ask] = {
    "ec2": lambda ec2: ec2.describe_vpcs(),
    "iam": lambda iam: iam.list_roles(),
    "autoscaling": lambda autoscaling: autoscaling.describe_auto_scaling_groups(),
    "dynamodb": lambda dynamodb: dynamodb.list_tables(),
    "sqs": lambda sqs: sqs.list_queues(),
    "lambda": lambda functions: functions.list_functions(),
    "s3": lambda s3: s3.list_buckets(),
    "resourcegroupstaggingapi": lambda tagging: tagging.get_resources(),
}
READING = (Operation.READ, Operation.INDEX)


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("ec2", "RequestLimitExceeded", 503),
        ("iam", "Throttling", 400),
        ("autoscaling", "Throttling", 400),
        ("dynamodb", "ThrottlingException", 400),
        ("sqs", "ThrottlingException", 400),
        ("lambda", "TooManyRequestsException", 429),
        ("s3", "SlowDown", 503),
        ("resourcegroupstaggingapi", "ThrottledException", 400),
    ],
)
def test_throttling_speaks_each_dialect(
    sandbox: AwsSandbox, client: Client, service: str, code: str, status: int
) -> None:
    sandbox.faults.add(once(Effect.THROTTLE, *READING))

    _refused(client(service), ASKED[service], code, status)


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("ec2", "UnauthorizedOperation", 403),
        ("iam", "AccessDenied", 403),
        ("dynamodb", "AccessDeniedException", 400),
        ("lambda", "AccessDeniedException", 403),
        ("s3", "AccessDenied", 403),
        ("resourcegroupstaggingapi", "AccessDeniedException", 400),
    ],
)
def test_a_missing_permission_speaks_each_dialect(
    sandbox: AwsSandbox, client: Client, service: str, code: str, status: int
) -> None:
    sandbox.faults.add(once(Effect.DENY, *READING))

    _refused(client(service), ASKED[service], code, status)


@pytest.mark.parametrize("service", ASKED)
def test_a_failure_is_an_internal_error(sandbox: AwsSandbox, client: Client, service: str) -> None:
    sandbox.faults.add(once(Effect.FAIL, *READING))

    _refused(client(service), ASKED[service], "InternalError", 500)


def test_a_refusal_can_say_why(sandbox: AwsSandbox, client: Client) -> None:
    sandbox.faults.add(
        Fault(effect=Effect.DENY, operations=frozenset({Operation.READ}), detail="<no> & never")
    )

    error = _refused(client("ec2"), ASKED["ec2"], "UnauthorizedOperation", 403)

    assert error.response["Error"]["Message"] == "<no> & never"


def test_an_unsent_call_is_not_carried_out(sandbox: AwsSandbox, client: Client) -> None:
    ec2 = client("ec2")
    sandbox.faults.add(once(Effect.UNSENT, Operation.CREATE))

    with pytest.raises(ConnectionClosedError):
        ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)

    assert ec2.describe_volumes()["Volumes"] == []


def test_a_lost_call_is_carried_out(sandbox: AwsSandbox, client: Client) -> None:
    ec2 = client("ec2")
    sandbox.faults.add(once(Effect.LOST, Operation.CREATE))

    with pytest.raises(ConnectionClosedError):
        ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)

    assert len(ec2.describe_volumes()["Volumes"]) == 1


def test_a_slow_call_is_answered_later(sandbox: AwsSandbox, client: Client) -> None:
    sandbox.faults.add(once(Effect.SLOW, Operation.READ, delay=timedelta(seconds=0.2)))
    ec2 = client("ec2")
    began = time.monotonic()

    ec2.describe_vpcs()

    assert time.monotonic() - began >= 0.2


def test_a_fault_befalls_only_calls_of_its_kind_and_scope(
    sandbox: AwsSandbox, client: Client
) -> None:
    sandbox.faults.add(
        Fault(
            effect=Effect.DENY,
            operations=frozenset({Operation.READ}),
            kind="ec2:Describe*",
            scope=f"{sandbox.account}/eu-west-1",
        )
    )

    client("ec2", "us-east-1").describe_vpcs()
    client("sqs").list_queues()

    _refused(client("ec2"), ASKED["ec2"], "UnauthorizedOperation", 403)


def test_a_fault_can_befall_a_single_resource(sandbox: AwsSandbox, client: Client) -> None:
    ec2 = client("ec2")
    one, other = (
        ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"] for _ in range(2)
    )
    sandbox.faults.add(
        Fault(effect=Effect.FAIL, operations=frozenset({Operation.DELETE}), id=f"*{one}*")
    )

    ec2.delete_volume(VolumeId=other)

    _refused(ec2, lambda ec2: ec2.delete_volume(VolumeId=one), "InternalError", 500)


def test_an_index_fault_leaves_other_reads_alone(sandbox: AwsSandbox, client: Client) -> None:
    sandbox.faults.add(always(Effect.FAIL, Operation.INDEX))
    ec2 = client("ec2")

    ec2.describe_vpcs()

    _refused(ec2, lambda ec2: ec2.describe_tags(), "InternalError", 500)


@pytest.mark.usefixtures("sandbox")
def test_what_is_not_emulated_says_so(client: Client) -> None:
    error = _refused(
        client("ec2"),
        lambda ec2: ec2.describe_verified_access_groups(),
        "InternalFailure",
        500,
    )

    assert "DescribeVerifiedAccessGroups" in error.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sts:GetCallerIdentity", Operation.IDENTITY),
        ("tag:GetResources", Operation.INDEX),
        ("ec2:DescribeTags", Operation.INDEX),
        ("ec2:DescribeInstances", Operation.READ),
        ("s3:HeadBucket", Operation.READ),
        ("iam:ListRoles", Operation.READ),
        ("ec2:TerminateInstances", Operation.DELETE),
        ("ec2:DetachInternetGateway", Operation.DELETE),
        ("ec2:RevokeSecurityGroupIngress", Operation.DELETE),
        ("kms:ScheduleKeyDeletion", Operation.DELETE),
        ("s3:AbortMultipartUpload", Operation.DELETE),
        ("iam:RemoveRoleFromInstanceProfile", Operation.DELETE),
        ("ec2:RunInstances", Operation.CREATE),
        ("ec2:CreateTags", Operation.CREATE),
    ],
)
def test_calls_are_of_a_sort(kind: str, expected: Operation) -> None:
    assert operation(kind) is expected


def _refused(client: Any, ask: Ask, code: str, status: int) -> ClientError:
    with pytest.raises(ClientError) as caught:
        ask(client)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return caught.value
