"""A world's managed services: keys, secrets, queues, a table, a function and a stack."""

from __future__ import annotations

import io
import json
import zipfile

from reaper.sandbox.aws.world.builder import Builder

TEMPLATE = json.dumps(
    {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Topic": {"Type": "AWS::SNS::Topic"},
        }
    }
)


def add_services(builder: Builder, role: str) -> None:
    """Create one of each; the function runs as the role."""
    _add_key(builder)
    _add_parameter_and_secret(builder)
    _add_stack(builder)
    _add_messaging(builder)
    _add_table(builder)
    _add_function(builder, role)


def _add_key(builder: Builder) -> None:
    kms = builder.client("kms")
    tags = [{"TagKey": key, "TagValue": value} for key, value in builder.tags.items()]
    made = kms.create_key(Description=builder.name, Tags=tags)["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{builder.name}", TargetKeyId=made["KeyId"])
    builder.note("aws:kms:key", made["KeyId"], made["Arn"])


def _add_parameter_and_secret(builder: Builder) -> None:
    name = f"/{builder.name}/parameter"
    tags = {"Tags": builder.pairs} if builder.tags else {}
    builder.client("ssm").put_parameter(Name=name, Type="String", Value="value", **tags)
    arn = f"arn:aws:ssm:{builder.region}:{builder.account}:parameter{name}"
    builder.note("aws:ssm:parameter", name, arn)
    made = builder.client("secretsmanager").create_secret(
        Name=f"{builder.name}-secret", SecretString="not one", Tags=builder.pairs
    )
    builder.note("aws:secretsmanager:secret", made["Name"], made["ARN"])


def _add_stack(builder: Builder) -> None:
    cloudformation = builder.client("cloudformation")
    stack = cloudformation.create_stack(
        StackName=f"{builder.name}-stack", TemplateBody=TEMPLATE, Tags=builder.pairs
    )["StackId"]
    builder.note("aws:cloudformation:stack", stack, stack)
    members = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    for member in members:
        identity = member["PhysicalResourceId"]
        if member["ResourceType"] == "AWS::SQS::Queue":
            name = identity.rpartition("/")[2]  # CloudFormation knows it by AWS's own address
            url = builder.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
            _note_queue(builder, url, "member")
        else:
            builder.note("aws:sns:topic", identity, identity, part="member")


def _note_queue(builder: Builder, url: str, part: str) -> str:
    answer = builder.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = str(answer["Attributes"]["QueueArn"])
    builder.note("aws:sqs:queue", url, arn, part=part)
    return arn


def _add_messaging(builder: Builder) -> None:
    made = builder.client("sqs").create_queue(
        QueueName=f"{builder.name}-queue", **({"tags": builder.tags} if builder.tags else {})
    )
    queue = _note_queue(builder, made["QueueUrl"], "single")
    sns = builder.client("sns")
    topic = sns.create_topic(Name=f"{builder.name}-topic", Tags=builder.pairs)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    builder.note("aws:sns:topic", topic, topic, part="single")


def _add_table(builder: Builder) -> None:
    made = builder.client("dynamodb").create_table(
        TableName=f"{builder.name}-table",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=builder.pairs,
    )["TableDescription"]
    builder.note("aws:dynamodb:table", made["TableName"], made["TableArn"])


def _add_function(builder: Builder, role: str) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("function.py", "def handle(event, context):\n    return event\n")
    made = builder.client("lambda").create_function(
        FunctionName=f"{builder.name}-function",
        Runtime="python3.12",
        Role=role,
        Handler="function.handle",
        Code={"ZipFile": code.getvalue()},
        Tags=builder.tags,
    )
    builder.note("aws:lambda:function", made["FunctionName"], made["FunctionArn"])
    group = f"/aws/lambda/{made['FunctionName']}"
    builder.client("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{builder.region}:{builder.account}:log-group:{group}"
    builder.note("aws:logs:log-group", group, arn, part="untagged")
