"""What keeps what from going in Azure: the table of its dependency rules, and how it is said.

A rule without a source is believed: `believed.py` says what of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reaper.sandbox.kernel.rules import Bond, Rule

_TERRAFORM = "https://github.com/hashicorp/terraform-provider-azurerm/issues/"
_COMPUTE, _NETWORK = "microsoft.compute/", "microsoft.network/"
MACHINES = f"{_COMPUTE}virtualmachines"
SCALE_SETS = f"{_COMPUTE}virtualmachinescalesets"
DISKS = f"{_COMPUTE}disks"
INTERFACES = f"{_NETWORK}networkinterfaces"
ADDRESSES = f"{_NETWORK}publicipaddresses"
FIREWALLS = f"{_NETWORK}networksecuritygroups"
NETWORKS = f"{_NETWORK}virtualnetworks"
BALANCERS = f"{_NETWORK}loadbalancers"
NATS = f"{_NETWORK}natgateways"
ROUTES = f"{_NETWORK}routetables"
ENDPOINTS = f"{_NETWORK}privateendpoints"
ZONES = f"{_NETWORK}privatednszones"
ZONE_LINKS = f"{ZONES}/virtualnetworklinks"
IDENTITIES = "microsoft.managedidentity/userassignedidentities"
VAULTS = "microsoft.keyvault/vaults"
ACCOUNTS = "microsoft.storage/storageaccounts"
CONTAINERS = f"{ACCOUNTS}/blobservices/containers"
CLUSTERS = "microsoft.containerservice/managedclusters"
GALLERIES = f"{_COMPUTE}galleries"
GALLERY_IMAGES = f"{GALLERIES}/images"
GALLERY_VERSIONS = f"{GALLERY_IMAGES}/versions"

_SUBNET = "properties.ipConfigurations[].properties.subnet.id"


def _rule(name: str, kind: str, field: str, held: str, **more: Any) -> Rule:
    bond = more.pop("bond", Bond.PINS)
    return Rule(name=name, kind=kind, field=field, held=frozenset({held}), bond=bond, **more)


def _deletes(item: Mapping[str, Any]) -> bool:
    """Whether a machine's disk or interface is to go with it."""
    options = (item.get("deleteOption"), item.get("properties", {}).get("deleteOption"))
    return "Delete" in options


