"""What runs wrote down."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reaper.ledger import Ledger
from reaper.model import JournalEntry, Phase
from tests.ledger.conftest import ManualClock, volume

SECOND = timedelta(seconds=1)


def intent(clock: ManualClock, *, run: str = "r-1", seq: int = 1) -> JournalEntry:
    return JournalEntry(
        run=run,
        writer="build-7-4711-1",
        seq=seq,
        at=clock.wall,
        phase=Phase.INTENT,
        kind="docker:volume",
        scope="ENGINE",
        name="data",
        test="tests/test_x.py::test_y",
    )


def test_entries_come_back_as_they_were_in_the_order_of_writing(
    ledger: Ledger, clock: ManualClock
) -> None:
    first = intent(clock)
    created = replace(first, phase=Phase.CREATED, ref=volume("data"), at=clock.wall + SECOND)
    failed = replace(
        intent(clock, seq=2), phase=Phase.FAILED, at=clock.wall + 2 * SECOND, detail="no space"
    )
    existed = replace(
        intent(clock, run="r-2"),
        phase=Phase.EXISTED,
        ref=volume("x", None),
        taggable=False,
        at=clock.wall + 3 * SECOND,
    )

    ledger.add_entries([existed, failed, created, first])

    assert ledger.entries("ENGINE") == [first, created, failed, existed]
    assert ledger.run_entries("r-1") == [first, created, failed]


def test_what_was_written_in_one_moment_has_its_intent_first(
    ledger: Ledger, clock: ManualClock
) -> None:
    entries = [intent(clock), replace(intent(clock), phase=Phase.CREATED, ref=volume("data"))]

    ledger.add_entries(reversed(entries))

    assert ledger.run_entries("r-1") == entries


def test_an_entry_is_taken_in_once(ledger: Ledger, clock: ManualClock) -> None:
    first = intent(clock)
    ledger.add_entries([first])

    ledger.add_entries([first, replace(first, detail="again"), intent(clock, seq=2)])

    assert ledger.run_entries("r-1") == [first, intent(clock, seq=2)]


def test_a_scope_has_the_entries_of_the_scopes_within_it(
    ledger: Ledger, clock: ManualClock
) -> None:
    scopes = ["a", "a/b", "a/b/c", "a-b", "ab", "A", "a.b/c", "b"]
    ledger.add_entries(
        replace(intent(clock, seq=number), scope=scope) for number, scope in enumerate(scopes, 1)
    )

    assert [entry.scope for entry in ledger.entries("a")] == ["a", "a/b", "a/b/c"]
    assert [entry.scope for entry in ledger.entries("a/b")] == ["a/b", "a/b/c"]


def test_a_long_journal_is_taken_in_and_read(ledger: Ledger, clock: ManualClock) -> None:
    entries = [intent(clock, seq=number) for number in range(1, 5001)]

    ledger.add_entries(iter(entries))

    assert ledger.entries("ENGINE") == entries


def test_no_entries_are_no_work(ledger: Ledger) -> None:
    ledger.add_entries([])

    assert ledger.entries("ENGINE") == []
