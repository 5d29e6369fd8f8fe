"""The SDK's clients that are used, and by which resource-types policies speak of their things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One client of the SDK.

    Attributes:
        module: That has it, which is imported when it is first needed.
        name: Of the class.
    """

    module: str
    name: str


SERVICES: Mapping[str, Service] = {
    "compute": Service(module="oci.core", name="ComputeClient"),
    "pools": Service(module="oci.core", name="ComputeManagementClient"),
    "network": Service(module="oci.core", name="VirtualNetworkClient"),
    "storage": Service(module="oci.core", name="BlockstorageClient"),
    "balancers": Service(module="oci.load_balancer", name="LoadBalancerClient"),
    "network_balancers": Service(
        module="oci.network_load_balancer", name="NetworkLoadBalancerClient"
    ),
    "objects": Service(module="oci.object_storage", name="ObjectStorageClient"),
    "identity": Service(module="oci.identity", name="IdentityClient"),
    "vaults": Service(module="oci.key_management", name="KmsVaultClient"),
    "keys": Service(module="oci.key_management", name="KmsManagementClient"),
    "search": Service(module="oci.resource_search", name="ResourceSearchClient"),
    "work": Service(module="oci.work_requests", name="WorkRequestClient"),
}
# Who tells of the work requests that a client's deletions begin.
WORK: Mapping[str, str] = {
    "balancers": "balancers",
    "network_balancers": "network_balancers",
    "identity": "identity",
}
