"""How Compute shows a resource: as it was made, and with what follows from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reaper.sandbox.gce.compute.links import link
from reaper.sandbox.gce.estate import Estate
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.rules import Bond


def show(estate: Estate, node: Node, body: Mapping[str, Any]) -> dict[str, Any]:
    """Show a resource whose own part is `body`."""
    derived = _DERIVED.get(node.kind)
    return {**body, **(derived(estate, node) if derived and not node.gone else {})}


def users(estate: Estate, node: Node) -> list[str]:
    """Link to what keeps a resource from going."""
    holders = estate.graph.holders(node)
    return sorted({link(held.by.path) for held in holders if held.rule.bond is Bond.PINS})


def _disk(estate: Estate, node: Node) -> dict[str, Any]:
    found = users(estate, node)
    return {"users": found} if found else {}


def _address(estate: Estate, node: Node) -> dict[str, Any]:
    found = users(estate, node)
    return {"status": "IN_USE", "users": found} if found else {"status": "RESERVED"}


def _network(estate: Estate, node: Node) -> dict[str, Any]:
    subnets = sorted(
        link(held.by.path)
        for held in estate.graph.holders(node)
        if held.by.kind == "compute.subnetworks"
    )
    return {"subnetworks": subnets} if subnets else {}


def _group(_: Estate, node: Node) -> dict[str, Any]:
    return {"size": len(node.facts.get("instances", ()))}


def _manager(estate: Estate, node: Node) -> dict[str, Any]:
    members = members_of(estate, node)
    scalers = [
        held.by
        for held in estate.graph.holders(node)
        if held.rule.name == "an autoscaler goes with its manager"
    ]
    deleting = sum(each.going for each in members)
    actions = dict.fromkeys(
        ("abandoning", "creating", "creatingWithoutRetries", "recreating", "refreshing"), 0
    ) | {"restarting": 0, "verifying": 0, "deleting": deleting, "none": len(members) - deleting}
    status: dict[str, Any] = {"isStable": not deleting and not node.going}
    if scalers:
        status["autoscaler"] = link(scalers[0].path)
    return {"currentActions": actions, "status": status}


def members_of(estate: Estate, manager: Node) -> list[Node]:
    """List the instances that a managed group has made."""
    return [
        held.by
        for held in estate.graph.holders(manager)
        if held.rule.name == "a manager s instances go with it"
    ]


_DERIVED: Mapping[str, Callable[[Estate, Node], dict[str, Any]]] = {
    "compute.disks": _disk,
    "compute.addresses": _address,
    "compute.networks": _network,
    "compute.instanceGroups": _group,
    "compute.instanceGroupManagers": _manager,
    "compute.networkEndpointGroups": lambda _, node: {"size": len(node.facts["endpoints"])},
}
