"""A whole subscription in a realistic mess: only what a finished run left goes."""

from __future__ import annotations

import pytest

pytest.importorskip("azure.identity")
pytest.importorskip("azure.mgmt.network")

from tests.acceptance.azure import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.azure import running as running  # noqa: PLC0414 - a fixture
from tests.azurebench import LINGERING, OTHER, STRANGER, AzureBench
from tests.results import same, without

VAULT = "azure:microsoft.keyvault/vaults"


def test_one_sweep_takes_all_that_a_run_left_and_nothing_else(bench: AzureBench) -> None:
    bench.build(STRANGER, "theirs")
    with bench.run() as alive:
        bench.build(alive.tags, "living")
        before = bench.look()
        bench.left_by_a_run()
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
    assert swept.outcomes()["scheduled"] == {VAULT}
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert again.code == 0
    assert not bench.deletions(), "a second sweep finds nothing more to delete"


def test_several_subscriptions_are_swept_together(bench: AzureBench) -> None:
    bench.subscriptions = bench.sandbox.subscriptions
    bench.build(STRANGER, "theirs", subscription=OTHER)
    before = bench.look()
    bench.left_by_a_run("ours")
    bench.left_by_a_run("also", subscription=OTHER)

    swept = bench.sweep()

    assert swept.left == {}
    assert swept.code == 0
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert {item["scope"] for item in swept.items} == set(bench.subscriptions)


def test_what_is_in_a_strangers_group_goes_by_itself(bench: AzureBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run(group="theirs-rg")

    swept = bench.sweep()

    assert swept.left == {}
    assert swept.code == 0
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert bench.deletions()["microsoft.resources/resourcegroups.delete"] == 0
