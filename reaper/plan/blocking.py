"""What keeps a resource from going: whatever would suffer by it, and is not to go as well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from reaper.model import Edge, Ref, Relation, Resource


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """A resource goes only together with another; `how` says why, as in «used by».

    Attributes:
        fulfillable: False where what is there now is another incarnation than the one meant.
    """

    how: str
    other: Ref
    name: str | None = None
    fulfillable: bool = True

    def __str__(self) -> str:
        return f"{self.how} {self.name} ({self.other})" if self.name else f"{self.how} {self.other}"


Needs = Mapping[str, tuple[Need, ...]]

_DECLARED = {
    Relation.USED_BY: "used by",
    Relation.CONTROLLED_BY: "controlled by",
    Relation.TAKES: "it would take along",
    Relation.ALTERS: "it would alter",
}


def needs(
    going: AbstractSet[str],
    resources: Mapping[str, Resource],
    heirs: AbstractSet[str] = frozenset(),
) -> Needs:
    """What each of these must go together with, whichever end of an edge declares it.

    `heirs` are a run's by what made them alone: while that stays, they are its own.
    """
    found: dict[str, dict[Need, None]] = {key: {} for key in going}
    for key, resource in resources.items():
        for edge in resource.edges:
            other = edge.other.key
            if edge.relation is Relation.USES and other in going and other != key:
                found[other][Need(how="used by", other=resource.ref, name=resource.name)] = None
            elif edge.relation is Relation.MADE and other in going & heirs and other != key:
                found[other][Need(how="made by", other=resource.ref, name=resource.name)] = None
            elif edge.relation in _DECLARED and key in going and other != key:
                found[key][_declared(edge, resources.get(other))] = None
    return {key: tuple(sorted(each, key=str)) for key, each in found.items()}


def _declared(edge: Edge, seen: Resource | None) -> Need:
    meant, there = edge.other.incarnation, None if seen is None else seen.ref.incarnation
    return Need(
        how=_DECLARED[edge.relation],
        other=edge.other,
        name=edge.name or (None if seen is None else seen.name),
        fulfillable=meant is None or there is None or meant == there,
    )


def unmet(each: Iterable[Need], together: AbstractSet[str]) -> list[Need]:
    """The needs that these resources, going together, leave unmet."""
    return [need for need in each if not need.fulfillable or need.other.key not in together]


def spread(sources: Iterable[str], every: Needs) -> set[str]:
    """Those that cannot go because the sources, or others that cannot because of them, do not."""
    dependents: dict[str, list[str]] = defaultdict(list)
    for key, each in every.items():
        for need in each:
            dependents[need.other.key].append(key)
    reached: set[str] = set()
    queue = list(sources)
    while queue:
        for key in dependents.get(queue.pop(), ()):
            if key not in reached:
                reached.add(key)
                queue.append(key)
    return reached
