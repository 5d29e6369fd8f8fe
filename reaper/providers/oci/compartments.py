"""Which compartments are looked at: those that are listed, and perhaps all that is below them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reaper.providers.oci.answers import CALL_ERRORS, absent
from reaper.providers.oci.session import Connection

if TYPE_CHECKING:
    from reaper.config.places import OciPlace

_ALIVE = frozenset({"ACTIVE", "INACTIVE"})


def resolve(connection: Connection, place: OciPlace, region: str) -> tuple[str, ...]:
    """Name the compartments to look at, and see that each is there.

    Raises:
        OciError, Unanswered: One is not there for us, or what is below could not be listed.
    """
    for each in place.compartments:
        if each != place.tenancy:
            connection.read("identity", region, "get_compartment", compartment_id=each)
    if not place.subtree:
        return tuple(place.compartments)
    try:
        children = _whole_tree(connection, place.tenancy, region)
    except CALL_ERRORS as error:
        if not absent(error):
            raise
        children = {}  # not allowed at the root: each level is asked for by itself
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


def _whole_tree(connection: Connection, tenancy: str, region: str) -> dict[str, list[str]]:
    """All compartments of the tenancy by their parents, in one list."""
    children: dict[str, list[str]] = {}
    for each in _listed(connection, region, tenancy, compartment_id_in_subtree=True):
        children.setdefault(str(each["compartmentId"]), []).append(str(each["id"]))
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
