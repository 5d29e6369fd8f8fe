"""A clock that stands still until it is told to move, so that hours pass in no time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(eq=False, slots=True)
class Timer:
    """A call that is to come.

    Attributes:
        elsewhere: It runs on another machine, which is awake while this one is suspended.
        due: When, on the scale it waits on: seconds awake, or with `elsewhere` seconds elapsed.
    """

    due: float
    elsewhere: bool
    call: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        """Let it never be called."""
        self.cancelled = True


@dataclass(order=True, slots=True)
class _Entry:
    due: float
    number: int
    timer: Timer = field(compare=False)


class VirtualClock:
    """Implements `reaper.clock.Clock`; time passes only by `sleep`, `advance` and `suspend`.

    Timers are called in the order in which they are due, each with the clock at its due time. A
    timer that sleeps moves the clock for everybody, as a busy machine does.

    Args:
        at: Where the wall clock begins.
    """

    def __init__(self, at: datetime = EPOCH) -> None:
        self._wall = at
        self._elapsed = 0.0
        self._awake = 0.0
        self._timers: dict[bool, list[_Entry]] = {False: [], True: []}
        self._number = 0
        self._lock = RLock()

    def now(self) -> datetime:
        """The wall clock, which `jump` moves."""
        with self._lock:
            return self._wall

    def elapsed(self) -> float:
        """Seconds since the beginning, suspension counted, jumps not."""
        with self._lock:
            return self._elapsed

    def awake(self) -> float:
        """Seconds since the beginning in which this machine was not suspended."""
        with self._lock:
            return self._awake

    def sleep(self, seconds: float) -> None:
        """Let so much time pass; who is due meanwhile is called."""
        self._pass(seconds, asleep=False)

    def advance(self, delta: timedelta) -> None:
        """Let so much time pass; who is due meanwhile is called."""
        self._pass(delta.total_seconds(), asleep=False)

    def suspend(self, delta: timedelta) -> None:
        """Suspend this machine: the world goes on, and only timers `elsewhere` are called."""
        self._pass(delta.total_seconds(), asleep=True)

    def jump(self, delta: timedelta) -> None:
        """Set the wall clock forth or back; no time passes."""
        with self._lock:
            self._wall += delta

    def call_after(
        self, delta: timedelta, call: Callable[[], None], *, elsewhere: bool = False
    ) -> Timer:
        """Have something called when so much time has passed.

        Time in which this machine is suspended does not count, save for a timer `elsewhere`.
        """
        with self._lock:
            since = self._elapsed if elsewhere else self._awake
            timer = Timer(due=since + delta.total_seconds(), elsewhere=elsewhere, call=call)
            self._number += 1
            heapq.heappush(self._timers[elsewhere], _Entry(timer.due, self._number, timer))
            return timer

    def _pass(self, seconds: float, *, asleep: bool) -> None:
        if seconds < 0:
            raise ValueError(f"time does not pass backwards ({seconds} s): use jump() for that")
        end = self._elapsed + seconds
        while (timer := self._next_until(end, asleep=asleep)) is not None:
            timer.call()
        self._move(end - self._elapsed, asleep=asleep)

    def _next_until(self, end: float, *, asleep: bool) -> Timer | None:
        with self._lock:
            waits = [
                (max(0.0, heap[0].due - since), heap[0].number, heap)
                for elsewhere, since in ((False, self._awake), (True, self._elapsed))
                if (heap := self._live(elsewhere=elsewhere)) and (elsewhere or not asleep)
            ]
            if not waits:
                return None
            wait, _, heap = min(waits, key=lambda each: each[:2])
            if self._elapsed + wait > end:
                return None
            timer = heapq.heappop(heap).timer
            self._move(wait, asleep=asleep)
            return timer

    def _live(self, *, elsewhere: bool) -> list[_Entry]:
        heap = self._timers[elsewhere]
        while heap and heap[0].timer.cancelled:
            heapq.heappop(heap)
        return heap

    def _move(self, seconds: float, *, asleep: bool) -> None:
        if seconds <= 0:  # a timer slept past the end
            return
        with self._lock:
            self._wall += timedelta(seconds=seconds)
            self._elapsed += seconds
            self._awake += 0.0 if asleep else seconds
