"""Vaults, storage, identities' roles, clusters, shared access, and Resource Graph."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.rest import Rest
from reaper.sandbox.faults import Effect, Fault, Operation, always
from tests.sandbox.azure.asking import WHERE, Group, refused

BASE = f"/subscriptions/{SUBSCRIPTION}"
DELETED = f"{BASE}/providers/Microsoft.KeyVault/locations/{WHERE}/deletedVaults"
VAULT = {
    "tenantId": "00000000-0000-0000-0000-0000000000aa",
    "sku": {"family": "A", "name": "standard"},
    "accessPolicies": [],
    "softDeleteRetentionInDays": 7,
}
GRAPH = "/providers/Microsoft.ResourceGraph/resources"


def query(rest: Rest, text: str, **options: Any) -> dict[str, Any]:
    body = {"query": text, "subscriptions": [SUBSCRIPTION], "options": options}
    return rest.send("POST", f"{GRAPH}?api-version=2022-10-01", body)


def test_a_deleted_vault_can_be_had_back_until_it_is_purged(group: Group) -> None:
    vault = group.add("Microsoft.KeyVault/vaults", "kv", VAULT, tags={"a": "b"})

    group.rest.drop(vault)
    kept = group.rest.ask("GET", f"{DELETED}/kv")
    refused(409, "ConflictError", lambda: group.add("Microsoft.KeyVault/vaults", "kv", VAULT))
    group.rest.done({**group.rest.ask("POST", f"{DELETED}/kv/purge"), "+status": 202})

    assert kept["properties"]["vaultId"] == vault
    assert kept["properties"]["tags"] == {"a": "b"}
    refused(404, "DeletedVaultNotFound", lambda: group.rest.ask("GET", f"{DELETED}/kv"))


def test_a_deleted_vault_comes_back_as_it_was_and_no_other_does(group: Group) -> None:
    vault = group.add("Microsoft.KeyVault/vaults", "kv", {**VAULT, "enabledForDeployment": True})
    back = {**VAULT, "createMode": "recover"}

    group.rest.drop(vault)
    group.add("Microsoft.KeyVault/vaults", "kv", back)

    assert group.rest.ask("GET", vault)["properties"]["enabledForDeployment"] is True
    refused(404, "DeletedVaultNotFound", lambda: group.rest.ask("GET", f"{DELETED}/kv"))
    refused(404, "DeletedVaultNotFound", lambda: group.add("Microsoft.KeyVault/vaults", "x", back))


def test_purge_protection_forbids_the_purge_and_not_the_deletion(group: Group) -> None:
    vault = group.add("Microsoft.KeyVault/vaults", "kv", {**VAULT, "enablePurgeProtection": True})

    group.rest.drop(vault)

    refused(405, "MethodNotAllowed", lambda: group.rest.ask("POST", f"{DELETED}/kv/purge"))


def test_a_group_leaves_its_vault_to_be_had_back(group: Group) -> None:
    group.add("Microsoft.KeyVault/vaults", "kv", VAULT)

    group.rest.drop(group.path)

    path = f"{BASE}/providers/Microsoft.KeyVault/deletedVaults"
    assert [each["name"] for each in group.rest.listed(path)] == ["kv"]


def test_a_legal_hold_keeps_its_account(group: Group) -> None:
    account = group.add(
        "Microsoft.Storage/storageAccounts", "store", kind="StorageV2", sku={"name": "Standard_LRS"}
    )
    held = {"properties": {"hasLegalHold": True}}
    group.rest.put(f"{account}/blobServices/default/containers/held", held)

    refused(409, "StorageAccountHasImmutableContainers", lambda: group.rest.drop(account))

    path = f"{account}/blobServices/default/containers"
    assert [each["name"] for each in group.rest.listed(path)] == ["held"]


def test_a_shared_access_signature_keeps_a_disk_and_its_group(group: Group) -> None:
    disk = group.disk("data")
    asked = {"access": "Read", "durationInSeconds": 60}
    rest = group.rest

    rest.done({**rest.ask("POST", f"{disk}/beginGetAccess", asked), "+status": 202})
    refused(409, "OperationNotAllowed", lambda: rest.drop(disk))
    rest.done({**rest.ask("POST", f"{disk}/endGetAccess"), "+status": 202})
    rest.drop(disk)

    assert not group.there(disk)


def test_a_cluster_keeps_a_group_of_its_own_which_goes_with_it(group: Group) -> None:
    cluster = group.add(
        "Microsoft.ContainerService/managedClusters", "aks", tags={"reaper-run": "r-1"}
    )
    nodes = f"{BASE}/resourceGroups/MC_rg_aks_{WHERE}"

    shown = group.rest.ask("GET", nodes)
    inside = list(group.rest.listed(f"{nodes}/resources"))
    group.rest.drop(cluster)

    assert shown["managedBy"] == cluster
    assert len(inside) > 5
    refused(404, "ResourceGroupNotFound", lambda: group.rest.ask("GET", nodes))


def test_an_assigned_role_outlives_its_identity(group: Group) -> None:
    identity = group.add("Microsoft.ManagedIdentity/userAssignedIdentities", "me")
    principal = group.rest.ask("GET", identity)["properties"]["principalId"]
    roles = f"{group.path}/providers/Microsoft.Authorization/roleAssignments"
    given = {
        "principalId": principal,
        "roleDefinitionId": f"{BASE}/providers/Microsoft.Authorization/roleDefinitions/reader",
    }
    group.rest.put(f"{roles}/one", {"properties": given})
    group.rest.put(f"{roles}/two", {"properties": {**given, "principalId": "0" * 8}})

    group.rest.drop(identity)

    wanted = {"$filter": f"principalId eq '{principal}'"}
    path = f"{BASE}/providers/Microsoft.Authorization/roleAssignments"
    assert [each["name"] for each in group.rest.listed(path, **wanted)] == ["one"]


# --- Resource Graph -------------------------------------------------------------------------------


def test_the_graph_finds_by_tag_in_resources_and_groups(rest: Rest, group: Group) -> None:
    Group.make(rest, SUBSCRIPTION, "ours", tags={"reaper-run": "r-1"})
    disk = group.disk("data", tags={"reaper-run": "r-2"})
    group.disk("other")
    both = (
        "resources | union (resourcecontainers | where type =~"
        " 'microsoft.resources/subscriptions/resourcegroups')"
        " | where isnotempty(tags['reaper-run']) | project id, type, tags | order by id asc"
    )
    one = (
        "resources | where tostring(tags['reaper-run']) in ('r-2', 'r-3') | project id, type"
        " | order by id asc"
    )

    assert [row["id"] for row in query(rest, both)["data"]] == [
        f"{BASE}/resourceGroups/ours",
        disk,
    ]
    assert [row["id"] for row in query(rest, one)["data"]] == [disk]


def test_the_graph_has_pages_and_refuses_what_it_cannot_read(
    sandbox: AzureSandbox, rest: Rest, group: Group
) -> None:
    sandbox.page = 2
    for number in range(3):
        group.disk(f"disk-{number}")
    text = "resources | project id | order by id asc"

    first = query(rest, text)
    second = query(rest, text, **{"$skipToken": first["$skipToken"]})

    assert (first["count"], first["totalRecords"], second["count"]) == (2, 3, 1)
    assert "x-ms-user-quota-remaining" in rest.headers
    refused(400, "BadRequest", lambda: query(rest, "resources | summarize count()"))
    refused(400, "BadRequest", lambda: query(rest, "nothing"))
    refused(400, "BadRequest", lambda: query(rest, text, **{"$skipToken": "x"}))


@pytest.mark.parametrize("effect", [Effect.LAG, Effect.GHOST])
def test_the_graph_is_late(sandbox: AzureSandbox, group: Group, effect: Effect) -> None:
    text = "resources | project id | order by id asc"
    sandbox.faults.add(always(effect, Operation.INDEX, delay=timedelta(hours=1)))

    disk = group.disk("data")
    made = query(group.rest, text)["count"]
    group.rest.drop(disk)
    gone = query(group.rest, text)["count"]

    assert (made, gone) == ((0, 0) if effect is Effect.LAG else (1, 1))


def test_the_graph_throttles_in_its_own_words(sandbox: AzureSandbox, rest: Rest) -> None:
    sandbox.faults.add(
        Fault(effect=Effect.THROTTLE, operations=frozenset({Operation.INDEX}), times=1)
    )

    refused(429, "RateLimiting", lambda: query(rest, "resources | project id | order by id asc"))
