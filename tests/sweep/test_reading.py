"""Reads are held against what was asked: an answer out of place tells nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reaper.model import Cell, Ref, Relation, Resource, Status
from reaper.providers.protocol import Absent, Reading, Unreadable
from reaper.sandbox.memory import MemoryProvider
from reaper.sandbox.things import Bond
from reaper.sweep.reading import covers, read
from tests.sweep.lab import CELL, SCOPE, Lab, became
from tests.sweep.test_look import linked, on


class Confused(MemoryProvider):
    """It answers with whatever it is told to."""

    answers: Mapping[str, Reading]

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        return self.answers


def test_what_the_provider_left_out_or_confused_is_unreadable(lab: Lab) -> None:
    first, second = (Ref(kind="memory:disk", scope=SCOPE, id=name) for name in "ab")
    provider = Confused(lab.world)
    provider.answers = {first.key: Resource(ref=second)}

    readings = read(replace(lab.site(), provider=provider), [first, second])

    assert readings == {
        first.key: Unreadable(reason=f"the provider answered with {second}"),
        second.key: Unreadable(reason="the provider left it out"),
    }


def test_the_plan_is_a_preview_and_each_look_before_deletions_is_held_against_new_lists(
    lab: Lab,
) -> None:
    run = lab.run()
    machine = lab.machine(run)
    network = lab.make("memory:network", run)
    lab.world.bind(Bond.NEEDS, machine, network)
    lab.finish(run)

    lab.sweep()

    assert not lab.there(machine)
    assert not lab.there(network)
    plan, *looks = lab.looks
    assert plan.preview
    assert plan.reads == [{machine.id, network.id}]
    assert [(each.preview, each.reads) for each in looks] == [
        (False, [{machine.id}]),
        (False, [{network.id}]),
    ]


def test_a_narrower_scope_is_of_the_cell_and_one_of_a_like_name_is_not() -> None:
    refs = [Ref(kind="memory:disk", scope=scope, id="a") for scope in ("lab", "lab/x", "lab2")]

    assert [covers(CELL, ref) for ref in refs] == [True, True, False]


def test_what_is_of_another_cell_is_not_asked_for_here(lab: Lab) -> None:
    elsewhere = Ref(kind="memory:disk", scope="elsewhere", id="a")

    readings = read(lab.site(), [elsewhere])

    assert isinstance(readings[elsewhere.key], Unreadable)
    assert not isinstance(readings[elsewhere.key], Absent)
    assert lab.reads == []


def test_a_controller_in_another_cell_blocks_and_is_no_gap(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    group = Ref(kind="memory:group", scope="elsewhere", id="group-1")
    lab.doctor = linked(machine, Relation.CONTROLLED_BY, group)

    report = lab.sweep()

    assert became(report, machine).status is Status.BLOCKED
    assert became(report, machine).blocked_by == (str(group),)
    assert report.gaps == ()
    assert lab.there(machine)


def test_a_controller_in_another_cell_that_came_after_the_plan_blocks(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    group = Ref(kind="memory:group", scope="elsewhere", id="group-1")

    def appear() -> None:
        lab.doctor = linked(machine, Relation.CONTROLLED_BY, group)

    report = lab.sweep(at=on("planned", appear))

    assert became(report, machine).status is Status.BLOCKED
    assert lab.there(machine)
