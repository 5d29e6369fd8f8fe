"""What the ledger hands out besides the model: locks, intents, plans, tokens, sweeps and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

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


class Role(StrEnum):
    """What the bearer of a token may do."""

    FIXTURE = "fixture"  # start runs, and all that concerns the runs it started
    VIEWER = "viewer"  # read everything
    OPERATOR = "operator"  # everything


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A permission to use the HTTP API, as the ledger keeps it: without its secret.

    Attributes:
        hashed: The SHA-256 of the whole token, in hexadecimal digits.
        expires: None: never.
        revoked: When a person took it back; None where nobody did.
    """

    id: str
    name: str
    role: Role
    hashed: str
    made: datetime
    made_by: str
    expires: datetime | None = None
    revoked: datetime | None = None

    def refused(self, now: datetime) -> str | None:
        """Why it is not good any more; None: it is."""
        if self.revoked is not None:
            return "the token was revoked"
        if self.expires is not None and now >= self.expires:
            return "the token has expired"
        return None


class Result(StrEnum):
    """How a daemon's sweep of a cell came to its end."""

    DONE = "done"  # it saw everything, and did what there was to do
    GAPS = "gaps"  # it could not see everything
    FAILED = "failed"  # the place could not be worked on, or its worker broke
    HUNG = "hung"  # it made no progress any more, and was killed
    STOPPED = "stopped"  # the daemon ended; the next sweep takes up what was left
    SKIPPED = "skipped"  # paused, or another sweep was at work


@dataclass(frozen=True, kw_only=True, slots=True)
class CellSweep:
    """The last sweep of a cell by a daemon.

    Attributes:
        daemon: Whose it was: host, process and the moment at which it started.
        mode: `observe` or `act`.
        finished: When the last sweep ended; None where none ever did.
        full_at: When the last one began that asked the native lists too.
        result: How the last one that ended did; None where none ever did.
        detail: What there is to say of the result, in words.
        failures: How many in a row failed or hung.
        failing_since: When the first of those ended.
        starved: It was due, and had no worker before the daemon ended.
        plan: The ID of its plan, for `reaper release`.
        held: Why the brake holds that plan; None where it does not.
    """

    cell: str
    label: str
    daemon: str
    mode: str
    started: datetime
    finished: datetime | None = None
    full_at: datetime | None = None
    result: Result | None = None
    detail: str = ""
    failures: int = 0
    failing_since: datetime | None = None
    starved: bool = False
    plan: str | None = None
    held: str | None = None


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
