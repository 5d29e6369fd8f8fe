"""Where a run is registered, as who takes part in it sees it: on its own host, or at a service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Protocol

from reaper.model import Ending, Run


class Registration(Protocol):
    """A run's lease and its end; `RunDirectory` and `RegisteredRun` are its two sorts."""

    @property
    def path(self) -> Path:
        """The directory where its processes on this host write their journals."""

    @property
    def ended(self) -> bool:
        """Whether the run is known to be over, without asking anybody else."""

    def beat(self) -> None:
        """Renew the lease.

        Raises:
            RunEnded: The run is over.
            OSError: The lease was not renewed.
            RegistryUnreachable: The lease was not renewed.
            RegistryRefused: The lease was not renewed.
            RunUnknown: The lease was not renewed.
        """

    def read(self) -> Run:
        """Tell what the run is, and how its lease stands."""

    def end(self, ending: Ending, *, unless_alive: timedelta | None) -> bool:
        """End the run; false where that was not possible."""

    def elapsed(self) -> float:
        """Seconds since some moment, on the clock by which the lease lapses."""

    def left_s(self) -> float:
        """Seconds for which the lease holds at least, as far as this host knows."""

    def told(self) -> None:
        """Tell the registry of what stands in the journals, where it does not read them itself."""

    def tell_soon(self) -> None:
        """Do so soon, without waiting for it."""

    def close(self) -> None:
        """Take part no longer."""
