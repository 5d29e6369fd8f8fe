"""Networking: VCNs with their defaults, what is in them, and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.oci.dialect import Refused, not_found
from reaper.sandbox.oci.estate import Estate
from reaper.sandbox.oci.making import Making, Shape, make


def _vcn(making: Making) -> None:
    blocks = making.asked.get("cidrBlocks") or [making.wanted("cidrBlock")]
    making.body |= {"cidrBlocks": blocks, "cidrBlock": blocks[0]}

    def furnish(node: Node) -> None:
        for kind, field, more in _DEFAULTS:
            asked = {
                "compartmentId": node.body["compartmentId"],
                "vcnId": node.path,
                "displayName": f"Default for {node.body['displayName']}",
                **more,
            }
            made = make(
                making.estate,
                kind,
                asked,
                region=making.region,
                shapes=SHAPES,
                facts={"defaultOf": node.path},
            )
            node.body[field] = made.path
        making.estate.graph.touch(node)

    making.then.append(furnish)


_DEFAULTS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("core.routeTables", "defaultRouteTableId", {"routeRules": []}),
    (
        "core.securityLists",
        "defaultSecurityListId",
        {"egressSecurityRules": [], "ingressSecurityRules": []},
    ),
    (
        "core.dhcps",
        "defaultDhcpOptionsId",
        {"options": [{"type": "DomainNameServer", "serverType": "VcnLocalPlusInternet"}]},
    ),
)


def _in_vcn(making: Making) -> Node:
    vcn = making.other(making.wanted("vcnId"), "core.vcns")
    if "defaultOf" not in making.facts:
        making.facts["inVcn"] = vcn.path
    return vcn


def _plain(making: Making) -> None:
    _in_vcn(making)


def _subnet(making: Making) -> None:
    vcn = _in_vcn(making)
    making.wanted("cidrBlock")
    making.body |= {
        "routeTableId": making.asked.get("routeTableId") or vcn.body["defaultRouteTableId"],
        "securityListIds": making.asked.get("securityListIds")
        or [vcn.body["defaultSecurityListId"]],
        "dhcpOptionsId": making.asked.get("dhcpOptionsId") or vcn.body["defaultDhcpOptionsId"],
        "virtualRouterIp": "10.0.0.1",
        "virtualRouterMac": "00:00:17:AA:BB:CC",
    }
    making.other(making.body["routeTableId"], "core.routeTables")


def _nat(making: Making) -> None:
    _in_vcn(making)
    making.body |= {
        "blockTraffic": bool(making.asked.get("blockTraffic")),
        "natIp": making.estate.address(internal=False),
    }
    if reserved := making.asked.get("publicIpId"):
        making.other(reserved, "core.publicIps")
        making.facts["reservedIp"] = reserved


def _service(making: Making) -> None:
    _in_vcn(making)
    making.body |= {
        "blockTraffic": False,
        "services": [
            {"serviceId": each["serviceId"], "serviceName": "All Services"}
            for each in making.wanted("services")
        ],
    }


def _internet(making: Making) -> None:
    _in_vcn(making)
    making.body["isEnabled"] = bool(making.asked.get("isEnabled", True))


def _peering(making: Making) -> None:
    _in_vcn(making)
    making.body |= {
        "isCrossTenancyPeering": False,
        "peeringStatus": "NEW",
        "peerId": "",
    }


def _drg_attachment(making: Making) -> None:
    drg = making.other(making.wanted("drgId"), "core.drgs")
    making.body.setdefault("compartmentId", drg.body["compartmentId"])
    network = making.asked.get("networkDetails") or {}
    vcn = making.other(making.asked.get("vcnId") or network.get("id"), "core.vcns")
    making.body |= {
        "vcnId": vcn.path,
        "networkDetails": {"type": "VCN", "id": vcn.path},
    }


def _route_table(making: Making) -> None:
    _in_vcn(making)
    making.body["routeRules"] = making.wanted("routeRules")


def _security_list(making: Making) -> None:
    _in_vcn(making)
    making.wanted("egressSecurityRules")
    making.wanted("ingressSecurityRules")


def _vnic(making: Making) -> None:
    making.body |= {
        "privateIp": making.estate.address(internal=True),
        "macAddress": "02:00:17:00:00:01",
        "skipSourceDestCheck": False,
    }


def _private_ip(making: Making) -> None:
    vnic = making.other(making.wanted("vnicId"), "core.vnics")
    making.body |= {
        "compartmentId": vnic.body["compartmentId"],
        "subnetId": vnic.body["subnetId"],
        "availabilityDomain": vnic.body["availabilityDomain"],
        "isPrimary": bool(making.asked.get("isPrimary")),
    }
    making.body.setdefault("ipAddress", making.estate.address(internal=True))


def _public_ip(making: Making) -> None:
    lifetime = making.wanted("lifetime")
    making.body |= {
        "ipAddress": making.estate.address(internal=False),
        "scope": "AVAILABILITY_DOMAIN" if lifetime == "EPHEMERAL" else "REGION",
    }
    private = making.asked.get("privateIpId")
    if private is None:
        if lifetime == "EPHEMERAL":
            raise Refused(400, "InvalidParameter", "An ephemeral public IP needs a privateIpId")
        return
    making.body |= assigned(making.estate, private)
    if lifetime == "EPHEMERAL":
        making.facts["ephemeralOf"] = private


def assigned(estate: Estate, private: str) -> dict[str, str]:
    """What a public address shows once it is assigned to a private one.

    Raises:
        Refused: There is no such private one, or it has a public one (as the API's reference says
            of CreatePublicIp and UpdatePublicIp).
    """
    borne = estate.graph.find(private)
    if borne is None or borne.kind != "core.privateIps" or borne.going:
        raise not_found(private)
    others = estate.graph.of("core.publicIps")
    if any(each.body.get("assignedEntityId") == private for each in others):
        raise Refused(409, "Conflict", f"The private IP {private} has a public IP already")
    return assigned_to(private)


def assigned_to(private: str) -> dict[str, str]:
    """What a public address shows that is assigned to a private one."""
    return {
        "assignedEntityId": private,
        "assignedEntityType": "PRIVATE_IP",
        "lifecycleState": "ASSIGNED",
    }


SHAPES: Mapping[str, Shape] = {
    "core.vcns": _vcn,
    "core.subnets": _subnet,
    "core.vnics": _vnic,
    "core.privateIps": _private_ip,
    "core.publicIps": _public_ip,
    "core.internetGateways": _internet,
    "core.natGateways": _nat,
    "core.serviceGateways": _service,
    "core.localPeeringGateways": _peering,
    "core.drgAttachments": _drg_attachment,
    "core.routeTables": _route_table,
    "core.securityLists": _security_list,
    "core.networkSecurityGroups": _plain,
    "core.dhcps": _plain,
}
