"""What befalls everybody, between sweeps or in the middle of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum

from reaper.sandbox.sorts import DISK
from reaper.sandbox.things import Refused
from tests.simulation.lab import PERSON, Lab
from tests.simulation.runs import TrueRun

MINUTE = timedelta(minutes=1)


class Mishap(StrEnum):
    """What befalls everybody, between sweeps or in the middle of one."""

    TROUBLE_ENDS = "trouble ends"
    REGISTRY_GOES = "the registry goes away for a while, or longer"
    REGISTRY_COMES = "the registry comes back"
    CLOCK_JUMPS = "the host's clock jumps"
    CLOCK_IS_RIGHTED = "the host's clock is righted"
    PROVIDERS_CLOCK_IS_WRONG = "the provider's clock is wrong"
    HOST_IS_SUSPENDED = "the host is suspended"
    LEDGER_IS_BACKED_UP = "the ledger is backed up"
    LEDGER_IS_RESTORED = "the ledger is restored"
    DIRECTORY_IS_UNREADABLE = "a run's directory cannot be read, or can again"
    SWEEPING_IS_PAUSED = "sweeping is paused"
    SWEEPING_IS_RESUMED = "sweeping is resumed"
    EVERYBODY_BEATS = "everybody goes on and beats"
    A_RUN_ENDS = "a run ends"
    A_NAME_IS_TAKEN_AGAIN = "a live run takes a name again"
    A_SECOND_DAEMON_SWEEPS = "a second daemon sweeps"
    TIME_PASSES = "time passes"


def befall(lab: Lab, mishap: Mishap, *, minutes: int, pick: int) -> None:
    """Let something happen; `minutes` and `pick` say how long and to whom, where that matters."""
    lab.tally[f"mishap {mishap}"] += 1
    _DO[mishap](lab, minutes * MINUTE, pick)


def end(lab: Lab, true: TrueRun, *, finishes: bool) -> None:
    """End a run: its minter finishes it, or is killed."""
    if finishes and true.minter and not true.stalled:
        lab.runs.finish(true)
    else:
        true.minter = False


def run_at(lab: Lab, pick: int) -> TrueRun:
    """One of the runs there ever were."""
    every = list(lab.runs.all.values())
    return every[pick % len(every)]


def _jump(lab: Lab, by: timedelta, pick: int) -> None:
    lab.jump(by if pick % 3 else -by)


def _providers_clock(lab: Lab, _by: timedelta, pick: int) -> None:
    lab.world.skew = timedelta(seconds=(40, -40, 600)[pick % 3])
    lab.disturbed = True


def _registry_goes(lab: Lab, by: timedelta, _pick: int) -> None:
    lab.registry.stop()
    lab.clock.advance(by)


def _unreadable(lab: Lab, _by: timedelta, pick: int) -> None:
    if lab.runs.all:
        lab.runs.unreadable ^= {run_at(lab, pick).run.id}


def _all_beat(lab: Lab, _by: timedelta, _pick: int) -> None:
    for true in lab.runs.all.values():
        true.stalled = False
        lab.runs.beat(true)


def _one_ends(lab: Lab, _by: timedelta, pick: int) -> None:
    if lab.runs.all:
        end(lab, run_at(lab, pick), finishes=pick % 2 == 1)


def _take_a_name_again(lab: Lab, _by: timedelta, pick: int) -> None:
    """Let a live run take the name of something that goes or is gone."""
    live = [true for true in lab.runs.all.values() if true.active and true.over is None]
    disks = [each.ref for each in lab.world.everything() if each.ref.kind == DISK]
    if not live or not disks:
        return
    disk = disks[pick % len(disks)]
    try:
        lab.world.remove(disk, by=PERSON)
    except Refused:
        return
    lab.create(live[pick % len(live)], DISK, name=disk.id)


_DO: Mapping[Mishap, Callable[[Lab, timedelta, int], object]] = {
    Mishap.TROUBLE_ENDS: lambda lab, _by, _pick: lab.faults.clear(),
    Mishap.REGISTRY_GOES: _registry_goes,
    Mishap.REGISTRY_COMES: lambda lab, _by, _pick: lab.registry.start(),
    Mishap.CLOCK_JUMPS: _jump,
    Mishap.CLOCK_IS_RIGHTED: lambda lab, _by, _pick: lab.right_the_clock(),
    Mishap.PROVIDERS_CLOCK_IS_WRONG: _providers_clock,
    Mishap.HOST_IS_SUSPENDED: lambda lab, by, _pick: lab.clock.suspend(by),
    Mishap.LEDGER_IS_BACKED_UP: lambda lab, _by, _pick: lab.back_up(),
    Mishap.LEDGER_IS_RESTORED: lambda lab, _by, pick: lab.restore(pick),
    Mishap.DIRECTORY_IS_UNREADABLE: _unreadable,
    Mishap.SWEEPING_IS_PAUSED: lambda lab, _by, _pick: lab.pause(),
    Mishap.SWEEPING_IS_RESUMED: lambda lab, _by, _pick: lab.resume(),
    Mishap.EVERYBODY_BEATS: _all_beat,
    Mishap.A_RUN_ENDS: _one_ends,
    Mishap.A_NAME_IS_TAKEN_AGAIN: _take_a_name_again,
    Mishap.A_SECOND_DAEMON_SWEEPS: lambda lab, _by, pick: lab.sweep(elsewhere=pick % 2 == 0),
    Mishap.TIME_PASSES: lambda lab, by, _pick: lab.clock.advance(by),
}
