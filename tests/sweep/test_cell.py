"""One sweep of one cell, on the in-memory world."""

from __future__ import annotations

from reaper.model import Decision, Rule, Status
from tests.sweep.lab import MINUTE, Lab, became


def test_what_a_finished_run_left_is_gone_after_one_sweep(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.machine(run), lab.make("memory:disk", run)
    lab.finish(run)

    report = lab.sweep()

    assert {Status.GONE} == {became(report, ref).status for ref in (machine, disk)}
    assert lab.world.find(machine) is None
    assert lab.world.find(disk) is None


def test_what_a_live_run_has_is_kept_and_says_until_when(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.clock.advance(5 * MINUTE)

    report = lab.sweep()

    (item,) = report.plan.items
    assert (item.judged.verdict.decision, item.judged.verdict.rule) == (Decision.KEEP, Rule.ALIVE)
    assert lab.there(machine)


def test_a_lapsed_run_is_ended_before_anything_of_it_goes(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.clock.advance(40 * MINUTE)

    report = lab.sweep()

    assert Status.GONE is became(report, machine).status
    assert lab.ledger.runs([run.id])[run.id].ended is not None


def test_a_lapsed_run_that_beats_at_the_last_moment_keeps_everything(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.clock.advance(40 * MINUTE)
    lab.hosts.beating.add(run.id)

    report = lab.sweep()

    assert report.outcomes == ()
    (item,) = report.plan.items
    assert "sign of life" in item.judged.verdict.reason
    assert lab.there(machine)
