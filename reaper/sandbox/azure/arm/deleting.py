"""Deleting by ID and by group: locks, what is in use, and what goes along."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta

from reaper.sandbox.azure.arm import rules
from reaper.sandbox.azure.arm.asking import Ask
from reaper.sandbox.azure.arm.ids import GROUP
from reaper.sandbox.azure.arm.kinds import TYPES
from reaper.sandbox.azure.arm.operating import begin
from reaper.sandbox.azure.dialect import Refused
from reaper.sandbox.azure.estate import Estate, written
from reaper.sandbox.kernel.graph import Held, Node
from reaper.sandbox.kernel.operations import Failure
from reaper.sandbox.kernel.requests import Reply

LOCKS = "microsoft.authorization/locks"
DELETED_VAULTS = "microsoft.keyvault/deletedvaults"
_SAS = ("ActiveSAS", "ActiveUpload")


def delete(estate: Estate, ask: Ask, node: Node) -> Reply:
    """Delete something with what goes along, at once or by an operation.

    Raises:
        Refused: It is locked, being deleted, or in use.
    """
    refuse_locked(estate, node)
    if node.going:
        code = "ResourceGroupBeingDeleted" if node.kind == GROUP else "AnotherOperationInProgress"
        message = (
            f"Another operation on this or dependent resource is in progress: {node.body['id']}."
        )
        raise Refused(409, code, message)
    if node.kind == GROUP:
        return _delete_group(estate, ask, node)
    hindered = hindrance(estate, node)
    if hindered is not None:
        raise hindered
    if TYPES[node.kind].at_once:
        remove(estate, node)
        return Reply(status=200)
    along = (*estate.graph.going_with(node), *estate.under(node.path))
    before = [_mark(estate, each) for each in along]

    def finish() -> Failure | None:
        late = hindrance(estate, node)
        if late is not None:
            return Failure(code=late.code, message=late.message, status=late.status)
        if node.kind == rules.CLUSTERS:
            _remove_node_group(estate, node)
        for each in estate.graph.going_with(node):
            remove(estate, each)
        return None

    takes_s = estate.lags.cluster_s if node.kind == rules.CLUSTERS else estate.lags.delete_s
    return begin(
        estate, ask, node, takes_s=takes_s, finish=finish, undo=lambda: _unmark(estate, before)
    )


def refuse_locked(estate: Estate, node: Node) -> None:
    """Refuse what a lock forbids: one of it, of what it is in, or of what is in it.

    Raises:
        Refused: A lock forbids it.
    """
    if node.kind == LOCKS:
        return
    locked = [
        lock.facts["scope"]
        for lock in estate.graph.of(LOCKS)
        if f"{node.path}/".startswith(f"{lock.facts['scope']}/")
        or lock.facts["scope"].startswith(f"{node.path}/")
    ]
    if locked:
        message = (
            f"The scope '{node.body['id']}' cannot perform delete operation because following"
            f" scope(s) are locked: '{', '.join(sorted(locked))}'. Please remove the lock and try"
            " again."
        )
        raise Refused(409, "ScopeLocked", message)


def hindrance(estate: Estate, node: Node, going: Iterable[Node] = ()) -> Refused | None:
    """Why something cannot go for now; `going` go with it anyway."""
    gone = frozenset(going)
    for each, held in estate.graph.blockers(node):
        if held.by not in gone:
            return _in_use(each, held)
    for each in estate.graph.going_with(node):
        if each.body.get("properties", {}).get("diskState") in _SAS:
            message = (
                f"Disk or snapshot {each.body['name']} has an active shared access signature. Call"
                " endGetAccess to revoke it before it is deleted."
            )
            return Refused(409, "OperationNotAllowed", message)
    return None


def _in_use(node: Node, held: Held) -> Refused:
    said = rules.saying(node.kind, held.by.kind)
    words = said.words.format(
        thing=node.body["id"], name=node.body["name"], user=held.by.body["id"]
    )
    return Refused(said.status, said.code, words)


def remove(estate: Estate, node: Node) -> None:
    """Let something be gone, with all that is below it; a vault can be had back for a while."""
    if node.gone:
        return
    for below in estate.under(node.path):
        estate.graph.remove(below)
    estate.graph.remove(node)
    if node.kind == rules.VAULTS:
        _keep_deleted(estate, node)


def _keep_deleted(estate: Estate, node: Node) -> None:
    body, properties = node.body, node.body["properties"]
    subscription = node.path.split("/")[2]
    identity = (
        f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/"
        f"{body['location']}/deletedVaults/{body['name']}"
    )
    now = estate.clock.now()
    kept_for = timedelta(days=properties["softDeleteRetentionInDays"])
    about = {
        "vaultId": body["id"],
        "location": body["location"],
        "deletionDate": written(now),
        "scheduledPurgeDate": written(now + kept_for),
        "tags": body.get("tags", {}),
    }
    if properties.get("enablePurgeProtection"):
        about["purgeProtectionEnabled"] = True
    kind = "Microsoft.KeyVault/deletedVaults"
    shown = {"id": identity, "name": body["name"], "type": kind, "properties": about}
    estate.add(DELETED_VAULTS, identity, shown, facts={"vault": body})


# --- groups ---------------------------------------------------------------------------------------


def _delete_group(estate: Estate, ask: Ask, group: Node) -> Reply:
    members = [each for each in estate.under(group.path) if each.kind in TYPES]
    before = [_mark(estate, each) for each in (group, *members)]
    failed: list[tuple[Node, Refused]] = []

    def finish() -> Failure | None:
        failed.extend(_empty(estate, group))
        if not failed:
            estate.graph.remove(group)
            return None
        ids = ", ".join(str(each.body["id"]) for each, _ in failed)
        message = (
            f"Deletion of resource group '{group.body['name']}' failed as resources with"
            f" identifiers '{ids}' could not be deleted. The provisioning state of the resource"
            " group will be rolled back."
        )
        details = [
            {
                "code": None,
                "target": each.body["id"],
                "message": json.dumps({"error": {"code": why.code, "message": why.message}}),
            }
            for each, why in failed
        ]
        # The phrase carries the details to where the result is shown.
        return Failure(
            code="ResourceGroupDeletionBlocked",
            message=message,
            status=409,
            phrase=json.dumps(details),
        )

    return begin(
        estate,
        ask,
        group,
        takes_s=estate.lags.group_s,
        finish=finish,
        undo=lambda: _unmark(estate, before),
    )


def _empty(estate: Estate, group: Node) -> list[tuple[Node, Refused]]:
    """Remove what can go from a group, in whatever order that takes, and tell of the rest."""
    while True:
        left = [each for each in estate.under(group.path) if each.kind in TYPES and not each.gone]
        stuck: list[tuple[Node, Refused]] = []
        for each in left:
            if each.gone:
                continue
            hindered = hindrance(estate, each)
            if hindered is not None:
                stuck.append((each, hindered))
                continue
            if each.kind == rules.CLUSTERS:
                _remove_node_group(estate, each)
            for gone in estate.graph.going_with(each):
                remove(estate, gone)
        if not stuck or len(stuck) == len(left):
            return stuck


def _remove_node_group(estate: Estate, cluster: Node) -> None:
    subscription = cluster.path.split("/")[2]
    name = cluster.body["properties"]["nodeResourceGroup"].lower()
    group = estate.graph.find(f"/subscriptions/{subscription}/resourcegroups/{name}")
    if group is not None and not _empty(estate, group):
        estate.graph.remove(group)


# --- states ---------------------------------------------------------------------------------------

Before = tuple[Node, str | None]


def _mark(estate: Estate, node: Node) -> Before:
    properties = node.body.setdefault("properties", {})
    before = properties.get("provisioningState")
    node.going = True
    if node.kind not in TYPES or not TYPES[node.kind].at_once:  # the others have no such state
        properties["provisioningState"] = "Deleting"
    estate.graph.touch(node)
    return node, before


def _unmark(estate: Estate, before: Iterable[Before]) -> None:
    for node, state in before:
        if node.gone:
            continue
        node.going = False
        node.body["properties"]["provisioningState"] = state or "Succeeded"
        estate.graph.touch(node)
