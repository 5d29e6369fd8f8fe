"""Compute: machines, scale sets, disks and snapshots."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.azure.ids import canonical, read_id
from reaper.providers.azure.kind import AzureKind, Deed, Items, Link, search
from reaper.providers.azure.names import (
    BALANCER,
    CLUSTER,
    DISK,
    EXTENSION,
    MACHINE,
    SCALE_SET,
    SNAPSHOT,
)
from reaper.providers.azure.operations import settled, started
from reaper.providers.azure.reading import Reader, read_time
from reaper.providers.protocol import Answer, Reply

COMPUTE = "2026-04-01"
DISKS = "2026-03-02"
# What is made by a machine's creation is made in the same moment.
_AT_CREATION = timedelta(minutes=1)
_SAS = frozenset({"ActiveSAS", "ActiveSASFrozen", "ActiveUpload"})
# What a disk is made of by its machine; one that was attached was there before.
_MADE_WITH = frozenset({"FromImage", "Empty"})

_STORAGE = "properties.storageProfile"
_ASSIGNED = "identity.userAssignedIdentities && keys(identity.userAssignedIdentities)"
_SCALED = (
    "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].properties"
)
IMAGE_OF_SCALE_SET = "properties.virtualMachineProfile.storageProfile.imageReference.id"


def disks_of(machine: Any) -> list[dict[str, Any]]:
    """A machine's disks, as it describes them."""
    storage = (machine.get("properties") or {}).get("storageProfile") or {}
    told = [storage["osDisk"]] if storage.get("osDisk") else []
    return [*told, *(storage.get("dataDisks") or ())]


def _tell_made(reader: Reader, machines: Items) -> None:
    """Tell which disks and extensions a machine was made with: those are derived from it.

    A disk that was there before and was attached is somebody's own, also where it goes along.
    """
    for identity, machine in machines.items():
        at = read_id(identity)
        members = reader.api.members(at.group) if at is not None and at.group else {}
        born = read_time(members.get(identity, {}).get("createdTime"))
        made = [each for each in members if _is_extension(each, identity)]
        for disk in disks_of(machine):
            link = canonical((disk.get("managedDisk") or {}).get("id") or "")
            there = members.get(link)
            if there is None or born is None or disk.get("createOption") not in _MADE_WITH:
                continue
            at_birth = read_time(there.get("createdTime"))
            own = canonical(there.get("managedBy") or identity) == identity
            if own and at_birth is not None and abs(at_birth - born) <= _AT_CREATION:
                made.append(link)
        machine["+made"] = made


def _is_extension(identity: str, machine: str) -> bool:
    at = read_id(identity)
    return at is not None and at.kind == EXTENSION and identity.startswith(f"{machine}/")


def _tell_instances(reader: Reader, scale_sets: Items) -> None:
    """Tell which machines a flexible scale set has: they go with it."""
    for identity, scale_set in scale_sets.items():
        if search("properties.orchestrationMode", scale_set) != "Flexible":
            continue
        at = read_id(identity)
        where = reader.api.base if at is None or at.group is None else reader.api.spelt(at.group)
        path = f"{where}/providers/Microsoft.Compute/virtualMachines"
        scale_set["+takes"] = [
            each["id"]
            for each in reader.api.all_of(path, reader.api.version(MACHINE, COMPUTE))
            if canonical(search("properties.virtualMachineScaleSet.id", each) or "") == identity
        ]


def revoke(deed: Deed) -> Answer | None:
    """Revoke shared access signatures, which keep a disk or a snapshot from going."""
    return revoke_of(deed, deed.ref.id, deed.item)


def revoke_of(deed: Deed, identity: str, item: Any) -> Answer | None:
    """Revoke those of one disk or snapshot, if it has any; None: it has none any more."""
    if search("properties.diskState", item) not in _SAS:
        return None
    at = read_id(identity)
    kind = at.kind if at is not None else DISK
    answer = deed.compute.revoke_access(identity, deed.api.version(kind, DISKS))
    doing = f"revoking the access signatures of {identity}"
    ended = settled(deed.api.connection, started(deed.api.connection, answer, doing=doing))
    return None if ended.reply in {Reply.DONE, Reply.ABSENT} else ended


def _delete_machine(deed: Deed) -> Answer:
    version = deed.api.version(MACHINE, COMPUTE)
    answer = deed.compute.delete_machine(deed.ref.id, version, force=deed.force)
    return started(deed.api.connection, answer, doing=f"deleting {deed.ref.id}")


def _delete_scale_set(deed: Deed) -> Answer:
    version = deed.api.version(SCALE_SET, COMPUTE)
    answer = deed.compute.delete_scale_set(deed.ref.id, version, force=deed.force)
    return started(deed.api.connection, answer, doing=f"deleting {deed.ref.id}")


