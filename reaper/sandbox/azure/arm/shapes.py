"""What Azure adds to a resource when it is put, and what comes into being along with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reaper.sandbox.azure.arm import rules
from reaper.sandbox.azure.arm.ids import Target
from reaper.sandbox.azure.estate import Estate

Body = dict[str, Any]


@dataclass(kw_only=True, slots=True)
class Draft:
    """A resource that is about to be put.

    Attributes:
        body: As it was asked for; it is completed.
        facts: What the rules read, and is not shown.
        before: What comes into being before it: type, ID and body.
        fresh: It was not there before.
        old: What it was before.
    """

    estate: Estate
    target: Target
    body: Body
    fresh: bool
    old: Body = field(default_factory=dict)
    facts: Body = field(default_factory=dict)
    before: list[tuple[str, str, Body]] = field(default_factory=list)

    @property
    def properties(self) -> Body:
        """The resource's own part."""
        found: Body = self.body.setdefault("properties", {})
        return found

    def beside(self, kind: str, name: str) -> str:
        """The ID of something in the same group."""
        return f"{self.target.scope}/providers/{kind}/{name}"

    def kept(self, key: str, fresh: Any) -> None:
        """Give a property that never changes."""
        self.properties[key] = self.old.get("properties", {}).get(key, fresh)


def shaped(draft: Draft) -> Draft:
    """Complete a draft."""
    shape = _SHAPES.get(draft.target.kind)
    if shape is not None:
        shape(draft)
    draft.properties.setdefault("provisioningState", "Succeeded")
    return draft


def _machine(draft: Draft) -> None:
    estate = draft.estate
    draft.kept("vmId", estate.guid())
    draft.kept("timeCreated", estate.now())
    storage = draft.properties.setdefault("storageProfile", {})
    disks = []
    for number, disk in enumerate(_disks(storage)):
        if "managedDisk" not in disk or "id" not in disk["managedDisk"]:
            name = disk.get("name") or f"{draft.target.name}_disk{number}_{estate.guid()[:8]}"
            disk["name"] = name
            made = draft.beside("Microsoft.Compute/disks", name)
            disk["managedDisk"] = {**disk.get("managedDisk", {}), "id": made}
            empty: Body = {
                "location": draft.body["location"],
                "properties": {
                    "creationData": {"createOption": disk.get("createOption", "Empty")},
                    "diskSizeGB": disk.get("diskSizeGB", 30),
                },
            }
            draft.before.append(("microsoft.compute/disks", made, empty))
        disks.append({"id": disk["managedDisk"]["id"], "deleteOption": disk.get("deleteOption")})
    draft.facts["disks"] = disks
    _identity(draft)


def _disks(storage: Body) -> Iterator[Body]:
    if "osDisk" in storage:
        storage["osDisk"].setdefault("deleteOption", "Detach")
        yield storage["osDisk"]
    for disk in storage.get("dataDisks", ()):
        disk.setdefault("deleteOption", "Detach")
        yield disk


def _scale_set(draft: Draft) -> None:
    estate = draft.estate
    draft.kept("uniqueId", estate.guid())
    draft.kept("timeCreated", estate.now())
    draft.properties.setdefault("orchestrationMode", "Uniform")
    profile = draft.properties.get("virtualMachineProfile", {}).get("networkProfile", {})
    subnets, pools, firewalls = [], [], []
    for interface in profile.get("networkInterfaceConfigurations", ()):
        firewalls += _ids([interface["properties"].get("networkSecurityGroup")])
        for address in interface["properties"].get("ipConfigurations", ()):
            subnets += _ids([address["properties"].get("subnet")])
            pools += _ids(address["properties"].get("loadBalancerBackendAddressPools", ()))
    draft.facts |= {"subnets": subnets, "pools": pools, "firewalls": firewalls}
    _identity(draft)


def _disk(draft: Draft) -> None:
    draft.kept("uniqueId", draft.estate.guid())
    draft.kept("timeCreated", draft.estate.now())
    draft.kept("diskState", "Unattached")


def _interface(draft: Draft) -> None:
    draft.kept("resourceGuid", draft.estate.guid())
    pools: list[str] = []
    for number, each in enumerate(draft.properties.get("ipConfigurations", ())):
        each.setdefault("name", f"ipconfig{number + 1}")
        each["id"] = f"{draft.target.id}/ipConfigurations/{each['name']}"
        inner = each.setdefault("properties", {})
        inner.setdefault("privateIPAddress", draft.estate.address(internal=True))
        inner.setdefault("provisioningState", "Succeeded")
        pools += _ids(inner.get("loadBalancerBackendAddressPools", ()))
        pools += _ids(inner.get("loadBalancerInboundNatRules", ()))
    draft.facts["pools"] = pools


def _address(draft: Draft) -> None:
    draft.kept("resourceGuid", draft.estate.guid())
    draft.kept("ipAddress", draft.estate.address(internal=False))
    draft.properties.setdefault("publicIPAllocationMethod", "Static")


def _guided(draft: Draft) -> None:
    draft.kept("resourceGuid", draft.estate.guid())


