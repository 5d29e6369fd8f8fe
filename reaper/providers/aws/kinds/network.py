"""EC2: networks, and what stands between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from reaper.model import Backoff, Kind, Relation
from reaper.providers.aws.answers import CALL_ERRORS, is_any
from reaper.providers.aws.kind import (
    Arg,
    AwsKind,
    Call,
    Deed,
    Guard,
    Link,
    Many,
    Users,
    by_filter,
)
from reaper.providers.aws.names import (
    ADDRESS,
    AUTO_SCALING_GROUP,
    FUNCTION,
    INSTANCE,
    INTERFACE,
    INTERNET_GATEWAY,
    LOAD_BALANCER,
    NAT_GATEWAY,
    ROUTE_TABLE,
    SECURITY_GROUP,
    STACK,
    SUBNET,
    VPC,
    VPC_ENDPOINT,
)
from reaper.providers.protocol import Answer, Reply

_STACK = Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"')
# Interfaces that AWS made for a function or a balancer go 20 to 45 minutes after it.
_LINGERING = timedelta(hours=2)
_PATIENT = Backoff(first=timedelta(seconds=15), most=timedelta(minutes=5))


def _interfaces_by(filter_name: str, of: str) -> Users:
    """Whose interfaces are in the way; those that AWS manages go by themselves, and are left out.

    Named as blockers they would have to go first, and nobody can delete them.
    """
    return Users(
        relations=(Relation.USED_BY,),
        kind=INTERFACE,
        call=Call(
            operation="describe_network_interfaces",
            arguments=by_filter(filter_name),
            items="NetworkInterfaces[?!RequesterManaged]",
        ),
        id="NetworkInterfaceId",
        of=of,
    )


def _inside(kind: str, operation: str, items: str, id_path: str, name: str = "vpc-id") -> Users:
    return Users(
        relations=(Relation.USED_BY,),
        kind=kind,
        call=Call(operation=operation, arguments=by_filter(name), items=items),
        id=id_path,
        of="[VpcId, Attachments[].VpcId][]",
    )


def _routes_to(gateway: str, path: str) -> Users:
    """Whose routes lead through a gateway: they lead nowhere once it is gone."""
    return Users(
        relations=(Relation.ALTERS,),
        kind=ROUTE_TABLE,
        call=Call(
            operation="describe_route_tables",
            arguments=by_filter(f"route.{gateway}"),
            items="RouteTables[]",
        ),
        id="RouteTableId",
        of=f"Routes[].{path}",
    )


def _rules_for(filter_name: str, path: str) -> Users:
    return Users(
        relations=(Relation.ALTERS,),
        kind=SECURITY_GROUP,
        call=Call(
            operation="describe_security_groups",
            arguments=by_filter(filter_name),
            items="SecurityGroups[]",
        ),
        id="GroupId",
        of=f"{path}[].UserIdGroupPairs[].GroupId",
    )


def _tell_main(table: dict[str, Any]) -> None:
    """Tell which network's main table it is: that one is the network's own."""
    main = any(each.get("Main") for each in table.get("Associations") or [])
    table["+main"] = [table["VpcId"]] if main else []


def _disassociate(deed: Deed) -> Answer | None:
    """Take a route table off the subnets that it serves, each of which is to go too."""
    for association in deed.item.get("Associations") or []:
        if not association.get("Main"):
            _undo(
                deed,
                "disassociate_route_table",
                ("InvalidAssociationID.NotFound",),
                AssociationId=association["RouteTableAssociationId"],
            )
    return None


def _detach_gateway(deed: Deed) -> Answer | None:
    for attachment in deed.item.get("Attachments") or []:
        _undo(
            deed,
            "detach_internet_gateway",
            ("Gateway.NotAttached", "InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound"),
            InternetGatewayId=deed.ref.id,
            VpcId=attachment["VpcId"],
        )
    return None


def _revoke_rules(deed: Deed) -> Answer | None:
    """Revoke what other groups' rules say of this one, if the second look saw each of them.

    They are in this plan too, or the look would not have let us come here.
    """
    allowed = deed.others(Relation.ALTERS)
    found = list(_rules_that_name(deed))
    strangers = sorted({group for group, _, _ in found} - allowed - {deed.ref.id})
    if strangers:
        return Answer(
            reply=Reply.IN_USE,
            detail=f"rules of {', '.join(strangers)} have come to name it since it was looked at",
            blockers=tuple(strangers),
        )
    for group, egress, permission in found:
        verb = "revoke_security_group_egress" if egress else "revoke_security_group_ingress"
        gone = ("InvalidGroup.NotFound", "InvalidPermission.NotFound")
        _undo(deed, verb, gone, GroupId=group, IpPermissions=[permission])
    return None


def _rules_that_name(deed: Deed) -> Iterator[tuple[str, bool, Mapping[str, Any]]]:
    """Each permission that names this group: of which group, and whether it is an outgoing one."""
    if not deed.others(Relation.ALTERS):
        return  # and should one have come since the look, AWS refuses
    for egress, key, name in (
        (False, "IpPermissions", "ip-permission.group-id"),
        (True, "IpPermissionsEgress", "egress.ip-permission.group-id"),
    ):
        call = Call(
            operation="describe_security_groups",
            arguments=by_filter(name),
            items="SecurityGroups[]",
        )
        for group in deed.api.items("ec2", call, ids=[deed.ref.id]):
            if group["GroupId"] == deed.ref.id:
                continue  # its own rules go with it
            for permission in group.get(key) or []:
                pairs = [
                    {"GroupId": pair["GroupId"]}
                    for pair in permission.get("UserIdGroupPairs") or []
                    if pair.get("GroupId") == deed.ref.id
                ]
                if pairs:
                    narrowed = {
                        part: permission[part]
                        for part in ("IpProtocol", "FromPort", "ToPort")
                        if part in permission
                    }
                    yield group["GroupId"], egress, {**narrowed, "UserIdGroupPairs": pairs}


def _undo(deed: Deed, operation: str, gone: tuple[str, ...], **arguments: Any) -> None:
    """Make a call that undoes something; that there was nothing to undo is success."""
    try:
        deed.api.change("ec2", operation, **arguments)
    except CALL_ERRORS as error:
        if not is_any(error, gone):
            raise


def _deleted_endpoint(told: Mapping[str, Any]) -> Answer:
    """DeleteVpcEndpoints answers 200, and lists what it did not delete."""
    for failure in told.get("Unsuccessful") or []:
        error = failure.get("Error") or {}
        code, message = str(error.get("Code")), str(error.get("Message"))
        if code == "InvalidVpcEndpoint.NotFound":
            return Answer(reply=Reply.ABSENT, detail=f"{code}: {message}")
        return Answer(reply=Reply.FAILED, detail=f"ec2:DeleteVpcEndpoints: {code}: {message}")
    return Answer(reply=Reply.STARTED)


KINDS = (
    AwsKind(
        kind=Kind(name=NAT_GATEWAY, service="ec2"),
        service="ec2",
        arn="ec2:{region}:{account}:natgateway/{id}",
        listing=Call(operation="describe_nat_gateways", items="NatGateways[]"),
        id="NatGatewayId",
        read=Many(
            call=Call(
                operation="describe_nat_gateways",
                arguments={"Filter": [{"Name": "nat-gateway-id", "Values": Arg.IDS}]},
                items="NatGateways[]",
            )
        ),
        created="CreateTime",
        state="State",
        over=frozenset({"deleted"}),
        going=frozenset({"deleting"}),
        links=(
            Link(Relation.USES, SUBNET, "SubnetId"),
            Link(Relation.USES, VPC, "VpcId"),
            Link(Relation.USES, ADDRESS, "NatGatewayAddresses[].AllocationId"),
            Link(Relation.ALTERS, ADDRESS, "NatGatewayAddresses[].AllocationId"),
            _STACK,
        ),
        users=(_routes_to("nat-gateway-id", "NatGatewayId"),),
        delete=Call(operation="delete_nat_gateway", arguments={"NatGatewayId": Arg.ID}),
        gone=("NatGatewayNotFound",),
        slow=True,
    ),
    AwsKind(
        kind=Kind(name=VPC_ENDPOINT, service="ec2"),
        service="ec2",
        arn="ec2:{region}:{account}:vpc-endpoint/{id}",
        listing=Call(operation="describe_vpc_endpoints", items="VpcEndpoints[]"),
        id="VpcEndpointId",
        read=Many(
            call=Call(
                operation="describe_vpc_endpoints",
                arguments=by_filter("vpc-endpoint-id"),
                items="VpcEndpoints[]",
            )
        ),
        created="CreationTimestamp",
        state="State",
        over=frozenset({"deleted", "Deleted"}),
        going=frozenset({"deleting", "Deleting"}),
        guards=(Guard("RequesterManaged", "AWS manages it for a service"),),
        links=(
            Link(Relation.USES, SUBNET, "SubnetIds"),
            Link(Relation.USES, SECURITY_GROUP, "Groups[].GroupId"),
            Link(Relation.USES, VPC, "VpcId"),
            # A gateway endpoint's routes vanish from the tables that have them.
            Link(Relation.ALTERS, ROUTE_TABLE, "RouteTableIds"),
            _STACK,
        ),
        delete=Call(operation="delete_vpc_endpoints", arguments={"VpcEndpointIds": [Arg.ID]}),
        gone=("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"),
        answer=_deleted_endpoint,
    ),
    AwsKind(
        kind=Kind(
            name=INTERFACE, service="ec2", after=(INSTANCE,), deadline=_LINGERING, backoff=_PATIENT
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
            _STACK,
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
        links=(Link(Relation.USED_BY, INSTANCE, "InstanceId"), _STACK),
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
    AwsKind(
        kind=Kind(
            name=SECURITY_GROUP,
            service="ec2",
            after=(INSTANCE, INTERFACE, LOAD_BALANCER, FUNCTION, VPC_ENDPOINT, AUTO_SCALING_GROUP),
            deadline=_LINGERING,
            backoff=_PATIENT,
        ),
        service="ec2",
        arn="ec2:{region}:{account}:security-group/{id}",
        listing=Call(operation="describe_security_groups", items="SecurityGroups[]"),
        id="GroupId",
        read=Many(
            call=Call(
                operation="describe_security_groups",
                arguments=by_filter("group-id"),
                items="SecurityGroups[]",
            )
        ),
        name="GroupName",
        guards=(Guard("GroupName == 'default'", "it is its network's default group"),),
        links=(Link(Relation.USES, VPC, "VpcId"), _STACK),
        # Rules that name it are revoked, in groups that are to go too.
        users=(
            _rules_for("ip-permission.group-id", "IpPermissions"),
            _rules_for("egress.ip-permission.group-id", "IpPermissionsEgress"),
        ),
        before=(_revoke_rules,),
        delete=Call(operation="delete_security_group", arguments={"GroupId": Arg.ID}),
        gone=("InvalidGroup.NotFound", "InvalidGroupId.Malformed"),
        blockers=(_interfaces_by("group-id", "Groups[].GroupId"),),
        actions=("ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"),
    ),
    AwsKind(
        kind=Kind(name=ROUTE_TABLE, service="ec2", after=(SUBNET,)),
        service="ec2",
        arn="ec2:{region}:{account}:route-table/{id}",
        listing=Call(operation="describe_route_tables", items="RouteTables[]"),
        id="RouteTableId",
        read=Many(
            call=Call(
                operation="describe_route_tables",
                arguments=by_filter("route-table-id"),
                items="RouteTables[]",
            )
        ),
        refine=_tell_main,
        links=(
            # Traffic of these subnets goes another way once their table is gone.
            Link(Relation.USED_BY, SUBNET, "Associations[].SubnetId"),
            Link(Relation.USES, VPC, "VpcId"),
            Link(Relation.CONTROLLED_BY, VPC, '"+main"'),
            _STACK,
        ),
        before=(_disassociate,),
        delete=Call(operation="delete_route_table", arguments={"RouteTableId": Arg.ID}),
        gone=("InvalidRouteTableID.NotFound",),
        actions=("ec2:DisassociateRouteTable",),
    ),
    AwsKind(
        kind=Kind(
            name=SUBNET,
            service="ec2",
            after=(INSTANCE, INTERFACE, NAT_GATEWAY, LOAD_BALANCER, FUNCTION, VPC_ENDPOINT),
            deadline=_LINGERING,
            backoff=_PATIENT,
        ),
        service="ec2",
        arn="ec2:{region}:{account}:subnet/{id}",
        listing=Call(operation="describe_subnets", items="Subnets[]"),
        id="SubnetId",
        read=Many(
            call=Call(
                operation="describe_subnets", arguments=by_filter("subnet-id"), items="Subnets[]"
            )
        ),
        state="State",
        links=(Link(Relation.USES, VPC, "VpcId"), _STACK),
        delete=Call(operation="delete_subnet", arguments={"SubnetId": Arg.ID}),
        gone=("InvalidSubnetID.NotFound",),
        blockers=(_interfaces_by("subnet-id", "SubnetId"),),
    ),
    AwsKind(
        kind=Kind(
            name=INTERNET_GATEWAY,
            service="ec2",
            after=(INSTANCE, NAT_GATEWAY, LOAD_BALANCER, ADDRESS, SUBNET),
        ),
        service="ec2",
        arn="ec2:{region}:{account}:internet-gateway/{id}",
        listing=Call(operation="describe_internet_gateways", items="InternetGateways[]"),
        id="InternetGatewayId",
        read=Many(
            call=Call(
                operation="describe_internet_gateways",
                arguments=by_filter("internet-gateway-id"),
                items="InternetGateways[]",
            )
        ),
        # The network at the other end loses its way to the internet.
        links=(Link(Relation.ALTERS, VPC, "Attachments[].VpcId"), _STACK),
        users=(_routes_to("gateway-id", "GatewayId"),),
        before=(_detach_gateway,),
        delete=Call(operation="delete_internet_gateway", arguments={"InternetGatewayId": Arg.ID}),
        gone=("InvalidInternetGatewayID.NotFound",),
        actions=("ec2:DetachInternetGateway",),
    ),
    AwsKind(
        kind=Kind(
            name=VPC,
            service="ec2",
            after=(SUBNET, SECURITY_GROUP, ROUTE_TABLE, INTERNET_GATEWAY, VPC_ENDPOINT),
            deadline=_LINGERING,
            backoff=_PATIENT,
        ),
        service="ec2",
        arn="ec2:{region}:{account}:vpc/{id}",
        listing=Call(operation="describe_vpcs", items="Vpcs[]"),
        id="VpcId",
        read=Many(
            call=Call(operation="describe_vpcs", arguments=by_filter("vpc-id"), items="Vpcs[]")
        ),
        state="State",
        guards=(Guard("IsDefault", "it is the region's default network"),),
        links=(_STACK,),
        # Its main route table goes with it, and is what others may use before.
        users=(
            Users(
                relations=(Relation.TAKES, Relation.MADE),
                kind=ROUTE_TABLE,
                call=Call(
                    operation="describe_route_tables",
                    arguments={
                        "Filters": [
                            {"Name": "vpc-id", "Values": Arg.IDS},
                            {"Name": "association.main", "Values": ["true"]},
                        ]
                    },
                    items="RouteTables[]",
                ),
                id="RouteTableId",
                of="VpcId",
            ),
        ),
        delete=Call(operation="delete_vpc", arguments={"VpcId": Arg.ID}),
        gone=("InvalidVpcID.NotFound",),
        blockers=(
            _inside(SUBNET, "describe_subnets", "Subnets[]", "SubnetId"),
            _inside(
                SECURITY_GROUP,
                "describe_security_groups",
                "SecurityGroups[?GroupName != 'default']",
                "GroupId",
            ),
            _inside(
                ROUTE_TABLE,
                "describe_route_tables",
                "RouteTables[?!(Associations[?Main])]",
                "RouteTableId",
            ),
            _inside(
                INTERNET_GATEWAY,
                "describe_internet_gateways",
                "InternetGateways[]",
                "InternetGatewayId",
                name="attachment.vpc-id",
            ),
            _inside(VPC_ENDPOINT, "describe_vpc_endpoints", "VpcEndpoints[]", "VpcEndpointId"),
        ),
    ),
)
