"""A world's network: a VPC with all that can stand in the way of its deletion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reaper.sandbox.aws.world.builder import Builder

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """Where the rest of the world stands."""

    vpc: str
    subnets: tuple[str, str]
    group: str


def add_network(builder: Builder) -> Network:
    """Create a VPC, two subnets, routes to the internet, and two groups that name each other."""
    ec2 = builder.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=builder.tagged("vpc"))
    vpc_id = builder.note("aws:ec2:vpc", vpc["Vpc"]["VpcId"])
    one, other = (_add_subnet(builder, vpc_id, number) for number in range(2))
    table = _add_way_out(builder, vpc_id, one)
    _add_acl(builder, vpc_id, other)
    group, _ = _add_groups(builder, vpc_id)
    _add_nat_gateway(builder, one)
    _add_endpoints(builder, vpc_id, table, other, group)
    return Network(vpc=vpc_id, subnets=(one, other), group=group)


def _add_subnet(builder: Builder, vpc: str, number: int) -> str:
    made = builder.client("ec2").create_subnet(
        VpcId=vpc,
        CidrBlock=f"10.0.{number}.0/24",
        AvailabilityZone=f"{builder.region}{'ab'[number]}",
        TagSpecifications=builder.tagged("subnet"),
    )
    return builder.note("aws:ec2:subnet", made["Subnet"]["SubnetId"])


def _add_way_out(builder: Builder, vpc: str, subnet: str) -> str:
    ec2 = builder.client("ec2")
    made = ec2.create_internet_gateway(TagSpecifications=builder.tagged("internet-gateway"))
    gateway = builder.note("aws:ec2:internet-gateway", made["InternetGateway"]["InternetGatewayId"])
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    made = ec2.create_route_table(VpcId=vpc, TagSpecifications=builder.tagged("route-table"))
    table = builder.note("aws:ec2:route-table", made["RouteTable"]["RouteTableId"])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return table


def _add_acl(builder: Builder, vpc: str, subnet: str) -> None:
    ec2 = builder.client("ec2")
    made = ec2.create_network_acl(VpcId=vpc, TagSpecifications=builder.tagged("network-acl"))
    acl = builder.note("aws:ec2:network-acl", made["NetworkAcl"]["NetworkAclId"])
    subnets = [{"Name": "association.subnet-id", "Values": [subnet]}]
    [default] = ec2.describe_network_acls(Filters=subnets)["NetworkAcls"]
    [association] = [each for each in default["Associations"] if each["SubnetId"] == subnet]
    ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl
    )


def _add_groups(builder: Builder, vpc: str) -> tuple[str, str]:
    ec2 = builder.client("ec2")
    one, other = (
        builder.note(
            "aws:ec2:security-group",
            ec2.create_security_group(
                GroupName=f"{builder.name}-{part}",
                Description=f"{part} of {builder.name}",
                VpcId=vpc,
                TagSpecifications=builder.tagged("security-group"),
            )["GroupId"],
            part=part,
        )
        for part in ("nodes", "clients")
    )
    for here, there in ((one, other), (other, one)):
        rule = {"IpProtocol": "tcp", "FromPort": 9042, "ToPort": 9042}
        permissions = [{**rule, "UserIdGroupPairs": [{"GroupId": there}]}]
        ec2.authorize_security_group_ingress(GroupId=here, IpPermissions=permissions)
    return one, other


def add_address(builder: Builder, part: str) -> str:
    """Allocate an elastic IP."""
    made = builder.client("ec2").allocate_address(
        Domain="vpc", TagSpecifications=builder.tagged("elastic-ip")
    )
    return builder.note("aws:ec2:elastic-ip", made["AllocationId"], part=part)


def _add_nat_gateway(builder: Builder, subnet: str) -> None:
    made = builder.client("ec2").create_nat_gateway(
        SubnetId=subnet,
        AllocationId=add_address(builder, "of the NAT gateway"),
        TagSpecifications=builder.tagged("natgateway"),
    )
    builder.note("aws:ec2:natgateway", made["NatGateway"]["NatGatewayId"])


def _add_endpoints(builder: Builder, vpc: str, table: str, subnet: str, group: str) -> None:
    sorts: dict[str, dict[str, Any]] = {
        "Gateway": {"ServiceName": "s3", "RouteTableIds": [table]},
        "Interface": {"ServiceName": "sqs", "SubnetIds": [subnet], "SecurityGroupIds": [group]},
    }
    for sort, asked in sorts.items():
        service = f"com.amazonaws.{builder.region}.{asked['ServiceName']}"
        made = builder.client("ec2").create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType=sort,
            TagSpecifications=builder.tagged("vpc-endpoint"),
            **asked | {"ServiceName": service},
        )
        builder.note(
            "aws:ec2:vpc-endpoint", made["VpcEndpoint"]["VpcEndpointId"], part=sort.lower()
        )
