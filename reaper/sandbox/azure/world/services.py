"""Storage, a vault, an identity's roles, a private endpoint, a cluster, and what nobody knows."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from reaper.sandbox.azure.world.builder import Builder
from reaper.sandbox.azure.world.network import Network

_READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
_TENANT = "00000000-0000-0000-0000-0000000000aa"


def add_services(builder: Builder, network: Network) -> None:
    """Add one of each."""
    account = builder.add(
        "Microsoft.Storage/storageAccounts",
        {},
        part="account",
        name=f"{builder.name}storage",
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
    )
    connection = {"privateLinkServiceId": account, "groupIds": ["blob"]}
    endpoint = builder.add(
        "Microsoft.Network/privateEndpoints",
        {
            "subnet": {"id": network.plain_subnet},
            "privateLinkServiceConnections": [{"name": "blob", "properties": connection}],
        },
        part="endpoint",
    )
    made = builder.rest.ask("GET", endpoint)["properties"]["networkInterfaces"]
    builder.note(made[0]["id"], "endpoint interface", tagged=False)
    builder.add(
        "Microsoft.KeyVault/vaults",
        {
            "tenantId": _TENANT,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "softDeleteRetentionInDays": 7,
        },
        part="vault",
        name=f"{builder.name}-kv",
    )
    _assign_role(builder)
    _cluster(builder)
    builder.add("Microsoft.Foo/bars", {"words": "nobody knows"}, part="bar")


def _assign_role(builder: Builder) -> None:
    identity = builder.id(
        "Microsoft.ManagedIdentity/userAssignedIdentities", f"{builder.name}-identity"
    )
    principal = builder.rest.ask("GET", identity)["properties"]["principalId"]
    scope = f"/subscriptions/{builder.subscription}"
    role = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{_READER}"
    name = uuid5(NAMESPACE_URL, identity)
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    given = {"roleDefinitionId": role, "principalId": principal}
    builder.rest.put(path, {"properties": given})
    builder.note(path, "role assignment", tagged=False)


def _cluster(builder: Builder) -> None:
    pool: dict[str, Any] = {"name": "nodepool1", "count": 1, "vmSize": "Standard_B2s"}
    cluster = builder.add(
        "Microsoft.ContainerService/managedClusters",
        {"dnsPrefix": builder.name, "agentPoolProfiles": [{**pool, "mode": "System"}]},
        part="cluster",
        name=f"{builder.name}-aks",
        identity={"type": "SystemAssigned"},
    )
    nodes = builder.rest.ask("GET", cluster)["properties"]["nodeResourceGroup"]
    group = f"/subscriptions/{builder.subscription}/resourceGroups/{nodes}"
    builder.note(group, "node group", tagged=False)
    for each in builder.rest.listed(f"{group}/resources"):
        builder.note(each["id"], "of the cluster", tagged=False)
