"""How Azure shows a resource: as it was put, and with what follows from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from reaper.sandbox.azure.arm import rules
from reaper.sandbox.azure.arm.ids import owner
from reaper.sandbox.azure.estate import Estate, written
from reaper.sandbox.kernel.graph import Node

Body = dict[str, Any]


def show(estate: Estate, node: Node, body: Mapping[str, Any] | None = None) -> Body:
    """Show a resource whose own part is `body`."""
    shown = deepcopy(dict(node.body if body is None else body))
    derived = _DERIVED.get(node.kind)
    if derived is not None and not node.gone:
        derived(estate, node, shown)
    if node.facts.get("not_provisioned"):
        shown["properties"].pop("provisioningState", None)
    return shown


def summary(estate: Estate, node: Node, *, tags: bool = True, expand: str = "") -> Body:
    """Show a resource as the list of all resources does: without its properties."""
    body = show(estate, node)
    keys = ["id", "name", "type", "kind", "managedBy", "sku", "location", "identity", "zones"]
    shown = {key: body[key] for key in [*keys, *(["tags"] if tags else [])] if key in body}
    if "createdTime" in expand and tags:
        shown["createdTime"] = written(node.created)
    if "provisioningState" in expand:
        shown["provisioningState"] = body.get("properties", {}).get(
            "provisioningState", "Succeeded"
        )
    return shown


def _by(estate: Estate, node: Node, kind: str) -> list[Node]:
    """What of a kind names it."""
    found = {held.by.path: held.by for held in estate.graph.holders(node) if held.by.kind == kind}
    return [found[path] for path in sorted(found)]


def _id(node: Node) -> str:
    return str(node.body["id"])


def _disk(estate: Estate, node: Node, shown: Body) -> None:
    machines = _by(estate, node, rules.MACHINES)
    if machines:
        shown["managedBy"] = _id(machines[0])
        if len(machines) > 1:
            shown["managedByExtended"] = [_id(each) for each in machines]
        shown["properties"]["diskState"] = "Attached"


def _interface(estate: Estate, node: Node, shown: Body) -> None:
    machines = _by(estate, node, rules.MACHINES)
    if machines:
        shown["properties"]["virtualMachine"] = {"id": _id(machines[0])}
    endpoints = _by(estate, node, rules.ENDPOINTS)
    if endpoints:
        shown["properties"]["privateEndpoint"] = {"id": _id(endpoints[0])}
    for each in shown["properties"].get("ipConfigurations", ()):
        for part in ("loadBalancerBackendAddressPools", "loadBalancerInboundNatRules"):
            links = each["properties"].get(part)
            if links:
                there = [link for link in links if estate.graph.find(owner(link["id"]))]
                each["properties"][part] = there


def _parts(holder: Node, held: Node, list_name: str, field: str) -> list[str]:
    """The IDs of a holder's parts (its addresses) that name what it holds."""
    return [
        each["id"]
        for each in holder.body["properties"].get(list_name, ())
        if owner((each["properties"].get(field) or {}).get("id", "")) == held.path
    ]


def _address(estate: Estate, node: Node, shown: Body) -> None:
    for kind, parts in (
        (rules.INTERFACES, "ipConfigurations"),
        (rules.BALANCERS, "frontendIPConfigurations"),
    ):
        for holder in _by(estate, node, kind):
            for part in _parts(holder, node, parts, "publicIPAddress"):
                shown["properties"]["ipConfiguration"] = {"id": part}
    for holder in _by(estate, node, rules.NATS):
        shown["properties"]["natGateway"] = {"id": _id(holder)}


def _subnets_with(estate: Estate, node: Node, field: str) -> list[Body]:
    return [
        {"id": subnet["id"]}
        for network in _by(estate, node, rules.NETWORKS)
        for subnet in network.body["properties"]["subnets"]
        if owner((subnet["properties"].get(field) or {}).get("id", "")) == node.path
    ]


def _firewall(estate: Estate, node: Node, shown: Body) -> None:
    interfaces = [{"id": _id(each)} for each in _by(estate, node, rules.INTERFACES)]
    interfaces += [
        {"id": f"{_id(each)}/virtualMachines/0/networkInterfaces/nic"}
        for each in _by(estate, node, rules.SCALE_SETS)
    ]
    subnets = _subnets_with(estate, node, "networkSecurityGroup")
    if interfaces:
        shown["properties"]["networkInterfaces"] = interfaces
    if subnets:
        shown["properties"]["subnets"] = subnets


