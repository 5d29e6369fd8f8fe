"""What is still to happen in the in-memory world."""

from __future__ import annotations

import heapq
from collections.abc import Callable

Event = Callable[[float], None]


class Agenda:
    """Events and when they are due, by `Clock.elapsed`; each is told its due time."""

    def __init__(self) -> None:
        self._events: list[tuple[float, int, Event]] = []
        self._number = 0

    def later(self, due: float, happen: Event) -> None:
        """Have something happen then."""
        self._number += 1
        heapq.heappush(self._events, (due, self._number, happen))

    def settle(self, now: float) -> None:
        """Let everything happen that is due by now, in its order."""
        while self._events and self._events[0][0] <= now:
            due, _, happen = heapq.heappop(self._events)
            happen(due)
