"""Verification: gone means seen gone, and whatever is not yet says when it is tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reaper.model import Resource, Status
from reaper.sandbox.faults import Effect, Fault, Operation, always, once
from tests.sweep.lab import HOUR, MINUTE, Lab, became
from tests.sweep.test_look import on
from tests.sweep.test_shoot import deletions
from tests.sweep.test_volley import from_step


def slow(hours: int) -> Fault:
    return Fault(
        effect=Effect.SLOW, operations=frozenset({Operation.DELETE}), delay=hours * HOUR, times=1
    )


def test_a_deletion_that_takes_hours_is_parked_and_not_sent_again(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(slow(3))

    first = lab.sweep()
    lab.clock.advance(2 * HOUR)
    second = lab.sweep()
    lab.clock.advance(2 * HOUR)
    lab.sweep()

    assert became(first, machine).status is Status.PENDING
    assert became(first, machine).until is not None
    assert became(second, machine).status in {Status.PENDING, Status.FAILED}
    assert lab.world.find(machine) is None
    assert [o.status for o in lab.ledger.outcomes(ref=machine)] == [Status.GONE]


def test_one_that_is_not_gone_long_after_its_deadline_has_failed(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(slow(9))

    lab.sweep()
    lab.clock.advance(4 * HOUR)
    report = lab.sweep()

    assert became(report, machine).status is Status.FAILED
    assert "after the first attempt" in became(report, machine).detail


def test_a_late_failure_is_told_and_tried_again(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(
        Fault(
            effect=Effect.LATE,
            operations=frozenset({Operation.DELETE}),
            delay=timedelta(seconds=20),
            times=1,
        )
    )

    first = lab.sweep()
    lab.clock.advance(HOUR)
    second = lab.sweep()

    assert became(first, machine).status is Status.FAILED
    assert became(second, machine).status is Status.GONE


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (once(Effect.UNSENT, Operation.DELETE), " (the connection broke)"),
        (slow(1), ""),
    ],
)
def test_what_is_still_there_when_nobody_waits_longer_says_what_was_answered(
    lab: Lab, fault: Fault, told: str
) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run)
    lab.finish(run)
    lab.faults.add(fault)

    outcome = became(lab.sweep(), disk)

    assert outcome.status is Status.PENDING
    assert outcome.detail == f"the deletion was sent, and it is still there{told}"
    assert outcome.until is not None
    assert outcome.until > lab.clock.now()


def test_a_scheduled_purge_says_when(lab: Lab) -> None:
    run = lab.run()
    secret = lab.make("memory:secret", run)
    lab.finish(run)

    report = lab.sweep()

    outcome = became(report, secret)
    assert outcome.status is Status.SCHEDULED
    assert outcome.until is not None
    assert outcome.until > lab.clock.now() + timedelta(days=6)


def test_a_scheduled_purge_is_not_sent_again(lab: Lab) -> None:
    run = lab.run()
    lab.make("memory:secret", run)
    lab.finish(run)

    lab.sweep()
    lab.clock.advance(HOUR)
    lab.sweep()

    assert deletions(lab) == 1


def test_not_found_is_not_gone_while_the_control_fails(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    def lose_permission() -> None:
        lab.faults.add(always(Effect.BLIND, Operation.READ, Operation.CONTROL))

    report = lab.sweep(at=on("called", lose_permission))

    assert became(report, machine).status is Status.PENDING


def test_an_unreadable_verification_is_waited_for(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    report = lab.sweep(at=on("called", lambda: lab.faults.add(once(Effect.FAIL, Operation.READ))))

    assert became(report, machine).status is Status.GONE


def test_a_name_used_again_while_we_verify_is_another_resource(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run, "data")
    lab.finish(run)

    def take_the_name() -> None:
        lab.world.create("memory:disk", "lab", by="stranger", name="data")

    report = lab.sweep(at=on("called", take_the_name))

    assert became(report, disk).status is Status.GONE
    assert lab.world.find(disk) is not None


def test_a_lock_lost_while_verifying_ends_the_sweep(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.machine(run), lab.make("memory:disk", run)
    lab.finish(run)
    lab.faults.add(slow(3))

    report = lab.sweep(at=on("waited", lambda: lab.clock.suspend(HOUR)))

    assert report.skipped is not None
    assert "lock" in report.skipped
    assert lab.there(disk)
    assert became(report, machine).status is Status.PENDING


def test_the_brake_holds_a_plan_until_a_person_releases_it(lab: Lab) -> None:
    from reaper.plan import Brake, plan_id  # noqa: PLC0415 - only here

    lab.brake = Brake(max_deletions=2, max_share=1.0, min_tagged=0)
    run = lab.run()
    machines = [lab.machine(run) for _ in range(3)]
    lab.finish(run)

    held = lab.sweep()
    lab.ledger.release_plan(plan_id(held.plan), by="bob")
    released = lab.sweep()

    assert {became(held, machine).status for machine in machines} == {Status.HELD}
    assert {became(released, machine).status for machine in machines} == {Status.GONE}


def test_what_a_person_names_is_not_parked(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(Fault(effect=Effect.THROTTLE, operations=frozenset({Operation.DELETE}), times=5))
    lab.sweep()

    waiting = lab.sweep()
    asked = lab.sweep(named=frozenset({run.id}))

    assert became(waiting, machine).status is Status.PENDING
    assert became(asked, machine).status is Status.GONE


def test_the_time_of_the_next_attempt_grows(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(always(Effect.THROTTLE, Operation.DELETE))
    waits = []

    for _ in range(3):
        outcome = became(lab.sweep(), machine)
        assert outcome.until is not None
        waits.append(outcome.until - lab.clock.now())
        lab.clock.advance(30 * MINUTE)

    assert waits == sorted(waits)


def test_a_call_that_never_arrived_is_put_off_and_tried_again(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(once(Effect.UNSENT, Operation.DELETE))

    first = lab.sweep()
    lab.clock.advance(HOUR)
    second = lab.sweep()

    assert became(first, machine).status is Status.PENDING
    assert became(second, machine).status is Status.GONE


def test_a_long_wave_is_verified_while_its_last_deletions_are_sent(lab: Lab) -> None:
    run = lab.run()
    disks = [lab.make("memory:disk", run) for _ in range(40)]
    lab.finish(run)
    steps: list[str] = []

    report = lab.sweep(at=steps.append)

    assert {became(report, disk).status for disk in disks} == {Status.GONE}
    assert steps.index("recorded") < len(steps) - 1 - steps[::-1].index("called")
    assert steps.count("recorded") == len(disks)


def test_what_is_not_gone_at_a_glance_is_waited_for(lab: Lab) -> None:
    run = lab.run()
    disks = [lab.make("memory:disk", run) for _ in range(40)]
    lab.finish(run)
    lab.faults.add(
        Fault(
            effect=Effect.SLOW,
            operations=frozenset({Operation.DELETE}),
            delay=timedelta(seconds=30),
            times=20,
        )
    )

    report = lab.sweep()

    assert {became(report, disk).status for disk in disks} == {Status.GONE}
    assert deletions(lab) == len(disks)


def test_a_glance_proves_nothing_while_the_control_fails(lab: Lab) -> None:
    run = lab.run()
    disks = [lab.make("memory:disk", run) for _ in range(20)]
    lab.finish(run)
    lab.faults.add(always(Effect.DENY, Operation.CONTROL))

    report = lab.sweep(verify_for=10 * MINUTE)

    assert {became(report, disk).status for disk in disks} == {Status.PENDING}


def test_what_is_under_way_for_long_is_not_glanced_at(lab: Lab) -> None:
    run = lab.run()
    machines = [lab.machine(run) for _ in range(20)]
    lab.finish(run)
    steps: list[str] = []

    report = lab.sweep(at=steps.append)

    assert {became(report, machine).status for machine in machines} == {Status.GONE}
    assert steps.index("verified") > len(steps) - 1 - steps[::-1].index("called")


def test_an_operation_that_takes_several_along_is_polled_once_a_pass(lab: Lab) -> None:
    run = lab.run()
    group = lab.make("memory:group", run)
    lab.world.scale(group, 5)
    lab.finish(run)
    steps: list[str] = []

    report = lab.sweep(at=steps.append)

    assert became(report, group).status is Status.GONE
    assert len(lab.polls) <= steps.count("verified")


def test_what_somebody_else_scheduled_is_no_orphan_until_its_purge(lab: Lab) -> None:
    run = lab.run()
    secret = lab.make("memory:secret", run)
    lab.finish(run)
    lab.world.delete(secret, by="terraform")

    report = lab.sweep()

    outcome = became(report, secret)
    assert outcome.status is Status.SCHEDULED
    assert outcome.until is not None
    assert deletions(lab) == 0


def test_a_lost_answer_of_a_scheduled_purge_is_settled_by_looking(lab: Lab) -> None:
    run = lab.run()
    secret = lab.make("memory:secret", run)
    lab.finish(run)
    lab.faults.add(once(Effect.LOST, Operation.DELETE))

    report = lab.sweep()

    assert became(report, secret).status is Status.SCHEDULED
    assert became(report, secret).until is not None


def test_one_that_is_scheduled_after_the_plan_is_left_and_says_when(lab: Lab) -> None:
    run = lab.run()
    secret = lab.make("memory:secret", run)
    lab.finish(run)

    report = lab.sweep(at=on("planned", lambda: lab.world.delete(secret, by="terraform")))

    assert became(report, secret).status is Status.SCHEDULED
    assert became(report, secret).until is not None


def test_a_purge_whose_time_went_by_is_waited_for_and_nothing_is_sent(lab: Lab) -> None:
    run = lab.run()
    secret = lab.make("memory:secret", run)
    lab.finish(run)
    lab.world.delete(secret, by="terraform")
    lab.doctor = overdue

    report = lab.sweep()

    assert became(report, secret).status is Status.PENDING
    assert "should have been purged" in became(report, secret).detail
    assert deletions(lab) == 0


def overdue(resource: Resource) -> Resource:
    """Let the cloud say that the purge was long ago."""
    purge = resource.purge
    return resource if purge is None else replace(resource, purge=purge - timedelta(days=30))


def test_a_scheduled_purge_that_only_the_answer_tells_says_when(lab: Lab) -> None:
    run = lab.run()
    secret = lab.make("memory:secret", run)
    lab.finish(run)
    lab.doctor = lambda resource: replace(resource, purge=None)

    report = lab.sweep()

    assert became(report, secret).status is Status.SCHEDULED
    assert became(report, secret).until is not None


def test_what_usually_takes_a_minute_is_not_looked_at_every_moment(lab: Lab) -> None:
    run = lab.run()
    machines = [lab.machine(run) for _ in range(3)]
    lab.finish(run)
    lab.takes["memory:machine"] = MINUTE

    report = lab.sweep(at=from_step(lab, "looked"))

    assert {became(report, machine).status for machine in machines} == {Status.GONE}
    assert [len(refs) for refs in lab.reads] == [3]


def test_what_usually_takes_longer_than_a_sweep_waits_is_looked_at_once(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.takes["memory:machine"] = HOUR

    report = lab.sweep(at=from_step(lab, "looked"), verify_for=timedelta(seconds=30))

    assert became(report, machine).status is Status.PENDING
    assert len(lab.reads) == 1


def test_waiting_for_what_takes_its_time_does_not_cost_the_lock(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(slow(1))
    lab.takes["memory:machine"] = HOUR

    report = lab.sweep(verify_for=2 * HOUR)

    assert became(report, machine).status is Status.GONE
