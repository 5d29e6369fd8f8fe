"""Networking: VCNs, what stands in them, and the addresses that lead there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.oci.answers import OciError, absent, explain
from reaper.providers.oci.kind import Guard, Items, Link, OciKind
from reaper.providers.oci.kinds.routing import LEADS, LED_TO, clear_routes, tell_routes, vcn
from reaper.providers.oci.kinds.usage import (
    ADDRESSED,
    LAUNCHED,
    MEMBERS,
    alive,
    strange_members,
    tell_addressed,
    tell_launches,
    tell_members,
)
from reaper.providers.oci.names import (
    DHCP_OPTIONS,
    DRG,
    DRG_ATTACHMENT,
    INSTANCE,
    INTERNET_GATEWAY,
    LOAD_BALANCER,
    NAT_GATEWAY,
    NETWORK_LOAD_BALANCER,
    PEERING_GATEWAY,
    POOL,
    PRIVATE_IP,
    PUBLIC_IP,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SECURITY_LIST,
    SERVICE_GATEWAY,
    SUBNET,
    VCN,
    VNIC,
)
from reaper.providers.oci.reach import Reach

_GATEWAYS = (INTERNET_GATEWAY, NAT_GATEWAY, SERVICE_GATEWAY, PEERING_GATEWAY, DRG)
_DEFAULTS = {
    ROUTE_TABLE: "defaultRouteTableId",
    SECURITY_LIST: "defaultSecurityListId",
    DHCP_OPTIONS: "defaultDhcpOptionsId",
}


def _tell_default(reach: Reach, items: Items) -> None:
    """Tell whether it is its VCN's default one: that goes with the VCN, and never alone."""
    for item in items.values():
        owner = vcn(reach, item["vcnId"])
        if item["id"] in {owner.get(field) for field in _DEFAULTS.values()}:
            item["+owner"] = owner["id"]
        else:
            rules = item.get("routeRules") or ()
            item["+targets"] = [each.get("networkEntityId") for each in rules]


def _tell_peers(reach: Reach, gateways: Items) -> None:
    """Tell which of two that are peered goes first: its deletion changes the other one."""
    tell_routes(reach, gateways)
    for gateway in gateways.values():
        peered = gateway.get("peeringStatus") == "PEERED"
        if peered and gateway["id"] < str(gateway.get("peerId")):
            gateway["+second"] = gateway["peerId"]


def _tell_bearer(reach: Reach, addresses: Items) -> None:
    """Tell whose a public address is: of a VNIC, a load balancer, or a NAT gateway."""
    for address in addresses.values():
        private = address.get("privateIpId")
        if address.get("assignedEntityType") == "PRIVATE_IP":
            private = private or address.get("assignedEntityId")
        if not private:
            address["+gateway"] = address.get("assignedEntityId")
            continue
        try:
            item, _ = reach.get(reach.kinds[PRIVATE_IP], private)
        except OciError as error:
            if not absent(error):
                raise
            _tell_balancer(reach, address, explain(error))
        else:
            address["+vnic"] = item.get("vnicId")


def _tell_balancer(reach: Reach, address: dict[str, Any], why: str) -> None:
    """Tell which load balancer has it: the private address behind it is Oracle's own."""
    for kind in (LOAD_BALANCER, NETWORK_LOAD_BALANCER):
        address[f"+{kind}"] = [
            balancer["id"]
            for balancer in alive(reach, kind)
            for each in balancer.get("ipAddresses") or ()
            if (each.get("reservedIp") or {}).get("id") == address["id"]
        ]
    if not address[f"+{LOAD_BALANCER}"] and not address[f"+{NETWORK_LOAD_BALANCER}"]:
        address.setdefault("+unread", f"what it is assigned to cannot be read: {why}")


def _tell_reserved(reach: Reach, gateways: Items) -> None:
    """Tell which public address outlives a NAT gateway: a reserved one, not one made with it."""
    kind = reach.kinds[PUBLIC_IP]
    for gateway in gateways.values():
        if gateway.get("publicIpId"):
            address, _ = reach.get(kind, gateway["publicIpId"])
            if address.get("lifetime") == "RESERVED":
                gateway["+reserved"] = address["id"]


