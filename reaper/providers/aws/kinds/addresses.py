"""EC2: network interfaces and elastic IPs."""

from __future__ import annotations

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Arg, AwsKind, Call, Guard, Link, Many, Users, by_filter
from reaper.providers.aws.kinds.ec2 import LINGERING, OF_STACK, PATIENT
from reaper.providers.aws.names import (
    ADDRESS,
    INSTANCE,
    INTERFACE,
    LOAD_BALANCER,
    NAT_GATEWAY,
    SECURITY_GROUP,
    SUBNET,
    VPC,
)

KINDS = (
    AwsKind(
        kind=Kind(
            name=INTERFACE, service="ec2", after=(INSTANCE,), deadline=LINGERING, backoff=PATIENT
        ),
        service="ec2",
        arn="ec2:{region}:{account}:network-interface/{id}",
        listing=Call(operation="describe_network_interfaces", items="NetworkInterfaces[]"),
        id="NetworkInterfaceId",
        read=Many(
            call=Call(
                operation="describe_network_interfaces",
                arguments=by_filter("network-interface-id"),
                items="NetworkInterfaces[]",
            )
        ),
        tags="TagSet",
        state="Status",
        guards=(Guard("RequesterManaged", "AWS manages it, and removes it with what it serves"),),
        links=(
            Link(Relation.USED_BY, INSTANCE, "Attachment.InstanceId"),
            Link(Relation.USES, SUBNET, "SubnetId"),
            Link(Relation.USES, SECURITY_GROUP, "Groups[].GroupId"),
            Link(Relation.USES, VPC, "VpcId"),
            Link(Relation.USES, ADDRESS, "Association.AllocationId"),
            Link(Relation.ALTERS, ADDRESS, "Association.AllocationId"),
            OF_STACK,
        ),
        delete=Call(operation="delete_network_interface", arguments={"NetworkInterfaceId": Arg.ID}),
        gone=("InvalidNetworkInterfaceID.NotFound",),
    ),
    AwsKind(
        kind=Kind(name=ADDRESS, service="ec2", after=(NAT_GATEWAY, INTERFACE, LOAD_BALANCER)),
        service="ec2",
        arn="ec2:{region}:{account}:elastic-ip/{id}",
        listing=Call(operation="describe_addresses", items="Addresses[]"),
        id="AllocationId",
        read=Many(
            call=Call(
                operation="describe_addresses",
                arguments=by_filter("allocation-id"),
                items="Addresses[]",
            )
        ),
        name="PublicIp",
        guards=(Guard("ServiceManaged", "a service of AWS manages it"),),
        links=(Link(Relation.USED_BY, INSTANCE, "InstanceId"), OF_STACK),
        delete=Call(operation="release_address", arguments={"AllocationId": Arg.ID}),
        gone=("InvalidAllocationID.NotFound",),
        blockers=(
            Users(
                relations=(Relation.USED_BY,),
                kind=INTERFACE,
                call=Call(
                    operation="describe_network_interfaces",
                    arguments=by_filter("association.allocation-id"),
                    items="NetworkInterfaces[?!RequesterManaged]",
                ),
                id="NetworkInterfaceId",
                of="Association.AllocationId",
            ),
        ),
    ),
)
