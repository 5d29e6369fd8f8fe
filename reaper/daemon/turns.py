"""Whose turn it is: an executor for APScheduler whose few workers take first what needs it most."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job


@dataclass(order=True, slots=True)
class Due:
    """A job that waits for a worker; what went wrong last time, or waited too long, goes first."""

    urgent: int
    order: int
    job: Any = field(compare=False)
    run_times: Any = field(compare=False)


class Turns(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Lets at most `workers` jobs run at once.

    A job that is due again while it still waits has starved: it goes before all that has not.
    """

    def __init__(self, workers: int) -> None:
        super().__init__()
        self._workers = workers
        self._due: list[Due] = []
        self._first: set[str] = set()
        self._running: set[str] = set()
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._threads: list[threading.Thread] = []

    def start(self, scheduler: Any, alias: str) -> None:
        """Begin to take jobs."""
        super().start(scheduler, alias)
        for number in range(self._workers):
            thread = threading.Thread(
                target=self._work, args=(alias,), name=f"turn-{number}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def prefer(self, job_id: str) -> None:
        """Let a job go first when it is due next, or now if it waits."""
        with self._changed:
            self._first.add(job_id)
            for due in self._due:
                if due.job.id == job_id:
                    due.urgent = 0

    def waiting(self) -> tuple[str, ...]:
        """Name the jobs that are due and have no worker, in the order of their turns."""
        with self._changed:
            return tuple(due.job.id for due in sorted(self._due))

    def running(self) -> frozenset[str]:
        """Name the jobs that are at work."""
        with self._changed:
            return frozenset(self._running)

    def close(self) -> tuple[str, ...]:
        """Begin nothing more; the jobs that were due and had no turn."""
        starved = self.waiting()
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify_all()
        return starved

    def join(self, timeout_s: float) -> None:
        """Wait for what is at work."""
        for thread in self._threads:
            thread.join(timeout_s)

    def _do_submit_job(self, job: Any, run_times: Any) -> None:
        with self._changed:
            urgent = 0 if job.id in self._first else 1
            self._first.discard(job.id)
            self._due.append(
                Due(urgent=urgent, order=next(self._numbers), job=job, run_times=run_times)
            )
            self._changed.notify()

    def _work(self, alias: str) -> None:
        while (due := self._next()) is not None:
            try:
                events = run_job(due.job, alias, due.run_times, self._logger.name)
            finally:
                with self._changed:
                    self._running.discard(due.job.id)
            self._run_job_success(due.job.id, events)

    def _next(self) -> Due | None:
        with self._changed:
            while not self._closed:
                if self._due:
                    due = min(self._due)
                    self._due.remove(due)
                    self._running.add(due.job.id)
                    return due
                self._changed.wait()
            return None
