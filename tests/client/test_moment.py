"""Whether a lease holds, by the clocks of the machine on which its run lives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper.client.moment import Host, Moment, host_here, lease_after, moment_here
from reaper.model import Lease

LENGTH = timedelta(minutes=10)
LAPTOP = Host(name="laptop", machine="m1", boot="boot-1")
BEAT = Moment(wall=datetime(2026, 1, 1, 12, tzinfo=UTC), awake_s=1000.0, host=LAPTOP)
MAC = replace(BEAT, host=Host(name="mac", machine=None, boot=None))


def later(beat: Moment, *, wall: timedelta, awake: timedelta) -> Moment:
    return replace(beat, wall=beat.wall + wall, awake_s=beat.awake_s + awake.total_seconds())


def lease(beat: Moment, here: Moment) -> Lease:
    return lease_after(beat, LENGTH, here=here, now=here.wall)


def test_a_lease_lapses_its_length_after_the_last_beat() -> None:
    here = later(BEAT, wall=timedelta(minutes=4), awake=timedelta(minutes=4))

    assert lease(BEAT, here) == Lease(length=LENGTH, until=here.wall + timedelta(minutes=6))


def test_time_in_which_the_machine_was_suspended_does_not_count() -> None:
    here = later(BEAT, wall=timedelta(hours=9), awake=timedelta(minutes=1))

    assert lease(BEAT, here).until == here.wall + timedelta(minutes=9)


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)])
def test_a_jump_of_the_wall_clock_neither_lapses_nor_prolongs_a_lease(jump: timedelta) -> None:
    here = later(BEAT, wall=jump, awake=timedelta(minutes=1))

    assert lease(BEAT, here).until == here.wall + timedelta(minutes=9)


def test_the_lease_is_told_on_the_clock_that_was_asked_for() -> None:
    here = later(BEAT, wall=timedelta(minutes=1), awake=timedelta(minutes=1))
    ledger = here.wall + timedelta(days=3)

    found = lease_after(BEAT, LENGTH, here=here, now=ledger)

    assert found.until == ledger + timedelta(minutes=9)


def test_after_a_reboot_the_wall_clock_decides_for_nobody_is_left_to_beat() -> None:
    rebooted = replace(BEAT, host=replace(LAPTOP, boot="boot-2"), awake_s=5.0)
    here = replace(rebooted, wall=BEAT.wall + timedelta(hours=1))

    assert lease(BEAT, here) == Lease(length=LENGTH, until=BEAT.wall + LENGTH)


def test_a_container_on_the_same_kernel_shares_the_clock() -> None:
    here = later(BEAT, wall=timedelta(minutes=1), awake=timedelta(minutes=1))
    here = replace(here, host=Host(name="4f2a", machine=None, boot="boot-1"))

    assert lease(BEAT, here) == Lease(length=LENGTH, until=here.wall + timedelta(minutes=9))


@pytest.mark.parametrize(
    "other",
    [
        Host(name="desktop", machine="m2", boot="boot-9"),
        Host(name="desktop", machine="m1", boot="boot-9"),  # installed from one image
        Host(name="laptop", machine="m2", boot="boot-9"),
        Host(name="laptop", machine=None, boot="boot-9"),
        Host(name="laptop", machine="m1", boot=None),
    ],
)
def test_a_lease_of_another_machine_cannot_lapse_here_and_says_why(other: Host) -> None:
    here = replace(later(BEAT, wall=timedelta(days=2), awake=timedelta(days=2)), host=other)

    away = lease(BEAT, here).away

    assert away is not None
    assert "laptop" in away
    assert "--force" in away


def test_two_machines_without_a_machine_id_are_not_taken_for_one() -> None:
    beat = replace(BEAT, host=Host(name="runner", machine=None, boot="boot-1"))
    here = replace(beat, host=Host(name="runner", machine=None, boot="boot-2"))

    assert lease(beat, here).away is not None


def test_off_linux_awake_time_counts_too() -> None:
    here = later(MAC, wall=timedelta(hours=9), awake=timedelta(minutes=1))

    assert lease(MAC, here) == Lease(length=LENGTH, until=here.wall + timedelta(minutes=9))


def test_off_linux_a_clock_that_began_anew_tells_of_a_reboot() -> None:
    here = replace(MAC, wall=MAC.wall + timedelta(hours=1), awake_s=3.0)

    assert lease(MAC, here) == Lease(length=LENGTH, until=MAC.wall + LENGTH)


@given(
    wall=st.timedeltas(min_value=timedelta(days=-1000), max_value=timedelta(days=1000)),
    awake_s=st.floats(min_value=-1e6, max_value=600),
)
def test_no_lease_lapses_before_its_machine_was_awake_for_its_length(
    wall: timedelta, awake_s: float
) -> None:
    here = replace(BEAT, wall=BEAT.wall + wall, awake_s=BEAT.awake_s + awake_s)

    assert lease(BEAT, here).until >= here.wall


def test_this_machine_tells_its_clocks() -> None:
    first = moment_here()
    second = moment_here()

    assert second.awake_s >= first.awake_s
    assert first.host == host_here()
    assert first.host.name
