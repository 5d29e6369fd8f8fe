"""An emulated OCI in a realistic mess, and the command line let loose on it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

import reaper
from reaper.cli.main import app
from reaper.client.active import ActiveRun
from reaper.clock import Clock
from reaper.config import load
from reaper.config.places import OciPlace
from reaper.ledger import Ledger
from reaper.model import Gap, Outcome, Status
from reaper.providers.oci import open_oci
from reaper.providers.oci.kinds import KINDS
from reaper.providers.protocol import Provider
from reaper.sandbox.faults import Effect, Fault, Operation
from reaper.sandbox.oci import Key, OciSandbox
from reaper.sandbox.oci.cloud import operation
from reaper.sandbox.oci.world import Seen, World, build, everything
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import Fleet, assemble, each
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Settings, Site
from tests.hasty import HastyClock
from tests.results import Result

HOME = "us-ashburn-1"
REGIONS = (HOME, "eu-frankfurt-1")
STRANGER = {"owner": "somebody"}
# What OCI keeps until a later purge.
LINGERING = frozenset({"oci:kms:key", "oci:kms:vault"})

CONFIG = """\
ledger: sqlite:///{ledger}
policy:
  grace: 0s
  enable: [oci:kms:key, oci:kms:vault]
  brake: {{max_share: 1.0}}  # all that is tagged here goes
providers:
  oci: {places}
"""


class Opener(Protocol):
    """Opens a place, as the provider's own function does."""

    def __call__(self, place: OciPlace, *, read_only: bool, clock: Clock) -> Provider: ...


def run_sweep(site: Site) -> SweepReport:
    return Sweep(site).run()


@dataclass(kw_only=True)
class OciBench:
    """One emulated tenancy, a configuration that knows it, and runs that leave things.

    Attributes:
        clock: By which the sandbox and `play` go.
    """

    sandbox: OciSandbox
    directory: Path
    clock: HastyClock
    compartments: tuple[str, ...] = ("ci", "shared")
    regions: tuple[str, ...] = REGIONS
    options: Mapping[str, Any] | None = None
    key: Key | None = None  # None: the administrator's

    @property
    def config(self) -> Path:
        return self.directory / "reaper.yaml"

    @property
    def ocids(self) -> tuple[str, ...]:
        return tuple(self.sandbox.compartments[each] for each in self.compartments)

    def write_config(self) -> None:
        (self.key or self.sandbox.key).write(self.directory / "oci-config")
        place = {
            "name": "sandbox",
            "tenancy": self.sandbox.tenancy,
            "compartments": [self.sandbox.tenancy, *self.ocids],
            "regions": self.regions,
            "config_file": str(self.directory / "oci-config"),
            "endpoint": f"{self.sandbox.endpoint}/{{region}}",
            **(self.options or {}),
        }
        text = CONFIG.format(ledger=self.directory / "ledger.db", places=json.dumps([place]))
        self.config.write_text(text)

    def reaper(self, *arguments: str) -> Result:
        """Let the command line do something, as JSON where it can."""
        self.write_config()
        done = CliRunner().invoke(
            app,
            [*arguments, "--config", str(self.config)],
            env={"REAPER_STATE": str(self.directory / "state"), "REAPER_RUN_ID": None},
        )
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Result(code=done.exit_code, stdout=done.stdout, stderr=done.stderr)

    def sweep(self, *arguments: str) -> Result:
        return self.reaper("sweep", "--yes", "--json", *arguments)

    def play(
        self,
        opener: Opener = open_oci,
        at: Callable[[str], None] = lambda _step: None,
        *,
        full: bool = False,
    ) -> tuple[list[Outcome], list[Gap]]:
        """Sweep with a provider of one's own, without waiting, and be there between two steps.

        The ledger is ahead of this machine's clock then: a command line that goes on with it would
        see a clock that was set back.
        """
        self.write_config()
        config = load(self.config, {})
        settings = Settings(
            policy=config.policy(),
            rules=config.tag_rules(),
            brake=config.brake(),
            full=full,
        )
        providers = [
            opener(place, read_only=False, clock=self.clock) for place in config.providers.oci
        ]
        ledger = Ledger.open(config.ledger, clock=self.clock)
        try:
            fleet = assemble(
                providers,
                ledger,
                settings,
                clock=self.clock,
                directories=HostDirectories(self.directory / "state"),
            )
            sites = [replace(site, at=at) for site in fleet.sites]
            reports, gaps = each(Fleet(sites=tuple(sites), gaps=fleet.gaps), run_sweep)
            found = [gap for report in reports for gap in report.plan.gaps]
            return [outcome for report in reports for outcome in report.outcomes], [*gaps, *found]
        finally:
            ledger.close()
            for provider in providers:
                provider.close()

    def play_on(self, times: int = 6) -> list[Outcome]:
        """Sweep again and again, an hour after each other; the last outcome of each."""
        last: dict[str, Outcome] = {}
        for _ in range(times):
            outcomes, gaps = self.play()
            assert gaps == []
            last |= {each.ref.key: each for each in outcomes}
            if not {each.status for each in outcomes} - {Status.GONE, Status.SCHEDULED}:
                break
            self.clock.sleep(3600.0)
        return list(last.values())

    @contextmanager
    def run(self) -> Iterator[ActiveRun]:
        """Start a run of its own, also within another; it ends with the context."""
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("REAPER_RUN_ID", raising=False)
            with reaper.run(
                realm="default",
                owner="alice@example.com",
                lease=timedelta(minutes=10),
                state=self.directory / "state",
            ) as run:
                yield run

    def build(
        self, tags: Mapping[str, str], name: str, *, compartment: str = "ci", **how: Any
    ) -> World:
        return build(
            self.sandbox.endpoint,
            self.sandbox.key.config(),
            tags,
            name=name,
            compartment=self.sandbox.compartments[compartment],
            **how,
        )

    def left_by_a_run(self, name: str = "ours", **how: Any) -> World:
        """Let a run build a world, journal what cannot bear tags, and end without cleaning."""
        with self.run() as run:
            world = self.build(run.tags, name, **how)
            self.journal(run, world)
        return world

    def journal(self, run: ActiveRun, world: World) -> None:
        """Write down what a run's own calls made, as far as it cannot bear tags."""
        for made in world.made:
            if made.named and not KINDS[made.kind].kind.taggable:
                run.created(
                    kind=made.kind,
                    scope=f"{self.sandbox.tenancy}/{world.region}/{made.compartment}",
                    id=made.id,
                    taggable=False,
                )

    def look(self) -> dict[Seen, str]:
        return everything(
            self.sandbox.endpoint, self.sandbox.key.config(), self.ocids, self.regions
        )

    def look_past_faults(self) -> dict[Seen, str]:
        """Look as nobody denies anything; the faults stay armed."""
        armed = self.sandbox.faults.armed
        self.sandbox.faults.clear()
        try:
            return self.look()
        finally:
            for fault in armed:
                self.sandbox.faults.add(fault)

    def refuse(self, effect: Effect, kind: str, *operations: Operation, **more: Any) -> Fault:
        """Let a fault befall methods such as `core.*`."""
        fault = Fault(effect=effect, operations=frozenset(operations), kind=kind, **more)
        return self.sandbox.faults.add(fault)

    def deletions(self) -> Counter[str]:
        """How often each method that removes something was asked for."""
        found: Counter[str] = Counter()
        for (_, _, method), number in self.sandbox.requests.counts.items():
            if operation(method) is Operation.DELETE:
                found[method] += number
        return found
