"""What is still to happen in an emulated cloud."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from reaper.clock import SYSTEM_CLOCK, Clock


class Timetable:
    """Lets things happen later; used under the cloud's lock only."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.clock = clock
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def now(self) -> float:
        """Seconds on the cloud's clock."""
        return self.clock.elapsed()

    def after(self, delay_s: float, happen: Callable[[], None]) -> None:
        """Let something happen in so many seconds; with 0: when the cloud is asked next."""
        heapq.heappush(self._due, (self.now() + max(0.0, delay_s), next(self._numbers), happen))

    def settle(self) -> None:
        """Let happen what is due, in the order in which it is."""
        while self._due and self._due[0][0] <= self.now():
            _, _, happen = heapq.heappop(self._due)
            happen()

    def clear(self) -> None:
        """Let nothing happen any more."""
        self._due.clear()
