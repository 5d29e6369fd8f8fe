"""Compute Engine: machines, their disks, and what they are made from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.gce.kind import Filter, GceKind, Guard, Items, Link, Place, Users, found
from reaper.providers.gce.links import target_of
from reaper.providers.gce.names import (
    CLUSTER,
    DISK,
    GROUP,
    GROUP_MANAGER,
    IMAGE,
    INSTANCE,
    MACHINE_IMAGE,
    RESERVATION,
    ROUTE,
    SNAPSHOT,
    TARGET_POOL,
    TEMPLATE,
)
from reaper.providers.gce.reading import Reader, read_time

# What is made by a machine's creation is made in the same moment.
_AT_CREATION = timedelta(seconds=30)
_OF_CLUSTER = "goog-k8s-cluster-"
# Who a machine is made by, as Compute writes it into its metadata.
_CREATED_BY = "metadata.items[?key=='created-by'].value"


def _tell_made(reader: Reader, machines: Items) -> None:
    """Tell which disks a machine was made with: those are derived from it.

    A disk that was there before and was attached with `autoDelete` is somebody's own.
    """
    sources = {
        key: [
            target.id
            for link in found("disks[?autoDelete].source", machine)
            if (target := target_of(str(link))) is not None and reader.names.is_own(target)
        ]
        for key, machine in machines.items()
    }
    wanted = list(dict.fromkeys(each for those in sources.values() for each in those))
    disks = reader.fetch(reader.kinds[DISK], wanted)
    reader.told.read_along({(DISK, key): disk for key, disk in disks.items.items()})
    for key, machine in machines.items():
        born = read_time(machine.get("creationTimestamp"))
        machine["+made"] = [
            each
            for each in sources[key]
            if each in disks.items
            and born is not None
            and (at := read_time(disks.items[each].get("creationTimestamp"))) is not None
            and abs(at - born) <= _AT_CREATION
        ]


def _tell_groups(reader: Reader, machines: Items) -> None:
    """Tell which groups a machine is a member of: it is taken out of them when it goes."""
    zones = {key.split("/")[1] for key in machines}
    members: dict[str, list[str]] = {}
    for zone in sorted(zones):
        path = reader.api.path(reader.kinds[INSTANCE], f"zones/{zone}/instances/-/referrers")

        def ask(path: str = path) -> list[Any]:
            return reader.api.all_of("compute", path, "items")

        for reference in reader.told.shared(path, ask):
            target = target_of(str(reference.get("target") or reference.get("reference") or ""))
            if target is not None:
                members.setdefault(target.id, []).append(str(reference["referrer"]))
    for key, machine in machines.items():
        machine["+groups"] = members.get(key, [])


def _tell_reserved(machine: dict[str, Any]) -> None:
    """Tell which reservations a machine asks for, as links."""
    affinity = machine.get("reservationAffinity") or {}
    where = str(machine.get("+id", "")).rpartition("/instances/")[0]
    machine["+reservations"] = [
        value if "/" in value else f"{where}/reservations/{value}"
        for value in affinity.get("values") or ()
    ]


def _tell_cluster(disk: dict[str, Any]) -> None:
    """Tell whose Kubernetes keeps a disk, as a link: it goes before the disks of its claims."""
    labels = disk.get("labels") or {}
    name, where = labels.get(f"{_OF_CLUSTER}name"), labels.get(f"{_OF_CLUSTER}location")
    disk["+cluster"] = f"locations/{where}/clusters/{name}" if name and where else None


KINDS = (
    GceKind(
        kind=Kind(
            name=INSTANCE,
            service="compute",
            after=(CLUSTER, GROUP_MANAGER, GROUP, ROUTE, TARGET_POOL),
        ),
        service="compute",
        collection="instances",
        places=(Place.ZONE,),
        # TERMINATED is Compute's word for stopped: such a machine is there, with its disks.
        state="status",
        refine=_tell_reserved,
        complete=(_tell_made, _tell_groups),
        guards=(Guard("deletionProtection", "deletion protection is on"),),
        links=(
            Link(Relation.TAKES, "disks[?autoDelete].source"),
            Link(Relation.MADE, '"+made"'),
            Link(Relation.USES, "disks[?!autoDelete].source"),
            Link(Relation.CONTROLLED_BY, _CREATED_BY, frozenset({GROUP_MANAGER})),
            Link(Relation.USED_BY, '"+groups"'),
            Link(Relation.USES, "networkInterfaces[].network"),
            Link(Relation.USES, "networkInterfaces[].subnetwork"),
            Link(Relation.USES, '"+reservations"'),
            Link(Relation.USES, "serviceAccounts[].email", form="serviceAccounts/{}"),
        ),
        users=(
            Users(kind=TARGET_POOL, of="instances[]"),
            Users(kind=ROUTE, of="nextHopInstance"),
        ),
        permissions=("compute.instances.listReferrers",),
    ),
    GceKind(
        kind=Kind(name=DISK, service="compute", after=(INSTANCE,)),
        service="compute",
        collection="disks",
        places=(Place.ZONE, Place.REGION),
        state="status",
        going=frozenset({"DELETING"}),
        guards=(
            Guard(
                "asyncSecondaryDisks && values(asyncSecondaryDisks) | [0]",
                "it is replicated to another disk",
            ),
        ),
        refine=_tell_cluster,
        links=(Link(Relation.USED_BY, "users"), Link(Relation.CONTROLLED_BY, '"+cluster"')),
        users=(Users(kind=TEMPLATE, of="properties.disks[].source"),),
    ),
    GceKind(
        kind=Kind(name=SNAPSHOT, service="compute"),
        service="compute",
        collection="snapshots",
        places=(Place.GLOBAL,),
        aggregated=False,
        state="status",
        going=frozenset({"DELETING"}),
        # Its data that later snapshots need moves into them; disks and images need it no more.
        users=(Users(kind=TEMPLATE, of="properties.disks[].initializeParams.sourceSnapshot"),),
    ),
    GceKind(
        kind=Kind(name=IMAGE, service="compute", after=(INSTANCE, TEMPLATE)),
        service="compute",
        collection="images",
        places=(Place.GLOBAL,),
        aggregated=False,
        state="status",
        going=frozenset({"DELETING"}),
        # Machines run on without it; what would start from it breaks silently.
        users=(
            Users(kind=TEMPLATE, of="properties.disks[].initializeParams.sourceImage"),
            Users(
                kind=TEMPLATE,
                of="properties.disks[].initializeParams.sourceImage",
                key="family && join('/', ['global/images/family', family])",
            ),
        ),
    ),
    GceKind(
        kind=Kind(name=MACHINE_IMAGE, service="compute"),
        service="compute",
        collection="machineImages",
        places=(Place.GLOBAL,),
        aggregated=False,
        state="status",
        going=frozenset({"DELETING"}),
    ),
    GceKind(
        kind=Kind(name=TEMPLATE, service="compute", after=(GROUP_MANAGER,)),
        service="compute",
        collection="instanceTemplates",
        places=(Place.GLOBAL, Place.REGION),
        # It has no labels of its own; those for its machines cannot be changed after its creation.
        filter=Filter.OURSELVES,
        labels="properties.labels",
        links=(
            Link(Relation.USES, "properties.networkInterfaces[].network"),
            Link(Relation.USES, "properties.networkInterfaces[].subnetwork"),
            Link(Relation.USES, "properties.disks[].initializeParams.sourceImage"),
            Link(Relation.USES, "properties.disks[].initializeParams.sourceSnapshot"),
            Link(Relation.USES, "properties.disks[].source"),
            Link(Relation.USES, "properties.serviceAccounts[].email", form="serviceAccounts/{}"),
        ),
        users=(
            Users(kind=GROUP_MANAGER, of="instanceTemplate"),
            Users(kind=GROUP_MANAGER, of="versions[].instanceTemplate"),
        ),
        noun={Place.REGION: "instanceTemplates"},
    ),
    GceKind(
        kind=Kind(name=RESERVATION, service="compute", after=(INSTANCE,), taggable=False),
        service="compute",
        collection="reservations",
        places=(Place.ZONE,),
        filter=Filter.NONE,
        labels=None,
        state="status",
        going=frozenset({"DELETING"}),
        guards=(Guard("commitment || linkedCommitments[0]", "a commitment to use is bound to it"),),
    ),
)
