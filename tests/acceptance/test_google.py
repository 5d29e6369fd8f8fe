"""A whole project in a realistic mess: only what a finished run left goes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("googleapiclient.discovery_cache")
pytest.importorskip("google.auth")

from collections.abc import Iterator

from reaper.sandbox.gce import GoogleSandbox
from tests.googlebench import LINGERING, STRANGER, GoogleBench
from tests.results import same, without


@pytest.fixture(scope="module")
def running() -> Iterator[GoogleSandbox]:
    with GoogleSandbox(projects=("sandbox", "other"), strict=True) as sandbox:
        yield sandbox


@pytest.fixture
def bench(running: GoogleSandbox, tmp_path: Path) -> Iterator[GoogleBench]:
    running.reset()
    yield GoogleBench(sandbox=running, directory=tmp_path)

    assert running.violations == []


def test_one_sweep_takes_all_that_a_run_left_and_nothing_else(bench: GoogleBench) -> None:
    bench.build(STRANGER, "theirs")
    with bench.run() as alive:
        bench.build(alive.tags, "living")
        before = bench.look()
        bench.left_by_a_run(objects=30)
        bench.sandbox.requests.reset()

        plan = bench.reaper("plan", "--json")
        deleted_by_plan = bench.deletions()
        swept = bench.sweep()
        after = bench.look()
        bench.sandbox.requests.reset()
        again = bench.sweep()

    assert plan.code == 3, plan.stderr
    assert not deleted_by_plan
    assert swept.left == {}
    assert swept.code == 0
    assert swept.gaps == []
    assert swept.outcomes().keys() == {"gone", "scheduled"}
    assert swept.outcomes()["scheduled"] == {"gce:kms:key"}
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert again.code == 0
    assert not bench.deletions(), "a second sweep finds nothing more to delete"
