"""The sandbox starts, counts, waits, empties itself and ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from reaper.sandbox.aws import AwsSandbox
from tests.sandbox.aws.conftest import Client


def _ec2(endpoint: str) -> Any:
    return boto3.client(
        "ec2",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


def test_importing_it_imports_no_sdk() -> None:
    code = (
        "import sys, reaper.sandbox, reaper.sandbox.aws;"
        "print({'moto', 'boto3', 'botocore', 'flask', 'werkzeug'} & set(sys.modules))"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "set()\n"


def test_it_has_an_account(sandbox: AwsSandbox, client: Client) -> None:
    assert client("sts").get_caller_identity()["Account"] == sandbox.account


@pytest.mark.parametrize(
    ("service", "ask", "expected"),
    [
        ("ec2", lambda c: c.describe_vpcs(), ("eu-west-1", "ec2", "DescribeVpcs")),
        ("autoscaling", lambda c: c.describe_policies(), None),
        ("iam", lambda c: c.list_roles(), ("global", "iam", "ListRoles")),
        ("resourcegroupstaggingapi", lambda c: c.get_resources(), None),
        ("dynamodb", lambda c: c.list_tables(), ("eu-west-1", "dynamodb", "ListTables")),
        ("s3", lambda c: c.list_buckets(), ("eu-west-1", "s3", "ListBuckets")),
        (
            "elbv2",
            lambda c: c.describe_load_balancers(),
            ("eu-west-1", "elasticloadbalancing", "DescribeLoadBalancers"),
        ),
        ("lambda", lambda c: c.list_functions(), ("eu-west-1", "lambda", "ListFunctions")),
        ("efs", lambda c: c.describe_file_systems(), None),
    ],
)
def test_requests_are_counted_by_region_service_and_operation(
    sandbox: AwsSandbox,
    client: Client,
    service: str,
    ask: Any,
    expected: tuple[str, str, str] | None,
) -> None:
    ask(client(service))

    others = {
        "autoscaling": ("eu-west-1", "autoscaling", "DescribePolicies"),
        "resourcegroupstaggingapi": ("eu-west-1", "tag", "GetResources"),
        "efs": ("eu-west-1", "elasticfilesystem", "DescribeFileSystems"),
    }
    assert sandbox.requests.counts == {expected or others[service]: 1}


def test_rest_operations_are_told_apart_by_more_than_their_path(
    sandbox: AwsSandbox, client: Client
) -> None:
    s3 = client("s3")
    s3.create_bucket(
        Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3.put_bucket_tagging(Bucket="a-bucket", Tagging={"TagSet": []})
    s3.put_object(Bucket="a-bucket", Key="deep/key", Body=b"x")
    s3.list_object_versions(Bucket="a-bucket")
    s3.list_objects_v2(Bucket="a-bucket")
    s3.delete_objects(Bucket="a-bucket", Delete={"Objects": [{"Key": "deep/key"}]})

    asked = [operation for _, _, operation in sandbox.requests.counts]

    assert asked == [
        "CreateBucket",
        "PutBucketTagging",
        "PutObject",
        "ListObjectVersions",
        "ListObjectsV2",
        "DeleteObjects",
    ]


def test_counts_begin_anew(sandbox: AwsSandbox, client: Client) -> None:
    client("ec2").describe_vpcs()
    assert sandbox.requests.total == 1
    assert sandbox.requests.count(service="ec2", operation="DescribeVpcs") == 1
    assert sandbox.requests.count(service="s3") == 0

    sandbox.requests.reset()

    assert sandbox.requests.total == 0


def test_latency_is_added_to_each_call(sandbox: AwsSandbox, client: Client) -> None:
    ec2 = client("ec2")
    ec2.describe_vpcs()
    sandbox.latency_s = 0.2
    try:
        began = time.monotonic()
        ec2.describe_vpcs()

        assert time.monotonic() - began >= 0.2
    finally:
        sandbox.latency_s = 0.0


def test_reset_empties_the_world(sandbox: AwsSandbox, client: Client) -> None:
    ec2 = client("ec2")
    ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)

    sandbox.reset()

    assert ec2.describe_volumes()["Volumes"] == []


@pytest.mark.usefixtures("sandbox")
def test_a_second_one_in_a_process_is_refused() -> None:
    with pytest.raises(RuntimeError, match="only one"), AwsSandbox():
        pass


def test_as_a_process_of_its_own_it_serves_until_told_to_stop() -> None:
    command = [sys.executable, "-m", "reaper.sandbox.aws", "--latency-ms", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        ec2 = _ec2(endpoint)
        answered = ec2.describe_vpcs()["Vpcs"]

        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=10)

    assert answered
    assert code == 0
    with pytest.raises(EndpointConnectionError):
        _ec2(endpoint).describe_vpcs()
