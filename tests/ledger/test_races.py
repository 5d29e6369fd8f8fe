"""What holds when several processes do the same thing at once, on one database."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from reaper.errors import RunExists
from reaper.ledger import Ledger
from tests.ledger import racers
from tests.ledger.conftest import ManualClock, run_named
from tests.ledger.racers import Racer, race

ROUNDS = 20
HOUR = timedelta(hours=1)


def test_several_may_be_the_first_to_open_a_ledger(shared_url: str) -> None:
    assert race(racers.open_and_read, shared_url, racers=4) == [["0"] * 4]


def test_a_run_is_started_by_one(shared_url: str) -> None:
    said = race(racers.start, shared_url, racers=2, rounds=ROUNDS)

    assert [sorted(words) for words in said] == [["exists", "started"]] * ROUNDS


def test_a_cell_is_locked_by_one(shared_url: str) -> None:
    said = race(racers.lock, shared_url, racers=2, rounds=ROUNDS)

    assert all(bool(first) != bool(second) for first, second in said)


def test_no_token_is_given_out_twice(shared_url: str) -> None:
    said = race(racers.hand_over, shared_url, racers=3, rounds=ROUNDS)

    tokens = [token for words in said for token in words]
    assert len(set(tokens)) == 3 * ROUNDS


@pytest.mark.parametrize("racer", [racers.beat_or_end, racers.beat_together_or_end])
def test_of_a_beat_and_the_end_one_wins(shared_url: str, racer: Racer) -> None:
    with Ledger.open(shared_url) as ledger:
        for turn in range(ROUNDS):
            ledger.take_in(run_named(f"r-{turn}", ledger.now() - HOUR))

        said = race(racer, shared_url, racers=2, rounds=ROUNDS)

        assert {tuple(words) for words in said} <= {("beaten", "kept"), ("refused", "ended")}
        for turn, (beat, _) in enumerate(said):
            ended = ledger.runs([f"r-{turn}"])[f"r-{turn}"].ended
            assert (ended is None) == (beat == "beaten")


def test_sweeps_that_see_the_same_things_do_not_wait_for_each_other(shared_url: str) -> None:
    assert race(racers.see, shared_url, racers=2, rounds=5) == [["300", "300"]] * 5


def test_many_threads_share_one_ledger(ledger: Ledger, clock: ManualClock) -> None:
    def start(number: int) -> bool:
        try:
            ledger.start_run(run_named(f"r-{number % 10}", clock.wall))
        except RunExists:
            return False
        ledger.beat(f"r-{number % 10}")
        return True

    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(start, range(80)))

    assert started.count(True) == 10
    assert len(ledger.list_runs(alive=True)) == 10


def test_a_child_that_was_forked_while_another_thread_wrote_can_write(shared_url: str) -> None:
    with Ledger.open(shared_url) as ledger, ThreadPoolExecutor(1) as pool:
        inside, over = threading.Event(), threading.Event()

        def hold() -> None:
            with ledger._database.writing():
                inside.set()
                over.wait(30)

        holding = pool.submit(hold)
        inside.wait(30)
        child = os.fork()
        if child == 0:
            try:
                with ledger._database.queue:
                    os._exit(0)
            finally:
                os._exit(1)
        over.set()
        holding.result(30)

        assert os.waitpid(child, 0)[1] == 0
