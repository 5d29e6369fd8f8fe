"""What Google's real API answered is read with the right count, labels, times and states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("google.auth")

from typer.testing import CliRunner

from reaper.cli.main import app
from reaper.config.places import GcePlace
from reaper.model import Cell, Ref, Relation, Resource
from reaper.providers.gce import names
from reaper.providers.gce.project import Project
from reaper.providers.protocol import Absent, Query, Reply
from tests.providers.gce.replaying import FOLDER, MISSING, PROJECT, body, recorded, replay

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)

CELL = Cell(provider="gce", scope=PROJECT, label=PROJECT)

# Flight -> the kind that its list is of, where an item tells its labels and time, and its state.
LISTS = {
    "bucket-query": (names.BUCKET, "labels", "timeCreated", None),
    "disk-query": (names.DISK, "labels", "creationTimestamp", "status"),
    "firewall-delete": (names.FIREWALL, None, "creationTimestamp", None),
    "gke-cluster-query-resourceLabels": (names.CLUSTER, "resourceLabels", "createTime", "status"),
    "instance-query": (names.INSTANCE, "labels", "creationTimestamp", "status"),
    "instance-terminate": (names.INSTANCE, "labels", "creationTimestamp", "status"),
    "lb-forwarding-rules-query": (names.FORWARDING_RULE, "labels", "creationTimestamp", None),
    "loadbalancer-address-labels": (names.ADDRESS, "labels", "creationTimestamp", "status"),
    "snapshot-delete": (names.SNAPSHOT, "labels", "creationTimestamp", "status"),
    "subnet-set-flow": (names.SUBNETWORK, None, "creationTimestamp", None),
}
LISTING = {
    "firewall-delete": "get-compute-v1-projects-cloud-custodian-global-firewalls",
    "instance-terminate": "get-compute-v1-projects-cloud-custodian-aggregated-instances",
}


def items(flight: str) -> list[dict[str, Any]]:
    """What a flight's list has, read without reaper."""
    name = LISTING.get(flight)
    page = recorded(flight, name)["body"] if name else body(flight)
    listed = page.get("clusters") or page.get("items") or []
    if isinstance(listed, dict):
        return [
            item
            for place in listed.values()
            for values in place.values()
            if isinstance(values, list)
            for item in values
        ]
    return list(listed)


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Iterator[Project]:
    with replay(request.param) as endpoint:
        project = Project(GcePlace(project=PROJECT, endpoint=endpoint), read_only=False)
        project.identity()
        yield project
        project.close()


def found(project: Project, kind: str) -> list[Resource]:
    query = Query(keys=("reaper-run",), full=True, kinds=frozenset({kind}))
    index = project.index(CELL, query)
    assert index.gaps == ()
    readings = project.read(CELL, index.candidates)
    resources = [each for each in readings.values() if isinstance(each, Resource)]
    assert len(resources) == len(readings)
    return resources


@pytest.mark.parametrize(
    ("opened", "flight"), [(each, each) for each in LISTS], indirect=["opened"]
)
def test_a_recorded_list_is_read_wholly(opened: Project, flight: str) -> None:
    kind, labels, created, state = LISTS[flight]
    wanted = {
        (
            item["name"],
            json.dumps(item.get(labels or "", {}), sort_keys=True),
            datetime.fromisoformat(item[created]),
            item[state] if state else None,
        )
        for item in items(flight)
    }

    resources = found(opened, kind)

    assert len(resources) == len(items(flight)) > 0
    assert wanted == {
        (each.name, json.dumps(dict(each.tags), sort_keys=True), each.created, each.state)
        for each in resources
    }


@pytest.mark.parametrize("opened", ["instance-query"], indirect=True)
def test_a_recorded_machine_tells_its_disks_and_network(opened: Project) -> None:
    machine = next(each for each in found(opened, names.INSTANCE) if each.edges)

    relations = {(edge.relation, edge.other.kind) for edge in machine.edges}
    assert (Relation.TAKES, names.DISK) in relations
    assert (Relation.USES, names.NETWORK) in relations


@pytest.mark.parametrize("opened", ["disk-query"], indirect=True)
def test_a_recorded_disk_tells_who_uses_it(opened: Project) -> None:
    users = {
        each.name: [edge.other.id for edge in each.others(Relation.USED_BY)]
        for each in found(opened, names.DISK)
    }

    wanted = {
        item["name"]: [user.partition(f"/{PROJECT}/")[2] for user in item.get("users", ())]
        for item in items("disk-query")
    }
    assert users == wanted


@pytest.mark.parametrize("opened", ["firewall-delete"], indirect=True)
def test_a_recorded_404_is_an_absence_and_a_recorded_deletion_is_under_way(
    opened: Project,
) -> None:
    [firewall] = found(opened, names.FIREWALL)

    answer = opened.delete(CELL, firewall)
    again = opened.read(CELL, [firewall.ref])

    assert answer.reply is Reply.STARTED
    assert answer.handle is not None
    assert answer.handle.startswith(f"compute /compute/v1/projects/{PROJECT}/global/operations/")
    assert again[firewall.ref.key] == Absent()
    assert opened.control(CELL, names.FIREWALL) is None


@pytest.mark.parametrize("opened", ["instance-terminate"], indirect=True)
def test_a_recorded_deletion_of_another_incarnation_is_told(opened: Project) -> None:
    machine = next(each for each in found(opened, names.INSTANCE) if each.name == "instance-1")
    told = recorded(
        "instance-terminate",
        "delete-compute-v1-projects-cloud-custodian-zones-us-central1-c-instances-instance-1",
    )["body"]

    answer = opened.delete(CELL, machine)

    same = machine.ref.incarnation == told["targetId"]
    assert answer.reply is (Reply.STARTED if same else Reply.FAILED)


@pytest.mark.parametrize("flight", list(LISTS))
def test_ls_lists_exactly_what_a_recording_holds(flight: str, tmp_path: Path) -> None:
    config = tmp_path / "reaper.yaml"
    with replay(flight) as endpoint:
        place = json.dumps({"project": PROJECT, "endpoint": endpoint})
        config.write_text(
            f"ledger: sqlite:///{tmp_path / 'ledger.db'}\nproviders: {{gce: [{place}]}}\n"
        )

        done = CliRunner().invoke(app, ["ls", "--all", "--json", "--config", str(config)])

    document = json.loads(done.stdout)
    kind = LISTS[flight][0]
    assert done.exit_code == 4, "what was not recorded is a gap"
    assert sorted((each["kind"], each["name"]) for each in document["items"]) == sorted(
        (kind, item["name"]) for item in items(flight)
    )
    assert {each["incarnation"] for each in document["items"]} == {
        str(item.get("id") if kind != names.BUCKET else item["timeCreated"])
        for item in items(flight)
    }
    assert not any(gap["kind"] == kind and "list" in gap["reason"] for gap in document["gaps"])


def test_a_place_without_an_identity_is_taken_at_its_word_on_this_machine_only() -> None:
    with replay("instance-query") as endpoint:
        project = Project(GcePlace(project=PROJECT, endpoint=endpoint), read_only=True)

        identity = project.identity()

    assert identity.id == PROJECT
    assert identity.notes["identity"] == "the emulator tells none"


def test_refs_of_another_project_are_not_read_here() -> None:
    with replay("instance-query") as endpoint:
        project = Project(GcePlace(project=PROJECT, endpoint=endpoint), read_only=True)
        ref = Ref(kind=names.INSTANCE, scope="another", id="zones/z/instances/i")

        readings = project.read(CELL, [ref])

    assert "nothing that" in str(readings[ref.key])
