"""Managed identities, and the roles that were given to them."""

from __future__ import annotations

from reaper.model import Kind
from reaper.providers.azure.api import ROLES
from reaper.providers.azure.ids import canonical
from reaper.providers.azure.kind import AzureKind, Items, search
from reaper.providers.azure.mentions import by_id, used_by
from reaper.providers.azure.names import (
    CLUSTER,
    IDENTITY,
    MACHINE,
    ROLE_ASSIGNMENT,
    SCALE_SET,
)
from reaper.providers.azure.reading import Reader


def _tell_users(reader: Reader, identities: Items) -> None:
    """Tell who acts as an identity, in all subscriptions that can be seen: they would break.

    Resource Graph names them, late perhaps; whether they still do is read from each in ours.
    """
    users = used_by(
        reader, {identity: (by_id(identity),) for identity in identities}, part="identity"
    )
    for identity, item in identities.items():
        item["+users"] = users[identity]


def _tell_roles(reader: Reader, identities: Items) -> None:
    """Tell which roles were given to an identity: without it they are nobody's.

    They name it by its principal's ID, which is never used again.
    """
    for item in identities.values():
        principal = search("properties.principalId", item)
        path = f"{reader.api.base}/providers/Microsoft.Authorization/roleAssignments"
        wanted = {"$filter": f"principalId eq '{principal}'"}
        item["+made"] = [
            each["id"]
            for each in reader.api.all_of(path, ROLES, wanted)
            if canonical(each["id"]).startswith(f"{reader.api.base}/")
            and search("properties.principalId", each) == principal
        ]


KINDS = (
    AzureKind(
        kind=Kind(
            name=IDENTITY, service="microsoft.managedidentity", after=(MACHINE, SCALE_SET, CLUSTER)
        ),
        type="Microsoft.ManagedIdentity/userAssignedIdentities",
        version="2024-11-30",
        incarnation="properties.principalId",
        complete=(_tell_users, _tell_roles),
        actions=("Microsoft.ResourceGraph/resources/read",),
    ),
    AzureKind(
        kind=Kind(
            name=ROLE_ASSIGNMENT,
            service="microsoft.authorization",
            after=(IDENTITY,),
            taggable=False,
        ),
        type="Microsoft.Authorization/roleAssignments",
        version=ROLES,
        incarnation="properties.createdOn",
        created="properties.createdOn",
    ),
)
