"""A whole subscription in a realistic mess: only what a finished run left goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytest.importorskip("azure.identity")
pytest.importorskip("azure.mgmt.network")

from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.rest import Rest
from reaper.sandbox.faults import Effect, Operation
from tests.acceptance.azure import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.azure import running as running  # noqa: PLC0414 - a fixture
from tests.azurebench import LINGERING, OTHER, AzureBench
from tests.cloudbench import STRANGER
from tests.results import same, without

HOUR = timedelta(hours=1)
READING = (Operation.INDEX, Operation.READ)
BASE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = "azure:microsoft.resources/resourcegroups"
VAULT = "azure:microsoft.keyvault/vaults"
GROUP_DELETED = "microsoft.resources/resourcegroups.delete"


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


def test_an_empty_group_of_a_run_is_a_leftover_and_a_strangers_is_not(bench: AzureBench) -> None:
    with bench.run() as run, Rest(bench.sandbox.endpoint) as rest:
        rest.put(f"{BASE}/resourceGroups/Ours", {"location": "westeurope", "tags": run.tags})
        rest.put(f"{BASE}/resourceGroups/theirs", {"location": "westeurope"})

    swept = bench.sweep()

    assert swept.left == {}
    assert [name for _, _, name in bench.look()] == [f"{BASE}/resourcegroups/theirs"]


def test_an_unknown_type_with_a_runs_tags_is_found_deleted_and_seen_gone(
    bench: AzureBench,
) -> None:
    with bench.run() as run, Rest(bench.sandbox.endpoint) as rest:
        group = f"{BASE}/resourceGroups/theirs"
        rest.put(group, {"location": "westeurope"})
        bar = f"{group}/providers/Microsoft.Foo/bars/bar"
        rest.put(bar, {"location": "westeurope", "tags": run.tags, "properties": {}})

    swept = bench.sweep()

    item = swept.item("azure:microsoft.foo/bars", bar.lower())
    assert (item["outcome"], item["detail"]) == ("gone", "deleted, and seen gone")
    assert [kind for kind, _, _ in bench.look()] == [GROUP]


@pytest.mark.parametrize("scope", ["group", "subscription", "disk"])
def test_a_lock_is_respected_at_every_scope(bench: AzureBench, scope: str) -> None:
    world = bench.left_by_a_run()
    where = {"group": world.group, "subscription": BASE, "disk": world.id("loose")}[scope]
    with Rest(bench.sandbox.endpoint) as rest:
        lock = f"{where}/providers/Microsoft.Authorization/locks/keep"
        rest.put(lock, {"properties": {"level": "CanNotDelete"}})
    bench.sandbox.requests.reset()

    swept = bench.sweep()

    disk = swept.item("azure:microsoft.compute/disks", world.id("loose").lower())
    group = swept.item(GROUP, world.group.lower())
    assert (disk["outcome"], group["outcome"]) == ("protected", "protected")
    assert "the CanNotDelete lock keep at" in disk["detail"]
    assert bench.deletions()[GROUP_DELETED] == 0
    left = {kind for kind, _, _ in bench.look()}
    if scope == "disk":
        assert "azure:microsoft.compute/virtualmachines" not in left, "the others go one by one"
    else:
        assert "azure:microsoft.compute/virtualmachines" in left


def test_a_lock_that_nobody_may_list_keeps_everything(bench: AzureBench) -> None:
    bench.left_by_a_run()
    bench.sandbox.lacking.add("microsoft.authorization/locks/read")
    before = bench.look_past_lacks()
    bench.sandbox.requests.reset()

    swept = bench.sweep()

    assert bench.look_past_lacks() == before
    assert not bench.deletions()
    assert {item["rule"] for item in swept.items} == {"unsure"}
    assert "whether it is locked cannot be told" in swept.items[0]["reason"]


def test_a_strangers_thing_in_a_runs_group_stays_with_the_group_and_the_rest_goes(
    bench: AzureBench,
) -> None:
    with bench.run() as run:
        world = bench.build(run.tags, "ours")
        with Rest(bench.sandbox.endpoint) as rest:
            theirs = f"{world.group}/providers/Microsoft.Foo/bars/theirs"
            rest.put(theirs, {"location": "westeurope", "properties": {"precious": True}})
    bench.sandbox.requests.reset()

    swept = bench.sweep()

    assert swept.code == 3
    group = swept.item(GROUP, world.group.lower())
    assert group["outcome"] == "blocked"
    assert theirs.lower() in " ".join(group["blocked_by"])
    assert bench.deletions()[GROUP_DELETED] == 0
    assert {name for _, _, name in bench.look() if "deletedvaults" not in name} == {
        world.group.lower(),
        theirs.lower(),
    }


def test_a_kept_member_keeps_the_group_and_the_rest_goes(bench: AzureBench) -> None:
    until = "4102444800"
    with bench.run() as run:
        world = bench.build(run.tags, "ours")
        with Rest(bench.sandbox.endpoint) as rest:
            kept = {**run.tags, "reaper-keep": until}
            rest.ask("PATCH", world.id("bar"), {"tags": kept})

    swept = bench.sweep()

    group = swept.item(GROUP, world.group.lower())
    assert group["outcome"] == "blocked"
    assert "bars/ours-bar" in group["detail"]
    assert {kind for kind, _, _ in bench.look()} - LINGERING == {
        GROUP,
        "azure:microsoft.foo/bars",
    }


def test_what_comes_into_a_group_at_the_last_moment_keeps_it(bench: AzureBench) -> None:
    world = bench.left_by_a_run()
    theirs = f"{world.group}/providers/Microsoft.Foo/bars/late"

    def add(step: str) -> None:
        if step == "intended":
            with Rest(bench.sandbox.endpoint) as rest:
                rest.put(theirs, {"location": "westeurope", "properties": {}})

    outcomes, _ = bench.play(at=add)

    [group] = [each for each in outcomes if each.ref.id == world.group.lower()]
    assert group.status == "blocked"
    assert "has just come into the group" in group.detail
    assert theirs.lower() in [name for _, _, name in bench.look()]
    assert bench.deletions()[GROUP_DELETED] == 0


def test_a_vault_is_scheduled_with_its_date_and_purged_where_a_person_wants_that(
    bench: AzureBench,
) -> None:
    world = bench.left_by_a_run()

    first = bench.sweep()
    bench.options = {"purge": True}
    run = first.items[0]["run"]
    second = bench.reaper("clean", run, "--yes", "--json")

    vault = first.item(VAULT, world.id("vault").lower())
    assert vault["outcome"] == "scheduled"
    assert vault["until"] is not None
    assert second.item(VAULT, world.id("vault").lower())["outcome"] == "gone"
    assert bench.look() == {}


def test_a_vault_goes_for_good_with_its_group_where_that_is_wanted(bench: AzureBench) -> None:
    bench.options = {"purge": True}
    bench.left_by_a_run()

    swept = bench.sweep()

    assert swept.left == {}
    assert swept.outcomes().keys() == {"gone"}
    assert bench.look() == {}


def test_purge_protection_is_reported_and_respected(bench: AzureBench) -> None:
    bench.options = {"purge": True}
    with bench.run() as run:
        world = bench.build(run.tags, "ours")
        with Rest(bench.sandbox.endpoint) as rest:
            vault = world.id("vault")
            rest.ask("PATCH", vault, {"properties": {"enablePurgeProtection": True}})

    swept = bench.sweep()

    item = swept.item(VAULT, vault.lower())
    assert item["outcome"] == "scheduled"
    assert item["until"] is not None
    assert {kind for kind, _, _ in bench.look()} == LINGERING


def test_throttling_is_no_failure(bench: AzureBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run(group="theirs-rg")
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


def test_operations_that_take_long_and_fail_late_are_seen_through(bench: AzureBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run(group="theirs-rg")
    bench.sandbox.lags.delete_s = 0.3
    bench.sandbox.lags.cluster_s = 0.8
    late = [
        bench.refuse(Effect.LATE, "microsoft.*", Operation.DELETE, times=2),
        bench.refuse(Effect.LATE, "microsoft.*", Operation.DELETE, times=2, code="ScopeLocked"),
        bench.refuse(Effect.LATE, "microsoft.*", Operation.DELETE, times=2, code="NicInUse"),
    ]

    first = bench.sweep()
    for each in late:
        bench.sandbox.faults.remove(each)
    rest = bench.sweep("--wait", "30s")

    assert bench.sandbox.faults.seen[Operation.DELETE, Effect.LATE] == 6
    assert {"failed", "protected"} <= first.outcomes().keys()
    assert all(first.left.values()), first.left
    assert rest.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_a_group_that_fails_late_says_why_and_what_is_left_goes_later(bench: AzureBench) -> None:
    world = bench.left_by_a_run()
    words = "The scope '/x' cannot perform delete operation because following scope(s) are locked"
    bench.refuse(
        Effect.LATE, GROUP_DELETED, Operation.DELETE, times=1, code="ScopeLocked", detail=words
    )

    first = bench.sweep()
    rest = bench.sweep()

    group = first.item(GROUP, world.group.lower())
    assert group["outcome"] == "protected"
    assert words in group["detail"]
    assert rest.left == {}


def test_an_operation_is_taken_up_again_by_another_process(bench: AzureBench) -> None:
    world = bench.left_by_a_run()
    bench.sandbox.lags.group_s = 3.0

    first, _ = bench.play(verify_s=0.2)
    bench.sandbox.lags.group_s = 0.0
    asked = bench.deletions()[GROUP_DELETED]
    second = bench.sweep("--wait", "20s")

    assert {str(each.status) for each in first if each.ref.id == world.group.lower()} == {"pending"}
    assert bench.sandbox.requests.count(operation="microsoft.resources/operations.get") > 1
    assert (asked, bench.deletions()[GROUP_DELETED]) == (1, 1)
    assert second.left == {}
    assert {kind for kind, _, _ in bench.look()} == LINGERING


def test_a_group_of_which_nobody_may_list_the_graph_is_found_by_the_lists(
    bench: AzureBench,
) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    # Who uses an identity is asked of the graph alone.
    bench.refuse(Effect.DENY, "microsoft.resourcegraph/*", Operation.INDEX, times=1)
    bench.sandbox.page = 7

    swept = bench.sweep()

    assert bench.sandbox.faults.seen[Operation.INDEX, Effect.DENY] == 1
    assert swept.gaps == []
    assert swept.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_what_cannot_be_listed_is_a_gap_and_not_empty(bench: AzureBench) -> None:
    bench.left_by_a_run()
    bench.refuse(Effect.DENY, "microsoft.resourcegraph/*", Operation.INDEX)
    bench.refuse(Effect.EXPIRED, "microsoft.resources/resources.list", Operation.INDEX)
    bench.sandbox.page = 7
    before = bench.look_past_faults()

    swept = bench.sweep()

    assert swept.code == 4
    assert any("the list of resources" in gap["reason"] for gap in swept.gaps)
    after = bench.look_past_faults()
    assert len(after) > len(before) / 2, "what was not listed is not judged"


def test_what_cannot_be_read_stays(bench: AzureBench) -> None:
    world = bench.left_by_a_run()
    bench.refuse(Effect.DENY, "microsoft.compute/virtualmachines.get", Operation.READ)

    swept = bench.sweep()
    bench.sandbox.faults.clear()
    rest = bench.sweep("--wait", "20s")

    assert swept.code == 4
    assert bench.deletions()["microsoft.compute/virtualmachines.delete"] <= 1
    reasons = {gap["kind"]: gap["reason"] for gap in swept.gaps}
    assert "AuthorizationFailed" in reasons["azure:microsoft.compute/virtualmachines"]
    assert world.id("machine").lower() in reasons["azure:microsoft.compute/virtualmachines"]
    assert rest.left == {}


def test_an_index_that_lags_and_has_ghosts_misleads_nobody(bench: AzureBench) -> None:
    with bench.run() as alive:
        bench.build(alive.tags, "living")
        lag = bench.refuse(Effect.LAG, "microsoft.resourcegraph/*", Operation.INDEX, delay=HOUR)
        bench.refuse(Effect.GHOST, "microsoft.resourcegraph/*", Operation.INDEX, delay=HOUR)
        before = bench.look()
        bench.left_by_a_run()

        late = bench.sweep()
        full = bench.sweep("--full")
        bench.sandbox.faults.remove(lag)
        bench.sandbox.requests.reset()
        haunted = bench.sweep()

    assert late.items == [] or not late.left
    assert full.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert haunted.code == 0
    assert not bench.deletions(), "ghosts are not shot at"


def test_a_broken_connection_leaves_nothing_behind(bench: AzureBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run(group="theirs-rg")
    bench.refuse(Effect.LOST, "*", Operation.DELETE, chance=0.2, times=10)

    bench.sweep()
    bench.sandbox.faults.clear()
    rest = bench.sweep("--wait", "20s")

    assert rest.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
