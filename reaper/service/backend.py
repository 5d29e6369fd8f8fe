"""What the API works with: a ledger, the configuration, and the daemon that sweeps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.config import Config
from reaper.ledger import Ledger
from reaper.model import Gap
from reaper.service.metrics import Metrics

SAID_EVERY = timedelta(seconds=10)
_LEASES_LAST = 3  # times that: an outage that is too short to be noticed takes two of them

_MOST_KNOWN = 10_000


def said_every(config: Config) -> timedelta:
    """How often a daemon says that the registry is up: an outage twice as long may go unnoticed."""
    return min(SAID_EVERY, config.runs.beat)


def shortest_lease(config: Config) -> timedelta:
    """The shortest lease that no unnoticed outage can let lapse."""
    return _LEASES_LAST * said_every(config)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How a cell stands with this daemon.

    Attributes:
        next: When it is due; None: not by itself.
        doing: What is done there at the moment; None: nothing.
    """

    cell: str
    label: str
    next: datetime | None
    doing: str | None


class Sweeping(Protocol):
    """The daemon, as far as the API asks it."""

    def standings(self) -> Sequence[Standing]:
        """Tell how each of its cells stands."""

    def unreachable(self) -> Sequence[Gap]:
        """Tell which configured places did not say what cells they have."""

    def ask(self, cells: Sequence[str] | None, named: frozenset[str]) -> Sequence[str]:
        """Sweep these cells (None: all) as soon as there is a worker; those that will be.

        For the runs `named` there is no grace.
        """

    def sick(self) -> str | None:
        """Why the process should be started anew; None: all is well."""

    def unready(self) -> str | None:
        """Why it should not be relied on at present; None: it can be."""


class Minters:
    """Remembers whose a run is, which never changes: it is asked at each beat."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: OrderedDict[str, str] = OrderedDict()
        self._turn = threading.Lock()

    def of(self, run_id: str) -> str | None:
        """Tell whose a run is; None where it is nobody's, or unknown."""
        return self.of_many([run_id]).get(run_id)

    def of_many(self, run_ids: Iterable[str]) -> dict[str, str]:
        """Tell whose runs are; what is nobody's, or unknown, is absent."""
        wanted = set(run_ids)
        with self._turn:
            known = {run_id: self._known[run_id] for run_id in wanted & self._known.keys()}
        if known.keys() == wanted:
            return known
        found = self._ledger.minters(wanted - known.keys())
        with self._turn:
            self._known |= found
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return known | found


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """What the API works with."""

    config: Config
    ledger: Ledger
    minters: Minters
    sweeping: Sweeping
    metrics: Metrics
    clock: Clock = SYSTEM_CLOCK
