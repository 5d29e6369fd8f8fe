"""EC2: networks and subnets, which go last."""

from __future__ import annotations

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Arg, AwsKind, Call, Guard, Link, Many, Users, by_filter
from reaper.providers.aws.kinds.ec2 import LINGERING, OF_STACK, PATIENT, interfaces_by
from reaper.providers.aws.names import (
    FUNCTION,
    INSTANCE,
    INTERFACE,
    INTERNET_GATEWAY,
    LOAD_BALANCER,
    NAT_GATEWAY,
    NETWORK_ACL,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SUBNET,
    VPC,
    VPC_ENDPOINT,
)


def _inside(kind: str, operation: str, items: str, id_path: str, name: str = "vpc-id") -> Users:
    return Users(
        relations=(Relation.USED_BY,),
        kind=kind,
        call=Call(operation=operation, arguments=by_filter(name), items=items),
        id=id_path,
        of="[VpcId, Attachments[].VpcId][]",
    )


KINDS = (
    AwsKind(
        kind=Kind(
            name=SUBNET,
            service="ec2",
            after=(INSTANCE, INTERFACE, NAT_GATEWAY, LOAD_BALANCER, FUNCTION, VPC_ENDPOINT),
            deadline=LINGERING,
            backoff=PATIENT,
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
        links=(Link(Relation.USES, VPC, "VpcId"), OF_STACK),
        delete=Call(operation="delete_subnet", arguments={"SubnetId": Arg.ID}),
        gone=("InvalidSubnetID.NotFound",),
        blockers=(interfaces_by("subnet-id", "SubnetId"),),
    ),
    AwsKind(
        kind=Kind(
            name=VPC,
            service="ec2",
            after=(
                SUBNET,
                SECURITY_GROUP,
                NETWORK_ACL,
                ROUTE_TABLE,
                INTERNET_GATEWAY,
                VPC_ENDPOINT,
            ),
            deadline=LINGERING,
            backoff=PATIENT,
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
        links=(OF_STACK,),
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
                NETWORK_ACL,
                "describe_network_acls",
                "NetworkAcls[?!IsDefault]",
                "NetworkAclId",
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
