"""An emulated Google Cloud in a realistic mess, and the command line let loose on it."""

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
from reaper.config import load
from reaper.config.places import GcePlace
from reaper.ledger import Ledger
from reaper.model import Gap, Outcome
from reaper.plan import Brake
from reaper.providers.gce import open_gce
from reaper.providers.gce.kind import Filter
from reaper.providers.gce.kinds import KINDS
from reaper.providers.protocol import Provider
from reaper.sandbox.faults import Effect, Fault, Operation
from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.cloud import operation
from reaper.sandbox.gce.world import Made, Seen, World, build, everything
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import Fleet, assemble, each
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Settings, Site
from tests.results import Result

PROJECT = "sandbox"
STRANGER = {"owner": "somebody"}
# What Google keeps for ever, or until a later purge.
LINGERING = frozenset({"gce:kms:key"})

CONFIG = """\
ledger: sqlite:///{ledger}
policy:
  grace: 0s
  enable: [gce:kms:key]
  brake: {{max_share: 1.0}}  # all that is tagged here goes
providers:
  gce: {places}
"""


class Opener(Protocol):
    """Opens a place, as the provider's own function does."""

    def __call__(self, place: GcePlace, *, read_only: bool) -> Provider: ...


@dataclass(kw_only=True)
class GoogleBench:
    """One emulated Google Cloud, a configuration that knows it, and runs that leave things."""

    sandbox: GoogleSandbox
    directory: Path
    projects: tuple[str, ...] = (PROJECT,)
    options: Mapping[str, Any] | None = None

    @property
    def config(self) -> Path:
        return self.directory / "reaper.yaml"

    def write_config(self) -> None:
        places = [
            {"project": project, "endpoint": self.sandbox.endpoint, **(self.options or {})}
            for project in self.projects
        ]
        text = CONFIG.format(ledger=self.directory / "ledger.db", places=json.dumps(places))
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
        opener: Opener = open_gce,
        at: Callable[[str], None] = lambda _step: None,
        *,
        engine: type[Sweep] = Sweep,
        most: int | None = None,
    ) -> tuple[list[Outcome], list[Gap]]:
        """Sweep with a provider or an engine of one's own, and be there between any two steps.

        `most` is the brake's number of deletions; None: the configuration's.
        """
        self.write_config()
        config = load(self.config, {})
        settings = Settings(
            policy=config.policy(),
            rules=config.tag_rules(),
            brake=config.brake() if most is None else Brake(max_deletions=most, max_share=1.0),
            verify_for=timedelta(seconds=2),
        )
        providers = [opener(place, read_only=False) for place in config.providers.gce]
        ledger = Ledger.open(config.ledger)
        try:
            fleet = assemble(
                providers,
                ledger,
                settings,
                directories=HostDirectories(self.directory / "state"),
            )
            sites = [replace(site, at=at) for site in fleet.sites]

            def run_sweep(site: Site) -> SweepReport:
                return engine(site).run()

            reports, gaps = each(Fleet(sites=tuple(sites), gaps=fleet.gaps), run_sweep)
            found = [gap for report in reports for gap in report.plan.gaps]
            return [outcome for report in reports for outcome in report.outcomes], [*gaps, *found]
        finally:
            ledger.close()
            for provider in providers:
                provider.close()

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

    def build(self, labels: Mapping[str, str], name: str, **how: Any) -> World:
        return build(self.sandbox.endpoint, labels, name=name, **how)

    def left_by_a_run(self, name: str = "ours", **how: Any) -> World:
        """Let a run build a world, journal what cannot bear labels, and end without cleaning."""
        with self.run() as run:
            world = self.build(run.tags, name, **how)
            for made in world.made:
                if is_journaled(made):
                    run.created(
                        kind=made.kind,
                        scope=world.project,
                        id=made.id,
                        incarnation=made.number or None,
                        taggable=False,
                    )
        return world

    def look(self) -> dict[Seen, str]:
        return everything(self.sandbox.endpoint, self.projects)

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
        """Let a fault befall methods such as `compute.*`."""
        fault = Fault(effect=effect, operations=frozenset(operations), kind=kind, **more)
        return self.sandbox.faults.add(fault)

    def deletions(self) -> Counter[str]:
        """How often each method that removes something was asked for."""
        found: Counter[str] = Counter()
        for (_, _, method), number in self.sandbox.requests.counts.items():
            if operation(method) is Operation.DELETE:
                found[method] += number
        return found


def is_journaled(made: Made) -> bool:
    """Whether a run's own call created it, and it cannot bear labels.

    What a group or a cluster makes is nobody's call, and is derived.
    """
    kind = KINDS[made.kind]
    if kind.filter is not Filter.NONE or made.part == "of kubernetes":
        return False
    return not (made.kind == "gce:compute:instance-group" and made.part != "unmanaged")
