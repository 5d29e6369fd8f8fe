"""The indexes: complete, paged, and as late as the faults make them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.history import Entry, History
from reaper.sandbox.faults import Effect, Operation, always
from tests.sandbox.aws.conftest import REGION, Client
from tests.sandbox.aws.refusals import refused, wait_until

TAG = {"Key": "reaper-run", "Value": "r-1"}
HERE = ("1", REGION)


def _found(client: Client, region: str = REGION, **asked: Any) -> list[str]:
    pages = client("resourcegroupstaggingapi", region).get_paginator("get_resources")
    return [
        row["ResourceARN"]
        for page in pages.paginate(TagFilters=[{"Key": "reaper-run"}], **asked)
        for row in page["ResourceTagMappingList"]
    ]


def _tagged(sort: str) -> list[dict[str, Any]]:
    return [{"ResourceType": sort, "Tags": [TAG]}]


def _volume(client: Client) -> str:
    made = client("ec2").create_volume(
        AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=_tagged("volume")
    )
    return str(made["VolumeId"])


def test_it_lists_what_aws_s_lists_and_moto_s_does_not(client: Client) -> None:
    ec2 = client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=_tagged("elastic-ip"))
    pair = ec2.create_key_pair(KeyName="k", TagSpecifications=_tagged("key-pair"))
    template = ec2.create_launch_template(
        LaunchTemplateName="template",
        LaunchTemplateData={"ImageId": "ami-12345678"},
        TagSpecifications=_tagged("launch-template"),
    )
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.s3",
        TagSpecifications=_tagged("vpc-endpoint"),
    )
    acl = ec2.create_network_acl(VpcId=vpc, TagSpecifications=_tagged("network-acl"))
    ec2.create_placement_group(GroupName="p", TagSpecifications=_tagged("placement-group"))

    ids = {arn.partition("123456789012:")[2] for arn in _found(client)}

    assert ids == {
        f"elastic-ip/{address['AllocationId']}",
        f"key-pair/{pair['KeyPairId']}",
        f"launch-template/{template['LaunchTemplate']['LaunchTemplateId']}",
        f"vpc-endpoint/{endpoint['VpcEndpoint']['VpcEndpointId']}",
        f"network-acl/{acl['NetworkAcl']['NetworkAclId']}",
        "placement-group/p",
    }
    types = {row["ResourceType"] for row in ec2.describe_tags()["Tags"]}
    assert types == {
        "elastic-ip",
        "key-pair",
        "launch-template",
        "vpc-endpoint",
        "network-acl",
        "placement-group",
    }


def test_it_lists_listeners(client: Client) -> None:
    ec2, elb = client("ec2"), client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    [balancer] = elb.create_load_balancer(Name="b", Subnets=subnets)["LoadBalancers"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    [listener] = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[answer],
        Tags=[TAG],
    )["Listeners"]

    assert _found(client) == [listener["ListenerArn"]]


def test_it_never_lists_groups_of_instances_nor_identities(client: Client) -> None:
    iam = client("iam")
    iam.create_role(
        RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": []}), Tags=[TAG]
    )
    iam.create_user(UserName="u", Tags=[TAG])

    assert _found(client) == []


def test_a_bucket_is_listed_in_its_own_region(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(
        Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": REGION, "Tags": [TAG]}
    )

    assert _found(client) == ["arn:aws:s3:::a-bucket"]
    assert _found(client, "us-east-1") == []


def test_pages_are_full_and_types_can_be_asked_for(client: Client) -> None:
    for _ in range(5):
        _volume(client)
    client("ec2").allocate_address(Domain="vpc", TagSpecifications=_tagged("elastic-ip"))
    tagging = client("resourcegroupstaggingapi")

    first = tagging.get_resources(ResourcesPerPage=4)

    assert len(first["ResourceTagMappingList"]) == 4
    second = tagging.get_resources(ResourcesPerPage=4, PaginationToken=first["PaginationToken"])
    assert len(second["ResourceTagMappingList"]) == 2
    assert second["PaginationToken"] == ""
    assert len(_found(client, ResourceTypeFilters=["ec2:elastic-ip"])) == 1
    assert len(_found(client, ResourceTypeFilters=["ec2"])) == 6
    refused("PaginationTokenExpiredException", tagging.get_resources, PaginationToken="x")


def test_describe_tags_forgets_what_is_gone(client: Client) -> None:
    ec2 = client("ec2")
    ec2.delete_volume(VolumeId=_volume(client))

    assert ec2.describe_tags()["Tags"] == []


def test_describe_tags_is_filtered_and_paged(client: Client) -> None:
    ec2 = client("ec2")
    volumes = [_volume(client) for _ in range(7)]
    ec2.create_tags(Resources=volumes, Tags=[{"Key": "other", "Value": "x"}])
    ours = [{"Name": "key", "Values": ["reaper-*"]}]

    first = ec2.describe_tags(Filters=ours, MaxResults=5)
    second = ec2.describe_tags(Filters=ours, MaxResults=5, NextToken=first["NextToken"])

    rows = first["Tags"] + second["Tags"]
    assert [row["ResourceId"] for row in rows] == volumes
    assert {row["Key"] for row in rows} == {"reaper-run"}
    assert "NextToken" not in second
    by_value = [{"Name": "tag:reaper-run", "Values": ["r-1"]}]
    assert len(ec2.describe_tags(Filters=by_value)["Tags"]) == 7


def test_key_pairs_are_known_by_their_ids(client: Client) -> None:
    ec2 = client("ec2")
    one, other = (ec2.create_key_pair(KeyName=name)["KeyPairId"] for name in "ab")
    [described] = ec2.describe_key_pairs(KeyPairIds=[one])["KeyPairs"]
    assert described["KeyName"] == "a"

    ec2.delete_key_pair(KeyPairId=one)

    assert [p["KeyPairId"] for p in ec2.describe_key_pairs()["KeyPairs"]] == [other]
    refused("InvalidKeyPair.NotFound", ec2.describe_key_pairs, KeyPairIds=[one])


def test_an_index_can_lag(sandbox: AwsSandbox, client: Client) -> None:
    old = _volume(client)
    sandbox.faults.add(always(Effect.LAG, Operation.INDEX, delay=timedelta(seconds=0.4)))

    new = _volume(client)

    assert [arn.rpartition("/")[2] for arn in _found(client)] == [old]
    rows = client("ec2").describe_tags()["Tags"]
    assert [row["ResourceId"] for row in rows] == [old]
    wait_until(lambda: {arn.rpartition("/")[2] for arn in _found(client)} == {old, new})


def test_an_index_can_show_ghosts(sandbox: AwsSandbox, client: Client) -> None:
    sandbox.faults.add(always(Effect.GHOST, Operation.INDEX, delay=timedelta(seconds=0.4)))
    volume = _volume(client)

    client("ec2").delete_volume(VolumeId=volume)

    assert [arn.rpartition("/")[2] for arn in _found(client)] == [volume]
    wait_until(lambda: _found(client) == [])


def _entry(value: str) -> Entry:
    return Entry(arn="arn", type="ec2:volume", id="vol-1", tags=(("key", value),))


@pytest.mark.parametrize(
    ("at", "lag", "expected"),
    [(10, 0, "new"), (10, 4, "new"), (10, 6, "old"), (10, 9, None)],
)
def test_a_late_index_shows_tags_as_they_were(at: int, lag: int, expected: str | None) -> None:
    history = History()
    history.observe(HERE, {}, at=0)
    history.observe(HERE, {"arn": _entry("old")}, at=2)
    history.observe(HERE, {"arn": _entry("new")}, at=5)

    seen = history.seen(HERE, at, lag=timedelta(seconds=lag), ghost=timedelta(0))

    assert [dict(entry.tags)["key"] for entry in seen.values()] == ([expected] if expected else [])


def test_a_ghost_is_shown_as_it_was_for_a_while() -> None:
    history = History()
    history.observe(HERE, {"arn": _entry("last")}, at=0)
    history.observe(HERE, {}, at=5)

    def seen(at: float) -> list[Entry]:
        shown = history.seen(HERE, at, lag=timedelta(0), ghost=timedelta(seconds=3))
        return list(shown.values())

    assert seen(7) == [_entry("last")]
    assert seen(9) == []


def test_what_comes_back_under_its_arn_is_shown_again() -> None:
    history = History()
    history.observe(HERE, {"arn": _entry("one")}, at=0)
    history.observe(HERE, {}, at=5)
    history.observe(HERE, {"arn": _entry("two")}, at=6)

    seen = history.seen(HERE, 6, lag=timedelta(0), ghost=timedelta(0))

    assert list(seen.values()) == [_entry("two")]
