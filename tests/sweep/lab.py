"""One cell of the in-memory world, a ledger in memory and a virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from reaper.ledger import Ledger
from reaper.model import Beats, Cell, Kind, Lease, Outcome, Ref, Resource, Run, Status
from reaper.plan import Brake
from reaper.policy import Policy
from reaper.providers.protocol import Answer, Reading
from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.faults import FaultInjector
from reaper.sandbox.memory import MemoryProvider
from reaper.sandbox.world import World
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.site import Narrowing, Settings, Site
from reaper.tags import TagRules, new_run_id, run_tags

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SCOPE = "lab"
CELL = Cell(provider="memory", scope=SCOPE, label="memory lab")


class Hosts:
    """This host's runs: those whose process is dead lapse, and are ended where they beat."""

    def __init__(self) -> None:
        self.readable: set[str] = set()
        self.beating: set[str] = set()

    def take_in(self, ledger: Ledger) -> frozenset[str]:
        return frozenset(self.readable)

    def end_lapsed(self, run_id: str, grace: timedelta) -> bool:
        return run_id not in self.beating


@dataclass(frozen=True, kw_only=True)
class Look:
    """Reads that the sweep made together, each by the IDs that it asked for."""

    preview: bool
    reads: list[set[str]]


class Doctored(MemoryProvider):
    """A provider whose reads tell more than the world holds."""

    def __init__(self, world: World, *, lab: Lab, read_only: bool) -> None:
        super().__init__(
            world,
            faults=lab.faults,
            pause=lab.clock.sleep,
            read_only=read_only,
            batch=lab.batch,
        )
        self.lab = lab
        self._look: Look | None = None

    @property
    def kinds(self) -> Mapping[str, Kind]:
        return {
            name: replace(kind, takes=self.lab.takes.get(name, kind.takes))
            for name, kind in super().kinds.items()
        }

    def control(self, cell: Cell, kind: str) -> str | None:
        self.lab.controls.append(kind)
        return super().control(cell, kind)

    def poll(self, cell: Cell, handle: str) -> Answer:
        self.lab.polls.append(handle)
        return super().poll(cell, handle)

    @contextmanager
    def together(self, cell: Cell, *, preview: bool) -> Iterator[None]:
        self._look = Look(preview=preview, reads=[])
        self.lab.looks.append(self._look)
        yield
        self._look = None

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        self.lab.reads.append(tuple(refs))
        if self._look is not None:
            self._look.reads.append({ref.id for ref in refs})
        readings = super().read(cell, refs)
        return {
            key: self.lab.doctor(reading) if isinstance(reading, Resource) else reading
            for key, reading in readings.items()
        }


def as_it_is(resource: Resource) -> Resource:
    return resource


@dataclass
class Lab:
    """What a test arranges, and the sweeps that it lets loose on it.

    Attributes:
        takes: How long kinds say that their deletion usually takes.
        reads: What the sweeps read together, call by call.
        controls: The kinds of their positive controls, call by call.
        polls: The handles of the long operations that they asked for, call by call.
        looks: What they read together, for the plan and before deletions.
    """

    clock: VirtualClock
    ledger: Ledger
    world: World
    faults: FaultInjector
    hosts: Hosts = field(default_factory=Hosts)
    policy: Policy = field(default_factory=lambda: Policy(grace=15 * MINUTE))
    brake: Brake | None = None
    sweeps: int = 0
    doctor: Callable[[Resource], Resource] = as_it_is
    batch: int = 16
    takes: dict[str, timedelta] = field(default_factory=dict)
    reads: list[tuple[Ref, ...]] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    def run(self, *, promised: bool = True, beats: Beats = Beats.DIRECTORY) -> Run:
        """Start a run of this host."""
        now = self.clock.now()
        run = Run(
            id=new_run_id(at=now),
            realm="default",
            started=now,
            expires=now + timedelta(hours=24),
            lease=Lease(length=10 * MINUTE, until=now + 10 * MINUTE),
            beats=beats,
            promised=promised,
            owner="alice@example.com",
        )
        self.hosts.readable.add(run.id)
        return self.ledger.start_run(run)

    def machine(self, run: Run) -> Ref:
        return self.world.create("memory:machine", SCOPE, by=run.id, tags=run_tags(run))

    def make(self, kind: str, run: Run, name: str | None = None) -> Ref:
        return self.world.create(kind, SCOPE, by=run.id, name=name, tags=run_tags(run))

    def finish(self, run: Run) -> None:
        """Finish a run, and let the grace go by."""
        self.ledger.finish_run(run.id)
        self.clock.advance(20 * MINUTE)

    def site(
        self,
        *,
        at: Callable[[str], None] = lambda _: None,
        narrowing: Narrowing = Narrowing(),  # noqa: B008 - frozen
        named: frozenset[str] = frozenset(),
        verify_for: timedelta = 5 * MINUTE,
        ledger: Ledger | None = None,
        read_only: bool = False,
        workers: int | None = 1,
    ) -> Site:
        self.sweeps += 1
        provider = Doctored(self.world, lab=self, read_only=read_only)
        return Site(
            provider=provider,
            cell=CELL,
            ledger=ledger or self.ledger,
            settings=Settings(
                policy=self.policy,
                rules=TagRules(realm="default"),
                brake=self.brake,
                narrowing=narrowing,
                named=named,
                verify_for=verify_for,
                lock_for=10 * MINUTE,
            ),
            clock=self.clock,
            holder=f"sweep-{self.sweeps}",
            directories=self.hosts,
            at=at,
            workers=workers,
        )

    def sweep(self, engine: type[Sweep] = Sweep, **site: object) -> SweepReport:
        return engine(self.site(**site)).run()  # type: ignore[arg-type] # passed on as given

    def there(self, ref: Ref) -> bool:
        found = self.world.find(ref)
        return found is not None and found.ref == ref and not found.going


def became(report: SweepReport, ref: Ref) -> Outcome:
    """The one outcome of a resource in a report."""
    (outcome,) = [outcome for outcome in report.outcomes if outcome.ref == ref]
    return outcome


def statuses(report: SweepReport) -> dict[str, Status]:
    """The status of each resource in a report, by its ID."""
    return {outcome.ref.id: outcome.status for outcome in report.outcomes}


def new_lab() -> Lab:
    """An empty world with an empty ledger."""
    clock = VirtualClock()
    return Lab(
        clock=clock,
        ledger=Ledger.open("sqlite://", clock=clock),
        world=World(clock, scopes=(SCOPE,)),
        faults=FaultInjector(),
    )
