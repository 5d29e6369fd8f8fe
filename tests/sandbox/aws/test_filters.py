"""EC2's lists know the filters that AWS's do."""

from __future__ import annotations

from typing import Any

import pytest

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import World, build
from tests.sandbox.aws.conftest import REGION, Client


@pytest.fixture
def worlds(sandbox: AwsSandbox) -> tuple[World, World]:
    return (
        build(sandbox.endpoint, {"owner": "a"}, name="ours", region=REGION),
        build(sandbox.endpoint, {"owner": "b"}, name="theirs", region=REGION),
    )


def _listed(ec2: Any, what: str, name: str, value: str) -> list[Any]:
    answer = getattr(ec2, f"describe_{what}")(Filters=[{"Name": name, "Values": [value]}])
    [listed] = [found for found in answer.values() if isinstance(found, list)]
    return listed


def test_lists_find_by_what_stands_at_the_other_end(
    client: Client, worlds: tuple[World, World]
) -> None:
    ec2, iam = client("ec2"), client("iam")
    ours, _ = worlds

    for endpoint in ours.ids("aws:ec2:vpc-endpoint"):
        [found] = _listed(ec2, "vpc_endpoints", "vpc-endpoint-id", endpoint)
        assert found["VpcEndpointId"] == endpoint
    [acl] = ours.ids("aws:ec2:network-acl")
    assert len(_listed(ec2, "network_acls", "network-acl-id", acl)) == 1
    [held] = ours.ids("aws:ec2:snapshot", "held")
    [image] = _listed(ec2, "images", "block-device-mapping.snapshot-id", held)
    assert [image["ImageId"]] == list(ours.ids("aws:ec2:image"))
    [address] = ours.ids("aws:ec2:elastic-ip", "associated")
    [interface] = _listed(ec2, "network_interfaces", "association.allocation-id", address)
    assert interface["NetworkInterfaceId"] in ours.ids("aws:ec2:network-interface")
    [together] = ours.ids("aws:ec2:placement-group")
    placed = _listed(ec2, "instances", "placement-group-name", together)
    assert placed
    [profile] = ours.ids("aws:iam:instance-profile")
    arn = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Arn"]
    assert _listed(ec2, "instances", "iam-instance-profile.arn", arn)
    assert _listed(ec2, "instances", "iam-instance-profile.arn", f"{arn}x") == []
