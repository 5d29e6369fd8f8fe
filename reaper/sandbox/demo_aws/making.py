"""What the demo makes in the sandbox: a test suite's cluster and services, and others' things."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from reaper.client import ActiveRun
from reaper.providers.aws.names import (
    AUTO_SCALING_GROUP,
    BUCKET,
    FUNCTION,
    INSTANCE,
    INSTANCE_PROFILE,
    KMS_KEY,
    LAUNCH_TEMPLATE,
    LOAD_BALANCER,
    LOG_GROUP,
    QUEUE,
    ROLE,
    SECURITY_GROUP,
    SNAPSHOT,
    STACK,
    SUBNET,
    TABLE,
    TARGET_GROUP,
    TOPIC,
    VOLUME,
    VPC,
)
from reaper.sandbox.aws.world.compute import IMAGE
from reaper.sandbox.aws.world.identities import POLICY, TRUST
from reaper.sandbox.demo.things import Part, Role, Tell
from reaper.sandbox.demo_aws.maker import REGION, Maker
from reaper.tags import KEEP, REALM, RUN

KEPT_FOR = timedelta(days=2)

_SHARED = "nightly-data"
_TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})


def work(
    part: Part,
    run: ActiveRun,
    arguments: Mapping[str, str],
    tell: Tell,
    go_on: Callable[[], None],
) -> None:
    """Make what a run has in the sandbox."""

    def still_allowed() -> None:
        go_on()
        run.refuse_if_lapsed()

    make = Maker.at(arguments["endpoint"], part, tell, tags=run.tags, go_on=still_allowed)
    if part is Part.KILLED:
        _work_of_killed(make)
    else:
        _work_of_live(make)


def _work_of_killed(make: Maker) -> None:
    """A cluster in a network of its own, and the services around it."""
    network = _add_network(make, "nightly", "10.1")
    profile, role = _add_role(make, "nightly")
    for number in (1, 2):
        make.instance(
            f"nightly-node-{number}",
            "the cluster",
            subnet=network.subnets[0],
            groups=[network.group],
            profile=profile,
        )
    _add_disks(make)
    _add_workers(make, network)
    _add_balancer(make, network)
    _add_bucket(
        make, "nightly-backups", "versioned: versions, markers, a broken upload", versions=40
    )
    _add_stack(make)
    _add_function(make, role)
    _add_table(make, "nightly-results", "the suite's results")
    key = make.client("kms").create_key(
        Description="nightly-key",
        Tags=[{"TagKey": name, "TagValue": value} for name, value in make.tags.items()],
    )["KeyMetadata"]["KeyId"]
    make.client("kms").create_alias(AliasName="alias/nightly-key", TargetKeyId=key)
    about = "AWS deletes keys after a waiting time"
    make.note(KMS_KEY, key, about, name="nightly-key", role=Role.SCHEDULED)


def _work_of_live(make: Maker) -> None:
    network = _add_network(make, "smoke", "10.2")
    profile, _ = _add_role(make, "smoke")
    make.instance(
        "smoke-node",
        "running",
        subnet=network.subnets[0],
        groups=[network.group],
        profile=profile,
    )
    _add_bucket(make, "smoke-backups", "versioned, with objects", versions=3)
    _add_table(make, "smoke-results", "the suite's results")


def make_strangers(make: Maker) -> None:
    """Make what others have; one of them uses a volume of the killed run."""
    ec2 = make.client("ec2")
    default = default_network(make)
    make.instance(
        "colleague-db", "without any tag of ours", subnet=default.subnets[0], groups=[default.group]
    )
    debugging = make.instance(
        "colleague-debugging",
        f"has {_SHARED} attached, to look at it",
        subnet=default.subnets[0],
        groups=[default.group],
        role=Role.BLOCKER,
    )
    [shared] = ec2.describe_volumes(Filters=[{"Name": "tag:Name", "Values": [_SHARED]}])["Volumes"]
    ec2.attach_volume(VolumeId=shared["VolumeId"], InstanceId=debugging, Device="/dev/sdz")
    _add_bucket(make, "colleague-photos", "without any tag", versions=3)
    _add_table(make, "colleague-orders", "without any tag")
    tags = {REALM: _realm_of(shared), RUN: "Nightly Run #42"}
    volume = ec2.create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=1,
        TagSpecifications=make.named("volume", name="colleague-handmade", extra=tags),
    )["VolumeId"]
    about = "its tag names no run that can be read"
    make.note(VOLUME, volume, about, name="colleague-handmade", role=Role.GARBLED)


def _realm_of(described: Mapping[str, Any]) -> str:
    return next(str(tag["Value"]) for tag in described["Tags"] if tag["Key"] == REALM)


# --- networks -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """Where instances stand."""

    vpc: str
    subnets: tuple[str, ...]
    group: str


def default_network(make: Maker) -> Network:
    """The network that AWS makes for every account."""
    ec2 = make.client("ec2")
    [vpc] = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=inside)["Subnets"]
    [group] = ec2.describe_security_groups(
        Filters=[*inside, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    return Network(
        vpc=vpc["VpcId"],
        subnets=tuple(subnet["SubnetId"] for subnet in subnets),
        group=group["GroupId"],
    )


def _add_network(make: Maker, name: str, prefix: str) -> Network:
    """Create a VPC, two subnets, and two groups that name each other."""
    ec2 = make.client("ec2")
    vpc = ec2.create_vpc(
        CidrBlock=f"{prefix}.0.0/16", TagSpecifications=make.named("vpc", name=f"{name}-vpc")
    )["Vpc"]["VpcId"]
    make.note(VPC, vpc, "its own network", name=f"{name}-vpc")
    subnets = []
    for number, zone in enumerate("ab"):
        called = f"{name}-subnet-{zone}"
        made = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"{prefix}.{number}.0/24",
            AvailabilityZone=f"{REGION}{zone}",
            TagSpecifications=make.named("subnet", name=called),
        )["Subnet"]["SubnetId"]
        subnets.append(make.note(SUBNET, made, "in that network", name=called))
    nodes, clients = (
        make.note(
            SECURITY_GROUP,
            _security_group(make, f"{name}-{part}", vpc),
            "their rules name each other",
            name=f"{name}-{part}",
        )
        for part in ("nodes", "clients")
    )
    for here, there in ((nodes, clients), (clients, nodes)):
        rule = {"IpProtocol": "tcp", "FromPort": 9042, "ToPort": 9042}
        permissions = [{**rule, "UserIdGroupPairs": [{"GroupId": there}]}]
        ec2.authorize_security_group_ingress(GroupId=here, IpPermissions=permissions)
    return Network(vpc=vpc, subnets=tuple(subnets), group=nodes)


def _security_group(make: Maker, name: str, vpc: str) -> str:
    made = make.client("ec2").create_security_group(
        GroupName=name,
        Description=name,
        VpcId=vpc,
        TagSpecifications=make.named("security-group", name=name),
    )
    return str(made["GroupId"])


# --- machines and disks -------------------------------------------------------------------------


def _add_disks(make: Maker) -> None:
    ec2 = make.client("ec2")
    data = ec2.create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=8,
        TagSpecifications=make.named("volume", name=_SHARED),
    )["VolumeId"]
    make.note(VOLUME, data, "a colleague has attached it", name=_SHARED, role=Role.BLOCKED)
    until = {KEEP: str(int((datetime.now(UTC) + KEPT_FOR).timestamp()))}
    tags = make.named("snapshot", name="nightly-evidence", extra=until)
    snapshot = ec2.create_snapshot(VolumeId=data, TagSpecifications=tags)["SnapshotId"]
    about = "reaper-keep: wanted for two days more"
    make.note(SNAPSHOT, snapshot, about, name="nightly-evidence", role=Role.KEPT)


def _add_workers(make: Maker, network: Network) -> None:
    """Create an Auto Scaling group of one, which would start another in the place of its own."""
    name = "nightly-workers"
    template = make.client("ec2").create_launch_template(
        LaunchTemplateName="nightly-template",
        LaunchTemplateData={
            "ImageId": IMAGE,
            "InstanceType": "t3.micro",
            "SecurityGroupIds": [network.group],
            "TagSpecifications": make.named("volume", "network-interface", name=name),
        },
        TagSpecifications=make.named("launch-template", name="nightly-template"),
    )["LaunchTemplate"]["LaunchTemplateId"]
    make.note(LAUNCH_TEMPLATE, template, "of the workers", name="nightly-template")
    scaling = make.client("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateId": template},
        VPCZoneIdentifier=network.subnets[1],
        Tags=[
            {**pair, "PropagateAtLaunch": True, "ResourceId": name}
            | {"ResourceType": "auto-scaling-group"}
            for pair in make.pairs({"Name": name})
        ],
    )
    make.note(AUTO_SCALING_GROUP, name, "starts its instances anew")
    answer = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    for member in answer["AutoScalingGroups"][0]["Instances"]:
        make.note(INSTANCE, member["InstanceId"], "started by the group", name=name)
        make.parts(member["InstanceId"], name)


def _add_balancer(make: Maker, network: Network) -> None:
    elb = make.client("elbv2")
    [balancer] = elb.create_load_balancer(
        Name="nightly-lb",
        Subnets=list(network.subnets),
        SecurityGroups=[network.group],
        Tags=make.pairs(),
    )["LoadBalancers"]
    [target] = elb.create_target_group(
        Name="nightly-targets", Protocol="HTTP", Port=80, VpcId=network.vpc, Tags=make.pairs()
    )["TargetGroups"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target["TargetGroupArn"]}],
        Tags=make.pairs(),
    )
    arn = str(balancer["LoadBalancerArn"])
    make.note(LOAD_BALANCER, arn, "with a listener", name="nightly-lb")
    arn = str(target["TargetGroupArn"])
    make.note(TARGET_GROUP, arn, "of the load balancer", name="nightly-targets")


# --- services -----------------------------------------------------------------------------------


def _add_role(make: Maker, prefix: str) -> tuple[str, str]:
    """Create a role within an instance profile, and give the profile's name and the role's ARN."""
    iam = make.client("iam")
    role, profile = f"{prefix}-role", f"{prefix}-profile"
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST, Tags=make.pairs())
    iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=POLICY)
    make.note(ROLE, role, "with a policy inside")
    iam.create_instance_profile(InstanceProfileName=profile, Tags=make.pairs())
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    make.note(INSTANCE_PROFILE, profile, "holds the role")
    return profile, str(made["Role"]["Arn"])


def _add_bucket(make: Maker, name: str, about: str, *, versions: int) -> None:
    """Create a bucket with versions, a delete marker and an upload that nobody completed."""
    s3 = make.client("s3")
    tags = {"CreateBucketConfiguration": {"Tags": make.pairs()}} if make.tags else {}
    s3.create_bucket(Bucket=name, **tags)
    make.note(BUCKET, name, about)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for number in range(versions):
        s3.put_object(Bucket=name, Key=f"backup-{number % 10}", Body=b"bytes")
    s3.delete_object(Bucket=name, Key="backup-0")
    s3.create_multipart_upload(Bucket=name, Key="never-completed")


def _add_stack(make: Maker) -> None:
    cloudformation = make.client("cloudformation")
    stack = cloudformation.create_stack(
        StackName="nightly-stack", TemplateBody=_TEMPLATE, Tags=make.pairs()
    )["StackId"]
    make.note(STACK, stack, "takes its queue along", name="nightly-stack")
    for member in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
        name = member["PhysicalResourceId"].rpartition("/")[2]
        url = make.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        make.note(QUEUE, name, "a member of the stack", seen=url)
    topic = make.client("sns").create_topic(Name="nightly-alarms", Tags=make.pairs())["TopicArn"]
    make.note(TOPIC, topic, "nobody listens", name="nightly-alarms")


def _add_table(make: Maker, name: str, about: str) -> None:
    make.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=make.pairs(),
    )
    make.note(TABLE, name, about)


def _add_function(make: Maker, role: str) -> None:
    """Create a function, and the log group that AWS makes at its first call, without any tag."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("function.py", "def handle(event, context):\n    return event\n")
    name = "nightly-report"
    make.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="function.handle",
        Code={"ZipFile": code.getvalue()},
        Tags=dict(make.tags),
    )
    make.note(FUNCTION, name, "runs as the role")
    group = f"/aws/lambda/{name}"
    make.client("logs").create_log_group(logGroupName=group)
    make.note(LOG_GROUP, group, "untagged: AWS made it for the function")
