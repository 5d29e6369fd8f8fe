"""EC2 refuses, delays and takes along what AWS's does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.faults import Effect, Operation, once
from tests.sandbox.aws.conftest import REGION, Client
from tests.sandbox.aws.refusals import refused, wait_until

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Network:
    vpc: str
    subnet: str
    gateway: str
    group: str


@pytest.fixture
def ec2(client: Client) -> Any:
    return client("ec2")


@pytest.fixture
def network(ec2: Any) -> Network:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    return Network(vpc=vpc, subnet=subnet, gateway=gateway, group=group)


def _instance(ec2: Any, network: Network, **asked: Any) -> Any:
    return ec2.run_instances(
        ImageId="ami-12345678",
        MinCount=1,
        MaxCount=1,
        **{"SubnetId": network.subnet, "SecurityGroupIds": [network.group]} | asked,
    )["Instances"][0]


def _address(ec2: Any) -> str:
    return str(ec2.allocate_address(Domain="vpc")["AllocationId"])


def _nat(ec2: Any, network: Network) -> tuple[str, str]:
    address = _address(ec2)
    made = ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId=address)["NatGateway"]
    return made["NatGatewayId"], address


def _described(ec2: Any, instance: str) -> Any:
    answer = ec2.describe_instances(InstanceIds=[instance])
    return answer["Reservations"][0]["Instances"][0]


def test_a_subnet_stays_under_an_interface(ec2: Any, network: Network) -> None:
    ec2.create_network_interface(SubnetId=network.subnet)

    refused("DependencyViolation", ec2.delete_subnet, SubnetId=network.subnet)


def test_a_subnet_stays_under_an_instance_and_goes_after_it(ec2: Any, network: Network) -> None:
    instance = _instance(ec2, network)["InstanceId"]
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=network.subnet)

    ec2.terminate_instances(InstanceIds=[instance])

    ec2.delete_subnet(SubnetId=network.subnet)


def test_a_subnet_stays_under_an_endpoint_and_a_nat_gateway(ec2: Any, network: Network) -> None:
    endpoint = ec2.create_vpc_endpoint(
        VpcId=network.vpc,
        ServiceName=f"com.amazonaws.{REGION}.sqs",
        VpcEndpointType="Interface",
        SubnetIds=[network.subnet],
        SecurityGroupIds=[network.group],
    )["VpcEndpoint"]["VpcEndpointId"]
    gateway, _ = _nat(ec2, network)
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=network.subnet)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=network.group)

    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])

    ec2.delete_subnet(SubnetId=network.subnet)
    ec2.delete_security_group(GroupId=network.group)
    refused("InvalidVpcEndpointId.NotFound", ec2.describe_vpc_endpoints, VpcEndpointIds=[endpoint])


def test_a_group_in_use_stays(ec2: Any, network: Network) -> None:
    instance = _instance(ec2, network)["InstanceId"]
    refused("DependencyViolation", ec2.delete_security_group, GroupId=network.group)

    ec2.terminate_instances(InstanceIds=[instance])

    ec2.delete_security_group(GroupId=network.group)


def test_groups_that_refer_to_each_other_stay(ec2: Any, network: Network) -> None:
    other = ec2.create_security_group(GroupName="h", Description="h", VpcId=network.vpc)["GroupId"]
    for one, another in ((network.group, other), (other, network.group)):
        ec2.authorize_security_group_ingress(
            GroupId=one,
            IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": another}]}],
        )
    refused("DependencyViolation", ec2.delete_security_group, GroupId=other)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=network.group)

    ec2.revoke_security_group_ingress(
        GroupId=network.group,
        IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": other}]}],
    )

    ec2.delete_security_group(GroupId=other)
    ec2.delete_security_group(GroupId=network.group)


def test_a_default_group_stays(ec2: Any, network: Network) -> None:
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])
    [default] = [g["GroupId"] for g in groups["SecurityGroups"] if g["GroupName"] == "default"]

    refused("CannotDelete", ec2.delete_security_group, GroupId=default)


def test_an_interface_in_use_stays(ec2: Any, network: Network) -> None:
    instance = _instance(ec2, network)
    primary = instance["NetworkInterfaces"][0]

    said = refused(
        "InvalidParameterValue",
        ec2.delete_network_interface,
        NetworkInterfaceId=primary["NetworkInterfaceId"],
    )

    assert "is currently in use" in said
    refused(
        "OperationNotPermitted",
        ec2.detach_network_interface,
        AttachmentId=primary["Attachment"]["AttachmentId"],
        Force=True,
    )


def test_a_lent_interface_is_its_service_s(ec2: Any, network: Network) -> None:
    gateway, _ = _nat(ec2, network)

    [lent] = ec2.describe_network_interfaces()["NetworkInterfaces"]

    assert lent["RequesterManaged"] is True
    assert lent["Status"] == "in-use"
    assert lent["Description"] == f"Interface for NAT Gateway {gateway}"
    assert lent["InterfaceType"] == "nat_gateway"
    assert lent["Attachment"]["InstanceOwnerId"] == "amazon-aws"
    refused(
        "InvalidParameterValue",
        ec2.delete_network_interface,
        NetworkInterfaceId=lent["NetworkInterfaceId"],
    )
    refused(
        "OperationNotPermitted",
        ec2.detach_network_interface,
        AttachmentId=lent["Attachment"]["AttachmentId"],
        Force=True,
    )


def test_an_associated_address_stays_and_stays_associated(ec2: Any, network: Network) -> None:
    instance = _instance(ec2, network)["InstanceId"]
    address = _address(ec2)
    association = ec2.associate_address(AllocationId=address, InstanceId=instance)["AssociationId"]

    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address)

    [described] = ec2.describe_addresses()["Addresses"]
    assert described["AssociationId"] == association
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=address)


def test_the_address_of_a_nat_gateway_stays_until_it_is_deleted(
    sandbox: AwsSandbox, ec2: Any, network: Network
) -> None:
    sandbox.lags.nat_gateway_s = 3600
    gateway, address = _nat(ec2, network)
    [described] = ec2.describe_addresses()["Addresses"]
    ec2.delete_nat_gateway(NatGatewayId=gateway)

    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address)
    refused("AuthFailure", ec2.disassociate_address, AssociationId=described["AssociationId"])


def test_a_nat_gateway_goes_in_steps_and_stays_listed(
    sandbox: AwsSandbox, ec2: Any, network: Network
) -> None:
    sandbox.lags.nat_gateway_s = 0.3
    gateway, address = _nat(ec2, network)
    ec2.delete_nat_gateway(NatGatewayId=gateway)

    def state() -> str:
        [described] = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
        return str(described["State"])

    assert state() == "deleting"
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 1
    wait_until(lambda: state() == "deleted")
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    ec2.release_address(AllocationId=address)


def test_a_nat_gateway_can_fail(sandbox: AwsSandbox, ec2: Any, network: Network) -> None:
    gateway, _ = _nat(ec2, network)
    sandbox.faults.add(once(Effect.LATE, Operation.DELETE, delay=timedelta(0)))

    ec2.delete_nat_gateway(NatGatewayId=gateway)

    [described] = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
    assert described["State"] == "failed"
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 1


def test_nat_gateways_are_found_by_tag_and_missed_by_name(ec2: Any, network: Network) -> None:
    gateway = ec2.create_nat_gateway(
        SubnetId=network.subnet,
        ConnectivityType="private",
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["NatGateway"]["NatGatewayId"]
    ec2.create_nat_gateway(SubnetId=network.subnet, ConnectivityType="private")

    found = ec2.describe_nat_gateways(Filters=[{"Name": "tag:a", "Values": ["b"]}])

    assert [each["NatGatewayId"] for each in found["NatGateways"]] == [gateway]
    refused("NatGatewayNotFound", ec2.delete_nat_gateway, NatGatewayId="nat-1")
    refused("NatGatewayNotFound", ec2.describe_nat_gateways, NatGatewayIds=["nat-1"])


@pytest.mark.parametrize("part", ["subnet", "gateway", "group", "table", "endpoint", "interface"])
def test_a_vpc_stays_under_each_of_its_parts(ec2: Any, part: str) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    if part in {"subnet", "interface"}:
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        if part == "interface":
            ec2.create_network_interface(SubnetId=subnet)
    elif part == "gateway":
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    elif part == "group":
        ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)
    elif part == "table":
        ec2.create_route_table(VpcId=vpc)
    else:
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")

    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)


def test_an_empty_vpc_goes_with_its_defaults(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    ec2.delete_vpc(VpcId=vpc)

    of_it = [{"Name": "vpc-id", "Values": [vpc]}]
    assert ec2.describe_security_groups(Filters=of_it)["SecurityGroups"] == []
    assert ec2.describe_route_tables(Filters=of_it)["RouteTables"] == []
    assert ec2.describe_network_acls(Filters=of_it)["NetworkAcls"] == []


def test_a_main_route_table_stays(ec2: Any, network: Network) -> None:
    [main] = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])[
        "RouteTables"
    ]

    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=main["RouteTableId"])
    refused(
        "InvalidParameterValue",
        ec2.disassociate_route_table,
        AssociationId=main["Associations"][0]["RouteTableAssociationId"],
    )


def test_a_route_table_stays_while_associated_and_its_route_blackens(
    ec2: Any, network: Network
) -> None:
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, GatewayId=network.gateway)
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=network.subnet)
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=table)

    ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)

    [described] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    [state] = [
        route["State"] for route in described["Routes"] if route["DestinationCidrBlock"] == ANYWHERE
    ]
    assert state == "blackhole"
    ec2.disassociate_route_table(AssociationId=association["AssociationId"])
    ec2.delete_route_table(RouteTableId=table)


def test_a_gateway_stays_attached_under_mapped_addresses(ec2: Any, network: Network) -> None:
    gateway, _ = _nat(ec2, network)
    arguments = {"InternetGatewayId": network.gateway, "VpcId": network.vpc}
    refused("DependencyViolation", ec2.detach_internet_gateway, **arguments)
    refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=network.gateway)

    ec2.delete_nat_gateway(NatGatewayId=gateway)

    ec2.detach_internet_gateway(**arguments)
    ec2.delete_internet_gateway(InternetGatewayId=network.gateway)


def test_an_attached_volume_stays(ec2: Any, network: Network) -> None:
    instance = _instance(ec2, network)["InstanceId"]
    [volume] = ec2.describe_volumes()["Volumes"]

    assert volume["Attachments"][0]["InstanceId"] == instance
    refused("VolumeInUse", ec2.delete_volume, VolumeId=volume["VolumeId"])


def test_a_snapshot_of_an_image_stays_until_it_is_deregistered(ec2: Any) -> None:
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    image = ec2.register_image(
        Name="an-image",
        RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}],
        TagSpecifications=[{"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["ImageId"]
    refused("InvalidSnapshot.InUse", ec2.delete_snapshot, SnapshotId=snapshot)
    [described] = ec2.describe_images(ImageIds=[image])["Images"]
    assert described["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == snapshot
    assert described["Tags"] == [{"Key": "a", "Value": "b"}]

    ec2.deregister_image(ImageId=image)

    ec2.delete_snapshot(SnapshotId=snapshot)
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_an_image_of_an_instance_can_tag_its_snapshot(ec2: Any, network: Network) -> None:
    instance = _instance(ec2, network)["InstanceId"]
    ec2.create_image(
        InstanceId=instance,
        Name="an-image",
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}],
    )

    [snapshot] = ec2.describe_snapshots()["Snapshots"]

    assert snapshot["Tags"] == [{"Key": "a", "Value": "b"}]


def test_a_protected_instance_stays_with_those_named_beside_it(ec2: Any, network: Network) -> None:
    protected = _instance(ec2, network, DisableApiTermination=True)["InstanceId"]
    other = _instance(ec2, network)["InstanceId"]

    refused("OperationNotPermitted", ec2.terminate_instances, InstanceIds=[other, protected])

    assert _described(ec2, other)["State"]["Name"] == "running"


def test_an_instance_goes_in_steps_and_stays_listed(
    sandbox: AwsSandbox, ec2: Any, network: Network
) -> None:
    sandbox.lags.instance_s = 0.3
    instance = _instance(ec2, network)["InstanceId"]

    ec2.terminate_instances(InstanceIds=[instance])

    assert _described(ec2, instance)["State"]["Name"] == "shutting-down"
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=network.subnet)
    wait_until(lambda: _described(ec2, instance)["State"]["Name"] == "terminated")
    assert "SubnetId" not in _described(ec2, instance)
    sandbox.lags.listed_s = 0.1


def test_an_ended_instance_is_forgotten_after_an_hour(
    sandbox: AwsSandbox, ec2: Any, network: Network
) -> None:
    sandbox.lags.listed_s = 0.2
    instance = _instance(ec2, network)["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance])
    assert _described(ec2, instance)["State"]["Name"] == "terminated"

    wait_until(lambda: ec2.describe_instances()["Reservations"] == [])

    refused("InvalidInstanceID.NotFound", _described, ec2=ec2, instance=instance)


def test_what_goes_with_an_instance_and_what_stays(ec2: Any, network: Network) -> None:
    brought = ec2.create_network_interface(SubnetId=network.subnet)["NetworkInterface"][
        "NetworkInterfaceId"
    ]
    instance = _instance(
        ec2,
        network,
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 2, "DeleteOnTermination": False}}
        ],
    )["InstanceId"]
    ec2.attach_network_interface(NetworkInterfaceId=brought, InstanceId=instance, DeviceIndex=1)
    address = _address(ec2)
    ec2.associate_address(AllocationId=address, InstanceId=instance)
    assert len(ec2.describe_volumes()["Volumes"]) == 2

    ec2.terminate_instances(InstanceIds=[instance])

    [interface] = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert (interface["NetworkInterfaceId"], interface["Status"]) == (brought, "available")
    [volume] = ec2.describe_volumes()["Volumes"]
    assert (volume["Size"], volume["State"]) == (2, "available")
    [described] = ec2.describe_addresses()["Addresses"]
    assert "AssociationId" not in described
    ec2.release_address(AllocationId=address)


def test_a_template_s_tags_reach_the_parts(ec2: Any, network: Network) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    ec2.create_launch_template(
        LaunchTemplateName="t",
        LaunchTemplateData={
            "ImageId": "ami-12345678",
            "TagSpecifications": [
                {"ResourceType": "instance", "Tags": tags},
                {"ResourceType": "volume", "Tags": tags},
                {"ResourceType": "network-interface", "Tags": tags},
            ],
        },
    )

    ec2.run_instances(
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnet,
        LaunchTemplate={"LaunchTemplateName": "t"},
    )

    assert ec2.describe_volumes()["Volumes"][0]["Tags"] == tags
    assert ec2.describe_network_interfaces()["NetworkInterfaces"][0]["TagSet"] == tags


def test_a_placement_group_in_use_stays(ec2: Any, network: Network) -> None:
    ec2.create_placement_group(
        GroupName="p",
        Strategy="spread",
        TagSpecifications=[
            {"ResourceType": "placement-group", "Tags": [{"Key": "a", "Value": "b"}]}
        ],
    )
    instance = _instance(ec2, network, Placement={"GroupName": "p"})["InstanceId"]
    assert _described(ec2, instance)["Placement"]["GroupName"] == "p"
    refused("InvalidPlacementGroup.InUse", ec2.delete_placement_group, GroupName="p")
    [described] = ec2.describe_placement_groups(GroupNames=["p"])["PlacementGroups"]
    assert described["Tags"] == [{"Key": "a", "Value": "b"}]
    assert described["Strategy"] == "spread"

    ec2.terminate_instances(InstanceIds=[instance])

    ec2.delete_placement_group(GroupName="p")
    refused("InvalidPlacementGroup.Unknown", ec2.describe_placement_groups, GroupNames=["p"])
    refused("InvalidPlacementGroup.Unknown", ec2.delete_placement_group, GroupName="p")


def test_a_dry_run_does_nothing(ec2: Any, network: Network) -> None:
    refused("DryRunOperation", ec2.delete_subnet, SubnetId=network.subnet, DryRun=True)

    assert ec2.describe_subnets(SubnetIds=[network.subnet])["Subnets"]