def _address_proof(reach: Reach, compartment: str) -> None:
    """Let subnets of a compartment be listed, and the addresses of one: there is no other list."""
    for subnet in reach.all_of(reach.kinds[SUBNET], compartment):
        for _ in reach.pages("network", "list_private_ips", subnet_id=subnet["id"]):
            return
        return


def _in_vcn(name: str, noun: str, searched: str, get: str, **more: Any) -> OciKind:
    """Declare a kind that is in a VCN, and tells which."""
    words = get.removeprefix("get_")
    plural = words if words.endswith("s") else f"{words}s"
    kind = Kind(name=name, service="network", after=more.pop("after", ()))
    links: tuple[Link, ...] = more.pop("links", ())
    given: Mapping[str, Any] = {
        "own": f"{words}_id",
        "list": f"list_{plural}",
        "delete": f"delete_{words}",
        **more,
    }
    return OciKind(
        kind=kind,
        client="network",
        noun=noun,
        get=get,
        searched=searched,
        family="virtual-network-family",
        links=(Link(Relation.USES, "vcnId", VCN), *links),
        **given,
    )


_OWNED: dict[str, Any] = {"complete": (_tell_default,), "after": (SUBNET,)}
_OF_VCN = (Link(Relation.CONTROLLED_BY, '"+owner"', VCN),)

