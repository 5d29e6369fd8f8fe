"""One process of the engine, watched: every call that it makes is a step at which it can end.

This is the only module that knows how the engine is put together and called.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import select

from reaper.errors import LedgerUnreachable
from reaper.ledger import Ledger
from reaper.ledger.schema import locks
from reaper.model import Cell, JournalEntry, Kind, Outcome, Ref, Resource, Status
from reaper.providers.protocol import (
    Absent,
    Answer,
    Identity,
    Index,
    Query,
    Reading,
    Unreadable,
)
from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.memory import MemoryProvider
from tests.simulation.truth import Truth, identity
from tests.simulation.violation import Killed, Violation

WINDOW_S = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What one authoritative read showed, and what the truth was at that moment.

    Attributes:
        whole: It was read, and read completely.
        identity: What bore the ID; None where nothing did.
        reason: Why it could not go; None where it could.
        touched: What would have gone along or been altered.
    """

    elapsed: float
    whole: bool
    identity: str | None
    reason: str | None
    touched: tuple[Ref, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Interference:
    """What happens to a process at the n-th time (from 0) that it is at a step."""

    step: str
    nth: int
    act: Callable[[Process], None]


class Process:
    """One process that sweeps, by its holder's name.

    Attributes:
        elsewhere: It runs on a host that sees no run directories.
        deaf: How many more calls to the ledger fail.
        sights: The last read of each `ref.key`.
        announced: The intents that no call has used up, by identity.
        broke: What ended a cell's sweep, other than its being killed.
        jumped: The wall clock was moved since the last intent.
        trace: The steps so far, for whoever has to understand a violation.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: VirtualClock,
        truth: Truth,
        ledger: Ledger,
        provider: MemoryProvider,
        checks: Checks,
        elsewhere: bool = False,
        interferences: Sequence[Interference] = (),
    ) -> None:
        self.name = name
        self.elsewhere = elsewhere
        self.clock = clock
        self.truth = truth
        self.dead = False
        self.deaf = 0
        self.sights: dict[str, Sight] = {}
        self.announced: Counter[str] = Counter()
        self.announced_at = 0.0
        self.broke: Exception | None = None
        self.jumped = False
        self.skewed = False
        self.trace: list[str] = []
        self.checks = checks
        self.real_ledger = ledger
        self.ledger = cast("Ledger", _WatchedLedger(self, ledger))
        self.provider = _WatchedProvider(self, provider)
        self._interferences = list(interferences)
        self._steps: Counter[str] = Counter()

    def step(self, name: str) -> None:
        """Be between two steps."""
        if self.dead:
            raise Killed
        nth = self._steps[name]
        self._steps[name] += 1
        self.trace.append(name)
        for each in [each for each in self._interferences if (each.step, each.nth) == (name, nth)]:
            self._interferences.remove(each)
            each.act(self)
        if self.dead:
            raise Killed


@dataclass(kw_only=True, slots=True)
class Checks:
    """What is asked at each deletion that concerns more than the thing itself.

    Attributes:
        paused: When a person paused sweeping, by `Clock.elapsed`; None: it is not paused.
        limit: How many deletions the brake allows in each scope, as things stand; None: any number.
        sent: The identities whose deletion was ever asked for, by scope.
        held: The plan of each cell that the brake held last.
    """

    paused: float | None = None
    limit: int | None = None
    sent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    held: dict[str, str] = field(default_factory=dict)
    deletions: int = 0


class _WatchedLedger:
    """Passes calls on to the ledger; every one is a step before and after."""

    def __init__(self, process: Process, ledger: Ledger) -> None:
        self._process = process
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._ledger, name)
        if not callable(attribute):
            return attribute

        def call(*args: Any, **kwargs: Any) -> Any:
            process = self._process
            process.step("ledger")
            if process.deaf > 0:
                process.deaf -= 1
                raise LedgerUnreachable("the ledger did not answer (simulated)")
            result = attribute(*args, **kwargs)
            _watch(process, name, args, kwargs, result)
            process.step(f"ledger.{name}")
            return result

        return call


def _watch(process: Process, name: str, args: Any, kwargs: Any, result: Any) -> None:
    if name == "intend":
        process.announced[identity(kwargs["ref"])] += 1
        process.announced_at = process.clock.elapsed()
        process.jumped = False
    elif (name == "end_lapsed" and result is not None) or name == "force_end":
        process.truth.runs.ended_by_reaper(
            args[0], process.truth.now(), elsewhere=process.elsewhere
        )
    elif name == "take_in":
        process.truth.runs.taken_in(args[0].id)
    elif name == "hold":
        (scope,) = {key.partition("@")[2].partition("/")[0] for key in args[1]}
        process.checks.held[scope] = args[0]
    elif name == "record":
        _refuse_false_gone(process, args[0])


def _refuse_false_gone(process: Process, outcome: Outcome) -> None:
    if outcome.status is not Status.GONE:
        return
    there = process.truth.world.find(outcome.ref)
    if there is None or identity(there.ref) != identity(outcome.ref):
        return
    sight, thing = process.sights.get(outcome.ref.key), process.truth.things[identity(there.ref)]
    seen = process.clock.elapsed() if sight is None else sight.elapsed
    ago = timedelta(seconds=process.clock.elapsed() - seen)
    if not thing.again or thing.born <= process.truth.now() - ago:
        raise Violation(5, f"{outcome.ref} is recorded as gone ({outcome.detail}), and is there")


class _WatchedProvider:
    """Passes calls on to the world, and refuses every deletion that must not be."""

    def __init__(self, process: Process, provider: MemoryProvider) -> None:
        self._process = process
        self._provider = provider

    @property
    def name(self) -> str:
        return self._provider.name

    @property
    def kinds(self) -> Mapping[str, Kind]:
        return self._provider.kinds

    @property
    def parallel(self) -> int:
        return 1

    @property
    def batch(self) -> int:
        return self._provider.batch

    def identity(self) -> Identity:
        return self._provider.identity()

    def cells(self) -> Sequence[Cell]:
        return self._provider.cells()

    def index(self, cell: Cell, query: Query) -> Index:
        self._process.step("provider")
        self._process.skewed = self._process.truth.skewed()
        index = self._provider.index(cell, query)
        self._process.step("provider.index")
        return index

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        process = self._process
        process.step("provider")
        elapsed = process.clock.elapsed()
        readings = self._provider.read(cell, refs)
        for ref in refs:
            process.sights[ref.key] = _sight(process.truth, elapsed, readings[ref.key])
        process.step("provider.read")
        return readings

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        # No step comes before this call: what befalls a machine between its last check and the
        # packet cannot be told by anybody, and the clouds' deletions are not conditional.
        _refuse_wrong_shot(self._process, cell, resource)
        self._process.checks.sent[cell.scope].add(identity(resource.ref))
        self._process.checks.deletions += 1
        answer = self._provider.delete(cell, resource)
        self._process.step("provider.delete")
        return answer

    def poll(self, cell: Cell, handle: str) -> Answer:
        self._process.step("provider")
        answer = self._provider.poll(cell, handle)
        self._process.step("provider.poll")
        return answer

    def control(self, cell: Cell, kind: str) -> str | None:
        self._process.step("provider")
        return self._provider.control(cell, kind)

    def lookup(self, cell: Cell, entry: JournalEntry) -> Sequence[Ref] | Unreadable:
        self._process.step("provider")
        return self._provider.lookup(cell, entry)

    def close(self) -> None:
        pass


def _sight(truth: Truth, elapsed: float, reading: Reading) -> Sight:
    if not isinstance(reading, Resource):
        known = isinstance(reading, Absent)
        return Sight(elapsed=elapsed, whole=known, identity=None, reason=None, touched=())
    there = truth.world.find(reading.ref)
    reason = "it is gone" if there is None else truth.why_not(there)
    return Sight(
        elapsed=elapsed,
        whole=reading.unread is None,
        identity=identity(reading.ref),
        reason=reason,
        touched=() if there is None else truth.touched(there),
    )


def _refuse_wrong_shot(process: Process, cell: Cell, resource: Resource) -> None:
    """Hold a deletion that is about to be sent against everything that must hold.

    Raises:
        Violation: It must not be sent.
    """
    ref = resource.ref
    _refuse_by_sight(process, ref)
    sight = process.sights[ref.key]
    if sight.identity != identity(ref):
        raise Violation(4, f"{ref} is to go, but {sight.identity} bears the ID now")
    for other in sight.touched:
        if process.truth.world.find(other) is not None:
            _refuse_by_sight(process, other)
    if process.skewed:
        raise Violation(3, f"{ref} is to go while the clocks are apart")
    if process.announced[identity(ref)] < 1:
        raise Violation(6, f"{ref} is to go without an intent of its own")
    process.announced[identity(ref)] -= 1
    _refuse_without_lock(process, cell, ref)
    _refuse_by_orders(process, cell, ref)


def _refuse_by_sight(process: Process, ref: Ref) -> None:
    sight = process.sights.get(ref.key)
    now = process.clock.elapsed()
    if sight is None or now - sight.elapsed > WINDOW_S:
        when = "ever" if sight is None else f"{now - sight.elapsed:.0f} s ago"
        raise Violation(4, f"{ref} is to go, and was last looked at {when}")
    if not sight.whole:
        raise Violation(3, f"{ref} is to go, and could not be read whole")
    if sight.reason is not None:
        invariant = 2 if "lease" in sight.reason or "not over" in sight.reason else 1
        raise Violation(invariant, f"{ref} is to go, but when it was looked at: {sight.reason}")


def _refuse_without_lock(process: Process, cell: Cell, ref: Ref) -> None:
    if process.jumped:
        return  # a clock that jumped right before the call: nobody can tell whose lock it is
    holder, until, _ = lock_of(process.real_ledger, cell)
    if holder != process.name or process.clock.now() >= until:
        raise Violation(4, f"{ref} is to go by {process.name}, and the lock is {holder}'s")


def lock_of(ledger: Ledger, cell: Cell) -> tuple[str | None, datetime, int]:
    """Read a cell's lock past the ledger's own methods: its holder, its end and its token."""
    with ledger._database.reading() as connection:
        statement = select(locks.c.holder, locks.c.until, locks.c.token)
        row = connection.execute(statement.where(locks.c.cell == str(cell))).one_or_none()
    if row is None:
        return None, datetime.min.replace(tzinfo=UTC), 0
    return row.holder, row.until, row.token


def _refuse_by_orders(process: Process, cell: Cell, ref: Ref) -> None:
    checks = process.checks
    if checks.paused is not None and process.announced_at > checks.paused:
        raise Violation(7, f"{ref} is to go while sweeping is paused")
    would_be = checks.sent[cell.scope] | {identity(ref)}
    if checks.limit is not None and len(would_be) > checks.limit:
        raise Violation(7, f"{ref} is to go as number {len(would_be)}, past the brake")