RULES = (
    _rule(
        "an interface of a machine stays",
        MACHINES,
        "properties.networkProfile.networkInterfaces[].id",
        INTERFACES,
        source="https://aka.ms/deletenic",
    ),
    _rule(
        "an interface goes with its machine where that says so",
        MACHINES,
        "properties.networkProfile.networkInterfaces[].id",
        INTERFACES,
        bond=Bond.TAKES,
        when=_deletes,
        source="https://learn.microsoft.com/azure/virtual-machines/delete",
    ),
    _rule(
        "a disk of a machine stays",
        MACHINES,
        "~disks[].id",
        DISKS,
        source="https://github.com/AutomatedLab/AutomatedLab/issues/646",
    ),
    _rule(
        "a disk goes with its machine where that says so",
        MACHINES,
        "~disks[].id",
        DISKS,
        bond=Bond.TAKES,
        when=_deletes,
        source="https://learn.microsoft.com/azure/virtual-machines/delete",
    ),
    _rule(
        "a machine goes with its flexible scale set",
        MACHINES,
        "properties.virtualMachineScaleSet.id",
        SCALE_SETS,
        bond=Bond.FOLLOWS,
    ),
    _rule(
        "an address of an interface stays",
        INTERFACES,
        "properties.ipConfigurations[].properties.publicIPAddress.id",
        ADDRESSES,
        source=f"{_TERRAFORM}688",
    ),
    _rule(
        "an address of a load balancer stays",
        BALANCERS,
        "properties.frontendIPConfigurations[].properties.publicIPAddress.id",
        ADDRESSES,
        source=f"{_TERRAFORM}688",
    ),
    _rule(
        "an address of a NAT gateway stays", NATS, "properties.publicIpAddresses[].id", ADDRESSES
    ),
    _rule(
        "a security group of an interface stays",
        INTERFACES,
        "properties.networkSecurityGroup.id",
        FIREWALLS,
        source="https://github.com/pulumi/pulumi-azure-native/issues/3051",
    ),
    _rule(
        "a security group of a subnet stays",
        NETWORKS,
        "properties.subnets[].properties.networkSecurityGroup.id",
        FIREWALLS,
        source="https://github.com/pulumi/pulumi-azure-native/issues/3051",
    ),
    _rule(
        "a security group of a scale set stays",
        SCALE_SETS,
        "~firewalls[]",
        FIREWALLS,
    ),
    _rule(
        "a route table of a subnet stays",
        NETWORKS,
        "properties.subnets[].properties.routeTable.id",
        ROUTES,
    ),
    _rule(
        "a NAT gateway of a subnet stays",
        NETWORKS,
        "properties.subnets[].properties.natGateway.id",
        NATS,
        source="https://github.com/Azure-Samples/Copilot-Studio-with-Azure-AI-Search/issues/62",
    ),
    _rule(
        "a network with interfaces stays",
        INTERFACES,
        _SUBNET,
        NETWORKS,
        source=f"{_TERRAFORM}334",
    ),
    _rule(
        "a network with internal load balancers stays",
        BALANCERS,
        "properties.frontendIPConfigurations[].properties.subnet.id",
        NETWORKS,
        source="https://github.com/kubernetes-sigs/cluster-api-provider-azure/issues/172",
    ),
    _rule("a network with scale sets stays", SCALE_SETS, "~subnets[]", NETWORKS),
    _rule(
        "a network with private endpoints stays",
        ENDPOINTS,
        "properties.subnet.id",
        NETWORKS,
    ),
    _rule(
        "a load balancer of a scale set stays",
        SCALE_SETS,
        "~pools[]",
        BALANCERS,
        source="https://github.com/microsoft/azure-pipelines-tasks/issues/11491",
    ),
    _rule(
        "an interface forgets a load balancer that goes",
        INTERFACES,
        "~pools[]",
        BALANCERS,
        bond=Bond.LISTS,
    ),
    _rule(
        "an interface of a private endpoint goes with it",
        ENDPOINTS,
        "properties.networkInterfaces[].id",
        INTERFACES,
        bond=Bond.TAKES,
        source="https://learn.microsoft.com/azure/private-link/manage-private-endpoint",
    ),
    _rule(
        "an interface of a private endpoint does not go alone",
        ENDPOINTS,
        "properties.networkInterfaces[].id",
        INTERFACES,
    ),
    _rule(
        "a zone with links stays",
        ZONE_LINKS,
        "~parent",
        ZONES,
        source="https://github.com/hashicorp/terraform-provider-azurerm/issues/6172",
    ),
    _rule("a gallery with images stays", GALLERY_IMAGES, "~parent", GALLERIES),
    _rule("a gallery image with versions stays", GALLERY_VERSIONS, "~parent", GALLERY_IMAGES),
    _rule("an immutable container keeps its account", CONTAINERS, "~account", ACCOUNTS),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Saying:
    """How Azure says that something is in use.

    Attributes:
        words: A sentence with `{thing}`, `{name}` and `{user}`.
    """

    status: int
    code: str
    words: str


_LATER = "Cannot delete resource while nested resources exist. Some existing nested resource IDs"
SAYINGS: Mapping[tuple[str, str], Saying] = {
    (INTERFACES, MACHINES): Saying(
        status=400,
        code="NicInUse",
        words="Network Interface {thing} is used by existing resource {user}. In order to delete"
        " the network interface, it must be dissociated from the resource. To learn more, see"
        " aka.ms/deletenic.",
    ),
    (INTERFACES, ENDPOINTS): Saying(
        status=400,
        code="CannotDeleteNetworkInterfaceAttachedToPrivateEndpoint",
        words="Network interface {thing} is attached to private endpoint {user}.",
    ),
    (DISKS, MACHINES): Saying(
        status=409, code="OperationNotAllowed", words="Disk {name} is attached to VM {user}."
    ),
    (FIREWALLS, ""): Saying(
        status=400,
        code="InUseNetworkSecurityGroupCannotBeDeleted",
        words="Network security group {thing} cannot be deleted because it is in use by the"
        " following resources: {user}. In order to delete the Network security group, remove the"
        " association with the resource(s). To learn how to do this, see aka.ms/deletensg.",
    ),
    (ROUTES, ""): Saying(
        status=400,
        code="InUseRouteTableCannotBeDeleted",
        words="Route table {name} is in use and cannot be deleted. {user}",
    ),
    (NATS, ""): Saying(
        status=400,
        code="CannotDeleteNatGatewayAssociatedToSubnet",
        words="NAT Gateway {thing} is still configured on 1 subnets. Remove NAT Gateway from all"
        " referenced subnets and then delete NAT Gateway.",
    ),
    (ADDRESSES, ""): Saying(
        status=400,
        code="PublicIPAddressCannotBeDeleted",
        words="Public IP address {thing} can not be deleted since it is still allocated to resource"
        " {user}. In order to delete the public IP, disassociate/detach the Public IP address from"
        " the resource. To learn how to do this, see aka.ms/deletepublicip.",
    ),
    (NETWORKS, ""): Saying(
        status=400,
        code="InUseSubnetCannotBeDeleted",
        words="Subnet default is in use by {user} and cannot be deleted. In order to delete the"
        " subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
    ),
    (BALANCERS, SCALE_SETS): Saying(
        status=400,
        code="LoadBalancerInUseByVirtualMachineScaleSet",
        words="Cannot delete load balancer {thing} since its child resources pool are in use by"
        " virtual machine scale set {user}.",
    ),
    (ACCOUNTS, CONTAINERS): Saying(
        status=409,
        code="StorageAccountHasImmutableContainers",
        words="The storage account {name} cannot be deleted because the container {user} has an"
        " active immutability policy or a legal hold.",
    ),
    ("", ""): Saying(status=409, code="CannotDeleteResource", words=_LATER + " include: '{user}'."),
}


def saying(held: str, by: str) -> Saying:
    """How it is said that something of one kind is held by something of another."""
    return SAYINGS.get((held, by)) or SAYINGS.get((held, "")) or SAYINGS["", ""]
