"""Things of a run that is over which somebody still uses, one for each way to use them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reaper.sandbox.aws.world import clients
from reaper.sandbox.aws.world.identities import POLICY, TRUST

IMAGE = "ami-0123456789abcdef0"
ZONE = "us-east-1a"


@dataclass(frozen=True, kw_only=True)
class Trap:
    """One thing that must stay.

    Attributes:
        by: Whose use keeps it: what a reason must name.
    """

    kind: str
    id: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Who makes things: with a run's tags, or a stranger's."""

    client: Callable[[str], Any]
    tags: Mapping[str, str]

    @property
    def pairs(self) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    def tagged(self, *sorts: str) -> list[dict[str, Any]]:
        return [{"ResourceType": sort, "Tags": self.pairs} for sort in sorts]

    @property
    def ec2(self) -> Any:
        return self.client("ec2")

    def network(self, begins: str) -> tuple[str, str]:
        """Make a network, such as 10.1, with one subnet."""
        made = self.ec2.create_vpc(
            CidrBlock=f"{begins}.0.0/16", TagSpecifications=self.tagged("vpc")
        )
        vpc = str(made["Vpc"]["VpcId"])
        return vpc, self.subnet(vpc, f"{begins}.0.0/24")

    def subnet(self, vpc: str, block: str) -> str:
        made = self.ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=block,
            AvailabilityZone=ZONE,
            TagSpecifications=self.tagged("subnet"),
        )
        return str(made["Subnet"]["SubnetId"])

    def machine(self, subnet: str, **asked: Any) -> str:
        [made] = self.ec2.run_instances(
            **{"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet} | asked,
            TagSpecifications=self.tagged("instance", "volume", "network-interface"),
        )["Instances"]
        return str(made["InstanceId"])

    def volume(self) -> str:
        made = self.ec2.create_volume(
            AvailabilityZone=ZONE, Size=1, TagSpecifications=self.tagged("volume")
        )
        return str(made["VolumeId"])

    def interface(self, subnet: str, *groups: str) -> str:
        made = self.ec2.create_network_interface(
            SubnetId=subnet,
            Groups=list(groups),
            TagSpecifications=self.tagged("network-interface"),
        )
        return str(made["NetworkInterface"]["NetworkInterfaceId"])

    def group(self, vpc: str, name: str) -> str:
        made = self.ec2.create_security_group(
            GroupName=name,
            Description=name,
            VpcId=vpc,
            TagSpecifications=self.tagged("security-group"),
        )
        return str(made["GroupId"])

    def address(self) -> str:
        made = self.ec2.allocate_address(Domain="vpc", TagSpecifications=self.tagged("elastic-ip"))
        return str(made["AllocationId"])

    def gateway(self) -> str:
        made = self.ec2.create_internet_gateway(TagSpecifications=self.tagged("internet-gateway"))
        return str(made["InternetGateway"]["InternetGatewayId"])

    def access_list(self, vpc: str, subnet: str) -> str:
        """Make a network ACL in place of the one that a subnet has."""
        made = self.ec2.create_network_acl(VpcId=vpc, TagSpecifications=self.tagged("network-acl"))
        acl = str(made["NetworkAcl"]["NetworkAclId"])
        filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
        [before] = self.ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
        for each in before["Associations"]:
            if each["SubnetId"] == subnet:
                self.ec2.replace_network_acl_association(
                    AssociationId=each["NetworkAclAssociationId"], NetworkAclId=acl
                )
        return acl

    def table(self, vpc: str) -> str:
        made = self.ec2.create_route_table(VpcId=vpc, TagSpecifications=self.tagged("route-table"))
        return str(made["RouteTable"]["RouteTableId"])

    def template(self, name: str, **data: Any) -> str:
        made = self.ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro"} | data,
            TagSpecifications=self.tagged("launch-template"),
        )
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def scaling_group(self, name: str, template: str, subnet: str) -> str:
        self.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=2,
            LaunchTemplate={"LaunchTemplateId": template},
            VPCZoneIdentifier=subnet,
            Tags=[
                {**pair, "PropagateAtLaunch": True, "ResourceId": name}
                | {"ResourceType": "auto-scaling-group"}
                for pair in self.pairs
            ],
        )
        return name

    def role(self, name: str) -> str:
        made = self.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=self.pairs
        )
        return str(made["Role"]["Arn"])

    def profile(self, name: str, *, role: str | None = None) -> str:
        iam = self.client("iam")
        iam.create_instance_profile(InstanceProfileName=name, Tags=self.pairs)
        if role:
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
        return name

    def function(self, name: str, role: str) -> str:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("function.py", "")
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role,
            Handler="function.handle",
            Code={"ZipFile": code.getvalue()},
            Tags=dict(self.tags),
        )
        return name


def hands(endpoint: str, region: str, tags: Mapping[str, str]) -> Hands:
    return Hands(client=clients(endpoint, region), tags=tags)


