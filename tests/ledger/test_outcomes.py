"""What became of each resource."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from reaper.ledger import Ledger
from reaper.model import Outcome, Ref, Rule, Status
from tests.ledger.conftest import ManualClock, volume

CELL = "docker/ENGINE"
HOUR = timedelta(hours=1)


def outcome(at: datetime, status: Status, ref: Ref | None = None, **more: object) -> Outcome:
    made = Outcome(ref=ref or volume("a"), run="r-1", status=status, detail="", at=at)
    return replace(made, **more)  # type: ignore[arg-type]  # the fields are the test's business


def record(ledger: Ledger, made: Outcome) -> None:
    ledger.record(made, cell=CELL, sweep="sweep-1")


def test_an_outcome_comes_back_whole(ledger: Ledger, clock: ManualClock) -> None:
    whole = Outcome(
        ref=volume("a"),
        run="r-1",
        status=Status.BLOCKED,
        detail="a container uses it",
        at=clock.wall,
        name="data",
        rule=Rule.EXPIRED,
        reason="its run is unknown",
        tags={"reaper-run": "r-1", "team": "Zoë"},
        owner="ada",
        blocked_by=("docker:container@ENGINE/c", "web"),
        until=clock.wall + HOUR,
        attempts=3,
    )

    record(ledger, whole)

    assert ledger.outcomes() == [whole]


def test_the_latest_outcome_takes_the_place_of_the_one_before(
    ledger: Ledger, clock: ManualClock
) -> None:
    record(ledger, outcome(clock.wall, Status.PENDING, detail="throttled"))
    clock.forward(HOUR)
    gone = outcome(clock.wall, Status.GONE)

    record(ledger, gone)

    assert ledger.outcomes() == [gone]
    assert [event.detail for event in ledger.events(ref=volume("a"))] == [
        "pending: throttled",
        "gone",
    ]


def test_the_same_outcome_again_is_no_news(ledger: Ledger, clock: ManualClock) -> None:
    for attempts in (1, 2, 3):
        record(ledger, outcome(clock.wall, Status.PENDING, attempts=attempts))

    assert len(ledger.events()) == 1
    assert ledger.outcomes()[0].attempts == 3


def test_each_incarnation_has_its_own_outcome(ledger: Ledger, clock: ManualClock) -> None:
    old = outcome(clock.wall, Status.GONE, volume("a", "old"))
    new = outcome(clock.wall + HOUR, Status.PENDING, volume("a", "new"))
    record(ledger, old)
    record(ledger, new)

    assert ledger.outcomes(ref=volume("a", None)) == [new, old]
    assert ledger.outcomes(ref=volume("a", "old")) == [old]


def test_what_is_not_at_its_end_is_open(ledger: Ledger, clock: ManualClock) -> None:
    for status in Status:
        record(ledger, outcome(clock.wall, status, volume(status.value)))
    soon = outcome(clock.wall, Status.SCHEDULED, volume("soon"), until=clock.wall + HOUR)
    past = outcome(clock.wall, Status.SCHEDULED, volume("past"), until=clock.wall)
    record(ledger, soon)
    record(ledger, past)

    found = {made.ref.id for made in ledger.open_outcomes(CELL)}

    assert found == {status.value for status in Status if status is not Status.GONE} | {"soon"}
    assert ledger.open_outcomes("docker/OTHER") == []


def test_outcomes_are_narrowed(ledger: Ledger, clock: ManualClock) -> None:
    early = outcome(clock.wall, Status.GONE, volume("early"))
    late = outcome(clock.wall + HOUR, Status.DENIED, volume("late"), run="r-2")
    record(ledger, early)
    record(ledger, late)

    assert ledger.outcomes(since=clock.wall + HOUR) == [late]
    assert ledger.outcomes(run="r-1") == [early]
    assert ledger.outcomes(statuses={Status.GONE, Status.HELD}) == [early]
    assert ledger.outcomes(statuses=()) == []
    assert ledger.outcomes(limit=1) == [late]


def test_a_naive_time_is_refused(ledger: Ledger, clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        record(ledger, outcome(clock.wall.replace(tzinfo=None), Status.GONE))