def _routes(estate: Estate, node: Node, shown: Body) -> None:
    if subnets := _subnets_with(estate, node, "routeTable"):
        shown["properties"]["subnets"] = subnets


def _nat(estate: Estate, node: Node, shown: Body) -> None:
    if subnets := _subnets_with(estate, node, "natGateway"):
        shown["properties"]["subnets"] = subnets


def _network(estate: Estate, node: Node, shown: Body) -> None:
    for subnet in shown["properties"]["subnets"]:
        here = subnet["id"].lower()
        used: list[Body] = []
        for kind, parts in (
            (rules.INTERFACES, "ipConfigurations"),
            (rules.BALANCERS, "frontendIPConfigurations"),
        ):
            used += [
                {"id": each["id"]}
                for holder in _by(estate, node, kind)
                for each in holder.body["properties"].get(parts, ())
                if (each["properties"].get("subnet") or {}).get("id", "").lower() == here
            ]
        used += [
            {"id": f"{_id(each)}/virtualMachines/0/networkInterfaces/nic/ipConfigurations/ip"}
            for each in _by(estate, node, rules.SCALE_SETS)
            if here in [link.lower() for link in each.facts["subnets"]]
        ]
        endpoints = [
            {"id": _id(each)}
            for each in _by(estate, node, rules.ENDPOINTS)
            if each.body["properties"]["subnet"]["id"].lower() == here
        ]
        if used:
            subnet["properties"]["ipConfigurations"] = used
        if endpoints:
            subnet["properties"]["privateEndpoints"] = endpoints


def _balancer(estate: Estate, node: Node, shown: Body) -> None:
    for pool in shown["properties"]["backendAddressPools"]:
        here = pool["id"].lower()
        members = [
            {"id": each["id"]}
            for interface in _by(estate, node, rules.INTERFACES)
            for each in interface.body["properties"]["ipConfigurations"]
            if here in _links(each["properties"].get("loadBalancerBackendAddressPools", ()))
        ]
        members += [
            {"id": f"{_id(each)}/virtualMachines/0/networkInterfaces/nic/ipConfigurations/ip"}
            for each in _by(estate, node, rules.SCALE_SETS)
            if here in [link.lower() for link in each.facts["pools"]]
        ]
        if members:
            pool["properties"]["backendIPConfigurations"] = members
    for rule in shown["properties"]["inboundNatRules"]:
        here = rule["id"].lower()
        for interface in _by(estate, node, rules.INTERFACES):
            for each in interface.body["properties"]["ipConfigurations"]:
                if here in _links(each["properties"].get("loadBalancerInboundNatRules", ())):
                    rule["properties"]["backendIPConfiguration"] = {"id": each["id"]}


def _behind_endpoints(estate: Estate, node: Node, shown: Body) -> None:
    """Tell which private endpoints lead to it."""
    connections = [
        {
            "id": f"{_id(node)}/privateEndpointConnections/{endpoint.body['name']}",
            "properties": {
                "privateEndpoint": {"id": _id(endpoint)},
                "privateLinkServiceConnectionState": {"status": "Approved"},
            },
        }
        for endpoint in estate.graph.of(rules.ENDPOINTS)
        for each in endpoint.body["properties"].get("privateLinkServiceConnections", ())
        if each["properties"]["privateLinkServiceId"].lower() == node.path
    ]
    if connections:
        shown["properties"]["privateEndpointConnections"] = connections


def _links(references: Any) -> list[str]:
    return [each["id"].lower() for each in references]


_DERIVED: Mapping[str, Callable[[Estate, Node, Body], None]] = {
    rules.DISKS: _disk,
    rules.INTERFACES: _interface,
    rules.ADDRESSES: _address,
    rules.FIREWALLS: _firewall,
    rules.ROUTES: _routes,
    rules.NATS: _nat,
    rules.NETWORKS: _network,
    rules.BALANCERS: _balancer,
    rules.ACCOUNTS: _behind_endpoints,
    rules.VAULTS: _behind_endpoints,
}
