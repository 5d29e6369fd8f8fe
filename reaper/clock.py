"""What time it is: the one place where reaper reads a clock or waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of time; the simulation and the tests bring their own."""

    def now(self) -> datetime:
        """The wall clock, aware and in UTC; it can jump."""

    def elapsed(self) -> float:
        """Seconds since some fixed moment, counting those in which the machine was suspended."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """This machine's clock.

    `elapsed` is CLOCK_BOOTTIME where there is one (Linux): CLOCK_MONOTONIC stands still while a
    machine is suspended, and a deletion decided before the suspension must not be sent after it.
    """

    def now(self) -> datetime:
        """The wall clock, aware and in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Seconds since the machine's start, suspension counted where the system can tell."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()
