"""A built world has one of each kind, tagged; and a look at everything misses none of it."""

from __future__ import annotations

import pytest

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import World, build, everything
from tests.sandbox.aws.conftest import REGION, Client

TAGS = {"reaper-run": "r-1", "reaper-realm": "default"}

# What AWS cannot tag, or what the world leaves so.
UNTAGGED = {"aws:logs:log-group"}

# Kinds that the Resource Groups Tagging API never lists.
NOT_INDEXED = {
    "aws:autoscaling:auto-scaling-group",
    "aws:iam:role",
    "aws:iam:instance-profile",
    "aws:iam:user",
    "aws:iam:policy",
}


@pytest.fixture
def world(sandbox: AwsSandbox) -> World:
    return build(sandbox.endpoint, TAGS, name="ours", region=REGION)


def test_it_has_one_of_each_kind(world: World) -> None:
    assert len(world.kinds) == 35, sorted(world.kinds)
    assert len(world.ids("aws:ec2:instance", "member")) == 2
    assert len(world.ids("aws:ec2:volume")) == 5
    assert len(world.ids("aws:ec2:elastic-ip")) == 3


def test_everything_sees_all_of_it(sandbox: AwsSandbox, world: World) -> None:
    seen = everything(sandbox.endpoint, [REGION])

    listed = {(kind, identity) for kind, _, identity in seen}
    made = {(each.kind, each.id) for each in world.made}
    assert made - listed == {
        ("aws:elasticloadbalancing:listener", arn)
        for arn in world.ids("aws:elasticloadbalancing:listener")
    }


def test_all_of_it_is_tagged(sandbox: AwsSandbox, world: World) -> None:
    seen = everything(sandbox.endpoint, [REGION])
    described = {(kind, identity): text for (kind, _, identity), text in seen.items()}

    untagged = {
        each.kind
        for each in world.made
        if "reaper-run" not in described.get((each.kind, each.id), "reaper-run")
    }

    assert untagged == UNTAGGED


def test_the_index_lists_what_aws_s_does(client: Client, world: World) -> None:
    pages = client("resourcegroupstaggingapi").get_paginator("get_resources")
    arns = {
        row["ResourceARN"]
        for page in pages.paginate(TagFilters=[{"Key": "reaper-run"}])
        for row in page["ResourceTagMappingList"]
    }

    missed = {each.kind for each in world.made if each.arn not in arns}

    assert missed == NOT_INDEXED | UNTAGGED


def test_nothing_changes_between_two_looks(sandbox: AwsSandbox, world: World) -> None:
    before = everything(sandbox.endpoint, [REGION, "us-east-1"])

    after = everything(sandbox.endpoint, [REGION, "us-east-1"])

    assert {k for k in before if before[k] != after.get(k)} == set()
    assert before.keys() == after.keys()
    assert world.made


def test_a_change_shows(sandbox: AwsSandbox, client: Client, world: World) -> None:
    before = everything(sandbox.endpoint, [REGION])
    [role] = world.ids("aws:iam:role")

    client("iam").untag_role(RoleName=role, TagKeys=["reaper-run"])

    after = everything(sandbox.endpoint, [REGION])
    assert {k for k in before if before[k] != after.get(k)} == {("aws:iam:role", "global", role)}


def test_worlds_of_several_owners_and_of_nobody_stand_side_by_side(sandbox: AwsSandbox) -> None:
    ours = build(sandbox.endpoint, TAGS, name="ours", objects=0)
    theirs = build(sandbox.endpoint, {"reaper-run": "r-2"}, name="theirs")
    nobodys = build(sandbox.endpoint, {}, name="nobodys")

    assert ours.kinds == theirs.kinds == nobodys.kinds
    assert not set(ours.made) & set(theirs.made)


def test_the_bucket_is_as_full_as_asked(sandbox: AwsSandbox, client: Client) -> None:
    world = build(sandbox.endpoint, TAGS, name="ours", region=REGION, objects=5)
    [bucket] = world.ids("aws:s3:bucket")

    listed = client("s3").list_object_versions(Bucket=bucket)

    assert len(listed["Versions"]) == 10
    assert len(listed["DeleteMarkers"]) == 1
    assert len(client("s3").list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1
