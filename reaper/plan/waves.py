"""In which wave each resource goes: users before what they use, in time linear in the edges."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from reaper.model import Kind, Relation, Resource
from reaper.plan.graph import Graph, closing, join, knots, levels


class Strength(IntEnum):
    """How much an order matters; where orders contradict each other, the least gives way.

    The first two are habits only: nobody is told when one of them is given up.
    """

    KIND = 0  # one kind goes before another by default
    TAKER = 1  # of two that would take a third along, the first by address goes first
    MADE = 2
    CONTROL = 3
    USE = 4


# In which order the ends of an edge go: whether the one that declares it goes first.
_FIRST: Mapping[Relation, tuple[bool, Strength]] = {
    Relation.USES: (True, Strength.USE),
    Relation.USED_BY: (False, Strength.USE),
    Relation.CONTROLLED_BY: (False, Strength.CONTROL),
    Relation.MADE: (True, Strength.MADE),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Waves:
    """The order of what goes.

    Attributes:
        wave: By key, from 0.
        taken: By key of what is taken along, the key of what takes it.
        notes: Which orders contradicted each other, and what was given up.
    """

    wave: Mapping[str, int]
    taken: Mapping[str, str]
    notes: tuple[str, ...]


def arrange(going: Mapping[str, Resource], kinds: Mapping[str, Kind]) -> Waves:
    """Order what goes; what is taken along goes in the wave of what takes it."""
    keys = sorted(going)
    number = {key: place for place, key in enumerate(keys)}
    taken = _taken(keys, going)
    node = {key: number[taken.get(key, key)] for key in keys}
    graph: Graph = [{} for _ in keys]
    _join_edges(graph, going, node)
    barriers = _join_kinds(
        graph, {key: node[key] for key in keys if key not in taken}, going, kinds
    )
    steps = [1] * len(keys) + [0] * barriers
    level, held = levels(graph, steps)
    notes: tuple[str, ...] = ()
    if held:
        given_up = _break_cycles(graph, held, first_barrier=len(keys))
        notes = tuple(_note(keys[before], keys[after], going) for before, after in given_up)
        level, _ = levels(graph, steps)
    return Waves(wave={key: level[node[key]] for key in keys}, taken=taken, notes=notes)


def _taken(keys: Sequence[str], going: Mapping[str, Resource]) -> dict[str, str]:
    """Who takes each one along: the first by address of those that nothing takes itself."""
    takes = {
        key: [
            edge.other.key
            for edge in going[key].others(Relation.TAKES)
            if edge.other.key in going and edge.other.key != key
        ]
        for key in keys
    }
    others = {other for each in takes.values() for other in each}
    taken: dict[str, str] = {}
    takers: set[str] = set()
    # Those that take each other in a ring come last: the first of them takes the rest.
    for root in (*(key for key in keys if key not in others), *keys):
        if root in taken or root in takers:
            continue
        takers.add(root)
        queue = deque(takes[root])
        while queue:
            key = queue.popleft()
            if key not in taken and key not in takers:
                taken[key] = root
                queue.extend(takes[key])
    return taken


def _join_edges(graph: Graph, going: Mapping[str, Resource], node: Mapping[str, int]) -> None:
    for key, resource in going.items():
        for edge in resource.edges:
            other = edge.other.key
            if other not in node:
                continue
            if edge.relation is Relation.TAKES:
                # Another takes it already: that one goes first, after all that uses it.
                join(graph, node[other], node[key], Strength.TAKER)
            elif edge.relation in _FIRST:
                first, strength = _FIRST[edge.relation]
                before, after = (key, other) if first else (other, key)
                join(graph, node[before], node[after], strength)


def _join_kinds(
    graph: Graph,
    nodes: Mapping[str, int],
    going: Mapping[str, Resource],
    kinds: Mapping[str, Kind],
) -> int:
    """Put each kind behind one barrier, which waits for the kinds before it; count the barriers.

    What is taken along stands outside: it goes when its taker goes, whatever its kind.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for key, node in nodes.items():
        members[going[key].ref.kind].append(node)
    barrier = {name: len(graph) + place for place, name in enumerate(sorted(kinds))}
    graph.extend({} for _ in barrier)
    for name, place in barrier.items():
        for node in members[name]:
            join(graph, place, node, Strength.KIND)
        for before in kinds[name].after:
            for node in members[before]:
                join(graph, node, place, Strength.USE)
            if before in barrier:
                # So that the order holds across a kind of which nothing goes.
                join(graph, barrier[before], place, Strength.KIND)
    return len(barrier)


def _break_cycles(graph: Graph, held: set[int], first_barrier: int) -> list[tuple[int, int]]:
    """Give up orders until no cycle is left; the list is of those that a reader is told of.

    Edges into a barrier count as strong: giving up those out of it breaks the cycle too, and the
    barrier still holds back everything else.
    """
    given_up: list[tuple[int, int]] = []
    for strength in Strength:
        if strength is Strength.USE:
            weak = closing(graph, held)
        else:
            knot = knots(graph, held)
            weak = [
                (before, after)
                for before in sorted(held)
                for after, how in sorted(graph[before].items())
                if how == strength and after in held and knot[before] == knot[after]
            ]
        for before, after in weak:
            del graph[before][after]
        if strength > Strength.TAKER:
            given_up.extend(weak)
    assert all(place < first_barrier for edge in given_up for place in edge)
    return given_up


def _note(before: str, after: str, going: Mapping[str, Resource]) -> str:
    return (
        f"{_told(before, going)} should go before {_told(after, going)}, and the other way round "
        "by what else is known: this order was given up"
    )


def _told(key: str, going: Mapping[str, Resource]) -> str:
    name = going[key].name
    return key if name is None else f"{name} ({key})"
