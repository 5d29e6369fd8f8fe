"""Several daemons on one PostgreSQL: cells are shared, and each deletion is sent once."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import yaml

from reaper.ledger import Ledger, Result
from tests.daemon.conftest import configure
from tests.daemon.engine import Engine, serving
from tests.daemon.processes import PATIENCE_S, Running, daemon, until
from tests.daemon.test_daemon import left_behind
from tests.ledger.conftest import NewDatabase

pytestmark = pytest.mark.postgres

MANY = 12


@pytest.fixture
def shared(postgres_databases: NewDatabase) -> str:
    return postgres_databases()


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[list[Engine]]:
    with ExitStack() as stack:
        found = []
        for number in range(3):
            (tmp_path / str(number)).mkdir()
            engine = stack.enter_context(serving(tmp_path / str(number)))
            engine.id = f"ENGINE:{number}"
            found.append(engine)
        yield found


def configuration(tmp_path: Path, engines: list[Engine], ledger: str, **daemon: object) -> Path:
    path = configure(tmp_path, engines[0], ledger)
    content = yaml.safe_load(path.read_text())
    content["providers"]["docker"] = [{"host": engine.url} for engine in engines]
    content["daemon"].update(daemon)
    path.write_text(yaml.safe_dump(content))
    return path


def deletions(engines: list[Engine]) -> Counter[str]:
    """How often each deletion was sent, successful or not."""
    return Counter(line for engine in engines for line in engine.asked if line.startswith("DELETE"))


def stories(running: list[Running]) -> str:
    return "\n".join(each.story() for each in running)


def let_locks_run_out(url: str) -> None:
    """A minute goes by, as far as the cells' locks are concerned."""
    with Ledger.open(url) as ledger, ledger._database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE locks SET until = 0")


class Strike:
    """Stops or kills a daemon and its worker between the second look and the shot."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number
        self.daemon: int | None = None
        self.worker: int | None = None
        self.struck = threading.Event()
        self.reads: Counter[int] = Counter()

    def __call__(self, pid: int, _name: str) -> None:
        # The first reading is the scan's, the second one the look's before the deletion. A process
        # that is stopped while it waits for the answer goes on with it when it is woken.
        if self.daemon is not None and not self.struck.is_set() and self._looks(pid):
            self.worker = pid
            for each in (pid, self.daemon):
                os.kill(each, self.number)
            self.struck.set()

    def _looks(self, pid: int) -> bool:
        self.reads[pid] += 1
        return bool(self.reads[pid] > MANY)


def test_of_three_daemons_one_is_killed_and_one_suspended_and_each_deletion_is_sent_once(
    tmp_path: Path, engines: list[Engine], shared: str
) -> None:
    path = configuration(tmp_path, engines, shared, every="3s")
    first, second, third = engines
    names = {engine.id: [f"{engine.id[-1]}-{n}" for n in range(MANY)] for engine in engines}
    suspend, kill = Strike(signal.SIGSTOP), Strike(signal.SIGKILL)
    first.at_read, second.at_read = suspend, kill
    with ExitStack() as stack:
        one = stack.enter_context(daemon(path, tmp_path, "one"))
        one.wait_for("sweep over", 3)
        suspend.daemon = one.process.pid
        left_behind(first, shared, *names[first.id])
        assert suspend.struck.wait(PATIENCE_S), "the first daemon was not suspended"

        two = stack.enter_context(daemon(path, tmp_path, "two"))
        two.wait_for("began")
        kill.daemon = two.process.pid
        left_behind(second, shared, *names[second.id])
        assert kill.struck.wait(PATIENCE_S), "the second daemon was not killed"

        three = stack.enter_context(daemon(path, tmp_path, "three"))
        three.wait_for("began")
        left_behind(third, shared, *names[third.id])
        until(lambda: not third.volumes, "the third engine was swept")
        held_back = set(first.volumes)
        let_locks_run_out(shared)
        until(
            lambda: not any(engine.volumes for engine in engines),
            "the cells of the dead and of the suspended daemon were taken over",
        )

        before = len(one.lines("sweep over"))
        for pid in (suspend.worker, suspend.daemon):
            assert pid is not None
            os.kill(pid, signal.SIGCONT)
        until(
            lambda: [
                line for line in one.lines("sweep over")[before:] if line["cell"].endswith(first.id)
            ],
            "the suspended daemon's sweep came to its end",
        )

    sent = deletions(engines)
    assert held_back == set(names[first.id])
    assert set(sent.values()) == {1}
    assert len(sent) == 3 * MANY
    assert suspend.worker not in first.deleters


def test_daemons_share_the_cells_and_sweep_each_once_an_interval(
    tmp_path: Path, engines: list[Engine], shared: str
) -> None:
    path = configuration(tmp_path, engines, shared, every="3s", mode="act")
    with ExitStack() as stack:
        running = [stack.enter_context(daemon(path, tmp_path, str(n))) for n in range(3)]
        for each in running:
            each.wait_for("began")
        for number, engine in enumerate(engines):
            left_behind(engine, shared, *(f"{number}-{n}" for n in range(MANY)))
        wait = partial(until, more=partial(stories, running))
        wait(lambda: not any(engine.volumes for engine in engines), "all was swept", patience_s=240)
        wait(lambda: sum(len(each.lines("left")) for each in running) > 12, "they left cells")
        wait(
            lambda: (
                len({line["cell"] for each in running for line in each.lines("sweep over")}) == 3
            ),
            "a sweep of each cell was over",
        )
        over = [line for each in running for line in each.lines("sweep over")]
        left = [line for each in running for line in each.lines("left")]

    assert set(deletions(engines).values()) == {1}
    assert {line["result"] for line in over} == {Result.DONE}
    assert len(over) < len(left)
