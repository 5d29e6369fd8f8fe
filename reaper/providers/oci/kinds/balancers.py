"""Load balancers of both sorts, whose deletions are work requests."""

from __future__ import annotations

from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.oci.kind import Guard, Link, OciKind
from reaper.providers.oci.kinds.usage import LAUNCHED, tell_launches
from reaper.providers.oci.names import (
    LOAD_BALANCER,
    NETWORK_LOAD_BALANCER,
    PUBLIC_IP,
    SECURITY_GROUP,
    SUBNET,
)

_STATES: dict[str, Any] = {
    "over": frozenset({"DELETED"}),
    "going": frozenset({"DELETING"}),
    "usage": (tell_launches,),
}
_SHARED = (
    Link(Relation.USES, "networkSecurityGroupIds[]", SECURITY_GROUP),
    Link(Relation.USES, "ipAddresses[].reservedIp.id", PUBLIC_IP),
    Link(Relation.ALTERS, "ipAddresses[].reservedIp.id", PUBLIC_IP),
    *LAUNCHED,
)

KINDS = (
    OciKind(
        kind=Kind(name=LOAD_BALANCER, service="balancers"),
        client="balancers",
        noun="loadbalancer",
        get="get_load_balancer",
        own="load_balancer_id",
        list="list_load_balancers",
        delete="delete_load_balancer",
        searched="LoadBalancer",
        family="load-balancers",
        guards=(Guard("isDeleteProtectionEnabled", "delete protection is on"),),
        links=(Link(Relation.USES, "subnetIds[]", SUBNET), *_SHARED),
        **_STATES,
    ),
    OciKind(
        kind=Kind(name=NETWORK_LOAD_BALANCER, service="network_balancers"),
        client="network_balancers",
        noun="networkloadbalancer",
        get="get_network_load_balancer",
        own="network_load_balancer_id",
        list="list_network_load_balancers",
        delete="delete_network_load_balancer",
        searched="NetworkLoadBalancer",
        family="network-load-balancers",
        links=(Link(Relation.USES, "subnetId", SUBNET), *_SHARED),
        **_STATES,
    ),
)
