"""Compute Engine: VPN, tunnels before their gateways."""

from __future__ import annotations

from reaper.model import Kind, Relation
from reaper.providers.gce.kind import GceKind, Link, Place, Users
from reaper.providers.gce.names import (
    EXTERNAL_VPN_GATEWAY,
    FORWARDING_RULE,
    ROUTE,
    ROUTER,
    TARGET_VPN_GATEWAY,
    VPN_GATEWAY,
    VPN_TUNNEL,
)

KINDS = (
    GceKind(
        kind=Kind(name=VPN_TUNNEL, service="compute", after=(ROUTE,)),
        service="compute",
        collection="vpnTunnels",
        places=(Place.REGION,),
        state="status",
        going=frozenset({"DEPROVISIONING"}),
        links=(
            Link(Relation.USES, "vpnGateway"),
            Link(Relation.USES, "targetVpnGateway"),
            Link(Relation.USES, "peerExternalGateway"),
            Link(Relation.USES, "peerGcpGateway"),
            Link(Relation.USES, "router"),
        ),
        users=(
            Users(kind=ROUTE, of="nextHopVpnTunnel"),
            Users(kind=ROUTER, of="interfaces[].linkedVpnTunnel"),
        ),
    ),
    GceKind(
        kind=Kind(name=VPN_GATEWAY, service="compute", after=(VPN_TUNNEL,)),
        service="compute",
        collection="vpnGateways",
        places=(Place.REGION,),
        links=(Link(Relation.USES, "network"),),
        users=(
            Users(kind=VPN_TUNNEL, of="vpnGateway"),
            Users(kind=VPN_TUNNEL, of="peerGcpGateway"),
        ),
    ),
    GceKind(
        kind=Kind(name=TARGET_VPN_GATEWAY, service="compute", after=(VPN_TUNNEL, FORWARDING_RULE)),
        service="compute",
        collection="targetVpnGateways",
        places=(Place.REGION,),
        state="status",
        going=frozenset({"DELETING"}),
        links=(
            Link(Relation.USES, "network"),
            Link(Relation.USED_BY, "tunnels[]"),
            Link(Relation.USED_BY, "forwardingRules[]"),
        ),
    ),
    GceKind(
        kind=Kind(name=EXTERNAL_VPN_GATEWAY, service="compute", after=(VPN_TUNNEL,)),
        service="compute",
        collection="externalVpnGateways",
        places=(Place.GLOBAL,),
        aggregated=False,
        users=(Users(kind=VPN_TUNNEL, of="peerExternalGateway"),),
    ),
)
