"""The command line before a project in the sandbox: doctor, iam, init, and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("googleapiclient.discovery_cache")
pytest.importorskip("google.auth")

import yaml
from typer.testing import CliRunner, Result

from reaper.cli.main import app
from reaper.config import load
from reaper.providers.gce.kinds import KINDS
from tests.acceptance.google import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.google import running as running  # noqa: PLC0414 - a fixture
from tests.googlebench import GoogleBench

PLACE = "gce sandbox"


class AllBut(set[str]):
    """The permissions that a caller lacks who has only these."""

    def __init__(self, held: Iterable[str]) -> None:
        super().__init__()
        self.held = frozenset(held)

    def __contains__(self, permission: object) -> bool:
        return permission not in self.held


def iam(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["iam", "gce", *arguments])


def role(bench: GoogleBench, *arguments: str) -> list[str]:
    bench.write_config()
    told = iam(*arguments, "--config", str(bench.config))
    assert told.exit_code == 0, told.output
    permissions: list[str] = yaml.safe_load(told.stdout)["includedPermissions"]
    return permissions


def findings(bench: GoogleBench, *, code: int = 0) -> dict[tuple[str, str, str], dict[str, Any]]:
    told = bench.reaper("doctor", "--json")
    assert told.code == code, told.stdout
    return {
        (each["subject"], each["check"], each["health"]): each for each in told.document["findings"]
    }


def test_the_role_is_yaml_that_gcloud_takes() -> None:
    told = iam()
    document = yaml.safe_load(told.stdout)

    assert told.exit_code == 0
    assert document["stage"] == "GA"
    assert document["title"] == "reaper"
    assert "compute.instances.delete" in document["includedPermissions"]
    assert "cloudkms.cryptoKeyVersions.destroy" not in document["includedPermissions"]
    assert not [each for each in document["includedPermissions"] if "setLabels" in each]
    assert "cannot look at labels" in iam("--json").stdout
    assert "nothing but tests' resources" in told.stderr


def test_a_role_for_looking_changes_nothing() -> None:
    permissions = yaml.safe_load(iam("--read-only").stdout)["includedPermissions"]

    assert all(each.rpartition(".")[2][:4] in {"get", "list"} for each in permissions)


def test_a_role_for_one_kind_is_small() -> None:
    told = yaml.safe_load(iam("--kind", "gce:compute:snapshot").stdout)["includedPermissions"]

    assert told == [
        "compute.globalOperations.get",
        "compute.instanceTemplates.list",
        "compute.regionOperations.get",
        "compute.snapshots.delete",
        "compute.snapshots.get",
        "compute.snapshots.list",
        "compute.zoneOperations.get",
        "resourcemanager.projects.get",
    ]


def test_the_printed_role_suffices_for_a_whole_sweep(bench: GoogleBench) -> None:
    bench.left_by_a_run()
    bench.sandbox._estate.lacking = AllBut(role(bench))
    try:
        swept = bench.sweep()
    finally:
        bench.sandbox._estate.lacking = bench.sandbox.lacking

    assert swept.gaps == []
    assert swept.left == {}
    assert swept.code == 0


def test_doctor_finds_a_whole_role_whole(bench: GoogleBench) -> None:
    found = findings(bench)

    assert not [key for key in found if key[2] != "ok"]
    answers = found[PLACE, "reachable", "ok"]
    assert bench.sandbox.projects["sandbox"] in answers["detail"]
    assert len(found[PLACE, "list", "ok"]["names"]) == len(KINDS)
    assert "compute.instances.delete" in found[PLACE, "permissions", "ok"]["names"]


def test_doctor_names_what_is_missing(bench: GoogleBench) -> None:
    bench.sandbox.lacking.update({"compute.disks.delete", "pubsub.topics.list"})

    found = findings(bench, code=1)

    missing = [each for key, each in found.items() if key[1].startswith("permissions of")]
    assert {"compute.disks.delete", "pubsub.topics.list"} == {
        name for each in missing for name in each["names"]
    }
    assert all("reaper iam gce" in each["remedy"] for each in missing)
    assert any(key[1].startswith("list ") and key[2] == "bad" for key in found)


def test_doctor_names_an_api_that_is_not_enabled(bench: GoogleBench) -> None:
    bench.sandbox.disabled.add(("sandbox", "cloudkms"))

    found = findings(bench, code=1)

    [told] = [each for key, each in found.items() if key[1] == "list gce:kms:key"]
    assert "has not enabled this API" in told["detail"]


def test_another_number_is_another_project(bench: GoogleBench) -> None:
    bench.options = {"number": "1"}

    told = bench.reaper("ls", "--json")

    assert told.code == 2
    assert "the configuration wants sandbox with 1" in told.stderr


def test_looking_asks_for_nothing_that_changes(bench: GoogleBench) -> None:
    bench.left_by_a_run()
    before = bench.look()
    bench.sandbox.requests.reset()

    for command in (["ls", "--all"], ["plan"], ["doctor"]):
        bench.reaper(*command, "--json")

    changing = [
        method
        for _, _, method in bench.sandbox.requests.counts
        if method.rpartition(".")[2]
        not in {
            "aggregatedList",
            "get",
            "list",
            "listManagedInstances",
            "listNetworkEndpoints",
            "listReferrers",
            "testIamPermissions",
        }
    ]
    assert changing == []
    assert bench.look() == before


@pytest.mark.parametrize("there", [True, False])
def test_init_writes_the_project_of_the_credentials(
    there: bool,  # noqa: FBT001 - whether there are any
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    key = tmp_path / "key.json"
    if there:
        key.write_text(json.dumps(_service_account()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    told = CliRunner().invoke(app, ["init", "--force", "--json"])

    assert told.exit_code == 0, told.output
    wanted = ["my-project"] if there else []
    assert json.loads(told.stdout)["found"]["gce"] == wanted
    said = "as reaper@my-project" if there else "Google Cloud has no credentials here"
    assert said in told.stderr
    assert [each.project for each in load(tmp_path / "reaper.yaml", {}).providers.gce] == wanted


def _service_account() -> dict[str, str]:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - comes with google-auth
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - as above

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": "my-project",
        "client_email": "reaper@my-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": text.decode(),
        "private_key_id": "1",
    }
