"""The daemon's side of its worker processes: started, watched, and ended where they hang."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess

import structlog

from reaper.clock import Clock
from reaper.daemon.task import Cells, Progress, Swept, Task
from reaper.daemon.worker import STOP, work
from reaper.ledger import Result

log = structlog.get_logger()

_TICK_S = 0.2
# What SQLAlchemy loads for a ledger's address; where it is not installed, none is needed.
_DRIVERS = ("sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg", "psycopg")
_LAST_WORDS_S = 1.0  # for the traceback of what hangs


@dataclass(kw_only=True, slots=True)
class Watched:
    """A worker at work.

    Attributes:
        doing: What it last said that it does.
        told: It was told to stop.
    """

    process: BaseProcess
    pipe: Connection
    since: float
    heard: float
    doing: str = "starting"
    told: bool = False


class Children:
    """Runs tasks in processes of their own; `stop` ends them all by a time."""

    def __init__(self, clock: Clock, *, hang_after: timedelta, modules: Sequence[str] = ()) -> None:
        """`modules` are what most tasks need: they are loaded once, where that is possible."""
        self._clock = clock
        self._hang_after_s = hang_after.total_seconds()
        self._context = _context(modules)
        self._deadline: float | None = None
        self._stopping = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether no more is begun."""
        return self._stopping.is_set()

    def stop(self, within: timedelta) -> None:
        """Tell every worker to stop, and kill those that are not over by then."""
        self._deadline = self._clock.elapsed() + within.total_seconds()
        self._stopping.set()

    def run(self, task: Task, doing: Callable[[str], None] = lambda _: None) -> Cells | Swept:
        """Do a task in a process of its own, to its end; `doing` hears each sign of life."""
        if self.stopping:
            return Swept(result=Result.STOPPED, detail="the daemon is ending")
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(task, theirs), name="reaper-worker")
        process.start()
        theirs.close()
        now = self._clock.elapsed()
        watched = Watched(process=process, pipe=ours, since=now, heard=now)
        try:
            return self._watch(watched, doing)
        finally:
            process.join(_LAST_WORDS_S)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
            ours.close()

    def _watch(self, watched: Watched, doing: Callable[[str], None]) -> Cells | Swept:
        while True:
            self._tell_to_stop(watched)
            try:
                said = watched.pipe.recv() if watched.pipe.poll(_TICK_S) else None
            except (EOFError, OSError):
                return self._died(watched)
            if isinstance(said, Cells | Swept):
                return said
            now = self._clock.elapsed()
            if isinstance(said, Progress):
                watched.heard, watched.doing = now, said.doing
                doing(said.doing)
            elif self._deadline is not None and now >= self._deadline:
                watched.process.kill()
                detail = f"killed while «{watched.doing}», because the daemon was ending"
                return Swept(result=Result.STOPPED, detail=detail)
            elif now - watched.heard >= self._hang_after_s:
                return self._hung(watched, now)

    def _tell_to_stop(self, watched: Watched) -> None:
        if self.stopping and not watched.told:
            watched.told = True
            try:
                watched.pipe.send(STOP)
            except OSError:
                return  # it is gone; what it said last is still to be read

    def _died(self, watched: Watched) -> Swept:
        watched.process.join(_LAST_WORDS_S)
        code = watched.process.exitcode
        how = f"by signal {-code}" if code is not None and code < 0 else f"with code {code}"
        result = Result.STOPPED if self.stopping else Result.FAILED
        return Swept(result=result, detail=f"its worker ended {how} while «{watched.doing}»")

    def _hung(self, watched: Watched, now: float) -> Swept:
        pid = watched.process.pid
        silent = f"{now - watched.heard:.0f} s"
        log.error("hung", doing=watched.doing, silent=silent, pid=pid)
        if pid is not None:
            # Its traceback goes to standard error, for whoever wonders where it hung.
            os.kill(pid, signal.SIGUSR1)
            watched.process.join(_LAST_WORDS_S)
        watched.process.kill()
        return Swept(
            result=Result.HUNG,
            detail=f"no sign of progress for {silent} while «{watched.doing}», so it was killed",
        )


def _context(modules: Sequence[str]) -> SpawnContext | ForkServerContext:
    """Say how processes are started: by a server that has loaded the modules, and nothing else.

    To load them for each sweep took more than most sweeps do. macOS' libraries do not bear a fork.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["reaper.daemon.worker", *_DRIVERS, *modules])
    return context
