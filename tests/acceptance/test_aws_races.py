"""What changes while a sweep is at work: names used again, buckets written to, tags changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import clients
from reaper.sandbox.aws.world.identities import TRUST
from tests.awsbench import REGION, AwsBench

Make = Callable[[Callable[[str], Any], dict[str, str]], object]
NAME = "used-again"


def make_bucket(client: Callable[[str], Any], tags: dict[str, str]) -> None:
    client("s3").create_bucket(Bucket=NAME)
    if tags:
        client("s3").put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": pairs(tags)})


def make_role(client: Callable[[str], Any], tags: dict[str, str]) -> None:
    client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=TRUST, Tags=pairs(tags))


def make_queue(client: Callable[[str], Any], tags: dict[str, str]) -> None:
    client("sqs").create_queue(QueueName=NAME, tags=tags)


def make_log_group(client: Callable[[str], Any], tags: dict[str, str]) -> None:
    client("logs").create_log_group(logGroupName=NAME, tags=tags)


def make_scaling_group(client: Callable[[str], Any], tags: dict[str, str]) -> None:
    templates = client("ec2").describe_launch_templates()["LaunchTemplates"]
    if not templates:
        data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro"}
        client("ec2").create_launch_template(LaunchTemplateName="any", LaunchTemplateData=data)
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=NAME,
        MinSize=0,
        MaxSize=0,
        LaunchTemplate={"LaunchTemplateName": "any"},
        AvailabilityZones=["us-east-1a"],
        Tags=[{**pair, "PropagateAtLaunch": True} for pair in pairs(tags)],
    )


def drop_queue(client: Callable[[str], Any]) -> None:
    client("sqs").delete_queue(QueueUrl=client("sqs").get_queue_url(QueueName=NAME)["QueueUrl"])


AGAIN: dict[str, tuple[Make, Callable[[Callable[[str], Any]], object]]] = {
    "aws:s3:bucket": (make_bucket, lambda client: client("s3").delete_bucket(Bucket=NAME)),
    "aws:iam:role": (make_role, lambda client: client("iam").delete_role(RoleName=NAME)),
    "aws:sqs:queue": (make_queue, drop_queue),
    "aws:logs:log-group": (
        make_log_group,
        lambda client: client("logs").delete_log_group(logGroupName=NAME),
    ),
    "aws:autoscaling:auto-scaling-group": (
        make_scaling_group,
        lambda client: client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=NAME),
    ),
}


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture
def bench(aws_sandbox: AwsSandbox, tmp_path: Path) -> AwsBench:
    return AwsBench(sandbox=aws_sandbox, directory=tmp_path)


@pytest.mark.parametrize("whose", ["a stranger's", "a live run's"])
@pytest.mark.parametrize("kind", AGAIN)
def test_what_has_a_name_again_between_plan_and_shot_is_spared(
    bench: AwsBench, kind: str, whose: str
) -> None:
    client = clients(bench.sandbox.endpoint, REGION)
    bench.sandbox.lags.name_s = 0
    make, drop = AGAIN[kind]
    with bench.run() as alive:
        with bench.run() as dead:
            make(client, dead.tags)
        seen: list[str] = []

        def another(step: str) -> None:
            if step == "planned" and not seen and _planned(bench, kind):
                drop(client)
                make(client, {} if whose == "a stranger's" else alive.tags)
                seen.append(json.dumps(bench.look()[_place(kind, bench)]))

        bench.play(at=another)
        after = bench.look()

    assert seen == [json.dumps(after[_place(kind, bench)])]


def _planned(bench: AwsBench, kind: str) -> bool:
    """Whether the cell whose plan stands is the one that the kind lives in."""
    return kind != "aws:iam:role" or bench.sandbox.requests.count(operation="GetRole") > 0


def _place(kind: str, bench: AwsBench) -> tuple[str, str, str]:
    shown = f"{bench.sandbox.endpoint}/{bench.sandbox.account}/{NAME}"
    place = "global" if kind in {"aws:iam:role", "aws:s3:bucket"} else REGION
    return kind, place, shown if kind == "aws:sqs:queue" else NAME


def test_what_is_given_to_a_live_run_between_plan_and_shot_is_spared(bench: AwsBench) -> None:
    ec2 = clients(bench.sandbox.endpoint, REGION)("ec2")
    with bench.run() as alive:
        with bench.run() as dead:
            specification = [{"ResourceType": "volume", "Tags": pairs(dead.tags)}]
            volume = ec2.create_volume(
                AvailabilityZone="us-east-1a", Size=1, TagSpecifications=specification
            )["VolumeId"]

        def adopt(step: str) -> None:
            if step == "planned":
                ec2.create_tags(Resources=[volume], Tags=pairs(alive.tags))

        bench.play(at=adopt)

    assert [each["VolumeId"] for each in ec2.describe_volumes()["Volumes"]] == [volume]


def test_a_bucket_that_something_is_written_to_during_the_sweep_is_not_emptied(
    bench: AwsBench,
) -> None:
    client = clients(bench.sandbox.endpoint, REGION)
    with bench.run() as dead:
        make_bucket(client, dead.tags)
        client("s3").put_object(Bucket=NAME, Key="old", Body=b"x")

    def write(step: str) -> None:
        if step == "planned":
            client("s3").put_object(Bucket=NAME, Key="new", Body=b"y")
            bench.let_time_pass(NAME, "new", seconds=5)

    bench.play(at=write)

    kept = [each["Key"] for each in client("s3").list_objects_v2(Bucket=NAME)["Contents"]]
    assert kept == ["new", "old"]
