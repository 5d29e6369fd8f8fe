"""What an earlier sweep left unfinished is looked at, never sent again blindly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reaper.model import FOREVER, Mark, Status
from reaper.providers.protocol import Answer, Reply
from reaper.sandbox.faults import Effect, Fault, Operation, always, once
from reaper.sandbox.things import Bond
from reaper.sweep.resume import Resumer
from reaper.tags import run_tags
from tests.sweep.lab import HOUR, SCOPE, Lab, became
from tests.sweep.test_look import on
from tests.sweep.test_shoot import Killed, deletions, kill
from tests.sweep.test_verify import slow


def killed_sweep(lab: Lab, step: str) -> None:
    """Let a sweep be killed at a step, and its lock run out."""
    with pytest.raises(Killed):
        lab.sweep(at=on(step, kill))
    lab.clock.advance(HOUR)


def test_an_intent_whose_resource_cannot_be_read_stays_open(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    killed_sweep(lab, "intended")
    lab.faults.add(always(Effect.FAIL, Operation.READ))

    lab.sweep()

    assert [intent.ref for intent in lab.ledger.open_intents("memory/lab")] == [machine]


def test_an_intent_whose_resource_is_not_found_stays_open_while_the_control_fails(
    lab: Lab,
) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    killed_sweep(lab, "called")
    lab.faults.add(always(Effect.FAIL, Operation.CONTROL))

    lab.sweep()

    assert [intent.ref for intent in lab.ledger.open_intents("memory/lab")] == [machine]


def test_an_intent_whose_resource_was_replaced_is_closed_and_the_new_one_is_left(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run, "data")
    lab.finish(run)
    killed_sweep(lab, "intended")
    lab.world.recreate(disk, by="stranger", tags={})

    report = lab.sweep()

    assert became(report, disk).status is Status.GONE
    assert lab.world.find(disk) is not None


def test_an_interrupted_intent_of_a_resource_kept_meanwhile_is_not_sent_again(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    killed_sweep(lab, "intended")
    lab.ledger.mark(machine, Mark(by="bob", at=lab.clock.now(), keep_until=FOREVER))

    lab.sweep()

    assert deletions(lab) == 0
    assert lab.ledger.open_intents("memory/lab") == []


def test_a_long_operation_of_a_killed_sweep_is_polled_and_not_sent_again(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(slow(3))
    killed_sweep(lab, "answered")

    report = lab.sweep()

    assert became(report, machine).status is Status.PENDING
    assert deletions(lab) == 1


def test_a_long_operation_that_failed_late_is_judged_anew(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(
        Fault(
            effect=Effect.LATE,
            operations=frozenset({Operation.DELETE}),
            delay=timedelta(minutes=2),
            times=1,
        )
    )
    killed_sweep(lab, "answered")

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE
    assert deletions(lab) == 2


def test_a_scheduled_purge_of_a_killed_sweep_is_not_sent_again(lab: Lab) -> None:
    run = lab.run()
    secret = lab.make("memory:secret", run)
    lab.finish(run)
    killed_sweep(lab, "answered")

    report = lab.sweep()

    assert became(report, secret).status is Status.SCHEDULED
    assert became(report, secret).until is not None
    assert deletions(lab) == 1


def test_a_long_operation_that_turned_into_a_scheduled_purge_says_when(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(slow(3))
    killed_sweep(lab, "answered")
    (intent,) = lab.ledger.open_intents("memory/lab")
    lock = lab.ledger.acquire("memory/lab", "me", HOUR)
    assert lock is not None
    purge = lab.clock.now() + 24 * HOUR

    outcome = Resumer(lab.site(), lock).under_way(
        intent, Answer(reply=Reply.SCHEDULED, until=purge)
    )

    assert outcome is not None
    assert (outcome.ref, outcome.status, outcome.until) == (machine, Status.SCHEDULED, purge)
    assert lab.ledger.open_intents("memory/lab") == []


def test_a_poll_that_fails_leaves_the_intent_open(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(slow(3))
    killed_sweep(lab, "answered")
    lab.faults.add(once(Effect.FAIL, Operation.POLL))

    lab.sweep()

    assert [intent.ref for intent in lab.ledger.open_intents("memory/lab")] == [machine]


def test_an_open_outcome_is_closed_when_somebody_else_removed_it(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    denied = lab.faults.add(always(Effect.DENY, Operation.DELETE))
    lab.sweep()
    lab.faults.remove(denied)
    lab.world.remove(machine, by="bob")

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE


def test_an_open_outcome_is_closed_when_its_name_is_anothers(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run, "data")
    lab.finish(run)
    denied = lab.faults.add(always(Effect.DENY, Operation.DELETE))
    lab.sweep()
    lab.faults.remove(denied)
    lab.clock.advance(HOUR)
    lab.world.recreate(disk, by="stranger", tags={})

    report = lab.sweep()

    assert became(report, disk).status is Status.GONE
    assert lab.world.find(disk) is not None


def test_an_open_outcome_is_withdrawn_when_a_person_keeps_the_resource(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(always(Effect.DENY, Operation.DELETE))
    lab.sweep()
    lab.ledger.mark(machine, Mark(by="bob", at=lab.clock.now(), keep_until=FOREVER))

    report = lab.sweep()

    assert report.outcomes == ()
    assert lab.ledger.open_outcomes("memory/lab") == []


def test_an_open_outcome_is_withdrawn_when_the_tags_are_taken_away(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(always(Effect.DENY, Operation.DELETE))
    lab.sweep()
    lab.world.retag(machine, {}, by="bob")

    lab.sweep()

    assert lab.ledger.open_outcomes("memory/lab") == []
    assert lab.there(machine)


def test_an_outcome_that_cannot_be_read_stays_open(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(always(Effect.DENY, Operation.DELETE))
    lab.sweep()
    lab.faults.add(always(Effect.BLIND, Operation.READ, Operation.CONTROL))

    lab.sweep()

    assert [o.ref for o in lab.ledger.open_outcomes("memory/lab")] == [machine]


def test_what_a_parent_made_is_found_when_the_parent_is_gone(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    disk = lab.world.create("memory:disk", SCOPE, by=run.id)
    lab.world.bind(Bond.MADE, machine, disk)
    lab.world.bind(Bond.NEEDS, machine, disk)
    lab.finish(run)
    assert run_tags(run)
    killed_sweep(lab, "wave over")
    assert lab.world.find(machine) is None
    assert lab.there(disk)

    report = lab.sweep()

    assert became(report, disk).status is Status.GONE


def test_open_outcomes_of_one_kind_are_proved_by_one_control(lab: Lab) -> None:
    run = lab.run()
    made = [lab.make("memory:disk", run) for _ in range(6)]
    lab.finish(run)
    denied = lab.faults.add(always(Effect.DENY, Operation.DELETE))
    lab.sweep()
    lab.faults.remove(denied)
    for disk in made:
        lab.world.remove(disk, by="bob")
    lab.controls.clear()

    report = lab.sweep()

    assert all(became(report, disk).status is Status.GONE for disk in made)
    assert lab.controls == ["memory:disk"]


def test_open_intents_of_one_kind_are_proved_by_one_control(lab: Lab) -> None:
    run = lab.run()
    made = [lab.make("memory:disk", run) for _ in range(6)]
    lab.finish(run)
    killed_sweep_after(lab, "called", 6)
    lab.controls.clear()

    report = lab.sweep()

    assert all(became(report, disk).status is Status.GONE for disk in made)
    assert lab.controls.count("memory:disk") == 1


def killed_sweep_after(lab: Lab, step: str, times: int) -> None:
    """Let a sweep be killed the n-th time that it is at a step, and its lock run out."""
    seen: list[str] = []

    def at(reached: str) -> None:
        seen.append(reached)
        if seen.count(step) == times:
            raise Killed

    with pytest.raises(Killed):
        lab.sweep(at=at)
    lab.clock.advance(HOUR)
