"""What reaper does with one kind on an engine: list, inspect, describe, delete, look up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reaper.model import Kind, Ref, Resource
from reaper.providers.docker.client import EngineClient
from reaper.providers.docker.surroundings import Listed, Surroundings
from reaper.providers.protocol import Answer

Item = Mapping[str, Any]  # one object as the engine's JSON tells it


@dataclass(frozen=True, kw_only=True, slots=True)
class Verbs:
    """One kind, and the functions over it.

    Attributes:
        list: All of the kind that bear a label of this key; None: all of the kind.
        ref: Whose item of a list or inspection this is.
        labels: What labels the item bears.
        inspect: One, by its ID (a volume's name); docker-py's errors pass through.
        describe: What the inspection says, together with what surrounds it.
        delete: Send one deletion; docker-py's errors pass through.
        needs: What must be listed to know the edges.
        id_form: What an ID of this kind looks like: the engine would take names and prefixes too.
        swarm: Only a swarm's managers know it.
        lookup: Those of exactly this name; None where names prove too little.
    """

    kind: Kind
    list: Callable[[EngineClient, str | None], Sequence[Item]]
    ref: Callable[[str, Item], Ref]
    labels: Callable[[Item], Mapping[str, str]]
    inspect: Callable[[EngineClient, str], Item]
    describe: Callable[[Item, Surroundings], Resource]
    delete: Callable[[EngineClient, Resource], Answer]
    needs: frozenset[Listed] = frozenset()
    id_form: re.Pattern[str]
    swarm: bool = False
    lookup: Callable[[EngineClient, str], Sequence[Item]] | None = None


def label_filter(key: str | None) -> dict[str, list[str]]:
    """The filter for one label's key; None: no filter at all.

    The engine ANDs several labels of one filter, so each key is asked for by itself. It splits a
    filter at its first `=`: a key with one in it could not be asked for.
    """
    if key is None:
        return {}
    if not key or "=" in key:
        raise ValueError(f"{key!r} cannot be a label's key: it is empty or contains '='")
    return {"label": [key]}


def parse_time(text: object) -> datetime | None:
    """Read the engine's RFC 3339; None for nothing and for its zero time.

    >>> parse_time("2026-01-02T03:04:05.123456789+02:00").isoformat()
    '2026-01-02T01:04:05.123456+00:00'
    """
    if not isinstance(text, str) or not text or text.startswith("0001-01-01"):
        return None
    return datetime.fromisoformat(text).astimezone(UTC)


def of_labels(item: Item) -> Mapping[str, str]:
    """The labels at the item's top."""
    return dict(item.get("Labels") or {})
