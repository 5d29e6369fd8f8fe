"""What a simulation ends with when an engine does what it must never do."""

from __future__ import annotations


class Violation(AssertionError):
    """An invariant does not hold.

    Attributes:
        invariant: Its number in the design's list of what must always hold.
    """

    def __init__(self, invariant: int, what: str) -> None:
        super().__init__(f"invariant {invariant}: {what}")
        self.invariant = invariant


class Killed(BaseException):
    """A process was killed here; nothing of it runs on."""
