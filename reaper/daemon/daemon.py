"""The daemon as a whole: what it starts, in which order it ends, and how it answers the API."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

import structlog

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.config import Config
from reaper.daemon.children import Children
from reaper.daemon.notify import Notifier
from reaper.daemon.presence import Presence
from reaper.daemon.rounds import Rounds
from reaper.daemon.schedule import Schedule, cron_trigger
from reaper.daemon.task import Cells, Find, FoundCell
from reaper.daemon.web import Web
from reaper.errors import LedgerError
from reaper.ledger import CellSweep, Ledger
from reaper.model import Gap
from reaper.providers.opening import modules
from reaper.service.app import build
from reaper.service.backend import Backend, Minters, Standing, said_every
from reaper.service.metrics import Metrics
from reaper.sweep.fleet import holder

log = structlog.get_logger()

_LOOK_ANEW = timedelta(hours=1)
_FOR_THE_REST = timedelta(seconds=4)  # of the time to end in, after the sweeps


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """What is known of the configured places."""

    looked: float | None = None
    unreachable: tuple[Gap, ...] = ()


class Daemon:
    """Sweeps on schedule and serves the API, from `begin` until `end`."""

    def __init__(
        self, config: Config, ledger: Ledger, *, json_log: bool, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        """Put it together; nothing is begun yet.

        Raises:
            ConfigurationError: A schedule makes no sense.
            UsageError: The address cannot be listened on.
        """
        settings = config.daemon
        for entry in settings.schedule:
            if entry.cron is not None:
                cron_trigger(entry.cron)
        self._config = config
        self._ledger = ledger
        self._clock = clock
        self._json_log = json_log
        self.name = holder(clock)
        self.metrics = Metrics()
        self.metrics.info.info({"mode": settings.mode.value})
        self._notifier = Notifier(settings.notify, ledger, self.metrics)
        self._presence = Presence(
            ledger,
            clock,
            self.metrics,
            grace=config.policy().grace,
            every=said_every(config),
        )
        self._children = Children(clock, hang_after=settings.hang_after, modules=modules(config))
        self._rounds = Rounds(
            config,
            ledger,
            clock,
            self._children,
            self.metrics,
            name=self.name,
            json_log=json_log,
            ended=self._sweep_over,
        )
        self._schedule = Schedule(settings, self._rounds.sweep, self.metrics)
        self._places = Places()
        backend = Backend(
            config=config,
            ledger=ledger,
            minters=Minters(ledger),
            sweeping=self,
            metrics=self.metrics,
            clock=clock,
        )
        self._web = Web(build(backend), settings.listen)

    @property
    def address(self) -> str:
        """Where it listens."""
        return self._web.address

    def begin(self) -> None:
        """Begin: say that the registry is up, then take beats, then sweep.

        Raises:
            LedgerError: The ledger does not answer; nothing was begun.
        """
        self._presence.begin()
        self._web.begin()
        self._schedule.begin(self._look)
        self._notifier.begin()
        log.info(
            "began",
            daemon=self.name,
            mode=self._config.daemon.mode.value,
            listen=self.address,
            ledger=self._ledger.url_shown,
            configuration=str(self._config.source),
        )

    def end(self) -> None:
        """End within the configured time; what sweeps had begun, the next start takes up."""
        within = self._config.daemon.stop_within
        log.info("ending", within=within.total_seconds())
        watchdog = threading.Timer(within.total_seconds(), _give_up)
        watchdog.daemon = True
        watchdog.start()
        starved = self._schedule.end()
        self._children.stop(max(within - _FOR_THE_REST, within / 2))
        try:
            self._ledger.sweeps_starved(starved)
        except LedgerError as error:
            log.warning("starved cells not noted", reason=str(error))
        self._schedule.turns.join(within.total_seconds())
        self._notifier.end()
        self._web.end()
        self._presence.end()
        watchdog.cancel()
        log.info("ended", daemon=self.name, starved=list(starved))

    # --- what the API asks ----------------------------------------------------------------------

    def standings(self) -> Sequence[Standing]:
        """Tell how each cell stands."""
        underway = self._rounds.underway()
        return [
            Standing(
                cell=found.cell,
                label=found.label,
                next=self._schedule.next_time(found.cell),
                doing=underway[found.cell].doing if found.cell in underway else None,
            )
            for found in self._schedule.cells
        ]

    def unreachable(self) -> Sequence[Gap]:
        """Tell which places did not say what cells they have."""
        return self._places.unreachable

    def ask(self, cells: Sequence[str] | None, named: frozenset[str]) -> Sequence[str]:
        """Sweep these cells as soon as there is a worker."""
        wanted = [
            found.cell for found in self._schedule.cells if cells is None or found.cell in cells
        ]
        for cell in wanted:
            self._rounds.ask(cell, named)
            self._schedule.hurry(cell)
        return wanted

    def sick(self) -> str | None:
        """Say which of its threads has died; None: none has."""
        alive = {
            "schedule": self._schedule.alive,
            "presence": self._presence.alive,
            "web": self._web.alive,
        }
        dead = [name for name, lives in alive.items() if not lives]
        return f"a thread has died: {', '.join(dead)}" if dead else None

    def unready(self) -> str | None:
        """Say why it should not be relied on now."""
        if self._children.stopping:
            return "the daemon is ending"
        return self._presence.missing

    # --- what the schedule calls ----------------------------------------------------------------

    def _look(self) -> None:
        """Ask the places for their cells: at the start, while one is away, and now and then."""
        now = self._clock.elapsed()
        looked = self._places.looked
        lately = looked is not None and now - looked < _LOOK_ANEW.total_seconds()
        if lately and not self._places.unreachable:
            return
        cells = self._children.run(Find(config=self._config, json_log=self._json_log))
        if not isinstance(cells, Cells):
            log.error("places not asked", reason=cells.detail)
            return
        self._places = Places(looked=now, unreachable=_gaps(cells))
        self.metrics.unreachable.set(len(cells.unfound))
        for gap in self._places.unreachable:
            log.warning("place unreachable", provider=gap.provider, reason=gap.reason)
        try:
            self._take_in(cells)
        except LedgerError as error:
            log.error("cells not scheduled", reason=str(error))  # noqa: TRY400 - it says all
            self._places = Places(unreachable=_gaps(cells))

    def _take_in(self, cells: Cells) -> None:
        known = {sweep.cell: sweep for sweep in self._ledger.sweeps()}
        now = self._ledger.now()
        found = {each.cell: each for each in reversed(cells.found)}  # the first place counts
        away = {(each.provider, each.number) for each in cells.unfound}
        self._schedule.forget(
            old.cell
            for old in self._schedule.cells
            if old.cell not in found and (old.provider, old.number) not in away
        )
        for each in found.values():
            self._schedule.add(each, known.get(each.cell), now)

    def _sweep_over(self, found: FoundCell, state: CellSweep) -> None:
        self._notifier.heard(state)
        # What was asked for while it was at work was not part of it.
        if self._rounds.asked(found.cell) and not self._children.stopping:
            self._schedule.hurry(found.cell)


def run_until_told(daemon: Daemon) -> None:
    """Run a daemon until SIGTERM or SIGINT.

    Raises:
        LedgerError: The ledger does not answer at the start.
    """
    told = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    daemon.begin()
    # Modules and routes stay to the end. Looking through them for garbage again and again was
    # measured to hold beats up for 100 ms each time.
    gc.collect()
    gc.freeze()
    told.wait()
    daemon.end()


def _gaps(cells: Cells) -> tuple[Gap, ...]:
    return tuple(
        Gap(provider=each.provider, scope="?", kind=None, reason=each.reason)
        for each in cells.unfound
    )


def _give_up() -> None:
    log.error("ended by force", reason="not everything came to its end in time")
    os._exit(1)
