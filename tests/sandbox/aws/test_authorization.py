"""Callers may do what their policies allow; simulations and dry runs say what that is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.strict.authorization import decide
from tests.sandbox.aws.conftest import REGION, Client
from tests.sandbox.aws.refusals import refused

BY_TAG = {"StringLike": {"aws:ResourceTag/reaper-run": "*"}}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["ec2:Describe*", "lambda:ListFunctions", "tag:GetResources"],
            "Resource": "*",
        },
        {"Effect": "Allow", "Action": "ec2:DeleteVolume", "Resource": "*", "Condition": BY_TAG},
        {"Effect": "Allow", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::ci-*"},
        {"Effect": "Deny", "Action": "ec2:DescribeVpcs", "Resource": "*"},
    ],
}
USER = "arn:aws:iam::123456789012:user/somebody"


@pytest.fixture
def somebody(sandbox: AwsSandbox, client: Client) -> Client:
    """Clients of a user with that policy."""
    iam = client("iam")
    iam.create_user(UserName="somebody")
    iam.put_user_policy(UserName="somebody", PolicyName="own", PolicyDocument=json.dumps(POLICY))
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"])
    return lambda service, region=REGION: session.client(
        service, region_name=region, endpoint_url=sandbox.endpoint
    )


def test_a_caller_may_do_what_its_policies_allow_and_no_more(
    sandbox: AwsSandbox, somebody: Client
) -> None:
    with sandbox.enforcing():
        somebody("ec2").describe_volumes()
        somebody("lambda").list_functions()
        somebody("resourcegroupstaggingapi").get_resources()
        for service, operation, code in (
            ("ec2", "describe_vpcs", "UnauthorizedOperation"),
            ("iam", "list_roles", "AccessDenied"),
            ("s3", "list_buckets", "AccessDenied"),
            ("dynamodb", "list_tables", "AccessDeniedException"),
            ("sqs", "list_queues", "AccessDeniedException"),
        ):
            said = refused(code, getattr(somebody(service), operation))
            assert USER in said

    somebody("iam").list_roles()  # as nothing is enforced any more


def test_a_refusal_names_the_action_as_iam_does(sandbox: AwsSandbox, somebody: Client) -> None:
    with sandbox.enforcing():
        said = refused("AccessDenied", somebody("s3").list_buckets)

    assert "is not authorized to perform: s3:ListAllMyBuckets" in said


def test_a_dry_run_is_held_against_the_policy_and_the_tags(
    sandbox: AwsSandbox, client: Client, somebody: Client
) -> None:
    def volume(**tags: str) -> str:
        made = client("ec2").create_volume(AvailabilityZone=f"{REGION}a", Size=1)
        identity = str(made["VolumeId"])
        for key, value in tags.items():
            client("ec2").create_tags(Resources=[identity], Tags=[{"Key": key, "Value": value}])
        return identity

    ours, theirs = volume(**{"reaper-run": "r-1"}), volume(owner="bob")
    ec2 = somebody("ec2")
    with sandbox.enforcing():
        refused("DryRunOperation", ec2.delete_volume, VolumeId=ours, DryRun=True)
        refused("UnauthorizedOperation", ec2.delete_volume, VolumeId=theirs, DryRun=True)
        refused("UnauthorizedOperation", ec2.delete_volume, VolumeId="vol-00000000", DryRun=True)
        refused("UnauthorizedOperation", client("ec2").delete_volume, VolumeId=ours, DryRun=True)

    assert len(client("ec2").describe_volumes()["Volumes"]) == 2


@pytest.mark.parametrize(
    ("action", "resource", "context", "decision"),
    [
        ("ec2:DescribeVolumes", "*", {}, "allowed"),
        ("ec2:describevolumes", "*", {}, "allowed"),
        ("ec2:DescribeVpcs", "*", {}, "explicitDeny"),
        ("ec2:DeleteVpc", "*", {}, "implicitDeny"),
        ("ec2:DeleteVolume", "*", {}, "implicitDeny"),
        ("ec2:DeleteVolume", "*", {"aws:ResourceTag/reaper-run": ["r-1"]}, "allowed"),
        ("s3:DeleteBucket", "arn:aws:s3:::ci-1", {}, "allowed"),
        ("s3:DeleteBucket", "arn:aws:s3:::prod", {}, "implicitDeny"),
        ("s3:DeleteBucket", "*", {}, "implicitDeny"),
    ],
)
def test_a_simulation_decides_as_iam_does(
    action: str, resource: str, context: Mapping[str, list[str]], decision: str
) -> None:
    assert decide([POLICY], action, resource, context) == decision


@pytest.mark.parametrize(
    ("condition", "given", "holds"),
    [
        ({"StringEquals": {"k": ["a", "b"]}}, {"k": ["b"]}, True),
        ({"StringEquals": {"k": "a"}}, {"k": ["b"]}, False),
        ({"StringEquals": {"k": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": ["b"]}, False),
        ({"StringLike": {"k": "a*"}, "StringEquals": {"l": "b"}}, {"k": ["ab"]}, False),
        ({"DateGreaterThan": {"k": "2030-01-01"}}, {"k": ["2031-01-01"]}, False),
    ],
)
def test_conditions_hold_together_or_not_at_all(
    condition: dict[str, Any], given: dict[str, list[str]], *, holds: bool
) -> None:
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}

    decided = decide([{"Statement": allow}], "ec2:DeleteVolume", "*", given)

    assert decided == ("allowed" if holds else "implicitDeny")


def test_users_and_roles_are_simulated(client: Client, somebody: Client) -> None:
    iam = client("iam")
    role = iam.create_role(RoleName="reader", Path="/ci/", AssumeRolePolicyDocument="{}")["Role"]
    iam.put_role_policy(RoleName="reader", PolicyName="own", PolicyDocument=json.dumps(POLICY))

    for source in (USER, role["Arn"]):
        told = iam.simulate_principal_policy(
            PolicySourceArn=source,
            ActionNames=["ec2:DeleteVolume", "ec2:DeleteVpc"],
            ContextEntries=[
                {
                    "ContextKeyName": "aws:ResourceTag/reaper-run",
                    "ContextKeyValues": ["r-1"],
                    "ContextKeyType": "string",
                }
            ],
        )["EvaluationResults"]
        assert [(each["EvalActionName"], each["EvalDecision"]) for each in told] == [
            ("ec2:DeleteVolume", "allowed"),
            ("ec2:DeleteVpc", "implicitDeny"),
        ]


@pytest.mark.parametrize("noun", ["user", "role"])
def test_nobody_cannot_be_simulated(client: Client, noun: str) -> None:
    with pytest.raises(ClientError, match="NoSuchEntity"):
        client("iam").simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::123456789012:{noun}/nobody",
            ActionNames=["ec2:RunInstances"],
        )


def test_the_nameless_caller_of_a_sandbox_may_do_everything(client: Client) -> None:
    caller = client("sts").get_caller_identity()["Arn"]

    [told] = client("iam").simulate_principal_policy(
        PolicySourceArn=caller, ActionNames=["ec2:RunInstances"]
    )["EvaluationResults"]

    assert told["EvalDecision"] == "allowed"
