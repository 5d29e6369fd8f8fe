"""What keeps secrets: Secrets Manager, SSM parameters, KMS keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.aws.answers import CALL_ERRORS, is_any
from reaper.providers.aws.kind import Also, Arg, AwsKind, Call, Deed, Guard, Link, Many, One
from reaper.providers.aws.names import KMS_KEY, PARAMETER, SECRET, STACK
from reaper.providers.protocol import Answer, Reply

# The longest that AWS offers: until then a person can call the deletion of a key off.
_KEY_WINDOW_DAYS = 30
_STACK = Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"')


def _delete_aliases(deed: Deed) -> Answer | None:
    """Free the names first: the next run may want them before the key is purged."""
    call = Call(operation="list_aliases", arguments={"KeyId": Arg.ID}, items="Aliases[]")
    for alias in deed.api.items("kms", call, id=deed.ref.id):
        try:
            deed.api.change("kms", "delete_alias", AliasName=alias["AliasName"])
        except CALL_ERRORS as error:
            if not is_any(error, ("NotFoundException",)):
                raise
    return None


def _scheduled(told: Mapping[str, Any]) -> Answer:
    return Answer(
        reply=Reply.SCHEDULED,
        detail=f"AWS deletes the key within {_KEY_WINDOW_DAYS} days",
        until=told.get("DeletionDate"),
    )


KINDS = (
    AwsKind(
        kind=Kind(name=SECRET, service="secretsmanager"),
        service="secretsmanager",
        arn="secretsmanager:{region}:{account}:secret:{id}",
        id_is_arn=True,
        listing=Call(operation="list_secrets", items="SecretList[]"),
        id="ARN",
        read=One(
            call=Call(operation="describe_secret", arguments={"SecretId": Arg.ARN}),
            absent=("ResourceNotFoundException",),
        ),
        name="Name",
        created="CreatedDate",
        # Who asked for a later purge has it: it is scheduled already.
        state="DeletedDate && 'to be purged'",
        going=frozenset({"to be purged"}),
        purge="DeletedDate",
        guards=(Guard("OwningService", "a service of AWS manages it"),),
        links=(_STACK,),
        # With a recovery window its name would be taken for a week at least.
        delete=Call(
            operation="delete_secret",
            arguments={"SecretId": Arg.ARN, "ForceDeleteWithoutRecovery": True},
        ),
        gone=("ResourceNotFoundException",),
    ),
    AwsKind(
        kind=Kind(name=PARAMETER, service="ssm", reused=True),
        service="ssm",
        arn="ssm:{region}:{account}:parameter/{id}",
        listing=Call(operation="describe_parameters", items="Parameters[]"),
        id="Name",
        read=Many(
            call=Call(
                operation="describe_parameters",
                arguments={
                    "ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": Arg.IDS}]
                },
                items="Parameters[]",
            ),
            size=50,
        ),
        also=(
            Also(
                call=Call(
                    operation="list_tags_for_resource",
                    arguments={"ResourceType": "Parameter", "ResourceId": Arg.ID},
                    items="TagList[]",
                ),
                into="+parameter-tags",
                absent=("InvalidResourceId",),
            ),
        ),
        tags='"+parameter-tags"',
        name="Name",
        links=(_STACK,),
        delete=Call(operation="delete_parameter", arguments={"Name": Arg.ID}),
        gone=("ParameterNotFound",),
    ),
    AwsKind(
        # Nothing tells what a key's data are needed for, so it is only reported unless enabled.
        kind=Kind(name=KMS_KEY, service="kms", report_only=True),
        service="kms",
        arn="kms:{region}:{account}:key/{id}",
        listing=Call(operation="list_keys", items="Keys[]"),
        listed="KeyId",
        id="KeyId",
        read=One(
            call=Call(operation="describe_key", arguments={"KeyId": Arg.ID}, items="KeyMetadata"),
            absent=("NotFoundException",),
        ),
        also=(
            Also(
                call=Call(
                    operation="list_resource_tags", arguments={"KeyId": Arg.ID}, items="Tags[]"
                ),
                into="+key-tags",
                absent=("NotFoundException",),
            ),
        ),
        tags='"+key-tags"',
        name="Description",
        created="CreationDate",
        state="KeyState",
        going=frozenset({"PendingDeletion", "PendingReplicaDeletion"}),
        purge="DeletionDate",
        guards=(Guard("KeyManager == 'AWS'", "AWS manages it"),),
        links=(_STACK,),
        before=(_delete_aliases,),
        delete=Call(
            operation="schedule_key_deletion",
            arguments={"KeyId": Arg.ID, "PendingWindowInDays": _KEY_WINDOW_DAYS},
        ),
        gone=("NotFoundException",),
        answer=_scheduled,
        actions=("kms:DeleteAlias", "kms:ListAliases"),
    ),
)
