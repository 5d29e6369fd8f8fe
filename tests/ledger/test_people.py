"""What people decided."""

from __future__ import annotations

from datetime import timedelta

from reaper.ledger import Ledger, Pause, identity
from reaper.model import FOREVER, Mark, Rule
from tests.ledger.conftest import ManualClock, volume

DAY = timedelta(days=1)


def test_a_mark_is_kept_for_one_incarnation(ledger: Ledger, clock: ManualClock) -> None:
    keep = Mark(by="ada", at=clock.wall, keep_until=clock.wall + DAY)
    forever = Mark(by="bob", at=clock.wall, keep_until=FOREVER)

    ledger.mark(volume("a", "x"), keep)
    ledger.mark(volume("b"), forever)

    assert ledger.marks("ENGINE") == {
        identity(volume("a", "x")): keep,
        identity(volume("b")): forever,
    }
    assert ledger.marks("OTHER") == {}


def test_the_end_of_a_quarantine_takes_no_keep_away(ledger: Ledger, clock: ManualClock) -> None:
    ledger.mark(volume("a"), Mark(by="bob", at=clock.wall, keep_until=clock.wall + DAY))
    later = clock.wall + timedelta(hours=1)
    ledger.mark(volume("a"), Mark(by="ada", at=later, resolution="adopt", rule=Rule.ELDER))

    assert ledger.marks("ENGINE")[identity(volume("a"))] == Mark(
        by="bob and ada",
        at=later,
        keep_until=clock.wall + DAY,
        resolution="adopt",
        rule=Rule.ELDER,
    )


def test_a_keep_does_not_make_an_adoption_younger(ledger: Ledger, clock: ManualClock) -> None:
    adopted = Mark(by="ada", at=clock.wall, resolution="adopt", rule=Rule.USED)
    ledger.mark(volume("a"), adopted)
    later = clock.wall + DAY

    ledger.mark(volume("a"), Mark(by="bob", at=later, keep_until=later + DAY))

    assert ledger.marks("ENGINE")[identity(volume("a"))].at == adopted.at


def test_a_later_word_on_the_same_matter_holds(ledger: Ledger, clock: ManualClock) -> None:
    ledger.mark(volume("a"), Mark(by="ada", at=clock.wall, keep_until=FOREVER))
    taken_back = Mark(by="bob", at=clock.wall + DAY, keep_until=clock.wall)

    ledger.mark(volume("a"), taken_back)

    assert ledger.marks("ENGINE")[identity(volume("a"))] == taken_back


def test_a_mark_stands_in_the_history(ledger: Ledger, clock: ManualClock) -> None:
    ledger.mark(
        volume("a"),
        Mark(by="ada", at=clock.wall, keep_until=FOREVER, resolution="dismiss", rule=Rule.COPY),
    )
    ledger.mark(volume("a"), Mark(by="ada", at=clock.wall, keep_until=clock.wall))

    assert [(event.kind, event.by, event.detail) for event in ledger.events()] == [
        ("mark", "ada", "keep forever, dismiss (copy)"),
        ("mark", "ada", "keep until 2026-03-01 12:00:00+00:00"),
    ]


def test_sweeping_is_paused_until_it_is_resumed(ledger: Ledger, clock: ManualClock) -> None:
    assert ledger.paused() is None

    paused = ledger.pause("ada", "demo at noon")

    assert paused == Pause(by="ada", reason="demo at noon", at=clock.wall)
    assert ledger.paused() == paused
    ledger.resume("bob")
    ledger.resume("bob")
    assert ledger.paused() is None
    assert [(event.kind, event.by) for event in ledger.events()] == [
        ("pause", "ada"),
        ("resume", "bob"),
    ]


def test_a_second_pause_takes_the_place_of_the_first(ledger: Ledger) -> None:
    ledger.pause("ada", "demo at noon")
    ledger.pause("bob", "fire")

    paused = ledger.paused()

    assert paused is not None
    assert (paused.by, paused.reason) == ("bob", "fire")


def test_a_place_is_pinned_to_what_it_was_first(ledger: Ledger) -> None:
    assert ledger.pin("unix:///var/run/docker.sock", "ENGINE-1") == "ENGINE-1"
    assert ledger.pin("unix:///var/run/docker.sock", "ENGINE-2") == "ENGINE-1"
    assert ledger.pin("tcp://other:2375", "ENGINE-2") == "ENGINE-2"
