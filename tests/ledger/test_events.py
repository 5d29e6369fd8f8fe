"""The ledger's history."""

from __future__ import annotations

from reaper.ledger import Event, Ledger
from tests.ledger.conftest import ManualClock, volume


def test_a_line_comes_back_whole(ledger: Ledger, clock: ManualClock) -> None:
    ledger.note("blocked", ref=volume("a"), run="r-1", by="ada", detail="a container uses it")
    ledger.note("started", detail="")

    assert ledger.events() == [
        Event(
            kind="blocked",
            at=clock.wall,
            ref=volume("a"),
            run="r-1",
            by="ada",
            detail="a container uses it",
        ),
        Event(kind="started", at=clock.wall, detail=""),
    ]


def test_the_history_is_narrowed_to_its_last_lines(ledger: Ledger) -> None:
    for number in range(5):
        ledger.note("x", run=f"r-{number % 2}", ref=volume("a", str(number)), detail=str(number))
    ledger.note("x", ref=volume("a", scope="OTHER"), detail="5")

    assert [event.detail for event in ledger.events(limit=2)] == ["4", "5"]
    assert [event.detail for event in ledger.events(run="r-1")] == ["1", "3"]
    assert [event.detail for event in ledger.events(ref=volume("a", None))] == list("01234")
    assert [event.detail for event in ledger.events(ref=volume("a", "3"))] == ["3"]
