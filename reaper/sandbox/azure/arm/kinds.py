"""The types that the sandbox knows, and how each behaves in general."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Newer than any client knows, and not to be taken unasked.
PREVIEW = "2099-01-01-preview"


@dataclass(frozen=True, kw_only=True, slots=True)
class Type:
    """One resource type.

    Attributes:
        name: As Azure writes it.
        version: The API version of the SDK that its bodies are held to.
        at_once: It is deleted in the answer itself, not by an operation.
        polled: By which headers its deletion is followed.
        tracked: It has a location and tags, and stands in the lists of all resources.
        going: How its state is called while it is being deleted.
        etag: It has one.
        taken_on: A PUT of it is answered with 202, and followed as a deletion is.
    """

    name: str
    version: str
    at_once: bool = False
    polled: tuple[str, ...] = ("Azure-AsyncOperation", "Location")
    tracked: bool = True
    going: str = "Deleting"
    etag: bool = False
    taken_on: bool = False

    @property
    def kind(self) -> str:
        """In lower case."""
        return self.name.lower()

    @property
    def namespace(self) -> str:
        """As Azure writes it."""
        return self.name.partition("/")[0]

    @property
    def versions(self) -> tuple[str, ...]:
        """What the provider list says of it, newest first."""
        return (PREVIEW, self.version, "2018-06-01")


def _network(*names: str) -> tuple[Type, ...]:
    return tuple(
        Type(name=f"Microsoft.Network/{name}", version="2026-03-01", etag=True) for name in names
    )


_ALL = (
    Type(name="Microsoft.Compute/virtualMachines", version="2026-04-01"),
    Type(name="Microsoft.Compute/virtualMachineScaleSets", version="2026-04-01"),
    Type(name="Microsoft.Compute/images", version="2026-04-01"),
    Type(name="Microsoft.Compute/disks", version="2026-03-02", taken_on=True),
    Type(name="Microsoft.Compute/snapshots", version="2026-03-02", taken_on=True),
    Type(name="Microsoft.Compute/galleries", version="2026-03-03"),
    Type(name="Microsoft.Compute/galleries/images", version="2026-03-03"),
    Type(name="Microsoft.Compute/galleries/images/versions", version="2026-03-03"),
    *_network(
        "networkInterfaces",
        "publicIPAddresses",
        "networkSecurityGroups",
        "virtualNetworks",
        "loadBalancers",
        "natGateways",
        "routeTables",
        "privateEndpoints",
        "applicationGateways",
    ),
    Type(
        name="Microsoft.Network/privateDnsZones",
        version="2024-06-01",
        etag=True,
    ),
    Type(
        name="Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        version="2024-06-01",
        etag=True,
    ),
    Type(
        name="Microsoft.Storage/storageAccounts",
        version="2026-09-01",
        at_once=True,
        taken_on=True,
    ),
    Type(name="Microsoft.KeyVault/vaults", version="2026-05-15", at_once=True),
    Type(name="Microsoft.KeyVault/deletedVaults", version="2026-05-15", tracked=False),
    Type(name="Microsoft.KeyVault/locations/deletedVaults", version="2026-05-15", tracked=False),
    Type(
        name="Microsoft.ManagedIdentity/userAssignedIdentities",
        version="2024-11-30",
        at_once=True,
    ),
    Type(name="Microsoft.ContainerService/managedClusters", version="2026-08-01"),
    Type(name="Microsoft.Authorization/locks", version="2020-05-01", tracked=False, at_once=True),
    Type(
        name="Microsoft.Authorization/roleAssignments",
        version="2022-04-01",
        tracked=False,
        at_once=True,
    ),
    Type(name="Microsoft.Authorization/permissions", version="2022-04-01", tracked=False),
    Type(
        name="Microsoft.Storage/storageAccounts/blobServices/containers",
        version="2026-09-01",
        tracked=False,
        at_once=True,
    ),
    # What the sandbox knows nothing of but that it is there.
    Type(name="Microsoft.Insights/metricAlerts", version="2018-03-01", at_once=True),
    Type(name="Microsoft.Foo/bars", version="2025-01-01", polled=("Location",)),
    Type(name="Microsoft.Foo/bars/parts", version="2025-01-01", polled=("Location",)),
)

TYPES: Mapping[str, Type] = {each.kind: each for each in _ALL}
