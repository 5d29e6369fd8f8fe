"""What the processes of a race do; each returns one word of what became of it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing.synchronize import Barrier

from reaper.errors import RunEnded, RunExists
from reaper.ledger import Ledger
from tests.ledger.conftest import run_named, volume

TTL = timedelta(minutes=1)
Racer = Callable[[Ledger, int, int], str]

_barrier: Barrier | None = None


def race(racer: Racer, url: str, *, racers: int, rounds: int = 1) -> list[list[str]]:
    """Run the racer in several processes at once; what each said, round by round."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(racers, timeout=60)
    with ProcessPoolExecutor(
        racers, mp_context=context, initializer=_line_up, initargs=(barrier,)
    ) as pool:
        running = [pool.submit(_go, racer, url, number, rounds) for number in range(racers)]
        said = [future.result(timeout=120) for future in running]
    return [list(words) for words in zip(*said, strict=True)]


def open_and_read(ledger: Ledger, number: int, turn: int) -> str:
    """Only opening is the race."""
    return str(len(ledger.list_runs()))


def start(ledger: Ledger, number: int, turn: int) -> str:
    """Start the same run."""
    try:
        ledger.start_run(run_named(f"r-{turn}", ledger.now()))
    except RunExists:
        return "exists"
    return "started"


def lock(ledger: Ledger, number: int, turn: int) -> str:
    """Take the same lock; the token, or nothing."""
    taken = ledger.acquire(f"docker/{turn}", f"holder-{number}", TTL)
    return "" if taken is None else str(taken.token)


def hand_over(ledger: Ledger, number: int, turn: int) -> str:
    """Take the one lock as soon as it is free, and give it back."""
    while (taken := ledger.acquire("docker/one", f"holder-{number}", TTL)) is None:
        time.sleep(0.001)
    ledger.release(taken)
    return str(taken.token)


def beat_or_end(ledger: Ledger, number: int, turn: int) -> str:
    """Beat a lapsed run in one process, and end it in the other."""
    run_id = f"r-{turn}"
    if number == 0:
        try:
            ledger.beat(run_id)
        except RunEnded:
            return "refused"
        return "beaten"
    return "kept" if ledger.end_lapsed(run_id, timedelta(0)) is None else "ended"


def beat_together_or_end(ledger: Ledger, number: int, turn: int) -> str:
    """The same with a beat among others, which is only taken alone if that does not do."""
    if number == 0 and f"r-{turn}" in ledger.beat_many([f"r-{turn}", "r-unknown"]):
        return "beaten"
    return beat_or_end(ledger, number, turn)


def see(ledger: Ledger, number: int, turn: int) -> str:
    """See the same things, in another order."""
    refs = [(volume(f"v{index}"), None) for index in range(300)]
    return str(len(ledger.sight(reversed(refs) if number % 2 else refs)))


def _line_up(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603 - how a process pool hands over what cannot be an argument
    _barrier = barrier


def _go(racer: Racer, url: str, number: int, rounds: int) -> list[str]:
    assert _barrier is not None
    said = []
    _barrier.wait()
    with Ledger.open(url) as ledger:
        for turn in range(rounds):
            _barrier.wait()
            said.append(racer(ledger, number, turn))
    return said
