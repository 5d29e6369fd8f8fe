"""Resource groups: one goes whole only with everything in it, and else stays."""

from __future__ import annotations

from datetime import timedelta

from reaper.model import Kind, Relation
from reaper.providers.azure.api import ARM
from reaper.providers.azure.ids import canonical, read_id
from reaper.providers.azure.kind import AzureKind, Deed, Items
from reaper.providers.azure.kinds.clusters import made_by_cluster
from reaper.providers.azure.kinds.machines import revoke_of
from reaper.providers.azure.kinds.vaults import delete_vault
from reaper.providers.azure.names import CLUSTER, DISK, GROUP, SNAPSHOT, VAULT
from reaper.providers.azure.operations import settled, started
from reaper.providers.azure.reading import Reader
from reaper.providers.failures import Unanswered
from reaper.providers.protocol import Answer, Reply

_FORCED = "Microsoft.Compute/virtualMachines,Microsoft.Compute/virtualMachineScaleSets"
_OVER = frozenset({Reply.DONE, Reply.ABSENT})


def _tell_members(reader: Reader, groups: Items) -> None:
    """Tell what is in a group, all of which would go with it.

    What is in a cluster's own group and bears the cluster's mark was made by the cluster.
    """
    for identity, group in groups.items():
        members = reader.api.members(identity)
        group["+takes"] = list(members)
        manager = read_id(str(group.get("managedBy") or ""))
        if manager is not None and manager.kind == CLUSTER:
            group["+made"] = [key for key, each in members.items() if made_by_cluster(each)]


def _refuse_newcomers(deed: Deed) -> Answer | None:
    """Look once more what is in the group: something may have come since the second look."""
    seen = {edge.other.id for edge in deed.edges if edge.relation is Relation.TAKES}
    path = f"{deed.api.spelt(deed.ref.id)}/resources"
    new = [
        str(each["id"]) for each in deed.api.listed(path, ARM) if canonical(each["id"]) not in seen
    ]
    if not new:
        return None
    told = f"nothing was sent: {new[0]} has just come into the group"
    return Answer(reply=Reply.IN_USE, detail=told, blockers=tuple(new))


def _open(deed: Deed) -> Answer | None:
    """Do for members what a group's deletion does not: it would wait for ever, or leave a name.

    Each of them goes with the group, and was looked at with it.
    """
    for edge in deed.edges:
        other = edge.other
        item = deed.item_of(other) if edge.relation is Relation.TAKES else None
        if item is None:
            continue
        ended: Answer | None = None
        if other.kind in {DISK, SNAPSHOT}:
            ended = revoke_of(deed, other.id, item)
        elif other.kind == VAULT and deed.purge:
            connection = deed.api.connection
            ended = settled(connection, delete_vault(deed, other.id, item))
            ended = None if ended.reply in _OVER else ended
        if ended is not None:
            return ended
    return None


def _delete(deed: Deed) -> Answer:
    connection = deed.api.connection
    forced = {"forceDeletionTypes": _FORCED} if deed.force else {}
    answer = deed.api.delete(deed.ref.id, GROUP, ARM, forced)
    told = started(connection, answer, doing=f"deleting {deed.ref.id} with all that is in it")
    if told.reply is Reply.STARTED and told.handle is None:
        raise Unanswered(
            "Azure took the deletion on and told no address to ask after it", sent=True
        )
    return told


KINDS = (
    AzureKind(
        kind=Kind(
            name=GROUP,
            service="microsoft.resources",
            reused=True,
            takes=timedelta(seconds=20),
            deadline=timedelta(hours=3),
        ),
        type="Microsoft.Resources/resourceGroups",
        version=ARM,
        complete=(_tell_members,),
        before=(_refuse_newcomers, _open),
        delete=_delete,
        actions=(
            "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
            "Microsoft.Resources/subscriptions/operationresults/read",
        ),
    ),
)
