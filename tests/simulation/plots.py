"""Short histories, each of which one broken engine does not survive; the real one survives all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from reaper.model import Beats, Ref
from reaper.plan import Brake
from reaper.sandbox.faults import Effect, Fault, Operation, always
from reaper.sandbox.sorts import ADDRESS, BUCKET, DISK, GROUP, MACHINE, NETWORK, ROLE
from reaper.sandbox.things import Bond
from reaper.sweep.cell import Sweep
from reaper.tags import run_tags
from tests.simulation import mutants
from tests.simulation.lab import ABROAD, PERSON, SCOPE, Journaling, Lab
from tests.simulation.mishaps import MINUTE, end
from tests.simulation.process import Interference, Process
from tests.simulation.runs import TrueRun

HOUR = timedelta(hours=1)
OVER = 47 * MINUTE  # a dead run's lease and the grace are over by then


def leave(lab: Lab, kind: str = DISK, **how: object) -> tuple[TrueRun, Ref]:
    """A finished run's leftover, the grace gone by."""
    true = lab.runs.begin(Beats.DIRECTORY, promised=True)
    made = lab.create(true, kind, **how)  # type: ignore[arg-type] # passed on as given
    assert made is not None
    end(lab, true, finishes=True)
    lab.clock.advance(OVER)
    return true, made


def interfered(lab: Lab, step: str, act: Callable[[Process], object], *, nth: int = 0) -> None:
    """Sweep, and let something happen at a step."""
    lab.sweep(interferences=[Interference(step=step, nth=nth, act=lambda each: _void(act(each)))])


def _void(_result: object) -> None:
    pass


def a_denied_deletion_and_a_read_that_fails(lab: Lab) -> None:
    leave(lab)
    denied = lab.faults.add(always(Effect.DENY, Operation.DELETE))
    lab.sweep()
    lab.faults.remove(denied)
    lab.faults.add(always(Effect.FAIL, Operation.READ, Operation.INDEX))
    lab.sweep()


def a_live_run_that_is_given_it_after_the_scan(lab: Lab) -> None:
    _, disk = leave(lab, journaling=Journaling.NOTHING)
    live = lab.runs.begin(Beats.DIRECTORY, promised=True)

    def give(_: Process) -> None:
        lab.world.retag(disk, run_tags(live.run), by=PERSON)
        lab.clock.advance(timedelta(seconds=20))

    interfered(lab, "planned", give)


def a_run_at_work(lab: Lab) -> None:
    true = lab.runs.begin(Beats.DIRECTORY, promised=True)
    lab.create(true, DISK)
    lab.clock.advance(HOUR)
    lab.sweep()


def a_registry_that_is_away_for_hours(lab: Lab) -> None:
    true = lab.runs.begin(Beats.SERVICE, promised=True)
    lab.create(true, DISK)
    lab.clock.advance(5 * MINUTE)
    lab.registry.stop()
    lab.clock.advance(5 * HOUR)
    lab.sweep()


def a_leftover(lab: Lab) -> None:
    leave(lab)
    lab.sweep()


def a_name_that_a_stranger_takes_again(lab: Lab) -> None:
    true, address = leave(lab, ADDRESS)

    def take(_: Process) -> None:
        lab.world.remove(address, by=PERSON)
        lab.world.create(ADDRESS, SCOPE, by=PERSON, tags=run_tags(true.run))

    interfered(lab, "planned", take)


def a_live_runs_disk_on_a_dead_machine(lab: Lab) -> None:
    _, machine = leave(lab, MACHINE)
    live = lab.runs.begin(Beats.DIRECTORY, promised=True)
    disk = lab.create(live, DISK)
    assert disk is not None
    lab.world.bind(Bond.OWNS, machine, disk)
    lab.sweep()


def held_from_abroad(lab: Lab, ref: Ref) -> None:
    """Let a person's machine in another region use it."""
    machine = lab.world.create(MACHINE, ABROAD, by=PERSON)
    lab.world.bind(Bond.NEEDS, machine, ref)


def a_role_that_a_machine_abroad_has(lab: Lab) -> None:
    _, role = leave(lab, ROLE)
    held_from_abroad(lab, role)
    lab.sweep()


def a_role_that_a_machine_abroad_is_given(lab: Lab) -> None:
    _, role = leave(lab, ROLE)
    interfered(lab, "planned", lambda _: held_from_abroad(lab, role), nth=1)


def a_disk_that_goes_along_and_is_used_from_abroad(lab: Lab) -> None:
    _, machine = leave(lab, MACHINE)
    boot = next(each.ref for each in lab.world.everything() if each.ref.kind == DISK)

    def use(_: Process) -> None:
        held_from_abroad(lab, boot)
        lab.clock.advance(timedelta(seconds=20))

    assert machine in lab.world.makers(boot)
    interfered(lab, "planned", use)


def a_bucket_that_somebody_made_anew(lab: Lab) -> None:
    _, bucket = leave(lab, BUCKET, name="data")
    lab.world.recreate(bucket, by=PERSON, tags={})
    lab.sweep()


def a_bucket_that_somebody_else_took_over(lab: Lab) -> None:
    _, bucket = leave(lab, BUCKET)
    lab.clock.advance(5 * HOUR)
    lab.world.use(bucket, by=PERSON)
    lab.sweep()


