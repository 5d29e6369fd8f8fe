"""Compute's methods that concern one collection only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reaper.sandbox.gce.compute.asking import Ask
from reaper.sandbox.gce.compute.links import link, whole
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
    asked = ask.request.parameter("deletionProtection", "true")
    node.body["deletionProtection"] = asked == "true"
    return _changed(estate, ask, strike, node)


def _set_auto_delete(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    disk = _attached(ask, node)
    disk["autoDelete"] = ask.request.parameter("autoDelete") == "true"
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


VERBS: Mapping[tuple[str, str], Verb] = {
    ("instances", "setDeletionProtection"): _set_deletion_protection,
    ("instances", "setDiskAutoDelete"): _set_auto_delete,
    ("instances", "attachDisk"): _attach_disk,
    ("instances", "detachDisk"): _detach_disk,
    ("instances", "stop"): _set_status("TERMINATED"),
    ("instances", "start"): _set_status("RUNNING"),
    ("disks", "createSnapshot"): _create_snapshot,
}
