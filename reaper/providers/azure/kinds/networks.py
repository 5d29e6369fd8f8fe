"""Network: interfaces, addresses, rules, networks, balancers, private endpoints and zones."""

from __future__ import annotations

from reaper.model import Kind, Relation
from reaper.providers.azure.ids import canonical
from reaper.providers.azure.kind import AzureKind, Items, Link, found, search
from reaper.providers.azure.names import (
    ADDRESS,
    BALANCER,
    CLUSTER,
    ENDPOINT,
    FIREWALL,
    INTERFACE,
    MACHINE,
    NAT,
    NETWORK,
    ROUTES,
    SCALE_SET,
    ZONE,
    ZONE_LINK,
)
from reaper.providers.azure.reading import Reader

VERSION = "2026-03-01"
_DNS = "2024-06-01"
_GUID = "properties.resourceGuid"
_IP = "properties.ipConfigurations[].properties"
_FRONT = "properties.frontendIPConfigurations[].properties"
_SUBNETS = "properties.subnets[].properties"
_MEMBERS = "properties.backendAddressPools[].properties.backendIPConfigurations[].id"
_RULED = "properties.inboundNatRules[].properties.backendIPConfiguration.id"
_OPERATIONS = (
    "Microsoft.Network/locations/operations/read",
    "Microsoft.Network/locations/operationResults/read",
)


def _tell_addresses(reader: Reader, interfaces: Items) -> None:
    """Tell which addresses go with an interface: those whose own option says so."""
    links = {
        identity: [canonical(each) for each in found(f"{_IP}.publicIPAddress.id", interface)]
        for identity, interface in interfaces.items()
    }
    wanted = dict.fromkeys((ADDRESS, each) for those in links.values() for each in those)
    addresses = reader.fetch(key for key in wanted if key[1].startswith(f"{reader.api.base}/"))
    for identity, those in links.items():
        for each in those:
            if each in addresses.failed:
                why = f"whether {each} goes with it cannot be told: {addresses.failed[each]}"
                interfaces[identity].setdefault("+unread", why)
            elif search("properties.deleteOption", addresses.items.get(each)) == "Delete":
                interfaces[identity].setdefault("+takes", []).append(each)


def _network(name: str, noun: str, *after: str, links: tuple[Link, ...]) -> AzureKind:
    return AzureKind(
        kind=Kind(name=name, service="microsoft.network", after=after),
        type=f"Microsoft.Network/{noun}",
        version=VERSION,
        incarnation=_GUID,
        links=links,
        actions=_OPERATIONS,
    )


