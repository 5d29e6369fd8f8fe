"""A client for looking sends nothing that changes anything, save EC2's dry runs."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reaper.config.places import AwsPlace
from reaper.errors import ReadOnlyViolation
from reaper.providers.aws.session import Clients
from tests.cli.aws.conftest import REGION, Desk


@pytest.fixture
def clients(desk: Desk) -> Clients:
    place = AwsPlace(account=desk.sandbox.account, endpoint=desk.sandbox.endpoint)
    return Clients(place, read_only=True)


@pytest.mark.parametrize("dry", [{}, {"DryRun": False}])
def test_a_deletion_is_not_sent(desk: Desk, clients: Clients, dry: dict[str, Any]) -> None:
    with pytest.raises(ReadOnlyViolation):
        clients.reader("ec2", REGION).delete_volume(VolumeId="vol-00000000", **dry)
    with pytest.raises(ReadOnlyViolation):
        clients.deleter("ec2", REGION)

    assert desk.sandbox.requests.count(operation="DeleteVolume") == 0


def test_a_dry_run_is_sent(clients: Clients) -> None:
    with pytest.raises(ClientError, match="DryRunOperation"):
        clients.reader("ec2", REGION).delete_volume(VolumeId="vol-00000000", DryRun=True)


def test_no_other_service_has_dry_runs(desk: Desk, clients: Clients) -> None:
    with pytest.raises(ReadOnlyViolation):
        clients.reader("sqs", REGION).delete_queue(
            QueueUrl=f"{desk.sandbox.endpoint}/1/DryRun=true"
        )
    with pytest.raises(ReadOnlyViolation):
        clients.reader("s3", REGION).delete_bucket(Bucket="bucket")
