"""Whose turn it is when there are fewer workers than cells."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.background import BackgroundScheduler

from reaper.daemon.turns import Turns
from tests.daemon.processes import until


class Bench:
    """One worker; each job waits until it is let go."""

    def __init__(self) -> None:
        self.turns = Turns(1)
        self.done: list[str] = []
        self.gate = threading.Semaphore(0)
        self.missed: list[str] = []
        self.scheduler = BackgroundScheduler(timezone=UTC, executors={"default": self.turns})
        self.scheduler.add_listener(
            lambda event: self.missed.append(event.job_id), EVENT_JOB_MAX_INSTANCES
        )
        self.scheduler.start()

    def job(self, name: str) -> None:
        self.gate.acquire()
        self.done.append(name)

    def due(self, name: str) -> None:
        known = len(self.turns.waiting()) + len(self.turns.running()) + len(self.missed)
        self.scheduler.add_job(
            self.job,
            args=(name,),
            id=name,
            trigger="interval",
            hours=1,
            next_run_time=datetime.now(UTC),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            replace_existing=True,
        )
        until(
            lambda: (
                len(self.turns.waiting()) + len(self.turns.running()) + len(self.missed) > known
            ),
            f"{name} came due",
        )

    def go_on(self, count: int) -> list[str]:
        before = len(self.done)
        for _ in range(count):
            self.gate.release()
        until(lambda: len(self.done) == before + count, "they were done")
        return self.done


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.turns.close()
    for _ in range(10):
        bench.gate.release()
    bench.scheduler.shutdown(wait=False)


def test_who_is_due_first_goes_first(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.due(name)

    assert bench.turns.waiting() == ("b", "c")
    assert bench.go_on(3) == ["a", "b", "c"]


def test_what_failed_last_time_goes_before_the_others(bench: Bench) -> None:
    bench.turns.prefer("c")
    for name in ("a", "b", "c"):
        bench.due(name)

    assert bench.go_on(3) == ["a", "c", "b"]


def test_what_waits_can_be_preferred_too(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.due(name)
    bench.turns.prefer("c")

    assert bench.go_on(3) == ["a", "c", "b"]


def test_to_be_preferred_counts_for_one_turn(bench: Bench) -> None:
    bench.turns.prefer("b")
    for name in ("a", "b"):
        bench.due(name)
    bench.go_on(2)
    bench.done.clear()

    for name in ("a", "c", "b"):
        bench.due(name)

    assert bench.go_on(3) == ["a", "c", "b"]


def test_one_job_never_runs_twice_at_once(bench: Bench) -> None:
    bench.due("a")
    bench.due("a")

    assert bench.missed == ["a"]
    assert bench.go_on(1) == ["a"]


def test_what_had_no_turn_is_told_at_the_end(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.due(name)

    assert bench.turns.close() == ("b", "c")
    assert bench.go_on(1) == ["a"]
    bench.turns.join(5)
    assert bench.done == ["a"]


def test_a_job_that_breaks_does_not_take_the_worker_along(bench: Bench) -> None:
    bench.scheduler.add_job(lambda: 1 / 0, id="broken", next_run_time=datetime.now(UTC))
    bench.due("a")

    assert bench.go_on(1) == ["a"]
