"""A real engine in a realistic mess: only what a finished run left goes."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reaper.ledger import Ledger
from tests.acceptance.workbench import Workbench, items

if TYPE_CHECKING:
    import docker

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]


@pytest.fixture
def bench(docker_engine: docker.DockerClient, busybox: str, tmp_path: Path) -> Iterator[Workbench]:
    made = Workbench(engine=docker_engine, image=busybox, directory=tmp_path)
    yield made
    made.tidy()


def test_only_what_a_finished_run_left_goes_and_the_rest_says_why_it_stays(
    bench: Workbench,
) -> None:
    with bench.run() as dead:
        left = bench.mess(dead.tags, "dead", each=6)
        left |= bench.anonymous_of(left) | {bench.image_of(dead, "dead")}
        untold = bench.image_of(dead, "untold", journaled=False)
        renamed = bench.image_of(dead, "renamed")
        shared = str(
            bench.engine.networks.create(f"shared-{bench.mark}", labels=bench.labels(dead.tags)).id
        )
    stranger = bench.container({}, network=f"shared-{bench.mark}")
    unlabelled = bench.mess({}, "stranger", each=1)
    unlabelled |= bench.anonymous_of(unlabelled)
    bench.engine.images.get(renamed).tag(f"kept-{bench.mark}", "1")
    bench.engine.images.remove(f"renamed-{bench.mark}:1")
    garbled = {
        bench.container({**dead.tags, "reaper-run": value})
        for value in ("Nightly Run #42", "", "a" * 64)
    }
    elsewhere = bench.container({**dead.tags, "reaper-realm": "another-team"})
    with bench.run() as alive:
        living = bench.mess(alive.tags, "alive", each=2)
        living |= bench.anonymous_of(living) | {bench.image_of(alive, "alive")}

        plan = bench.reaper("plan", "--json")
        before = bench.there(left)
        sweep = bench.reaper("sweep", "--yes", "--json")
        table = bench.reaper("sweep", "--yes")

    assert before == left, "a plan changes nothing"
    assert plan.returncode == 3, plan.stderr
    planned = items(plan.stdout)
    assert {each for each, item in planned.items() if item["verdict"] == "reap"} >= left
    assert {planned[each]["verdict"] for each in {*garbled, renamed}} == {"quarantine"}
    assert {planned[each]["verdict"] for each in living} == {"keep"}

    assert sweep.returncode == 3, sweep.stderr
    swept = items(sweep.stdout)
    assert bench.there(left) == set()
    assert {swept[each]["outcome"] for each in left} == {"gone"}
    assert swept[shared]["outcome"] == "blocked"
    assert stranger in swept[shared]["blocked_by"][0]
    kept = {*living, *unlabelled, stranger, *garbled, shared, elsewhere, untold, renamed}
    assert bench.there(kept) == kept
    assert json.loads(sweep.stdout)["complete"] is True
    assert table.returncode == 3


def test_a_sweep_killed_in_the_middle_is_finished_by_the_next(bench: Workbench) -> None:
    with bench.run() as dead:
        left = bench.mess(dead.tags, "dead", each=6)
    stranger = bench.container({})

    first = bench.start("sweep", "--yes", "--json")
    while len(bench.there(left)) > len(left) - 5:
        assert first.poll() is None, "the sweep was over before it could be killed"
        time.sleep(0.03)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    midway = bench.there(left)
    second = bench.reaper("sweep", "--yes", "--json")

    assert midway
    assert second.returncode == 0, second.stderr
    assert bench.there(left) == set()
    assert bench.there({stranger}) == {stranger}
    assert _gone(bench) >= left
    assert _open_intents(bench) == 0


def test_two_sweeps_at_once_delete_each_resource_once(bench: Workbench) -> None:
    with bench.run() as dead:
        left = bench.mess(dead.tags, "dead", each=3)

    sweeps = [bench.start("sweep", "--yes", "--json") for _ in range(2)]
    codes = [sweep.wait(timeout=200) for sweep in sweeps]
    for sweep in sweeps:
        sweep.communicate()

    assert codes == [0, 0]
    assert bench.there(left) == set()
    intents = Counter(
        event.ref.id
        for event in _ledger(bench).events(limit=10_000)
        if event.kind == "intent" and event.ref is not None
    )
    assert set(intents.values()) == {1}
    assert set(intents) >= left


def _ledger(bench: Workbench) -> Ledger:
    return Ledger.open(f"sqlite:///{bench.directory / 'ledger.db'}")


def _gone(bench: Workbench) -> set[str]:
    return {
        outcome.ref.id for outcome in _ledger(bench).outcomes() if outcome.status.value == "gone"
    }


def _open_intents(bench: Workbench) -> int:
    cell = f"docker/{bench.engine.info()['ID']}"
    return len(_ledger(bench).open_intents(cell))
