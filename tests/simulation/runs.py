"""What is true of the simulated runs: who lives, who beats, and what could have been heard."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ulid import ULID

from reaper.errors import RunEnded, RunUnknown
from reaper.ledger import Ledger
from reaper.model import Beats, Ending, JournalEntry, Lease, Run
from reaper.sandbox.clock import VirtualClock
from tests.simulation.violation import Violation

LEASE = timedelta(minutes=30)
BEAT = timedelta(minutes=10)
GRACE = timedelta(minutes=15)
MAX_RUN = timedelta(hours=3)
EVERY = timedelta(minutes=10)
MAX_SKEW = timedelta(seconds=60)


@dataclass(eq=False, slots=True)
class TrueRun:
    """One run as it truly is.

    Attributes:
        run: As its client knows it: the times that its tags are made from.
        registered: The registry, or its directory, has ever known it.
        minter: The process that began it lives.
        joined: How many processes that joined it live.
        stalled: Its processes live, and neither beat nor create (SIGSTOP, a hung machine).
        over: How it ended; None while nobody said so, rightly.
        over_at: When, on the wall clock of that moment.
        refused: Its directory refuses beats.
        heard: The medium's time at its last beat that was heard.
        beaten: Its own machine's time then.
        entries: Its journal; `unsent` are those of them that the registry has not got yet.
    """

    run: Run
    registered: bool
    heard: float
    beaten: float = 0.0
    minter: bool = True
    joined: int = 0
    stalled: bool = False
    over: Ending | None = None
    over_at: datetime | None = None
    refused: bool = False
    entries: list[JournalEntry] = field(default_factory=list)
    unsent: list[JournalEntry] = field(default_factory=list)

    @property
    def lives(self) -> bool:
        """Whether any process of it lives."""
        return self.minter or self.joined > 0

    @property
    def active(self) -> bool:
        """Whether it can do anything now."""
        return self.lives and not self.stalled

    def end(self, how: Ending, at: datetime) -> None:
        """Let it be over."""
        if self.over is None:
            self.over, self.over_at = how, at

    def told(self) -> None:
        """Its clients hear that it is over, and stop."""
        self.minter, self.joined = False, 0


class Registry:
    """The HTTP service's side of the ledger, on a machine of its own that is never suspended."""

    def __init__(self, clock: VirtualClock, ledger: Ledger) -> None:
        self.up = True
        self._clock = clock
        self._ledger = ledger
        self._served = 0.0
        self._since = clock.elapsed()
        self._tick()

    def served(self) -> float:
        """Seconds in which a beat could have been taken."""
        return self._served + (self._clock.elapsed() - self._since if self.up else 0.0)

    def stop(self) -> None:
        """Go away."""
        self._served, self.up = self.served(), False

    def start(self) -> None:
        """Come back."""
        if not self.up:
            self._since, self.up = self._clock.elapsed(), True
            self._serve()

    def _tick(self) -> None:
        if self.up:
            self._serve()
        self._clock.call_after(EVERY, self._tick, elsewhere=True)

    def _serve(self) -> None:
        self._ledger.serve(elapsed=self._clock.elapsed(), every=EVERY, grace=GRACE)


