"""A clock on which nobody waits, so that pauses, back-off and hours cost no time."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from reaper.clock import SYSTEM_CLOCK


class HastyClock:
    """This machine's clock, which whoever would wait sets forth instead.

    Unlike `VirtualClock` it goes on by itself: what compares with this machine's own times, such
    as a run's directory, is right until somebody sleeps.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._ahead = 0.0

    def now(self) -> datetime:
        return SYSTEM_CLOCK.now() + timedelta(seconds=self._ahead)

    def elapsed(self) -> float:
        return SYSTEM_CLOCK.elapsed() + self._ahead

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._ahead += seconds

    def reset(self) -> None:
        """Be this machine's clock again."""
        self._ahead = 0.0
