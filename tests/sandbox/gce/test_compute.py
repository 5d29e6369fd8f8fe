"""Compute as its users see it: what it creates, shows, lists and deletes."""

from __future__ import annotations

import pytest

from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.compute.kinds import COLLECTIONS
from tests.sandbox.gce.asking import GLOBAL, REGION, ZONE, Project, fails, refused

BOOT = [{"boot": True, "autoDelete": True, "initializeParams": {"diskSizeGb": "10"}}]


def _instance(project: Project, name: str, **body: object) -> dict[str, object]:
    return project.make(f"{ZONE}/instances", name, **({"disks": BOOT} | body))


def test_a_new_project_has_a_default_network(project: Project) -> None:
    assert project.names("global/networks") == ["default"]
    assert project.names("aggregated/subnetworks") == ["default"] * 3
    assert len(project.names("global/routes")) == 4


def test_an_instance_comes_with_its_boot_disk(project: Project) -> None:
    made = _instance(project, "vm", labels={"reaper-run": "r-1"})

    disk = project.get(f"{ZONE}/disks/vm")
    assert made["status"] == "RUNNING"
    assert made["labels"] == {"reaper-run": "r-1"}
    assert disk["users"] == [made["selfLink"]]
    assert disk["id"] != made["id"]


def test_auto_delete_disks_go_with_the_instance_and_others_stay(project: Project) -> None:
    project.make(f"{ZONE}/disks", "data")
    _instance(project, "vm", disks=[*BOOT, {"source": f"{ZONE}/disks/data"}])

    project.drop(f"{ZONE}/instances/vm")

    assert project.names(f"{ZONE}/disks") == ["data"]
    assert "users" not in project.get(f"{ZONE}/disks/data")


def test_a_name_that_is_used_again_has_another_id(project: Project) -> None:
    before = project.make(f"{ZONE}/disks", "data")
    project.drop(f"{ZONE}/disks/data")

    after = project.make(f"{ZONE}/disks", "data")

    assert before["id"] != after["id"]


def test_a_name_that_is_in_use_is_refused(project: Project) -> None:
    project.make(f"{ZONE}/disks", "data")

    words = refused(409, "alreadyExists", lambda: project.make(f"{ZONE}/disks", "data"))

    assert words == "The resource 'projects/sandbox/zones/us-central1-a/disks/data' already exists"


def test_what_is_not_there_is_not_found(project: Project) -> None:
    words = refused(404, "notFound", lambda: project.get("global/firewalls/test"))

    assert words == "The resource 'projects/sandbox/global/firewalls/test' was not found"


def test_what_names_something_that_is_not_there_is_refused(project: Project) -> None:
    refused(
        404,
        "notFound",
        lambda: project.make("global/firewalls", "f", network="global/networks/none"),
    )


def test_a_disk_in_use_stays_and_says_who_uses_it(project: Project) -> None:
    _instance(project, "vm")

    words = refused(400, "resourceInUseByAnotherResource", lambda: project.drop(f"{ZONE}/disks/vm"))

    assert "already being used by 'projects/sandbox/zones/us-central1-a/instances/vm'" in words


def test_a_protected_instance_stays(project: Project) -> None:
    _instance(project, "vm", deletionProtection=True)

    refused(400, "invalidResourceUsage", lambda: project.drop(f"{ZONE}/instances/vm"))

    path = f"{ZONE}/instances/vm/setDeletionProtection"
    project.ask("POST", path, deletionProtection=False)
    project.drop(f"{ZONE}/instances/vm")
    assert project.names(f"{ZONE}/instances") == []


def test_a_network_in_use_fails_late(project: Project) -> None:
    project.make("global/networks", "net", autoCreateSubnetworks=False)
    project.make("global/firewalls", "ssh", network="global/networks/net")

    words = fails(
        "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", lambda: project.drop("global/networks/net")
    )

    assert "projects/sandbox/global/firewalls/ssh" in words
    assert "net" in project.names("global/networks")


def test_a_network_takes_its_own_routes_and_subnets_along(project: Project) -> None:
    routes = set(project.names("global/routes"))
    project.make("global/networks", "net")

    project.drop("global/networks/net")

    assert set(project.names("global/routes")) == routes
    assert project.names("aggregated/subnetworks") == ["default"] * 3


def test_a_subnet_of_an_auto_network_goes_only_with_it(project: Project) -> None:
    project.make("global/networks", "net")

    refused(400, "invalidResourceUsage", lambda: project.drop(f"{REGION}/subnetworks/net"))


