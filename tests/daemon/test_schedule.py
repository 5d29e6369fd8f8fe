"""When each cell is due: made from the configuration, and from what the ledger remembers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reaper.config.daemon import DaemonSettings
from reaper.daemon.schedule import Schedule, cron_trigger
from reaper.daemon.task import FoundCell
from reaper.errors import ConfigurationError
from reaper.ledger import CellSweep, Result
from reaper.service.metrics import Metrics

MINUTE = timedelta(minutes=1)


def found(name: str) -> FoundCell:
    return FoundCell(cell=f"docker/{name}", label=name, provider="docker", number=0)


def last(name: str, ago: timedelta, **changes: Any) -> CellSweep:
    started = datetime.now(UTC) - ago
    values = {"cell": f"docker/{name}", "label": name, "daemon": "d", "mode": "act"}
    return CellSweep(**{**values, "started": started, **changes})


class Bench:
    def __init__(self, **settings: Any) -> None:
        self.swept: list[str] = []
        self.schedule = Schedule(
            DaemonSettings.model_validate({"every": "10m", "jitter": "0s", **settings}),
            lambda each: self.swept.append(each.cell),
            Metrics(),
        )

    def add(self, name: str, state: CellSweep | None = None) -> timedelta:
        """Add a cell; in how long it is due."""
        now = datetime.now(UTC)
        self.schedule.add(found(name), state, now)
        due = self.schedule.next_time(f"docker/{name}")
        assert due is not None
        return due - now


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    bench.schedule._scheduler.start(paused=True)
    yield bench
    bench.schedule.end()


def close_to(length: timedelta) -> Any:
    return pytest.approx(length.total_seconds(), abs=5)


def test_a_cell_that_was_never_swept_is_due_at_once(bench: Bench) -> None:
    assert bench.add("new").total_seconds() == close_to(timedelta(0))


def test_after_a_restart_a_cell_is_due_when_it_would_have_been(bench: Bench) -> None:
    assert bench.add("lately", last("lately", 4 * MINUTE)).total_seconds() == close_to(6 * MINUTE)
    assert bench.add("late", last("late", 60 * MINUTE)).total_seconds() == close_to(timedelta(0))


def test_a_clock_that_was_set_back_puts_nothing_off_for_longer_than_its_pace(bench: Bench) -> None:
    state = last("jumped", timedelta(days=-3))

    assert bench.add("jumped", state).total_seconds() == close_to(10 * MINUTE)


def test_the_beginning_is_moved_by_at_most_half_of_the_interval() -> None:
    bench = Bench(every="10s", jitter="30s")
    trigger = bench.schedule.trigger(found("a"))
    now = datetime.now(UTC)

    waits = {(trigger.get_next_fire_time(now, now) - now).total_seconds() for _ in range(50)}

    assert min(waits) >= 10
    assert max(waits) <= 15
    assert len(waits) > 1


def test_a_cell_may_have_a_cron_of_its_own() -> None:
    bench = Bench(schedule=[{"cell": "docker/nightly", "cron": "0 3 * * *"}])
    trigger = bench.schedule.trigger(found("nightly"))
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)

    assert trigger.get_next_fire_time(None, noon) == datetime(2026, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("cron", ["99 * * * *", "* * * * monday-x"])
def test_a_cron_that_makes_no_sense_is_named(cron: str) -> None:
    with pytest.raises(ConfigurationError, match=r"daemon\.schedule"):
        cron_trigger(cron)


def test_cells_that_failed_or_starved_go_first() -> None:
    bench = Bench(workers=1)
    states: dict[str, dict[str, Any]] = {
        "well": {"result": Result.DONE},
        "starved": {"result": Result.DONE, "starved": True},
        "failed": {"result": Result.FAILED},
    }
    for name, changes in states.items():
        bench.schedule.add(found(name), last(name, 60 * MINUTE, **changes), datetime.now(UTC))

    assert bench.schedule.turns._first == {"docker/starved", "docker/failed"}


def test_a_cell_that_is_no_more_has_no_job(bench: Bench) -> None:
    bench.add("gone")

    bench.schedule.forget(["docker/gone", "docker/unknown"])

    assert bench.schedule.cells == ()
    assert bench.schedule.next_time("docker/gone") is None


def test_a_cell_that_is_asked_for_is_due_at_once(bench: Bench) -> None:
    bench.add("later", last("later", MINUTE))

    bench.schedule.hurry("docker/later")

    due = bench.schedule.next_time("docker/later")
    assert due is not None
    assert due <= datetime.now(UTC)
