"""The command line before a tenancy in the sandbox: doctor, iam, init, and nothing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("oci")

from typer.testing import CliRunner, Result

from reaper.cli.main import app
from reaper.config import load
from reaper.providers.oci.kinds import KINDS
from reaper.sandbox.faults import Effect, Operation
from reaper.sandbox.oci.cloud import operation
from reaper.sandbox.oci.world import Clients
from reaper.sandbox.oci.world.builder import Builder
from reaper.sandbox.oci.world.hosts import launch
from reaper.sandbox.oci.world.network import add_network
from tests.acceptance.oracle import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import clock as clock  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import running as running  # noqa: PLC0414 - a fixture
from tests.cloudbench import STRANGER
from tests.ocibench import HOME, LINGERING, OciBench

AT_HOME = f"oci sandbox/{HOME}"
ABROAD = "oci sandbox/eu-frankfurt-1"
KEYS = ("reaper-realm", "reaper-run", "reaper-expires", "reaper-owner", "reaper-keep")


def iam(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["iam", "oci", *arguments])


def policy(bench: OciBench, *arguments: str) -> list[str]:
    bench.write_config()
    told = iam(*arguments, "--config", str(bench.config))
    assert told.exit_code == 0, told.output
    statements: list[str] = json.loads(told.stdout)["statements"]
    return statements


def administrator(bench: OciBench) -> Any:
    return Clients(bench.sandbox.endpoint, bench.sandbox.key.config(), HOME).identity


def become(bench: OciBench, statements: list[str]) -> None:
    """Let the bench be a user who may do what these say, and no more."""
    api, root = administrator(bench), bench.sandbox.tenancy
    named = {"compartmentId": root, "name": "reaper", "description": "reaper"}
    user = api.create_user(named).data["id"]
    group = api.create_group(named).data["id"]
    api.add_user_to_group({"userId": user, "groupId": group})
    api.create_policy({**named, "statements": statements})
    bench.key = bench.sandbox.key_of(user)


def define_tags(bench: OciBench, *keys: str, validator: Any = None) -> str:
    api = administrator(bench)
    space = api.create_tag_namespace(
        {"compartmentId": bench.sandbox.tenancy, "name": "reaper", "description": "runs"}
    ).data["id"]
    for key in keys:
        told = {"name": key, "description": key}
        api.create_tag(space, told if validator is None else {**told, "validator": validator})
    return str(space)


def findings(bench: OciBench, *, code: int = 0) -> dict[tuple[str, str, str], dict[str, Any]]:
    told = bench.reaper("doctor", "--json")
    assert told.code == code, told.stdout
    return {
        (each["subject"], each["check"], each["health"]): each for each in told.document["findings"]
    }


# --- iam --------------------------------------------------------------------------------------


def test_the_policy_is_json_that_ocis_own_tool_takes() -> None:
    told = iam()
    document = json.loads(told.stdout)

    assert told.exit_code == 0
    assert document.keys() == {"compartmentId", "name", "description", "statements"}
    assert "Allow group reaper to inspect compartments in tenancy" in document["statements"]
    somewhere = "compartment id ocid1.compartment.oc1..example"
    assert f"Allow group reaper to manage volume-family in {somewhere}" in document["statements"]
    assert not any(
        "manage users" in each or "manage keys" in each for each in document["statements"]
    )
    assert "nothing but tests' resources" in told.stderr
    assert "target.resource.tag.reaper.reaper-run" in iam("--json").stdout


def test_a_policy_for_looking_changes_nothing() -> None:
    statements = json.loads(iam("--read-only").stdout)["statements"]

    assert {each.split()[4] for each in statements} == {"inspect", "read"}


def test_a_policy_for_one_kind_is_small() -> None:
    told = json.loads(iam("--kind", "oci:objectstorage:bucket").stdout)["statements"]

    assert [
        each.partition(" to ")[2].replace(" id ocid1.compartment.oc1..example", "") for each in told
    ] == [
        "inspect tenancies in tenancy",
        "inspect compartments in tenancy",
        "inspect tag-namespaces in tenancy",
        "manage buckets in compartment",
        "manage objects in compartment",
    ]


def test_a_machine_is_a_dynamic_group(bench: OciBench) -> None:
    bench.options = {"credentials": "instance-principal"}

    assert all(each.startswith("Allow dynamic-group reaper ") for each in policy(bench))


def test_a_policy_of_many_compartments_is_divided(tmp_path: Path) -> None:
    compartments = [f"ocid1.compartment.oc1..c{number}" for number in range(9)]
    place = {"tenancy": "ocid1.tenancy.oc1..t", "compartments": compartments, "regions": "all"}
    config = tmp_path / "reaper.yaml"
    config.write_text(json.dumps({"providers": {"oci": [place]}}))

    whole = iam("--config", str(config))
    every = json.loads(iam("--json", "--config", str(config)).stdout)["policies"]

    assert whole.exit_code == 2
    assert f"{len(every)} parts" in whole.stderr
    assert all(len(each["statements"]) <= 50 for each in every)
    assert len({each["name"] for each in every}) == len(every)


@pytest.mark.parametrize("rooted", [True, False])
def test_the_printed_policy_suffices_for_a_whole_sweep(bench: OciBench, rooted: bool) -> None:  # noqa: FBT001 - whether users are looked at
    if not rooted:
        bench.options = {"compartments": [bench.sandbox.compartments["ci"]]}
    bench.left_by_a_run(identities=rooted)
    become(bench, policy(bench))

    swept = bench.sweep()

    assert swept.gaps == []
    assert swept.left == {}
    assert swept.code == 0
    assert swept.outcomes()["scheduled"] == LINGERING


def test_a_policy_for_looking_shows_all_but_who_shares_a_bucket_and_who_is_in_a_group(
    bench: OciBench,
) -> None:
    bench.left_by_a_run()
    whole = bench.reaper("plan", "--json", "--full").items
    become(bench, policy(bench, "--read-only"))

    seen = bench.reaper("plan", "--json", "--full")

    assert seen.gaps == []
    assert {each["id"] for each in seen.items} == {each["id"] for each in whole}
    unsure = {each["kind"] for each in seen.items if each["verdict"] != "reap"}
    assert unsure == {"oci:objectstorage:bucket", "oci:core:network-security-group"}


def test_a_policy_for_machines_suffices_for_them(bench: OciBench) -> None:
    clients = Clients(bench.sandbox.endpoint, bench.sandbox.key.config(), HOME)
    where = {"compartment": bench.ocids[0], "tenancy": bench.sandbox.tenancy, "name": "ours"}
    network = add_network(Builder(clients, STRANGER, **where))
    with bench.run() as run:
        launch(Builder(clients, run.tags, **where), network)
    kinds = [f"oci:core:{each}" for each in ("instance", "vnic", "boot-volume", "volume")]
    narrowed = [argument for kind in kinds for argument in ("--kind", kind)]
    become(bench, policy(bench, *narrowed))

    swept = bench.sweep(*narrowed)

    assert swept.gaps == []
    assert swept.outcomes() == {"gone": set(kinds)}


def test_where_identity_is_protected_the_policy_lets_it_grant_nothing(
    bench: OciBench,
) -> None:
    told = bench.places()
    config = bench.directory / "protecting.yaml"
    protect = ["kind:oci:identity:*"]
    config.write_text(json.dumps({"policy": {"protect": protect}, "providers": {"oci": told}}))

    statements = json.loads(iam("--config", str(config)).stdout)["statements"]

    managed = {each.split()[5] for each in statements if " manage " in each}
    assert not managed & {"compartments", "policies", "groups", "dynamic-groups", "users"}


# --- doctor -----------------------------------------------------------------------------------


def test_doctor_finds_an_administrator_whole(bench: OciBench) -> None:
    define_tags(bench, *KEYS)

    found = findings(bench)

    assert not [key for key in found if key[2] != "ok"]
    reached = found[f"oci {bench.sandbox.tenancy}", "reachable", "ok"]
    assert "home region us-ashburn-1" in reached["detail"]
    assert len(found[AT_HOME, "list", "ok"]["names"]) == len(KINDS)
    assert "manage instance-family in ci" in found[ABROAD, "permissions", "ok"]["names"]
    assert "defined tags reaper" in found[AT_HOME, "permissions", "ok"]["names"]


def test_doctor_finds_the_printed_policy_whole(bench: OciBench) -> None:
    define_tags(bench, *KEYS)
    bench.options = {"compartments": list(bench.ocids)}
    become(bench, policy(bench, "--simulate"))

    found = findings(bench)

    assert not [key for key in found if key[2] != "ok"]


def test_doctor_says_where_it_cannot_tell_what_is_allowed(bench: OciBench) -> None:
    bench.options = {"compartments": list(bench.ocids)}
    become(bench, policy(bench))

    told = findings(bench)[ABROAD, "permissions", "unknown"]

    assert "the policies cannot be read: NotAuthorizedOrNotFound" in told["detail"]
    assert (
        told["remedy"] == "attach what `reaper iam oci --simulate` prints, which lets it read them"
    )


def test_doctor_names_what_no_policy_grants(bench: OciBench) -> None:
    bench.options = {"compartments": list(bench.ocids)}
    lacking = ("manage volume-family", "manage vaults")
    statements = policy(bench, "--simulate")
    become(bench, [each for each in statements if not any(one in each for one in lacking)])

    found = findings(bench, code=1)

    missing = found[AT_HOME, "permissions of oci", "bad"]
    assert set(missing["names"]) == {
        f"{need} in {name}" for need in lacking for name in ("ci", "shared")
    }
    assert "missing: manage volume-family in ci" in missing["detail"]
    assert "reaper iam oci" in missing["remedy"]
    lists = found[AT_HOME, "list core", "bad"]
    assert {"oci:core:volume", "oci:core:boot-volume"} <= set(lists["names"])


@pytest.mark.parametrize(
    ("keys", "validator", "said"),
    [
        (None, None, "the tenancy has no such namespace"),
        (KEYS[:3], None, "the namespace lacks the keys reaper-owner, reaper-keep"),
        (
            KEYS,
            {"validatorType": "ENUM", "values": ["one"]},
            "only listed values are allowed for reaper-realm, reaper-run",
        ),
    ],
)
def test_doctor_tells_why_tags_cannot_be_defined(
    bench: OciBench, keys: tuple[str, ...] | None, validator: Any, said: str
) -> None:
    if keys is not None:
        define_tags(bench, *keys, validator=validator)

    told = findings(bench)[AT_HOME, "permissions", "unknown"]

    assert said in told["detail"]
    assert "freeform tags do without" in told["detail"]
    assert "docs/oci.md" in told["remedy"]


def test_doctor_says_that_a_retired_namespace_is_of_no_use(bench: OciBench) -> None:
    space = define_tags(bench, *KEYS)
    administrator(bench).update_tag_namespace(space, {"isRetired": True})

    assert "retired" in findings(bench)[AT_HOME, "permissions", "unknown"]["detail"]


def test_doctor_says_which_list_does_not_answer(bench: OciBench) -> None:
    bench.refuse(Effect.DENY, "kms.vaults.*", Operation.INDEX)

    found = findings(bench, code=1)

    assert any("oci:kms:vault" in each["names"] for key, each in found.items() if key[2] == "bad")


def test_another_tenancy_is_refused(bench: OciBench) -> None:
    bench.options = {"tenancy": "ocid1.tenancy.oc1..another"}

    told = bench.reaper("doctor", "--json")

    assert told.code == 2
    assert "the configuration wants ocid1.tenancy.oc1..another" in told.stdout


def test_looking_asks_for_nothing_that_changes(bench: OciBench) -> None:
    bench.left_by_a_run()
    before = bench.look()
    bench.sandbox.requests.reset()

    for command in (["ls", "--all"], ["plan"], ["doctor"]):
        bench.reaper(*command, "--json")

    asked = {operation(method) for _, _, method in bench.sandbox.requests.counts}
    assert asked <= {Operation.INDEX, Operation.READ, Operation.IDENTITY, Operation.POLL}
    assert bench.look() == before


# --- init -------------------------------------------------------------------------------------


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home without any configuration of OCI's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("OCI_CONFIG_FILE", "OCI_CLI_CONFIG_FILE", "OCI_CLI_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def init(home: Path) -> tuple[list[dict[str, Any]], str]:
    told = CliRunner().invoke(app, ["init", "--force", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)["found"]["oci"]
    places = load(home / "reaper.yaml", {}).providers.oci
    assert [each.tenancy for each in places] == found
    return [each.model_dump() for each in places], told.stderr


PROFILES = """\
[DEFAULT]
tenancy=ocid1.tenancy.oc1..mine
user=ocid1.user.oc1..me
fingerprint=20:3b
key_file=~/.oci/key.pem
region=eu-frankfurt-1
[CI]
tenancy=ocid1.tenancy.oc1..ci
region=us-phoenix-1
"""


def test_init_writes_the_tenancy_of_the_default_profile(home: Path) -> None:
    (home / ".oci").mkdir()
    (home / ".oci" / "config").write_text(PROFILES)

    [place], told = init(home)

    assert place["tenancy"] == "ocid1.tenancy.oc1..mine"
    assert place["regions"] == ("eu-frankfurt-1",)
    assert (place["profile"], place["config_file"]) == ("DEFAULT", None)
    assert "found oci at ocid1.tenancy.oc1..mine, the profile DEFAULT" in told
    assert "name those of your tests instead" in (home / "reaper.yaml").read_text()


@pytest.mark.parametrize("variable", ["OCI_CONFIG_FILE", "OCI_CLI_CONFIG_FILE"])
def test_init_heeds_the_tools_own_variables(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    (home / "elsewhere").write_text(PROFILES)
    monkeypatch.setenv(variable, str(home / "elsewhere"))
    monkeypatch.setenv("OCI_CLI_PROFILE", "CI")

    [place], _ = init(home)

    assert place["tenancy"] == "ocid1.tenancy.oc1..ci"
    assert (place["profile"], place["config_file"]) == ("CI", home / "elsewhere")


def test_init_says_that_there_is_no_configuration(home: Path) -> None:
    places, told = init(home)

    assert places == []
    assert "OCI has no configuration here: `oci setup config` makes one" in told


@pytest.mark.parametrize(
    ("text", "said"),
    [("[DEFAULT]\nregion=x\n", "tenancy"), ("no section", "MissingSectionHeaderError")],
)
def test_init_says_why_a_configuration_is_of_no_use(home: Path, text: str, said: str) -> None:
    (home / ".oci").mkdir()
    (home / ".oci" / "config").write_text(text)

    places, told = init(home)

    assert places == []
    assert "is no use here" in told
    assert said in told
