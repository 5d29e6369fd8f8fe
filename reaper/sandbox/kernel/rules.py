"""Dependency rules as data: what keeps what from going, and what goes along with what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Bond(StrEnum):
    """How one resource holds another that it names; each reads «this … that»."""

    PINS = "pins"  # that cannot go while this is there
    TAKES = "takes"  # that goes with this
    FOLLOWS = "follows"  # this goes with that
    LISTS = "lists"  # when that goes, it is struck from this


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule of the table.

    Attributes:
        name: A sentence about those who have to do with it.
        kind: The kind that names another one.
        field: Where it does: `disks[].source`; `~` in front: among the facts that are not shown.
        held: The kinds that are named there.
        by: The field of what is named that stands there; empty: its path.
        when: Whether it holds for an item: the mapping in which the last part of `field` stands.
        late: The refusal comes from the long operation, not from the call.
        yields: (TAKES) What is in use by others stays behind, rather than to hinder.
        source: Where it is known from; empty: it is believed.
    """

    name: str
    kind: str
    field: str
    held: frozenset[str]
    bond: Bond
    by: str = ""
    when: Callable[[Mapping[str, Any]], bool] | None = None
    late: bool = False
    yields: bool = False
    source: str = ""


def named(
    rule: Rule, body: Mapping[str, Any], facts: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Tell what a resource names by a rule, each with the mapping in which it stands."""
    field = rule.field
    start = facts if field.startswith("~") else body
    yield from (
        (item, value)
        for item, value in _walk(start, field.removeprefix("~").split("."), start)
        if rule.when is None or rule.when(item)
    )


def _walk(
    value: Any, parts: Sequence[str], item: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], str]]:
    if not parts:
        if isinstance(value, str) and value:
            yield item, value
        return
    if not isinstance(value, Mapping):
        return
    part, rest = parts[0], parts[1:]
    found = value.get(part.removesuffix("[]"))
    if found is None:
        return
    for each in found if part.endswith("[]") else [found]:
        yield from _walk(each, rest, value)
