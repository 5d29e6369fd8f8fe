"""Networking: VCNs, what stands in them, and the addresses that lead there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.oci.answers import OciError
from reaper.providers.oci.kind import Deed, Guard, Item, Items, Link, OciKind
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
from reaper.providers.protocol import Answer

_ATTEMPTS = 8
_GATEWAYS = (INTERNET_GATEWAY, NAT_GATEWAY, SERVICE_GATEWAY, PEERING_GATEWAY, DRG)
_DEFAULTS = {
    ROUTE_TABLE: "defaultRouteTableId",
    SECURITY_LIST: "defaultSecurityListId",
    DHCP_OPTIONS: "defaultDhcpOptionsId",
}


def _vcn(reach: Reach, ocid: str) -> dict[str, Any]:
    return reach.told.shared(f"vcn {ocid}", lambda: reach.get(reach.kinds[VCN], ocid)[0])


def _tell_default(reach: Reach, items: Items) -> None:
    """Tell whether it is its VCN's default one: that goes with the VCN, and never alone."""
    for item in items.values():
        vcn = _vcn(reach, item["vcnId"])
        if item["id"] in {vcn.get(field) for field in _DEFAULTS.values()}:
            item["+owner"] = vcn["id"]
        else:
            rules = item.get("routeRules") or ()
            item["+targets"] = [each.get("networkEntityId") for each in rules]


def _tell_routes(reach: Reach, gateways: Items) -> None:
    """Tell which route tables lead to a gateway: a default one is changed, others go first."""
    for gateway in gateways.values():
        tables = list(_tables(reach, gateway))
        leading = [each for each in tables if _leads(each, gateway["id"])]
        defaults = [each for each in leading if _is_default(reach, each)]
        gateway["+defaults"] = [each["id"] for each in defaults]
        gateway["+tables"] = [each["id"] for each in leading if each not in defaults]


def _tables(reach: Reach, gateway: Item) -> Iterable[dict[str, Any]]:
    """The route tables that can lead to it: of its compartment, and of its VCN."""
    where = [gateway["compartmentId"]]
    if gateway.get("vcnId"):
        where.append(_vcn(reach, gateway["vcnId"])["compartmentId"])
    kind = reach.kinds[ROUTE_TABLE]
    seen = {
        each["id"]: each
        for compartment in dict.fromkeys(where)
        for each in reach.all_of(kind, compartment)
        if each.get("lifecycleState") not in kind.over
    }
    return seen.values()


def _leads(table: Item, gateway: str) -> bool:
    return any(rule.get("networkEntityId") == gateway for rule in table.get("routeRules") or ())


def _tell_peers(reach: Reach, gateways: Items) -> None:
    """Tell which of two that are peered goes first: its deletion changes the other one."""
    _tell_routes(reach, gateways)
    for gateway in gateways.values():
        peered = gateway.get("peeringStatus") == "PEERED"
        if peered and gateway["id"] < str(gateway.get("peerId")):
            gateway["+second"] = gateway["peerId"]


def _is_default(reach: Reach, table: Item) -> bool:
    return bool(_vcn(reach, table["vcnId"]).get("defaultRouteTableId") == table["id"])


def _clear_routes(deed: Deed) -> Answer | None:
    """Take the rules that lead to a gateway out of its VCN's default route table, which goes too.

    Only of tables that the second look saw, and that it held to be reapable. Other gateways of the
    VCN may have theirs taken out at the same time: then it is read again.
    """
    for table in sorted(set(deed.item.get("+defaults", ())) & deed.others(Relation.ALTERS)):
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                _clear(deed, table)
            except OciError as error:
                if error.status != HTTPStatus.PRECONDITION_FAILED or attempt == _ATTEMPTS:
                    raise
                continue
            break
    return None


def _clear(deed: Deed, table: str) -> None:
    reach = deed.reach
    item, etag = reach.get(reach.kinds[ROUTE_TABLE], table)
    rules = item.get("routeRules") or []
    left = [each for each in rules if each.get("networkEntityId") != deed.ref.id]
    if len(left) == len(rules):
        return
    reach.connection.change(
        "network",
        reach.region,
        "update_route_table",
        rt_id=table,
        update_route_table_details={"routeRules": left},
        if_match=etag or "none",  # without one OCI would not compare
    )


def _tell_bearer(reach: Reach, addresses: Items) -> None:
    """Tell whose a public address is: of a VNIC, or of a NAT gateway."""
    for address in addresses.values():
        private = address.get("privateIpId")
        if address.get("assignedEntityType") == "PRIVATE_IP":
            private = private or address.get("assignedEntityId")
        if private:
            item, _ = reach.get(reach.kinds[PRIVATE_IP], private)
            address["+vnic"] = item.get("vnicId")
        elif address.get("assignedEntityId"):
            address["+gateway"] = address["assignedEntityId"]


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


_LED_TO: dict[str, Any] = {
    "complete": (_tell_routes,),
    "before": (_clear_routes,),
}
_LEADS = (
    Link(Relation.ALTERS, '"+defaults"', ROUTE_TABLE),
    Link(Relation.USED_BY, '"+tables"', ROUTE_TABLE),
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
        ),
    ),
    _in_vcn(
        INTERNET_GATEWAY,
        "internetgateway",
        "InternetGateway",
        "get_internet_gateway",
        own="ig_id",
        after=(ROUTE_TABLE,),
        links=_LEADS,
        **_LED_TO,
    ),
    _in_vcn(
        NAT_GATEWAY,
        "natgateway",
        "NatGateway",
        "get_nat_gateway",
        after=(ROUTE_TABLE,),
        links=(*_LEADS, Link(Relation.USES, "publicIpId", PUBLIC_IP)),
        **_LED_TO,
    ),
    _in_vcn(
        SERVICE_GATEWAY,
        "servicegateway",
        "ServiceGateway",
        "get_service_gateway",
        after=(ROUTE_TABLE,),
        links=_LEADS,
        **_LED_TO,
    ),
    _in_vcn(
        PEERING_GATEWAY,
        "localpeeringgateway",
        "LocalPeeringGateway",
        "get_local_peering_gateway",
        after=(ROUTE_TABLE,),
        # The gateway at the other end is of no use any more.
        links=(
            *_LEADS,
            Link(Relation.ALTERS, "peeringStatus=='PEERED' && peerId", PEERING_GATEWAY),
            Link(Relation.USES, '"+second"', PEERING_GATEWAY),
        ),
        complete=(_tell_peers,),
        before=(_clear_routes,),
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
        links=_LEADS,
        complete=(_tell_routes,),
        before=(_clear_routes,),
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
        links=(Link(Relation.USES, "drgId", DRG), Link(Relation.USES, "vcnId", VCN)),
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
        links=(Link(Relation.ALTERS, "vnicId", VNIC), Link(Relation.USES, "subnetId", SUBNET)),
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
        ),
    ),
)
