"""A virtual network with what belongs to one."""

from __future__ import annotations

from dataclasses import dataclass

from reaper.sandbox.azure.world.builder import Builder

_NETWORK = "Microsoft.Network"


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """The IDs of what machines and services need of it."""

    id: str
    subnet: str
    plain_subnet: str
    firewall: str
    pool: str


def add_network(builder: Builder) -> Network:
    """Add a network with subnets, a security group, routes, a NAT gateway and a balancer."""
    firewall = builder.add(f"{_NETWORK}/networkSecurityGroups", {}, part="firewall")
    routes = builder.add(f"{_NETWORK}/routeTables", {"routes": []}, part="routes")
    outbound = _address(builder, "outbound")
    nat = builder.add(
        f"{_NETWORK}/natGateways",
        {"publicIpAddresses": [{"id": outbound}]},
        part="nat",
        sku={"name": "Standard"},
    )
    subnets = [
        {
            "name": "default",
            "properties": {
                "addressPrefix": "10.0.0.0/24",
                "networkSecurityGroup": {"id": firewall},
                "routeTable": {"id": routes},
                "natGateway": {"id": nat},
            },
        },
        {"name": "plain", "properties": {"addressPrefix": "10.0.1.0/24"}},
    ]
    network = builder.add(
        f"{_NETWORK}/virtualNetworks",
        {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets},
        part="network",
    )
    balancer = builder.add(
        f"{_NETWORK}/loadBalancers",
        {
            "frontendIPConfigurations": [
                {
                    "name": "public",
                    "properties": {"publicIPAddress": {"id": _address(builder, "inbound")}},
                }
            ],
            "backendAddressPools": [{"name": "pool"}],
        },
        part="balancer",
        sku={"name": "Standard"},
    )
    zone = builder.add(
        f"{_NETWORK}/privateDnsZones",
        {},
        part="zone",
        name=f"{builder.name}.internal",
        location="global",
    )
    builder.add(
        f"{_NETWORK}/privateDnsZones/virtualNetworkLinks",
        {"virtualNetwork": {"id": network}, "registrationEnabled": False},
        part="zone link",
        name=f"{zone.rpartition('/')[2]}/link",
        location="global",
    )
    return Network(
        id=network,
        subnet=f"{network}/subnets/default",
        plain_subnet=f"{network}/subnets/plain",
        firewall=firewall,
        pool=f"{balancer}/backendAddressPools/pool",
    )


def _address(builder: Builder, part: str) -> str:
    return builder.add(
        f"{_NETWORK}/publicIPAddresses",
        {"publicIPAllocationMethod": "Static"},
        part=f"{part}-ip",
        sku={"name": "Standard"},
    )
