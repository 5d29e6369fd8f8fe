"""Lambda functions, and the log groups that come with them."""

from __future__ import annotations

from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Also, Arg, AwsKind, Call, Guard, Link, Many, One
from reaper.providers.aws.names import FUNCTION, LOG_GROUP, SECURITY_GROUP, STACK, SUBNET

_STACK = Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"')


def _tell_log_group(function: dict[str, Any]) -> None:
    """Tell the log group that Lambda makes for it; one that was chosen may be shared.

    Raises:
        ValueError: Lambda answered without the function's tags, as the permission is missing.
    """
    if (refused := function.get("TagsError")) and not function.get("Tags"):
        raise ValueError(f"its tags are kept back: {refused.get('Message')}")
    configuration = function["Configuration"]
    own = f"/aws/lambda/{configuration['FunctionName']}"
    chosen = (configuration.get("LoggingConfig") or {}).get("LogGroup", own)
    function["+log-group"] = [own] if chosen == own else []


KINDS = (
    AwsKind(
        kind=Kind(name=FUNCTION, service="lambda", reused=True),
        service="lambda",
        arn="lambda:{region}:{account}:function:{id}",
        id_form="[^:]+",
        listing=Call(operation="list_functions", items="Functions[]"),
        listed="FunctionName",
        id="Configuration.FunctionName",
        read=One(
            call=Call(operation="get_function", arguments={"FunctionName": Arg.ID}),
            absent=("ResourceNotFoundException",),
        ),
        refine=_tell_log_group,
        name="Configuration.FunctionName",
        state="Configuration.State",
        links=(
            # Made at the function's first call; older than its run, it is quarantined as such.
            Link(Relation.MADE, LOG_GROUP, '"+log-group"'),
            Link(Relation.USES, SUBNET, "Configuration.VpcConfig.SubnetIds"),
            Link(Relation.USES, SECURITY_GROUP, "Configuration.VpcConfig.SecurityGroupIds"),
            _STACK,
        ),
        delete=Call(operation="delete_function", arguments={"FunctionName": Arg.ID}),
        gone=("ResourceNotFoundException",),
        actions=("lambda:ListTags",),  # GetFunction leaves the tags out without it
    ),
    AwsKind(
        # A function that still runs would make it anew.
        kind=Kind(name=LOG_GROUP, service="logs", after=(FUNCTION,)),
        service="logs",
        arn="logs:{region}:{account}:log-group:{id}",
        listing=Call(operation="describe_log_groups", items="logGroups[]"),
        id="logGroupName",
        read=Many(
            call=Call(
                operation="describe_log_groups",
                arguments={"logGroupNamePrefix": Arg.ID},
                items="logGroups[]",
            ),
            size=1,
        ),
        also=(
            Also(
                call=Call(
                    operation="list_tags_for_resource",
                    arguments={"resourceArn": Arg.ARN},
                    items="tags",
                ),
                into="+log-tags",
                take="[0]",
                absent=("ResourceNotFoundException",),
            ),
        ),
        tags='"+log-tags"',
        name="logGroupName",
        created="creationTime",
        incarnation="creationTime",
        guards=(Guard("deletionProtectionEnabled", "deletion protection is on"),),
        links=(_STACK,),
        delete=Call(operation="delete_log_group", arguments={"logGroupName": Arg.ID}),
        gone=("ResourceNotFoundException",),
    ),
)