def _virtual_network(draft: Draft) -> None:
    _guided(draft)
    for subnet in draft.properties.setdefault("subnets", []):
        subnet["id"] = f"{draft.target.id}/subnets/{subnet['name']}"
        subnet.setdefault("properties", {}).setdefault("provisioningState", "Succeeded")
    for peering in draft.properties.get("virtualNetworkPeerings", ()):
        peering["id"] = f"{draft.target.id}/virtualNetworkPeerings/{peering['name']}"
        peering["properties"].setdefault("peeringState", "Connected")


def _balancer(draft: Draft) -> None:
    _guided(draft)
    for part in ("frontendIPConfigurations", "backendAddressPools", "inboundNatRules"):
        for each in draft.properties.setdefault(part, []):
            each["id"] = f"{draft.target.id}/{part}/{each['name']}"
            each.setdefault("properties", {}).setdefault("provisioningState", "Succeeded")


def _endpoint(draft: Draft) -> None:
    old = draft.old.get("properties", {}).get("networkInterfaces")
    if old:
        draft.properties["networkInterfaces"] = old
        return
    name = f"{draft.target.name}.nic.{draft.estate.guid()}"
    made = draft.beside("Microsoft.Network/networkInterfaces", name)
    draft.properties["networkInterfaces"] = [{"id": made}]
    inner = {"subnet": draft.properties["subnet"], "privateIPAllocationMethod": "Dynamic"}
    body: Body = {
        "location": draft.body["location"],
        "properties": {"ipConfigurations": [{"name": "privateEndpoint", "properties": inner}]},
    }
    draft.before.append((rules.INTERFACES, made, body))
    for each in draft.properties.get("privateLinkServiceConnections", ()):
        state = {"status": "Approved", "description": "Auto-Approved", "actionsRequired": "None"}
        each["properties"].setdefault("privateLinkServiceConnectionState", state)


def _zone(draft: Draft) -> None:
    draft.kept("internalId", draft.estate.guid())
    draft.properties.setdefault("numberOfRecordSets", 1)


def _nested(draft: Draft) -> None:
    draft.facts["parent"] = draft.target.id.rsplit("/", 2)[0]


def _version(draft: Draft) -> None:
    _nested(draft)
    old = draft.old.get("properties", {}).get("publishingProfile", {})
    profile = draft.properties.setdefault("publishingProfile", {})
    profile["publishedDate"] = old.get("publishedDate", draft.estate.now())


def _account(draft: Draft) -> None:
    draft.kept("creationTime", draft.estate.now())
    name = draft.target.name
    draft.properties["primaryLocation"] = draft.body["location"]
    draft.properties["primaryEndpoints"] = {"blob": f"https://{name}.blob.core.windows.net/"}


def _vault(draft: Draft) -> None:
    _dated(draft)
    draft.properties.setdefault("enableSoftDelete", True)
    draft.properties.setdefault("softDeleteRetentionInDays", 90)
    draft.properties["vaultUri"] = f"https://{draft.target.name}.vault.azure.net/"
    draft.properties["provisioningState"] = "Succeeded"


def _assigned(draft: Draft) -> None:
    draft.kept("principalId", draft.estate.guid())
    draft.kept("clientId", draft.estate.guid())
    draft.kept("tenantId", draft.estate.tenant)
    draft.facts["not_provisioned"] = True


def _dated(draft: Draft) -> None:
    created = draft.old.get("systemData", {}).get("createdAt", draft.estate.now())
    draft.body["systemData"] = {
        "createdBy": "tests@example.com",
        "createdByType": "User",
        "createdAt": created,
        "lastModifiedAt": draft.estate.now(),
    }


def _cluster(draft: Draft) -> None:
    _dated(draft)
    estate, target = draft.estate, draft.target
    draft.kept("resourceUID", estate.guid().replace("-", ""))
    draft.kept("nodeResourceGroup", f"MC_{target.group}_{target.name}_{draft.body['location']}")
    draft.properties.setdefault("powerState", {"code": "Running"})


def _identity(draft: Draft) -> None:
    """Fill in what a user-assigned identity tells of itself."""
    given = draft.body.get("identity", {})
    for link in given.get("userAssignedIdentities", {}):
        node = draft.estate.graph.find(link.lower())
        if node is not None:
            own = node.body["properties"]
            given["userAssignedIdentities"][link] = {
                key: own[key] for key in ("principalId", "clientId")
            }


def _ids(references: Any) -> list[str]:
    return [each["id"] for each in references if each and each.get("id")]


_SHAPES: Mapping[str, Callable[[Draft], None]] = {
    rules.MACHINES: _machine,
    rules.SCALE_SETS: _scale_set,
    rules.DISKS: _disk,
    "microsoft.compute/snapshots": _disk,
    rules.INTERFACES: _interface,
    rules.ADDRESSES: _address,
    rules.FIREWALLS: _guided,
    rules.NETWORKS: _virtual_network,
    rules.BALANCERS: _balancer,
    rules.NATS: _guided,
    rules.ROUTES: _guided,
    rules.ENDPOINTS: _endpoint,
    rules.ZONES: _zone,
    rules.ZONE_LINKS: _nested,
    rules.GALLERY_IMAGES: _nested,
    rules.GALLERY_VERSIONS: _version,
    rules.ACCOUNTS: _account,
    rules.VAULTS: _vault,
    rules.IDENTITIES: _assigned,
    rules.CLUSTERS: _cluster,
    "microsoft.foo/bars": _dated,
}
