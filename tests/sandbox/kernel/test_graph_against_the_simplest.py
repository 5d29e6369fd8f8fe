"""What the graph finds by its index is what one finds by looking through everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.kernel.graph import Graph, Node
from reaper.sandbox.kernel.rules import Bond, Rule, named

PINS = Rule(
    name="what is needed stays",
    kind="thing",
    field="needs[].path",
    held=frozenset({"thing"}),
    bond=Bond.PINS,
)
TAKES = Rule(
    name="what is owned goes along",
    kind="thing",
    field="owns[]",
    held=frozenset({"thing"}),
    bond=Bond.TAKES,
)
LISTS = Rule(
    name="what goes is struck",
    kind="thing",
    field="~knows[]",
    held=frozenset({"thing"}),
    bond=Bond.LISTS,
)
RULES = (PINS, TAKES, LISTS)

PATHS = st.sampled_from("abcde")
NAMED = st.lists(PATHS, unique=True, max_size=3)
# A path, and what it names by each rule; None: it goes.
DEEDS = st.lists(st.tuples(PATHS, st.none() | st.tuples(NAMED, NAMED, NAMED)), max_size=30)


@given(DEEDS)
def test_index_and_search_agree(deeds: list[tuple[str, tuple[list[str], ...] | None]]) -> None:
    graph = Graph(RULES, clock=VirtualClock())
    for number, (path, names) in enumerate(deeds):
        _do(graph, str(number), path, names)

    there = list(graph.of("thing"))

    for node in there:
        assert {(held.rule.name, held.by) for held in graph.holders(node)} == {
            (rule.name, other)
            for other in there
            for rule in RULES
            for _, path in named(rule, other.body, other.facts)
            if path == node.path and other is not node
        }
        along = graph.going_with(node)
        assert {(each, held.by) for each, held in graph.blockers(node)} == {
            (each, other)
            for each in along
            for other in there
            for _, path in named(PINS, other.body, {})
            if path == each.path and other not in along
        }
        assert _owned(there, node) == set(along)


def _do(graph: Graph, number: str, path: str, names: tuple[list[str], ...] | None) -> None:
    node = graph.find(path)
    if names is None:
        if node is not None:
            graph.remove(node)
        return
    needs, owns, knows = names
    body = {"needs": [{"path": each} for each in needs], "owns": owns}
    if node is None:
        clock = VirtualClock()
        node = Node(kind="thing", path=path, number=number, created=clock.now(), born=0, body=body)
        node.facts["knows"] = list(knows)
        graph.add(node)
        return
    node.body = body
    node.facts["knows"] = list(knows)
    graph.touch(node)


def _owned(there: list[Node], node: Node) -> set[Node]:
    owned = {node}
    while True:
        more = {
            other
            for each in owned
            for other in there
            if other.path in {path for _, path in named(TAKES, each.body, {})}
        }
        if more <= owned:
            return owned
        owned |= more


@given(DEEDS)
def test_nobody_knows_what_is_gone(deeds: list[tuple[str, tuple[list[str], ...] | None]]) -> None:
    graph = Graph(RULES, clock=VirtualClock())
    for number, (path, names) in enumerate(deeds):
        _do(graph, str(number), path, names)

    node = next(graph.of("thing"), None)
    if node is None:
        return
    graph.remove(node)

    assert all(node.path not in other.facts["knows"] for other in graph.of("thing"))