def test_a_subnet_s_own_route_cannot_be_deleted(project: Project) -> None:
    routes = project.get("global/routes")["items"]
    local = next(each["name"] for each in routes if "nextHopNetwork" in each)

    refused(400, "invalid", lambda: project.drop(f"global/routes/{local}"))


def test_labels_change_only_with_the_fingerprint_of_those_before(project: Project) -> None:
    disk = project.make(f"{ZONE}/disks", "data")
    body = {"labels": {"a": "b"}, "labelFingerprint": disk["labelFingerprint"]}
    path = f"{ZONE}/disks/data/setLabels"

    project.rest.done(project.ask("POST", path, body))

    assert project.get(f"{ZONE}/disks/data")["labels"] == {"a": "b"}
    refused(412, "conditionNotMet", lambda: project.ask("POST", path, body))


def test_the_same_request_begins_one_operation(project: Project) -> None:
    token = "11111111-1111-4111-8111-111111111111"
    project.make(f"{ZONE}/disks", "data")

    one, other = (
        project.ask("DELETE", f"{ZONE}/disks/data", requestId=token)["name"] for _ in range(2)
    )

    assert one == other


def test_disks_of_zones_and_regions_are_listed_together(project: Project) -> None:
    project.make(f"{ZONE}/disks", "zonal", labels={"a": "b"})
    project.make(f"{REGION}/disks", "regional", labels={"a": "b"}, replicaZones=[])

    listed = project.get("aggregated/disks", filter="labels.a:*")["items"]

    assert [each["name"] for each in listed[ZONE]["disks"]] == ["zonal"]
    assert [each["name"] for each in listed[REGION]["disks"]] == ["regional"]
    assert listed["zones/us-east1-b"]["warning"]["code"] == "NO_RESULTS_ON_PAGE"


def test_pages_are_of_the_size_that_was_asked_for(project: Project) -> None:
    for number in range(5):
        project.make(f"{ZONE}/disks", f"d{number}")

    pages = list(project.rest.pages(f"{project.base}aggregated/disks", maxResults=2))

    shown = [[each["name"] for each in page["items"][ZONE].get("disks", ())] for page in pages]
    assert shown == [["d0", "d1"], ["d2", "d3"], ["d4"]]


def test_what_goes_between_two_pages_shifts_nothing(project: Project) -> None:
    for number in range(4):
        project.make(f"{ZONE}/disks", f"d{number}")
    first = project.get(f"{ZONE}/disks", maxResults=2)

    project.drop(f"{ZONE}/disks/d0")

    token = first["nextPageToken"]
    assert project.names(f"{ZONE}/disks", maxResults=2, pageToken=token) == ["d2", "d3"]


def test_a_page_of_more_than_500_is_refused(project: Project) -> None:
    refused(400, "invalid", lambda: project.get("aggregated/disks", maxResults=501))


def test_a_filter_that_cannot_be_read_is_refused(project: Project) -> None:
    refused(400, "invalid", lambda: project.get("aggregated/disks", filter="labels.a:"))


def test_another_project_s_things_are_not_listed(project: Project) -> None:
    Project(project.rest, "other").make(f"{ZONE}/disks", "theirs")

    assert project.names("aggregated/disks") == []


def test_a_project_that_is_not_there_is_not_found(project: Project) -> None:
    refused(404, "notFound", lambda: Project(project.rest, "none").get("global/networks"))


def test_a_project_tells_its_number(sandbox: GoogleSandbox, project: Project) -> None:
    assert (
        project.rest.ask("GET", "/compute/v1/projects/sandbox")["id"] == sandbox.projects["sandbox"]
    )


def test_zones_and_regions_are_listed(project: Project) -> None:
    assert "us-central1-a" in project.names("zones")
    assert "us-central1" in project.names("regions")
    assert project.get("regions/us-central1")["status"] == "UP"


@pytest.mark.parametrize("name", [each.name for each in COLLECTIONS.values() if each.aggregated])
def test_what_can_be_listed_everywhere_is(project: Project, name: str) -> None:
    assert project.get(f"aggregated/{name}")["kind"].endswith("AggregatedList")


@pytest.mark.parametrize(
    ("name", "scope"),
    [(each.name, scope.value) for each in COLLECTIONS.values() for scope in each.scopes],
)
def test_every_collection_can_be_listed_in_its_places(
    project: Project, name: str, scope: str
) -> None:
    place = {"zones": ZONE, "regions": REGION, "global": GLOBAL}[scope]

    assert project.get(f"{place}/{name}")["kind"].endswith("List")