def set_traps(dead: Hands, theirs: Hands, name: str) -> dict[str, Trap]:
    """Let somebody use what `dead` made, in every way there is; what they made stays theirs."""
    vpc, subnet = theirs.network("10.1")
    return {
        trap: Trap(kind=f"aws:{kind}", id=resource_id, by=by)
        for part in (_machines, _images, _addresses, _networks, _groups, _identities, _balancers)
        for trap, (kind, resource_id, by) in part(dead, theirs, vpc, subnet, name).items()
    }


Made = dict[str, tuple[str, str, str]]


def _machines(dead: Hands, theirs: Hands, vpc: str, subnet: str, name: str) -> Made:
    user = theirs.machine(subnet)
    volume, interface = dead.volume(), dead.interface(subnet)
    theirs.ec2.attach_volume(VolumeId=volume, InstanceId=user, Device="/dev/sdf")
    theirs.ec2.attach_network_interface(
        NetworkInterfaceId=interface, InstanceId=user, DeviceIndex=1
    )
    used = dead.machine(subnet)
    data = theirs.volume()
    dead.ec2.attach_volume(VolumeId=data, InstanceId=used, Device="/dev/sdf")
    plugged, spare = dead.machine(subnet), theirs.interface(subnet)
    dead.ec2.attach_network_interface(NetworkInterfaceId=spare, InstanceId=plugged, DeviceIndex=1)
    addressed, address = dead.machine(subnet), theirs.address()
    theirs.ec2.associate_address(AllocationId=address, InstanceId=addressed)
    key = dead.ec2.create_key_pair(
        KeyName=f"{name}-key", TagSpecifications=dead.tagged("key-pair")
    )["KeyPairId"]
    holder = theirs.machine(subnet, KeyName=f"{name}-key")
    place = f"{name}-place"
    dead.ec2.create_placement_group(
        GroupName=place, Strategy="cluster", TagSpecifications=dead.tagged("placement-group")
    )
    placed = theirs.machine(subnet, Placement={"GroupName": place})
    return {
        "a volume that is attached to their machine": ("ec2:volume", volume, user),
        "an interface of their machine": ("ec2:network-interface", interface, user),
        "a machine that their volume is attached to": ("ec2:instance", used, data),
        "a machine that their interface is attached to": ("ec2:instance", plugged, spare),
        "a machine that their address leads to": ("ec2:instance", addressed, address),
        "the key of their machine": ("ec2:key-pair", key, holder),
        "the placement of their machine": ("ec2:placement-group", place, placed),
    }


def _images(dead: Hands, theirs: Hands, vpc: str, subnet: str, name: str) -> Made:
    def image(of: Hands, what: str, snapshot: str) -> str:
        made = of.ec2.register_image(
            Name=f"{name}-{what}",
            RootDeviceName="/dev/sda1",
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
            TagSpecifications=of.tagged("image"),
        )
        return str(made["ImageId"])

    def snapshot() -> str:
        made = dead.ec2.create_snapshot(
            VolumeId=dead.volume(), TagSpecifications=dead.tagged("snapshot")
        )
        return str(made["SnapshotId"])

    held = snapshot()
    booted, templated = image(dead, "booted", snapshot()), image(dead, "templated", snapshot())
    theirs_of_it = image(theirs, "theirs", held)
    user = theirs.machine(subnet, ImageId=booted)
    template = theirs.template(f"{name}-of-image", ImageId=templated)
    scaled = dead.template(f"{name}-scaled")
    group = theirs.scaling_group(f"{name}-their-group", scaled, subnet)
    return {
        "a snapshot of their image": ("ec2:snapshot", held, theirs_of_it),
        "the image of their machine": ("ec2:image", booted, user),
        "the image of their template": ("ec2:image", templated, template),
        "the template of their group": ("ec2:launch-template", scaled, group),
    }


def _addresses(dead: Hands, theirs: Hands, vpc: str, subnet: str, name: str) -> Made:
    address, interface = dead.address(), theirs.interface(subnet)
    theirs.ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface)
    given, receiver = theirs.address(), dead.interface(subnet)
    theirs.ec2.associate_address(AllocationId=given, NetworkInterfaceId=receiver)
    nat = dead.ec2.create_nat_gateway(
        SubnetId=subnet, AllocationId=dead.address(), TagSpecifications=dead.tagged("natgateway")
    )["NatGateway"]["NatGatewayId"]
    table = theirs.table(vpc)
    theirs.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    return {
        "the address of their interface": ("ec2:elastic-ip", address, interface),
        "an interface that their address leads to": ("ec2:network-interface", receiver, given),
        "a gateway that their routes lead through": ("ec2:natgateway", nat, table),
    }


