"""The simulated lab: runs, people, a cloud with faults, and the engine among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from random import Random

from reaper.errors import LedgerError, PlanRejected
from reaper.ledger import Ledger
from reaper.ledger.database import Database
from reaper.ledger.opening import bring_up, connect
from reaper.model import Cell, JournalEntry, Mark, Phase, Ref
from reaper.plan import Brake
from reaper.policy import Policy, Protection
from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.faults import FaultInjector
from reaper.sandbox.memory import MemoryProvider
from reaper.sandbox.sorts import BUCKET, EVERYWHERE, IMAGE, KINDS, MACHINE, ROLE
from reaper.sandbox.things import Bond, Refused
from reaper.sandbox.world import World
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import Fleet, each
from reaper.sweep.site import NoDirectories, Settings, Site
from reaper.tags import TagRules, image_tags, run_tags
from tests.simulation.process import Checks, Interference, Process
from tests.simulation.runs import (
    GRACE,
    MAX_RUN,
    MAX_SKEW,
    Registry,
    Runs,
    SimulatedDirectories,
    TrueRun,
)
from tests.simulation.truth import PROTECTED_NAMES, Truth, identity
from tests.simulation.violation import Killed

SCOPE = "lab"
ABROAD = "abroad"  # where people have machines, and nobody sweeps
PERSON = "a person"
# One for all labs, one after the other: each closes it, which empties it, and the statements that
# were compiled for it stay.
_ENGINE = connect("sqlite://", None).engine
_CALL_S = 2.0  # how long a creating call takes: no two things are made at the same moment

POLICY = Policy(
    grace=GRACE,
    max_run=MAX_RUN,
    max_skew=MAX_SKEW,
    protect=(Protection(name=PROTECTED_NAMES),),
)


class Journaling(StrEnum):
    """How much of a creating call the run's journal has."""

    WHOLE = "intent and result"
    INTENT = "intent only"  # killed before the answer, or the answer was lost
    NOTHING = "nothing"  # made by a tool that no hook sees


