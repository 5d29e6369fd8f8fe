"""What runs created and removed themselves is not sought for ever."""

from __future__ import annotations

from dataclasses import replace

from reaper.model import JournalEntry, Phase, Ref, Run
from reaper.sandbox.faults import Effect, Fault, Operation, always
from reaper.sweep.site import Narrowing
from tests.sweep.lab import HOUR, MINUTE, SCOPE, Lab


def created(lab: Lab, run: Run, ref: Ref, *, seq: int = 1) -> JournalEntry:
    entry = JournalEntry(
        run=run.id,
        writer="w",
        seq=seq,
        at=lab.clock.now(),
        phase=Phase.CREATED,
        kind=ref.kind,
        scope=SCOPE,
        ref=ref,
    )
    lab.ledger.add_entries([entry])
    return entry


def read(lab: Lab) -> set[Ref]:
    """What the next sweep reads."""
    lab.reads.clear()
    lab.sweep()
    return {ref for refs in lab.reads for ref in refs}


def test_what_a_test_removed_itself_is_read_once_more_and_then_no_longer(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run)
    created(lab, run, disk)
    lab.world.remove(disk, by=run.id)
    lab.clock.advance(2 * HOUR)

    assert read(lab) == {disk}
    assert read(lab) == set()


def test_what_is_not_found_soon_after_its_creation_is_sought_further(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run)
    created(lab, run, disk)
    lab.world.remove(disk, by=run.id)
    lab.clock.advance(50 * MINUTE)

    assert read(lab) == {disk}
    assert read(lab) == {disk}


def test_what_is_not_found_while_the_control_fails_is_sought_further(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run)
    created(lab, run, disk)
    lab.clock.advance(2 * HOUR)
    lab.faults.add(always(Effect.BLIND, Operation.READ, Operation.CONTROL))

    assert read(lab) == {disk}
    assert read(lab) == {disk}


def test_what_was_noted_gone_and_is_there_after_all_is_still_the_runs(lab: Lab) -> None:
    run = lab.run()
    disk = lab.make("memory:disk", run)
    entry = created(lab, run, disk)
    lab.ledger.add_entries([replace(entry, phase=Phase.GONE)])
    lab.finish(run)

    (item,) = lab.sweep().plan.items

    assert item.judged.claim.journaled


def test_an_intent_of_which_nothing_is_found_is_not_looked_up_for_ever(lab: Lab) -> None:
    run = lab.run()
    lab.ledger.add_entries(
        [
            JournalEntry(
                run=run.id,
                writer="w",
                seq=1,
                at=lab.clock.now(),
                phase=Phase.INTENT,
                kind="memory:rule",
                scope=SCOPE,
                name="allow-all",
                taggable=False,
            )
        ]
    )
    lab.clock.advance(2 * HOUR)
    lab.sweep()
    lab.faults.add(
        Fault(effect=Effect.FAIL, operations=frozenset({Operation.LOOKUP}), detail="asked again")
    )

    assert lab.sweep().gaps == ()


def test_a_command_about_one_run_does_not_seek_what_others_created(lab: Lab) -> None:
    run, other = lab.run(), lab.run()
    mine, theirs = lab.make("memory:disk", run), lab.make("memory:disk", other)
    created(lab, run, mine)
    created(lab, other, theirs)
    lab.finish(run)
    lab.reads.clear()

    lab.sweep(narrowing=Narrowing(runs=frozenset({run.id})))

    assert {ref for refs in lab.reads for ref in refs} == {mine}
