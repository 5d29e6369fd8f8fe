"""Compute's methods: which one carries out a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from reaper.sandbox.faults import Effect
from reaper.sandbox.gce.compute import groups, lists, operating
from reaper.sandbox.gce.compute.asking import Ask, target
from reaper.sandbox.gce.compute.changing import delete, insert, set_labels
from reaper.sandbox.gce.compute.kinds import OPERATIONS, Scope
from reaper.sandbox.gce.compute.links import link
from reaper.sandbox.gce.compute.operating import begun_before
from reaper.sandbox.gce.compute.verbs import VERBS
from reaper.sandbox.gce.compute.views import show
from reaper.sandbox.gce.dialect import Refused, not_found
from reaper.sandbox.gce.estate import REGIONS, ZONES, Estate, pacific, reused
from reaper.sandbox.kernel.gateway import Strike
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.operations import LongOperation
from reaper.sandbox.kernel.requests import Request


def answer(estate: Estate, request: Request, strike: Strike) -> dict[str, Any]:
    """Carry a request out.

    Raises:
        Refused: Compute does not.
        NotImplementedError: The emulator cannot.
    """
    ask = Ask(request=request, target=target(request))
    at = ask.target
    if at.project not in estate.projects:
        raise not_found(f"projects/{at.project}")
    if at.scope is None and at.verb != "aggregatedList":
        return _of_project(estate, ask)
    if at.collection is None:
        raise NotImplementedError(at.method)
    _refuse_unknown_place(ask)
    if at.collection is OPERATIONS:
        return _operation(estate, ask)
    match at.verb:
        case "aggregatedList":
            if not at.collection.aggregated:
                raise not_found(f"projects/{at.project}/aggregated/{at.collection.name}")
            return lists.aggregated(estate, ask, strike, at.collection)
        case "list":
            return lists.listed(estate, ask, strike, at.collection)
        case "insert":
            return insert(estate, ask, strike, at.collection)
        case "listReferrers":
            return groups.list_referrers(estate, ask)
        case verb:
            return _of_one(estate, ask, strike, verb)


def _of_one(estate: Estate, ask: Ask, strike: Strike, verb: str) -> dict[str, Any]:
    assert ask.target.collection is not None
    node = estate.graph.find(ask.target.path)
    if verb == "delete" and (begun := begun_before(estate, ask)) is not None:
        return begun
    if node is None or _hidden(estate, node, strike):
        raise not_found(ask.target.path)
    if strike(Effect.REUSED) is not None:
        node = reused(estate, node)
    if verb == "get":
        return show(estate, node, node.body)
    if verb == "delete":
        return delete(estate, ask, strike, node)
    if verb == "setLabels" and ask.target.collection.labelled:
        return set_labels(estate, ask, strike, node)
    special = VERBS.get((ask.target.collection.name, verb))
    if special is None:
        raise NotImplementedError(ask.target.method)
    return special(estate, ask, strike, node)


def _hidden(estate: Estate, node: Node, strike: Strike) -> bool:
    hidden = strike(Effect.HIDDEN)
    if hidden is None:
        return False
    return timedelta(seconds=estate.clock.elapsed() - node.born) < hidden.delay


def _refuse_unknown_place(ask: Ask) -> None:
    at = ask.target
    if at.scope in {None, Scope.GLOBAL}:
        return
    if at.where not in (ZONES if at.scope is Scope.ZONE else REGIONS):
        message = (
            f"Invalid value for field '{str(at.scope)[:-1]}': '{at.where}'. Unknown {at.scope}."
        )
        raise Refused(400, "invalid", message)


def _operation(estate: Estate, ask: Ask) -> dict[str, Any]:
    at = ask.target
    if at.verb == "aggregatedList":
        raise NotImplementedError(at.method)
    if at.verb == "list":
        known = estate.operations.of(at.place)
        items = [shown for each in known if _passes(ask, shown := operating.show(each))]
        base = f"{at.place}/operations"
        listed: dict[str, Any] = {"kind": "compute#operationList", "id": base}
        return listed | ({"items": items} if items else {}) | {"selfLink": link(base)}
    known_one: LongOperation | None = estate.operations.find(at.place, at.name)
    if known_one is None:
        raise not_found(at.path)
    if at.verb not in {"get", "wait"}:
        raise NotImplementedError(at.method)
    return operating.show(known_one)


def _passes(ask: Ask, shown: Mapping[str, Any]) -> bool:
    return lists.asked_filter(ask.request.parameter("filter"))(shown)


def _of_project(estate: Estate, ask: Ask) -> dict[str, Any]:
    kinds: Mapping[str, Callable[[Estate, Ask], dict[str, Any]]] = {
        "compute.projects.get": _project,
        "compute.zones.list": lambda _, ask: _listing(ask, "zone", ZONES),
        "compute.regions.list": lambda _, ask: _listing(ask, "region", REGIONS),
        "compute.zones.get": lambda _, ask: _place(ask, "zone", ask.target.name, ZONES),
        "compute.regions.get": lambda _, ask: _place(ask, "region", ask.target.name, REGIONS),
    }
    if ask.target.method not in kinds:
        raise NotImplementedError(ask.target.method)
    return kinds[ask.target.method](estate, ask)


def _project(estate: Estate, ask: Ask) -> dict[str, Any]:
    project, number = ask.target.project, estate.projects[ask.target.project]
    return {
        "kind": "compute#project",
        "id": number,
        "name": project,
        "creationTimestamp": pacific(estate.began),
        "selfLink": link(f"projects/{project}"),
        "defaultServiceAccount": f"{number}-compute@developer.gserviceaccount.com",
    }


def _listing(ask: Ask, noun: str, names: Any) -> dict[str, Any]:
    base = f"projects/{ask.target.project}/{noun}s"
    items = [_place(ask, noun, name, names) for name in names]
    passing = [each for each in items if _passes(ask, each)]
    return {"kind": f"compute#{noun}List", "id": base, "items": passing, "selfLink": link(base)}


def _place(ask: Ask, noun: str, name: str, names: Any) -> dict[str, Any]:
    path = f"projects/{ask.target.project}/{noun}s/{name}"
    if name not in names:
        raise not_found(path)
    shown: dict[str, Any] = {
        "kind": f"compute#{noun}",
        "id": str(1000 + sorted(names).index(name)),
        "name": name,
        "description": name,
        "status": "UP",
        "selfLink": link(path),
    }
    if noun == "zone":
        region = name.rpartition("-")[0]
        shown["region"] = link(f"projects/{ask.target.project}/regions/{region}")
    else:
        zones = [f"projects/{ask.target.project}/zones/{zone}" for zone in REGIONS[name]]
        shown["zones"] = [link(zone) for zone in zones]
    return shown
