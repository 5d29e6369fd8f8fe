"""CloudFormation: stacks, which go before what they own and take it along."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Also, Arg, AwsKind, Call, Guard, Link, One
from reaper.providers.aws.names import (
    AUTO_SCALING_GROUP,
    BUCKET,
    FUNCTION,
    INSTANCE,
    INTERFACE,
    INTERNET_GATEWAY,
    KMS_KEY,
    LAUNCH_TEMPLATE,
    LOAD_BALANCER,
    LOG_GROUP,
    NAT_GATEWAY,
    NETWORK_ACL,
    PARAMETER,
    PLACEMENT_GROUP,
    QUEUE,
    ROUTE_TABLE,
    SECRET,
    SECURITY_GROUP,
    STACK,
    SUBNET,
    TABLE,
    TARGET_GROUP,
    TOPIC,
    VOLUME,
    VPC,
    VPC_ENDPOINT,
)

# CloudFormation's word for a kind, where the physical ID is what this package calls the ID.
# Elastic IPs and key pairs are named otherwise there; they bear the stack's tag themselves.
_TYPES: Mapping[str, str] = {
    "AWS::AutoScaling::AutoScalingGroup": AUTO_SCALING_GROUP,
    "AWS::CloudFormation::Stack": STACK,
    "AWS::DynamoDB::Table": TABLE,
    "AWS::EC2::Instance": INSTANCE,
    "AWS::EC2::InternetGateway": INTERNET_GATEWAY,
    "AWS::EC2::LaunchTemplate": LAUNCH_TEMPLATE,
    "AWS::EC2::NatGateway": NAT_GATEWAY,
    "AWS::EC2::NetworkAcl": NETWORK_ACL,
    "AWS::EC2::NetworkInterface": INTERFACE,
    "AWS::EC2::PlacementGroup": PLACEMENT_GROUP,
    "AWS::EC2::RouteTable": ROUTE_TABLE,
    "AWS::EC2::SecurityGroup": SECURITY_GROUP,
    "AWS::EC2::Subnet": SUBNET,
    "AWS::EC2::VPC": VPC,
    "AWS::EC2::VPCEndpoint": VPC_ENDPOINT,
    "AWS::EC2::Volume": VOLUME,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": LOAD_BALANCER,
    "AWS::ElasticLoadBalancingV2::TargetGroup": TARGET_GROUP,
    "AWS::KMS::Key": KMS_KEY,
    "AWS::Lambda::Function": FUNCTION,
    "AWS::Logs::LogGroup": LOG_GROUP,
    "AWS::S3::Bucket": BUCKET,
    "AWS::SNS::Topic": TOPIC,
    "AWS::SQS::Queue": QUEUE,
    "AWS::SSM::Parameter": PARAMETER,
    "AWS::SecretsManager::Secret": SECRET,
}
_DELETED = "DELETE_COMPLETE"
_MEMBERS = "+members"


def _tell_members(stack: dict[str, Any]) -> None:
    """Sort the members by our kinds; those that are gone or never came are none."""
    by_kind: dict[str, list[str]] = {}
    for member in stack.get(_MEMBERS) or []:
        kind = _TYPES.get(member.get("ResourceType", ""))
        there = member.get("ResourceStatus") not in {_DELETED, "DELETE_SKIPPED", "CREATE_FAILED"}
        if kind is not None and there and member.get("PhysicalResourceId"):
            by_kind.setdefault(kind, []).append(member["PhysicalResourceId"])
    stack["+by-kind"] = by_kind


def _member_links() -> tuple[Link, ...]:
    """What a stack made, and takes along: each must be the run's to go, like anything else."""
    return tuple(
        Link(relation, kind, f'"+by-kind"."{kind}"')
        for kind in dict.fromkeys(_TYPES.values())
        for relation in (Relation.TAKES, Relation.MADE)
    )


KINDS = (
    AwsKind(
        kind=Kind(name=STACK, service="cloudformation", deadline=timedelta(hours=3)),
        service="cloudformation",
        arn="cloudformation:{region}:{account}:stack/{id}",
        id_is_arn=True,
        listing=Call(operation="describe_stacks", items=f"Stacks[?StackStatus != '{_DELETED}']"),
        id="StackId",
        read=One(
            call=Call(
                operation="describe_stacks", arguments={"StackName": Arg.ARN}, items="Stacks[]"
            ),
            absent=("ValidationError:does not exist",),
        ),
        also=(
            Also(
                call=Call(
                    operation="list_stack_resources",
                    arguments={"StackName": Arg.ARN},
                    items="StackResourceSummaries[]",
                ),
                into=_MEMBERS,
                absent=("ValidationError:does not exist",),
            ),
        ),
        refine=_tell_members,
        name="StackName",
        created="CreationTime",
        state="StackStatus",
        over=frozenset({_DELETED}),
        going=frozenset({"DELETE_IN_PROGRESS"}),
        guards=(Guard("EnableTerminationProtection", "termination protection is on"),),
        links=(Link(Relation.CONTROLLED_BY, STACK, "ParentId"), *_member_links()),
        delete=Call(operation="delete_stack", arguments={"StackName": Arg.ARN}),
        gone=("ValidationError:does not exist",),
        slow=True,
        actions=("cloudformation:ListStacks",),  # DescribeStacks of all stacks is asked for it too
    ),
)
