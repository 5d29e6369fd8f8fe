"""What a sweep sees, and what it concludes from what it does not see."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reaper.errors import LedgerUnreachable
from reaper.model import Beats, Decision, JournalEntry, Phase, Rule, Status
from reaper.sandbox.faults import Effect, Fault, Operation, always, once
from reaper.sandbox.things import Bond
from reaper.sweep.cell import Sweep
from reaper.sweep.site import Narrowing
from reaper.sweep.survey import Survey
from reaper.tags import run_tags
from tests.sweep.lab import HOUR, MINUTE, SCOPE, Lab, became


def survey(lab: Lab, **site: object) -> Survey:
    return Sweep(lab.site(**site)).survey()  # type: ignore[arg-type] # passed on as given


def verdicts(found: Survey) -> dict[str, tuple[Decision | None, Rule]]:
    return {
        item.ref.id: (item.judged.verdict.decision, item.judged.verdict.rule)
        for item in found.plan.items
    }


class LostLedger:
    """A ledger that nobody reaches."""

    def __getattr__(self, name: str) -> object:
        def lost(*_: object, **__: object) -> object:
            raise LedgerUnreachable("the ledger did not answer")

        return lost


class FailingRuns:
    """A ledger that fails when it is asked about runs, and only then."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def __getattr__(self, name: str) -> object:
        return getattr(self.lab.ledger, name)

    def runs(self, ids: object) -> object:
        raise LedgerUnreachable("the ledger did not answer")


