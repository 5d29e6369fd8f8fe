"""A wave's deletions: many are looked at together, and each is shot by a look that is young."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from reaper.model import Ref, Relation, Run, Status
from reaper.sandbox.deeds import Deed
from reaper.sandbox.faults import Effect, Fault, Operation, always, once
from reaper.sandbox.things import Bond
from reaper.tags import run_tags
from tests.sweep.lab import HOUR, SCOPE, Lab, became
from tests.sweep.test_look import linked, on
from tests.sweep.test_shoot import deletions

SECOND = timedelta(seconds=1)


def disks(lab: Lab, run: Run, count: int) -> list[Ref]:
    return [lab.make("memory:disk", run) for _ in range(count)]


def from_step(lab: Lab, step: str) -> Callable[[str], None]:
    """Count reads and controls only from a step on."""

    def forget() -> None:
        lab.reads.clear()
        lab.controls.clear()

    return on(step, forget)


def asked_at(lab: Lab) -> list[float]:
    return [m.elapsed for m in lab.world.log if m.by == "reaper" and m.deed is Deed.ASKED]


def test_a_hundred_are_looked_at_by_one_read_and_verified_by_another(lab: Lab) -> None:
    lab.batch = 100
    run = lab.run()
    made = disks(lab, run, 100)
    lab.finish(run)

    report = lab.sweep(at=from_step(lab, "planned"))

    assert {became(report, disk).status for disk in made} == {Status.GONE}
    assert [len(refs) for refs in lab.reads] == [100, 100]
    assert lab.controls == ["memory:disk"]


def test_what_goes_along_with_many_is_read_by_one_more_call(lab: Lab) -> None:
    lab.batch = 100
    run = lab.run()
    for _ in range(10):
        lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)

    lab.sweep(at=from_step(lab, "planned"))

    assert [len(refs) for refs in lab.reads[:2]] == [10, 10]
    assert {len(refs) for refs in lab.reads[2:]} == {20}


def test_those_that_had_no_turn_within_the_window_are_looked_at_again(lab: Lab) -> None:
    lab.batch = 100
    run = lab.run()
    made = disks(lab, run, 12)
    lab.finish(run)

    def work(step: str) -> None:
        if step == "called":
            lab.clock.sleep(4)

    report = lab.sweep(at=work)

    assert {became(report, disk).status for disk in made} == {Status.GONE}
    assert deletions(lab) == 12


def test_so_many_are_looked_at_as_can_be_shot_by_one_look(lab: Lab) -> None:
    lab.batch = 100
    run = lab.run()
    disks(lab, run, 30)
    lab.finish(run)
    looks: list[int] = []

    def work(step: str) -> None:
        if step == "planned":
            lab.reads.clear()
        if step == "looked":
            looks.append(len(lab.reads[-1]))
        if step == "called":
            lab.clock.sleep(4)

    lab.sweep(at=work)

    assert looks[0] == 30
    assert max(looks[1:]) <= 6


def test_a_live_runs_tag_put_on_while_others_are_shot_is_seen_within_the_window(lab: Lab) -> None:
    lab.batch = 100
    run, live = lab.run(), lab.run()
    made = disks(lab, run, 8)
    lab.finish(run)
    lab.ledger.beat(live.id)
    calls = 0

    def work(step: str) -> None:
        nonlocal calls
        if step == "called":
            calls += 1
            lab.clock.sleep(4)
            if calls == 2:
                lab.world.retag(made[-1], run_tags(live), by=live.id)

    report = lab.sweep(at=work)

    assert lab.there(made[-1])
    assert {became(report, disk).status for disk in made[:-1]} == {Status.GONE}


def test_a_look_that_takes_longer_than_its_window_is_made_smaller(lab: Lab) -> None:
    run = lab.run()
    made = disks(lab, run, 4)
    lab.finish(run)
    slow = Fault(effect=Effect.SLOW, operations=frozenset({Operation.READ}), delay=4 * SECOND)

    report = lab.sweep(at=on("planned", lambda: lab.faults.add(slow)), verify_for=HOUR)

    assert {became(report, disk).status for disk in made} == {Status.GONE}


def test_a_look_at_one_that_takes_longer_than_its_window_puts_it_off(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    slow = Fault(effect=Effect.SLOW, operations=frozenset({Operation.READ}), delay=11 * SECOND)

    report = lab.sweep(at=on("planned", lambda: lab.faults.add(slow)))

    assert became(report, machine).status is Status.PENDING
    assert "took too long" in became(report, machine).detail
    assert lab.there(machine)


def test_a_throttled_provider_is_left_alone_for_as_long_as_it_asks(lab: Lab) -> None:
    run = lab.run()
    disks(lab, run, 3)
    lab.finish(run)
    lab.faults.add(once(Effect.THROTTLE, Operation.DELETE, delay=7 * SECOND))
    throttled: list[float] = []

    def note(step: str) -> None:
        if step == "called" and not throttled:
            throttled.append(lab.clock.elapsed())

    lab.sweep(at=note)

    assert min(asked_at(lab)) >= throttled[0] + 7


@pytest.mark.parametrize("workers", [1, 4])
def test_a_provider_that_takes_no_call_is_asked_a_few_times_and_not_for_each(
    lab: Lab, workers: int
) -> None:
    run = lab.run()
    made = disks(lab, run, 40)
    lab.finish(run)
    lab.faults.add(always(Effect.THROTTLE, Operation.DELETE))

    report = lab.sweep(workers=workers)

    assert {became(report, disk).status for disk in made} == {Status.PENDING}
    assert all("throttled" in became(report, disk).detail for disk in made)
    assert lab.faults.seen[Operation.DELETE, Effect.THROTTLE] <= 5 * workers


def test_a_throttled_call_now_and_then_is_no_reason_to_give_up(lab: Lab) -> None:
    run = lab.run()
    made = disks(lab, run, 20)
    lab.finish(run)
    for skip in range(0, 60, 2):
        lab.faults.add(
            Fault(
                effect=Effect.THROTTLE,
                operations=frozenset({Operation.DELETE}),
                skip=skip,
                times=1,
            )
        )

    report = lab.sweep()

    assert {became(report, disk).status for disk in made} == {Status.GONE}


def test_a_child_that_goes_first_follows_whoever_its_parent_is_given_to(lab: Lab) -> None:
    run, live = lab.run(), lab.run()
    machine = lab.machine(run)
    disk = lab.world.create("memory:disk", SCOPE, by=run.id)
    lab.world.bind(Bond.MADE, machine, disk)
    lab.doctor = linked(machine, Relation.USED_BY, disk)  # so that the child goes first
    lab.finish(run)
    lab.ledger.beat(live.id)

    lab.sweep(at=on("planned", lambda: lab.world.retag(machine, run_tags(live), by=live.id)))

    assert lab.there(disk)


def test_a_child_whose_parent_cannot_be_read_again_waits(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    disk = lab.world.create("memory:disk", SCOPE, by=run.id)
    lab.world.bind(Bond.MADE, machine, disk)
    lab.doctor = linked(machine, Relation.USED_BY, disk)  # so that the child goes first
    lab.finish(run)
    broken = Fault(effect=Effect.FAIL, operations=frozenset({Operation.READ}), id=machine.id)

    report = lab.sweep(at=on("planned", lambda: lab.faults.add(broken)))

    assert became(report, disk).status is Status.PENDING
    assert "which made it" in became(report, disk).detail
    assert lab.there(disk)


def test_a_child_whose_parent_somebody_removed_goes_as_the_parents_run_said(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    disk = lab.world.create("memory:disk", SCOPE, by=run.id)
    lab.world.bind(Bond.MADE, machine, disk)
    lab.doctor = linked(machine, Relation.USED_BY, disk)
    lab.finish(run)

    report = lab.sweep(at=on("planned", lambda: lab.world.remove(machine, by="bob")))

    assert became(report, disk).status is Status.GONE


def test_what_goes_along_and_whose_parent_cannot_be_read_again_puts_its_taker_off(
    lab: Lab,
) -> None:
    run = lab.run()
    parent, taker = lab.machine(run), lab.machine(run)
    disk = lab.world.create("memory:disk", SCOPE, by=run.id)
    lab.world.bind(Bond.MADE, parent, disk)
    lab.world.bind(Bond.OWNS, taker, disk)
    lab.doctor = linked(parent, Relation.USED_BY, disk)
    lab.finish(run)
    broken = Fault(effect=Effect.FAIL, operations=frozenset({Operation.READ}), id=parent.id)

    report = lab.sweep(at=on("planned", lambda: lab.faults.add(broken)))

    assert became(report, taker).status is Status.PENDING
    assert str(parent) in became(report, taker).detail
    assert lab.there(disk)


def test_one_control_proves_all_of_a_kind_that_a_look_does_not_find(lab: Lab) -> None:
    run = lab.run()
    made = disks(lab, run, 5)
    lab.finish(run)

    def remove() -> None:
        lab.controls.clear()
        for disk in made:
            lab.world.remove(disk, by="bob")

    report = lab.sweep(at=on("planned", remove))

    assert {became(report, disk).status for disk in made} == {Status.GONE}
    assert lab.controls == ["memory:disk"]
