"""One account as a provider: who it is, where it looks, and each way in which that fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reaper.config.places import AwsPlace
from reaper.errors import (
    ConfigurationError,
    IdentityMismatch,
    PlaceUnreachable,
    ReadOnlyViolation,
)
from reaper.providers.aws import discover, names, session
from reaper.providers.aws.account import Account
from reaper.providers.aws.session import Clients, partition_of
from reaper.providers.protocol import Answer, Reply
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.faults import Effect, Fault, Operation, always
from tests.awsbench import SECOND_ACCOUNT, SECOND_ROLE
from tests.providers.aws.conftest import REGION, Desk, place_of


def opened(sandbox: AwsSandbox, **more: Any) -> Account:
    return Account(place_of(sandbox, **more), read_only=True)


def test_it_says_who_it_is(desk: Desk) -> None:
    identity = desk.account.identity()

    assert identity.id == desk.sandbox.account
    assert not identity.pin
    assert identity.caller is not None
    assert identity.caller.startswith("arn:aws:")
    assert identity.notes["regions"] == REGION


def test_each_region_is_a_cell_and_what_has_none_comes_last(aws_sandbox: AwsSandbox) -> None:
    cells = opened(aws_sandbox, regions=("us-east-1", "eu-west-1")).cells()

    account = aws_sandbox.account
    assert [cell.scope for cell in cells] == [
        f"{account}/us-east-1",
        f"{account}/eu-west-1",
        f"{account}/global",
    ]
    assert [cell.rank for cell in cells] == [0, 0, 1]


def test_all_regions_are_those_that_are_enabled(aws_sandbox: AwsSandbox) -> None:
    regions = {cell.scope.rpartition("/")[2] for cell in opened(aws_sandbox, regions="all").cells()}

    assert {"us-east-1", "eu-west-1", "global"} <= regions
    assert len(regions) > 10


def test_another_account_is_refused(aws_sandbox: AwsSandbox) -> None:
    with pytest.raises(IdentityMismatch) as refused:
        opened(aws_sandbox, account="999999999999").identity()

    assert aws_sandbox.account in str(refused.value)
    assert "999999999999" in str(refused.value)


def test_a_region_that_is_none_is_refused_with_the_nearest(aws_sandbox: AwsSandbox) -> None:
    with pytest.raises(ConfigurationError, match="did you mean eu-west-1"):
        opened(aws_sandbox, regions=("eu-wset-1",)).identity()


def test_missing_credentials_are_said_with_the_action(
    aws_sandbox: AwsSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(PlaceUnreachable, match=r"sts:GetCallerIdentity in .*locate credentials"):
        opened(aws_sandbox).identity()


def test_a_profile_that_there_is_not_is_said(aws_sandbox: AwsSandbox) -> None:
    with pytest.raises(ConfigurationError, match="no profile 'nightly'"):
        opened(aws_sandbox, profile="nightly").identity()


def test_credentials_that_are_out_of_date_are_said(aws_sandbox: AwsSandbox) -> None:
    aws_sandbox.faults.add(always(Effect.DENY, Operation.IDENTITY))

    with pytest.raises(PlaceUnreachable, match="the SDK's own credentials"):
        opened(aws_sandbox).identity()


def test_an_endpoint_out_of_reach_is_said(
    aws_sandbox: AwsSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_READ_ATTEMPTS", 1)

    with pytest.raises(PlaceUnreachable, match=r"127\.0\.0\.1:1"):
        opened(aws_sandbox, endpoint="http://127.0.0.1:1").identity()


def test_regions_that_cannot_be_asked_for_are_said(aws_sandbox: AwsSandbox) -> None:
    operations = frozenset({Operation.READ})
    aws_sandbox.faults.add(
        Fault(effect=Effect.DENY, operations=operations, kind="ec2:DescribeRegions")
    )

    with pytest.raises(PlaceUnreachable, match=r"ec2:DescribeRegions .*list the place's regions"):
        opened(aws_sandbox, regions="all").cells()


def test_a_role_is_assumed_with_its_external_id(aws_sandbox: AwsSandbox) -> None:
    place = AwsPlace(
        account=SECOND_ACCOUNT,
        regions=(REGION,),
        role_arn=SECOND_ROLE,
        external_id="between us",
        endpoint=aws_sandbox.endpoint,
    )
    asked = aws_sandbox.faults.add(
        Fault(
            effect=Effect.SLOW,
            operations=frozenset(Operation),
            kind="sts:AssumeRole",
            id="*ExternalId=between+us*",
            times=1,
        )
    )

    identity = Account(place, read_only=True).identity()

    assert identity.id == SECOND_ACCOUNT
    assert identity.notes["as"] == f"role {SECOND_ROLE}"
    assert asked not in aws_sandbox.faults.armed


def test_a_role_that_cannot_be_assumed_is_said(aws_sandbox: AwsSandbox) -> None:
    aws_sandbox.faults.add(
        Fault(effect=Effect.DENY, operations=frozenset(Operation), kind="sts:AssumeRole")
    )

    with pytest.raises(PlaceUnreachable, match=rf"role {SECOND_ROLE}\): .*AccessDenied"):
        opened(aws_sandbox, role_arn=SECOND_ROLE, account=SECOND_ACCOUNT).identity()


def test_a_role_s_credentials_are_renewed_before_they_run_out(
    aws_sandbox: AwsSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = Clients(
        place_of(aws_sandbox, role_arn=SECOND_ROLE, account=SECOND_ACCOUNT), read_only=True
    )
    sts = clients.reader("sts", REGION)
    sts.get_caller_identity()
    sts.get_caller_identity()
    asked_once = aws_sandbox.requests.count(operation="AssumeRole")
    credentials = clients._opened().get_credentials()
    later = datetime.now(UTC) + timedelta(minutes=55)  # they are good for an hour
    credentials._time_fetcher = lambda: later
    monkeypatch.setattr("botocore.credentials._local_now", lambda: later)

    sts.get_caller_identity()

    assert asked_once == 1
    assert aws_sandbox.requests.count(operation="AssumeRole") == 2
    clients.close()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_reader_refuses_to_change_anything(aws_sandbox: AwsSandbox, *, read_only: bool) -> None:
    clients = Clients(place_of(aws_sandbox), read_only=read_only)

    with pytest.raises(ReadOnlyViolation, match="CreateVolume"):
        clients.reader("ec2", REGION).create_volume(AvailabilityZone=f"{REGION}a", Size=1)
    with pytest.raises(ReadOnlyViolation, match="DeleteBucket"):
        clients.reader("s3", REGION).delete_bucket(Bucket="one")

    assert aws_sandbox.requests.total == 0


def test_a_read_only_place_has_nobody_who_deletes(aws_sandbox: AwsSandbox) -> None:
    with pytest.raises(ReadOnlyViolation, match="by s3 in us-east-1"):
        Clients(place_of(aws_sandbox), read_only=True).deleter("s3", REGION)


def test_who_deletes_sends_each_call_once(aws_sandbox: AwsSandbox) -> None:
    aws_sandbox.faults.add(always(Effect.THROTTLE, Operation.DELETE))
    deleter = Clients(place_of(aws_sandbox), read_only=False).deleter("ec2", REGION)

    with pytest.raises(deleter.exceptions.ClientError):
        deleter.delete_volume(VolumeId="vol-0123456789abcdef0")

    assert aws_sandbox.requests.count(operation="DeleteVolume") == 1


def test_what_is_shared_is_asked_for_once(aws_sandbox: AwsSandbox) -> None:
    clients = Clients(place_of(aws_sandbox), read_only=True)
    answers = iter(range(3))

    found = [clients.shared("any", lambda: next(answers)) for _ in range(3)]

    assert found == [0, 0, 0]


@pytest.mark.parametrize("kind", [names.ROLE, names.QUEUE, names.TABLE])
def test_a_control_that_fails_says_by_which_call(desk: Desk, kind: str) -> None:
    service = kind.split(":")[1]
    operations = frozenset({Operation.READ})
    desk.sandbox.faults.add(
        Fault(effect=Effect.DENY, operations=operations, kind=f"{service}:List*")
    )

    assert str(desk.control(kind)).startswith(f"{service}:List")


def test_a_control_of_no_kind_fails(desk: Desk) -> None:
    assert desk.account.control(desk.regional, "aws:any:thing") == (
        "reaper knows no kind aws:any:thing"
    )


def test_there_are_no_handles_to_ask_for(desk: Desk) -> None:
    assert desk.account.poll(desk.regional, "any") == Answer(reply=Reply.STARTED)


def test_the_account_of_the_sdk_s_own_credentials_is_found(
    aws_sandbox: AwsSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_sandbox.endpoint)

    assert discover() == [aws_sandbox.account]


def test_credentials_that_nobody_accepts_find_no_account(
    aws_sandbox: AwsSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_sandbox.endpoint)
    aws_sandbox.faults.add(always(Effect.DENY, Operation.IDENTITY))

    assert discover() == []


def test_arns_begin_with_the_partition_of_their_region() -> None:
    assert partition_of("us-east-1") == "aws"
    assert partition_of("cn-north-1") == "aws-cn"
    assert partition_of("us-gov-west-1") == "aws-us-gov"
