"""Takes beats together: whatever came in while one transaction was under way is the next one.

A beat alone costs as much as a hundred in one transaction, and all of them want the same lock on
SQLite.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from reaper.errors import RunUnknown
from reaper.ledger import Ledger
from reaper.model import Run
from reaper.service.backend import Minters

Answer = Run | Exception


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A beat that is not taken yet.

    Attributes:
        minter: Whose the run must be; None: anybody's.
    """

    run_id: str
    minter: str | None
    answer: asyncio.Future[Run]

    def tell(self, answer: Answer) -> None:
        """Let the request have its answer, unless it waits no more."""
        if self.answer.done():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Pulse:
    """Renews leases for requests that are served by one event loop."""

    def __init__(self, ledger: Ledger, minters: Minters) -> None:
        self._ledger = ledger
        self._minters = minters
        self._waiting: list[Waiting] = []
        self._work: asyncio.Task[None] | None = None
        self._alone: set[asyncio.Task[None]] = set()

    async def beat(self, run_id: str, minter: str | None) -> Run:
        """Renew a run's lease.

        Raises:
            RunEnded: The run is over; it must not create anything more.
            RunUnknown: It was never registered, or is not the minter's.
            LedgerError: The ledger does not answer.
        """
        loop = asyncio.get_running_loop()
        waiting = Waiting(run_id=run_id, minter=minter, answer=loop.create_future())
        self._waiting.append(waiting)
        if self._work is None:
            self._work = loop.create_task(self._take_all())
        return await waiting.answer

    async def _take_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            answers: Sequence[Answer | None]
            try:
                answers = await run_in_threadpool(self._take, batch)
            except Exception as error:  # noqa: BLE001 - each of the requests tells of it
                answers = [error] * len(batch)
            for waiting, answer in zip(batch, answers, strict=True):
                if answer is None:
                    self._begin_alone(waiting)
                else:
                    waiting.tell(answer)
        self._work = None

    def _take(self, batch: Sequence[Waiting]) -> list[Answer | None]:
        """Answer beats by one transaction; None: it has to be taken alone."""
        minters = self._minters.of_many(each.run_id for each in batch)
        good = [each.minter in {None, minters.get(each.run_id)} for each in batch]
        runs = self._ledger.beat_many(
            each.run_id for each, own in zip(batch, good, strict=True) if own
        )
        return [
            runs.get(each.run_id) if own else unknown(each.run_id)
            for each, own in zip(batch, good, strict=True)
        ]

    def _begin_alone(self, waiting: Waiting) -> None:
        task = asyncio.create_task(self._take_alone(waiting))
        self._alone.add(task)  # the loop itself keeps no hold of it
        task.add_done_callback(self._alone.discard)

    async def _take_alone(self, waiting: Waiting) -> None:
        try:
            waiting.tell(await run_in_threadpool(self._ledger.beat, waiting.run_id))
        except Exception as error:  # noqa: BLE001 - the request tells of it
            waiting.tell(error)


def unknown(run_id: str) -> RunUnknown:
    """Say that a run is not theirs; whether there is such a run, others are not told."""
    return RunUnknown(f"this token started no run {run_id}")
