"""AKS: what a cluster makes for itself in a resource group of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reaper.sandbox.azure.arm.ids import GROUP, Target, target
from reaper.sandbox.azure.estate import Estate
from reaper.sandbox.kernel.graph import Node

Make = Callable[[Target, dict[str, Any]], Node]


def make_node_group(estate: Estate, cluster: Node, make: Make) -> None:
    """Make a cluster's own group, with what its nodes and its network are made of.

    All but what Kubernetes itself makes bears the cluster's tags:
    https://learn.microsoft.com/azure/aks/use-tags
    """
    subscription = cluster.path.split("/")[2]
    name = cluster.body["properties"]["nodeResourceGroup"]
    scope = f"/subscriptions/{subscription}/resourceGroups/{name}"
    own = {
        "aks-managed-cluster-name": cluster.body["name"],
        "aks-managed-cluster-rg": cluster.path.split("/")[4],
    }
    tags = {**cluster.body.get("tags", {}), **own}
    where = cluster.body["location"]
    group = {
        "id": scope,
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": where,
        "managedBy": cluster.body["id"],
        "tags": tags,
        "properties": {"provisioningState": "Succeeded"},
    }
    estate.add(GROUP, scope, group)

    def add(kind: str, thing: str, body: dict[str, Any], **more: Any) -> str:
        identity = f"{scope}/providers/{kind}/{thing}"
        whole = {"location": where, "tags": tags, **more, "properties": body}
        return str(make(target(identity), whole).body["id"])

    firewall = add("Microsoft.Network/networkSecurityGroups", "aks-agentpool-nsg", {})
    routes = add("Microsoft.Network/routeTables", "aks-agentpool-routetable", {"routes": []})
    subnet = {
        "addressPrefix": "10.224.0.0/16",
        "networkSecurityGroup": {"id": firewall},
        "routeTable": {"id": routes},
    }
    network = add(
        "Microsoft.Network/virtualNetworks",
        "aks-vnet",
        {
            "addressSpace": {"addressPrefixes": ["10.224.0.0/12"]},
            "subnets": [{"name": "aks-subnet", "properties": subnet}],
        },
    )
    address = add("Microsoft.Network/publicIPAddresses", "aks-outbound", {})
    front = {"publicIPAddress": {"id": address}}
    balancer = add(
        "Microsoft.Network/loadBalancers",
        "kubernetes",
        {
            "frontendIPConfigurations": [{"name": "outbound", "properties": front}],
            "backendAddressPools": [{"name": "aksOutboundBackendPool"}],
        },
    )
    add("Microsoft.ManagedIdentity/userAssignedIdentities", f"{cluster.body['name']}-agentpool", {})
    inner = {
        "subnet": {"id": f"{network}/subnets/aks-subnet"},
        "loadBalancerBackendAddressPools": [
            {"id": f"{balancer}/backendAddressPools/aksOutboundBackendPool"}
        ],
    }
    interface = {"primary": True, "ipConfigurations": [{"name": "ip", "properties": inner}]}
    profile = {
        "networkProfile": {
            "networkInterfaceConfigurations": [{"name": "nic", "properties": interface}]
        }
    }
    add(
        "Microsoft.Compute/virtualMachineScaleSets",
        "aks-nodepool1-vmss",
        {"virtualMachineProfile": profile, "singlePlacementGroup": False},
    )
    claimed = {
        "kubernetes.io-created-for-pvc-name": "data",
        "kubernetes.io-created-for-pv-name": "pvc-1",
    }
    disk = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    identity = f"{scope}/providers/Microsoft.Compute/disks/pvc-1"
    make(target(identity), {"location": where, "tags": claimed, "properties": disk})