def _networks(dead: Hands, theirs: Hands, vpc: str, subnet: str, name: str) -> Made:
    shared, mine = dead.network("10.2")[0], dead.subnet(vpc, "10.1.1.0/24")
    inside = theirs.subnet(shared, "10.2.1.0/24")
    interface = theirs.interface(mine)
    gateway = dead.gateway()
    theirs.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = dead.table(vpc)
    theirs.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    acl = dead.access_list(shared, inside)
    their_table = theirs.table(vpc)
    endpoint = dead.ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Gateway",
        ServiceName="com.amazonaws.us-east-1.s3",
        RouteTableIds=[their_table],
        TagSpecifications=dead.tagged("vpc-endpoint"),
    )["VpcEndpoint"]["VpcEndpointId"]
    return {
        "a network with their subnet": ("ec2:vpc", shared, inside),
        "a subnet with their interface": ("ec2:subnet", mine, interface),
        "a gateway of their network": ("ec2:internet-gateway", gateway, vpc),
        "the routes of their subnet": ("ec2:route-table", table, subnet),
        "the access list of their subnet": ("ec2:network-acl", acl, inside),
        "an endpoint in their routes": ("ec2:vpc-endpoint", endpoint, their_table),
    }


def _groups(dead: Hands, theirs: Hands, vpc: str, subnet: str, name: str) -> Made:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    named, guarding = dead.group(vpc, f"{name}-named"), dead.group(vpc, f"{name}-guarding")
    namer, outward = theirs.group(vpc, f"{name}-namer"), theirs.group(vpc, f"{name}-outward")
    theirs.ec2.authorize_security_group_ingress(
        GroupId=namer, IpPermissions=[{**rule, "UserIdGroupPairs": [{"GroupId": named}]}]
    )
    reached = dead.group(vpc, f"{name}-reached")
    theirs.ec2.authorize_security_group_egress(
        GroupId=outward, IpPermissions=[{**rule, "UserIdGroupPairs": [{"GroupId": reached}]}]
    )
    interface = theirs.interface(subnet, guarding)
    return {
        "a group that their rules let in": ("ec2:security-group", named, namer),
        "a group that their rules let out to": ("ec2:security-group", reached, outward),
        "a group of their interface": ("ec2:security-group", guarding, interface),
    }


def _identities(dead: Hands, theirs: Hands, vpc: str, subnet: str, name: str) -> Made:
    iam = dead.client("iam")
    dead.role(f"{name}-profiled")
    theirs.profile(f"{name}-their-profile", role=f"{name}-profiled")
    acting = dead.role(f"{name}-acting")
    function = theirs.function(f"{name}-function", acting)
    worn = dead.profile(f"{name}-worn")
    machine = theirs.machine(subnet, IamInstanceProfile={"Name": worn})
    policies = [
        iam.create_policy(PolicyName=f"{name}-{part}", PolicyDocument=POLICY, Tags=dead.pairs)[
            "Policy"
        ]["Arn"]
        for part in ("of-role", "of-user", "of-group")
    ]
    theirs.role(f"{name}-their-role")
    iam.attach_role_policy(RoleName=f"{name}-their-role", PolicyArn=policies[0])
    iam.create_user(UserName=f"{name}-their-user", Tags=theirs.pairs)
    iam.attach_user_policy(UserName=f"{name}-their-user", PolicyArn=policies[1])
    iam.create_group(GroupName=f"{name}-their-people")
    iam.attach_group_policy(GroupName=f"{name}-their-people", PolicyArn=policies[2])
    return {
        "the role of their profile": ("iam:role", f"{name}-profiled", f"{name}-their-profile"),
        "the role of their function": ("iam:role", f"{name}-acting", function),
        "the profile of their machine": ("iam:instance-profile", worn, machine),
        "the policy of their role": ("iam:policy", policies[0], f"{name}-their-role"),
        "the policy of their user": ("iam:policy", policies[1], f"{name}-their-user"),
        "the policy of their people": ("iam:policy", policies[2], f"{name}-their-people"),
    }


def _balancers(dead: Hands, theirs: Hands, vpc: str, subnet: str, name: str) -> Made:
    elb = dead.client("elbv2")
    other = theirs.ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.1.2.0/24", AvailabilityZone="us-east-1b"
    )["Subnet"]["SubnetId"]
    [target] = elb.create_target_group(
        Name=f"{name}-tg", Protocol="HTTP", Port=80, VpcId=vpc, Tags=dead.pairs
    )["TargetGroups"]
    [balancer] = elb.create_load_balancer(
        Name=f"{name}-lb", Subnets=[subnet, other], Tags=theirs.pairs
    )["LoadBalancers"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target["TargetGroupArn"]}],
    )
    group = dead.scaling_group(f"{name}-ours", dead.template(f"{name}-ours"), subnet)
    member = theirs.machine(subnet)
    theirs.client("autoscaling").attach_instances(AutoScalingGroupName=group, InstanceIds=[member])
    return {
        "the targets of their balancer": (
            "elasticloadbalancing:targetgroup",
            target["TargetGroupArn"],
            balancer["LoadBalancerArn"],
        ),
        "a group that their machine was added to": (
            "autoscaling:auto-scaling-group",
            group,
            member,
        ),
    }
