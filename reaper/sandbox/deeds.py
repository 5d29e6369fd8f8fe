"""What happens in the in-memory world: mutations, and deletions that take their time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reaper.model import Ref


class Deed(StrEnum):
    """What was done to a thing."""

    CREATED = "created"
    RETAGGED = "retagged"
    ASKED = "asked to go"  # a deletion reached the world, whatever it answered
    USED = "used"  # or written to
    GONE = "gone"
    CHANGED = "changed"  # something that held it went
    SPARED = "spared"  # its scheduled purge was called off


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutation:
    """One mutating call, or a consequence of one.

    Attributes:
        at: On the world's own clock.
        elapsed: As `Clock.elapsed`, which no jump moves.
        by: Who caused it.
        ref: With its incarnation.
        tags: Those that it bore at that moment.
        cause: The thing whose going caused this; None where this is what was asked for.
    """

    at: datetime
    elapsed: float
    by: str
    deed: Deed
    ref: Ref
    tags: Mapping[str, str]
    cause: Ref | None = None


class Progress(StrEnum):
    """How far a deletion is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(eq=False, slots=True)
class Deletion:
    """A deletion that the world took on.

    Attributes:
        purge: When the thing will be purged; None where it goes without such a wait.
    """

    handle: str
    progress: Progress = Progress.RUNNING
    purge: datetime | None = None
