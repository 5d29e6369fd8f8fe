"""A tenancy in a realistic mess: only what a finished run left goes."""

from __future__ import annotations

import pytest

pytest.importorskip("oci")

from tests.acceptance.oracle import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import running as running  # noqa: PLC0414 - a fixture
from tests.ocibench import LINGERING, STRANGER, OciBench
from tests.results import same, without


def test_one_sweep_takes_all_that_runs_left_and_nothing_else(bench: OciBench) -> None:
    bench.build(STRANGER, "theirs")
    with bench.run() as alive:
        bench.build(alive.tags, "living", compartment="shared")
        before = bench.look()
        bench.left_by_a_run(objects=30)
        bench.left_by_a_run(
            "abroad", compartment="shared", region="eu-frankfurt-1", identities=False
        )
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
    assert swept.gaps == []
    assert swept.code == 0
    assert swept.outcomes().keys() == {"gone", "scheduled"}
    assert swept.outcomes()["scheduled"] == LINGERING
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert again.code == 0
    assert not bench.deletions(), "a second sweep finds nothing more to delete"
