"""A world's machines: instances, alone and in groups, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reaper.sandbox.gce.world.builder import Builder
from reaper.sandbox.gce.world.network import Network

_MACHINE = "e2-micro"


@dataclass(frozen=True, kw_only=True, slots=True)
class Machines:
    """What can serve: an instance, and the groups."""

    instance: str
    managed: str
    unmanaged: str


def add_machines(builder: Builder, network: Network) -> Machines:
    """Create an instance with two disks, a group of each sort, and what is made from disks."""
    instance = _add_instance(builder, network)
    _add_copies(builder, instance)
    unmanaged = builder.add(builder.zone, "instanceGroups", "unmanaged", network=network.network)
    builder.change(unmanaged, "addInstances", instances=[{"instance": builder.link(instance)}])
    managed = _add_managed_groups(builder, network)
    builder.add(
        builder.zone,
        "reservations",
        specificReservation={"count": "1", "instanceProperties": {"machineType": _MACHINE}},
    )
    return Machines(instance=instance, managed=managed, unmanaged=unmanaged)


def _boot(builder: Builder) -> dict[str, Any]:
    asked = {"sourceImage": "projects/debian-cloud/global/images/family/debian-12"}
    labels = {"labels": builder.labels} if builder.labels else {}
    return {"boot": True, "autoDelete": True, "initializeParams": {**asked, **labels}}


def _add_instance(builder: Builder, network: Network) -> str:
    data = builder.add(builder.zone, "disks", "data", sizeGb="1")
    address = builder.add(builder.region, "addresses", "instance")
    config = {"type": "ONE_TO_ONE_NAT", "natIP": builder.show(address)["address"]}
    path = builder.add(
        builder.zone,
        "instances",
        machineType=f"{builder.zone}/machineTypes/{_MACHINE}",
        disks=[_boot(builder), {"source": builder.link(data), "autoDelete": False}],
        networkInterfaces=[{"subnetwork": network.subnet, "accessConfigs": [config]}],
    )
    builder.see(f"{builder.zone}/disks/{builder.name}", "boot")
    return path


def _add_copies(builder: Builder, instance: str) -> None:
    free = builder.add(builder.zone, "disks", "free", sizeGb="1")
    builder.add(builder.region, "disks", "regional", sizeGb="1")
    builder.add("global", "snapshots", sourceDisk=builder.link(free))
    builder.add("global", "images", sourceDisk=builder.link(free))
    builder.add("global", "machineImages", sourceInstance=builder.link(instance))


def _add_managed_groups(builder: Builder, network: Network) -> str:
    properties = {
        "machineType": _MACHINE,
        "disks": [_boot(builder)],
        "networkInterfaces": [{"subnetwork": network.subnet}],
        **({"labels": builder.labels} if builder.labels else {}),
    }
    template = builder.link(builder.add("global", "instanceTemplates", properties=properties))
    check = builder.link(
        builder.add("global", "healthChecks", "healing", type="TCP", tcpHealthCheck={"port": 22})
    )
    groups = {}
    for place, part in ((builder.zone, "zonal"), (builder.region, "regional")):
        manager = builder.add(
            place,
            "instanceGroupManagers",
            part,
            instanceTemplate=template,
            targetSize=1,
            baseInstanceName=f"{builder.name}-{part}",
            autoHealingPolicies=[{"healthCheck": check, "initialDelaySec": 300}],
        )
        policy = {"minNumReplicas": 1, "maxNumReplicas": 1}
        builder.add(
            place, "autoscalers", part, target=builder.link(manager), autoscalingPolicy=policy
        )
        groups[part] = f"{place}/instanceGroups/{builder.name}-{part}"
        builder.see(groups[part], part)
        _see_members(builder, manager)
    return groups["zonal"]


def _see_members(builder: Builder, manager: str) -> None:
    asked = f"{builder.base}{manager}/listManagedInstances"
    for each in builder.rest.ask("POST", asked)["managedInstances"]:
        path = each["instance"].partition(f"/projects/{builder.project}/")[2]
        builder.see(path, "member")
        builder.see(path.replace("/instances/", "/disks/"), "member")
