"""An emulated Azure in a realistic mess, and the command line let loose on it."""

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
from reaper.config.places import AzurePlace
from reaper.ledger import Ledger
from reaper.model import Gap, Outcome
from reaper.providers.azure import open_azure
from reaper.providers.protocol import Provider
from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.cloud import operation
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world import Seen, World, build, everything
from reaper.sandbox.faults import Effect, Fault, Operation
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import Fleet, assemble, each
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Settings, Site
from tests.results import Result

OTHER = "00000000-0000-0000-0000-000000000002"
STRANGER = {"owner": "somebody"}
# What Azure keeps until a later purge.
LINGERING = frozenset({"azure:microsoft.keyvault/deletedvaults"})

CONFIG = """\
ledger: sqlite:///{ledger}
policy:
  grace: 0s
  brake: {{max_share: 1.0}}  # all that is tagged here goes
providers:
  azure: {places}
"""


class Opener(Protocol):
    """Opens a place, as the provider's own function does."""

    def __call__(self, place: AzurePlace, *, read_only: bool) -> Provider: ...


def run_sweep(site: Site) -> SweepReport:
    return Sweep(site).run()


@dataclass(kw_only=True)
class AzureBench:
    """One emulated Azure, a configuration that knows it, and runs that leave things."""

    sandbox: AzureSandbox
    directory: Path
    subscriptions: tuple[str, ...] = (SUBSCRIPTION,)
    options: Mapping[str, Any] | None = None

    @property
    def config(self) -> Path:
        return self.directory / "reaper.yaml"

    def write_config(self) -> None:
        places = [
            {"subscription": each, "endpoint": self.sandbox.endpoint, **(self.options or {})}
            for each in self.subscriptions
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
        opener: Opener = open_azure,
        at: Callable[[str], None] = lambda _step: None,
        *,
        verify_s: float = 2.0,
    ) -> tuple[list[Outcome], list[Gap]]:
        """Sweep with a provider of one's own, and be there between any two steps."""
        self.write_config()
        config = load(self.config, {})
        settings = Settings(
            policy=config.policy(),
            rules=config.tag_rules(),
            brake=config.brake(),
            verify_for=timedelta(seconds=verify_s),
        )
        providers = [opener(place, read_only=False) for place in config.providers.azure]
        ledger = Ledger.open(config.ledger)
        try:
            fleet = assemble(
                providers,
                ledger,
                settings,
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

    def build(self, tags: Mapping[str, str], name: str, **how: Any) -> World:
        return build(self.sandbox.endpoint, tags, name=name, **how)

    def left_by_a_run(self, name: str = "ours", **how: Any) -> World:
        """Let a run build a world, and end without cleaning."""
        with self.run() as run:
            return self.build(run.tags, name, **how)

    def look(self) -> dict[Seen, str]:
        return everything(self.sandbox.endpoint, self.sandbox.subscriptions)

    def look_past_faults(self) -> dict[Seen, str]:
        """Look as nobody denies anything; the faults stay armed."""
        armed = self.sandbox.faults.armed
        self.sandbox.faults.clear()
        try:
            return self.look()
        finally:
            for fault in armed:
                self.sandbox.faults.add(fault)

    def look_past_lacks(self) -> dict[Seen, str]:
        """Look as somebody who may do everything."""
        lacking = set(self.sandbox.lacking)
        self.sandbox.lacking.clear()
        try:
            return self.look()
        finally:
            self.sandbox.lacking.update(lacking)

    def refuse(self, effect: Effect, kind: str, *operations: Operation, **more: Any) -> Fault:
        """Let a fault befall methods such as `microsoft.compute/*`."""
        fault = Fault(effect=effect, operations=frozenset(operations), kind=kind, **more)
        return self.sandbox.faults.add(fault)

    def deletions(self) -> Counter[str]:
        """How often each method that removes something was asked for."""
        found: Counter[str] = Counter()
        for (_, _, method), number in self.sandbox.requests.counts.items():
            if operation(method) is Operation.DELETE:
                found[method] += number
        return found
