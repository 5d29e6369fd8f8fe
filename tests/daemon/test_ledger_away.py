"""A ledger that goes away in the middle of a sweep: nothing is lost, and nothing alive goes."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reaper.ledger import Ledger, Role
from reaper.model import Status
from reaper.tags import new_run_id, run_tags
from tests.conftest import do_without
from tests.daemon.conftest import configure
from tests.daemon.engine import Engine
from tests.daemon.processes import Running, ask, daemon, token_for, until
from tests.daemon.test_daemon import left_behind
from tests.daemon.test_several import let_locks_run_out
from tests.postgres import NoPostgresError, private_server

NAMES = [f"over-{number}" for number in range(6)]


@dataclass(frozen=True, kw_only=True)
class Fragile:
    """A ledger that can be taken away and brought back.

    Attributes:
        says: What is said of it meanwhile.
    """

    url: str
    says: str
    take_away: Callable[[], object]
    bring_back: Callable[[], object]


@contextmanager
def full_disk(directory: Path) -> Iterator[Fragile]:
    """SQLite on a file system of its own, which can be filled."""
    if os.geteuid() != 0:
        do_without("mount", "only root can mount a small file system")
    disk = directory / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        do_without("mount", f"no small file system can be mounted: {mounted.stderr.strip()}")
    ballast = disk / "ballast"
    try:
        yield Fragile(
            url=f"sqlite:///{disk}/ledger.db",
            says="disk is full",
            take_away=lambda: fill(ballast),
            bring_back=ballast.unlink,
        )
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    assert shutil.disk_usage(path).free < 4096


@contextmanager
def stopped_server(_directory: Path) -> Iterator[Fragile]:
    """PostgreSQL, stopped without a word and started again."""
    try:
        with private_server() as server:
            yield Fragile(
                url=server.url,
                says="did not answer",
                take_away=server.stop,
                bring_back=server.start,
            )
    except NoPostgresError as error:
        do_without("postgres", str(error))


@pytest.fixture(
    params=[
        pytest.param(full_disk, id="SQLite on a full disk"),
        pytest.param(stopped_server, id="PostgreSQL", marks=pytest.mark.postgres),
    ]
)
def fragile(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fragile]:
    with request.param(tmp_path) as found:
        yield found


class Strike:
    """Takes the ledger away at the look that comes before a deletion, of the third resource."""

    def __init__(self, fragile: Fragile) -> None:
        self.fragile = fragile
        self.struck = threading.Event()
        self._looked: dict[int, set[str]] = {}
        self._turn = threading.Lock()

    def __call__(self, pid: int, name: str) -> None:
        # The first reading of each is the scan's.
        with self._turn:
            scanned = self._looked.setdefault(pid, set())
            if name in scanned and len(scanned) > len(NAMES) and not self.struck.is_set():
                self.fragile.take_away()
                self.struck.set()
            scanned.add(name)


class Live:
    """A run of the daemon's, that beats."""

    def __init__(self, running: Running, token: str) -> None:
        self._url = f"{running.url}/v1/runs"
        self._token = token
        status, run = ask(self._url, token=token, body={"id": new_run_id("live")})
        assert status == 201, run
        self.id: str = run["id"]

    def beat(self) -> tuple[int, Any]:
        return ask(f"{self._url}/{self.id}/beat", token=self._token, body={})


def test_a_ledger_that_goes_away_in_mid_sweep_and_comes_back_loses_nothing(
    engine: Engine, tmp_path: Path, fragile: Fragile
) -> None:
    path = configure(tmp_path, engine, fragile.url)
    path.write_text(path.read_text() + "runs: {beat: 1s}\n")
    Ledger.open(fragile.url, migrate=True).close()
    token = token_for(fragile.url, Role.FIXTURE)
    strike = engine.at_read = Strike(fragile)
    with daemon(path, tmp_path) as running:
        live = Live(running, token)
        with Ledger.open(fragile.url) as ledger:
            engine.add("alive", run_tags(ledger.runs([live.id])[live.id]))
        left_behind(engine, fragile.url, *NAMES)

        assert strike.struck.wait(120), running.story()
        away = until(lambda: unready(running), "it says that it is not ready", more=running.story)
        missed, _ = live.beat()
        tries = len(running.lines("not swept"))
        running.wait_for("not swept", tries + 2)
        held = set(engine.volumes)
        well = running.get("/healthz")[0]
        fragile.bring_back()
        until(lambda: not unready(running), "it is ready again", more=running.story)
        taken, run = live.beat()
        let_locks_run_out(fragile.url)
        until(lambda: set(engine.volumes) == {"alive"}, "the rest went", more=running.story)
        running.wait_for("sweep over", len(running.lines("sweep over")) + 1)
        with Ledger.open(fragile.url) as ledger:
            told = {each.ref.id: each.status for each in ledger.outcomes()}

    assert fragile.says in away
    assert (missed, well, taken) == (503, 200, 200)
    assert run["ended"] is None
    assert len(held) > len(NAMES) / 2
    assert engine.deleted == dict.fromkeys(NAMES, 1)
    assert told == dict.fromkeys(NAMES, Status.GONE)


def unready(running: Running) -> str | None:
    status, told = running.get("/readyz")
    problem: str | None = told["problem"]
    assert (status == 503) == (problem is not None)
    return problem
