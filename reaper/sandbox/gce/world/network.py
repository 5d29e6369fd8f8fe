"""A world's network: all that can stand in the way of its deletion, and a VPN of each sort."""

from __future__ import annotations

from dataclasses import dataclass

from reaper.sandbox.gce.world.builder import Builder

_SECRET = "not one"  # noqa: S105 - the sandbox does not care


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """Where the rest of the world stands."""

    network: str
    subnet: str


def add_network(builder: Builder) -> Network:
    """Create a network with a subnet, firewall rules, a route, a router with NAT, and VPNs."""
    network = builder.link(builder.add("global", "networks", autoCreateSubnetworks=False))
    subnet = builder.link(
        builder.add(builder.region, "subnetworks", network=network, ipCidrRange="10.0.0.0/24")
    )
    for part, port in (("ssh", "22"), ("cql", "9042")):
        allowed = [{"IPProtocol": "tcp", "ports": [port]}]
        builder.add("global", "firewalls", part, network=network, allowed=allowed)
    builder.add(
        "global",
        "routes",
        "outward",
        network=network,
        destRange="192.0.2.0/24",
        priority=1000,
        nextHopGateway="global/gateways/default-internet-gateway",
    )
    _add_router(builder, network, subnet)
    _add_classic_vpn(builder, network)
    _add_vpn(builder, network)
    builder.add("global", "addresses", "free")
    builder.add(builder.region, "addresses", "internal", addressType="INTERNAL", subnetwork=subnet)
    return Network(network=network, subnet=subnet)


def _add_router(builder: Builder, network: str, subnet: str) -> None:
    address = builder.link(builder.add(builder.region, "addresses", "nat"))
    nat = {
        "name": "nat",
        "natIpAllocateOption": "MANUAL_ONLY",
        "natIps": [address],
        "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS",
        "subnetworks": [{"name": subnet, "sourceIpRangesToNat": ["ALL_IP_RANGES"]}],
    }
    builder.add(builder.region, "routers", "nat", network=network, nats=[nat])


def _add_classic_vpn(builder: Builder, network: str) -> None:
    gateway = builder.add(builder.region, "targetVpnGateways", network=network)
    address = builder.link(builder.add(builder.region, "addresses", "vpn"))
    builder.add(
        builder.region,
        "forwardingRules",
        "vpn",
        target=gateway,
        IPAddress=address,
        IPProtocol="ESP",
    )
    tunnel = builder.add(
        builder.region,
        "vpnTunnels",
        "classic",
        targetVpnGateway=gateway,
        peerIp="192.0.2.1",
        sharedSecret=_SECRET,
    )
    builder.add(
        "global",
        "routes",
        "tunnel",
        network=network,
        destRange="198.51.100.0/24",
        priority=1000,
        nextHopVpnTunnel=tunnel,
    )


def _add_vpn(builder: Builder, network: str) -> None:
    gateway = builder.add(builder.region, "vpnGateways", network=network)
    peer = builder.add(
        "global",
        "externalVpnGateways",
        interfaces=[{"id": 0, "ipAddress": "192.0.2.2"}],
        redundancyType="SINGLE_IP_INTERNALLY_REDUNDANT",
    )
    router = builder.add(builder.region, "routers", "vpn", network=network, bgp={"asn": 64512})
    builder.add(
        builder.region,
        "vpnTunnels",
        "high",
        vpnGateway=gateway,
        vpnGatewayInterface=0,
        peerExternalGateway=peer,
        peerExternalGatewayInterface=0,
        router=router,
        sharedSecret=_SECRET,
    )
