"""The graph of an emulated cloud's resources, which knows who names whom, and what was before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from reaper.clock import Clock
from reaper.sandbox.kernel.rules import Bond, Rule, named


@dataclass(eq=False, kw_only=True, slots=True)
class Node:
    """One resource, from its creation on.

    Attributes:
        path: Its name, under which there is at most one at a time.
        number: Its ID, which is never used again.
        born: When it was created, on `Clock.elapsed`.
        body: What the cloud shows of it.
        facts: What the cloud knows of it and does not show.
        going: It is being deleted.
        gone: It is not there any more.
    """

    kind: str
    path: str
    number: str
    created: datetime
    born: float
    body: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    going: bool = False
    gone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """That one resource names another, and by which rule."""

    rule: Rule
    by: Node


@dataclass(eq=False, slots=True)
class _Life:
    node: Node
    versions: list[tuple[float, dict[str, Any]]]
    ended: float | None = None


class Graph:
    """Holds what there is; used under the cloud's lock only.

    Args:
        rules: The cloud's table.
        path_of: Reads a path from the form in which resources name each other.
    """

    def __init__(
        self, rules: Sequence[Rule], *, clock: Clock, path_of: Callable[[str], str] = str
    ) -> None:
        self._clock = clock
        self._path_of = path_of
        self._naming: dict[str, list[Rule]] = {}
        self._naming_to: dict[str, list[Rule]] = {}
        for rule in rules:
            self._naming.setdefault(rule.kind, []).append(rule)
            for kind in rule.held:
                self._naming_to.setdefault(kind, []).append(rule)
        self._there: dict[str, Node] = {}
        self._kinds: dict[str, dict[str, Node]] = {}
        self._lives: dict[str, list[_Life]] = {}
        self._last: dict[Node, _Life] = {}
        self._names: dict[tuple[str, str], dict[Node, None]] = {}
        self._named_by: dict[Node, list[tuple[str, str]]] = {}

    def find(self, path: str) -> Node | None:
        """Find what has this path now."""
        return self._there.get(path)

    def of(self, *kinds: str) -> Iterator[Node]:
        """List what there is of these kinds."""
        for kind in kinds:
            yield from tuple(self._kinds.get(kind, {}).values())

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of which there has ever been one."""
        return tuple(self._lives)

    def add(self, node: Node) -> Node:
        """Let it be there.

        Raises:
            ValueError: Something of this path is there already.
        """
        if node.path in self._there:
            raise ValueError(f"{node.path} is there already")
        self._there[node.path] = node
        self._kinds.setdefault(node.kind, {})[node.path] = node
        self._last[node] = _Life(node, [])
        self._lives.setdefault(node.kind, []).append(self._last[node])
        self.touch(node)
        return node

    def touch(self, node: Node) -> None:
        """Take in that its body or its facts were changed."""
        self._last[node].versions.append((self._clock.elapsed(), deepcopy(node.body)))
        self._unname(node)
        keys = self._named_by[node] = [
            (rule.name, value if rule.by else self._path_of(value))
            for rule in self._naming.get(node.kind, ())
            for _, value in named(rule, node.body, node.facts)
        ]
        for key in keys:
            self._names.setdefault(key, {})[node] = None

    def remove(self, node: Node) -> None:
        """Let it be gone, and strike it from what lists it; it is no error if it is gone."""
        if node.gone:
            return
        listed = [held for held in self.holders(node) if held.rule.bond is Bond.LISTS]
        node.gone = True
        del self._there[node.path]
        del self._kinds[node.kind][node.path]
        self._last.pop(node).ended = self._clock.elapsed()
        self._unname(node)
        for held in listed:
            self._strike_from(held, node)

    def reuse(self, node: Node, number: str, *, now: datetime, body: dict[str, Any]) -> Node:
        """Let it be gone, and let something new have its name, its place and its facts."""
        facts = deepcopy(node.facts)
        self.remove(node)
        return self.add(
            Node(
                kind=node.kind,
                path=node.path,
                number=number,
                created=now,
                born=self._clock.elapsed(),
                body=body,
                facts=facts,
            )
        )

    def holders(self, node: Node) -> tuple[Held, ...]:
        """Tell who names it."""
        return tuple(
            Held(rule=rule, by=each)
            for rule in self._naming_to.get(node.kind, ())
            for each in self._names.get((rule.name, _key(rule, node)), ())
            if each is not node
        )

    def held(self, node: Node, bond: Bond) -> Iterator[tuple[Rule, Node]]:
        """Tell what it names by rules of one bond, as far as it is there."""
        for rule in self._naming.get(node.kind, ()):
            if rule.bond is not bond:
                continue
            for _, value in named(rule, node.body, node.facts):
                for other in self._named(rule, value):
                    yield rule, other

    def going_with(self, node: Node) -> tuple[Node, ...]:
        """Tell what its deletion takes along, itself first."""
        along: dict[Node, None] = {node: None}
        queue = [node]
        while queue:
            each = queue.pop()
            taken = [
                other
                for rule, other in self.held(each, Bond.TAKES)
                if self._comes(rule, other, along)
            ]
            follows = [held.by for held in self.holders(each) if held.rule.bond is Bond.FOLLOWS]
            for other in [*taken, *follows]:
                if other not in along:
                    along[other] = None
                    queue.append(other)
        return tuple(along)

    def blockers(self, node: Node) -> tuple[tuple[Node, Held], ...]:
        """Tell what keeps it from going: which of what goes along is held, and by whom."""
        along = self.going_with(node)
        return tuple(
            (each, held)
            for each in along
            for held in self.holders(each)
            if held.rule.bond is Bond.PINS and held.by not in along
        )

    def seen(
        self, kinds: Iterable[str], *, lag: timedelta, ghost: timedelta
    ) -> Iterator[tuple[Node, Mapping[str, Any]]]:
        """Show these kinds as an index does that hears of changes late, and of ends later still."""
        now = self._clock.elapsed()
        for kind in kinds:
            for life in self._lives.get(kind, ()):
                if life.ended is not None and life.ended <= now - ghost.total_seconds():
                    continue
                heard = [body for at, body in life.versions if at <= now - lag.total_seconds()]
                if heard:
                    yield life.node, heard[-1]

    def clear(self) -> None:
        """Forget everything."""
        for each in (self._there, self._kinds, self._lives, self._last, self._names):
            each.clear()
        self._named_by.clear()

    def _comes(self, rule: Rule, other: Node, along: Mapping[Node, None]) -> bool:
        return not rule.yields or all(
            held.by in along for held in self.holders(other) if held.rule.bond is Bond.PINS
        )

    def _named(self, rule: Rule, value: str) -> Iterator[Node]:
        if rule.by:
            yield from (each for each in self.of(*rule.held) if _key(rule, each) == value)
            return
        other = self.find(self._path_of(value))
        if other is not None and other.kind in rule.held:
            yield other

    def _unname(self, node: Node) -> None:
        for key in self._named_by.pop(node, ()):
            self._names.get(key, {}).pop(node, None)

    def _strike_from(self, held: Held, node: Node) -> None:
        """Strike a path from the list at `a[]` or the item from the list at `a[].b`."""
        head, _, _ = held.rule.field.partition("[]")
        where = held.by.facts if head.startswith("~") else held.by.body
        head = head.removeprefix("~")
        struck = [
            item
            for item, value in named(held.rule, held.by.body, held.by.facts)
            if self._path_of(value) == node.path and item is not where
        ]
        where[head] = [
            each
            for each in where[head]
            if not any(each is item for item in struck)
            and not (isinstance(each, str) and self._path_of(each) == node.path)
        ]
        self.touch(held.by)


def _key(rule: Rule, node: Node) -> str:
    return str(node.body.get(rule.by, "")) if rule.by else node.path
