"""Directed graphs of numbered nodes: levels, and where the cycles are, each in linear time.

A graph is a list: at each node's number, its successors with the strength of each edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Graph = list[dict[int, int]]


def join(graph: Graph, before: int, after: int, strength: int) -> None:
    """Add an edge; of two between the same nodes the stronger counts, and none is to itself."""
    if before != after:
        graph[before][after] = max(strength, graph[before].get(after, strength))


def levels(graph: Graph, steps: Sequence[int]) -> tuple[list[int], set[int]]:
    """Give each node the length of the longest way to it, and name those that a cycle holds back.

    Args:
        graph: The graph.
        steps: By node, how much longer a way gets by going through it.
    """
    waiting = [0] * len(graph)
    for successors in graph:
        for after in successors:
            waiting[after] += 1
    level = [0] * len(graph)
    free = [node for node, count in enumerate(waiting) if count == 0]
    held = set(range(len(graph)))
    while free:
        node = free.pop()
        held.discard(node)
        for after in graph[node]:
            level[after] = max(level[after], level[node] + steps[node])
            waiting[after] -= 1
            if waiting[after] == 0:
                free.append(after)
    return level, held


def knots(graph: Graph, among: set[int]) -> dict[int, int]:
    """Give each node the number of its strongly connected component (Tarjan's algorithm)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    knot: dict[int, int] = {}
    open_nodes: list[int] = []
    for start in sorted(among):
        if start in index:
            continue
        path = [(start, _successors(graph, start, among))]
        index[start] = low[start] = len(index)
        open_nodes.append(start)
        while path:
            node, successors = path[-1]
            after = next(successors, None)
            if after is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    while node not in knot:
                        knot[open_nodes.pop()] = index[node]
            elif after not in index:
                index[after] = low[after] = len(index)
                open_nodes.append(after)
                path.append((after, _successors(graph, after, among)))
            elif after not in knot:
                low[node] = min(low[node], index[after])
    return knot


def closing(graph: Graph, among: set[int]) -> list[tuple[int, int]]:
    """The edges that close a cycle in a walk from the lowest number on; without them none is."""
    found: list[tuple[int, int]] = []
    on_path: set[int] = set()
    done: set[int] = set()
    for start in sorted(among):
        if start in done:
            continue
        path = [(start, _successors(graph, start, among))]
        on_path.add(start)
        while path:
            node, successors = path[-1]
            after = next(successors, None)
            if after is None:
                path.pop()
                on_path.discard(node)
                done.add(node)
            elif after in on_path:
                found.append((node, after))
            elif after not in done:
                on_path.add(after)
                path.append((after, _successors(graph, after, among)))
    return found


def _successors(graph: Graph, node: int, among: set[int]) -> Iterator[int]:
    return iter([after for after in sorted(graph[node]) if after in among])
