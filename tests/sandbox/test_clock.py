from __future__ import annotations

from datetime import timedelta

import pytest

from reaper.clock import Clock
from reaper.sandbox.clock import EPOCH, VirtualClock

MINUTE = timedelta(minutes=1)


def test_time_passes_only_when_told_to() -> None:
    clock: Clock = VirtualClock()

    clock.sleep(90)

    assert clock.now() == EPOCH + timedelta(seconds=90)
    assert clock.elapsed() == 90


def test_a_jump_moves_the_wall_clock_and_nothing_else() -> None:
    clock = VirtualClock()

    clock.jump(-timedelta(hours=1))

    assert clock.now() == EPOCH - timedelta(hours=1)
    assert clock.elapsed() == 0


def test_a_suspension_counts_as_elapsed_but_not_as_awake() -> None:
    clock = VirtualClock()

    clock.suspend(timedelta(hours=2))

    assert clock.now() == EPOCH + timedelta(hours=2)
    assert (clock.elapsed(), clock.awake()) == (7200, 0)


def test_timers_are_called_in_order_each_at_its_time() -> None:
    clock = VirtualClock()
    called: list[tuple[str, float]] = []
    clock.call_after(2 * MINUTE, lambda: called.append(("second", clock.elapsed())))
    clock.call_after(MINUTE, lambda: called.append(("first", clock.elapsed())))
    clock.call_after(9 * MINUTE, lambda: called.append(("never", clock.elapsed())))

    clock.advance(5 * MINUTE)

    assert called == [("first", 60), ("second", 120)]
    assert clock.elapsed() == 300


def test_a_timer_here_waits_for_the_end_of_a_suspension_and_one_elsewhere_does_not() -> None:
    clock = VirtualClock()
    called: list[tuple[str, float]] = []
    clock.call_after(MINUTE, lambda: called.append(("here", clock.elapsed())))
    clock.call_after(MINUTE, lambda: called.append(("elsewhere", clock.elapsed())), elsewhere=True)

    clock.suspend(10 * MINUTE)
    clock.advance(MINUTE)

    assert called == [("elsewhere", 60), ("here", 660)]


def test_a_timer_that_arms_itself_again_beats_on() -> None:
    clock = VirtualClock()
    beats: list[float] = []

    def beat() -> None:
        beats.append(clock.elapsed())
        clock.call_after(MINUTE, beat)

    clock.call_after(MINUTE, beat)
    clock.advance(3 * MINUTE)

    assert beats == [60, 120, 180]


def test_a_timer_that_sleeps_moves_the_clock_for_everybody() -> None:
    clock = VirtualClock()
    clock.call_after(MINUTE, lambda: clock.sleep(300))

    clock.advance(2 * MINUTE)

    assert clock.elapsed() == 360


def test_a_cancelled_timer_is_never_called() -> None:
    clock = VirtualClock()
    called: list[float] = []
    timer = clock.call_after(MINUTE, lambda: called.append(clock.elapsed()))

    timer.cancel()
    clock.advance(2 * MINUTE)

    assert called == []


def test_time_does_not_pass_backwards() -> None:
    clock = VirtualClock()

    with pytest.raises(ValueError, match=r"use jump\(\)"):
        clock.sleep(-1)
