"""Compute Engine: groups of machines, who keeps them up, and who scales them."""

from __future__ import annotations

from datetime import timedelta

from reaper.model import Kind, Relation
from reaper.providers.gce.api import at_once
from reaper.providers.gce.kind import Deed, Filter, GceKind, Items, Link, Place, Users
from reaper.providers.gce.names import (
    AUTOSCALER,
    BACKEND_SERVICE,
    CLUSTER,
    GROUP,
    GROUP_MANAGER,
)
from reaper.providers.gce.operations import started
from reaper.providers.gce.reading import Reader
from reaper.providers.protocol import Answer, Reply


def _tell_members(reader: Reader, managers: Items) -> None:
    """Tell which machines a group keeps up, with their immutable IDs."""
    kind = reader.kinds[GROUP_MANAGER]

    def ask(key: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        path = f"{reader.api.path(kind, key)}/listManagedInstances"
        token = ""
        while True:
            parameters = {"maxResults": "500", **({"pageToken": token} if token else {})}
            page = reader.api.connection.read("compute", path, parameters, body={})
            found += page.get("managedInstances") or []
            following = str(page.get("nextPageToken") or "")
            if not following or following == token:
                return found
            token = following

    for key, members in zip(managers, at_once(ask, managers), strict=True):
        there = [each for each in members if each.get("instance")]
        managers[key]["+members"] = [each["instance"] for each in there]
        managers[key]["+ids"] = [each.get("id") for each in there]


def _delete_group(deed: Deed) -> Answer:
    """Delete a group of a zone; for one of a region Google has no such call."""
    if deed.ref.id.startswith(Place.REGION):
        return Answer(reply=Reply.IN_USE, detail="the group of a region goes with its manager only")
    doing = f"deleting {deed.ref.id}"
    path = deed.api.at("compute", deed.ref.id)
    operation = deed.api.connection.change("DELETE", "compute", path)
    return started("compute", deed.api.project, operation, meant=deed.ref.incarnation, doing=doing)


KINDS = (
    GceKind(
        kind=Kind(
            name=GROUP_MANAGER,
            service="compute",
            after=(CLUSTER, BACKEND_SERVICE),
            taggable=False,
            deadline=timedelta(hours=2),
        ),
        service="compute",
        collection="instanceGroupManagers",
        places=(Place.ZONE, Place.REGION),
        filter=Filter.NONE,
        labels=None,
        complete=(_tell_members,),
        links=(
            Link(Relation.TAKES, '"+members"'),
            Link(Relation.MADE, '"+members"', incarnation='"+ids"'),
            Link(Relation.TAKES, "instanceGroup"),
            Link(Relation.MADE, "instanceGroup"),
            Link(Relation.TAKES, "status.autoscaler"),
            Link(Relation.MADE, "status.autoscaler"),
            Link(Relation.USES, "instanceTemplate"),
            Link(Relation.USES, "versions[].instanceTemplate"),
            Link(Relation.USES, "targetPools[]"),
            Link(Relation.USES, "autoHealingPolicies[].healthCheck"),
        ),
        users=(
            Users(
                kind=CLUSTER,
                of="nodePools[].instanceGroupUrls[]",
                relation=Relation.CONTROLLED_BY,
            ),
        ),
        permissions=("compute.instances.delete",),
    ),
    GceKind(
        kind=Kind(
            name=GROUP, service="compute", after=(GROUP_MANAGER, BACKEND_SERVICE), taggable=False
        ),
        service="compute",
        collection="instanceGroups",
        places=(Place.ZONE, Place.REGION),
        filter=Filter.NONE,
        labels=None,
        links=(Link(Relation.USES, "network"), Link(Relation.USES, "subnetwork")),
        users=(
            Users(kind=GROUP_MANAGER, of="instanceGroup", relation=Relation.CONTROLLED_BY),
            Users(kind=BACKEND_SERVICE, of="backends[].group"),
        ),
        delete=_delete_group,
    ),
    GceKind(
        kind=Kind(name=AUTOSCALER, service="compute", after=(GROUP_MANAGER,), taggable=False),
        service="compute",
        collection="autoscalers",
        places=(Place.ZONE, Place.REGION),
        filter=Filter.NONE,
        labels=None,
        state="status",
        going=frozenset({"DELETING"}),
        # Without it the group keeps its size: that is another's business, if the group is.
        links=(Link(Relation.ALTERS, "target"),),
    ),
)
