"""The command line before a subscription in the sandbox: doctor, iam, init, nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("azure.identity")
pytest.importorskip("azure.mgmt.network")

from typer.testing import CliRunner, Result

from reaper.cli.main import app
from reaper.config import load
from reaper.sandbox.azure.cloud import operation
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.faults import Effect, Operation
from tests.acceptance.azure import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.azure import running as running  # noqa: PLC0414 - a fixture
from tests.azurebench import AzureBench

PLACE = f"azure {SUBSCRIPTION}"
TENANT = "00000000-0000-0000-0000-0000000000aa"
# A type that is not declared is in no role: whoever has such things adds its actions.
OF_BARS = frozenset(
    {
        "Microsoft.Foo/bars/read",
        "Microsoft.Foo/bars/delete",
        "Microsoft.Foo/locations/operations/read",
    }
)


class AllBut(set[str]):
    """The actions that a caller lacks who has only these."""

    def __init__(self, held: Iterable[str]) -> None:
        super().__init__()
        self.held = frozenset(each.lower() for each in held)

    def __contains__(self, action: object) -> bool:
        return str(action).lower() not in self.held


def iam(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["iam", "azure", *arguments])


def role(*arguments: str) -> dict[str, Any]:
    told = iam(*arguments)
    assert told.exit_code == 0, told.output
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def findings(bench: AzureBench, *, code: int = 0) -> dict[tuple[str, str, str], dict[str, Any]]:
    told = bench.reaper("doctor", "--json")
    assert told.code == code, told.stdout
    return {
        (each["subject"], each["check"], each["health"]): each for each in told.document["findings"]
    }


def test_the_role_is_json_that_az_takes(bench: AzureBench) -> None:
    bench.write_config()

    told = iam("--config", str(bench.config))
    document = json.loads(told.stdout)

    assert document["Name"] == "reaper"
    assert document["IsCustom"] is True
    assert document["AssignableScopes"] == [f"/subscriptions/{SUBSCRIPTION}"]
    assert "Microsoft.Compute/virtualMachines/delete" in document["Actions"]
    assert "Microsoft.KeyVault/locations/deletedVaults/purge/action" not in document["Actions"]
    assert not [each for each in document["Actions"] if "/write" in each or "*" in each]
    assert "nothing but tests' resources" in told.stderr


def test_a_purge_is_allowed_only_where_it_is_wanted(bench: AzureBench) -> None:
    bench.options = {"purge": True}
    bench.write_config()

    actions = role("--config", str(bench.config))["Actions"]

    assert "Microsoft.KeyVault/locations/deletedVaults/purge/action" in actions


def test_a_role_for_looking_changes_nothing() -> None:
    assert all(each.endswith("/read") for each in role("--read-only")["Actions"])


def test_a_role_for_one_kind_is_small() -> None:
    changing = [
        each
        for each in role("--kind", "azure:microsoft.compute/snapshots")["Actions"]
        if not each.endswith("/read")
    ]

    assert changing == [
        "Microsoft.Compute/snapshots/delete",
        "Microsoft.Compute/snapshots/endGetAccess/action",
    ]


@pytest.mark.parametrize("group", [None, "theirs-rg"])
@pytest.mark.parametrize("purge", [False, True])
def test_the_printed_role_suffices_for_a_whole_sweep(
    bench: AzureBench, group: str | None, *, purge: bool
) -> None:
    bench.options = {"purge": purge}
    bench.write_config()
    bench.build({"owner": "somebody"}, "theirs")
    bench.left_by_a_run(group=group)
    held = {*role("--config", str(bench.config))["Actions"], *OF_BARS}
    bench.sandbox._estate.lacking = AllBut(held)
    try:
        swept = bench.sweep()
    finally:
        bench.sandbox._estate.lacking = bench.sandbox.lacking

    assert swept.gaps == []
    assert swept.left == {}
    assert swept.code == 0


def test_doctor_finds_a_whole_role_whole(bench: AzureBench) -> None:
    found = findings(bench)

    assert not [key for key in found if key[2] != "ok"]
    assert SUBSCRIPTION in found[PLACE, "reachable", "ok"]["detail"]
    names = found[PLACE, "permissions", "ok"]["names"]
    assert "Microsoft.Compute/virtualMachines/delete" in names


def test_doctor_names_what_is_missing(bench: AzureBench) -> None:
    bench.sandbox.lacking.update({"microsoft.compute/disks/delete"})

    found = findings(bench, code=1)

    missing = [each for key, each in found.items() if key[1].startswith("permissions of")]
    assert [name for each in missing for name in each["names"]] == [
        "Microsoft.Compute/disks/delete"
    ]
    assert all("reaper iam azure" in each["remedy"] for each in missing)


def test_doctor_names_a_list_that_nobody_may_have(bench: AzureBench) -> None:
    bench.refuse(Effect.DENY, "microsoft.resourcegraph/*", Operation.INDEX)
    bench.refuse(Effect.DENY, "microsoft.resources/resources.list", Operation.INDEX)

    found = findings(bench, code=1)

    assert any(key[1].startswith("list") and key[2] == "bad" for key in found)


def test_another_tenant_is_another_place(bench: AzureBench) -> None:
    bench.options = {"tenant": "99999999-0000-0000-0000-000000000000"}

    told = bench.reaper("ls", "--json")

    assert told.code == 2
    assert "correct the place's subscription, tenant or endpoint" in told.stderr


def test_looking_asks_for_nothing_that_changes(bench: AzureBench) -> None:
    bench.left_by_a_run()
    before = bench.look()
    bench.sandbox.requests.reset()

    for command in (["ls", "--all"], ["plan"], ["doctor"]):
        bench.reaper(*command, "--json")

    changing = [
        method
        for _, _, method in bench.sandbox.requests.counts
        if operation(method) in {Operation.CREATE, Operation.DELETE}
    ]
    assert changing == []
    assert bench.look() == before


@pytest.mark.parametrize("found", ["profile", "environment", "nothing"])
def test_init_writes_the_subscription_of_the_credentials(
    found: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    if found == "profile":
        own = {"id": SUBSCRIPTION, "tenantId": TENANT, "name": "CI", "state": "Enabled"}
        other = {**own, "id": "00000000-0000-0000-0000-00000000000f", "isDefault": False}
        told_by_az = {"subscriptions": [other, {**own, "isDefault": True, "user": {"name": "me"}}]}
        (tmp_path / "azureProfile.json").write_text(json.dumps(told_by_az), encoding="utf-8-sig")
    elif found == "environment":
        monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION.upper())

    told = CliRunner().invoke(app, ["init", "--force", "--json"])

    assert told.exit_code == 0, told.output
    wanted = [] if found == "nothing" else [SUBSCRIPTION]
    assert json.loads(told.stdout)["found"]["azure"] == wanted
    said = {
        "profile": "CI, as me",
        "environment": "as AZURE_SUBSCRIPTION_ID says",
        "nothing": "Azure has no credentials here",
    }[found]
    assert said in told.stderr
    written = load(tmp_path / "reaper.yaml", {}).providers.azure
    assert [each.subscription for each in written] == wanted
