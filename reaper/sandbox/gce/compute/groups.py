"""Groups of instances in Compute: managed ones, which make their members anew, and others."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from reaper.sandbox.gce.compute.asking import Ask
from reaper.sandbox.gce.compute.changing import replenish
from reaper.sandbox.gce.compute.kinds import Scope
from reaper.sandbox.gce.compute.links import link, whole
from reaper.sandbox.gce.compute.operating import begin
from reaper.sandbox.gce.compute.views import members_of
from reaper.sandbox.gce.dialect import not_found
from reaper.sandbox.gce.estate import Estate, path_of
from reaper.sandbox.kernel.gateway import Strike
from reaper.sandbox.kernel.graph import Node


def add_instances(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    """Take instances into a group or a target pool."""
    there = _members(node)
    there += [each for each in _asked(estate, ask) if each not in there]
    return _changed(estate, ask, strike, node)


def remove_instances(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    """Let instances out of a group or a target pool."""
    leaving = _asked(estate, ask)
    there = _members(node)
    there[:] = [each for each in there if each not in leaving]
    return _changed(estate, ask, strike, node)


def list_instances(estate: Estate, ask: Ask, _: Strike, node: Node) -> dict[str, Any]:
    """List a group's instances."""
    found = [(each, estate.graph.find(path_of(each))) for each in _members(node)]
    items = [
        {"instance": each, "status": member.body["status"]} for each, member in found if member
    ]
    regional = ask.target.scope is Scope.REGION
    kind = f"compute#{'regionInstanceGroups' if regional else 'instanceGroups'}ListInstances"
    base = f"{node.path}/listInstances"
    listed: dict[str, Any] = {"kind": kind, "id": base}
    return listed | ({"items": items} if items else {}) | {"selfLink": link(base)}


def list_referrers(estate: Estate, ask: Ask) -> dict[str, Any]:
    """List which groups an instance is a member of; `-`: each instance of the zone."""
    at = ask.target
    place = f"{at.place}/instances/"
    if at.name != "-" and estate.graph.find(at.path) is None:
        raise not_found(at.path)
    items = [
        {
            "kind": "compute#reference",
            "referenceType": "MEMBER_OF",
            "referrer": link(group.path),
            "target": member,
        }
        for group in estate.graph.of("compute.instanceGroups")
        for member in _members(group)
        if path_of(member).startswith(place) and at.name in {"-", member.rpartition("/")[2]}
    ]
    base = f"{place}{at.name}/referrers"
    listed: dict[str, Any] = {"kind": "compute#instanceListReferrers", "id": base}
    return listed | ({"items": items} if items else {}) | {"selfLink": link(base)}


def list_managed(estate: Estate, _ask: Ask, _: Strike, node: Node) -> dict[str, Any]:
    """List a managed group's instances, each with what is being done to it."""
    members = sorted(members_of(estate, node), key=lambda each: each.path)
    items = [
        {
            "instance": link(each.path),
            "id": each.number,
            "name": each.body["name"],
            "instanceStatus": each.body["status"],
            "currentAction": "DELETING" if each.going else "NONE",
            "version": {"instanceTemplate": node.body["instanceTemplate"]},
        }
        for each in members
    ]
    return {"managedInstances": items} if items else {}


def resize(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    """Let a managed group have so many members: more or fewer."""
    node.body["targetSize"] = int(ask.request.parameter("size", "0"))
    _shrink(estate, node, members_of(estate, node)[node.body["targetSize"] :])
    replenish(estate, ask, node)
    return _changed(estate, ask, strike, node)


def delete_instances(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    """Let a managed group be without some of its members."""
    asked = {path_of(whole(each, ask.target.project)) for each in ask.body().get("instances", ())}
    leaving = [each for each in members_of(estate, node) if each.path in asked]
    node.body["targetSize"] -= len(leaving)
    _shrink(estate, node, leaving)
    return _changed(estate, ask, strike, node)


def attach_endpoints(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    """Take endpoints into a network endpoint group."""
    for each in deepcopy(ask.body().get("networkEndpoints", [])):
        if "instance" in each:
            path = path_of(whole(each["instance"], ask.target.project))
            if "/" not in each["instance"]:
                path = f"{ask.target.place}/instances/{each['instance']}"
            if estate.graph.find(path) is None:
                raise not_found(path)
            each["instance"] = link(path)
        node.facts["endpoints"].append(each)
    return _changed(estate, ask, strike, node)


def list_endpoints(_estate: Estate, _ask: Ask, _: Strike, node: Node) -> dict[str, Any]:
    """List a network endpoint group's endpoints."""
    items = [{"networkEndpoint": each} for each in node.facts["endpoints"]]
    listed: dict[str, Any] = {
        "kind": "compute#networkEndpointGroupsListNetworkEndpoints",
        "id": f"{node.path}/listNetworkEndpoints",
    }
    return listed | ({"items": items} if items else {})


def _shrink(estate: Estate, manager: Node, leaving: list[Node]) -> None:
    for member in leaving:
        for each in estate.graph.going_with(member):
            estate.graph.remove(each)
    estate.graph.touch(manager)


def _asked(estate: Estate, ask: Ask) -> list[str]:
    links = []
    for each in ask.body().get("instances", ()):
        path = path_of(whole(each["instance"], ask.target.project))
        if estate.graph.find(path) is None:
            raise not_found(path)
        links.append(link(path))
    return links


def _members(node: Node) -> list[str]:
    """Tell the links that a group or a target pool holds, to be changed in place."""
    pool = node.kind == "compute.targetPools"
    members: list[str] = (node.body if pool else node.facts).setdefault("instances", [])
    return members


def _changed(estate: Estate, ask: Ask, strike: Strike, node: Node) -> dict[str, Any]:
    estate.graph.touch(node)
    return begin(estate, ask, strike, node, takes_s=estate.lags.change_s)
