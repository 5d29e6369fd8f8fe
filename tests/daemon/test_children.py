"""Worker processes: started, watched, and ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from reaper.clock import SYSTEM_CLOCK
from reaper.config import Config, load
from reaper.daemon.children import Children
from reaper.daemon.task import Cells, Find, FoundCell, SweepTask, Swept
from reaper.ledger import Ledger, Result
from tests.daemon.conftest import configure
from tests.daemon.engine import Engine
from tests.daemon.processes import until

SECOND = timedelta(seconds=1)
FOUND = FoundCell(cell="docker/VOLUMES:ENGINE", label="the engine", provider="docker", number=0)


@pytest.fixture
def config(engine: Engine, tmp_path: Path, ledger_url: str) -> Config:
    Ledger.open(ledger_url).close()
    return load(configure(tmp_path, engine, ledger_url), {})


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def children(hang_after: timedelta = 60 * SECOND) -> Children:
    return Children(SYSTEM_CLOCK, hang_after=hang_after)


def a_sweep(config: Config, found: FoundCell = FOUND) -> SweepTask:
    return SweepTask(
        config=config, at=found, act=True, full=False, named=frozenset(), json_log=True
    )


def workers() -> list[int]:
    return [each.pid for each in multiprocessing.active_children() if each.pid is not None]


def test_places_are_asked_for_their_cells(config: Config) -> None:
    cells = children().run(Find(config=config, json_log=True))

    assert isinstance(cells, Cells)
    assert [(each.cell, each.number) for each in cells.found] == [(FOUND.cell, 0)]
    assert cells.unfound == ()


def test_a_place_that_is_away_is_told_and_the_others_are_found(
    config: Config, engine: Engine
) -> None:
    (place,) = config.providers.docker
    away = place.model_copy(update={"host": "unix:///nowhere/at.all"})
    providers = config.providers.model_copy(update={"docker": (away, place)})
    config = config.model_copy(update={"providers": providers})

    cells = children().run(Find(config=config, json_log=True))

    assert isinstance(cells, Cells)
    assert [(each.cell, each.number) for each in cells.found] == [(FOUND.cell, 1)]
    assert [each.number for each in cells.unfound] == [0]


def test_a_sweep_tells_what_it_does_meanwhile(config: Config) -> None:
    doing: list[str] = []

    swept = children().run(a_sweep(config), doing.append)

    assert isinstance(swept, Swept)
    assert swept.result is Result.DONE
    assert doing


def test_a_cell_that_is_not_there_any_more_is_a_failure(config: Config) -> None:
    gone = FoundCell(cell="docker/OLD", label="old", provider="docker", number=0)

    swept = children().run(a_sweep(config, gone))

    assert isinstance(swept, Swept)
    assert (swept.result, swept.detail) == (Result.FAILED, "its place has no such cell now")


def test_a_worker_that_is_killed_is_a_failure_and_says_by_what(
    config: Config, engine: Engine, pool: ThreadPoolExecutor
) -> None:
    engine.silent = True
    running: Future[Cells | Swept] = pool.submit(children().run, a_sweep(config))
    (pid,) = until(workers, "a worker was there")

    os.kill(pid, signal.SIGKILL)

    swept = running.result(30)
    assert isinstance(swept, Swept)
    assert swept.result is Result.FAILED
    assert "by signal 9" in swept.detail


def test_what_does_not_end_in_time_is_killed(
    config: Config, engine: Engine, pool: ThreadPoolExecutor
) -> None:
    engine.silent = True
    some = children()
    running: Future[Cells | Swept] = pool.submit(some.run, a_sweep(config))
    until(workers, "a worker was there")

    some.stop(SECOND)

    swept = running.result(30)
    assert isinstance(swept, Swept)
    assert swept.result is Result.STOPPED
    assert workers() == []


def test_nothing_is_begun_after_the_end(config: Config) -> None:
    some = children()
    some.stop(SECOND)

    swept = some.run(a_sweep(config))

    assert isinstance(swept, Swept)
    assert swept.result is Result.STOPPED


def test_a_sweep_ends_between_two_steps_when_it_is_told_to(
    config: Config, engine: Engine, pool: ThreadPoolExecutor, ledger_url: str
) -> None:
    some, reading, go_on = children(), threading.Event(), threading.Event()

    def hold_up(_pid: int, _name: str) -> None:
        reading.set()
        go_on.wait(30)

    engine.at_read = hold_up
    engine.add("one", {"reaper-run": "r-1", "reaper-realm": "test"})
    running: Future[Cells | Swept] = pool.submit(some.run, a_sweep(config))
    assert reading.wait(30)

    some.stop(60 * SECOND)
    time.sleep(1)  # for the word to get there
    go_on.set()

    swept = running.result(30)
    assert isinstance(swept, Swept)
    assert (swept.result, swept.detail) == (
        Result.STOPPED,
        "the daemon is ending: nothing more was sent",
    )
    with Ledger.open(ledger_url) as ledger:
        assert ledger.held(FOUND.cell) is None
