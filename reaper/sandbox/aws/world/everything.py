"""All that exists at an endpoint, described so that two looks at it can be compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath

from reaper.sandbox.aws.world.builder import clients

# Kind, region (or `global`) and ID.
Seen = tuple[str, str, str]

Detail = Callable[[Any, dict[str, Any]], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """How a kind is listed, whole.

    Attributes:
        items: Where its things stand in the answer, by JMESPath.
        id: What each is told apart by, by JMESPath; `@` where it is a text.
        details: Further calls, whose answers belong to what it is.
    """

    kind: str
    service: str
    operation: str
    items: str
    id: str
    details: tuple[Detail, ...] = ()
    arguments: Mapping[str, Any] | None = None


def everything(endpoint: str, regions: Iterable[str], role: str | None = None) -> dict[Seen, str]:
    """Describe all that exists in these regions, and what belongs to no region.

    Descriptions are JSON, equal as long as nothing about the thing has changed. `role` is as for
    `build`.

    Raises:
        ClientError: Something could not be listed: a look that is not whole is none.
    """
    seen: dict[Seen, str] = {}
    for number, region in enumerate(regions):
        client = clients(endpoint, region, role)
        for listing in (*REGIONAL, *(GLOBAL if number == 0 else ())):
            place = region if listing in REGIONAL else "global"
            for item in _items(client(listing.service), listing):
                identity = str(jmespath.search(listing.id, item))
                seen[listing.kind, place, identity] = _described(client, listing, item)
    return seen


def _items(client: Any, listing: Listing) -> Iterator[Any]:
    arguments = dict(listing.arguments or {})
    if client.can_paginate(listing.operation):
        pages = client.get_paginator(listing.operation).paginate(**arguments)
    else:
        pages = [getattr(client, listing.operation)(**arguments)]
    for page in pages:
        yield from jmespath.search(listing.items, page) or ()


def _described(client: Any, listing: Listing, item: Any) -> str:
    parts = [detail(client, item) for detail in listing.details]
    return json.dumps(_comparable([item, *parts]), sort_keys=True, default=str)


def _comparable(value: Any) -> Any:
    """Put into a fixed order what has none, and leave out what tells of the answer only."""
    if isinstance(value, dict):
        return {key: _comparable(each) for key, each in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return sorted(
            (_comparable(each) for each in value),
            key=lambda each: json.dumps(each, sort_keys=True, default=str),
        )
    return value


def _ask(service: str, operation: str, **arguments: str) -> Detail:
    """Make a further call about an item; each argument is a path into the item."""

    def ask(client: Any, item: dict[str, Any]) -> object:
        given = {name: jmespath.search(path, item) for name, path in arguments.items()}
        asked = client(service)
        try:
            if asked.can_paginate(operation):
                return list(asked.get_paginator(operation).paginate(**given))
            return getattr(asked, operation)(**given)
        except asked.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchTagSet":  # S3's way to say: no tags
                return None
            raise

    return ask


def _ec2(noun: str, operation: str, items: str, identity: str, **arguments: Any) -> Listing:
    return Listing(
        kind=f"aws:ec2:{noun}",
        service="ec2",
        operation=f"describe_{operation}",
        items=items,
        id=identity,
        arguments=arguments,
    )


def _queue_attributes(client: Any, url: Any) -> object:
    sqs = client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return [attributes, sqs.list_queue_tags(QueueUrl=url).get("Tags", {})]


def _table(client: Any, name: Any) -> object:
    dynamodb = client("dynamodb")
    described = dynamodb.describe_table(TableName=name)["Table"]
    return [described, dynamodb.list_tags_of_resource(ResourceArn=described["TableArn"])]


def _balancer_tags(field: str) -> Detail:
    def ask(client: Any, item: dict[str, Any]) -> object:
        return client("elbv2").describe_tags(ResourceArns=[item[field]])["TagDescriptions"]

    return ask


def _listeners(client: Any, item: dict[str, Any]) -> object:
    pages = client("elbv2").get_paginator("describe_listeners")
    return list(pages.paginate(LoadBalancerArn=item["LoadBalancerArn"]))


REGIONAL: tuple[Listing, ...] = (
    _ec2("instance", "instances", "Reservations[].Instances[]", "InstanceId"),
    _ec2("volume", "volumes", "Volumes", "VolumeId"),
    _ec2("snapshot", "snapshots", "Snapshots", "SnapshotId", OwnerIds=["self"]),
    _ec2("image", "images", "Images", "ImageId", Owners=["self"]),
    _ec2("elastic-ip", "addresses", "Addresses", "AllocationId"),
    _ec2("network-interface", "network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    _ec2("security-group", "security_groups", "SecurityGroups", "GroupId"),
    _ec2("key-pair", "key_pairs", "KeyPairs", "KeyPairId"),
    _ec2("launch-template", "launch_templates", "LaunchTemplates", "LaunchTemplateId"),
    _ec2("placement-group", "placement_groups", "PlacementGroups", "GroupName"),
    _ec2("vpc", "vpcs", "Vpcs", "VpcId"),
    _ec2("subnet", "subnets", "Subnets", "SubnetId"),
    _ec2("route-table", "route_tables", "RouteTables", "RouteTableId"),
    _ec2("network-acl", "network_acls", "NetworkAcls", "NetworkAclId"),
    _ec2("internet-gateway", "internet_gateways", "InternetGateways", "InternetGatewayId"),
    _ec2("natgateway", "nat_gateways", "NatGateways", "NatGatewayId"),
    _ec2("vpc-endpoint", "vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    Listing(
        kind="aws:autoscaling:auto-scaling-group",
        service="autoscaling",
        operation="describe_auto_scaling_groups",
        items="AutoScalingGroups",
        id="AutoScalingGroupName",
    ),
    Listing(
        kind="aws:elasticloadbalancing:loadbalancer",
        service="elbv2",
        operation="describe_load_balancers",
        items="LoadBalancers",
        id="LoadBalancerArn",
        details=(
            _listeners,
            _balancer_tags("LoadBalancerArn"),
            _ask("elbv2", "describe_load_balancer_attributes", LoadBalancerArn="LoadBalancerArn"),
        ),
    ),
    Listing(
        kind="aws:elasticloadbalancing:targetgroup",
        service="elbv2",
        operation="describe_target_groups",
        items="TargetGroups",
        id="TargetGroupArn",
        details=(_balancer_tags("TargetGroupArn"),),
    ),
    Listing(
        kind="aws:kms:key",
        service="kms",
        operation="list_keys",
        items="Keys",
        id="KeyId",
        details=(
            _ask("kms", "describe_key", KeyId="KeyId"),
            _ask("kms", "list_resource_tags", KeyId="KeyId"),
            _ask("kms", "list_aliases", KeyId="KeyId"),
        ),
    ),
    Listing(
        kind="aws:ssm:parameter",
        service="ssm",
        operation="describe_parameters",
        items="Parameters",
        id="Name",
        details=(
            lambda client, item: client("ssm").list_tags_for_resource(
                ResourceType="Parameter", ResourceId=item["Name"]
            ),
        ),
    ),
    Listing(
        kind="aws:cloudformation:stack",
        service="cloudformation",
        operation="describe_stacks",
        items="Stacks",
        id="StackId",
        details=(_ask("cloudformation", "describe_stack_resources", StackName="StackId"),),
    ),
    Listing(
        kind="aws:sqs:queue",
        service="sqs",
        operation="list_queues",
        items="QueueUrls",
        id="@",
        details=(_queue_attributes,),
    ),
    Listing(
        kind="aws:sns:topic",
        service="sns",
        operation="list_topics",
        items="Topics",
        id="TopicArn",
        details=(
            _ask("sns", "list_subscriptions_by_topic", TopicArn="TopicArn"),
            _ask("sns", "list_tags_for_resource", ResourceArn="TopicArn"),
        ),
    ),
    Listing(
        kind="aws:dynamodb:table",
        service="dynamodb",
        operation="list_tables",
        items="TableNames",
        id="@",
        details=(_table,),
    ),
    Listing(
        kind="aws:lambda:function",
        service="lambda",
        operation="list_functions",
        items="Functions",
        id="FunctionName",
        details=(_ask("lambda", "list_tags", Resource="FunctionArn"),),
    ),
    Listing(
        kind="aws:logs:log-group",
        service="logs",
        operation="describe_log_groups",
        items="logGroups",
        id="logGroupName",
    ),
    Listing(
        kind="aws:secretsmanager:secret",
        service="secretsmanager",
        operation="list_secrets",
        items="SecretList",
        id="Name",
        arguments={"IncludePlannedDeletion": True},
    ),
)

GLOBAL: tuple[Listing, ...] = (
    Listing(
        kind="aws:s3:bucket",
        service="s3",
        operation="list_buckets",
        items="Buckets",
        id="Name",
        details=(
            _ask("s3", "get_bucket_location", Bucket="Name"),
            _ask("s3", "get_bucket_tagging", Bucket="Name"),
            _ask("s3", "get_bucket_versioning", Bucket="Name"),
            _ask("s3", "list_object_versions", Bucket="Name"),
            _ask("s3", "list_multipart_uploads", Bucket="Name"),
        ),
    ),
    Listing(
        kind="aws:iam:role",
        service="iam",
        operation="list_roles",
        items="Roles",
        id="RoleName",
        details=(
            _ask("iam", "list_role_policies", RoleName="RoleName"),
            _ask("iam", "list_attached_role_policies", RoleName="RoleName"),
            _ask("iam", "list_role_tags", RoleName="RoleName"),
        ),
    ),
    Listing(
        kind="aws:iam:instance-profile",
        service="iam",
        operation="list_instance_profiles",
        items="InstanceProfiles",
        id="InstanceProfileName",
        details=(
            _ask("iam", "list_instance_profile_tags", InstanceProfileName="InstanceProfileName"),
        ),
    ),
    Listing(
        kind="aws:iam:user",
        service="iam",
        operation="list_users",
        items="Users",
        id="UserName",
        details=(
            _ask("iam", "list_access_keys", UserName="UserName"),
            _ask("iam", "list_user_policies", UserName="UserName"),
            _ask("iam", "list_attached_user_policies", UserName="UserName"),
            _ask("iam", "list_groups_for_user", UserName="UserName"),
            _ask("iam", "list_user_tags", UserName="UserName"),
        ),
    ),
    Listing(
        kind="aws:iam:policy",
        service="iam",
        operation="list_policies",
        items="Policies",
        id="Arn",
        details=(
            _ask("iam", "list_policy_versions", PolicyArn="Arn"),
            _ask("iam", "list_policy_tags", PolicyArn="Arn"),
        ),
        arguments={"Scope": "Local"},
    ),
    Listing(
        kind="aws:iam:group",
        service="iam",
        operation="list_groups",
        items="Groups",
        id="GroupName",
        details=(
            _ask("iam", "get_group", GroupName="GroupName"),
            _ask("iam", "list_attached_group_policies", GroupName="GroupName"),
        ),
    ),
)
