"""Beats that come in together are taken by one transaction, and each has its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import event

from reaper.errors import LedgerUnreachable, RunEnded, RunUnknown
from reaper.ledger import Ledger
from reaper.model import Run
from reaper.service.backend import Minters
from reaper.service.pulse import Pulse
from tests.ledger.conftest import ManualClock, clock, run_named

__all__ = ["ManualClock", "clock"]

MINE = "token-1"


@pytest.fixture
def ledger(clock: ManualClock) -> Any:
    with Ledger.open("sqlite://", clock=clock) as opened:
        for number in range(50):
            opened.start_run(run_named(f"r-{number}", clock.wall), minter=MINE)
        yield opened


def beaten(ledger: Ledger, *beats: tuple[str, str | None]) -> Sequence[Run | BaseException]:
    """What becomes of beats that come in at the same moment."""

    async def together() -> Sequence[Run | BaseException]:
        pulse = Pulse(ledger, Minters(ledger))
        return await asyncio.gather(*(pulse.beat(*beat) for beat in beats), return_exceptions=True)

    return asyncio.run(together())


def kinds(answers: Sequence[Run | BaseException]) -> list[str]:
    return [answer.id if isinstance(answer, Run) else type(answer).__name__ for answer in answers]


def test_beats_that_come_together_share_a_transaction(ledger: Ledger) -> None:
    begun: list[bool] = []
    event.listen(
        ledger._database.engine,
        "begin",
        lambda connection: begun.append(connection.get_execution_options().get("writing", False)),
    )

    answers = beaten(ledger, *((f"r-{number}", MINE) for number in range(50)))

    assert kinds(answers) == [f"r-{number}" for number in range(50)]
    assert begun.count(True) == 1


def test_each_beat_has_its_own_answer(ledger: Ledger) -> None:
    ledger.finish_run("r-1")

    answers = beaten(
        ledger, ("r-0", MINE), ("r-1", MINE), ("r-x", MINE), ("r-2", "token-2"), ("r-3", None)
    )

    assert kinds(answers) == [
        "r-0",
        RunEnded.__name__,
        RunUnknown.__name__,
        RunUnknown.__name__,
        "r-3",
    ]


def test_a_run_is_not_kept_alive_by_somebody_elses_beat(ledger: Ledger, clock: ManualClock) -> None:
    before = ledger.runs(["r-0"])
    clock.sleep(60)

    beaten(ledger, ("r-0", "token-2"), ("r-1", MINE))

    assert ledger.runs(["r-0"]) == before


def test_a_run_that_is_beaten_twice_at_once_is_renewed_once(ledger: Ledger) -> None:
    assert kinds(beaten(ledger, ("r-0", MINE), ("r-0", None))) == ["r-0", "r-0"]


def test_a_ledger_that_does_not_answer_is_told_to_each_and_asked_again_by_the_next(
    ledger: Ledger, clock: ManualClock
) -> None:
    async def there_and_back() -> list[Sequence[Run | BaseException]]:
        pulse = Pulse(ledger, Minters(ledger))
        said: list[Sequence[Run | BaseException]] = []
        for statement in ("ALTER TABLE runs RENAME TO away", "ALTER TABLE away RENAME TO runs"):
            with ledger._database.engine.begin() as connection:
                connection.exec_driver_sql(statement)
            both = (pulse.beat("r-0", MINE), pulse.beat("r-1", MINE))
            said.append(await asyncio.gather(*both, return_exceptions=True))
        return said

    away, back = asyncio.run(there_and_back())

    assert kinds(away) == [LedgerUnreachable.__name__] * 2
    assert kinds(back) == ["r-0", "r-1"]


def test_who_waits_no_more_is_not_answered(ledger: Ledger, clock: ManualClock) -> None:
    async def impatient() -> Run:
        pulse = Pulse(ledger, Minters(ledger))
        gone = asyncio.create_task(pulse.beat("r-0", MINE))
        await asyncio.sleep(0)
        gone.cancel()
        return await pulse.beat("r-1", MINE)

    assert asyncio.run(impatient()).id == "r-1"
