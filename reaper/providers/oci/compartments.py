"""Which compartments are looked at: those that are listed, and perhaps all that is below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reaper.providers.oci.answers import CALL_ERRORS, absent
from reaper.providers.oci.session import Connection

if TYPE_CHECKING:
    from reaper.config.places import OciPlace

_ALIVE = frozenset({"ACTIVE", "INACTIVE"})
# So many are read one by one: the list of a large tenancy has several pages.
_FEW = 3


def resolve(connection: Connection, place: OciPlace, region: str) -> tuple[str, ...]:
    """Name the compartments to look at, and see that each is there.

    Raises:
        OciError, Unanswered: One is not there for us, or what is below could not be listed.
    """
    wanted = [each for each in place.compartments if each != place.tenancy]
    whole = _whole_tree(connection, place.tenancy, region) if _is_worth_it(place, wanted) else None
    seen = {each for below in (whole or {}).values() for each in below}
    for each in wanted:
        if each not in seen:
            connection.read("identity", region, "get_compartment", compartment_id=each)
    if not place.subtree:
        return tuple(dict.fromkeys(place.compartments))
    children = {} if whole is None else whole
    if whole is None:  # not allowed at the root: each level is asked for by itself
        for each in place.compartments:
            _walk(connection, each, region, children)
    found: dict[str, None] = {}
    queue = list(place.compartments)
    while queue:
        each = queue.pop(0)
        if each not in found:
            found[each] = None
            queue += children.get(each, ())
    return tuple(found)


def _is_worth_it(place: OciPlace, wanted: Sequence[str]) -> bool:
    """Whether one list of the whole tenancy answers more than a read of each."""
    return place.subtree or len(wanted) > _FEW


def _whole_tree(connection: Connection, tenancy: str, region: str) -> dict[str, list[str]] | None:
    """All compartments of the tenancy by their parents, in one list; None: it is not shown us."""
    children: dict[str, list[str]] = {}
    try:
        for each in _listed(connection, region, tenancy, compartment_id_in_subtree=True):
            children.setdefault(str(each["compartmentId"]), []).append(str(each["id"]))
    except CALL_ERRORS as error:
        if not absent(error):
            raise
        return None
    return children


def _walk(connection: Connection, root: str, region: str, children: dict[str, list[str]]) -> None:
    queue = [root]
    while queue:
        each = queue.pop(0)
        if each in children:
            continue
        below = [str(item["id"]) for item in _listed(connection, region, each)]
        children[each] = below
        queue += below


def _listed(
    connection: Connection, region: str, compartment: str, **more: Any
) -> Iterator[dict[str, Any]]:
    page: str | None = None
    while True:
        answer = connection.read(
            "identity",
            region,
            "list_compartments",
            compartment_id=compartment,
            limit=1000,
            **more,
            **({"page": page} if page else {}),
        )
        yield from (each for each in answer.body if each.get("lifecycleState") in _ALIVE)
        page = answer.next_page
        if not page:
            return
