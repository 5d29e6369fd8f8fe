"""One deletion: the intent before the call, the fence, and what the provider answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reaper.errors import LedgerUnreachable
from reaper.model import Status
from reaper.sandbox.deeds import Deed
from reaper.sandbox.faults import Effect, Operation, always, once
from reaper.sandbox.things import Bond
from reaper.tags import run_tags
from tests.sweep.lab import SCOPE, Lab, became
from tests.sweep.test_look import on


class Killed(BaseException):
    """The process is gone, at this very instruction."""


def kill() -> None:
    raise Killed


def deletions(lab: Lab) -> int:
    return sum(
        mutation.by == "reaper" and mutation.deed is Deed.ASKED for mutation in lab.world.log
    )


def test_the_intent_is_in_the_ledger_before_the_call(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    with pytest.raises(Killed):
        lab.sweep(at=on("intended", kill))

    (intent,) = lab.ledger.open_intents("memory/lab")
    assert intent.ref == machine
    assert deletions(lab) == 0


@pytest.mark.parametrize(
    "step",
    ["locked", "recalled", "scanned", "planned", "looked", "intended", "called", "answered",
     "verified", "recorded", "wave over"],
)  # fmt: skip
def test_a_sweep_killed_at_any_step_is_taken_up_by_the_next(lab: Lab, step: str) -> None:
    run = lab.run()
    machine = lab.machine(run)
    disk = lab.make("memory:disk", run)
    lab.finish(run)
    with pytest.raises(Killed):
        lab.sweep(at=on(step, kill))
    lab.clock.advance(timedelta(hours=1))

    lab.sweep()

    assert lab.world.everything() == ()
    assert lab.ledger.open_intents("memory/lab") == []
    gone = {outcome.ref for outcome in lab.ledger.outcomes(statuses=[Status.GONE])}
    assert gone == {machine, disk}


@pytest.mark.parametrize("step", ["called", "answered", "verified", "recorded"])
def test_what_a_killed_sweep_had_deleted_is_in_the_history(lab: Lab, step: str) -> None:
    run = lab.run()
    disks = [lab.make("memory:disk", run) for _ in range(3)]
    lab.finish(run)
    with pytest.raises(Killed):
        lab.sweep(at=on(step, kill))
    lab.clock.advance(timedelta(hours=1))

    lab.sweep()

    assert {o.ref for o in lab.ledger.outcomes(statuses=[Status.GONE])} == set(disks)
    assert lab.ledger.open_intents("memory/lab") == []
    assert deletions(lab) == len(disks)


def test_a_machine_suspended_between_look_and_shot_looks_again_before_it_shoots(lab: Lab) -> None:
    run, live = lab.run(), lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.ledger.beat(live.id)

    def oversleep() -> None:
        lab.clock.suspend(timedelta(seconds=11))
        lab.world.retag(machine, run_tags(live), by=live.id)

    report = lab.sweep(at=on("intended", oversleep))

    assert report.outcomes == ()
    assert lab.there(machine)
    assert lab.ledger.open_intents("memory/lab") == []


def test_a_machine_suspended_before_every_shot_says_so_and_does_not_shoot(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    def oversleep(step: str) -> None:
        if step == "intended":
            lab.clock.suspend(timedelta(seconds=11))

    report = lab.sweep(at=oversleep)

    assert became(report, machine).status is Status.PENDING
    assert "went by since the second look" in became(report, machine).detail
    assert lab.there(machine)


def test_a_sweep_that_slept_while_another_did_its_work_sends_nothing_more(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    others: list[Status] = []

    def oversleep() -> None:
        lab.clock.suspend(timedelta(hours=1))
        others.append(became(lab.sweep(), machine).status)

    report = lab.sweep(at=on("looked", oversleep))

    assert others == [Status.GONE]
    assert became(report, machine).status is Status.GONE
    assert [o.detail for o in lab.ledger.outcomes(ref=machine)] == ["deleted, and seen gone"]
    assert deletions(lab) == 1


def test_a_sweep_whose_lock_ran_out_while_it_slept_sends_nothing_more(lab: Lab) -> None:
    run = lab.run()
    machines = [lab.machine(run) for _ in range(2)]
    lab.finish(run)

    def oversleep() -> None:
        lab.clock.suspend(timedelta(hours=1))
        assert lab.ledger.acquire("memory/lab", "somebody else", timedelta(hours=1))

    report = lab.sweep(at=on("looked", oversleep))

    assert "somebody else" in (report.skipped or "")
    assert all(lab.there(machine) for machine in machines)
    assert deletions(lab) == 0


def test_a_pause_stops_a_sweep_that_is_under_way(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    report = lab.sweep(at=on("looked", lambda: lab.ledger.pause("bob", "hands off")))

    assert "hands off" in (report.skipped or "")
    assert became(report, machine).status is Status.PENDING
    assert lab.there(machine)


def test_a_paused_ledger_plans_and_deletes_nothing(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.ledger.pause("bob", "hands off")

    report = lab.sweep()

    assert "hands off" in (report.skipped or "")
    assert len(report.plan.items) == 1
    assert lab.there(machine)


def test_a_second_sweep_of_a_cell_waits_and_then_says_that_it_did_not_work(lab: Lab) -> None:
    lab.ledger.acquire("memory/lab", "somebody else", timedelta(hours=1))

    report = lab.sweep()

    assert "another sweep" in (report.skipped or "")


def test_an_unknown_run_that_registers_before_the_shot_is_spared(lab: Lab) -> None:
    before = lab.ledger.snapshot()
    run = lab.run()
    machine = lab.machine(run)
    lab.ledger.restore(before)
    lab.clock.advance(timedelta(hours=30))

    report = lab.sweep(at=on("looked", lambda: lab.ledger.start_run(run)))

    assert report.outcomes == ()
    assert lab.there(machine)


@pytest.mark.parametrize(
    ("effect", "status"), [(Effect.FAIL, Status.FAILED), (Effect.DENY, Status.DENIED)]
)
def test_a_refused_deletion_says_why(lab: Lab, effect: Effect, status: Status) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(always(effect, Operation.DELETE))

    report = lab.sweep()

    assert became(report, machine).status is status
    assert became(report, machine).detail
    assert lab.there(machine)


def test_what_is_throttled_all_the_time_is_put_off_and_is_no_failure(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(always(Effect.THROTTLE, Operation.DELETE))

    report = lab.sweep()

    outcome = became(report, machine)
    assert outcome.status is Status.PENDING
    assert outcome.until is not None
    assert outcome.until > lab.clock.now()


def test_a_lost_answer_is_settled_by_looking(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(once(Effect.LOST, Operation.DELETE))

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE
    assert deletions(lab) == 1


def test_protection_that_only_the_deletion_shows_is_reported(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.world.protect(machine, "termination protection", shown=False)
    lab.finish(run)

    report = lab.sweep()

    assert became(report, machine).status is Status.PROTECTED
    assert lab.there(machine)


def test_what_the_provider_calls_in_use_is_blocked_by_name(lab: Lab) -> None:
    run = lab.run()
    network = lab.make("memory:network", run)
    lab.finish(run)

    def arrive() -> None:
        lab.world.create("memory:machine", SCOPE, by="stranger", bonds=[(Bond.NEEDS, network)])

    report = lab.sweep(at=on("intended", arrive))

    outcome = became(report, network)
    assert outcome.status is Status.BLOCKED
    assert outcome.blocked_by


def test_a_ledger_lost_on_the_way_ends_the_sweep_and_nothing_is_forgotten(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    def lose() -> None:
        raise LedgerUnreachable("the ledger did not answer")

    with pytest.raises(LedgerUnreachable):
        lab.sweep(at=on("called", lose))
    lab.clock.advance(timedelta(hours=1))
    lab.sweep()

    assert [machine] == [outcome.ref for outcome in lab.ledger.outcomes(statuses=[Status.GONE])]


def test_many_deletions_go_side_by_side(lab: Lab) -> None:
    run = lab.run()
    machines = [lab.machine(run) for _ in range(20)]
    lab.finish(run)

    report = lab.sweep(workers=4)

    assert all(became(report, machine).status is Status.GONE for machine in machines)


def test_a_pause_stops_what_has_not_been_sent_and_leaves_what_was(lab: Lab) -> None:
    run = lab.run()
    first, second = lab.machine(run), lab.machine(run)
    lab.finish(run)

    report = lab.sweep(at=on("called", lambda: lab.ledger.pause("bob", "hands off")))

    assert {became(report, ref).status for ref in (first, second)} == {Status.GONE, Status.PENDING}
    assert sum(lab.there(ref) for ref in (first, second)) == 1


def test_a_pause_stops_every_item_of_the_wave(lab: Lab) -> None:
    run = lab.run()
    machines = [lab.machine(run) for _ in range(3)]
    lab.finish(run)

    report = lab.sweep(at=on("looked", lambda: lab.ledger.pause("bob", "hands off")))

    assert {became(report, machine).status for machine in machines} == {Status.PENDING}
    assert all(lab.there(machine) for machine in machines)


def test_a_scan_of_many_parts_keeps_its_lock(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)
    lab.faults.add(always(Effect.SLOW, Operation.READ, delay=timedelta(minutes=4)))

    report = lab.sweep(verify_for=timedelta(hours=1))

    assert report.skipped is None
    assert {outcome.ref for outcome in report.outcomes} == {machine, disk}


def test_a_scan_that_outlasts_its_lock_sends_nothing(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    report = lab.sweep(at=on("recalled", lambda: lab.clock.suspend(timedelta(hours=1))))

    assert "ran out" in (report.skipped or "")
    assert len(report.plan.items) == 1
    assert lab.there(machine)
