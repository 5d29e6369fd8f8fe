"""Says again and again that the registry is up: leases lapse only while it does."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog

from reaper.clock import Clock
from reaper.durations import describe_duration
from reaper.errors import LedgerError
from reaper.ledger import Ledger
from reaper.service.backend import SAID_EVERY
from reaper.service.metrics import Metrics

log = structlog.get_logger()

_LATE = 3  # so many times that without success, and the registry is not ready any more


class Presence:
    """A thread that records the registry's service in the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        metrics: Metrics,
        *,
        grace: timedelta,
        every: timedelta = SAID_EVERY,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._metrics = metrics
        self._grace = grace
        self._every = every
        self._over = threading.Event()
        self._said: float | None = None
        self._problem: str | None = "the ledger was not asked yet"
        self._thread = threading.Thread(target=self._stay, name="presence", daemon=True)

    def begin(self) -> None:
        """Say so for the first time, before any beat is taken, and go on.

        Raises:
            LedgerError: The ledger did not take it.
        """
        self._say()
        self._thread.start()

    @property
    def missing(self) -> str | None:
        """Why the registry cannot be relied on at present; None: it can."""
        late_s = _LATE * self._every.total_seconds()
        if self._problem is not None:
            return self._problem
        if self._said is None or self._clock.elapsed() - self._said > late_s:
            return f"the ledger has not taken the daemon's word for more than {late_s:.0f} s"
        return None

    @property
    def alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def end(self) -> None:
        """Stop saying so."""
        self._over.set()

    def _stay(self) -> None:
        while not self._over.wait(self._every.total_seconds()):
            try:
                self._say()
            except LedgerError as error:
                if self._problem is None:
                    log.error("ledger away", reason=str(error))  # noqa: TRY400 - it says all
                self._problem = str(error)
                self._metrics.ledger_up.set(0)

    def _say(self) -> None:
        before = self._clock.elapsed()
        away = self._ledger.serve(elapsed=before, every=self._every, grace=self._grace)
        if away is not None:
            self._metrics.absences.inc()
            log.warning(
                "leases prolonged",
                reason="the registry may have missed beats",
                away=describe_duration(abs(away)),
            )
        self._said, self._problem = before, None
        self._metrics.ledger_up.set(1)
        self._metrics.paused.set(self._ledger.paused() is not None)
        self._metrics.runs_alive.set(self._ledger.count_alive())
