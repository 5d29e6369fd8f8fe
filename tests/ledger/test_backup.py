"""Copies of a whole SQLite ledger."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from reaper.errors import LedgerError
from reaper.ledger import Ledger
from tests.ledger.conftest import ManualClock, NewDatabase, run_named


@pytest.fixture(params=["sqlite://", "file"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Ledger:
    url = f"sqlite:///{tmp_path}/ledger.db" if request.param == "file" else "sqlite://"
    return Ledger.open(url, clock=clock)


def test_a_restored_ledger_is_what_it_was(ledger: Ledger, clock: ManualClock) -> None:
    begun = ledger.start_run(run_named("r-1", clock.wall))
    copy = ledger.snapshot()
    ledger.finish_run("r-1")
    ledger.start_run(run_named("r-2", clock.wall))

    ledger.restore(copy)

    assert ledger.list_runs() == [begun]
    clock.forward(timedelta(minutes=1))
    assert ledger.beat("r-1").lease.until > begun.lease.until


def test_other_openers_of_a_file_see_what_was_restored(tmp_path: Path, clock: ManualClock) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    with Ledger.open(url, clock=clock) as one, Ledger.open(url, clock=clock) as two:
        copy = one.snapshot()
        two.start_run(run_named("r-1", clock.wall))

        one.restore(copy)

        assert two.list_runs() == []
        two.start_run(run_named("r-2", clock.wall))
        assert [run.id for run in one.list_runs()] == ["r-2"]


def test_a_copied_file_can_be_restored(tmp_path: Path, clock: ManualClock) -> None:
    copy = tmp_path / "copy.db"
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=clock) as ledger:
        ledger.start_run(run_named("r-1", clock.wall))
        with (
            closing(sqlite3.connect(tmp_path / "ledger.db")) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    with Ledger.open("sqlite://", clock=clock) as ledger:
        ledger.restore(copy.read_bytes())

        assert [run.id for run in ledger.list_runs()] == ["r-1"]


def test_what_is_no_copy_is_refused(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall))

    with pytest.raises(LedgerError, match="could not be copied"):
        ledger.restore(os.urandom(4096))

    assert [run.id for run in ledger.list_runs()] == ["r-1"]


@pytest.mark.postgres
def test_postgresql_is_copied_by_its_own_tools(postgres_databases: NewDatabase) -> None:
    with (
        Ledger.open(postgres_databases()) as ledger,
        pytest.raises(LedgerError, match="use pg_dump"),
    ):
        ledger.snapshot()
