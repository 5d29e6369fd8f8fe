"""Elastic Load Balancing, version 2: balancers, their listeners, and target groups."""

from __future__ import annotations

from datetime import timedelta

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Also, Arg, AwsKind, Call, Guard, Link, Many
from reaper.providers.aws.names import (
    ADDRESS,
    AUTO_SCALING_GROUP,
    LISTENER,
    LOAD_BALANCER,
    SECURITY_GROUP,
    STACK,
    SUBNET,
    TARGET_GROUP,
    VPC,
)

_MOST_ARNS = 20  # in one call of this service
_ADDRESSES = "AvailabilityZones[].LoadBalancerAddresses[].AllocationId"
_STACK = Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"')
_TAGS = Also(
    call=Call(
        operation="describe_tags",
        arguments={"ResourceArns": Arg.IDS},
        items="TagDescriptions[]",
    ),
    into="+elb-tags",
    take="Tags",
    by="ResourceArn",
    size=_MOST_ARNS,
)

KINDS = (
    AwsKind(
        kind=Kind(name=LISTENER, service="elasticloadbalancing"),
        service="elbv2",
        arn="elasticloadbalancing:{region}:{account}:listener/{id}",
        id_is_arn=True,
        listing=Call(operation="describe_load_balancers", items="LoadBalancers[]"),
        listed="ListenerArn",  # no call lists them without naming their balancer
        id="ListenerArn",
        read=Many(
            call=Call(
                operation="describe_listeners",
                arguments={"ListenerArns": Arg.IDS},
                items="Listeners[]",
            ),
            size=_MOST_ARNS,
            missing=("ListenerNotFound",),
        ),
        also=(_TAGS,),
        tags='"+elb-tags"',
        links=(
            Link(Relation.USES, LOAD_BALANCER, "LoadBalancerArn"),
            Link(
                Relation.USES,
                TARGET_GROUP,
                "[DefaultActions[].TargetGroupArn, "
                "DefaultActions[].ForwardConfig.TargetGroups[].TargetGroupArn][]",
            ),
            _STACK,
        ),
        delete=Call(operation="delete_listener", arguments={"ListenerArn": Arg.ARN}),
        gone=("ListenerNotFound",),
    ),
    AwsKind(
        kind=Kind(name=LOAD_BALANCER, service="elasticloadbalancing", deadline=timedelta(hours=2)),
        service="elbv2",
        arn="elasticloadbalancing:{region}:{account}:loadbalancer/{id}",
        id_form=r"(?:app|net|gwy)/[^/]+/[0-9a-f]+",
        id_is_arn=True,
        listing=Call(operation="describe_load_balancers", items="LoadBalancers[]"),
        id="LoadBalancerArn",
        read=Many(
            call=Call(
                operation="describe_load_balancers",
                arguments={"LoadBalancerArns": Arg.IDS},
                items="LoadBalancers[]",
            ),
            size=_MOST_ARNS,
            missing=("LoadBalancerNotFound",),
        ),
        also=(
            _TAGS,
            Also(
                call=Call(
                    operation="describe_load_balancer_attributes",
                    arguments={"LoadBalancerArn": Arg.ARN},
                    items="Attributes[?Key == 'deletion_protection.enabled'].Value",
                ),
                into="+protected",
                take="[0]",
                absent=("LoadBalancerNotFound",),
            ),
            Also(
                call=Call(
                    operation="describe_listeners",
                    arguments={"LoadBalancerArn": Arg.ARN},
                    items="Listeners[].ListenerArn",
                ),
                into="+listeners",
                absent=("LoadBalancerNotFound",),
            ),
        ),
        tags='"+elb-tags"',
        name="LoadBalancerName",
        created="CreatedTime",
        state="State.Code",
        guards=(Guard("\"+protected\" == 'true'", "deletion protection is on"),),
        links=(
            Link(Relation.TAKES, LISTENER, '"+listeners"'),
            Link(Relation.MADE, LISTENER, '"+listeners"'),
            Link(Relation.USES, SUBNET, "AvailabilityZones[].SubnetId"),
            Link(Relation.USES, ADDRESS, _ADDRESSES),
            Link(Relation.ALTERS, ADDRESS, _ADDRESSES),
            Link(Relation.USES, SECURITY_GROUP, "SecurityGroups"),
            Link(Relation.USES, VPC, "VpcId"),
            _STACK,
        ),
        delete=Call(operation="delete_load_balancer", arguments={"LoadBalancerArn": Arg.ARN}),
        gone=("LoadBalancerNotFound",),
        slow=True,
    ),
    AwsKind(
        kind=Kind(
            name=TARGET_GROUP,
            service="elasticloadbalancing",
            after=(LISTENER, LOAD_BALANCER, AUTO_SCALING_GROUP),
        ),
        service="elbv2",
        arn="elasticloadbalancing:{region}:{account}:targetgroup/{id}",
        id_is_arn=True,
        listing=Call(operation="describe_target_groups", items="TargetGroups[]"),
        id="TargetGroupArn",
        read=Many(
            call=Call(
                operation="describe_target_groups",
                arguments={"TargetGroupArns": Arg.IDS},
                items="TargetGroups[]",
            ),
            size=_MOST_ARNS,
            missing=("TargetGroupNotFound",),
        ),
        also=(_TAGS,),
        tags='"+elb-tags"',
        name="TargetGroupName",
        links=(
            Link(Relation.USED_BY, LOAD_BALANCER, "LoadBalancerArns"),
            Link(Relation.USES, VPC, "VpcId"),
            _STACK,
        ),
        delete=Call(operation="delete_target_group", arguments={"TargetGroupArn": Arg.ARN}),
        gone=("TargetGroupNotFound",),
    ),
)
