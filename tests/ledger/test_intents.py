"""Deletions, announced before they are sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reaper.errors import LedgerError, LockLost, RunNotOver, SweepingPaused
from reaper.ledger import Intent, Ledger, Lock, identity
from reaper.model import FOREVER, Basis, Beats, Claim, Ref, Rule
from tests.ledger.conftest import ManualClock, run_named, volume

TTL = timedelta(seconds=60)
WINDOW = timedelta(seconds=20)
CELL = "docker/ENGINE"


@pytest.fixture
def lock(ledger: Ledger) -> Lock:
    taken = ledger.acquire(CELL, "one", TTL)
    assert taken is not None
    return taken


def intend(ledger: Ledger, lock: Lock, ref: Ref | None = None, **more: Any) -> Intent:
    given: dict[str, Any] = {
        "run": "r-1",
        "rule": Rule.FINISHED,
        "reason": "its run finished an hour ago",
        "name": "data",
        "owner": "ada",
        "tags": {"reaper-run": "r-1"},
        "attempt": 1,
        "ttl": TTL,
        "window": WINDOW,
    }
    return ledger.intend(lock, ref=ref or volume("a"), **given | more)


def test_an_intent_stays_open_until_it_is_answered(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    intent = intend(ledger, lock)

    assert intent.at == clock.wall
    assert ledger.open_intents(CELL) == [intent]
    assert ledger.open_intents("docker/OTHER") == []

    ledger.answer(intent.id, "done", "")

    assert ledger.open_intents(CELL) == []


def test_the_handle_of_a_long_operation_is_kept(ledger: Ledger, lock: Lock) -> None:
    intent = intend(ledger, lock)

    ledger.note_handle(intent.id, "operation-9")

    assert [found.handle for found in ledger.open_intents(CELL)] == ["operation-9"]


def test_intents_are_read_in_the_order_of_writing(ledger: Ledger, lock: Lock) -> None:
    made = [intend(ledger, lock, volume(name)) for name in "cab"]

    assert ledger.open_intents(CELL) == made


def test_an_intent_that_is_not_there_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="no intent x"):
        ledger.answer("x", "done", "")
    with pytest.raises(LedgerError, match="no intent x"):
        ledger.note_handle("x", "operation-9")


def test_without_the_lock_nothing_is_announced(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    clock.forward(TTL)
    ledger.acquire(CELL, "two", TTL)

    with pytest.raises(LockLost):
        intend(ledger, lock)

    assert ledger.open_intents(CELL) == []


def test_with_a_lock_that_ran_out_nothing_is_announced(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    clock.forward(TTL)

    with pytest.raises(LockLost, match="ran out"):
        intend(ledger, lock)


def test_an_intent_renews_the_lock_for_the_window(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    clock.forward(TTL - timedelta(seconds=1))
    intend(ledger, lock, ttl=timedelta(seconds=1))

    clock.forward(WINDOW - timedelta(seconds=1))
    held = ledger.acquire(CELL, "two", TTL)
    clock.forward(timedelta(seconds=1))
    free = ledger.acquire(CELL, "two", TTL)

    assert held is None
    assert free is not None


def test_while_paused_nothing_is_announced(ledger: Ledger, lock: Lock) -> None:
    ledger.pause("ada", "the cloud is on fire")

    with pytest.raises(SweepingPaused, match=r"ada paused sweeping .* \(the cloud is on fire\)"):
        intend(ledger, lock)

    ledger.resume("ada")
    assert intend(ledger, lock).attempt == 1


def test_for_a_live_run_nothing_is_announced(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    ledger.start_run(run_named("r-1", clock.wall, beats=Beats.SERVICE))

    with pytest.raises(RunNotOver, match="r-1 has not ended"):
        intend(ledger, lock)
    assert ledger.open_intents(CELL) == []

    ledger.finish_run("r-1")
    assert intend(ledger, lock).run == "r-1"


def test_a_lapsed_lease_alone_does_not_end_a_run(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    ledger.start_run(run_named("r-1", clock.wall, lease=timedelta(seconds=1)))
    clock.forward(timedelta(seconds=30))

    with pytest.raises(RunNotOver):
        intend(ledger, lock)


def test_a_refused_intent_leaves_nothing_behind(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    ledger.start_run(run_named("r-1", clock.wall))
    clock.forward(timedelta(seconds=30))
    claim = Claim(run="r-1", reason="its parent")

    with pytest.raises(RunNotOver):
        intend(ledger, lock, derived=[(volume("child"), claim)])

    assert ledger.remembered("ENGINE") == {}
    assert ledger.first_attempt(volume("a")) is None
    clock.forward(timedelta(seconds=30))
    assert ledger.acquire(CELL, "two", TTL) is not None


def test_what_the_resource_made_is_remembered_with_its_claim(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    bare = Claim(run="r-1", reason="made by a", basis=Basis.DERIVED)
    whole = Claim(
        run="r-1",
        reason="made by a",
        basis=Basis.DERIVED,
        expires=clock.wall,
        owner="ada",
        keep=FOREVER,
        garbled="two answers",
        journaled=True,
        report_only=True,
    )

    intend(ledger, lock, derived=[(volume("b"), bare), (volume("c", None), whole)])

    assert ledger.remembered("ENGINE") == {
        identity(volume("b")): bare,
        identity(volume("c", None)): whole,
    }
    assert ledger.remembered("OTHER") == {}


def test_the_first_attempt_is_that_of_the_incarnation(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    first = clock.wall
    intend(ledger, lock)
    clock.forward(timedelta(seconds=10))
    intend(ledger, lock, attempt=2)
    intend(ledger, lock, volume("a", "new"))

    assert ledger.first_attempt(volume("a")) == first
    assert ledger.first_attempt(volume("a", "new")) == clock.wall
    assert ledger.first_attempt(volume("b")) is None


def test_the_brake_counts_each_resource_once(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    intend(ledger, lock, volume("old"))
    clock.forward(timedelta(seconds=1))
    since = clock.wall
    intend(ledger, lock, volume("a"))
    intend(ledger, lock, volume("a"), attempt=2)
    intend(ledger, lock, volume("a", "new"))
    intend(ledger, lock, volume("b", scope="ENGINE/part"))
    intend(ledger, lock, volume("c", scope="OTHER"))

    assert ledger.recent_deletions("ENGINE", since) == 3
    assert ledger.recent_deletions("ENGINE/part", since) == 1
    assert ledger.recent_deletions("NONE", since) == 0


def test_an_intent_and_its_answer_stand_in_the_history(ledger: Ledger, lock: Lock) -> None:
    intent = intend(ledger, lock)
    ledger.answer(intent.id, "failed", "HTTP 500")

    said = [(event.kind, event.detail, event.by) for event in ledger.events(ref=volume("a"))]

    assert said == [
        ("intent", "attempt 1: finished, its run finished an hour ago", "one"),
        ("answer", "attempt 1: failed, HTTP 500", "one"),
    ]


def test_a_late_answer_changes_nothing_but_the_history(ledger: Ledger, lock: Lock) -> None:
    intent = intend(ledger, lock)
    ledger.answer(intent.id, "uncertain", "the process was killed")

    ledger.answer(intent.id, "done", "")

    assert [event.kind for event in ledger.events()] == ["intent", "answer", "answer"]
    assert ledger.open_intents(CELL) == []
