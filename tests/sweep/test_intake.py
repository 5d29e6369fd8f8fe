"""This host's runs come into the ledger from their directories."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

import reaper
from reaper.client import RunDirectory, directories
from reaper.clock import SYSTEM_CLOCK
from reaper.ledger import Ledger
from reaper.model import Ending
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import NoDirectories

SECOND = timedelta(seconds=1)


def intake(state: Path) -> tuple[Ledger, HostDirectories]:
    return Ledger.open("sqlite://"), HostDirectories(state)


def killed_run(state: Path) -> RunDirectory:
    """A run whose process was killed, with a lease of two seconds."""
    code = (
        "import os, signal, reaper, datetime as d\n"
        "s = d.timedelta(seconds=1)\n"
        "with reaper.run(lease=2 * s, beat=s / 10) as run:\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {
        **os.environ,
        "REAPER_STATE": str(state),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    subprocess.run([sys.executable, "-c", code], check=False, env=environment)
    (directory,) = directories(state)
    return directory


def test_a_live_run_and_its_journal_are_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REAPER_STATE", str(tmp_path))
    ledger, hosts = intake(tmp_path)

    with reaper.run(owner="alice@example.com") as run:
        run.created(kind="docker:volume", scope="engine", id="data")
        fresh = hosts.take_in(ledger)

    assert fresh == {run.id}
    assert ledger.runs([run.id])[run.id].owner == "alice@example.com"
    assert [entry.kind for entry in ledger.run_entries(run.id)][-1:] == ["docker:volume"]


def test_one_reading_serves_cells_that_are_scanned_at_once(tmp_path: Path) -> None:
    ledger, hosts = intake(tmp_path)

    killed_run(tmp_path)
    first = hosts.take_in(ledger)
    (directory,) = directories(tmp_path)
    (directory.path / "run.json").write_text("{")
    second = hosts.take_in(ledger)

    assert first == second


def test_a_killed_run_is_ended_when_its_lease_has_lapsed_and_not_before(tmp_path: Path) -> None:
    directory = killed_run(tmp_path)
    ledger, hosts = intake(tmp_path)
    (run_id,) = hosts.take_in(ledger)

    early = hosts.end_lapsed(run_id, timedelta(0))
    time.sleep(2.3)
    late = hosts.end_lapsed(run_id, timedelta(0))

    assert (early, late) == (False, True)
    assert directory.read(SYSTEM_CLOCK.now()).ending is Ending.LAPSED


def test_a_directory_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    directory = killed_run(tmp_path)
    (directory.path / "run.json").write_text("{")
    ledger, hosts = intake(tmp_path)

    assert hosts.take_in(ledger) == frozenset()


def test_an_unreadable_line_of_a_journal_hides_nothing_else(tmp_path: Path) -> None:
    directory = killed_run(tmp_path)
    (directory.path / "journal-broken.jsonl").write_text("no entry\n")
    ledger, hosts = intake(tmp_path)

    assert len(hosts.take_in(ledger)) == 1


def test_a_run_that_was_not_read_cannot_be_ended(tmp_path: Path) -> None:
    _, hosts = intake(tmp_path)

    assert hosts.end_lapsed("r-unheard-of", SECOND) is False


def test_a_run_whose_directory_broke_meanwhile_is_not_ended(tmp_path: Path) -> None:
    directory = killed_run(tmp_path)
    ledger, hosts = intake(tmp_path)
    (run_id,) = hosts.take_in(ledger)
    for file in directory.path.iterdir():
        file.unlink()

    assert hosts.end_lapsed(run_id, SECOND) is False


def test_a_host_without_runs_ends_nothing() -> None:
    ledger = Ledger.open("sqlite://")

    assert NoDirectories().take_in(ledger) == frozenset()
    assert NoDirectories().end_lapsed("r-1", SECOND) is False


def test_a_run_of_another_host_is_known_and_cannot_be_measured(tmp_path: Path) -> None:
    directory = killed_run(tmp_path)
    lease = directory.path / "lease"
    record = lease.read_text()
    lease.write_text(record.replace("{", "[", 1))
    ledger, hosts = intake(tmp_path)

    fresh = hosts.take_in(ledger)

    assert fresh == frozenset()
    assert len(ledger.list_runs()) == 1
