"""A whole project in a realistic mess: only what a finished run left goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytest.importorskip("googleapiclient.discovery_cache")
pytest.importorskip("google.auth")

from reaper.model import Status
from reaper.providers.gce.kinds import buckets
from reaper.sandbox.faults import Effect, Operation
from tests.acceptance.google import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.google import running as running  # noqa: PLC0414 - a fixture
from tests.cloudbench import STRANGER
from tests.googlebench import LINGERING, GoogleBench
from tests.results import same, without

HOUR = timedelta(hours=1)
READING = (Operation.INDEX, Operation.READ)


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


def test_several_projects_are_swept_together(bench: GoogleBench) -> None:
    bench.projects = ("sandbox", "other")
    bench.build(STRANGER, "theirs", project="other")
    before = bench.look()
    bench.left_by_a_run("ours")
    bench.left_by_a_run("ours-too", project="other", zone="europe-west1-b")

    swept = bench.sweep()

    assert swept.left == {}
    assert swept.code == 0
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert {item["scope"] for item in swept.items} == {"sandbox", "other"}


def test_asset_inventory_names_what_bears_labels(bench: GoogleBench) -> None:
    bench.options = {"asset_inventory": True}
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.sandbox.requests.reset()

    swept = bench.sweep()

    assert bench.sandbox.requests.count(service="cloudasset") == 1
    assert swept.gaps == []
    assert swept.left == {}
    assert swept.code == 0
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_throttling_is_no_failure(bench: GoogleBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.throttle()

    swept = bench.sweep()

    assert bench.sandbox.faults.seen[Operation.READ, Effect.THROTTLE] > 5
    assert bench.sandbox.faults.seen[Operation.DELETE, Effect.THROTTLE] == 8
    assert swept.left == {}
    assert swept.code == 0
    bench.sandbox.faults.clear()
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_operations_that_take_long_and_fail_late_are_seen_through(bench: GoogleBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.sandbox.lags.delete_s = 0.4
    bench.sandbox.lags.cluster_s = 1.0
    late = bench.refuse(Effect.LATE, "compute.*", Operation.DELETE, times=4)

    first = bench.sweep()
    bench.sandbox.faults.remove(late)
    rest = bench.sweep()

    assert bench.sandbox.faults.seen[Operation.DELETE, Effect.LATE] == 4
    assert "failed" in first.outcomes()
    assert all(first.left.values()), first.left
    assert rest.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_an_index_that_lags_and_has_ghosts_misleads_nobody(bench: GoogleBench) -> None:
    bench.options = {"asset_inventory": True}
    with bench.run() as alive:
        bench.build(alive.tags, "living")
        lag = bench.refuse(Effect.LAG, "cloudasset.*", Operation.INDEX, delay=HOUR)
        bench.refuse(Effect.GHOST, "cloudasset.*", Operation.INDEX, delay=HOUR)
        before = bench.look()
        bench.left_by_a_run()

        bench.sweep()
        bench.sandbox.faults.remove(lag)
        swept = bench.sweep()
        bench.sandbox.requests.reset()
        haunted = bench.sweep()

    assert swept.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert haunted.code == 0
    assert not bench.deletions(), "ghosts are not shot at"


def test_what_cannot_be_listed_is_a_gap_and_nothing_of_it_goes(bench: GoogleBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.refuse(Effect.DENY, "compute.instances.*", *READING)
    bench.refuse(Effect.PARTIAL, "compute.disks.aggregatedList", Operation.INDEX)

    swept = bench.sweep()
    after = bench.look_past_faults()
    bench.sandbox.faults.clear()
    rest = bench.sweep()

    assert swept.code == 4, swept.stdout
    assert same(after, before) == {}
    kinds = {gap["kind"] for gap in swept.gaps}
    assert {"gce:compute:instance", "gce:compute:disk"} <= kinds
    assert "gce:compute:instance" in without(after, before)
    assert rest.left == {}
    assert without(bench.look(), before) == LINGERING


def test_an_api_that_is_not_enabled_is_a_gap_and_not_empty(bench: GoogleBench) -> None:
    bench.left_by_a_run()
    bench.sandbox.disabled.add(("sandbox", "pubsub"))

    swept = bench.sweep()
    told = {gap["kind"]: gap["reason"] for gap in swept.gaps}
    bench.options = {"services": ["compute", "storage"]}
    narrowed = bench.sweep()

    assert swept.code == 4
    assert {"gce:pubsub:topic", "gce:pubsub:subscription"} <= told.keys()
    assert "has not enabled this API" in told["gce:pubsub:topic"]
    assert narrowed.gaps == []


def test_a_broken_connection_leaves_nothing_behind(bench: GoogleBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.refuse(Effect.LOST, "*", Operation.DELETE, chance=0.2, times=10)

    bench.sweep()
    bench.sandbox.faults.clear()
    rest = bench.sweep("--wait", "20s")

    assert rest.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_a_large_bucket_is_emptied_in_several_sweeps(
    bench: GoogleBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.left_by_a_run(objects=6)  # with two generations of each
    monkeypatch.setattr(buckets, "_PAGE", "5")
    monkeypatch.setattr(buckets, "_EMPTYING_S", -1.0)

    first, _ = bench.play()
    monkeypatch.undo()
    rest = bench.sweep("--wait", "20s")

    pending = {each.ref.kind for each in first if each.status is Status.PENDING}
    assert pending == {"gce:storage:bucket"}
    assert rest.left == {}
    assert rest.outcomes()["gone"] == {"gce:storage:bucket"}
