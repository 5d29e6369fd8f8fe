"""Which cells are left when their time has come, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest

from reaper.config import Config
from reaper.daemon.children import Children
from reaper.daemon.rounds import Rounds
from reaper.daemon.task import FoundCell, SweepTask, Swept
from reaper.errors import LedgerUnreachable
from reaper.ledger import CellSweep, Ledger, Result
from reaper.service.metrics import Metrics
from tests.daemon.conftest import ManualClock

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FOUND = FoundCell(cell="docker/ENGINE", label="the engine", provider="docker", number=0)


@dataclass
class Workers:
    """Answers tasks at once."""

    answer: Swept = field(default_factory=lambda: Swept(result=Result.DONE, plan="abc"))
    tasks: list[SweepTask] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def run(self, task: SweepTask, doing: Callable[[str], None]) -> Swept:
        self.tasks.append(task)
        doing("scanning")
        self.meanwhile()
        return self.answer


@dataclass
class Bench:
    clock: ManualClock
    ledger: Ledger
    workers: Workers
    metrics: Metrics
    ended: list[CellSweep] = field(default_factory=list)

    def rounds(self, name: str = "host:1", **daemon: object) -> Rounds:
        settings = {"mode": "act", "every": "5m", "jitter": "30s", **daemon}
        return Rounds(
            Config.model_validate({"daemon": settings}),
            self.ledger,
            self.clock,
            cast(Children, self.workers),  # of its methods only this one is called
            self.metrics,
            name=name,
            json_log=True,
            ended=lambda _, state: self.ended.append(state),
        )

    def number(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, {"cell": FOUND.cell, **labels})


@pytest.fixture
def bench(clock: ManualClock) -> Iterator[Bench]:
    with Ledger.open("sqlite://", clock=clock) as ledger:
        yield Bench(clock=clock, ledger=ledger, workers=Workers(), metrics=Metrics())


def test_a_sweep_stands_in_the_ledger(bench: Bench) -> None:
    bench.workers.answer = Swept(result=Result.GAPS, detail="a list failed", gaps=1, plan="abc")

    bench.rounds().sweep(FOUND)

    (state,) = bench.ledger.sweeps()
    assert (state.daemon, state.mode, state.label) == ("host:1", "act", "the engine")
    assert (state.result, state.detail) == (Result.GAPS, "a list failed")
    assert bench.ended == [state]
    assert bench.number("reaper_sweeps_total", result="gaps") == 1
    assert bench.number("reaper_cell_gaps") == 1
    assert bench.number("reaper_cell_last_success_timestamp_seconds") is None


def test_a_mode_that_only_observes_gives_no_worker_leave_to_delete(bench: Bench) -> None:
    bench.rounds(mode="observe").sweep(FOUND)
    bench.rounds(mode="act").sweep(FOUND)

    assert [task.act for task in bench.workers.tasks] == [False, True]


def test_the_native_lists_are_asked_first_and_then_once_a_day(bench: Bench) -> None:
    rounds = bench.rounds()
    for length in (timedelta(0), HOUR, 23 * HOUR, HOUR):
        bench.clock.forward(length)
        rounds.sweep(FOUND)

    assert [task.full for task in bench.workers.tasks] == [True, False, True, False]


def test_a_cell_that_keeps_failing_is_left_for_longer_each_time(bench: Bench) -> None:
    rounds = bench.rounds()
    bench.workers.answer = Swept(result=Result.FAILED, detail="no answer")
    tried = []
    for minute in range(0, 200, 5):
        before = len(bench.workers.tasks)
        rounds.sweep(FOUND)
        if len(bench.workers.tasks) > before:
            tried.append(minute)
        bench.clock.forward(5 * MINUTE)

    assert tried == [0, 5, 15, 35, 75, 135, 195]
    assert bench.number("reaper_cell_failures") == 7


def test_one_that_works_again_is_swept_as_before(bench: Bench) -> None:
    rounds = bench.rounds()
    bench.workers.answer = Swept(result=Result.HUNG)
    rounds.sweep(FOUND)
    rounds.sweep(FOUND)
    bench.workers.answer = Swept(result=Result.DONE)
    bench.clock.forward(10 * MINUTE)
    rounds.sweep(FOUND)
    bench.clock.forward(5 * MINUTE)

    rounds.sweep(FOUND)

    assert len(bench.workers.tasks) == 4


def test_what_was_asked_for_is_swept_in_any_case_and_once(bench: Bench) -> None:
    rounds = bench.rounds()
    bench.workers.answer = Swept(result=Result.FAILED)
    rounds.sweep(FOUND)
    rounds.sweep(FOUND)
    rounds.ask(FOUND.cell, frozenset({"r-1"}))
    rounds.ask(FOUND.cell, frozenset({"r-2"}))

    rounds.sweep(FOUND)
    rounds.sweep(FOUND)

    assert [task.named for task in bench.workers.tasks[2:]] == [frozenset({"r-1", "r-2"})]
    assert not rounds.asked(FOUND.cell)


def test_what_another_daemon_swept_lately_is_left(bench: Bench) -> None:
    bench.rounds("host:1").sweep(FOUND)
    other = bench.rounds("host:2")

    other.sweep(FOUND)
    bench.clock.forward(4 * MINUTE)
    other.sweep(FOUND)
    left = len(bench.workers.tasks)
    bench.clock.forward(MINUTE)
    other.sweep(FOUND)

    assert left == 1
    assert len(bench.workers.tasks) == 2


def test_what_another_daemon_did_not_get_to_is_swept(bench: Bench) -> None:
    bench.workers.answer = Swept(result=Result.STOPPED)
    bench.rounds("host:1").sweep(FOUND)

    bench.rounds("host:2").sweep(FOUND)

    assert len(bench.workers.tasks) == 2


def test_a_dead_daemons_cell_is_taken_over_once_its_lock_ran_out(bench: Bench) -> None:
    bench.ledger.sweep_begins(FOUND.cell, "", daemon="host:1", mode="act")
    bench.ledger.acquire(FOUND.cell, "worker:1", MINUTE)
    other = bench.rounds("host:2")

    other.sweep(FOUND)
    left = len(bench.workers.tasks)
    bench.clock.forward(MINUTE)
    other.sweep(FOUND)

    assert left == 0
    assert len(bench.workers.tasks) == 1


def test_what_is_under_way_is_told(bench: Bench) -> None:
    rounds = bench.rounds()
    seen = []
    bench.workers.meanwhile = lambda: seen.append(rounds.underway()[FOUND.cell].doing)

    rounds.sweep(FOUND)

    assert seen == ["scanning"]
    assert rounds.underway() == {}


def test_a_ledger_that_is_away_ends_the_round_and_nothing_else(bench: Bench) -> None:
    rounds = bench.rounds()

    def go_away() -> None:
        raise LedgerUnreachable("gone")

    bench.workers.meanwhile = go_away

    rounds.sweep(FOUND)

    assert rounds.underway() == {}


def test_a_cron_is_a_pace_of_a_minute_among_daemons(bench: Bench) -> None:
    pace = {"schedule": [{"cell": "docker/*", "cron": "* * * * *"}], "jitter": "0s"}
    bench.rounds("host:1", **pace).sweep(FOUND)
    other = bench.rounds("host:2", **pace)

    other.sweep(FOUND)
    bench.clock.forward(MINUTE)
    other.sweep(FOUND)

    assert len(bench.workers.tasks) == 2