def test_a_survey_deletes_nothing_and_needs_no_right_to(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    found = survey(lab, read_only=True)

    assert verdicts(found) == {machine.id: (Decision.REAP, Rule.FINISHED)}
    assert lab.there(machine)


def test_a_ledger_out_of_reach_makes_everything_unsure(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    found = survey(lab, ledger=LostLedger())

    assert verdicts(found) == {machine.id: (Decision.QUARANTINE, Rule.UNSURE)}
    assert any("ledger" in gap.reason for gap in found.plan.gaps)


def test_garbled_tags_are_quarantined_without_a_ledger_too(lab: Lab) -> None:
    lab.world.create("memory:machine", SCOPE, by="x", name="odd", tags={"reaper-run": "NO!"})

    found = survey(lab, ledger=LostLedger())

    assert {decision for decision, _ in verdicts(found).values()} == {Decision.QUARANTINE}


def test_a_ledger_that_fails_on_the_way_makes_the_runs_unsure(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)

    found = survey(lab, ledger=FailingRuns(lab))

    assert verdicts(found) == {machine.id: (Decision.QUARANTINE, Rule.UNSURE)}


def test_a_failed_list_is_a_gap_and_not_nothing(lab: Lab) -> None:
    run = lab.run()
    lab.machine(run)
    lab.finish(run)
    lab.faults.add(
        Fault(
            effect=Effect.FAIL,
            operations=frozenset({Operation.INDEX}),
            kind="memory:machine",
        )
    )

    found = survey(lab)

    assert [gap.kind for gap in found.plan.gaps] == ["memory:machine"]


def test_a_candidate_that_cannot_be_read_is_a_gap(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.faults.add(once(Effect.FAIL, Operation.READ))

    found = survey(lab)

    assert machine.id in found.plan.gaps[0].reason
    assert found.plan.items == ()


def test_a_ghost_of_the_index_is_no_candidate(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.world.remove(machine, by=run.id)
    lab.finish(run)
    lab.faults.add(always(Effect.GHOST, Operation.INDEX, delay=2 * HOUR))

    found = survey(lab)

    assert found.plan.items == ()
    assert found.absent == (machine,)


def test_clocks_too_far_apart_decide_nothing(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.finish(run)
    lab.world.skew = timedelta(minutes=5)

    ahead = verdicts(survey(lab))
    lab.world.skew = timedelta(minutes=-5)
    behind = verdicts(survey(lab))

    unsure = {machine.id: (Decision.QUARANTINE, Rule.UNSURE)}
    assert ahead == unsure
    assert behind == unsure


def test_a_directory_that_cannot_be_read_keeps_its_run_to_its_expiry(lab: Lab) -> None:
    run = lab.run()
    machine = lab.machine(run)
    lab.hosts.readable.clear()

    lab.clock.advance(20 * HOUR)
    early = verdicts(survey(lab))
    lab.clock.advance(10 * HOUR)
    report = lab.sweep()

    assert early == {machine.id: (Decision.KEEP, Rule.ALIVE)}
    assert became(report, machine).status is Status.GONE


def test_an_outage_of_the_registry_lapses_nothing(lab: Lab) -> None:
    lab.ledger.serve(elapsed=lab.clock.elapsed(), every=MINUTE, grace=15 * MINUTE)
    run = lab.run(beats=Beats.SERVICE)
    machine = lab.machine(run)
    lab.clock.advance(5 * HOUR)

    away = verdicts(survey(lab))
    lab.ledger.serve(elapsed=lab.clock.elapsed(), every=MINUTE, grace=15 * MINUTE)
    back = verdicts(survey(lab))

    alive = {machine.id: (Decision.KEEP, Rule.ALIVE)}
    assert away == alive
    assert back == alive


def test_what_two_runs_resources_made_is_nobodys_to_take(lab: Lab) -> None:
    first, second = lab.run(), lab.run()
    disk = lab.world.create("memory:disk", SCOPE, by="x", name="shared")
    for run in (first, second):
        lab.world.bind(Bond.MADE, lab.machine(run), disk)
    lab.finish(first)
    lab.finish(second)

    found = survey(lab)

    assert verdicts(found)["shared"] == (Decision.QUARANTINE, Rule.GARBLED)


def test_what_is_no_candidate_is_listed_by_a_full_scan_only(lab: Lab) -> None:
    lab.world.create("memory:machine", SCOPE, by="stranger")

    narrow = survey(lab)
    site = lab.site()
    full = Sweep(replace(site, settings=replace(site.settings, full=True))).survey()

    assert narrow.world == {}
    assert len(full.world) == 1
    assert full.plan.items == ()


def test_an_untaggable_kind_is_found_through_the_journal(lab: Lab) -> None:
    run = lab.run()
    rule = lab.world.create("memory:rule", SCOPE, by=run.id, name="allow-all")
    lab.ledger.add_entries(
        [
            JournalEntry(
                run=run.id,
                writer="w",
                seq=1,
                at=lab.clock.now(),
                phase=Phase.CREATED,
                kind=rule.kind,
                scope=SCOPE,
                ref=rule,
                taggable=False,
            )
        ]
    )
    lab.finish(run)

    first = lab.sweep()
    lab.world.create("memory:rule", SCOPE, by="stranger", name="allow-all")
    second = lab.sweep()

    assert became(first, rule).status is Status.GONE
    assert second.plan.items == ()


def intent(lab: Lab, run_id: str) -> JournalEntry:
    return JournalEntry(
        run=run_id,
        writer="w",
        seq=1,
        at=lab.clock.now(),
        phase=Phase.INTENT,
        kind="memory:rule",
        scope=SCOPE,
        name="allow-all",
        taggable=False,
    )


def test_an_intent_without_a_result_is_looked_up(lab: Lab) -> None:
    run = lab.run()
    lab.ledger.add_entries([intent(lab, run.id)])
    rule = lab.world.create("memory:rule", SCOPE, by=run.id, name="allow-all")
    lab.finish(run)

    report = lab.sweep()

    assert became(report, rule).status is Status.GONE


def test_a_lookup_that_fails_is_a_gap(lab: Lab) -> None:
    run = lab.run()
    lab.ledger.add_entries([intent(lab, run.id)])
    lab.faults.add(always(Effect.FAIL, Operation.LOOKUP))

    found = survey(lab)

    assert run.id in found.plan.gaps[0].reason


def test_a_command_for_one_run_leaves_the_others_and_lets_them_block(lab: Lab) -> None:
    first, second = lab.run(), lab.run()
    network = lab.make("memory:network", first)
    other = lab.world.create(
        "memory:machine", SCOPE, by=second.id, tags=run_tags(second), bonds=[(Bond.NEEDS, network)]
    )
    lab.finish(first)
    lab.finish(second)

    report = lab.sweep(narrowing=Narrowing(runs=frozenset({first.id})))

    assert became(report, network).status is Status.BLOCKED
    assert lab.there(other)


def test_a_command_can_be_narrowed_to_kinds_and_single_resources(lab: Lab) -> None:
    run = lab.run()
    machine, disk = lab.machine(run), lab.make("memory:disk", run)
    lab.finish(run)

    kinds = survey(lab, narrowing=Narrowing(kinds=frozenset({"memory:disk"})))
    refs = survey(lab, narrowing=Narrowing(refs=frozenset({machine.key})))
    approved = survey(lab, narrowing=Narrowing(approved=frozenset()))

    assert [item.ref for item in kinds.plan.items] == [disk]
    assert [item.ref for item in refs.plan.items] == [machine]
    assert approved.plan.items == ()


def test_what_one_runs_resources_made_together_is_the_runs(lab: Lab) -> None:
    run = lab.run()
    disk = lab.world.create("memory:disk", SCOPE, by=run.id, name="shared")
    for machine in (lab.machine(run), lab.machine(run)):
        lab.world.bind(Bond.MADE, machine, disk)
    lab.finish(run)

    found = survey(lab)

    assert verdicts(found)["shared"] == (Decision.REAP, Rule.FINISHED)
