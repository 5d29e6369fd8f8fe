"""Compute's lists: of one place, or of all at once, in pages, and not always whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reaper.sandbox.faults import Effect, Fault
from reaper.sandbox.gce.compute.asking import Ask
from reaper.sandbox.gce.compute.kinds import Collection, Scope
from reaper.sandbox.gce.compute.links import link
from reaper.sandbox.gce.compute.views import show
from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import REGIONS, ZONES, Estate
from reaper.sandbox.gce.filters import BadFilter, Filter, read
from reaper.sandbox.kernel.gateway import Strike
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.pages import BadToken, Page, page

_MOST = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One entry of a list.

    Attributes:
        place: Within the project: `zones/us-central1-a`.
    """

    key: str
    place: str
    body: Mapping[str, Any]


def listed(estate: Estate, ask: Ask, strike: Strike, collection: Collection) -> dict[str, Any]:
    """List what a collection has in one place."""
    target = ask.target
    rows = [row for row in _rows(estate, ask, strike, collection) if row.place == _place(ask)]
    partial = strike(Effect.PARTIAL)
    if partial is not None:
        rows = rows[: len(rows) // 2]
    cut = _cut(estate, ask, strike, rows)
    base = f"{target.place}/{collection.name}"
    shown: dict[str, Any] = {"kind": collection.list_kind(target.scope or Scope.GLOBAL), "id": base}
    if cut.items:
        shown["items"] = [row.body for row in cut.items]
    if cut.token:
        shown["nextPageToken"] = cut.token
    if partial is not None:
        shown["warning"] = _unreachable(_place(ask), partial)
    return shown | {"selfLink": link(base)}


def aggregated(estate: Estate, ask: Ask, strike: Strike, collection: Collection) -> dict[str, Any]:
    """List what a collection has everywhere."""
    rows = _rows(estate, ask, strike, collection)
    partial = strike(Effect.PARTIAL)
    lost = ""
    if partial is not None:
        lost = rows[0].place if rows else next(_places(collection))
        rows = [row for row in rows if row.place != lost]
    cut = _cut(estate, ask, strike, rows)
    items: dict[str, dict[str, Any]] = {}
    for row in cut.items:
        items.setdefault(row.place, {}).setdefault(collection.name, []).append(row.body)
    for place in _places(collection):
        items.setdefault(place, {"warning": _empty(place)})
    base = f"projects/{ask.target.project}/aggregated/{collection.name}"
    noun = collection.list_noun or collection.noun
    shown: dict[str, Any] = {"kind": f"compute#{noun}AggregatedList", "id": base, "items": items}
    if partial is not None:
        items[lost] = {"warning": _unreachable(lost, partial)}
        shown["unreachables"] = [lost]
    if cut.token:
        shown["nextPageToken"] = cut.token
    return shown | {"selfLink": link(base)}


def asked_filter(text: str) -> Filter:
    """Read a list's filter.

    Raises:
        Refused: It is none.
    """
    try:
        return read(text)
    except BadFilter as error:
        message = f"Invalid value for field 'filter': '{text}'. Invalid list filter expression."
        raise Refused(400, "invalid", message) from error


def _place(ask: Ask) -> str:
    scope, where = ask.target.scope, ask.target.where
    return "global" if scope is Scope.GLOBAL else f"{scope}/{where}"


def _places(collection: Collection) -> Iterator[str]:
    for scope in collection.scopes:
        match scope:
            case Scope.ZONE:
                yield from (f"zones/{zone}" for zone in ZONES)
            case Scope.REGION:
                yield from (f"regions/{region}" for region in REGIONS)
            case Scope.GLOBAL:
                yield "global"


def _rows(estate: Estate, ask: Ask, strike: Strike, collection: Collection) -> list[Row]:
    """Find what the request's filter lets pass, in the order in which it is to be shown."""
    passes = asked_filter(ask.request.parameter("filter"))
    newest = ask.request.parameter("orderBy").strip() == "creationTimestamp desc"
    prefix = f"projects/{ask.target.project}/"
    rows = []
    for node, body in _seen(estate, strike, collection.kind):
        if not node.path.startswith(prefix):
            continue
        shown = show(estate, node, body)
        if passes(shown):
            place = node.path.removeprefix(prefix).partition(f"/{collection.name}/")[0]
            name = str(body["name"])
            key = f"{10**12 - node.born:020.6f}{name}" if newest else f"{place}/{name}"
            rows.append(Row(key=key, place=place, body=shown))
    return sorted(rows, key=lambda row: row.key)


def _seen(estate: Estate, strike: Strike, kind: str) -> Iterator[tuple[Node, Mapping[str, Any]]]:
    lag, ghost = strike(Effect.LAG), strike(Effect.GHOST)
    if lag is None and ghost is None:
        return ((node, node.body) for node in estate.graph.of(kind))
    none = timedelta(0)
    return estate.graph.seen(
        (kind,), lag=lag.delay if lag else none, ghost=ghost.delay if ghost else none
    )


def _cut(estate: Estate, ask: Ask, strike: Strike, rows: list[Row]) -> Page[Row]:
    asked = ask.request
    size = asked.parameter("maxResults", str(_MOST))
    if not size.isdecimal() or int(size) > _MOST:
        message = f"Invalid value for field 'maxResults': '{size}'. Must be in [0, {_MOST}]"
        raise Refused(400, "invalid", message)
    token = asked.parameter("pageToken")
    invalid = Refused(
        400, "invalid", f"Invalid value for field 'pageToken': '{token}'. Invalid page token."
    )
    if token and strike(Effect.EXPIRED) is not None:
        raise invalid
    try:
        return page(
            rows,
            key=lambda row: row.key,
            size=int(size) or _MOST,
            token=token,
            query=f"{asked.path}?{asked.parameter('filter')}&{asked.parameter('orderBy')}",
            now=estate.timetable.now(),
            lasts_s=estate.lags.token_s,
        )
    except BadToken as error:
        raise invalid from error


def _empty(place: str) -> dict[str, Any]:
    return {
        "code": "NO_RESULTS_ON_PAGE",
        "message": f"No results for the scope '{place}'.",
        "data": [{"key": "scope", "value": place}],
    }


def _unreachable(place: str, fault: Fault) -> dict[str, Any]:
    code = fault.detail or "UNREACHABLE"
    return {
        "code": code,
        "message": f"The scope '{place}' could not be listed.",
        "data": [{"key": "scope", "value": place}],
    }