_OPERATIONS = ("Microsoft.Compute/locations/operations/read",)

KINDS = (
    AzureKind(
        kind=Kind(
            name=SCALE_SET,
            service="microsoft.compute",
            after=(CLUSTER,),
            takes=timedelta(seconds=20),
        ),
        type="Microsoft.Compute/virtualMachineScaleSets",
        version=COMPUTE,
        incarnation="properties.uniqueId",
        created="properties.timeCreated",
        complete=(_tell_instances,),
        links=(
            Link(Relation.USES, f"{_SCALED}.networkSecurityGroup.id"),
            Link(Relation.USES, f"{_SCALED}.ipConfigurations[].properties.subnet.id"),
            Link(
                Relation.USES,
                f"{_SCALED}.ipConfigurations[].properties.loadBalancerBackendAddressPools[].id",
                frozenset({BALANCER}),
            ),
            # They serve by it: somebody else's would lose it.
            Link(
                Relation.ALTERS,
                f"{_SCALED}.ipConfigurations[].properties.loadBalancerBackendAddressPools[].id",
            ),
            Link(
                Relation.ALTERS,
                f"{_SCALED}.ipConfigurations[].properties"
                ".applicationGatewayBackendAddressPools[].id",
            ),
            Link(Relation.USES, IMAGE_OF_SCALE_SET),
            Link(Relation.USES, _ASSIGNED),
        ),
        delete=_delete_scale_set,
        actions=(*_OPERATIONS, "Microsoft.Compute/virtualMachines/read"),
    ),
    AzureKind(
        kind=Kind(
            name=MACHINE,
            service="microsoft.compute",
            after=(CLUSTER, SCALE_SET),
            takes=timedelta(seconds=20),
        ),
        type="Microsoft.Compute/virtualMachines",
        version=COMPUTE,
        incarnation="properties.vmId",
        created="properties.timeCreated",
        complete=(_tell_made,),
        nested=Relation.TAKES,
        links=(
            Link(
                Relation.TAKES,
                f"[{_STORAGE}.osDisk][?deleteOption=='Delete'].managedDisk.id",
            ),
            Link(Relation.TAKES, f"{_STORAGE}.dataDisks[?deleteOption=='Delete'].managedDisk.id"),
            Link(
                Relation.TAKES,
                "properties.networkProfile.networkInterfaces"
                "[?properties.deleteOption=='Delete'].id",
            ),
            Link(Relation.USES, f"[{_STORAGE}.osDisk][?deleteOption!='Delete'].managedDisk.id"),
            Link(Relation.USES, f"{_STORAGE}.dataDisks[?deleteOption!='Delete'].managedDisk.id"),
            Link(
                Relation.USES,
                "properties.networkProfile.networkInterfaces"
                "[?properties.deleteOption!='Delete'].id",
            ),
            Link(Relation.USES, "properties.availabilitySet.id"),
            Link(Relation.USES, "properties.proximityPlacementGroup.id"),
            Link(Relation.USES, _ASSIGNED),
            Link(Relation.CONTROLLED_BY, "properties.virtualMachineScaleSet.id"),
        ),
        delete=_delete_machine,
        actions=_OPERATIONS,
    ),
    AzureKind(
        kind=Kind(name=DISK, service="microsoft.compute", after=(MACHINE, SCALE_SET)),
        type="Microsoft.Compute/disks",
        version=DISKS,
        incarnation="properties.uniqueId",
        created="properties.timeCreated",
        links=(
            Link(Relation.USED_BY, "managedBy"),
            Link(Relation.USED_BY, "managedByExtended[]"),
            Link(Relation.USES, "properties.encryption.diskEncryptionSetId"),
            Link(Relation.USES, "properties.diskAccessId"),
        ),
        before=(revoke,),
        actions=_OPERATIONS,
        changes=("Microsoft.Compute/disks/endGetAccess/action",),
    ),
    AzureKind(
        # Nobody needs it any more: disks that were made from it have its data.
        kind=Kind(name=SNAPSHOT, service="microsoft.compute"),
        type="Microsoft.Compute/snapshots",
        version=DISKS,
        incarnation="properties.uniqueId",
        created="properties.timeCreated",
        links=(
            Link(Relation.USES, "properties.encryption.diskEncryptionSetId"),
            Link(Relation.USES, "properties.diskAccessId"),
        ),
        before=(revoke,),
        actions=_OPERATIONS,
        changes=("Microsoft.Compute/snapshots/endGetAccess/action",),
    ),
)
