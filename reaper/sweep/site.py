"""What one sweep of one cell works with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from reaper.clock import Clock
from reaper.ledger import Ledger
from reaper.model import Cell, Gap, Item, Kind, Outcome, Plan, Status
from reaper.plan import Brake
from reaper.policy import Policy
from reaper.providers.protocol import Provider
from reaper.tags import TagRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowing:
    """Which part of what is found a command is about; None: all of it.

    What is left out does not go, and still blocks what it needs.

    Attributes:
        approved: The `key#incarnation` of a saved plan's deletions: nothing else goes.
    """

    runs: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    refs: frozenset[str] | None = None
    approved: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How to judge and how far to go.

    Attributes:
        named: Runs that a person, or the run's own minter, asked for by name.
        full: Scan by the native lists too.
        window: The longest time between the second look and the shot.
        lock_for: How long a cell's lock is taken for at each renewal.
        verify_for: How long a sweep waits for a wave to be gone before it puts the rest off.
        throttle_tries: How often a throttled deletion is tried again within one sweep.
    """

    policy: Policy
    rules: TagRules
    brake: Brake | None
    narrowing: Narrowing = Narrowing()
    named: frozenset[str] = frozenset()
    full: bool = False
    window: timedelta = timedelta(seconds=10)
    lock_for: timedelta = timedelta(seconds=60)
    verify_for: timedelta = timedelta(seconds=30)
    throttle_tries: int = 5


class Directories(Protocol):
    """The runs of this host, which beat by touching a file."""

    def take_in(self, ledger: Ledger) -> frozenset[str]:
        """Bring the ledger up to date with them; the IDs of those that could be read now."""

    def end_lapsed(self, run_id: str, grace: timedelta) -> bool:
        """End the run where its beats are refused from then on; False: its lease holds."""


class Observer(Protocol):
    """Who watches a sweep: a progress display, a log."""

    def phase(self, cell: Cell, text: str) -> None:
        """A new part of the work begins."""

    def planned(self, plan: Plan) -> None:
        """The plan stands; nothing was deleted yet."""

    def settled(self, outcome: Outcome) -> None:
        """It is known what became of one resource."""


class Unobserved:
    """Nobody watches."""

    def phase(self, cell: Cell, text: str) -> None:
        """Nothing."""

    def planned(self, plan: Plan) -> None:
        """Nothing."""

    def settled(self, outcome: Outcome) -> None:
        """Nothing."""


class NoDirectories:
    """A host without runs of its own."""

    def take_in(self, ledger: Ledger) -> frozenset[str]:  # noqa: ARG002 - the protocol's
        """Nothing to take in."""
        return frozenset()

    def end_lapsed(self, run_id: str, grace: timedelta) -> bool:  # noqa: ARG002 - the protocol's
        """What cannot be told cannot be ended."""
        return False


def _nothing(_step: str) -> None:
    pass


def _at_ease() -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One cell, with the provider and the ledger that serve it.

    Attributes:
        holder: Names this process among those that sweep, uniquely.
        at: Told between any two steps; the simulation kills and suspends in it.
        keep: Called between the parts of a scan, so that the cell's lock outlasts it.
        keeps: The lock is also renewed while a call takes long, by a thread; False where time
            passes only when the clock is told so.
        workers: How many deletions at once; None: what the provider says.
        unsure: Why it is not known that this is the allowed place; None: it is. Otherwise it is
            looked at, and nothing is deleted.
    """

    provider: Provider
    cell: Cell
    ledger: Ledger
    settings: Settings
    clock: Clock
    holder: str
    directories: Directories = field(default_factory=NoDirectories)
    observer: Observer = field(default_factory=Unobserved)
    at: Callable[[str], None] = _nothing
    keep: Callable[[], None] = _at_ease
    keeps: bool = True
    workers: int | None = None
    unsure: str | None = None


def gap(cell: Cell, kind: str | None, reason: str) -> Gap:
    """Something of this cell that could not be listed or read."""
    return Gap(provider=cell.provider, scope=cell.scope, kind=kind, reason=reason)


def sentence(parts: Iterable[str]) -> str:
    """Join names for a reader; the tail of a long list is counted."""
    names = list(parts)
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown  # noqa: PLR2004


def outcome_of(
    item: Item,
    status: Status,
    detail: str,
    *,
    at: datetime,
    blocked_by: tuple[str, ...] = (),
    until: datetime | None = None,
    attempts: int = 0,
) -> Outcome:
    """What became of an item of a plan, with all that explains why it was to go."""
    judged = item.judged
    return Outcome(
        ref=item.ref,
        run=judged.claim.run or "",
        status=status,
        detail=detail,
        at=at,
        name=judged.resource.name,
        rule=judged.verdict.rule,
        reason=judged.verdict.reason,
        tags=judged.resource.tags,
        owner=judged.claim.owner,
        blocked_by=blocked_by,
        until=until,
        attempts=attempts,
    )


def put_off(outcome: Outcome, kind: Kind | None, now: datetime, first: datetime) -> Outcome:
    """Park what is not gone yet until its next attempt; past its kind's deadline it has failed."""
    backoff = (kind or Kind(name=outcome.ref.kind)).backoff
    deadline = (kind or Kind(name=outcome.ref.kind)).deadline
    wait = backoff.after(max(outcome.attempts, 1))
    if now - first > deadline:
        hours = deadline / timedelta(hours=1)
        detail = f"{outcome.detail}, {hours:g} h after the first attempt"
        return replace(outcome, status=Status.FAILED, detail=detail, until=now + wait)
    return replace(outcome, until=now + wait)
