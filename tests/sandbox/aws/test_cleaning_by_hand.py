"""A built world can be cleaned as on AWS: in one order, and not without its steps."""

from __future__ import annotations

from typing import Any

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import World, build, everything
from tests.sandbox.aws.conftest import REGION, Client
from tests.sandbox.aws.refusals import refused


def test_what_is_cleaned_in_order_goes_and_leaves_a_stranger_as_it_was(
    sandbox: AwsSandbox, client: Client
) -> None:
    build(sandbox.endpoint, {"owner": "somebody"}, name="theirs", region=REGION)
    before = everything(sandbox.endpoint, [REGION])
    ours = build(sandbox.endpoint, {"reaper-run": "r-1"}, name="ours", region=REGION)

    _in_the_wrong_order(client, ours)
    _end_machines(client, ours)
    _delete_disks(client("ec2"), ours)
    _delete_network(client("ec2"), ours)
    _delete_identities(client("iam"), ours)
    _empty_and_delete_bucket(client("s3"), ours)
    _delete_services(client, ours)

    after = everything(sandbox.endpoint, [REGION])
    assert {k: v for k, v in after.items() if k in before} == before
    # What AWS itself keeps: ended machines and gateways for an hour, the key until it is purged.
    assert {kind for kind, _, _ in after.keys() - before.keys()} == {
        "aws:ec2:instance",
        "aws:ec2:natgateway",
        "aws:kms:key",
    }


def _in_the_wrong_order(client: Client, ours: World) -> None:
    ec2 = client("ec2")
    for subnet in ours.ids("aws:ec2:subnet"):
        refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    for group in ours.ids("aws:ec2:security-group"):
        refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    for volume in ours.ids("aws:ec2:volume", "data"):
        refused("VolumeInUse", ec2.delete_volume, VolumeId=volume)
    for snapshot in ours.ids("aws:ec2:snapshot", "held"):
        refused("InvalidSnapshot.InUse", ec2.delete_snapshot, SnapshotId=snapshot)
    for part in ("associated", "of the NAT gateway"):
        [address] = ours.ids("aws:ec2:elastic-ip", part)
        refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address)
    [place] = ours.ids("aws:ec2:placement-group")
    refused("InvalidPlacementGroup.InUse", ec2.delete_placement_group, GroupName=place)
    [target] = ours.ids("aws:elasticloadbalancing:targetgroup")
    refused("ResourceInUse", client("elbv2").delete_target_group, TargetGroupArn=target)
    [bucket] = ours.ids("aws:s3:bucket")
    refused("BucketNotEmpty", client("s3").delete_bucket, Bucket=bucket)
    [user] = ours.ids("aws:iam:user")
    refused("DeleteConflict", client("iam").delete_user, UserName=user)


def _end_machines(client: Client, ours: World) -> None:
    ec2, elb = client("ec2"), client("elbv2")
    [group] = ours.ids("aws:autoscaling:auto-scaling-group")
    client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=group, ForceDelete=True)
    ec2.terminate_instances(InstanceIds=list(ours.ids("aws:ec2:instance", "single")))
    [balancer] = ours.ids("aws:elasticloadbalancing:loadbalancer")
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    [target] = ours.ids("aws:elasticloadbalancing:targetgroup")
    elb.delete_target_group(TargetGroupArn=target)
    [template] = ours.ids("aws:ec2:launch-template")
    ec2.delete_launch_template(LaunchTemplateId=template)
    [place] = ours.ids("aws:ec2:placement-group")
    ec2.delete_placement_group(GroupName=place)
    [pair] = ours.ids("aws:ec2:key-pair")
    ec2.delete_key_pair(KeyPairId=pair)


