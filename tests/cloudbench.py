"""An emulated cloud in a realistic mess, and the command line let loose on it in this process."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pytest
from typer.testing import CliRunner

import reaper
from reaper.cli.main import app
from reaper.client.active import ActiveRun
from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.config import load
from reaper.ledger import Ledger
from reaper.model import Gap, Outcome
from reaper.providers.protocol import Provider
from reaper.sandbox.faults import Effect, Fault, FaultInjector, Operation
from reaper.sandbox.kernel.requests import RequestLog
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import Fleet, assemble, each
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Settings, Site
from tests.results import Result, Seen

STRANGER = {"owner": "somebody"}
# Opens a place, as the provider's own function does.
Opener = Callable[..., Provider]


class Sandbox(Protocol):
    """What every sandbox has."""

    faults: FaultInjector
    requests: RequestLog


S = TypeVar("S", bound=Sandbox)


@dataclass(kw_only=True)
class CloudBench(ABC, Generic[S]):
    """One sandbox, a configuration that knows it, and runs that leave things there."""

    sandbox: S
    directory: Path

    cloud: ClassVar[str]
    """As the configuration calls it."""
    enabled: ClassVar[Sequence[str]] = ()
    """Kinds that are swept only where that is asked for."""
    verify_s: ClassVar[float] = 2.0

    @abstractmethod
    def places(self) -> list[dict[str, Any]]:
        """What the configuration says of the places."""

    @abstractmethod
    def look(self) -> dict[Seen, str]:
        """Everything that there is, and how it is."""

    @abstractmethod
    def sort(self, method: str) -> Operation:
        """What a method does, in the words of the faults."""

    @property
    def config(self) -> Path:
        return self.directory / "reaper.yaml"

    def write_config(self) -> None:
        told = {
            "ledger": f"sqlite:///{self.directory / 'ledger.db'}",
            "policy": {
                "grace": "0s",
                "enable": [*self.enabled],
                "brake": {"max_share": 1.0},  # all that is tagged here goes
            },
            "providers": {self.cloud: self.places()},
        }
        self.config.write_text(json.dumps(told))

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

    def played(
        self,
        opener: Opener,
        at: Callable[[str], None],
        *,
        clock: Clock = SYSTEM_CLOCK,
        engine: type[Sweep] = Sweep,
        **settings: Any,
    ) -> tuple[list[Outcome], list[Gap]]:
        """Sweep with a provider or an engine of one's own, and be there between any two steps."""
        self.write_config()
        config = load(self.config, {})
        told = {
            "policy": config.policy(),
            "rules": config.tag_rules(),
            "brake": config.brake(),
            "verify_for": timedelta(seconds=self.verify_s),
            **settings,
        }
        places = getattr(config.providers, self.cloud)
        providers = [opener(place, read_only=False) for place in places]
        ledger = Ledger.open(config.ledger, clock=clock)
        try:
            fleet = assemble(
                providers,
                ledger,
                Settings(**told),
                clock=clock,
                directories=HostDirectories(self.directory / "state"),
            )
            sites = tuple(replace(site, at=at) for site in fleet.sites)

            def run_sweep(site: Site) -> SweepReport:
                return engine(site).run()

            reports, gaps = each(Fleet(sites=sites, gaps=fleet.gaps), run_sweep)
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

    def look_past_faults(self) -> dict[Seen, str]:
        """Look as nobody denies anything; the faults stay armed."""
        faults = self.sandbox.faults
        armed = faults.armed
        faults.clear()
        try:
            return self.look()
        finally:
            for fault in armed:
                faults.add(fault)

    def throttle(self) -> None:
        """Throttle a dozen lists and reads, by chance, and every third deletion, eight times.

        By chance it would befall a few deletions or none: the threads' order decides it.
        """
        for operation in (Operation.INDEX, Operation.READ):
            self.refuse(Effect.THROTTLE, "*", operation, chance=0.15, times=12)
        for turn in range(8):
            self.refuse(Effect.THROTTLE, "*", Operation.DELETE, skip=3 * turn, times=1)

    def refuse(self, effect: Effect, kind: str, *operations: Operation, **more: Any) -> Fault:
        """Let a fault befall methods such as `compute.*`."""
        fault = Fault(effect=effect, operations=frozenset(operations), kind=kind, **more)
        return self.sandbox.faults.add(fault)

    def deletions(self) -> Counter[str]:
        """How often each method that removes something was asked for."""
        found: Counter[str] = Counter()
        for (_, service, name), number in self.sandbox.requests.counts.items():
            method = self.called(service, name)
            if self.sort(method) is Operation.DELETE:
                found[method] += number
        return found

    def called(self, _service: str, name: str) -> str:
        """What a method is called in the words of the faults."""
        return name
