"""What becomes of a cell when its time has come: swept, or left for a stated reason."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from reaper.clock import Clock
from reaper.config import Config
from reaper.config.daemon import Mode
from reaper.daemon.children import Children
from reaper.daemon.task import Cells, FoundCell, SweepTask, Swept
from reaper.durations import describe_duration
from reaper.errors import LedgerError
from reaper.ledger import CellSweep, Ledger, Result
from reaper.service.metrics import Metrics

log = structlog.get_logger()

_LONGEST_PAUSE = timedelta(hours=1)
_NO_LOCK_YET = timedelta(seconds=15)  # for a worker to load an SDK and to take the cell's lock
_BY_CRON = timedelta(minutes=1)  # the shortest interval that a cron can have


@dataclass(frozen=True, kw_only=True, slots=True)
class Underway:
    """A sweep at work.

    Attributes:
        since: When it began, by `Clock.elapsed`.
    """

    since: float
    doing: str


class Rounds:
    """Sweeps cells for one daemon, each by a worker process."""

    def __init__(
        self,
        config: Config,
        ledger: Ledger,
        clock: Clock,
        children: Children,
        metrics: Metrics,
        *,
        name: str,
        json_log: bool,
        ended: Callable[[FoundCell, CellSweep], None] = lambda *_: None,
    ) -> None:
        """`name` is the daemon's among all that ever were; `ended` hears how each sweep ended."""
        self._config = config
        self._ledger = ledger
        self._clock = clock
        self._children = children
        self._metrics = metrics
        self._name = name
        self._json_log = json_log
        self._ended = ended
        self._lock = threading.Lock()
        self._asked: dict[str, frozenset[str]] = {}
        self._underway: dict[str, Underway] = {}

    @property
    def act(self) -> bool:
        """Whether it deletes."""
        return self._config.daemon.mode is Mode.ACT

    def ask(self, cell: str, named: frozenset[str]) -> None:
        """Let the next sweep of a cell be one that a person or a run's minter asked for."""
        with self._lock:
            self._asked[cell] = self._asked.get(cell, frozenset()) | named

    def asked(self, cell: str) -> bool:
        """Whether a sweep was asked for that has not begun."""
        with self._lock:
            return cell in self._asked

    def underway(self) -> dict[str, Underway]:
        """Tell what is at work, by cell."""
        with self._lock:
            return dict(self._underway)

    def sweep(self, found: FoundCell) -> None:
        """Sweep a cell, unless there is a reason to leave it now. This is a cell's job."""
        with structlog.contextvars.bound_contextvars(cell=found.cell):
            try:
                self._sweep(found)
            except LedgerError as error:
                log.error("not swept", reason=str(error))  # noqa: TRY400 - it says all
            finally:
                with self._lock:
                    self._underway.pop(found.cell, None)

    def _sweep(self, found: FoundCell) -> None:
        with self._lock:
            named = self._asked.pop(found.cell, None)
        state = self._ledger.sweep_of(found.cell)
        now = self._ledger.now()
        if named is None and (why := self.not_now(found, state, now)) is not None:
            log.info("left", reason=why)
            return
        task = SweepTask(
            config=self._config,
            at=found,
            act=self.act,
            full=self._full(state, now),
            named=named or frozenset(),
            json_log=self._json_log,
        )
        mode = self._config.daemon.mode.value
        if not self._ledger.sweep_begins(
            found.cell,
            found.label,
            daemon=self._name,
            mode=mode,
            unless_begun_within=_NO_LOCK_YET,
        ):
            log.info("left", reason="another daemon has just begun to sweep it")
            return
        began = self._clock.elapsed()
        self._note(found.cell, began, "starting")
        swept = self._children.run(task, lambda doing: self._note(found.cell, began, doing))
        if isinstance(swept, Cells):  # a worker answers what it was asked
            raise TypeError("a sweep was answered with cells")
        self._end(found, task, swept, self._clock.elapsed() - began)

    def _end(self, found: FoundCell, task: SweepTask, swept: Swept, seconds: float) -> None:
        state = self._ledger.sweep_ends(found.cell, swept.result, swept.detail, full=task.full)
        self._metrics.swept(found.cell, swept, seconds, state)
        bad = swept.result in {Result.FAILED, Result.HUNG}
        tell = log.error if bad else log.info
        tell(
            "sweep over",
            result=swept.result.value,
            detail=swept.detail or None,
            seconds=round(seconds, 1),
            mode=self._config.daemon.mode.value,
            full=task.full,
            gaps=swept.gaps,
            held=swept.held,
            verdicts=dict(swept.verdicts),
            outcomes=dict(swept.outcomes),
            failures=state.failures if state is not None else None,
        )
        if state is not None:
            self._ended(found, state)

    def _note(self, cell: str, since: float, doing: str) -> None:
        with self._lock:
            self._underway[cell] = Underway(since=since, doing=doing)

    def _full(self, state: CellSweep | None, now: datetime) -> bool:
        if state is None or state.full_at is None:
            return True
        return now - state.full_at >= self._config.daemon.full_every

    def not_now(self, found: FoundCell, state: CellSweep | None, now: datetime) -> str | None:
        """Say why a cell whose time has come is not swept; None: it is."""
        if state is None:
            return None
        lock = self._ledger.held(found.cell)
        if lock is not None:
            return f"another sweep is at work here: {lock.holder}"
        every = self.every(found)
        pause = self.pause(state, every)
        if pause is not None and now < pause:
            since = describe_duration(now - (state.failing_since or now))
            return (
                f"it has failed {state.failures} times in {since}; next try at {pause:%H:%M:%S} UTC"
            )
        if state.daemon != self._name and _counts(state):
            jitter = min(self._config.daemon.jitter, every / 2)
            if now - state.started < every - jitter:
                return f"the daemon {state.daemon} swept it at {state.started:%H:%M:%S} UTC"
        return None

    def every(self, found: FoundCell) -> timedelta:
        """Tell how often a cell is swept."""
        every, _ = self._config.daemon.schedule_of(found.cell, found.label)
        return every or _BY_CRON

    def pause(self, state: CellSweep, every: timedelta) -> datetime | None:
        """Tell until when a cell that keeps failing is left alone; None: it does not."""
        if state.failures < 2 or state.finished is None:  # noqa: PLR2004 - once is no row
            return None
        longest = max(every, _LONGEST_PAUSE)
        return state.finished + min(longest, every * (1 << min(state.failures - 1, 20)))


def _counts(state: CellSweep) -> bool:
    """Whether the last sweep that began came to its end, and got to the cell."""
    if state.finished is None or state.finished < state.started:
        return False
    return state.result not in {Result.STOPPED, Result.SKIPPED}