def a_ring_of_which_one_is_kept(lab: Lab) -> None:
    first, second = (leave(lab, NETWORK, name=name)[1] for name in ("first", "second"))
    lab.world.bind(Bond.NEEDS, first, second)
    lab.world.bind(Bond.NEEDS, second, first)

    def keep(_: Process) -> None:
        tags = {"reaper-keep": "forever"}
        there = lab.world.find(second)
        assert there is not None
        lab.world.retag(second, {**there.tags, **tags}, by=PERSON)
        lab.clock.advance(timedelta(seconds=20))

    interfered(lab, "planned", keep)


def a_region_and_what_has_none(lab: Lab) -> None:
    """A machine, and the role that it has, which is in no region; and a bucket of the run's own."""
    true = lab.runs.begin(Beats.DIRECTORY, promised=True)
    role = lab.create(true, ROLE)
    assert role is not None
    lab.create(true, MACHINE, bonds=[(Bond.NEEDS, role)])
    lab.create(true, BUCKET)
    end(lab, true, finishes=False)
    lab.clock.advance(OVER)
    lab.sweep()


def a_copy_that_a_person_made(lab: Lab) -> None:
    _, disk = leave(lab)
    lab.clock.advance(HOUR)
    lab.world.copy(disk, by=PERSON)
    lab.clock.advance(HOUR)
    lab.sweep()


def a_sleeper_whose_cell_is_another_daemons(lab: Lab) -> None:
    leave(lab)
    leave(lab)

    def oversleep(_: Process) -> None:
        lab.clock.suspend(HOUR)
        taken = lab.ledger.acquire("memory/lab", "another daemon", HOUR)
        assert taken is not None

    interfered(lab, "looked", oversleep)


def a_sweep_that_is_killed_before_the_call(lab: Lab) -> None:
    leave(lab)

    def kill(process: Process) -> None:
        process.dead = True

    interfered(lab, "intended", kill)
    lab.clock.advance(HOUR)
    lab.sweep()


def a_permission_that_is_lost_on_the_way(lab: Lab) -> None:
    leave(lab)

    def blind(_: Process) -> None:
        lab.faults.add(always(Effect.BLIND, Operation.READ, Operation.CONTROL, Operation.DELETE))

    interfered(lab, "planned", blind)


def a_read_that_tells_half(lab: Lab) -> None:
    leave(lab, MACHINE)
    lab.faults.add(always(Effect.PARTIAL, Operation.READ))
    lab.sweep()


def a_provider_whose_clock_is_wrong(lab: Lab) -> None:
    leave(lab)
    lab.world.skew = timedelta(minutes=10)
    lab.disturbed = True
    lab.sweep()


def more_than_the_brake_allows(lab: Lab) -> None:
    for _ in range(6):
        leave(lab)
    lab.brake = Brake(max_deletions=4, max_share=1.0, min_tagged=50)
    lab.checks.limit = 4
    lab.sweep()


def a_machine_that_sleeps_between_look_and_shot(lab: Lab) -> None:
    leave(lab)
    interfered(lab, "intended", lambda _: lab.clock.suspend(timedelta(seconds=30)))


def a_tag_that_asks_to_keep(lab: Lab) -> None:
    true, disk = leave(lab)
    lab.world.retag(disk, {**run_tags(true.run), "reaper-keep": "forever"}, by=PERSON)
    lab.sweep()


def a_deletion_that_takes_hours(lab: Lab) -> None:
    leave(lab, GROUP, journaling=Journaling.WHOLE)
    lab.faults.add(
        Fault(effect=Effect.SLOW, operations=frozenset({Operation.DELETE}), delay=3 * HOUR)
    )
    lab.sweep()


PLOTS: Mapping[type[Sweep], Callable[[Lab], None]] = {
    mutants.TrustsAFailedList: a_denied_deletion_and_a_read_that_fails,
    mutants.SkipsTheSecondLook: a_live_run_that_is_given_it_after_the_scan,
    mutants.IgnoresLeases: a_run_at_work,
    mutants.CountsAnOutageAsLapse: a_registry_that_is_away_for_hours,
    mutants.WritesTheIntentAfterTheCall: a_leftover,
    mutants.TakesANameForTheThing: a_name_that_a_stranger_takes_again,
    mutants.FollowsCascadesBlindly: a_live_runs_disk_on_a_dead_machine,
    mutants.IgnoresWhoUsesItFromElsewhere: a_role_that_a_machine_abroad_has,
    mutants.OverlooksWhoCameFromElsewhere: a_role_that_a_machine_abroad_is_given,
    mutants.TakesAlongWhatIsUsedElsewhere: a_disk_that_goes_along_and_is_used_from_abroad,
    mutants.TrustsAJournaledName: a_bucket_that_somebody_made_anew,
    mutants.IgnoresAUseAfterTheEnd: a_bucket_that_somebody_else_took_over,
    mutants.BelievesThePlanOfARing: a_ring_of_which_one_is_kept,
    mutants.DeletesACopy: a_copy_that_a_person_made,
    mutants.IgnoresTheFencingToken: a_sleeper_whose_cell_is_another_daemons,
    mutants.ResendsAResumedIntent: a_sweep_that_is_killed_before_the_call,
    mutants.TrustsNotFound: a_permission_that_is_lost_on_the_way,
    mutants.BelievesAHalfReadThing: a_read_that_tells_half,
    mutants.IgnoresClocksApart: a_provider_whose_clock_is_wrong,
    mutants.IgnoresTheBrake: more_than_the_brake_allows,
    mutants.ForgetsTheAgeOfALook: a_machine_that_sleeps_between_look_and_shot,
    mutants.IgnoresAKeep: a_tag_that_asks_to_keep,
    mutants.TakesAnAnswerForTheEnd: a_deletion_that_takes_hours,
    mutants.DoesNothing: a_region_and_what_has_none,
}
