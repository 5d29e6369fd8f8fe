"""Compute's methods that concern one collection only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reaper.sandbox.gce.compute import groups
from reaper.sandbox.gce.compute.asking import Ask
from reaper.sandbox.gce.compute.links import link, whole, with_whole_links
from reaper.sandbox.gce.compute.making import make
from reaper.sandbox.gce.compute.operating import begin
from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import Estate, path_of
from reaper.sandbox.kernel.gateway import Strike
from reaper.sandbox.kernel.graph import Node

Verb = Callable[[Estate, Ask, Strike, Node], dict[str, Any]]


def _changed(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    estate.graph.touch(node)
    return begin(estate, ask, strike, node, takes_s=estate.lags.change_s)


def _set_deletion_protection(
    estate: Estate, ask: Ask, strike: Strike, node: Node
) -> dict[str, Any]:
    asked = ask.request.flag("deletionProtection", otherwise=True)
    node.body["deletionProtection"] = asked
    return _changed(estate, ask, strike, node)


def _set_auto_delete(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    disk = _attached(ask, node)
    disk["autoDelete"] = ask.request.flag("autoDelete")
    return _changed(estate, ask, strike, node)


def _attach_disk(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    asked = ask.body()
    source = whole(str(asked.get("source", "")), ask.target.project)
    disk = estate.graph.find(path_of(source))
    if disk is None:
        raise Refused(404, "notFound", f"The resource '{path_of(source)}' was not found")
    number = len(node.body["disks"])
    node.body["disks"].append(
        {
            "kind": "compute#attachedDisk",
            "index": number,
            "type": "PERSISTENT",
            "mode": "READ_WRITE",
            "boot": False,
            "autoDelete": False,
            "deviceName": f"persistent-disk-{number}",
            **asked,
            "source": source,
        }
    )
    return _changed(estate, ask, strike, node)


def _detach_disk(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    disk = _attached(ask, node)
    node.body["disks"] = [each for each in node.body["disks"] if each is not disk]
    return _changed(estate, ask, strike, node)


def _attached(ask: Ask, node: Node) -> dict[str, Any]:
    name = ask.request.parameter("deviceName")
    for each in node.body["disks"]:
        if each["deviceName"] == name:
            found: dict[str, Any] = each
            return found
    message = f"Invalid value for field 'disk': '{name}'. No attached disk found with device name"
    raise Refused(400, "invalid", f"{message} '{name}'.")


def _set_status(status: str) -> Verb:
    def change(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
        node.body["status"] = status
        return _changed(estate, ask, strike, node)

    return change


def _create_snapshot(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    asked = {**ask.body(), "sourceDisk": link(node.path)}
    path = f"projects/{ask.target.project}/global/snapshots/{asked['name']}"
    if estate.graph.find(path) is not None:
        raise Refused(409, "alreadyExists", f"The resource '{path}' already exists")
    make(estate, ask, path, asked)
    return begin(estate, ask, strike, node, takes_s=estate.lags.create_s)


def _patch(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    """Merge what is sent at the top only: that is as deep as what is patched here goes."""
    asked = with_whole_links(ask.body(), ask.target.project)
    for key, value in asked.items():
        if value is None:
            node.body.pop(key, None)
        else:
            node.body[key] = value
    return _changed(estate, ask, strike, node)


def _add_peering(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    asked = with_whole_links(ask.body()["networkPeering"], ask.target.project)
    peering = {"state": "INACTIVE", "exchangeSubnetRoutes": True, **asked}
    node.body.setdefault("peerings", []).append(peering)
    other = estate.graph.find(path_of(peering["network"]))
    for back in other.body.get("peerings", ()) if other else ():
        if path_of(back["network"]) == node.path:
            back["state"] = peering["state"] = "ACTIVE"
    return _changed(estate, ask, strike, node)


def _remove_peering(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    name = ask.body().get("name")
    node.body["peerings"] = [each for each in node.body.get("peerings", ()) if each["name"] != name]
    return _changed(estate, ask, strike, node)


_PATCHED = (
    "backendBuckets",
    "backendServices",
    "firewalls",
    "healthChecks",
    "instanceGroupManagers",
    "networks",
    "routers",
    "subnetworks",
    "urlMaps",
)

VERBS: Mapping[tuple[str, str], Verb] = {
    ("instances", "setDeletionProtection"): _set_deletion_protection,
    ("instances", "setDiskAutoDelete"): _set_auto_delete,
    ("instances", "attachDisk"): _attach_disk,
    ("instances", "detachDisk"): _detach_disk,
    ("instances", "stop"): _set_status("TERMINATED"),
    ("instances", "start"): _set_status("RUNNING"),
    ("disks", "createSnapshot"): _create_snapshot,
    ("instanceGroups", "addInstances"): groups.add_instances,
    ("instanceGroups", "removeInstances"): groups.remove_instances,
    ("instanceGroups", "listInstances"): groups.list_instances,
    ("instanceGroupManagers", "listManagedInstances"): groups.list_managed,
    ("instanceGroupManagers", "resize"): groups.resize,
    ("instanceGroupManagers", "deleteInstances"): groups.delete_instances,
    ("targetPools", "addInstance"): groups.add_instances,
    ("targetPools", "removeInstance"): groups.remove_instances,
    ("networkEndpointGroups", "attachNetworkEndpoints"): groups.attach_endpoints,
    ("networkEndpointGroups", "listNetworkEndpoints"): groups.list_endpoints,
    ("networks", "addPeering"): _add_peering,
    ("networks", "removePeering"): _remove_peering,
    **{(name, "patch"): _patch for name in _PATCHED},
}
