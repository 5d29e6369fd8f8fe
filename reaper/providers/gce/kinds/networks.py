"""Compute Engine: networks, and what stands in them."""

from __future__ import annotations

from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.gce.answers import GoogleError, absent
from reaper.providers.gce.kind import Deed, Filter, GceKind, Guard, Items, Link, Place, Users
from reaper.providers.gce.links import target_of
from reaper.providers.gce.names import (
    ADDRESS,
    CLUSTER,
    ENDPOINT_GROUP,
    FIREWALL,
    FORWARDING_RULE,
    INSTANCE,
    NETWORK,
    ROUTE,
    ROUTER,
    SUBNETWORK,
    TARGET_VPN_GATEWAY,
    TEMPLATE,
    VPN_GATEWAY,
    VPN_TUNNEL,
)
from reaper.providers.gce.operations import settled, started
from reaper.providers.gce.reading import Reader
from reaper.providers.protocol import Answer, Reply


def _tell_own_subnets(network: dict[str, Any]) -> None:
    """Part the subnets that an auto network makes and takes along from those that users added.

    Google calls its own ones like the network.
    """
    auto = bool(network.get("autoCreateSubnetworks"))
    subnets = [str(each) for each in network.get("subnetworks") or ()]
    own = [each for each in subnets if auto and each.rpartition("/")[2] == network.get("name")]
    network["+own-subnets"] = own
    network["+users-subnets"] = [each for each in subnets if each not in own]


def _tell_owner(reader: Reader, subnets: Items) -> None:
    """Tell which subnets are an auto network's own: they go with it, and never alone."""
    auto = {
        key
        for key, network in reader.all_of(reader.kinds[NETWORK])
        if network.get("autoCreateSubnetworks")
    }
    for subnet in subnets.values():
        network = target_of(str(subnet.get("network") or ""))
        own = network is not None and network.id.rpartition("/")[2] == subnet.get("name")
        subnet["+owner"] = subnet["network"] if own and network and network.id in auto else None


def _end_peerings(deed: Deed) -> Answer | None:
    """Take back this end of its peerings; the networks at the other ends go too."""
    for peering in deed.item.get("peerings") or ():
        target = target_of(str(peering.get("network") or ""))
        if target is None or target.id not in deed.others(Relation.ALTERS):
            return Answer(
                reply=Reply.IN_USE,
                detail=f"it was peered with {peering.get('network')} since the last look",
                blockers=(str(peering.get("network")),),
            )
    for peering in deed.item.get("peerings") or ():
        path = deed.api.at("compute", f"{deed.ref.id}/removePeering")
        try:
            operation = deed.api.connection.change(
                "POST", "compute", path, body={"name": str(peering["name"])}
            )
        except GoogleError as error:
            if absent(error):
                continue
            raise
        answer = settled(
            deed.api.connection,
            started("compute", deed.api.project, operation, meant=None, doing="ending a peering"),
        )
        if answer.reply is not Reply.DONE:
            return answer  # the deletion is sent when it is done
    return None


def _bare(name: str, collection: str, **more: Any) -> GceKind:
    """Declare a kind without labels."""
    after = more.pop("after", ())
    return GceKind(
        kind=Kind(name=name, service="compute", after=after, taggable=False),
        service="compute",
        collection=collection,
        filter=Filter.NONE,
        labels=None,
        **more,
    )


KINDS = (
    _bare(
        FIREWALL,
        "firewalls",
        after=(INSTANCE, CLUSTER),
        places=(Place.GLOBAL,),
        aggregated=False,
        links=(Link(Relation.USES, "network"),),
        permissions=("compute.networks.updatePolicy",),
    ),
    _bare(
        ROUTE,
        "routes",
        places=(Place.GLOBAL,),
        aggregated=False,
        # Those that Google makes, with a network, a subnet or a peering, go with it only.
        guards=(
            Guard("starts_with(name, 'default-route-')", "it is a default route of its network"),
            Guard(
                "nextHopPeering || nextHopNetwork || nextHopHub || "
                "(routeType && routeType!='STATIC')",
                "Google keeps it up itself",
            ),
        ),
        links=(
            Link(Relation.USES, "network"),
            Link(Relation.USES, "nextHopInstance"),
            Link(Relation.USES, "nextHopVpnTunnel"),
            Link(Relation.USES, "nextHopIlb"),
        ),
        permissions=("compute.networks.updatePolicy",),
    ),
    _bare(
        ROUTER,
        "routers",
        after=(VPN_TUNNEL, INSTANCE),
        places=(Place.REGION,),
        links=(
            Link(Relation.USES, "network"),
            Link(Relation.USES, "nats[].subnetworks[].name"),
            Link(Relation.USES, "nats[].natIps[]"),
            Link(Relation.USES, "nats[].drainNatIps[]"),
        ),
        users=(Users(kind=VPN_TUNNEL, of="router"),),
        permissions=("compute.networks.updatePolicy",),
    ),
    _bare(
        SUBNETWORK,
        "subnetworks",
        after=(INSTANCE, CLUSTER, FORWARDING_RULE, ADDRESS, ENDPOINT_GROUP, ROUTER),
        places=(Place.REGION,),
        complete=(_tell_owner,),
        permissions=("compute.networks.list",),
        links=(Link(Relation.USES, "network"), Link(Relation.CONTROLLED_BY, '"+owner"')),
        users=(Users(kind=TEMPLATE, of="properties.networkInterfaces[].subnetwork"),),
    ),
    _bare(
        NETWORK,
        "networks",
        after=(
            SUBNETWORK,
            FIREWALL,
            ROUTE,
            ROUTER,
            VPN_GATEWAY,
            TARGET_VPN_GATEWAY,
            ENDPOINT_GROUP,
        ),
        places=(Place.GLOBAL,),
        aggregated=False,
        refine=_tell_own_subnets,
        links=(
            Link(Relation.TAKES, '"+own-subnets"'),
            Link(Relation.MADE, '"+own-subnets"'),
            Link(Relation.USED_BY, '"+users-subnets"'),
            Link(Relation.ALTERS, "peerings[].network"),
        ),
        users=(
            Users(kind=FIREWALL, of="network"),
            Users(kind=ROUTER, of="network"),
            Users(kind=TEMPLATE, of="properties.networkInterfaces[].network"),
        ),
        guards=(
            Guard(
                "name=='default' && description=='Default network for the project'",
                "it is the project's default network",
            ),
        ),
        before=(_end_peerings,),
        permissions=("compute.networks.removePeering",),
    ),
)
