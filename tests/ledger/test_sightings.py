"""When each resource was first seen."""

from __future__ import annotations

from datetime import timedelta

from reaper.ledger import Ledger, identity
from tests.ledger.conftest import ManualClock, volume

HOUR = timedelta(hours=1)


def test_the_first_sighting_stays_the_first(ledger: Ledger, clock: ManualClock) -> None:
    first = clock.wall
    ledger.sight([(volume("a"), "r-1")])
    clock.forward(HOUR)

    seen = ledger.sight([(volume("a"), "r-1"), (volume("b"), None)])

    assert seen == {volume("a").key: first, volume("b").key: clock.wall}


def test_another_incarnation_begins_anew(ledger: Ledger, clock: ManualClock) -> None:
    ledger.sight([(volume("a", "old"), "r-1")])
    clock.forward(HOUR)

    seen = ledger.sight([(volume("a", "new"), "r-1")])

    assert seen == {volume("a").key: clock.wall}
    assert ledger.sight([(volume("a", "old"), "r-1")]) == {volume("a").key: clock.wall - HOUR}


def test_a_resource_without_incarnation_has_sightings_of_its_own(
    ledger: Ledger, clock: ManualClock
) -> None:
    first = clock.wall
    ledger.sight([(volume("a", None), None)])
    clock.forward(HOUR)

    assert ledger.sight([(volume("a", None), "r-1")]) == {volume("a").key: first}


def test_what_was_seen_twice_at_once_is_one(ledger: Ledger, clock: ManualClock) -> None:
    seen = ledger.sight([(volume("a"), "r-1"), (volume("a"), "r-1")])

    assert seen == {volume("a").key: clock.wall}


def test_a_clock_set_back_moves_a_first_sighting_that_lies_ahead(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.sight([(volume("a"), "r-1")])
    clock.jump(-HOUR)
    ledger.sight([(volume("a"), "r-1")])
    back = clock.wall
    clock.forward(HOUR)

    assert ledger.sight([(volume("a"), "r-1")]) == {volume("a").key: back}


def test_a_hundred_thousand_resources_are_seen_at_once(ledger: Ledger, clock: ManualClock) -> None:
    refs = [(volume(f"v{number}"), "r-1") for number in range(100_000)]

    seen = ledger.sight(iter(refs))

    assert len(seen) == 100_000
    assert set(seen.values()) == {clock.wall}


def test_nothing_seen_is_nothing_remembered(ledger: Ledger) -> None:
    assert ledger.sight([]) == {}
    assert ledger.remembered("ENGINE") == {}


def test_an_identity_is_the_key_and_the_incarnation() -> None:
    assert identity(volume("a", "x")) == "docker:volume@ENGINE/a#x"
    assert identity(volume("a", None)) == "docker:volume@ENGINE/a#"
