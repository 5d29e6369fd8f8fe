"""Services beside EC2 refuse, delay and take along what AWS's do."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.faults import Effect, Operation, once
from tests.sandbox.aws.conftest import REGION, Client
from tests.sandbox.aws.refusals import refused, wait_until

TAGS = [{"Key": "a", "Value": "b"}]
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
    }
)
ELSEWHERE = {"LocationConstraint": REGION}


def _subnets(ec2: Any) -> list[str]:
    return [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]


@pytest.fixture
def group(client: Client) -> str:
    ec2 = client("ec2")
    ec2.create_launch_template(
        LaunchTemplateName="template",
        LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": "t3.micro"},
    )
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="g",
        MinSize=2,
        MaxSize=2,
        LaunchTemplate={"LaunchTemplateName": "template"},
        VPCZoneIdentifier=_subnets(ec2)[0],
        Tags=[{"Key": "a", "Value": "b", "PropagateAtLaunch": True}],
    )
    return "g"


def _members(client: Client) -> dict[str, str]:
    return {
        instance["InstanceId"]: instance["State"]["Name"]
        for reservation in client("ec2").describe_instances()["Reservations"]
        for instance in reservation["Instances"]
    }


def test_a_group_with_instances_stays_unless_forced(client: Client, group: str) -> None:
    autoscaling = client("autoscaling")
    refused("ResourceInUse", autoscaling.delete_auto_scaling_group, AutoScalingGroupName=group)

    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=group, ForceDelete=True)

    assert set(_members(client).values()) == {"terminated"}
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    refused("ValidationError", autoscaling.delete_auto_scaling_group, AutoScalingGroupName=group)


def test_a_group_goes_in_steps(sandbox: AwsSandbox, client: Client, group: str) -> None:
    autoscaling = client("autoscaling")
    sandbox.lags.group_s = 0.3

    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=group, ForceDelete=True)

    [described] = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert described["Status"] == "Delete in progress"
    wait_until(lambda: not autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"])
    assert set(_members(client).values()) == {"terminated"}


@pytest.mark.usefixtures("group")
def test_a_group_replaces_a_member_that_was_ended(client: Client) -> None:
    ec2 = client("ec2")
    first, _ = _members(client)

    ec2.terminate_instances(InstanceIds=[first])

    states = _members(client)
    assert sorted(states.values()) == ["running", "running", "terminated"]
    newest = list(states)[-1]
    tags = {
        tag["Key"]: tag["Value"]
        for tag in ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [newest]}])["Tags"]
    }
    assert tags["aws:autoscaling:groupName"] == "g"
    assert tags["a"] == "b"


def test_an_attached_instance_names_no_template(client: Client, group: str) -> None:
    autoscaling = client("autoscaling")
    [one] = client("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)["Instances"]
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=group, MaxSize=3)

    autoscaling.attach_instances(AutoScalingGroupName=group, InstanceIds=[one["InstanceId"]])

    [described] = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    templates = {each["InstanceId"]: each.get("LaunchTemplate") for each in described["Instances"]}
    assert templates.pop(one["InstanceId"]) is None
    assert all(templates.values())


def test_a_protected_balancer_stays_and_holds_its_subnets(client: Client) -> None:
    ec2, elb = client("ec2"), client("elbv2")
    subnets = _subnets(ec2)
    made = elb.create_load_balancer(Name="b", Subnets=subnets, Tags=TAGS)["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    protection = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protection)
    refused("OperationNotPermitted", elb.delete_load_balancer, LoadBalancerArn=arn)
    lent = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert {each["SubnetId"] for each in lent} == set(subnets)
    assert {each["Description"] for each in lent} == {"ELB " + arn.partition("loadbalancer/")[2]}
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[0])

    protection[0]["Value"] = "false"
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protection)
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.delete_load_balancer(LoadBalancerArn=arn)

    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_target_group_stays_under_a_listener(client: Client) -> None:
    ec2, elb = client("ec2"), client("elbv2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    balancer = elb.create_load_balancer(Name="b", Subnets=_subnets(ec2))["LoadBalancers"][0]
    target = elb.create_target_group(Name="t", Protocol="HTTP", Port=80, VpcId=vpc)
    arn = target["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=arn)

    elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])

    elb.delete_target_group(TargetGroupArn=arn)


def test_a_role_stays_while_something_is_attached(client: Client) -> None:
    iam = client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    arn = iam.create_policy(PolicyName="q", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    iam.put_role_policy(RoleName="r", PolicyName="inline", PolicyDocument=POLICY)

    refused("DeleteConflict", iam.delete_role, RoleName="r")
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    refused("DeleteConflict", iam.delete_instance_profile, InstanceProfileName="p")
    iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="r")
    refused("DeleteConflict", iam.delete_role, RoleName="r")
    iam.detach_role_policy(RoleName="r", PolicyArn=arn)
    refused("DeleteConflict", iam.delete_role, RoleName="r")
    iam.delete_role_policy(RoleName="r", PolicyName="inline")

    iam.delete_role(RoleName="r")
    iam.delete_policy(PolicyArn=arn)
    iam.delete_instance_profile(InstanceProfileName="p")


def test_a_policy_with_versions_stays(client: Client) -> None:
    iam = client("iam")
    arn = iam.create_policy(PolicyName="q", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=POLICY, SetAsDefault=True)
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v2")

    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")

    iam.delete_policy(PolicyArn=arn)


def test_the_tags_of_a_profile_are_asked_for_one_by_one(client: Client) -> None:
    iam = client("iam")
    iam.create_instance_profile(InstanceProfileName="p", Tags=TAGS)

    [listed] = iam.list_instance_profiles()["InstanceProfiles"]

    assert not listed.get("Tags")
    assert iam.list_instance_profile_tags(InstanceProfileName="p")["Tags"] == TAGS


@pytest.mark.parametrize("held", ["key", "group", "login", "policy", "inline", "service"])
def test_a_user_stays_while_it_has_something(client: Client, held: str) -> None:
    iam = client("iam")
    iam.create_user(UserName="u")
    if held == "key":
        iam.create_access_key(UserName="u")
    elif held == "group":
        iam.create_group(GroupName="g")
        iam.add_user_to_group(GroupName="g", UserName="u")
        refused("DeleteConflict", iam.delete_group, GroupName="g")
    elif held == "login":
        iam.create_login_profile(UserName="u", Password="p")
    elif held == "policy":
        arn = iam.create_policy(PolicyName="q", PolicyDocument=POLICY)["Policy"]["Arn"]
        iam.attach_user_policy(UserName="u", PolicyArn=arn)
        refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    elif held == "service":
        iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    else:
        iam.put_user_policy(UserName="u", PolicyName="inline", PolicyDocument=POLICY)

    refused("DeleteConflict", iam.delete_user, UserName="u")


def test_a_user_goes_after_its_credentials_for_services(client: Client) -> None:
    iam = client("iam")
    iam.create_user(UserName="u")
    iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    [listed] = iam.list_service_specific_credentials(UserName="u")["ServiceSpecificCredentials"]

    named = {"UserName": "u", "ServiceSpecificCredentialId": listed["ServiceSpecificCredentialId"]}
    iam.delete_service_specific_credential(**named)

    refused("NoSuchEntity", iam.delete_service_specific_credential, **named)
    iam.delete_user(UserName="u")


def test_a_bucket_stays_while_it_has_versions_or_markers(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration=ELSEWHERE)
    s3.put_bucket_versioning(Bucket="a-bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="a-bucket", Key="k", Body=b"x")
    marker = s3.delete_object(Bucket="a-bucket", Key="k")["VersionId"]
    refused("BucketNotEmpty", s3.delete_bucket, Bucket="a-bucket")
    [version] = s3.list_object_versions(Bucket="a-bucket")["Versions"]
    s3.delete_object(Bucket="a-bucket", Key="k", VersionId=version["VersionId"])
    refused("BucketNotEmpty", s3.delete_bucket, Bucket="a-bucket")
    s3.delete_object(Bucket="a-bucket", Key="k", VersionId=marker)
    s3.create_multipart_upload(Bucket="a-bucket", Key="m")

    s3.delete_bucket(Bucket="a-bucket")

    refused("404", s3.head_bucket, Bucket="a-bucket")


def test_a_bucket_is_one_s_own_in_every_region(client: Client) -> None:
    client("s3").create_bucket(Bucket="a-bucket", CreateBucketConfiguration=ELSEWHERE)

    refused(
        "BucketAlreadyOwnedByYou",
        client("s3", "eu-central-1").create_bucket,
        Bucket="a-bucket",
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )


def test_a_bucket_is_tagged_when_it_is_made(client: Client) -> None:
    s3 = client("s3")

    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration={**ELSEWHERE, "Tags": TAGS})

    assert s3.get_bucket_tagging(Bucket="a-bucket")["TagSet"] == TAGS


def test_a_bucket_s_tags_go_with_it(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration={**ELSEWHERE, "Tags": TAGS})

    s3.delete_bucket(Bucket="a-bucket")
    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration=ELSEWHERE)

    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket="a-bucket")


def test_a_key_is_scheduled_stays_described_and_refuses_use(client: Client) -> None:
    kms = client("kms")
    made = kms.create_key()["KeyMetadata"]
    key = {"KeyId": made["KeyId"]}
    for days in (6, 31):
        refused("ValidationException", kms.schedule_key_deletion, **key, PendingWindowInDays=days)

    kms.schedule_key_deletion(**key, PendingWindowInDays=7)

    described = kms.describe_key(**key)["KeyMetadata"]
    assert described["KeyState"] == "PendingDeletion"
    assert described["CreationDate"] == made["CreationDate"]
    assert described["DeletionDate"] - made["CreationDate"] > timedelta(days=6)
    refused("KMSInvalidStateException", kms.encrypt, **key, Plaintext=b"x")
    refused("KMSInvalidStateException", kms.enable_key, **key)
    refused("KMSInvalidStateException", kms.schedule_key_deletion, **key, PendingWindowInDays=7)
    kms.cancel_key_deletion(**key)
    assert kms.describe_key(**key)["KeyMetadata"]["KeyState"] == "Disabled"


STACK = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "g", "GroupName": "of-the-stack"},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Statement": []}},
        },
    }
}


@pytest.fixture
def stack(client: Client) -> str:
    made = client("cloudformation").create_stack(
        StackName="s", TemplateBody=json.dumps(STACK), Tags=TAGS
    )
    return str(made["StackId"])


def _status(client: Client, stack: str) -> str:
    [described] = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return str(described["StackStatus"])


def _member(client: Client, stack: str, logical: str) -> str:
    resource = client("cloudformation").describe_stack_resource(
        StackName=stack, LogicalResourceId=logical
    )
    return str(resource["StackResourceDetail"]["PhysicalResourceId"])


def test_members_bear_the_stack_s_tags_and_go_with_it(client: Client, stack: str) -> None:
    s3, sqs, iam = client("s3"), client("sqs"), client("iam")
    bucket = _member(client, stack, "Bucket")
    [url] = sqs.list_queues()["QueueUrls"]
    borne = {
        "bucket": {t["Key"]: t["Value"] for t in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]},
        "queue": sqs.list_queue_tags(QueueUrl=url)["Tags"],
        "role": {
            t["Key"]: t["Value"]
            for t in iam.list_role_tags(RoleName=_member(client, stack, "Role"))["Tags"]
        },
        "group": {
            t["Key"]: t["Value"]
            for t in client("ec2").describe_security_groups(GroupNames=["of-the-stack"])[
                "SecurityGroups"
            ][0]["Tags"]
        },
    }
    for tags in borne.values():
        assert tags["a"] == "b"
        assert tags["aws:cloudformation:stack-id"] == stack
        assert tags["aws:cloudformation:stack-name"] == "s"
    [described] = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    assert described["Tags"] == TAGS

    client("cloudformation").delete_stack(StackName="s")

    assert _status(client, stack) == "DELETE_COMPLETE"
    refused("404", s3.head_bucket, Bucket=bucket)
    assert "QueueUrls" not in sqs.list_queues()


def test_to_look_at_a_deleted_stack_makes_none_of_its_members_anew(client: Client) -> None:
    cloudformation = client("cloudformation")
    template = {**STACK, "Outputs": {"Url": {"Value": {"Ref": "Queue"}}}}
    stack = cloudformation.create_stack(StackName="t", TemplateBody=json.dumps(template))["StackId"]

    cloudformation.delete_stack(StackName=stack)

    assert cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"] == []
    assert _status(client, stack) == "DELETE_COMPLETE"
    assert "QueueUrls" not in client("sqs").list_queues()


def test_a_member_that_stays_lets_the_deletion_fail_late(
    sandbox: AwsSandbox, client: Client, stack: str
) -> None:
    sandbox.lags.stack_s = 0.3
    client("s3").put_object(Bucket=_member(client, stack, "Bucket"), Key="k", Body=b"x")

    client("cloudformation").delete_stack(StackName=stack)

    assert _status(client, stack) == "DELETE_IN_PROGRESS"
    wait_until(lambda: _status(client, stack) == "DELETE_FAILED")
    [described] = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    assert "not empty" in described["StackStatusReason"]


def test_a_stack_can_fail_by_a_fault(sandbox: AwsSandbox, client: Client, stack: str) -> None:
    sandbox.faults.add(once(Effect.LATE, Operation.DELETE, delay=timedelta(seconds=0.2)))

    client("cloudformation").delete_stack(StackName=stack)

    assert _status(client, stack) == "DELETE_IN_PROGRESS"
    wait_until(lambda: _status(client, stack) == "DELETE_FAILED")


def test_a_protected_stack_stays(client: Client, stack: str) -> None:
    cloudformation = client("cloudformation")
    cloudformation.update_termination_protection(StackName=stack, EnableTerminationProtection=True)
    [described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    assert described["EnableTerminationProtection"] is True
    refused("ValidationError", cloudformation.delete_stack, StackName=stack)
    cloudformation.update_termination_protection(StackName=stack, EnableTerminationProtection=False)

    cloudformation.delete_stack(StackName=stack)
    cloudformation.delete_stack(StackName="s")


def _table(client: Client, **asked: Any) -> Any:
    return client("dynamodb").create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **asked,
    )


def test_a_protected_table_stays(client: Client) -> None:
    _table(client, DeletionProtectionEnabled=True)

    refused("ValidationException", client("dynamodb").delete_table, TableName="table")


def test_a_table_s_id_is_its_own(sandbox: AwsSandbox, client: Client) -> None:
    dynamodb = client("dynamodb")
    first = _table(client)["TableDescription"]["TableId"]
    assert dynamodb.describe_table(TableName="table")["Table"]["TableId"] == first
    dynamodb.delete_table(TableName="table")

    assert _table(client)["TableDescription"]["TableId"] != first


def test_a_table_goes_in_steps(sandbox: AwsSandbox, client: Client) -> None:
    sandbox.lags.table_s = 0.3
    dynamodb = client("dynamodb")
    _table(client)

    dynamodb.delete_table(TableName="table")

    assert dynamodb.describe_table(TableName="table")["Table"]["TableStatus"] == "DELETING"
    refused("ResourceInUseException", dynamodb.delete_table, TableName="table")
    wait_until(lambda: dynamodb.list_tables()["TableNames"] == [])
    refused("ResourceNotFoundException", dynamodb.describe_table, TableName="table")


def test_a_deleted_queue_s_name_is_not_free_at_once(sandbox: AwsSandbox, client: Client) -> None:
    sqs = client("sqs")
    sandbox.lags.name_s = 0.3
    sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName="q")["QueueUrl"])

    refused("AWS.SimpleQueueService.QueueDeletedRecently", sqs.create_queue, QueueName="q")

    def made() -> bool:
        try:
            return bool(sqs.create_queue(QueueName="q"))
        except sqs.exceptions.QueueDeletedRecently:
            return False

    wait_until(made)


def test_a_topic_s_subscriptions_go_with_it(client: Client) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:1:q")

    sns.delete_topic(TopicArn=topic)
    sns.delete_topic(TopicArn=topic)

    assert sns.list_subscriptions()["Subscriptions"] == []


def test_a_secret_that_is_to_go_keeps_its_name(client: Client) -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="s", SecretString="x")

    secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7)

    assert "DeletedDate" in secrets.describe_secret(SecretId="s")
    assert secrets.list_secrets()["SecretList"] == []
    refused("InvalidRequestException", secrets.create_secret, Name="s", SecretString="x")
    secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name="s", SecretString="x")


def test_a_function_needs_no_docker_engine(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    iam, functions = client("iam"), client("lambda")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("f.py", "def handle(event, context): ...")

    functions.create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=role,
        Handler="f.handle",
        Code={"ZipFile": code.getvalue()},
    )
    functions.invoke(FunctionName="f")
    functions.delete_function(FunctionName="f")

    refused("ResourceNotFoundException", functions.get_function, FunctionName="f")