KINDS = (
    OciKind(
        kind=Kind(
            name=VCN,
            service="network",
            after=(SUBNET, SECURITY_GROUP, DRG_ATTACHMENT, *_GATEWAYS),
        ),
        client="network",
        noun="vcn",
        get="get_vcn",
        own="vcn_id",
        list="list_vcns",
        delete="delete_vcn",
        searched="Vcn",
        family="virtual-network-family",
        links=tuple(
            Link(relation, field, kind)
            for kind, field in _DEFAULTS.items()
            for relation in (Relation.TAKES, Relation.MADE)
        ),
    ),
    _in_vcn(
        SUBNET,
        "subnet",
        "Subnet",
        "get_subnet",
        after=(INSTANCE, VNIC, POOL, LOAD_BALANCER, NETWORK_LOAD_BALANCER),
        links=(
            Link(Relation.USES, "routeTableId", ROUTE_TABLE),
            Link(Relation.USES, "securityListIds[]", SECURITY_LIST),
            Link(Relation.USES, "dhcpOptionsId", DHCP_OPTIONS),
            *LAUNCHED,
        ),
        usage=(tell_launches,),
    ),
    _in_vcn(
        INTERNET_GATEWAY,
        "internetgateway",
        "InternetGateway",
        "get_internet_gateway",
        own="ig_id",
        after=(ROUTE_TABLE,),
        links=LEADS,
        **LED_TO,
    ),
    _in_vcn(
        NAT_GATEWAY,
        "natgateway",
        "NatGateway",
        "get_nat_gateway",
        after=(ROUTE_TABLE,),
        links=(
            *LEADS,
            Link(Relation.USES, '"+reserved"', PUBLIC_IP),
            Link(Relation.ALTERS, '"+reserved"', PUBLIC_IP),
        ),
        **{**LED_TO, "complete": (tell_routes, _tell_reserved)},
    ),
    _in_vcn(
        SERVICE_GATEWAY,
        "servicegateway",
        "ServiceGateway",
        "get_service_gateway",
        after=(ROUTE_TABLE,),
        links=LEADS,
        **LED_TO,
    ),
    _in_vcn(
        PEERING_GATEWAY,
        "localpeeringgateway",
        "LocalPeeringGateway",
        "get_local_peering_gateway",
        after=(ROUTE_TABLE,),
        # The gateway at the other end is of no use any more.
        links=(
            *LEADS,
            Link(Relation.ALTERS, "peeringStatus=='PEERED' && peerId", PEERING_GATEWAY),
            Link(Relation.USES, '"+second"', PEERING_GATEWAY),
        ),
        complete=(_tell_peers,),
        before=(clear_routes,),
    ),
    OciKind(
        kind=Kind(name=DRG, service="network", after=(DRG_ATTACHMENT, ROUTE_TABLE)),
        client="network",
        noun="drg",
        get="get_drg",
        own="drg_id",
        list="list_drgs",
        delete="delete_drg",
        searched="Drg",
        family="drgs",
        links=LEADS,
        complete=(tell_routes,),
        before=(clear_routes,),
    ),
    OciKind(
        kind=Kind(name=DRG_ATTACHMENT, service="network"),
        client="network",
        noun="drgattachment",
        get="get_drg_attachment",
        own="drg_attachment_id",
        list="list_drg_attachments",
        delete="delete_drg_attachment",
        searched="DrgAttachment",
        family="drgs",
        over=frozenset({"DETACHED"}),
        going=frozenset({"DETACHING"}),
        # Both ends lose each other.
        links=tuple(
            Link(relation, path, kind)
            for path, kind in (("drgId", DRG), ("vcnId", VCN))
            for relation in (Relation.USES, Relation.ALTERS)
        ),
    ),
    _in_vcn(
        ROUTE_TABLE,
        "routetable",
        "RouteTable",
        "get_route_table",
        own="rt_id",
        links=(
            *_OF_VCN,
            *(
                # Of a default one the rules are cleared: it goes after them, with its VCN.
                Link(Relation.USES, '"+targets"', gateway)
                for gateway in _GATEWAYS
            ),
        ),
        **_OWNED,
    ),
    _in_vcn(
        SECURITY_LIST,
        "securitylist",
        "SecurityList",
        "get_security_list",
        links=_OF_VCN,
        **_OWNED,
    ),
    _in_vcn(
        DHCP_OPTIONS,
        "dhcpoptions",
        "DHCPOptions",
        "get_dhcp_options",
        own="dhcp_id",
        links=_OF_VCN,
        **_OWNED,
    ),
    _in_vcn(
        SECURITY_GROUP,
        "networksecuritygroup",
        "NetworkSecurityGroup",
        "get_network_security_group",
        after=(INSTANCE, VNIC, LOAD_BALANCER, NETWORK_LOAD_BALANCER),
        usage=(tell_members, tell_launches),
        links=(*MEMBERS, *LAUNCHED),
        held=strange_members,
    ),
    OciKind(
        kind=Kind(name=PRIVATE_IP, service="network", after=(VNIC,)),
        client="network",
        noun="privateip",
        get="get_private_ip",
        own="private_ip_id",
        delete="delete_private_ip",
        searched="PrivateIp",
        family="virtual-network-family",
        guards=(Guard("isPrimary", "it is primary, and goes with its VNIC only"),),
        usage=(tell_addressed,),
        links=(
            Link(Relation.ALTERS, "vnicId", VNIC),
            Link(Relation.USES, "subnetId", SUBNET),
            *ADDRESSED,
        ),
        proof=_address_proof,
    ),
    OciKind(
        kind=Kind(name=PUBLIC_IP, service="network", after=(INSTANCE, VNIC, NAT_GATEWAY)),
        client="network",
        noun="publicip",
        get="get_public_ip",
        own="public_ip_id",
        list="list_public_ips",
        listing={"scope": "REGION"},
        delete="delete_public_ip",
        searched="PublicIp",
        family="virtual-network-family",
        complete=(_tell_bearer,),
        guards=(Guard("lifetime=='EPHEMERAL'", "it goes with what it is assigned to only"),),
        links=(
            Link(Relation.USED_BY, '"+vnic"', VNIC),
            Link(Relation.USED_BY, '"+gateway"', NAT_GATEWAY),
            *(
                Link(Relation.USED_BY, f'"+{kind}"', kind)
                for kind in (LOAD_BALANCER, NETWORK_LOAD_BALANCER)
            ),
        ),
    ),
)
