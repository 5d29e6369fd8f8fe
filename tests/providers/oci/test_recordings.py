"""What OCI's real API answered is read with the right count, tags, times and states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("oci")

from typer.testing import CliRunner

from reaper.cli.main import app
from reaper.config.places import OciPlace
from reaper.model import Cell, Ref, Resource
from reaper.providers.oci import names
from reaper.providers.oci.kinds import KINDS
from reaper.providers.oci.tenancy import Tenancy
from reaper.providers.protocol import Absent, Query, Reply
from reaper.sandbox.oci import OciSandbox
from tests.providers.oci.replaying import (
    COMPARTMENT,
    FOLDER,
    MISSING,
    REGION,
    TENANCY,
    Exchange,
    Replay,
    cassettes,
    exchanges,
    replay,
)

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)

CELL = Cell(provider="oci", scope=f"{TENANCY}/{REGION}", label="recorded")
OFF = "TestInstance.test_instance_power_off"


def listings() -> list[Any]:
    """Each recorded list of a kind, with its cassette; none where nothing is recorded."""
    return [
        pytest.param(cassette, each, id=f"{cassette} {each.kind}")
        for cassette in cassettes()
        for each in exchanges(cassette)
        if each.kind is not None
    ]


@pytest.fixture(scope="module")
def config_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("oci") / "config"
    replace(OciSandbox().key, tenancy=TENANCY).write(path)
    return path


def place(replaying: Replay, config_file: Path) -> dict[str, Any]:
    return {
        "tenancy": TENANCY,
        "compartments": [TENANCY, COMPARTMENT],
        "regions": [REGION],
        "config_file": str(config_file),
        "endpoint": replaying.address,
    }


@contextmanager
def opened(cassette: str, config_file: Path) -> Iterator[tuple[Tenancy, Replay]]:
    with replay(cassette) as replaying:
        tenancy = Tenancy(OciPlace.model_validate(place(replaying, config_file)), read_only=False)
        tenancy.identity()
        yield tenancy, replaying
        tenancy.close()


def scanned(tenancy: Tenancy, kind: str) -> list[Resource]:
    """Everything of a kind that a full scan names, read."""
    found = tenancy.index(CELL, Query(keys=("reaper-run",), full=True, kinds=frozenset({kind})))
    assert not [gap for gap in found.gaps if gap.kind == kind]
    readings = tenancy.read(CELL, found.candidates)
    assert all(isinstance(each, Resource) for each in readings.values()), readings
    return [each for each in readings.values() if isinstance(each, Resource)]


def flat(item: dict[str, Any]) -> dict[str, str]:
    """The tags of both sorts, read without reaper."""
    defined = {
        f"{namespace}.{key}": value
        for namespace, tags in item["definedTags"].items()
        for key, value in tags.items()
    }
    return {**defined, **item["freeformTags"]}


def alive(listed: Exchange) -> list[dict[str, Any]]:
    return [each for each in listed.body if each.get("lifecycleState") != "TERMINATED"]


@pytest.mark.parametrize(("cassette", "listed"), listings())
def test_a_recorded_list_is_scanned_with_the_right_count_tags_and_states(
    cassette: str, listed: Exchange, config_file: Path
) -> None:
    assert listed.kind is not None
    wanted = {
        (
            str(item.get("displayName") or item["name"]),
            json.dumps(flat(item), sort_keys=True),
            item.get("lifecycleState"),
        )
        for item in alive(listed)
    }

    with opened(cassette, config_file) as (tenancy, _):
        # A bucket is read by itself: what was recorded of that is from after its tags were changed.
        found = scanned(tenancy, listed.kind)

    assert len(found) == len(alive(listed)) > 0
    if KINDS[listed.kind].whole:
        assert wanted == {
            (each.name, json.dumps(dict(each.tags), sort_keys=True), each.state) for each in found
        }
        times = {datetime.fromisoformat(item["timeCreated"]) for item in alive(listed)}
        assert {each.created for each in found} == times
    else:
        assert {each.name for each in found} == {item["name"] for item in listed.body}
        assert all(dict(each.tags).items() >= {("Project", "CNCF")} for each in found)


def test_of_21_instances_of_which_20_are_terminated_one_is_alive(config_file: Path) -> None:
    with opened(OFF, config_file) as (tenancy, replaying):
        [live] = scanned(tenancy, names.INSTANCE)
        refs = [
            Ref(kind=names.INSTANCE, scope=f"{CELL.scope}/{COMPARTMENT}", id=ocid)
            for ocid in replaying.items
        ]
        readings = tenancy.read(CELL, refs)

    assert len(refs) == 21
    assert live.name == "instance20230615123052"
    over = [each for each in readings.values() if each == Absent(detail="it is TERMINATED")]
    assert len(over) == 20


def test_what_an_instance_is_bound_to_was_not_recorded_so_that_it_stays(config_file: Path) -> None:
    with opened(OFF, config_file) as (tenancy, _):
        [live] = scanned(tenancy, names.INSTANCE)

    assert "what it is bound to cannot be told" in str(live.unread)


def test_a_deletion_is_on_the_condition_of_the_recorded_etag(config_file: Path) -> None:
    with opened(OFF, config_file) as (tenancy, replaying):
        [live] = scanned(tenancy, names.INSTANCE)
        [again] = tenancy.read(CELL, [live.ref]).values()
        assert isinstance(again, Resource)
        answer = tenancy.delete(CELL, again)

    assert answer.reply is Reply.UNCERTAIN, "the answer to it was not recorded"
    [(method, path, condition)] = replaying.sent
    assert (method, path) == ("DELETE", f"/20160918/instances/{live.ref.id}")
    assert condition == "99b92ca40b3d364533d47cd65b58b78a75a9e563f0ef0d6bdcee723ea2e56e11"


def test_what_a_recorded_search_names_is_a_candidate(config_file: Path) -> None:
    cassette = "TestSubnet.test_add_defined_tag_to_subnet"
    with opened(cassette, config_file) as (tenancy, replaying):
        named = tenancy.index(CELL, Query(keys=("Project",)))
        [reading] = tenancy.read(CELL, named.candidates).values()

    assert [ref.kind for ref in named.candidates] == [names.SUBNET]
    assert isinstance(reading, Resource)
    assert reading.ref.id in replaying.items
    assert reading.tags["cloud-custodian-test.mark-for-resize"] == "true"


def test_a_bucket_that_tells_no_time_is_shown_and_not_judged(config_file: Path) -> None:
    cassette = "TestObjectStorage.test_add_freeform_tag_to_bucket"
    ref = Ref(
        kind=names.BUCKET,
        scope=f"{CELL.scope}/{COMPARTMENT}",
        id="test_bucket",
        incarnation="2023-06-09T20:20:46.000Z",
    )
    with opened(cassette, config_file) as (tenancy, _):
        [reading] = tenancy.read(CELL, [ref]).values()

    assert isinstance(reading, Resource)
    assert reading.ref == ref, "it is not taken for another one"
    assert "OCI's answer tells no timeCreated" in str(reading.unread)


@pytest.mark.parametrize("cassette", cassettes())
def test_ls_lists_exactly_what_a_recording_holds(
    cassette: str, config_file: Path, tmp_path: Path
) -> None:
    config = tmp_path / "reaper.yaml"
    with replay(cassette) as replaying:
        text = json.dumps([place(replaying, config_file)])
        config.write_text(f"ledger: sqlite:///{tmp_path}/ledger.db\nproviders: {{oci: {text}}}\n")

        done = CliRunner().invoke(app, ["ls", "--all", "--json", "--config", str(config)])

    document = json.loads(done.stdout)
    lists = [each for each in exchanges(cassette) if each.kind is not None]
    assert done.exit_code == 4, "what was not recorded is a gap"
    assert sorted((each["kind"], each["name"]) for each in document["items"]) == sorted(
        (each.kind, item.get("displayName") or item["name"])
        for each in lists
        for item in alive(each)
    )
