"""What a daemon tells Prometheus; docs/daemon.md lists the names, which are a promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
)

from reaper.ledger import CellSweep, Result
from reaper.model import Decision, Status

_SWEEP_SECONDS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)


class Numbers(Protocol):
    """What is counted of a sweep that ended."""

    @property
    def result(self) -> Result:
        """How it ended."""

    @property
    def verdicts(self) -> Mapping[str, int]:
        """How many resources got each verdict."""

    @property
    def outcomes(self) -> Mapping[str, int]:
        """What became of how many."""

    @property
    def gaps(self) -> int:
        """How many things could not be seen."""

    @property
    def plan(self) -> str | None:
        """Its plan's ID; None where it came to none."""

    @property
    def held(self) -> str | None:
        """Why the brake holds the plan; None where it does not."""


class Metrics:
    """All metrics of one daemon."""

    def __init__(self) -> None:
        # They double the series, and say when this process began.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own
        self.registry = CollectorRegistry()
        of, registry = ["cell"], self.registry
        self.info = Info("reaper", "Which reaper this is, and its mode.", registry=registry)
        self.sweeps = Counter(
            "reaper_sweeps", "Sweeps that ended, by result.", [*of, "result"], registry=registry
        )
        self.sweep_seconds = Histogram(
            "reaper_sweep_seconds",
            "How long sweeps took.",
            of,
            registry=registry,
            buckets=_SWEEP_SECONDS,
        )
        self.last_success = Gauge(
            "reaper_cell_last_success_timestamp_seconds",
            "When a sweep last saw the whole cell.",
            of,
            registry=registry,
        )
        self.failures = Gauge(
            "reaper_cell_failures", "Sweeps in a row that failed or hung.", of, registry=registry
        )
        self.overrunning = Gauge(
            "reaper_cell_overrunning",
            "1 while a sweep makes progress though the next one is due.",
            of,
            registry=registry,
        )
        self.starved = Counter(
            "reaper_cell_starved",
            "How often a cell was due again before it had a worker.",
            of,
            registry=registry,
        )
        self.gaps = Gauge(
            "reaper_cell_gaps", "What the last sweep could not see.", of, registry=registry
        )
        self.held = Gauge(
            "reaper_cell_held", "1 while the brake holds the cell's plan.", of, registry=registry
        )
        self.resources = Gauge(
            "reaper_resources",
            "Resources that bear a run, by the last verdict.",
            [*of, "verdict"],
            registry=registry,
        )
        self.outcomes = Counter(
            "reaper_outcomes", "What became of resources.", [*of, "outcome"], registry=registry
        )
        self.unreachable = Gauge(
            "reaper_places_unreachable",
            "Configured places whose cells could not be told.",
            registry=registry,
        )
        self.paused = Gauge("reaper_paused", "1 while sweeping is paused.", registry=registry)
        self.ledger_up = Gauge(
            "reaper_ledger_up", "1 while the ledger takes the daemon's word.", registry=registry
        )
        self.absences = Counter(
            "reaper_registry_absences",
            "How often leases were prolonged because beats may have been missed.",
            registry=registry,
        )
        self.runs_alive = Gauge("reaper_runs_alive", "Runs whose lease holds.", registry=registry)
        self.beats = Counter(
            "reaper_beats", "Beats over HTTP, by what was answered.", ["answer"], registry=registry
        )
        self.requests = Counter(
            "reaper_http_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.request_seconds = Histogram(
            "reaper_http_request_seconds",
            "How long answers took.",
            ["route"],
            registry=registry,
            buckets=_REQUEST_SECONDS,
        )
        self.notifications = Counter(
            "reaper_notifications",
            "Messages to people, by what became of them.",
            ["result"],
            registry=registry,
        )

    def swept(self, cell: str, swept: Numbers, seconds: float, state: CellSweep | None) -> None:
        """Count a sweep that ended; `state` is what the ledger says of the cell since."""
        self.sweeps.labels(cell, swept.result.value).inc()
        self.sweep_seconds.labels(cell).observe(seconds)
        self.overrunning.labels(cell).set(0)
        for outcome, count in swept.outcomes.items():
            self.outcomes.labels(cell, outcome).inc(count)
        if state is not None:
            self.failures.labels(cell).set(state.failures)
        if swept.plan is None:
            return
        self.gaps.labels(cell).set(swept.gaps)
        self.held.labels(cell).set(swept.held is not None)
        for decision in Decision:
            count = swept.verdicts.get(decision.value, 0)
            self.resources.labels(cell, decision.value).set(count)
        if swept.result is Result.DONE and state is not None and state.finished is not None:
            self.last_success.labels(cell).set(state.finished.timestamp())

    def known(self, cell: str) -> None:
        """Let a cell's series begin at nought: an alert cannot see what is absent."""
        for result in Result:
            self.sweeps.labels(cell, result.value)
        for status in Status:
            self.outcomes.labels(cell, status.value)
        self.failures.labels(cell)
        self.overrunning.labels(cell)
        self.starved.labels(cell)
        self.held.labels(cell)
