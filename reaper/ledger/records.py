"""What the ledger hands out besides the model: locks, intents, saved plans, pauses and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reaper.model import Ref, Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """The right to sweep one cell, until a time on the ledger's clock.

    Attributes:
        holder: Names the process that holds it, and its start: never used by another.
        token: Grows with each acquisition and is never given out again.
    """

    cell: str
    holder: str
    token: int
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """A deletion that was announced before it was sent.

    Attributes:
        attempt: The number of the attempt at this resource, from 1.
        handle: Names the long operation that the deletion started; None where there is none yet.
    """

    id: str
    cell: str
    ref: Ref
    run: str
    rule: Rule
    reason: str
    attempt: int
    at: datetime
    handle: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    owner: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedPlan:
    """A plan as a person saw it.

    Attributes:
        payload: The plan as JSON, as it was saved.
        released_at: When a person lifted the brake from it; None where nobody did.
    """

    id: str
    digest: str
    cell: str
    payload: str
    at: datetime
    released_at: datetime | None = None
    released_by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A person's order to stop all sweeping of this ledger."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of the ledger's history.

    Attributes:
        by: Who did it: a person, or the holder of a cell's lock.
    """

    kind: str
    at: datetime
    detail: str
    ref: Ref | None = None
    run: str | None = None
    by: str | None = None


def identity(ref: Ref) -> str:
    """Name one incarnation of a resource: what mappings across scans are keyed by."""
    return f"{ref.key}#{ref.incarnation or ''}"