class Lab:
    """One world, one ledger, one registry, and whoever acts on them.

    Attributes:
        tally: What happened, to be counted over all histories.
        secretly_protected: The identities of what is protected where no read tells of it.
        batch: How many resources the provider is to be asked for together.
        disturbed: A clock was wrong, or the ledger lost something, so that a person may be needed.
    """

    def __init__(self, engine: type[Sweep] = Sweep, *, brake: Brake | None = None) -> None:
        self.engine = engine
        self.brake = brake
        self.tally: Counter[str] = Counter()
        self.clock = VirtualClock()
        self.world = World(self.clock, scopes=(SCOPE, EVERYWHERE, ABROAD))
        self.faults = FaultInjector(Random(1))
        database = Database(_ENGINE, clock=self.clock, shown="sqlite://")
        bring_up(database, migrate=None)  # refuses if another lab's tables are there still
        self.ledger = Ledger(database)
        self.registry = Registry(self.clock, self.ledger)
        self.runs = Runs(self.clock, self.ledger, self.registry)
        self.truth = Truth(world=self.world, clock=self.clock, runs=self.runs)
        self.world.watchers.append(self.truth.watch)
        limit = None if brake is None else brake.max_deletions
        self.checks = Checks(limit=limit)
        self.backups: list[tuple[bytes, dict[str, Mark], float | None]] = []
        self.processes: list[Process] = []
        self.secretly_protected: set[str] = set()
        self.batch = 16
        self.disturbed = False
        self._number = 0

    def close(self) -> None:
        """Give the ledger's connection back."""
        self.ledger.close()

    # --- runs -----------------------------------------------------------------------------------

    def create(
        self,
        true: TrueRun,
        kind: str,
        *,
        name: str | None = None,
        journaling: Journaling = Journaling.WHOLE,
        bonds: Sequence[tuple[Bond, Ref]] = (),
    ) -> Ref | None:
        """Let a run create something, if it can; None if it cannot, or the name is taken."""
        if not self.runs.may_create(true):
            return None
        self.clock.sleep(_CALL_S)
        self._number += 1
        number = self._number
        taggable = KINDS[kind].taggable
        if name is None and not taggable:
            name = f"{kind.rpartition(':')[2]}-of-{number}"
        if journaling is not Journaling.NOTHING:
            self._journal(true, number, Phase.INTENT, kind, name=name)
        scope = scope_of(kind)
        tags = image_tags(true.run) if kind == IMAGE else run_tags(true.run) if taggable else {}
        try:
            if kind == MACHINE:
                made, boot = self.world.launch(SCOPE, by=true.run.id, tags=tags, bonds=bonds)
                self.truth.things[identity(boot)].parent = made
            else:
                made = self.world.create(
                    kind, scope, by=true.run.id, name=name, tags=tags, bonds=bonds
                )
        except Refused:
            there = self.world.find(Ref(kind=kind, scope=scope, id=name or "?"))
            if journaling is Journaling.WHOLE:
                phase = Phase.FAILED if there is None else Phase.EXISTED
                found = None if there is None else there.ref
                if found is not None:
                    self.truth.things[identity(found)].relied_upon = True
                self._journal(true, number, phase, kind, name=name, ref=found)
            return None
        thing = self.truth.things[identity(made)]
        thing.intended = journaling is not Journaling.NOTHING
        thing.journaled = journaling is Journaling.WHOLE
        if journaling is Journaling.WHOLE:
            self._journal(true, number, Phase.CREATED, kind, name=name, ref=made)
        if kind == BUCKET:
            self.world.use(made, by=true.run.id)
        self.tally["created"] += 1
        return made

    def _journal(
        self,
        true: TrueRun,
        number: int,
        phase: Phase,
        kind: str,
        *,
        name: str | None,
        ref: Ref | None = None,
    ) -> None:
        entry = JournalEntry(
            run=true.run.id,
            writer="host:1:1",
            seq=number,
            at=self.clock.now(),
            phase=phase,
            kind=kind,
            scope=scope_of(kind),
            ref=ref,
            name=name,
            taggable=KINDS[kind].taggable,
        )
        self.runs.journal(true, entry)

    # --- people ---------------------------------------------------------------------------------

    def pause(self) -> None:
        """Let a person pause all sweeping."""
        self.ledger.pause(PERSON, "an incident")
        self.checks.paused = self.clock.elapsed()

    def resume(self) -> None:
        """Let a person resume it."""
        self.ledger.resume(PERSON)
        self.checks.paused = None

    def release(self) -> None:
        """Let a person release what the brake held last."""
        for plan in self.checks.held.values():
            try:
                self.ledger.release_plan(plan, PERSON)
            except PlanRejected:
                continue  # it was held before the backup that the ledger was restored from
            self.checks.limit = None

    # --- the machinery --------------------------------------------------------------------------

    def jump(self, delta: timedelta) -> None:
        """Set the host's clock."""
        self.clock.jump(delta)
        self.disturbed = True
        self.checks.limit = None  # what «within 24 hours» means is unknown from now on
        for process in self.processes:
            process.jumped = True

    def right_the_clock(self) -> None:
        """Set the host's clock to the true time."""
        if self.truth.now() != self.clock.now():
            self.jump(self.truth.now() - self.clock.now())

    def back_up(self) -> None:
        """Take a backup of the ledger."""
        self.backups.append((self.ledger.snapshot(), dict(self.truth.marks), self.checks.paused))

    def restore(self, which: int) -> None:
        """Put a backup in the ledger's place."""
        if not self.backups:
            return
        copy, marks, paused = self.backups[which % len(self.backups)]
        self.ledger.restore(copy)
        self.runs.forget()
        self.truth.marks = dict(marks)
        self.checks.paused = paused
        self.checks.limit = None
        self.disturbed = True
        self.tally["restores"] += 1

    def sweep(
        self,
        *,
        interferences: Sequence[Interference] = (),
        elsewhere: bool = False,
        wait: timedelta = timedelta(seconds=60),
        full: bool = False,
    ) -> SweepReport | None:
        """Let a daemon sweep each cell once; None where it was killed, or the ledger left it.

        Args:
            interferences: What happens to it on the way.
            elsewhere: It runs on another host, which sees no run directories.
            wait: How long it waits for the lock.
            full: It lists natively as well.
        """
        self._number += 1
        process = Process(
            f"daemon-{self._number}",
            clock=self.clock,
            truth=self.truth,
            ledger=self.ledger,
            provider=MemoryProvider(
                self.world,
                by=f"daemon-{self._number}",
                faults=self.faults,
                pause=self.clock.sleep,
                batch=self.batch,
            ),
            checks=self.checks,
            elsewhere=elsewhere,
            interferences=interferences,
        )
        self.processes.append(process)
        sites = [self._site(process, cell, full=full) for cell in self._cells(process)]
        self.tally["sweeps"] += 1
        try:
            reports, _ = each(
                Fleet(sites=tuple(sites), gaps=()), lambda site: self._swept(process, site, wait)
            )
        except Killed:
            self.tally["killed"] += 1
            return None
        finally:
            self.processes.remove(process)
        if process.broke is not None:
            raise process.broke
        if len(reports) < len(sites):
            self.tally["left by the ledger"] += 1
            return None
        for outcome in (outcome for report in reports for outcome in report.outcomes):
            self.tally[f"outcome {outcome.status}"] += 1
        return _joined(reports)

    def _cells(self, process: Process) -> list[Cell]:
        """The cells that are swept: what has no region only where there ever was anything."""
        used = {thing.ref.scope for thing in self.truth.things.values()} - {ABROAD} | {SCOPE}
        return [cell for cell in process.provider.cells() if cell.scope in used]

    def _swept(self, process: Process, site: Site, wait: timedelta) -> SweepReport:
        """Sweep one cell; what must not be passed over as a failure of this cell is kept."""
        try:
            return self.engine(site).run(wait_for_lock=wait)
        except LedgerError:
            raise
        except Exception as error:  # `fleet.each` would make a gap of a defect or a violation
            process.broke = error
            raise

    def _site(self, process: Process, cell: Cell, *, full: bool) -> Site:
        return Site(
            provider=process.provider,
            cell=cell,
            ledger=process.ledger,
            settings=Settings(
                policy=POLICY,
                rules=TagRules(realm="default"),
                brake=self.brake,
                full=full,
            ),
            clock=self.clock,
            holder=process.name,
            directories=(
                NoDirectories()
                if process.elsewhere
                else SimulatedDirectories(self.clock, self.runs)
            ),
            at=process.step,
            keeps=False,  # a thread for each call took a sixth of the time, and slept through it
            workers=1,
        )


def scope_of(kind: str) -> str:
    """Where things of this kind are."""
    return EVERYWHERE if kind == ROLE else SCOPE


def _joined(reports: Sequence[SweepReport]) -> SweepReport:
    """The reports of all cells as one."""
    first, *others = reports
    plan = replace(
        first.plan,
        items=tuple(item for report in reports for item in report.plan.items),
        held=next((report.plan.held for report in reports if report.plan.held), None),
    )
    outcomes = (*first.outcomes, *(outcome for each in others for outcome in each.outcomes))
    return replace(first, plan=plan, outcomes=outcomes)
