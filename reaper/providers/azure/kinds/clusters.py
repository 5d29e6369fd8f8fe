"""AKS clusters, with the resource group that each keeps for its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.azure.ids import canonical
from reaper.providers.azure.kind import AzureKind, Items, Link, search
from reaper.providers.azure.names import CLUSTER
from reaper.providers.azure.reading import Reader

# Tags by which AKS, its agent pools and Kubernetes' own controllers mark what they make.
# https://learn.microsoft.com/azure/aks/use-tags
_MARKS = ("aks-managed-", "k8s-azure-", "kubernetes.io-created-for-")


def made_by_cluster(member: Mapping[str, Any]) -> bool:
    """Whether something in a cluster's own group bears the mark of what the cluster makes."""
    return any(str(key).lower().startswith(_MARKS) for key in member.get("tags") or ())


def _tell_nodes(reader: Reader, clusters: Items) -> None:
    """Tell which group a cluster keeps for its nodes: each names the other."""
    groups = reader.api.groups()
    for identity, cluster in clusters.items():
        name = search("properties.nodeResourceGroup", cluster)
        group = f"{reader.api.base}/resourcegroups/{name}".lower()
        manager = canonical(groups.get(group, {}).get("managedBy") or "")
        if name and group in groups and manager == identity:
            cluster["+takes"] = [group]
            cluster["+made"] = [group]


KINDS = (
    AzureKind(
        kind=Kind(
            name=CLUSTER,
            service="microsoft.containerservice",
            takes=timedelta(minutes=2),
            deadline=timedelta(hours=2),
        ),
        type="Microsoft.ContainerService/managedClusters",
        version="2026-08-01",
        incarnation="properties.resourceUID",
        created="systemData.createdAt",
        complete=(_tell_nodes,),
        links=(
            Link(Relation.USES, "properties.agentPoolProfiles[].vnetSubnetID"),
            Link(
                Relation.USES,
                "properties.networkProfile.natGatewayProfile.effectiveOutboundIPs[].id",
            ),
            Link(
                Relation.USES,
                "identity.userAssignedIdentities && keys(identity.userAssignedIdentities)",
            ),
        ),
        actions=("Microsoft.ContainerService/locations/operations/read",),
    ),
)
