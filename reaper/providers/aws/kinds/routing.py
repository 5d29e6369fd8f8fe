"""EC2: ways out of a network, and the routes that lead to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Arg, AwsKind, Call, Deed, Guard, Link, Many, Users, by_filter
from reaper.providers.aws.kinds.ec2 import OF_STACK, undo
from reaper.providers.aws.names import (
    ADDRESS,
    INSTANCE,
    INTERNET_GATEWAY,
    LOAD_BALANCER,
    NAT_GATEWAY,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SUBNET,
    VPC,
    VPC_ENDPOINT,
)
from reaper.providers.protocol import Answer, Reply


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


def _tell_main(table: dict[str, Any]) -> None:
    """Tell which network's main table it is: that one is the network's own."""
    main = any(each.get("Main") for each in table.get("Associations") or [])
    table["+main"] = [table["VpcId"]] if main else []


def _disassociate(deed: Deed) -> Answer | None:
    """Take a route table off the subnets that it serves, each of which is to go too."""
    for association in deed.item.get("Associations") or []:
        if not association.get("Main"):
            undo(
                deed,
                "disassociate_route_table",
                ("InvalidAssociationID.NotFound",),
                AssociationId=association["RouteTableAssociationId"],
            )
    return None


def _detach_gateway(deed: Deed) -> Answer | None:
    """Detach it from its network, which is to go too."""
    for attachment in deed.item.get("Attachments") or []:
        undo(
            deed,
            "detach_internet_gateway",
            ("Gateway.NotAttached", "InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound"),
            InternetGatewayId=deed.ref.id,
            VpcId=attachment["VpcId"],
        )
    return None


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
            OF_STACK,
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
            OF_STACK,
        ),
        delete=Call(operation="delete_vpc_endpoints", arguments={"VpcEndpointIds": [Arg.ID]}),
        gone=("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"),
        answer=_deleted_endpoint,
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
            OF_STACK,
        ),
        before=(_disassociate,),
        delete=Call(operation="delete_route_table", arguments={"RouteTableId": Arg.ID}),
        gone=("InvalidRouteTableID.NotFound",),
        actions=("ec2:DisassociateRouteTable",),
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
        links=(Link(Relation.ALTERS, VPC, "Attachments[].VpcId"), OF_STACK),
        users=(_routes_to("gateway-id", "GatewayId"),),
        before=(_detach_gateway,),
        delete=Call(operation="delete_internet_gateway", arguments={"InternetGatewayId": Arg.ID}),
        gone=("InvalidInternetGatewayID.NotFound",),
        actions=("ec2:DetachInternetGateway",),
    ),
)
