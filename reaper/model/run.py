"""Runs, their leases, and the journal of what they created."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from reaper.model.ref import Ref


class Ending(StrEnum):
    """How a run came to its end."""

    FINISHED = "finished"  # whoever minted it said so
    LAPSED = "lapsed"  # its lease ran out, and the ledger ended it
    FORCED = "forced"  # a person ended it, by `reaper clean --force`


class Beats(StrEnum):
    """How a run's beats reach the ledger, which decides what an outage is."""

    DIRECTORY = "directory"  # a file on the same host: always reachable, so only awake time counts
    SERVICE = "service"  # the HTTP service: time in which it was away does not count


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A run's promise to be alive until a time.

    Attributes:
        length: What one beat prolongs it to.
        until: When it lapses unless it is renewed, on the ledger's clock.
        away: Why it cannot lapse at present (the registry is away); None where it can.
    """

    length: timedelta
    until: datetime
    away: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One execution of a test suite or program, as the ledger knows it.

    Attributes:
        started: When it was registered, on the ledger's clock.
        expires: `started` + `runs.max`, the value of its `reaper-expires` tag.
        promised: Its client stops creating when the lease has lapsed, so a lapse may end the run.
        ended: When it ended; None while it is alive.
        owner: Whom to ask, in full.
        origin: What started it: a command line, a CI job's address.
    """

    id: str
    realm: str
    started: datetime
    expires: datetime
    lease: Lease
    beats: Beats = Beats.DIRECTORY
    promised: bool = True
    owner: str | None = None
    origin: str | None = None
    host: str | None = None
    ended: datetime | None = None
    ending: Ending | None = None

    def alive(self, now: datetime) -> bool:
        """Whether the run is unfinished and its lease holds (or could not be renewed) at `now`."""
        return self.ended is None and (self.lease.away is not None or now <= self.lease.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """A run that the ledger has never heard of."""

    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unavailable:
    """The ledger could not say; `reason` is a sentence."""

    reason: str


RunState = Run | Unknown | Unavailable


class Phase(StrEnum):
    """What a journal entry tells."""

    INTENT = "intent"  # written before the creating call
    CREATED = "created"  # the call succeeded, and made something new
    EXISTED = "existed"  # the call succeeded, and the thing was there before: never a create
    FAILED = "failed"  # the call was refused
    GONE = "gone"  # written by a sweep: nothing of it is there any more, so it need not be sought


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalEntry:
    """What a run intended to create, or did create.

    Attributes:
        writer: Names the process that wrote it (host, PID and start), unique within the run.
        seq: The number of the creating call within its writer, from 1. The intent of a call and
            its result bear the same number.
        at: When it was written, on the writer's clock.
        ref: The identity: in an intent, as far as it is known before the call (None: the cloud
            chooses the ID); in a `created`, from the response, with its incarnation.
        name: The name asked for, where there is one.
        taggable: False for kinds that cannot bear tags; only for these an intent alone may count.
        test: Which test made the call.
    """

    run: str
    writer: str
    seq: int
    at: datetime
    phase: Phase
    kind: str
    scope: str
    ref: Ref | None = None
    name: str | None = None
    taggable: bool = True
    test: str | None = None
    detail: str | None = None
