"""EC2: machines, and what they are made from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Arg, At, AwsKind, Call, Guard, Link, Many, Users, by_filter
from reaper.providers.aws.names import (
    ADDRESS,
    AUTO_SCALING_GROUP,
    IMAGE,
    INSTANCE,
    INTERFACE,
    KEY_PAIR,
    LAUNCH_TEMPLATE,
    PLACEMENT_GROUP,
    SECURITY_GROUP,
    SNAPSHOT,
    STACK,
    SUBNET,
    VOLUME,
)

_INSTANCES = "Reservations[].Instances[]"
# What was attached so soon after the first interface was there at the launch.
_AT_LAUNCH = timedelta(minutes=2)
_GOING_VOLUMES = "BlockDeviceMappings[?Ebs.DeleteOnTermination].Ebs.VolumeId"
_GOING_INTERFACES = "NetworkInterfaces[?Attachment.DeleteOnTermination].NetworkInterfaceId"
# These lose their place, and nothing else.
_LEFT_VOLUMES = "BlockDeviceMappings[?!(Ebs.DeleteOnTermination)].Ebs.VolumeId"
_LEFT_INTERFACES = "NetworkInterfaces[?!(Attachment.DeleteOnTermination)].NetworkInterfaceId"
_NOT_OVER = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
# The newest and the default version of every launch template, in one paged call.
_TEMPLATES = Call(
    operation="describe_launch_template_versions",
    arguments={"Versions": ["$Latest", "$Default"]},
    items="LaunchTemplateVersions[]",
)


def _machines_by(filter_name: str) -> Call:
    filters = [{"Name": filter_name, "Values": Arg.IDS}, _NOT_OVER]
    return Call(operation="describe_instances", arguments={"Filters": filters}, items=_INSTANCES)


def _tell_launched(machine: dict[str, Any]) -> None:
    """Tell which volumes and interfaces a machine was launched with: those are derived from it.

    What goes when it goes was attached at the launch, or told to later by somebody, whose it is.
    """
    interfaces = machine.get("NetworkInterfaces") or []
    attached = [each.get("Attachment") or {} for each in interfaces]
    first = next((each for each in attached if each.get("DeviceIndex") == 0), {}).get("AttachTime")
    machine["+volumes"] = [
        ebs["VolumeId"]
        for mapping in machine.get("BlockDeviceMappings") or []
        if (ebs := mapping.get("Ebs") or {}).get("DeleteOnTermination")
        and _near(first, ebs.get("AttachTime"))
    ]
    machine["+interfaces"] = [
        interface["NetworkInterfaceId"]
        for interface, attachment in zip(interfaces, attached, strict=True)
        if attachment.get("DeleteOnTermination") and _near(first, attachment.get("AttachTime"))
    ]


def _near(first: datetime | None, then: datetime | None) -> bool:
    return first is not None and then is not None and abs(then - first) <= _AT_LAUNCH


KINDS = (
    AwsKind(
        kind=Kind(name=INSTANCE, service="ec2", deadline=timedelta(hours=2)),
        service="ec2",
        arn="ec2:{region}:{account}:instance/{id}",
        listing=Call(operation="describe_instances", items=_INSTANCES),
        id="InstanceId",
        read=Many(
            call=Call(
                operation="describe_instances",
                arguments=by_filter("instance-id"),
                items=_INSTANCES,
            )
        ),
        refine=_tell_launched,
        # LaunchTime is when it was last started; the first interface cannot be attached later.
        created="NetworkInterfaces[?Attachment.DeviceIndex==`0`].Attachment.AttachTime | [0]",
        state="State.Name",
        over=frozenset({"terminated"}),
        going=frozenset({"shutting-down"}),
        links=(
            Link(Relation.TAKES, VOLUME, _GOING_VOLUMES),
            Link(Relation.MADE, VOLUME, '"+volumes"'),
            Link(Relation.TAKES, INTERFACE, _GOING_INTERFACES),
            Link(Relation.MADE, INTERFACE, '"+interfaces"'),
            Link(Relation.ALTERS, VOLUME, _LEFT_VOLUMES),
            Link(Relation.ALTERS, INTERFACE, _LEFT_INTERFACES),
            Link(Relation.CONTROLLED_BY, AUTO_SCALING_GROUP, '"+tags"."aws:autoscaling:groupName"'),
            Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"'),
            Link(Relation.USES, SUBNET, "SubnetId"),
            Link(Relation.USES, SECURITY_GROUP, "SecurityGroups[].GroupId"),
            Link(Relation.USES, IMAGE, "ImageId"),
            Link(Relation.USES, PLACEMENT_GROUP, "Placement.GroupName"),
        ),
        users=(
            Users(
                relations=(Relation.ALTERS,),
                kind=ADDRESS,
                call=Call(
                    operation="describe_addresses",
                    arguments=by_filter("instance-id"),
                    items="Addresses[]",
                ),
                id="AllocationId",
                of="InstanceId",
            ),
        ),
        delete=Call(operation="terminate_instances", arguments={"InstanceIds": [Arg.ID]}),
        gone=("InvalidInstanceID.NotFound",),
        slow=True,
    ),
    AwsKind(
        kind=Kind(name=VOLUME, service="ec2", after=(INSTANCE,)),
        service="ec2",
        arn="ec2:{region}:{account}:volume/{id}",
        listing=Call(operation="describe_volumes", items="Volumes[]"),
        id="VolumeId",
        read=Many(
            call=Call(
                operation="describe_volumes", arguments=by_filter("volume-id"), items="Volumes[]"
            )
        ),
        created="CreateTime",
        state="State",
        over=frozenset({"deleted"}),
        going=frozenset({"deleting"}),
        links=(
            Link(Relation.USED_BY, INSTANCE, "Attachments[].InstanceId"),
            Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"'),
        ),
        delete=Call(operation="delete_volume", arguments={"VolumeId": Arg.ID}),
        gone=("InvalidVolume.NotFound",),
    ),
    AwsKind(
        kind=Kind(name=SNAPSHOT, service="ec2", after=(IMAGE,)),
        service="ec2",
        arn="ec2:{region}::snapshot/{id}",
        listing=Call(
            operation="describe_snapshots", arguments={"OwnerIds": ["self"]}, items="Snapshots[]"
        ),
        id="SnapshotId",
        read=Many(
            call=Call(
                operation="describe_snapshots",
                arguments={"OwnerIds": ["self"], **by_filter("snapshot-id")},
                items="Snapshots[]",
            )
        ),
        created="StartTime",
        state="State",
        delete=Call(operation="delete_snapshot", arguments={"SnapshotId": Arg.ID}),
        gone=("InvalidSnapshot.NotFound",),
        blockers=(
            Users(
                relations=(Relation.USED_BY,),
                kind=IMAGE,
                call=Call(
                    operation="describe_images",
                    arguments={
                        "Owners": ["self"],
                        **by_filter("block-device-mapping.snapshot-id"),
                    },
                    items="Images[]",
                ),
                id="ImageId",
                of="BlockDeviceMappings[].Ebs.SnapshotId",
            ),
        ),
    ),
    AwsKind(
        kind=Kind(name=IMAGE, service="ec2", after=(INSTANCE,)),
        service="ec2",
        arn="ec2:{region}::image/{id}",
        listing=Call(operation="describe_images", arguments={"Owners": ["self"]}, items="Images[]"),
        id="ImageId",
        read=Many(
            call=Call(
                operation="describe_images",
                arguments={
                    "Owners": ["self"],
                    "IncludeDisabled": True,
                    "IncludeDeprecated": True,
                    **by_filter("image-id"),
                },
                items="Images[]",
            )
        ),
        name="Name",
        created="CreationDate",
        state="State",
        over=frozenset({"deregistered"}),
        guards=(
            Guard(
                "starts_with(DeregistrationProtection || 'disabled', 'enabled')",
                "deregistration protection is on",
            ),
        ),
        # Machines run on without their image; what would launch from it breaks silently.
        users=(
            Users(
                relations=(Relation.USED_BY,),
                kind=INSTANCE,
                call=_machines_by("image-id"),
                id="InstanceId",
                of="ImageId",
            ),
            Users(
                relations=(Relation.USED_BY,),
                kind=LAUNCH_TEMPLATE,
                call=_TEMPLATES,
                id="LaunchTemplateId",
                of="LaunchTemplateData.ImageId",
            ),
        ),
        links=(Link(Relation.USES, SNAPSHOT, "BlockDeviceMappings[].Ebs.SnapshotId"),),
        delete=Call(operation="deregister_image", arguments={"ImageId": Arg.ID}),
        gone=("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"),
    ),
    AwsKind(
        kind=Kind(name=KEY_PAIR, service="ec2", after=(INSTANCE,)),
        service="ec2",
        arn="ec2:{region}:{account}:key-pair/{id}",
        listing=Call(operation="describe_key_pairs", items="KeyPairs[]"),
        id="KeyPairId",
        read=Many(
            call=Call(
                operation="describe_key_pairs",
                arguments=by_filter("key-pair-id"),
                items="KeyPairs[]",
            )
        ),
        name="KeyName",
        created="CreateTime",
        users=(
            Users(
                relations=(Relation.USED_BY,),
                kind=INSTANCE,
                call=_machines_by("key-name"),
                id="InstanceId",
                of="KeyName",
                key="KeyName",
            ),
            Users(
                relations=(Relation.USED_BY,),
                kind=LAUNCH_TEMPLATE,
                call=_TEMPLATES,
                id="LaunchTemplateId",
                of="LaunchTemplateData.KeyName",
                key="KeyName",
            ),
        ),
        delete=Call(operation="delete_key_pair", arguments={"KeyPairId": Arg.ID}),
        gone=("InvalidKeyPair.NotFound",),
    ),
    AwsKind(
        kind=Kind(name=LAUNCH_TEMPLATE, service="ec2", after=(AUTO_SCALING_GROUP, INSTANCE)),
        service="ec2",
        arn="ec2:{region}:{account}:launch-template/{id}",
        listing=Call(operation="describe_launch_templates", items="LaunchTemplates[]"),
        id="LaunchTemplateId",
        read=Many(
            call=Call(
                operation="describe_launch_templates",
                arguments={"LaunchTemplateIds": Arg.IDS},
                items="LaunchTemplates[]",
            ),
            missing=(
                "InvalidLaunchTemplateId.NotFound",
                "InvalidLaunchTemplateId.NotFoundException",
            ),
        ),
        name="LaunchTemplateName",
        created="CreateTime",
        users=(
            Users(
                relations=(Relation.USED_BY,),
                kind=AUTO_SCALING_GROUP,
                call=Call(
                    operation="describe_auto_scaling_groups",
                    items="AutoScalingGroups[]",
                    service="autoscaling",
                ),
                id="AutoScalingGroupName",
                of=(
                    "[LaunchTemplate.LaunchTemplateId, MixedInstancesPolicy.LaunchTemplate."
                    "LaunchTemplateSpecification.LaunchTemplateId, MixedInstancesPolicy."
                    "LaunchTemplate.Overrides[].LaunchTemplateSpecification.LaunchTemplateId][]"
                ),
            ),
        ),
        delete=Call(operation="delete_launch_template", arguments={"LaunchTemplateId": Arg.ID}),
        gone=(
            "InvalidLaunchTemplateId.NotFound",
            "InvalidLaunchTemplateId.NotFoundException",
        ),
    ),
    AwsKind(
        kind=Kind(name=PLACEMENT_GROUP, service="ec2", after=(INSTANCE, AUTO_SCALING_GROUP)),
        service="ec2",
        arn="ec2:{region}:{account}:placement-group/{id}",
        listing=Call(operation="describe_placement_groups", items="PlacementGroups[]"),
        id="GroupName",
        read=Many(
            call=Call(
                operation="describe_placement_groups",
                arguments=by_filter("group-name"),
                items="PlacementGroups[]",
            )
        ),
        name="GroupName",
        incarnation="GroupId",
        state="State",
        over=frozenset({"deleted"}),
        going=frozenset({"deleting"}),
        delete=Call(operation="delete_placement_group", arguments={"GroupName": At("GroupName")}),
        gone=("InvalidPlacementGroup.Unknown",),
        blockers=(
            Users(
                relations=(Relation.USED_BY,),
                kind=INSTANCE,
                call=_machines_by("placement-group-name"),
                id="InstanceId",
                of="Placement.GroupName",
            ),
        ),
    ),
)
