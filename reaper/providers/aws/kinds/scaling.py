"""Auto Scaling: groups of machines, which make anew what is taken from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Arg, AwsKind, Call, Guard, Link, Many
from reaper.providers.aws.names import (
    AUTO_SCALING_GROUP,
    INSTANCE,
    LAUNCH_TEMPLATE,
    STACK,
    TARGET_GROUP,
)

_GROUPS = "AutoScalingGroups[]"
_TEMPLATES = (
    "[LaunchTemplate.LaunchTemplateId, MixedInstancesPolicy.LaunchTemplate."
    "LaunchTemplateSpecification.LaunchTemplateId][]"
)


def _tell_launched(group: dict[str, Any]) -> None:
    """Tell which machines it launched: one that somebody attached names no template."""
    group["+launched"] = [
        each["InstanceId"]
        for each in group.get("Instances") or []
        if each.get("LaunchTemplate") or each.get("LaunchConfigurationName")
    ]


KINDS = (
    AwsKind(
        kind=Kind(name=AUTO_SCALING_GROUP, service="autoscaling", deadline=timedelta(hours=2)),
        service="autoscaling",
        arn="autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/{id}",
        listing=Call(operation="describe_auto_scaling_groups", items=_GROUPS),
        id="AutoScalingGroupName",
        read=Many(
            call=Call(
                operation="describe_auto_scaling_groups",
                arguments={"AutoScalingGroupNames": Arg.IDS},
                items=_GROUPS,
            ),
            size=50,
        ),
        refine=_tell_launched,
        name="AutoScalingGroupName",
        created="CreatedTime",
        # A name is used again; the ARN has a UUID for each group that ever had it.
        incarnation="AutoScalingGroupARN",
        state="Status",  # AWS tells one only while it deletes the group
        going=frozenset({"Delete in progress"}),
        guards=(
            Guard("DeletionProtection == 'prevent-all-deletion'", "deletion protection is on"),
            Guard(
                "DeletionProtection == 'prevent-force-deletion' && length(Instances) > `0`",
                "it is protected from deletion while it has machines",
            ),
        ),
        links=(
            Link(Relation.TAKES, INSTANCE, "Instances[].InstanceId"),
            Link(Relation.MADE, INSTANCE, '"+launched"'),
            Link(Relation.USES, LAUNCH_TEMPLATE, _TEMPLATES),
            Link(Relation.USES, TARGET_GROUP, "TargetGroupARNs"),
            Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"'),
        ),
        delete=Call(
            operation="delete_auto_scaling_group",
            arguments={"AutoScalingGroupName": Arg.ID, "ForceDelete": True},
        ),
        gone=("ValidationError:not found",),
        slow=True,
        # AWS: Auto Scaling groups are not among what the tagging API returns.
        indexed=False,
        tag_filter={"Filters": [{"Name": "tag-key", "Values": [Arg.KEY]}]},
    ),
)