KINDS = (
    AzureKind(
        kind=Kind(
            name=ENDPOINT, service="microsoft.network", after=(CLUSTER, MACHINE), reused=True
        ),
        type="Microsoft.Network/privateEndpoints",
        version=VERSION,
        links=(
            # Its interfaces are made with it, live for it alone, and go with it.
            Link(Relation.TAKES, "properties.networkInterfaces[].id"),
            Link(Relation.MADE, "properties.networkInterfaces[].id"),
            Link(Relation.USES, "properties.subnet.id"),
            Link(
                Relation.USES,
                "properties.privateLinkServiceConnections[].properties.privateLinkServiceId",
            ),
            Link(
                Relation.USES,
                "properties.manualPrivateLinkServiceConnections[].properties.privateLinkServiceId",
            ),
        ),
        actions=_OPERATIONS,
    ),
    AzureKind(
        kind=Kind(name=INTERFACE, service="microsoft.network", after=(MACHINE, ENDPOINT)),
        type="Microsoft.Network/networkInterfaces",
        version=VERSION,
        incarnation=_GUID,
        complete=(_tell_addresses,),
        links=(
            Link(Relation.USED_BY, "properties.virtualMachine.id"),
            Link(Relation.CONTROLLED_BY, "properties.privateEndpoint.id"),
            Link(Relation.USED_BY, "properties.privateLinkService.id"),
            # A balancer or a gateway serves by it: somebody else's would lose it.
            Link(Relation.USED_BY, f"{_IP}.loadBalancerBackendAddressPools[].id"),
            Link(Relation.USED_BY, f"{_IP}.loadBalancerInboundNatRules[].id"),
            Link(Relation.USED_BY, f"{_IP}.applicationGatewayBackendAddressPools[].id"),
            Link(Relation.USES, f"{_IP}.subnet.id"),
            Link(Relation.USES, f"{_IP}.publicIPAddress.id"),
            Link(Relation.USES, f"{_IP}.applicationSecurityGroups[].id"),
            Link(Relation.USES, "properties.networkSecurityGroup.id"),
        ),
        actions=(*_OPERATIONS, "Microsoft.Network/publicIPAddresses/read"),
    ),
    _network(
        BALANCER,
        "loadBalancers",
        CLUSTER,
        SCALE_SET,
        links=(
            Link(Relation.USED_BY, _MEMBERS, but=frozenset({INTERFACE})),
            # It is struck from the interfaces that it serves by.
            Link(Relation.ALTERS, _MEMBERS, frozenset({INTERFACE})),
            Link(Relation.USED_BY, _RULED, but=frozenset({INTERFACE})),
            Link(Relation.ALTERS, _RULED, frozenset({INTERFACE})),
            Link(Relation.USES, f"{_FRONT}.publicIPAddress.id"),
            Link(Relation.USES, f"{_FRONT}.subnet.id"),
        ),
    ),
    _network(
        NETWORK,
        "virtualNetworks",
        CLUSTER,
        SCALE_SET,
        BALANCER,
        INTERFACE,
        ENDPOINT,
        ZONE_LINK,
        links=(
            Link(Relation.USED_BY, f"{_SUBNETS}.ipConfigurations[].id"),
            Link(Relation.USED_BY, f"{_SUBNETS}.privateEndpoints[].id"),
            Link(Relation.USED_BY, f"{_SUBNETS}.applicationGatewayIPConfigurations[].id"),
            Link(Relation.USED_BY, f"{_SUBNETS}.serviceAssociationLinks[].properties.link"),
            Link(Relation.USED_BY, f"{_SUBNETS}.resourceNavigationLinks[].properties.link"),
            # The other end of a peering is left disconnected.
            Link(
                Relation.ALTERS,
                "properties.virtualNetworkPeerings[].properties.remoteVirtualNetwork.id",
            ),
            Link(Relation.USES, f"{_SUBNETS}.networkSecurityGroup.id"),
            Link(Relation.USES, f"{_SUBNETS}.routeTable.id"),
            Link(Relation.USES, f"{_SUBNETS}.natGateway.id"),
        ),
    ),
    _network(
        NAT,
        "natGateways",
        NETWORK,
        links=(
            Link(Relation.USED_BY, "properties.subnets[].id"),
            Link(Relation.USES, "properties.publicIpAddresses[].id"),
            Link(Relation.USES, "properties.publicIpPrefixes[].id"),
        ),
    ),
    _network(
        ADDRESS,
        "publicIPAddresses",
        INTERFACE,
        BALANCER,
        NAT,
        links=(
            Link(Relation.USED_BY, "properties.ipConfiguration.id"),
            Link(Relation.USED_BY, "properties.natGateway.id"),
            Link(Relation.USES, "properties.publicIPPrefix.id"),
        ),
    ),
    _network(
        FIREWALL,
        "networkSecurityGroups",
        INTERFACE,
        NETWORK,
        links=(
            Link(Relation.USED_BY, "properties.networkInterfaces[].id"),
            Link(Relation.USED_BY, "properties.subnets[].id"),
        ),
    ),
    _network(
        ROUTES,
        "routeTables",
        NETWORK,
        links=(Link(Relation.USED_BY, "properties.subnets[].id"),),
    ),
    AzureKind(
        kind=Kind(name=ZONE_LINK, service="microsoft.network", reused=True),
        type="Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        version=_DNS,
        links=(Link(Relation.USES, "properties.virtualNetwork.id"),),
        actions=("Microsoft.Network/privateDnsOperationStatuses/read",),
    ),
    AzureKind(
        kind=Kind(name=ZONE, service="microsoft.network", after=(ZONE_LINK, ENDPOINT)),
        type="Microsoft.Network/privateDnsZones",
        version=_DNS,
        incarnation="properties.internalId",
        nested=Relation.USED_BY,
        actions=("Microsoft.Network/privateDnsOperationStatuses/read",),
    ),
)