class Runs:
    """Every run there ever was, and their beats."""

    def __init__(self, clock: VirtualClock, ledger: Ledger, registry: Registry) -> None:
        self.all: dict[str, TrueRun] = {}
        self.unreadable: set[str] = set()
        self._clock = clock
        self._ledger = ledger
        self._registry = registry
        self._number = 0
        self._known: set[str] = set()
        self._unknown: set[str] = set()

    def begin(self, beats: Beats, *, promised: bool) -> TrueRun:
        """Start a run; the registry hears of it only if it is up."""
        now = self._clock.now()
        run = Run(
            id=self._fresh_id(now),
            realm="default",
            started=now,
            expires=now + MAX_RUN,
            lease=Lease(length=LEASE, until=now + LEASE),
            beats=beats,
            promised=promised,
            owner="someone@example.org",
        )
        registered = beats is Beats.DIRECTORY or self._registry.up
        if beats is Beats.SERVICE and registered:
            run = self._ledger.start_run(run)
            self._known.add(run.id)
        true = TrueRun(run=run, registered=registered, heard=0.0)
        self._heard(true)
        self.all[run.id] = true
        self._beat_later(true)
        return true

    def finish(self, true: TrueRun) -> None:
        """Let the minter say that its run is over, and exit."""
        true.minter = False
        if true.run.beats is Beats.DIRECTORY:
            true.refused = True
            true.end(Ending.FINISHED, self._clock.now())
        elif self._registry.up:
            self._send(true)
            try:
                self._ledger.finish_run(true.run.id)
            except RunUnknown:
                return  # it never registered, or a restored ledger forgot it: it has to expire
            true.end(Ending.FINISHED, self._clock.now())

    def journal(self, true: TrueRun, entry: JournalEntry) -> None:
        """Write an entry, where the run's medium takes it."""
        true.entries.append(entry)
        if true.run.beats is Beats.SERVICE:
            true.unsent.append(entry)
            self._send(true)

    def beat(self, true: TrueRun) -> None:
        """Let a run beat now, if it can; its processes stop when they hear that it is over."""
        if not true.active:
            return
        if true.run.beats is Beats.DIRECTORY:
            if true.refused:
                true.told()
            else:
                self._heard(true)
        elif self._registry.up and true.registered:
            self._beat_at_the_registry(true)

    def may_create(self, true: TrueRun) -> bool:
        """Whether a client of it would create something now: it stops when its lease lapses."""
        if not true.active or true.over is not None:
            return False
        lapsed = self._own_time(true) - true.beaten > LEASE.total_seconds()
        return not (lapsed and true.registered and true.run.promised)

    def idle(self, true: TrueRun) -> timedelta:
        """For how long nothing was heard of it, of the time in which something could have been."""
        return timedelta(seconds=self.medium(true.run.beats) - true.heard)

    def medium(self, beats: Beats) -> float:
        """Seconds so far in which a beat of this sort could be heard."""
        return self._clock.awake() if beats is Beats.DIRECTORY else self._registry.served()

    def ended_by_reaper(self, run_id: str, true_now: datetime, *, elsewhere: bool) -> None:
        """Note that the engine ended a run because its lease lapsed.

        Raises:
            Violation: It had not lapsed.
        """
        true = self.all[run_id]
        if true.over is not None:
            return
        idle = self.idle(true)
        unseen = elsewhere or run_id in self.unreadable
        if true.run.beats is Beats.DIRECTORY and unseen and true_now > true.run.expires:
            # Who cannot read a run's directory knows no lease of it: for them it is as if it had
            # never registered, and lives by its expiry alone.
            idle = max(idle, LEASE + GRACE)
        if idle <= LEASE:
            raise Violation(
                2, f"{run_id} was ended after {idle} without a beat, and its lease is {LEASE}"
            )
        true.end(Ending.LAPSED, self._clock.now())

    def why_alive(self, run_id: str, true_now: datetime) -> str | None:
        """Say why nothing of a run may be touched; None where it is over."""
        true = self.all[run_id]
        if true.over is not None:
            return None
        known = self._knows(run_id)
        if known and true.run.promised:
            return f"{run_id} is not over"
        if known and self.idle(true) <= LEASE:
            return f"the lease of {run_id} holds"
        if true_now + MAX_SKEW < true.run.expires:
            return f"{run_id} lives by its expiry, {true.run.expires}"
        return None

    def latest_end(self, run_id: str) -> datetime:
        """The latest that anybody who asks the ledger can take for a run's end."""
        true = self.all[run_id]
        known = self._ledger.runs([run_id]).get(run_id)
        if known is None or known.ended is None:
            return max(true.over_at or true.run.expires, true.run.expires)
        if known.ending is Ending.LAPSED and not known.promised:
            return max(known.ended, true.run.expires)
        return known.ended

    def forget(self) -> None:
        """Ask the ledger anew which runs it knows: it was restored."""
        self._known.clear()
        self._unknown.clear()

    def taken_in(self, run_id: str) -> None:
        """Ask the ledger anew whether it knows a run: a directory told it."""
        self._unknown.discard(run_id)

    def _knows(self, run_id: str) -> bool:
        if run_id not in self._known and run_id not in self._unknown:
            found = self._ledger.runs([run_id])
            (self._known if found else self._unknown).add(run_id)
        return run_id in self._known

    def _beat_at_the_registry(self, true: TrueRun) -> None:
        try:
            self._ledger.beat(true.run.id)
        except RunUnknown:
            return  # a restored ledger forgot it: it lives by its expiry from now on
        except RunEnded:
            if true.over is None:
                raise Violation(2, f"{true.run.id} was ended, and nobody saw it") from None
            true.told()
            return
        self._heard(true)
        self._send(true)

    def _heard(self, true: TrueRun) -> None:
        true.heard, true.beaten = self.medium(true.run.beats), self._own_time(true)

    def _own_time(self, true: TrueRun) -> float:
        here = true.run.beats is Beats.DIRECTORY
        return self._clock.awake() if here else self._clock.elapsed()

    def _send(self, true: TrueRun) -> None:
        if self._registry.up and true.unsent:
            self._ledger.add_entries(true.unsent)
            true.unsent.clear()

    def _beat_later(self, true: TrueRun) -> None:
        def beat() -> None:
            if true.lives:
                self.beat(true)
                self._beat_later(true)

        elsewhere = true.run.beats is Beats.SERVICE
        self._clock.call_after(BEAT, beat, elsewhere=elsewhere)

    def _fresh_id(self, now: datetime) -> str:
        self._number += 1
        milliseconds = int(now.timestamp() * 1000)
        ulid = ULID.from_bytes(milliseconds.to_bytes(6, "big") + self._number.to_bytes(10, "big"))
        return f"r-{str(ulid).lower()}"


class SimulatedDirectories:
    """Implements `reaper.sweep.site.Directories`: the directories of one host's runs."""

    def __init__(self, clock: VirtualClock, runs: Runs) -> None:
        self._clock = clock
        self._runs = runs

    def take_in(self, ledger: Ledger) -> frozenset[str]:
        """Bring the ledger up to date; what cannot be read is left out."""
        fresh: set[str] = set()
        for true in self._runs.all.values():
            run = true.run
            if run.beats is not Beats.DIRECTORY or run.id in self._runs.unreadable:
                continue
            left = run.lease.length - self._runs.idle(true)
            lease = replace(run.lease, until=self._clock.now() + left)
            ledger.take_in(
                replace(
                    run,
                    lease=lease,
                    ended=true.over_at if true.refused else None,
                    ending=true.over if true.refused else None,
                )
            )
            ledger.add_entries(true.entries)
            fresh.add(run.id)
        return frozenset(fresh)

    def end_lapsed(self, run_id: str, grace: timedelta) -> bool:
        """End a run where its beats are refused from then on; False: its lease holds."""
        true = self._runs.all[run_id]
        if true.over is None and self._runs.idle(true) <= LEASE + grace:
            return False
        true.refused = True
        true.end(Ending.LAPSED, self._clock.now())
        return True
