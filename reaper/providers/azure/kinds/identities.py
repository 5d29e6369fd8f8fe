"""Managed identities, and the roles that were given to them."""

from __future__ import annotations

from reaper.model import Kind
from reaper.providers.azure.api import ROLES
from reaper.providers.azure.graph import ask
from reaper.providers.azure.ids import canonical, read_id
from reaper.providers.azure.kind import AzureKind, Items, search
from reaper.providers.azure.names import (
    CLUSTER,
    IDENTITY,
    MACHINE,
    ROLE_ASSIGNMENT,
    SCALE_SET,
)
from reaper.providers.azure.reading import Reader

_ASSIGNED = "identity.userAssignedIdentities && keys(identity.userAssignedIdentities)"


def _tell_users(reader: Reader, identities: Items) -> None:
    """Tell who acts as an identity, in all subscriptions that can be seen: they would break.

    Resource Graph names them, late perhaps; whether they still do is read from each.
    """
    for identity, item in identities.items():
        query = (
            f"resources | where tostring(identity) contains '{identity}' | project id, type"
            " | order by id asc"
        )
        named = [canonical(row["id"]) for row in ask(reader.api.connection, query)]
        own = [(at.kind, at.id) for each in named if (at := read_id(each)) is not None]
        here = [each for each in own if each[1].startswith(f"{reader.api.base}/")]
        there = reader.fetch(here)
        users = [each for each in named if not each.startswith(f"{reader.api.base}/")]
        users += list(there.failed)
        users += [
            each
            for each, user in there.items.items()
            if identity in map(canonical, search(_ASSIGNED, user) or ())
        ]
        item["+users"] = users


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
