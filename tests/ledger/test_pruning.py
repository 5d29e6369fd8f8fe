"""What the ledger may forget."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from reaper.ledger import Ledger, Lock, Role
from reaper.model import (
    Basis,
    Claim,
    JournalEntry,
    Mark,
    Outcome,
    Phase,
    Ref,
    Rule,
    Status,
)
from tests.ledger.conftest import ManualClock, run_named, volume

CELL = "docker/ENGINE"
DAY = timedelta(days=1)
TTL = timedelta(minutes=1)


@pytest.fixture
def lock(ledger: Ledger) -> Lock:
    taken = ledger.acquire(CELL, "one", TTL)
    assert taken is not None
    return taken


def life(ledger: Ledger, lock: Lock, ref: Ref, at: datetime, *, run: str, status: Status) -> None:
    """Everything that one resource of one run leaves in the ledger."""
    ledger.start_run(run_named(run, at))
    ledger.add_entries(
        [
            JournalEntry(
                run=run,
                writer="w",
                seq=1,
                at=at,
                phase=Phase.CREATED,
                kind=ref.kind,
                scope=ref.scope,
                ref=ref,
            )
        ]
    )
    ledger.sight([(ref, run)])
    ledger.finish_run(run)
    intent = ledger.intend(
        lock,
        ref=ref,
        run=run,
        rule=Rule.FINISHED,
        reason="its run finished",
        name=None,
        owner=None,
        tags={},
        attempt=1,
        ttl=TTL,
        window=TTL,
        derived=[(ref, Claim(run=run, reason="made", basis=Basis.DERIVED))],
    )
    ledger.answer(intent.id, "done", "")
    ledger.mark(ref, Mark(by="ada", at=at, keep_until=at))
    ledger.record(Outcome(ref=ref, run=run, status=status, detail="", at=at), cell=CELL, sweep="s")


def test_what_is_over_is_forgotten(ledger: Ledger, lock: Lock, clock: ManualClock) -> None:
    life(ledger, lock, volume("a"), clock.wall, run="r-1", status=Status.GONE)
    ledger.save_plan("p-1", "d" * 64, CELL, "{}")
    ledger.hold("p-1", ["key-1"])
    ledger.serve(elapsed=1.0, every=TTL, grace=TTL)
    ledger.start_run(run_named("r-2", clock.wall), minter="token")
    ledger.finish_run("r-2")
    ledger.sweep_begins(CELL, "the engine", daemon="host:1", mode="act")
    ledger.add_token("gone", Role.VIEWER, by="ada", lasts=TTL)
    ledger.add_token("good", Role.VIEWER, by="ada")

    gone = ledger.prune(clock.wall + DAY)

    assert gone == {
        "sightings": 1,
        "outcomes": 1,
        "intents": 1,
        "derived": 1,
        "marks": 1,
        "runs": 2,
        "journal": 1,
        "holds": 1,
        "plans": 1,
        "events": 6,
        "services": 1,
        "mintings": 1,
        "sweeps": 1,
        "tokens": 1,
    }
    assert ledger.list_runs() == []
    assert set(ledger.prune(clock.wall + DAY).values()) == {0}


def test_what_is_younger_is_kept(ledger: Ledger, lock: Lock, clock: ManualClock) -> None:
    life(ledger, lock, volume("a"), clock.wall, run="r-1", status=Status.GONE)
    ledger.save_plan("p-1", "d" * 64, CELL, "{}")

    assert set(ledger.prune(clock.wall).values()) == {0}


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.GONE])
def test_what_is_waited_for_is_kept_whatever_its_age(
    ledger: Ledger, lock: Lock, clock: ManualClock, status: Status
) -> None:
    life(ledger, lock, volume("a"), clock.wall, run="r-1", status=status)

    gone = ledger.prune(clock.wall + 400 * DAY)

    assert {name for name, count in gone.items() if count} == {"sightings", "events"}
    assert list(ledger.runs(["r-1"])) == ["r-1"]
    assert ledger.first_attempt(volume("a")) == clock.wall


def test_a_purge_that_is_over_is_forgotten(ledger: Ledger, clock: ManualClock) -> None:
    made = Outcome(
        ref=volume("a"),
        run="r-1",
        status=Status.SCHEDULED,
        detail="",
        at=clock.wall,
        until=clock.wall + DAY,
    )
    ledger.record(made, cell=CELL, sweep="s")

    assert ledger.prune(clock.wall + DAY)["outcomes"] == 0
    assert ledger.prune(clock.wall + 2 * DAY)["outcomes"] == 1


def test_what_is_still_seen_keeps_its_run_journal_and_marks(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    life(ledger, lock, volume("a"), clock.wall, run="r-1", status=Status.GONE)
    clock.forward(90 * DAY)
    ledger.sight([(volume("a"), "r-1")])

    gone = ledger.prune(clock.wall - DAY)

    assert {name for name, count in gone.items() if count} == {"outcomes", "intents", "events"}
    assert len(ledger.run_entries("r-1")) == 1
    assert len(ledger.marks("ENGINE")) == 1


def test_unfinished_runs_and_open_intents_are_kept(
    ledger: Ledger, lock: Lock, clock: ManualClock
) -> None:
    ledger.start_run(run_named("r-1", clock.wall))
    ledger.intend(
        lock,
        ref=volume("a"),
        run="r-2",
        rule=Rule.EXPIRED,
        reason="unknown",
        name=None,
        owner=None,
        tags={},
        attempt=1,
        ttl=TTL,
        window=TTL,
    )

    ledger.prune(clock.wall + 400 * DAY)

    assert [run.id for run in ledger.list_runs()] == ["r-1"]
    assert len(ledger.open_intents(CELL)) == 1


def test_a_keep_that_still_holds_is_kept(ledger: Ledger, clock: ManualClock) -> None:
    mark = Mark(by="ada", at=clock.wall, keep_until=clock.wall + 500 * DAY)
    ledger.mark(volume("a"), mark)

    ledger.prune(clock.wall + 400 * DAY)

    assert list(ledger.marks("ENGINE").values()) == [mark]
