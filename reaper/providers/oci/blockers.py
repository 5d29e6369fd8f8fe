"""Who is in the way of what OCI refused to delete: its own sentence seldom names all, or any."""

from __future__ import annotations

from collections.abc import Iterator

from reaper.model import Relation
from reaper.providers.oci.answers import CALL_ERRORS
from reaper.providers.oci.kind import Deed, OciKind, found, search
from reaper.providers.oci.names import SUBNET, VNIC
from reaper.providers.oci.reach import Reach

_IN_THE_WAY = frozenset({Relation.USES, Relation.ALTERS})
_MOST = 5


def users(kind: OciKind, deed: Deed) -> tuple[str, ...]:
    """Name what the lists tell to use it, a few of them; none where they cannot be had."""
    along = deed.others(Relation.TAKES)
    try:
        refs = [
            str(deed.reach.ref(user, compartment, ocid))
            for user, compartment, ocid in _users(deed.reach, kind, deed.ref.id)
            if ocid not in along
        ]
    except CALL_ERRORS:
        return ()
    return tuple(dict.fromkeys(refs))[:_MOST]


def _users(reach: Reach, kind: OciKind, ocid: str) -> Iterator[tuple[str, str, str]]:
    """What names it in a field from which an edge is made: kind, compartment and OCID."""
    if kind.name == SUBNET:  # VNICs are in no list
        for each in reach.pages("network", "list_private_ips", subnet_id=ocid):
            if each.get("vnicId"):
                yield VNIC, str(each["compartmentId"]), str(each["vnicId"])
    for other in reach.kinds.values():
        paths = [
            link.path
            for link in other.links
            if link.kind == kind.name and link.relation in _IN_THE_WAY and "+" not in link.path
        ]
        if not paths or not other.list or not other.whole:
            continue
        for item in reach.everywhere(other):
            alive = search(other.state, item) not in other.over
            if alive and any(ocid in found(path, item) for path in paths):
                yield other.name, str(item["compartmentId"]), other.key(item)
