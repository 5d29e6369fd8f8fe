"""A suite here, a daemon there: what a killed suite leaves goes, and an outage kills nobody."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest

import reaper
from reaper.client.service import TOKEN_VARIABLE, URL_VARIABLE
from reaper.errors import RunEnded
from reaper.ledger import Ledger, Role
from reaper.ledger.columns import ticks
from reaper.model import Ending
from reaper.tags import run_tags
from tests.daemon.conftest import configure
from tests.daemon.engine import Engine
from tests.daemon.processes import Running, daemon, token_for, until

LEASE = timedelta(minutes=10)
GRACE = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


@pytest.fixture
def config(engine: Engine, tmp_path: Path, ledger_url: str) -> Path:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = configure(tmp_path, engine, ledger_url)
    text = path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}")
    path.write_text(text.replace("grace: 0s", "grace: 15m"))
    return path


@pytest.fixture
def environment(config: Path, ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address = config.read_text().partition("listen: ")[2].split()[0]
    monkeypatch.setenv(URL_VARIABLE, f"http://{address}")
    monkeypatch.setenv(TOKEN_VARIABLE, token_for(ledger_url, Role.FIXTURE))
    monkeypatch.setenv("REAPER_REALM", "test")
    monkeypatch.setenv("REAPER_CONFIG", str(config))


def let_time_go_by(url: str, length: timedelta, *tables: str, noticed: bool = True) -> None:
    """Move what the ledger has of these tables into the past, as if so long had gone by since.

    Unless it is `noticed` the clock of elapsed seconds has not gone on: the other one has jumped.
    """
    columns = {
        "runs": ("started", "expires", "lease_until", "ended"),
        "services": ("seen",),
        "sweeps": ("started", "finished"),
    }
    back = ticks_of(length)
    with Ledger.open(url) as ledger, ledger._database.engine.begin() as connection:
        for table in tables:
            moved = ", ".join(f"{name} = {name} - {back}" for name in columns[table])
            connection.exec_driver_sql(f"UPDATE {table} SET {moved}")
        if "services" in tables and noticed:
            seconds = length.total_seconds()
            connection.exec_driver_sql(f"UPDATE services SET elapsed = elapsed - {seconds}")


def made(engine: Engine, url: str, run_id: str, ago: timedelta) -> None:
    """Let the engine have what the run made so long ago, with the tags that it has by now."""
    with Ledger.open(url) as ledger:
        run = ledger.runs([run_id])[run_id]
    engine.add("made", run_tags(run), ago=ago)


def verdicts(running: Running) -> object:
    """What two further sweeps thought of all there is."""
    sweeps(running)
    return running.lines("sweep over")[-1]["verdicts"]


def ticks_of(length: timedelta) -> int:
    with Ledger.open("sqlite://") as ledger:
        now = ledger.now()
    return ticks(now + length) - ticks(now)


def sweeps(running: Running) -> None:
    """Wait for two sweeps that begin from now on."""
    running.wait_for("sweep over", len(running.lines("sweep over")) + 2)


@pytest.mark.usefixtures("environment")
def test_an_outage_longer_than_lease_and_grace_ends_no_run(
    engine: Engine, tmp_path: Path, config: Path, ledger_url: str
) -> None:
    with daemon(config, tmp_path, "first") as first:
        first.wait_for("began")
        with reaper.run(lease=LEASE, beat=30 * SECOND) as run:
            made(engine, ledger_url, run.id, timedelta(0))
            sweeps(first)
            first.stop(signal.SIGKILL)
            # The daemon is away for two hours, in which the run lives and cannot beat.
            let_time_go_by(ledger_url, timedelta(hours=2), "runs", "services", "sweeps")
            made(engine, ledger_url, run.id, timedelta(hours=2))

            with daemon(config, tmp_path, "second") as second:
                thought = verdicts(second)
                with Ledger.open(ledger_url) as ledger:
                    known = ledger.runs([run.id])[run.id]
                    lease = known.lease.until - ledger.now()
                run._registration.beat()

    assert thought == {"keep": 1}
    assert known.ended is None
    assert lease > LEASE
    assert run.over is None
    assert not engine.deleted


@pytest.mark.usefixtures("environment")
def test_silence_of_the_same_length_while_the_daemon_is_there_ends_the_run(
    engine: Engine, tmp_path: Path, config: Path, ledger_url: str
) -> None:
    with daemon(config, tmp_path) as running:
        running.wait_for("began")
        with reaper.run(lease=LEASE, beat=30 * SECOND) as run:
            let_time_go_by(ledger_url, timedelta(hours=2), "runs", "sweeps")
            made(engine, ledger_url, run.id, timedelta(hours=2))

            until(lambda: not engine.volumes, "what it had made went")

            with pytest.raises(RunEnded):
                run._registration.beat()

    assert engine.deleted == {"made": 1}


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("jump", "verdict"),
    [
        pytest.param(timedelta(hours=2), "keep", id="ahead"),
        # What it made has a creation in the future then.
        pytest.param(-timedelta(hours=2), "quarantine", id="back"),
    ],
)
def test_a_clock_that_jumps_ends_no_run(
    engine: Engine, tmp_path: Path, config: Path, ledger_url: str, *, jump: timedelta, verdict: str
) -> None:
    with daemon(config, tmp_path, REAPER_RUNS__BEAT="1s") as running:
        running.wait_for("began")
        with reaper.run(lease=LEASE, beat=30 * SECOND) as run:
            made(engine, ledger_url, run.id, timedelta(0))
            sweeps(running)
            let_time_go_by(ledger_url, jump, "runs", "services", "sweeps", noticed=False)
            made(engine, ledger_url, run.id, jump)

            running.wait_for("leases prolonged")
            thought = verdicts(running)
            with Ledger.open(ledger_url) as ledger:
                known = ledger.runs([run.id])[run.id]
                lease = known.lease.until - ledger.now()

    assert thought == {verdict: 1}
    assert known.ended is None
    assert LEASE < lease <= LEASE + GRACE
    assert not engine.deleted


@pytest.mark.usefixtures("environment")
def test_what_a_killed_suite_left_goes_after_lease_and_grace_and_not_before(
    engine: Engine, tmp_path: Path, config: Path, ledger_url: str
) -> None:
    suite = """
        import time, reaper
        with reaper.run() as run:
            print(run.id, flush=True)
            time.sleep(600)
    """
    with daemon(config, tmp_path) as running:
        running.wait_for("began")
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(suite)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            run_id = process.stdout.readline().strip()
            process.kill()
        made(engine, ledger_url, run_id, timedelta(0))
        at_once = verdicts(running)
        long = LEASE + GRACE - timedelta(minutes=1)
        let_time_go_by(ledger_url, long, "runs", "sweeps")
        made(engine, ledger_url, run_id, long)
        before = verdicts(running)
        let_time_go_by(ledger_url, timedelta(minutes=2), "runs", "sweeps")
        made(engine, ledger_url, run_id, long + timedelta(minutes=2))
        until(lambda: not engine.volumes, "what it had left went")

    assert at_once == before == {"keep": 1}
    with Ledger.open(ledger_url) as ledger:
        assert ledger.runs([run_id])[run_id].ending is Ending.LAPSED


@pytest.mark.usefixtures("environment")
def test_a_command_under_exec_is_registered_and_cleaned_up_here_and_by_the_daemon(
    engine: Engine, tmp_path: Path, config: Path, ledger_url: str
) -> None:
    home = configure(tmp_path, engine, f"sqlite:///{tmp_path}/home.db", name="home.yaml")
    home.write_text(home.read_text().replace("grace: 0s", "grace: 15m"))
    with daemon(config, tmp_path) as running:
        running.wait_for("began")
        command = [sys.executable, "-m", "reaper", "exec", "--config", str(home), "--"]
        code = "import os, sys; print(os.environ['REAPER_RUN_ID'], flush=True); sys.stdin.read()"
        with subprocess.Popen(
            [*command, sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            run_id = process.stdout.readline().strip()
            with Ledger.open(ledger_url) as ledger:
                run = ledger.runs([run_id])[run_id]
            engine.add("made", {"reaper-run": run_id, "reaper-realm": "test"})
            process.communicate()
        until(lambda: not engine.volumes, "it went")

    assert process.returncode == 0
    assert run.ended is None
    assert engine.deleted == {"made": 1}
