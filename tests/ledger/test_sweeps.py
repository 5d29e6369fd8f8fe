"""The last sweep of each cell, as daemons tell each other and people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reaper.ledger import CellSweep, Ledger, Result
from tests.ledger.conftest import ManualClock

CELL = "docker/ENGINE"
MINUTE = timedelta(minutes=1)


def begin(ledger: Ledger, cell: str = CELL) -> None:
    ledger.sweep_begins(cell, "the engine", daemon="host:1", mode="act")


def end(ledger: Ledger, result: Result, *, full: bool = False) -> CellSweep:
    begin(ledger)
    ended = ledger.sweep_ends(CELL, result, "in words", full=full)
    assert ended is not None
    return ended


def test_a_sweep_that_goes_on_has_no_end(ledger: Ledger, clock: ManualClock) -> None:
    begin(ledger)

    found = ledger.sweep_of(CELL)

    assert found is not None
    assert (found.started, found.finished, found.result) == (clock.wall, None, None)


def test_two_daemons_do_not_both_begin(ledger: Ledger, clock: ManualClock) -> None:
    def begun(daemon: str) -> bool:
        return ledger.sweep_begins(CELL, "", daemon=daemon, mode="act", unless_begun_within=MINUTE)

    assert begun("one")
    assert not begun("two")
    assert begun("one")
    clock.forward(MINUTE)
    assert begun("two")
    ledger.sweep_ends(CELL, Result.DONE, "")
    assert begun("one")


def test_failures_in_a_row_are_counted_from_the_first(ledger: Ledger, clock: ManualClock) -> None:
    first = clock.wall
    end(ledger, Result.FAILED)
    clock.forward(MINUTE)

    found = end(ledger, Result.HUNG)

    assert (found.failures, found.failing_since) == (2, first)


@pytest.mark.parametrize("result", [Result.DONE, Result.GAPS])
def test_one_that_works_ends_the_row(ledger: Ledger, result: Result) -> None:
    end(ledger, Result.FAILED)

    found = end(ledger, result)

    assert (found.failures, found.failing_since) == (0, None)


@pytest.mark.parametrize("result", [Result.STOPPED, Result.SKIPPED])
def test_one_that_did_not_get_to_it_says_nothing_new(ledger: Ledger, result: Result) -> None:
    end(ledger, Result.FAILED)

    assert end(ledger, result).failures == 1


def test_a_full_scan_is_remembered_only_if_it_came_to_its_end(
    ledger: Ledger, clock: ManualClock
) -> None:
    assert end(ledger, Result.FAILED, full=True).full_at is None
    assert end(ledger, Result.DONE).full_at is None
    assert end(ledger, Result.DONE, full=True).full_at == clock.wall


def test_what_starved_is_known_until_it_has_its_turn(ledger: Ledger) -> None:
    begin(ledger)
    begin(ledger, "docker/OTHER")

    ledger.sweeps_starved([CELL])

    assert [sweep.cell for sweep in ledger.sweeps() if sweep.starved] == [CELL]
    begin(ledger)
    assert not any(sweep.starved for sweep in ledger.sweeps())


def test_what_was_seen_is_kept_beside_it(ledger: Ledger) -> None:
    begin(ledger)
    assert ledger.document(CELL) is None

    ledger.keep_document(CELL, "{}", plan="abc", held="too many")

    found = ledger.sweep_of(CELL)
    assert found is not None
    assert (found.plan, found.held, ledger.document(CELL)) == ("abc", "too many", "{}")


def test_what_never_began_is_unknown(ledger: Ledger) -> None:
    assert ledger.sweep_of(CELL) is None
    assert ledger.sweep_ends(CELL, Result.DONE, "") is None


def test_a_held_lock_is_told_until_it_runs_out(ledger: Ledger, clock: ManualClock) -> None:
    assert ledger.held(CELL) is None
    lock = ledger.acquire(CELL, "host:1", MINUTE)

    assert ledger.held(CELL) == lock
    clock.forward(MINUTE)
    assert ledger.held(CELL) is None