def _delete_disks(ec2: Any, ours: World) -> None:
    for part in ("data", "free"):
        [volume] = ours.ids("aws:ec2:volume", part)
        ec2.delete_volume(VolumeId=volume)
    [image] = ours.ids("aws:ec2:image")
    ec2.deregister_image(ImageId=image)
    for snapshot in ours.ids("aws:ec2:snapshot"):
        ec2.delete_snapshot(SnapshotId=snapshot)


def _delete_network(ec2: Any, ours: World) -> None:
    [gateway] = ours.ids("aws:ec2:natgateway")
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    for address in ours.ids("aws:ec2:elastic-ip"):
        ec2.release_address(AllocationId=address)
    [interface] = ours.ids("aws:ec2:network-interface", "free")
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_vpc_endpoints(VpcEndpointIds=list(ours.ids("aws:ec2:vpc-endpoint")))
    for group in ec2.describe_security_groups(GroupIds=list(ours.ids("aws:ec2:security-group")))[
        "SecurityGroups"
    ]:
        ec2.revoke_security_group_ingress(
            GroupId=group["GroupId"], IpPermissions=group["IpPermissions"]
        )
    for each in ours.ids("aws:ec2:security-group"):
        ec2.delete_security_group(GroupId=each)
    for subnet in ours.ids("aws:ec2:subnet"):
        ec2.delete_subnet(SubnetId=subnet)
    [acl] = ours.ids("aws:ec2:network-acl")
    ec2.delete_network_acl(NetworkAclId=acl)
    [table] = ours.ids("aws:ec2:route-table")
    ec2.delete_route_table(RouteTableId=table)
    [vpc] = ours.ids("aws:ec2:vpc")
    [way_out] = ours.ids("aws:ec2:internet-gateway")
    ec2.detach_internet_gateway(InternetGatewayId=way_out, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=way_out)
    ec2.delete_vpc(VpcId=vpc)


def _delete_identities(iam: Any, ours: World) -> None:
    [role], [profile] = ours.ids("aws:iam:role"), ours.ids("aws:iam:instance-profile")
    [policy], [user] = ours.ids("aws:iam:policy"), ours.ids("aws:iam:user")
    iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role)
    iam.delete_instance_profile(InstanceProfileName=profile)
    iam.detach_role_policy(RoleName=role, PolicyArn=policy)
    iam.delete_role_policy(RoleName=role, PolicyName="inline")
    iam.delete_role(RoleName=role)
    iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
    iam.delete_policy(PolicyArn=policy)
    for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=user)


def _empty_and_delete_bucket(s3: Any, ours: World) -> None:
    [bucket] = ours.ids("aws:s3:bucket")
    listed = s3.list_object_versions(Bucket=bucket)
    s3.delete_objects(
        Bucket=bucket,
        Delete={
            "Objects": [
                {"Key": each["Key"], "VersionId": each["VersionId"]}
                for each in (*listed["Versions"], *listed["DeleteMarkers"])
            ]
        },
    )
    s3.delete_bucket(Bucket=bucket)


def _delete_services(client: Client, ours: World) -> None:
    [key] = ours.ids("aws:kms:key")
    client("kms").delete_alias(AliasName="alias/ours")
    client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    [parameter] = ours.ids("aws:ssm:parameter")
    client("ssm").delete_parameter(Name=parameter)
    [secret] = ours.ids("aws:secretsmanager:secret")
    client("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    [stack] = ours.ids("aws:cloudformation:stack")
    client("cloudformation").delete_stack(StackName=stack)
    [queue] = ours.ids("aws:sqs:queue", "single")
    client("sqs").delete_queue(QueueUrl=queue)
    [topic] = ours.ids("aws:sns:topic", "single")
    client("sns").delete_topic(TopicArn=topic)
    [table] = ours.ids("aws:dynamodb:table")
    client("dynamodb").delete_table(TableName=table)
    [function] = ours.ids("aws:lambda:function")
    client("lambda").delete_function(FunctionName=function)
    [log] = ours.ids("aws:logs:log-group")
    client("logs").delete_log_group(logGroupName=log)
