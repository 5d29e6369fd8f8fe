"""What keeps what from going in Compute: the table of its dependency rules.

A rule without a source is believed: `believed.py` says what of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.sandbox.kernel.rules import Bond, Rule

_DISCOVERY = "discovery document of compute.v1"
_TERRAFORM = "https://github.com/hashicorp/terraform-provider-google/issues/"

_PROXIES = (
    "targetHttpProxies",
    "targetHttpsProxies",
    "targetTcpProxies",
    "targetSslProxies",
    "targetGrpcProxies",
)


def _rule(
    name: str, where: str, held: tuple[str, ...], bond: Bond = Bond.PINS, **more: Any
) -> Rule:
    kind, _, field = where.partition(".")
    names = frozenset(f"compute.{each}" for each in held)
    return Rule(name=name, kind=f"compute.{kind}", field=field, held=names, bond=bond, **more)


def _network(kind: str, field: str = "network", source: str = "") -> Rule:
    name = f"a network with {kind} stays"
    return _rule(name, f"{kind}.{field}", ("networks",), late=True, source=source)


def _auto_delete(item: Mapping[str, Any]) -> bool:
    return bool(item.get("autoDelete"))


def _made_by_users(item: Mapping[str, Any]) -> bool:
    return not item.get("nextHopNetwork") and not str(item["name"]).startswith("default-route-")


_DISKS = (
    _rule(
        "a disk in use stays",
        "instances.disks[].source",
        ("disks",),
        source="https://cloud.google.com/compute/docs/reference/rest/v1/disks/delete",
    ),
    _rule(
        "auto-delete disks go with their instance",
        "instances.disks[].source",
        ("disks",),
        Bond.TAKES,
        when=_auto_delete,
        yields=True,
        source=_DISCOVERY,
    ),
)

_GROUPS = (
    _rule(
        "a template in use stays",
        "instanceGroupManagers.instanceTemplate",
        ("instanceTemplates",),
        source=_DISCOVERY,
    ),
    _rule(
        "a template of a version in use stays",
        "instanceGroupManagers.versions[].instanceTemplate",
        ("instanceTemplates",),
        source=_DISCOVERY,
    ),
    _rule(
        "a managed group goes with its manager only",
        "instanceGroupManagers.instanceGroup",
        ("instanceGroups",),
    ),
    _rule(
        "a manager takes its group along",
        "instanceGroupManagers.instanceGroup",
        ("instanceGroups",),
        Bond.TAKES,
        source=_DISCOVERY,
    ),
    _rule(
        "a manager s instances go with it",
        "instances.~manager",
        ("instanceGroupManagers",),
        Bond.FOLLOWS,
        source=_DISCOVERY,
    ),
    _rule(
        "an autoscaler goes with its manager",
        "autoscalers.target",
        ("instanceGroupManagers",),
        Bond.FOLLOWS,
        source="https://cloud.google.com/compute/docs/autoscaler/managing-autoscalers",
    ),
    _rule(
        "a group that serves stays",
        "backendServices.backends[].group",
        ("instanceGroups",),
        source=_DISCOVERY,
    ),
    _rule(
        "a group forgets an instance that goes",
        "instanceGroups.~instances[]",
        ("instances",),
        Bond.LISTS,
    ),
    _rule(
        "an endpoint goes with its instance",
        "networkEndpointGroups.~endpoints[].instance",
        ("instances",),
        Bond.LISTS,
    ),
    _rule(
        "a target pool forgets an instance that goes",
        "targetPools.instances[]",
        ("instances",),
        Bond.LISTS,
    ),
    _rule(
        "a health check that heals a group stays",
        "instanceGroupManagers.autoHealingPolicies[].healthCheck",
        ("healthChecks",),
    ),
)

_BALANCING = (
    _rule(
        "what a forwarding rule leads to stays",
        "forwardingRules.target",
        (*_PROXIES, "targetPools", "targetVpnGateways"),
    ),
    _rule(
        "a service behind a forwarding rule stays",
        "forwardingRules.backendService",
        ("backendServices",),
    ),
    *(
        _rule(f"a map behind {proxies} stays", f"{proxies}.urlMap", ("urlMaps",))
        for proxies in ("targetHttpProxies", "targetHttpsProxies", "targetGrpcProxies")
    ),
    *(
        _rule(f"a service behind {proxies} stays", f"{proxies}.service", ("backendServices",))
        for proxies in ("targetTcpProxies", "targetSslProxies")
    ),
    *(
        _rule(
            f"a certificate of {proxies} stays",
            f"{proxies}.sslCertificates[]",
            ("sslCertificates",),
        )
        for proxies in ("targetHttpsProxies", "targetSslProxies")
    ),
    *(
        _rule(
            f"what a map leads to at {field} stays",
            f"urlMaps.{field}",
            ("backendServices", "backendBuckets"),
        )
        for field in (
            "defaultService",
            "pathMatchers[].defaultService",
            "pathMatchers[].pathRules[].service",
        )
    ),
    _rule(
        "a health check of a service stays",
        "backendServices.healthChecks[]",
        ("healthChecks",),
    ),
    _rule("a health check of a target pool stays", "targetPools.healthChecks[]", ("healthChecks",)),
    _rule(
        "an endpoint group that serves stays",
        "backendServices.backends[].group",
        ("networkEndpointGroups",),
    ),
)

_ADDRESSES = (
    _rule(
        "an address of a forwarding rule stays",
        "forwardingRules.IPAddress",
        ("addresses",),
        by="address",
    ),
    _rule(
        "a public address of an instance stays",
        "instances.networkInterfaces[].accessConfigs[].natIP",
        ("addresses",),
        by="address",
    ),
    _rule(
        "an internal address of an instance stays",
        "instances.networkInterfaces[].networkIP",
        ("addresses",),
        by="address",
    ),
    _rule("an address of a NAT stays", "routers.nats[].natIps[]", ("addresses",)),
)

_NETWORKS = (
    _network("instances", "networkInterfaces[].network"),
    _network("subnetworks"),
    _network("firewalls", source=f"{_TERRAFORM}5423"),
    _rule(
        "a network with routes of its users stays",
        "routes.network",
        ("networks",),
        late=True,
        when=_made_by_users,
        source=f"{_TERRAFORM}3831",
    ),
    _network("routers"),
    _network("vpnGateways"),
    _network("targetVpnGateways"),
    _network("forwardingRules"),
    _network("networkEndpointGroups", source="https://github.com/kubernetes/kops/issues/13855"),
    _network("networks", "peerings[].network"),
    _network("addresses"),
    _rule(
        "an auto network takes its subnets along",
        "subnetworks.~network",
        ("networks",),
        Bond.FOLLOWS,
        source="https://cloud.google.com/vpc/docs/create-modify-vpc-networks#deleting_a_network",
    ),
    _rule(
        "a network s own routes go with it",
        "routes.network",
        ("networks",),
        Bond.FOLLOWS,
        when=lambda item: not _made_by_users(item),
    ),
    _rule(
        "a subnet s own route goes with it",
        "routes.~subnetwork",
        ("subnetworks",),
        Bond.FOLLOWS,
    ),
    *(
        _rule(f"a subnet with {kind} stays", f"{kind}.{field}", ("subnetworks",))
        for kind, field in (
            ("instances", "networkInterfaces[].subnetwork"),
            ("forwardingRules", "subnetwork"),
            ("addresses", "subnetwork"),
            ("networkEndpointGroups", "subnetwork"),
            ("routers", "nats[].subnetworks[].name"),
        )
    ),
)

_VPN = (
    *(
        _rule(f"what a tunnel has as {field} stays", f"vpnTunnels.{field}", (held,))
        for field, held in (
            ("targetVpnGateway", "targetVpnGateways"),
            ("vpnGateway", "vpnGateways"),
            ("peerExternalGateway", "externalVpnGateways"),
            ("router", "routers"),
        )
    ),
    _rule("a tunnel with routes stays", "routes.nextHopVpnTunnel", ("vpnTunnels",)),
    _rule(
        "a tunnel that a router uses stays", "routers.interfaces[].linkedVpnTunnel", ("vpnTunnels",)
    ),
)

RULES = (*_DISKS, *_GROUPS, *_BALANCING, *_ADDRESSES, *_NETWORKS, *_VPN)
