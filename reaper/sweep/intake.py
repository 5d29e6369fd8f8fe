"""Takes this host's runs into the ledger: their directories tell who lives and what was made."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from threading import Lock

import structlog

from reaper.client import RunDirectory, directories
from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.errors import ReaperError
from reaper.ledger import Ledger
from reaper.model import Ending

log = structlog.get_logger()

_SHARED_FOR_S = 1.0


class HostDirectories:
    """The run directories below this user's state directory."""

    def __init__(self, state: Path | None = None, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self.state = state
        self.clock = clock
        self._open: dict[str, RunDirectory] = {}
        self._taken: tuple[float, frozenset[str]] | None = None
        self._turn = Lock()

    def take_in(self, ledger: Ledger) -> frozenset[str]:
        """Bring the ledger up to date; a directory that cannot be read is left out, and said.

        Cells that are scanned at the same moment share one reading.
        """
        with self._turn:
            if self._taken is None or self.clock.elapsed() - self._taken[0] > _SHARED_FOR_S:
                self._taken = (self.clock.elapsed(), self._read(ledger))
            return self._taken[1]

    def _read(self, ledger: Ledger) -> frozenset[str]:
        fresh: set[str] = set()
        for directory in self._directories():
            try:
                run = directory.read(self.clock.now())
            except ReaperError as error:
                log.warning("run not taken in", directory=str(directory.path), reason=str(error))
                continue
            ledger.take_in(run)
            entries, problems = directory.entries()
            ledger.add_entries(entries)
            for problem in problems:
                log.warning("journal line not read", run=run.id, reason=problem)
            if run.lease.away is None:
                fresh.add(run.id)
                self._open[run.id] = directory
        return frozenset(fresh)

    def end_lapsed(self, run_id: str, grace: timedelta) -> bool:
        """End the run in its directory, where its next beat finds it; False: its lease holds."""
        directory = self._open.get(run_id)
        if directory is None:
            return False
        try:
            return directory.end(Ending.LAPSED, unless_alive=grace)
        except ReaperError as error:
            log.warning("run not ended", run=run_id, reason=str(error))
            return False

    def _directories(self) -> Iterable[RunDirectory]:
        return directories(self.state)
