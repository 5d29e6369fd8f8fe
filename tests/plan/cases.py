"""Cells for the plan; a test draws the edges that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reaper.model import (
    Cell,
    Decision,
    Edge,
    Item,
    Judged,
    Kind,
    Plan,
    Relation,
    Resource,
    Rule,
    Status,
    Verdict,
)
from reaper.plan import order
from tests.examples import NOW, a_claim, a_resource, an_edge

CELL = Cell(provider="docker", scope="ENGINE", label="local")
KINDS = {
    "docker:container": Kind(name="docker:container"),
    "docker:volume": Kind(name="docker:volume", after=("docker:container",)),
    "docker:network": Kind(name="docker:network", after=("docker:container",)),
    "docker:plugin": Kind(name="docker:plugin", after=("docker:volume",)),
}
USES, USED_BY = Relation.USES, Relation.USED_BY
TAKES, ALTERS = Relation.TAKES, Relation.ALTERS
MADE, CONTROLLED_BY = Relation.MADE, Relation.CONTROLLED_BY

EdgeOf = tuple[str, Relation, str]


def reap(resource: Resource, *, named: bool = False) -> Judged:
    """A resource that is to go."""
    verdict = Verdict(decision=Decision.REAP, rule=Rule.FINISHED, reason="its run is over")
    return Judged(resource=resource, claim=a_claim(), verdict=verdict, named=named)


def keep(resource: Resource) -> Judged:
    """A resource of a live run."""
    verdict = Verdict(decision=Decision.KEEP, rule=Rule.ALIVE, reason="its run is alive")
    return Judged(resource=resource, claim=a_claim(), verdict=verdict)


def cell_of(names: Iterable[str], edges: Iterable[EdgeOf] = ()) -> dict[str, Resource]:
    """Containers by name, with edges between them."""
    declared: dict[str, list[Edge]] = {name: [] for name in names}
    for one, relation, other in edges:
        declared[one].append(an_edge(relation, other))
    return {name: a_resource(name, edges=tuple(each)) for name, each in declared.items()}


def planned(
    judged: Sequence[Judged],
    strangers: Iterable[Resource] = (),
    kinds: Mapping[str, Kind] = KINDS,
    **changes: Any,
) -> Plan:
    """Order a cell in which there are these and, of nobody's run, those."""
    resources = [*(each.resource for each in judged), *strangers]
    world = {resource.ref.key: resource for resource in resources}
    return order(CELL, NOW, judged, world=world, kinds=kinds, **changes)


def item(plan: Plan, name: str) -> Item:
    """The item of this ID."""
    return next(each for each in plan.items if each.ref.id == name)


def waves(plan: Plan) -> list[set[str]]:
    """The IDs of what goes, wave by wave."""
    return [{each.ref.id for each in wave} for wave in plan.waves]


def statuses(plan: Plan) -> dict[str, Status | None]:
    """By ID, why each does not go; None where it goes or is to stay."""
    return {each.ref.id: each.status for each in plan.items}
