"""What judging is about: the configuration, the case, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reaper.model import Claim, Ending, Kind, Mark, Resource, Rule, Run, RunState, Verdict
from reaper.model.run_id import run_started

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Protection:
    """What is never touched: globs, of which all that are given must match, in any case.

    Attributes:
        name: Matched against the resource's name and its ID.
    """

    kind: str | None = None
    scope: str | None = None
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The configuration of judging.

    Attributes:
        grace: Nothing younger, and of no run over for less, is touched.
        max_keep: The longest after its creation that a tag can keep a resource.
        allow_forever: A tag can keep a resource for ever; otherwise a person is asked.
        max_skew: Clocks further apart than this decide nothing.
        reap_unknown_after: The age from which what bears a run nobody knows, and no expiry, is
            reaped; None: never.
        max_run: The longest that a run can last, and so the furthest that an expiry can be.
        enabled: Kinds that are reported only, but may be reaped here.
    """

    grace: timedelta = timedelta(minutes=15)
    max_keep: timedelta = timedelta(days=30)
    allow_forever: bool = False
    max_skew: timedelta = timedelta(seconds=60)
    reap_unknown_after: timedelta | None = None
    max_run: timedelta = timedelta(hours=24)
    protect: tuple[Protection, ...] = ()
    enabled: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """All that is known about one resource when it is judged.

    Attributes:
        run: What the ledger says of the claim's run; None only where the claim names none.
        first_seen: When the ledger first saw this incarnation, under any tags.
        now: The ledger's clock.
        skew: The provider's clock minus ours.
        named: A person, or the run's own minter, asked for this run by name.
        mark: What a person said of this incarnation.
        controller_reaped: What may have made it after the run's end is reaped in the same plan.
    """

    resource: Resource
    claim: Claim
    run: RunState | None
    now: datetime
    first_seen: datetime | None = None
    skew: timedelta = timedelta(0)
    named: bool = False
    mark: Mark | None = None
    kind: Kind | None = None
    controller_reaped: bool = False

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError(f"now={self.now} has no time zone: judge by an aware datetime")


@dataclass(frozen=True, kw_only=True, slots=True)
class Consideration:
    """One rule that was asked: whether it was met, and what it found, in words."""

    rule: Rule
    met: bool
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """A verdict, and every rule that was asked on the way to it."""

    verdict: Verdict
    considered: tuple[Consideration, ...]


def created_at(case: Case) -> datetime | None:
    """The resource's creation on our clock."""
    created = case.resource.created
    return None if created is None else later(created, -case.skew)


def used_at(case: Case) -> datetime | None:
    """The resource's last use on our clock."""
    used = case.resource.used
    return None if used is None else later(used, -case.skew)


def started_at(case: Case) -> datetime | None:
    """The start of the run: the ledger's word, or where it knows none the ID's."""
    if isinstance(case.run, Run):
        return case.run.started
    return None if case.claim.run is None else run_started(case.claim.run)


def expiry_at(case: Case) -> datetime | None:
    """The later of what the resource bears and what the ledger knows."""
    known = case.run.expires if isinstance(case.run, Run) else None
    both = [moment for moment in (case.claim.expires, known) if moment is not None]
    return max(both, default=None)


def over_at(case: Case) -> datetime | None:
    """When the run stopped creating, as far as that is known; None where it is not."""
    run = case.run
    if not isinstance(run, Run):
        return case.claim.expires
    if run.ended is not None and run.ending is not Ending.LAPSED:
        return run.ended
    return run.lease.until if run.promised else expiry_at(case)


def later(moment: datetime, by: timedelta) -> datetime:
    """The moment after that time, or the end of the calendar."""
    try:
        return moment + by
    except OverflowError:
        return _LAST if by > timedelta(0) else _FIRST


def show(moment: datetime) -> str:
    """Write a moment for a person."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
