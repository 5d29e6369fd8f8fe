"""Plans that were saved for a person, and those that the brake holds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reaper.errors import PlanRejected
from reaper.ledger import Ledger, SavedPlan
from tests.ledger.conftest import ManualClock

CELL = "docker/ENGINE"
DIGEST = "abcdef012345" + "6" * 52


def test_a_plan_is_found_by_its_id_and_by_its_digest(ledger: Ledger, clock: ManualClock) -> None:
    ledger.save_plan(DIGEST[:12], DIGEST, CELL, '{"schema": 1}')

    plan = SavedPlan(
        id=DIGEST[:12], digest=DIGEST, cell=CELL, payload='{"schema": 1}', at=clock.wall
    )
    assert ledger.plan(DIGEST[:12]) == plan
    assert ledger.plan(DIGEST) == plan
    assert ledger.plan(DIGEST[:11]) is None


def test_what_is_held_is_released_by_a_person_for_a_day(ledger: Ledger, clock: ManualClock) -> None:
    ledger.save_plan("p-1", DIGEST, CELL, "{}")
    ledger.hold("p-1", ["key-1", "key-2"])
    before = ledger.released(CELL)

    released = ledger.release_plan("p-1", "ada")

    assert before == frozenset()
    assert (released.released_at, released.released_by) == (clock.wall, "ada")
    assert ledger.released(CELL) == {"key-1", "key-2"}
    assert ledger.released("docker/OTHER") == frozenset()
    clock.forward(timedelta(hours=24))
    assert ledger.released(CELL) == frozenset()


def test_a_plan_saved_and_held_again_stays_released(ledger: Ledger, clock: ManualClock) -> None:
    ledger.save_plan("p-1", DIGEST, CELL, "{}")
    ledger.hold("p-1", ["key-1"])
    ledger.release_plan("p-1", "ada")

    ledger.save_plan("p-1", DIGEST, CELL, '{"new": 1}')
    ledger.hold("p-1", ["key-1"])

    assert ledger.released(CELL) == {"key-1"}
    saved = ledger.plan("p-1")
    assert saved is not None
    assert (saved.payload, saved.released_by) == ('{"new": 1}', "ada")


def test_a_plan_that_nobody_saved_cannot_be_released(ledger: Ledger) -> None:
    with pytest.raises(PlanRejected, match="no plan p-9"):
        ledger.release_plan("p-9", "ada")


def test_a_release_stands_in_the_history(ledger: Ledger) -> None:
    ledger.save_plan("p-1", DIGEST, CELL, "{}")
    ledger.release_plan(DIGEST, "ada")

    assert [(event.kind, event.by, event.detail) for event in ledger.events()] == [
        ("release", "ada", f"plan p-1 of {CELL}")
    ]
