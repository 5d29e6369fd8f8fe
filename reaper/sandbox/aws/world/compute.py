"""A world's machines: single ones and a group of them, and what stands in front of them."""

from __future__ import annotations

from typing import Any

from reaper.sandbox.aws.world.builder import Builder
from reaper.sandbox.aws.world.network import Network, add_address

IMAGE = "ami-0123456789abcdef0"
MEMBERS = 2


def add_compute(builder: Builder, network: Network, profile: str) -> None:
    """Create an instance with its parts, an Auto Scaling group, and a load balancer."""
    _add_instance(builder, network, profile, group=_add_placement_group(builder))
    add_address(builder, "free")
    _add_interface(builder, network)
    _add_group(builder, network, _add_template(builder, network))
    _add_balancer(builder, network)


def _add_placement_group(builder: Builder) -> str:
    name = f"{builder.name}-together"
    builder.client("ec2").create_placement_group(
        GroupName=name,
        Strategy="cluster",
        TagSpecifications=builder.tagged("placement-group"),
    )
    return builder.note("aws:ec2:placement-group", name)


def _add_instance(builder: Builder, network: Network, profile: str, group: str) -> None:
    ec2 = builder.client("ec2")
    pair = ec2.create_key_pair(
        KeyName=f"{builder.name}-key",
        KeyType="ed25519",
        TagSpecifications=builder.tagged("key-pair"),
    )
    builder.note("aws:ec2:key-pair", pair["KeyPairId"])
    made = ec2.run_instances(
        ImageId=IMAGE,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        KeyName=pair["KeyName"],
        SubnetId=network.subnets[0],
        SecurityGroupIds=[network.group],
        IamInstanceProfile={"Name": profile},
        Placement={"GroupName": group},
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 8, "DeleteOnTermination": False}}
        ],
        TagSpecifications=builder.tagged("instance", "volume", "network-interface"),
    )["Instances"][0]
    instance = builder.note("aws:ec2:instance", made["InstanceId"], part="single")
    _note_parts(builder, instance, {True: "boot", False: "data"})
    ec2.associate_address(AllocationId=add_address(builder, "associated"), InstanceId=instance)


def _note_parts(builder: Builder, instance: str, parts: dict[bool, str]) -> None:
    answer = builder.client("ec2").describe_instances(InstanceIds=[instance])
    [described] = answer["Reservations"][0]["Instances"]
    for mapping in described["BlockDeviceMappings"]:
        disk = mapping["Ebs"]
        part = parts[disk["DeleteOnTermination"]]
        builder.note("aws:ec2:volume", disk["VolumeId"], part=part)
    for interface in described["NetworkInterfaces"]:
        builder.note("aws:ec2:network-interface", interface["NetworkInterfaceId"], part="primary")


def _add_interface(builder: Builder, network: Network) -> None:
    made = builder.client("ec2").create_network_interface(
        SubnetId=network.subnets[1],
        Groups=[network.group],
        TagSpecifications=builder.tagged("network-interface"),
    )
    builder.note(
        "aws:ec2:network-interface", made["NetworkInterface"]["NetworkInterfaceId"], part="free"
    )


def _add_template(builder: Builder, network: Network) -> str:
    asked: dict[str, Any] = {
        "ImageId": IMAGE,
        "InstanceType": "t3.micro",
        "SecurityGroupIds": [network.group],
    }
    if builder.tags:
        asked["TagSpecifications"] = builder.tagged("instance", "volume", "network-interface")
    made = builder.client("ec2").create_launch_template(
        LaunchTemplateName=f"{builder.name}-template",
        LaunchTemplateData=asked,
        TagSpecifications=builder.tagged("launch-template"),
    )
    return builder.note("aws:ec2:launch-template", made["LaunchTemplate"]["LaunchTemplateId"])


def _add_group(builder: Builder, network: Network, template: str) -> None:
    autoscaling = builder.client("autoscaling")
    name = f"{builder.name}-group"
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=MEMBERS,
        MaxSize=MEMBERS,
        LaunchTemplate={"LaunchTemplateId": template},
        VPCZoneIdentifier=network.subnets[1],
        Tags=[
            {**pair, "PropagateAtLaunch": True, "ResourceId": name}
            | {"ResourceType": "auto-scaling-group"}
            for pair in builder.pairs
        ],
    )
    answer = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    [described] = answer["AutoScalingGroups"]
    builder.note("aws:autoscaling:auto-scaling-group", name, described["AutoScalingGroupARN"])
    for member in described["Instances"]:
        instance = builder.note("aws:ec2:instance", member["InstanceId"], part="member")
        _note_parts(builder, instance, {True: "boot of a member"})


def _add_balancer(builder: Builder, network: Network) -> None:
    elb = builder.client("elbv2")
    tags = {"Tags": builder.pairs} if builder.tags else {}
    [balancer] = elb.create_load_balancer(
        Name=f"{builder.name}-lb"[-32:].strip("-"),
        Subnets=list(network.subnets),
        SecurityGroups=[network.group],
        **tags,
    )["LoadBalancers"]
    [target] = elb.create_target_group(
        Name=f"{builder.name}-tg"[-32:].strip("-"),
        Protocol="HTTP",
        Port=80,
        VpcId=network.vpc,
        **tags,
    )["TargetGroups"]
    [listener] = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target["TargetGroupArn"]}],
        **tags,
    )["Listeners"]
    arns = {
        "loadbalancer": balancer["LoadBalancerArn"],
        "targetgroup": target["TargetGroupArn"],
        "listener": listener["ListenerArn"],
    }
    for noun, arn in arns.items():
        builder.note(f"aws:elasticloadbalancing:{noun}", arn, arn)
