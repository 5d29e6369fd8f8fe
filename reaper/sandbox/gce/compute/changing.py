"""Creating and deleting in Compute: what every collection has in common."""

from __future__ import annotations

import re
from typing import Any

from reaper.sandbox.gce.compute.asking import Ask
from reaper.sandbox.gce.compute.drafts import Draft
from reaper.sandbox.gce.compute.kinds import COLLECTIONS, Collection
from reaper.sandbox.gce.compute.links import link, with_whole_links
from reaper.sandbox.gce.compute.making import STATES, bring_forth, make, shaped
from reaper.sandbox.gce.compute.operating import begin, begun_before
from reaper.sandbox.gce.compute.rules import RULES
from reaper.sandbox.gce.compute.shapes import member
from reaper.sandbox.gce.compute.views import members_of
from reaper.sandbox.gce.dialect import Refused, not_found
from reaper.sandbox.gce.estate import Estate, fingerprint, path_of
from reaper.sandbox.kernel.gateway import Strike
from reaper.sandbox.kernel.graph import Held, Node
from reaper.sandbox.kernel.operations import Failure
from reaper.sandbox.kernel.rules import named

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")

# The state in which something is while it is being deleted.
_GOING = {
    "instances": "STOPPING",
    "disks": "DELETING",
    "snapshots": "DELETING",
    "images": "DELETING",
    "machineImages": "DELETING",
    "reservations": "DELETING",
    "autoscalers": "DELETING",
    "targetVpnGateways": "DELETING",
    "vpnTunnels": "DEPROVISIONING",
}


def insert(estate: Estate, ask: Ask, strike: Strike, collection: Collection) -> dict[str, Any]:
    """Create something, and show the operation that does.

    Raises:
        Refused: It is there already, has no good name, or names what is not there.
    """
    if (begun := begun_before(estate, ask)) is not None:
        return begun
    body = with_whole_links(ask.body(), ask.target.project)
    name = str(body.get("name", ""))
    if not _NAME.fullmatch(name):
        message = f"Invalid value for field 'resource.name': '{name}'. Must be a match of regex"
        raise Refused(400, "invalid", f"{message} '(?:[a-z](?:[-a-z0-9]{{0,61}}[a-z0-9])?)'")
    path = f"{ask.target.path}{name}"
    if estate.graph.find(path) is not None:
        raise Refused(409, "alreadyExists", f"The resource '{path}' already exists")
    draft = shaped(Draft(estate=estate, ask=ask, path=path, body=body))
    _look_up_what_is_named(estate, collection, draft)
    node = bring_forth(draft)
    states = STATES.get(collection.name)

    def finish() -> Failure | None:
        if states and not node.gone and not node.going:
            node.body["status"] = states[1]
            estate.graph.touch(node)
        return None

    def undo() -> None:
        for each in estate.graph.going_with(node):
            estate.graph.remove(each)

    takes_s = estate.lags.create_s
    return begin(estate, ask, strike, node, takes_s=takes_s, finish=finish, undo=undo)


def delete(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    """Delete something with what goes along, and show the operation that does.

    Raises:
        Refused: It is protected, being deleted, or in use.
    """
    _refuse_protected(node)
    for each, held in estate.graph.blockers(node):
        if not held.rule.late:
            raise Refused(400, "resourceInUseByAnotherResource", _in_use(each, held))
    along = estate.graph.going_with(node)
    before = [(each, each.body.get("status")) for each in along]
    for each in along:
        _mark(estate, each)
    return begin(
        estate,
        ask,
        strike,
        node,
        takes_s=estate.lags.delete_s,
        finish=lambda: _delete_now(estate, ask, node),
        undo=lambda: _unmark(estate, before),
    )


def _delete_now(estate: Estate, ask: Ask, node: Node) -> Failure | None:
    for each, held in estate.graph.blockers(node):
        code = "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"
        return Failure(code=code, message=_in_use(each, held))
    for each in estate.graph.going_with(node):
        estate.graph.remove(each)
    manager = estate.graph.find(str(node.facts.get("manager")))
    if manager is not None:
        estate.timetable.after(estate.lags.heal_s, lambda: replenish(estate, ask, manager))
    return None


def replenish(estate: Estate, ask: Ask, manager: Node) -> None:
    """Let a managed group make members until it has as many as it is to have."""
    if manager.gone or manager.going:
        return
    group = estate.graph.find(path_of(manager.body["instanceGroup"]))
    for _ in range(int(manager.body["targetSize"]) - len(members_of(estate, manager))):
        made = member(estate, manager.path, manager.body)
        make(estate, ask, made.path, made.body, **made.facts)
        if group is not None:
            group.facts["instances"].append(link(made.path))
            estate.graph.touch(group)


def _mark(estate: Estate, node: Node) -> None:
    node.going = True
    status = _GOING.get(node.kind.removeprefix("compute."))
    if status is not None:
        node.body["status"] = status
        estate.graph.touch(node)


def _unmark(estate: Estate, before: list[tuple[Node, Any]]) -> None:
    for node, status in before:
        if node.gone:
            continue
        node.going = False
        if status is not None:
            node.body["status"] = status
        estate.graph.touch(node)


def set_labels(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    """Change a resource's labels, and show the operation that does.

    Raises:
        Refused: The fingerprint is not that of the labels it has.
    """
    body = ask.body()
    if body.get("labelFingerprint") != node.body.get("labelFingerprint"):
        message = "Labels fingerprint either invalid or resource labels have changed"
        raise Refused(412, "conditionNotMet", message)
    node.body.pop("labels", None)
    if labels := body.get("labels"):
        node.body["labels"] = labels
    node.body["labelFingerprint"] = fingerprint(labels)
    estate.graph.touch(node)
    return begin(estate, ask, strike, node, takes_s=estate.lags.change_s)


def _look_up_what_is_named(estate: Estate, collection: Collection, draft: Draft) -> None:
    kinds = {each.kind for each in COLLECTIONS.values()}
    coming = {each.path for each in draft.beside}
    for rule in RULES:
        if rule.kind != collection.kind or rule.by:
            continue
        for _, value in named(rule, draft.body, draft.facts):
            path = path_of(value)
            known = f"compute.{path.split('/')[-2]}" in kinds if path.count("/") > 1 else False
            if known and path not in coming and estate.graph.find(path) is None:
                raise not_found(path)


def _refuse_protected(node: Node) -> None:
    if node.going:
        raise Refused(400, "resourceNotReady", f"The resource '{node.path}' is not ready")
    if node.body.get("deletionProtection"):
        message = (
            "Invalid resource usage: 'Resource cannot be deleted if it's protected against"
            f" deletion. Resource: {node.path}'."
        )
        raise Refused(400, "invalidResourceUsage", message)
    if node.kind == "compute.routes" and node.body.get("nextHopNetwork"):
        message = f"The local route '{node.path}' cannot be deleted."
        raise Refused(400, "invalid", message)
    if node.kind == "compute.subnetworks" and node.facts.get("network"):
        message = (
            "Invalid resource usage: 'Cannot delete auto subnetwork from an auto subnet mode"
            " network.'."
        )
        raise Refused(400, "invalidResourceUsage", message)


def _in_use(node: Node, held: Held) -> str:
    words = COLLECTIONS[node.kind.removeprefix("compute.")].words
    user = held.by.path
    return f"The {words} resource '{node.path}' is already being used by '{user}'"
