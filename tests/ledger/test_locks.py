"""Who may sweep a cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reaper.errors import LockLost
from reaper.ledger import Ledger, Lock
from tests.ledger.conftest import Backup, ManualClock

TTL = timedelta(seconds=60)
TICK = timedelta(microseconds=1)


def acquired(ledger: Ledger, holder: str = "one", cell: str = "docker/E") -> Lock:
    lock = ledger.acquire(cell, holder, TTL)
    assert lock is not None
    return lock


def test_a_free_cell_is_locked_for_a_time(ledger: Ledger, clock: ManualClock) -> None:
    lock = acquired(ledger)

    assert (lock.cell, lock.holder, lock.until) == ("docker/E", "one", clock.wall + TTL)


@pytest.mark.parametrize("holder", ["one", "two"])
def test_a_held_cell_is_given_to_nobody(ledger: Ledger, holder: str) -> None:
    acquired(ledger)

    assert ledger.acquire("docker/E", holder, TTL) is None


def test_cells_are_locked_apart(ledger: Ledger) -> None:
    acquired(ledger)

    assert acquired(ledger, "two", "docker/F").holder == "two"


def test_a_lock_that_ran_out_is_given_to_the_next_with_a_greater_token(
    ledger: Ledger, clock: ManualClock
) -> None:
    first = acquired(ledger)
    clock.forward(TTL - TICK)
    early = ledger.acquire("docker/E", "two", TTL)
    clock.forward(TICK)

    second = acquired(ledger, "two")

    assert early is None
    assert second.token > first.token


def test_a_released_lock_is_free_at_once(ledger: Ledger, clock: ManualClock) -> None:
    first = acquired(ledger)

    ledger.release(first)

    assert acquired(ledger, "two").token > first.token
    with pytest.raises(LockLost):
        ledger.renew(first, TTL)


def test_who_lost_a_lock_cannot_release_it(ledger: Ledger, clock: ManualClock) -> None:
    first = acquired(ledger)
    clock.forward(TTL)
    second = acquired(ledger, "two")

    ledger.release(first)

    assert ledger.renew(second, TTL).until == clock.wall + TTL


def test_a_renewed_lock_holds_from_now(ledger: Ledger, clock: ManualClock) -> None:
    lock = acquired(ledger)
    clock.forward(TTL - TICK)

    renewed = ledger.renew(lock, TTL)

    assert renewed == replace(lock, until=clock.wall + TTL)
    assert ledger.acquire("docker/E", "two", TTL) is None


def test_a_lock_that_ran_out_cannot_be_renewed(ledger: Ledger, clock: ManualClock) -> None:
    lock = acquired(ledger)
    clock.forward(TTL)

    with pytest.raises(LockLost, match="docker/E ran out at 2026-03-01 12:01:00 UTC"):
        ledger.renew(lock, TTL)


def test_a_lock_of_another_cannot_be_renewed(ledger: Ledger) -> None:
    lock = acquired(ledger)

    with pytest.raises(LockLost, match="no longer ours but one's"):
        ledger.renew(replace(lock, holder="two"), TTL)
    with pytest.raises(LockLost):
        ledger.renew(replace(lock, token=lock.token - 1), TTL)
    with pytest.raises(LockLost, match="nobody's"):
        ledger.renew(replace(lock, cell="docker/F"), TTL)


def test_tokens_grow_while_the_clock_is_set_back(ledger: Ledger, clock: ManualClock) -> None:
    first = acquired(ledger)
    ledger.release(first)
    clock.jump(-timedelta(days=400))

    assert acquired(ledger).token > first.token


def test_a_token_from_before_a_restored_backup_never_passes(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.release(acquired(ledger))
    backup = Backup(ledger)
    clock.forward(TTL)
    forgotten = acquired(ledger)
    backup.restore()
    clock.forward(timedelta(seconds=1))

    with pytest.raises(LockLost):
        ledger.renew(forgotten, TTL)
    again = acquired(ledger)

    assert again.token > forgotten.token
    with pytest.raises(LockLost):
        ledger.renew(forgotten, TTL)


def test_a_lock_that_was_taken_over_does_not_come_back_with_a_backup(
    ledger: Ledger, clock: ManualClock
) -> None:
    suspended = acquired(ledger)
    backup = Backup(ledger)
    clock.forward(TTL)
    present = acquired(ledger, "two")
    backup.restore()

    for lock in (suspended, present):
        with pytest.raises(LockLost):
            ledger.renew(lock, TTL)
