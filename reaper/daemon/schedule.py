"""When each cell is swept: one job a cell, made anew from the configuration at each start."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from reaper.config.daemon import DaemonSettings
from reaper.daemon.task import FoundCell
from reaper.daemon.turns import Turns
from reaper.errors import ConfigurationError
from reaper.ledger import CellSweep, Result
from reaper.service.metrics import Metrics

log = structlog.get_logger()

_LOOK = "places"
_AT_ONCE = timedelta(0)
_BAD = frozenset({Result.FAILED, Result.HUNG})


class Schedule:
    """One job a cell, with its own interval or cron; of each job one at a time, late ones once."""

    def __init__(
        self,
        settings: DaemonSettings,
        sweep: Callable[[FoundCell], None],
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._sweep = sweep
        self._metrics = metrics
        self._cells: dict[str, FoundCell] = {}
        self.turns = Turns(settings.workers)
        self._looker = Turns(1)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": self.turns, _LOOK: self._looker},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._not_begun, EVENT_JOB_MAX_INSTANCES)

    def begin(self, look: Callable[[], None]) -> None:
        """Start; `look` is called at once and then as often as cells are swept."""
        self._scheduler.add_job(
            look,
            IntervalTrigger(seconds=self._settings.every.total_seconds(), timezone=UTC),
            id=_LOOK,
            executor=_LOOK,
            next_run_time=datetime.now(UTC),
        )
        self._scheduler.start()

    @property
    def alive(self) -> bool:
        """Whether the scheduler's thread is there."""
        thread = getattr(self._scheduler, "_thread", None)
        return bool(self._scheduler.running and thread is not None and thread.is_alive())

    @property
    def cells(self) -> tuple[FoundCell, ...]:
        """The cells that have a job."""
        return tuple(self._cells.values())

    def next_time(self, cell: str) -> datetime | None:
        """Tell when a cell is due next; None where it has no job."""
        job = self._scheduler.get_job(cell)
        found: datetime | None = None if job is None else job.next_run_time
        return found

    def add(self, found: FoundCell, state: CellSweep | None, now: datetime) -> None:
        """Give a cell its job; one that starved or failed goes first, one long due soon."""
        if self._cells.get(found.cell) == found:
            return
        if state is not None and (state.starved or state.result in _BAD):
            self.turns.prefer(found.cell)
        every, _ = self._settings.schedule_of(found.cell, found.label)
        trigger = self.trigger(found)
        first: dict[str, Any] = {}
        if every is not None:
            wait = _AT_ONCE if state is None else max(_AT_ONCE, state.started + every - now)
            spread = timedelta(seconds=random.uniform(0, self._jitter_s(every)))  # noqa: S311
            first["next_run_time"] = datetime.now(UTC) + (
                min(wait, every) + spread if wait else wait
            )
        self._cells[found.cell] = found
        self._metrics.known(found.cell)
        self._scheduler.add_job(
            self._sweep,
            trigger,
            args=(found,),
            id=found.cell,
            name=found.label,
            replace_existing=True,
            **first,
        )

    def forget(self, cells: Iterable[str]) -> None:
        """Take the jobs of cells away that are no more."""
        for cell in cells:
            if self._cells.pop(cell, None) is not None:
                self._scheduler.remove_job(cell)
                log.warning("cell gone", cell=cell)

    def hurry(self, cell: str) -> None:
        """Let a cell be swept as soon as there is a worker, before the others."""
        self.turns.prefer(cell)
        self._scheduler.modify_job(cell, next_run_time=datetime.now(UTC))

    def trigger(self, found: FoundCell) -> Any:
        """Say by which rule a cell comes due.

        Raises:
            ConfigurationError: Its cron makes no sense.
        """
        every, cron = self._settings.schedule_of(found.cell, found.label)
        if every is not None:
            jitter = self._jitter_s(every)
            return IntervalTrigger(
                seconds=every.total_seconds(), jitter=jitter or None, timezone=UTC
            )
        return cron_trigger(cron or "", self._settings.jitter)

    def end(self) -> tuple[str, ...]:
        """Begin nothing more; the cells that were due and had no turn."""
        self._looker.close()
        starved = self.turns.close()
        self._scheduler.shutdown(wait=False)
        return starved

    def _jitter_s(self, every: timedelta) -> float:
        return min(self._settings.jitter, every / 2).total_seconds()

    def _not_begun(self, event: Any) -> None:
        cell = event.job_id
        if cell == _LOOK:
            return
        if cell in self.turns.running():
            self._metrics.overrunning.labels(cell).set(1)
            log.warning("overrun", cell=cell, reason="it is due again and still at work")
        else:
            self.turns.prefer(cell)
            self._metrics.starved.labels(cell).inc()
            log.warning("starved", cell=cell, reason="no worker was free; it goes first now")


def cron_trigger(cron: str, jitter: timedelta = _AT_ONCE) -> Any:
    """Read five fields of a crontab, in UTC.

    Raises:
        ConfigurationError: They make no sense.
    """
    try:
        trigger = CronTrigger.from_crontab(cron, timezone=UTC)
    except ValueError as error:
        raise ConfigurationError(
            f"daemon.schedule: the cron {cron!r} makes no sense: {error}"
        ) from error
    # Within the minute, so that two fields that fit never run into one another.
    trigger.jitter = min(jitter.total_seconds(), 30) or None
    return trigger
