"""The second look: whatever the plan said, what is there now decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from reaper.model import (
    FOREVER,
    Decision,
    Edge,
    Mark,
    Ref,
    Relation,
    Resource,
    Rule,
    Status,
)
from reaper.sandbox.clock import EPOCH
from reaper.sandbox.faults import Effect, Fault, Operation, always, once
from reaper.sandbox.things import Bond
from reaper.tags import run_tags
from tests.sweep.lab import MINUTE, SCOPE, Lab, became


def on(step: str, deed: Callable[[], object]) -> Callable[[str], None]:
    """Do something once, when a sweep comes to a step."""
    done: list[str] = []

    def at(reached: str) -> None:
        if reached == step and not done:
            done.append(step)
            deed()

    return at


def test_a_name_used_again_by_a_live_run_is_not_the_old_resource(lab: Lab) -> None:
    dead, live = lab.run(), lab.run()
    disk = lab.make("memory:disk", dead, "data")
    lab.finish(dead)
    lab.ledger.beat(live.id)

    report = lab.sweep(
        at=on("planned", lambda: lab.world.recreate(disk, by=live.id, tags=run_tags(live)))
    )

    assert became(report, disk).status is Status.GONE
    assert "another resource" in became(report, disk).detail
    assert lab.world.find(disk) is not None


def test_a_resource_marked_to_be_kept_after_the_plan_is_spared(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    mark = Mark(by="bob", at=lab.clock.now(), keep_until=FOREVER)

    report = lab.sweep(at=on("planned", lambda: lab.ledger.mark(machine, mark)))

    (item,) = report.plan.items
    assert item.judged.verdict.decision is Decision.KEEP
    assert item.judged.verdict.rule is Rule.KEPT
    assert report.outcomes == ()
    assert lab.there(machine)


def test_a_resource_retagged_to_a_live_run_after_the_plan_is_spared(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    live = lab.run()

    lab.sweep(at=on("planned", lambda: lab.world.retag(machine, run_tags(live), by=live.id)))

    assert lab.there(machine)


def test_a_resource_retagged_to_another_dead_run_waits_for_the_next_sweep(lab: Lab) -> None:
    first, second = lab.run(), lab.run()
    machine = lab.machine(first)
    lab.finish(first)
    lab.finish(second)

    report = lab.sweep(
        at=on("planned", lambda: lab.world.retag(machine, run_tags(second), by="somebody"))
    )

    assert became(report, machine).status is Status.PENDING
    assert lab.there(machine)


def test_a_stranger_that_came_after_the_plan_blocks_by_name(lab: Lab) -> None:
    run = lab.run()
    network = lab.make("memory:network", run)
    lab.finish(run)

    def arrive() -> None:
        lab.world.create("memory:machine", SCOPE, by="stranger", bonds=[(Bond.NEEDS, network)])

    report = lab.sweep(at=on("planned", arrive))

    outcome = became(report, network)
    assert outcome.status is Status.BLOCKED
    assert outcome.blocked_by[0].startswith("memory:machine@lab/")
    assert lab.there(network)


def test_a_live_runs_disk_attached_after_the_plan_stops_the_machine_that_would_take_it(
    lab: Lab,
) -> None:
    run, live = lab.run(), lab.run()
    machine = lab.machine(run)
    disk = lab.make("memory:disk", live)
    lab.finish(run)
    lab.ledger.beat(live.id)

    report = lab.sweep(at=on("planned", lambda: lab.world.bind(Bond.OWNS, machine, disk)))

    assert became(report, machine).status is Status.BLOCKED
    assert lab.there(disk)
    assert lab.there(machine)


def test_what_is_taken_along_and_marked_after_the_plan_stops_its_taker(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)
    mark = Mark(by="bob", at=lab.clock.now(), keep_until=FOREVER)

    report = lab.sweep(at=on("planned", lambda: lab.ledger.mark(disk, mark)))

    assert became(report, machine).status is Status.BLOCKED
    assert lab.there(disk)


def test_what_is_taken_along_and_used_by_a_stranger_stops_its_taker(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)

    def arrive() -> None:
        lab.world.create("memory:machine", SCOPE, by="stranger", bonds=[(Bond.NEEDS, disk)])

    report = lab.sweep(at=on("planned", arrive))

    assert became(report, machine).status is Status.BLOCKED
    assert str(disk) in became(report, machine).detail
    assert lab.there(disk)


def test_what_is_taken_along_and_cannot_be_read_puts_its_taker_off(lab: Lab) -> None:
    run = lab.run()
    machine, _ = lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)
    broken = Fault(effect=Effect.FAIL, operations=frozenset({Operation.READ}), kind="memory:disk")

    report = lab.sweep(at=on("planned", lambda: lab.faults.add(broken)))

    assert became(report, machine).status is Status.PENDING
    assert lab.there(machine)


def test_a_machine_goes_with_the_disk_it_takes_and_both_are_seen_gone(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE
    assert became(report, disk).status is Status.GONE


def test_one_that_somebody_removed_meanwhile_is_gone(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    report = lab.sweep(at=on("planned", lambda: lab.world.remove(machine, by="bob")))

    assert became(report, machine).status is Status.GONE


def test_not_found_without_a_positive_control_proves_nothing(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    def lose_permission() -> None:
        lab.faults.add(always(Effect.BLIND, Operation.READ, Operation.CONTROL))

    report = lab.sweep(at=on("planned", lose_permission))

    assert became(report, machine).status is Status.PENDING
    assert "proves nothing" in became(report, machine).detail


def test_one_that_cannot_be_read_again_is_left_and_says_why(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    report = lab.sweep(
        at=on("planned", lambda: lab.faults.add(always(Effect.FAIL, Operation.READ)))
    )

    assert became(report, machine).status is Status.PENDING
    assert lab.there(machine)


def test_one_that_was_protected_after_the_plan_is_reported_and_left(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    report = lab.sweep(
        at=on("planned", lambda: lab.world.protect(machine, "termination protection"))
    )

    assert became(report, machine).status is Status.PROTECTED
    assert lab.there(machine)


def changing(this: Ref, /, **change: object) -> Callable[[Resource], Resource]:
    """Let reads of one resource tell something else than the world holds."""
    return lambda read: replace(read, **change) if read.ref.key == this.key else read  # type: ignore[arg-type] # passed on as given


def test_what_is_used_from_another_cell_after_the_plan_is_blocked(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    held = changing(machine, held_by=("another@cell/1",))

    report = lab.sweep(at=on("planned", lambda: setattr(lab, "doctor", held)))

    outcome = became(report, machine)
    assert outcome.status is Status.BLOCKED
    assert outcome.blocked_by == ("another@cell/1",)
    assert outcome.detail == "used from elsewhere by another@cell/1"
    assert lab.there(machine)


def test_what_is_used_after_the_plan_is_spared(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    used = changing(machine, used=lab.clock.now())

    report = lab.sweep(at=on("planned", lambda: setattr(lab, "doctor", used)))

    (item,) = report.plan.items
    assert (item.judged.verdict.decision, item.judged.verdict.rule) == (
        Decision.QUARANTINE,
        Rule.USED,
    )
    assert lab.there(machine)


@pytest.mark.parametrize("bond", [Bond.OWNS, Bond.HOLDS])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"held_by": ("another@cell/1",)}, "used from elsewhere by another@cell/1"),
        ({"protection": "a lock"}, "a lock"),
        ({"used": EPOCH + timedelta(minutes=20)}, "used: it was used or written to at"),
    ],
)
def test_what_another_needs_after_the_plan_stops_what_would_take_or_alter_it(
    lab: Lab, bond: Bond, change: dict[str, object], why: str
) -> None:
    run = lab.run()
    machine, disk = lab.machine(run), lab.make("memory:disk", run)
    lab.world.bind(bond, machine, disk)
    lab.finish(run)

    report = lab.sweep(at=on("planned", lambda: setattr(lab, "doctor", changing(disk, **change))))

    outcome = became(report, machine)
    assert outcome.status is Status.BLOCKED
    assert outcome.blocked_by == (str(disk),)
    assert why in outcome.detail
    assert lab.there(machine)
    assert lab.there(disk)


@pytest.mark.parametrize("relation", [Relation.USED_BY, Relation.CONTROLLED_BY])
@pytest.mark.parametrize(
    "change",
    [
        {"held_by": ("another@cell/1",)},
        {"protection": "a lock"},
        {"tags": {}},
        {"ref": Ref(kind="memory:disk", scope=SCOPE, id="second", incarnation="another")},
    ],
)
def test_of_a_ring_nothing_goes_first_whose_user_stays_after_all(
    lab: Lab, relation: Relation, change: dict[str, object]
) -> None:
    run = lab.run()
    first, second = (lab.make("memory:disk", run, name) for name in ("first", "second"))
    lab.finish(run)
    ring = _both(linked(first, relation, second), linked(second, relation, first))
    lab.doctor = ring

    report = lab.sweep(
        at=on("planned", lambda: setattr(lab, "doctor", _both(ring, changing(second, **change))))
    )

    outcome = became(report, first)
    assert outcome.status is Status.BLOCKED
    assert outcome.blocked_by == (str(second),)
    assert lab.there(first)


def test_of_a_ring_nothing_goes_first_whose_user_cannot_be_read(lab: Lab) -> None:
    run = lab.run()
    first, second = (lab.make("memory:disk", run, name) for name in ("first", "second"))
    lab.finish(run)
    lab.doctor = _both(
        linked(first, Relation.USED_BY, second), linked(second, Relation.USED_BY, first)
    )
    broken = Fault(effect=Effect.FAIL, operations=frozenset({Operation.READ}), id="second")

    report = lab.sweep(at=on("planned", lambda: lab.faults.add(broken)))

    assert became(report, first).status is Status.PENDING
    assert lab.there(first)


def test_of_a_ring_nothing_goes_first_of_whose_user_nobody_knows_whose_it_is(lab: Lab) -> None:
    run = lab.run()
    first, machine = lab.make("memory:disk", run, "first"), lab.machine(run)
    second = lab.world.create("memory:disk", SCOPE, by=run.id, name="second")
    lab.world.bind(Bond.MADE, machine, second)
    lab.finish(run)
    lab.doctor = _both(
        linked(first, Relation.USED_BY, second),
        _both(linked(second, Relation.USED_BY, first), linked(machine, Relation.USED_BY, first)),
    )
    broken = Fault(effect=Effect.FAIL, operations=frozenset({Operation.READ}), id=machine.id)

    report = lab.sweep(at=on("planned", lambda: lab.faults.add(broken)))

    assert became(report, first).status is Status.PENDING
    assert f"used by {second}: {machine}, which made it" in became(report, first).detail
    assert lab.there(first)


def test_of_a_ring_that_lost_one_the_rest_goes(lab: Lab) -> None:
    run = lab.run()
    first, second = (lab.make("memory:disk", run, name) for name in ("first", "second"))
    lab.finish(run)
    lab.doctor = _both(
        linked(first, Relation.USED_BY, second), linked(second, Relation.USED_BY, first)
    )

    report = lab.sweep(at=on("planned", lambda: lab.world.remove(second, by="bob")))

    assert became(report, first).status is Status.GONE
    assert became(report, second).status is Status.GONE


def test_one_that_is_on_its_way_out_already_is_waited_for(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    report = lab.sweep(
        at=on("planned", lambda: lab.world.delete(machine, by="bob", slow=timedelta(hours=2)))
    )

    assert became(report, machine).status is Status.PENDING
    assert "on its way out" in became(report, machine).detail


def test_what_waits_for_one_that_cannot_go_is_blocked_by_it(lab: Lab) -> None:
    run = lab.run()
    disk, network = lab.make("memory:disk", run), lab.make("memory:network", run)
    lab.finish(run)
    lab.doctor = linked(network, Relation.USED_BY, disk)

    report = lab.sweep(at=on("planned", lambda: lab.world.protect(disk, "a lock")))

    assert became(report, disk).status is Status.PROTECTED
    assert became(report, network).status is Status.BLOCKED
    assert became(report, network).blocked_by == (disk.key,)
    assert became(report, network).detail == (
        f"waits for {disk.key} to go first, which is protected"
    )


def test_what_goes_with_one_that_cannot_go_is_blocked_by_it(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)

    report = lab.sweep(at=on("planned", lambda: lab.world.protect(machine, "a lock")))

    assert became(report, machine).status is Status.PROTECTED
    assert became(report, disk).status is Status.BLOCKED
    assert became(report, disk).blocked_by == (str(machine),)


def test_a_disk_waits_for_the_machine_that_uses_it(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run)
    machine = lab.world.create(
        "memory:machine", SCOPE, by=run.id, tags=run_tags(run), bonds=[(Bond.NEEDS, disk)]
    )
    lab.finish(run)
    lab.faults.add(
        Fault(effect=Effect.DENY, operations=frozenset({Operation.DELETE}), kind="memory:machine")
    )

    report = lab.sweep()

    assert became(report, machine).status is Status.DENIED
    assert became(report, disk).status is Status.PENDING
    assert "waits for" in became(report, disk).detail
    assert lab.there(disk)


def test_members_that_a_dead_group_made_late_go_with_it(lab: Lab) -> None:
    run = lab.run()
    group = lab.make("memory:group", run)
    lab.world.scale(group, 2)
    lab.finish(run)
    lab.clock.advance(60 * MINUTE)
    lab.world.scale(group, 3)
    lab.clock.advance(60 * MINUTE)

    report = lab.sweep(verify_for=timedelta(minutes=30))

    assert {outcome.status for outcome in report.outcomes} == {Status.GONE}
    assert lab.world.everything() == ()


@pytest.mark.parametrize("effect", [Effect.FAIL, Effect.DENY])
def test_a_user_that_cannot_be_read_blocks(lab: Lab, effect: Effect) -> None:
    run = lab.run()
    network = lab.make("memory:network", run)
    lab.world.create("memory:machine", SCOPE, by="stranger", bonds=[(Bond.NEEDS, network)])
    lab.finish(run)
    lab.faults.add(
        Fault(effect=effect, operations=frozenset({Operation.READ}), kind="memory:machine")
    )

    report = lab.sweep()

    assert became(report, network).status is Status.BLOCKED
    assert report.gaps
    assert lab.there(network)


def test_a_throttled_deletion_is_looked_at_again_and_is_no_failure(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(once(Effect.THROTTLE, Operation.DELETE))

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE


def test_tags_taken_away_after_the_plan_spare_it(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    report = lab.sweep(at=on("planned", lambda: lab.world.retag(machine, {}, by="bob")))

    (item,) = report.plan.items
    assert item.judged.verdict.rule is Rule.FOREIGN
    assert lab.there(machine)


def test_a_doomed_user_that_came_after_the_plan_and_did_not_go_is_waited_for(lab: Lab) -> None:
    run = lab.run()
    network = lab.make("memory:network", run)
    lab.world.create(
        "memory:machine", SCOPE, by=run.id, tags=run_tags(run), bonds=[(Bond.NEEDS, network)]
    )
    other = lab.machine(run)
    lab.finish(run)
    lab.faults.add(Fault(effect=Effect.DENY, operations=frozenset({Operation.DELETE}), id=other.id))

    report = lab.sweep(at=on("planned", lambda: lab.world.bind(Bond.NEEDS, other, network)))

    assert became(report, network).status is Status.PENDING
    assert lab.there(network)


def test_a_cycle_is_broken_with_a_note_and_the_cloud_has_the_last_word(lab: Lab) -> None:
    run = lab.run()
    first, second = lab.make("memory:network", run), lab.make("memory:network", run)
    lab.world.bind(Bond.NEEDS, first, second)
    lab.world.bind(Bond.NEEDS, second, first)
    lab.finish(run)

    report = lab.sweep()

    assert report.plan.notes
    assert {outcome.status for outcome in report.outcomes} == {Status.PENDING}


def test_what_is_taken_along_and_not_found_is_a_doubt(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)
    hidden = Fault(effect=Effect.BLIND, operations=frozenset({Operation.READ}), kind="memory:disk")

    report = lab.sweep(at=on("planned", lambda: lab.faults.add(hidden)))

    assert became(report, machine).status is Status.PENDING
    assert lab.there(disk)


def test_what_a_machine_made_after_the_plan_is_remembered(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    made = []

    def snapshot() -> None:
        disk = lab.world.create("memory:disk", SCOPE, by=run.id)
        lab.world.bind(Bond.MADE, machine, disk)
        made.append(disk)

    first = lab.sweep(at=on("planned", snapshot))
    second = lab.sweep()

    assert became(first, machine).status is Status.GONE
    (item,) = second.plan.items
    assert (item.ref, item.judged.claim.run) == (made[0], run.id)
    assert item.judged.verdict.rule is Rule.COPY


def test_a_controller_that_is_gone_does_not_block_what_it_made(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    gone = Ref(kind="memory:group", scope=SCOPE, id="long-gone")
    lab.doctor = linked(machine, Relation.CONTROLLED_BY, gone)

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE


def test_a_controller_that_may_be_gone_blocks_what_it_made(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    gone = Ref(kind="memory:group", scope=SCOPE, id="long-gone")
    lab.faults.add(
        Fault(effect=Effect.FAIL, operations=frozenset({Operation.CONTROL}), kind="memory:group")
    )

    def appear() -> None:
        lab.doctor = linked(machine, Relation.CONTROLLED_BY, gone)

    report = lab.sweep(at=on("planned", appear))

    assert became(report, machine).status is Status.BLOCKED


def test_a_stale_read_of_what_went_before_stops_nothing(lab: Lab) -> None:
    run = lab.run()
    network = lab.make("memory:network", run)
    machine = lab.world.create(
        "memory:machine", SCOPE, by=run.id, tags=run_tags(run), bonds=[(Bond.NEEDS, network)]
    )
    lab.finish(run)
    lab.doctor = linked(network, Relation.ALTERS, machine)

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE
    assert became(report, network).status is Status.GONE


def test_things_that_take_each_other_along_go_together(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)
    lab.doctor = linked(disk, Relation.ALTERS, machine)

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE
    assert became(report, disk).status is Status.GONE


def test_what_is_a_runs_by_its_maker_alone_stays_with_it(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    disk = lab.world.create("memory:disk", SCOPE, by=run.id)
    lab.world.bind(Bond.MADE, machine, disk)
    lab.finish(run)
    lab.ledger.mark(machine, Mark(by="bob", at=lab.clock.now(), keep_until=FOREVER))

    report = lab.sweep()

    assert became(report, disk).status is Status.BLOCKED
    assert became(report, disk).blocked_by == (str(machine),)
    assert lab.there(disk)


@pytest.mark.parametrize("waits", [True, False])
def test_what_is_a_runs_by_its_maker_alone_stays_where_its_maker_does_after_all(
    lab: Lab,
    waits: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    run = lab.run()
    machine = lab.machine(run)
    disk = lab.world.create("memory:disk", SCOPE, by=run.id)
    lab.world.bind(Bond.MADE, machine, disk)
    lab.finish(run)
    if not waits:  # the disk goes first
        lab.doctor = linked(machine, Relation.USED_BY, disk)
    mark = Mark(by="bob", at=lab.clock.now(), keep_until=FOREVER)

    report = lab.sweep(at=on("planned", lambda: lab.ledger.mark(machine, mark)))

    outcome = became(report, disk)
    assert outcome.status is (Status.PENDING if waits else Status.BLOCKED)
    assert lab.there(disk)


def test_what_it_made_and_cannot_be_found_is_no_heir(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.doctor = linked(
        machine, Relation.MADE, Ref(kind="memory:disk", scope=SCOPE, id="never-there")
    )

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE
    assert lab.ledger.heirs(SCOPE) == []


def test_what_is_taken_along_twice_is_counted_once(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.world.launch(SCOPE, by=run.id, tags=run_tags(run))
    lab.finish(run)
    lab.doctor = linked(machine, Relation.TAKES, disk)

    report = lab.sweep()

    assert became(report, machine).status is Status.GONE
    assert became(report, disk).status is Status.GONE


def _both(
    one: Callable[[Resource], Resource], other: Callable[[Resource], Resource]
) -> Callable[[Resource], Resource]:
    return lambda read: other(one(read))


def linked(resource: Ref, relation: Relation, other: Ref) -> Callable[[Resource], Resource]:
    """Let reads of one resource tell of an edge that the world does not have."""

    def doctor(read: Resource) -> Resource:
        if read.ref.key != resource.key:
            return read
        return replace(read, edges=(*read.edges, Edge(relation=relation, other=other)))

    return doctor
