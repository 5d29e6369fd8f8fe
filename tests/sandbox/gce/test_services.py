"""The services beside Compute and Storage, as their users see them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.faults import Effect, Operation, always, once
from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.cloud import operation
from reaper.sandbox.gce.services import METHODS
from reaper.sandbox.gce.world.rest import Rest
from tests.sandbox.gce.asking import ZONE, Project, refused

P = "/v1/projects/sandbox"
RING = f"{P}/locations/us-central1/keyRings/ring"
KEY = f"{RING}/cryptoKeys/key"
CLUSTER = f"{P}/locations/us-central1-a/clusters/c"
LABELS = {"reaper-run": "r-1"}


def _key(rest: Rest, **body: Any) -> dict[str, Any]:
    rest.ask("POST", f"{P}/locations/us-central1/keyRings", {}, keyRingId="ring")
    asked = {"purpose": "ENCRYPT_DECRYPT", "labels": LABELS, **body}
    return rest.ask("POST", f"{RING}/cryptoKeys", asked, cryptoKeyId="key")


def test_a_project_tells_its_number(sandbox: GoogleSandbox, rest: Rest) -> None:
    number = sandbox.projects["sandbox"]

    assert rest.ask("GET", P)["projectNumber"] == number
    assert rest.ask("GET", f"/v3/projects/{number}")["projectId"] == "sandbox"
    refused(403, "PERMISSION_DENIED", lambda: rest.ask("GET", "/v1/projects/none"))


def test_any_credentials_are_changed_for_a_token(rest: Rest) -> None:
    assert rest.ask("POST", "/token", {})["access_token"]


def test_a_key_s_version_is_destroyed_after_a_while() -> None:
    clock = VirtualClock()
    with GoogleSandbox(clock=clock, strict=True) as sandbox, Rest(sandbox.endpoint) as rest:
        key = _key(rest, destroyScheduledDuration="86400s")
        version = f"/v1/{key['primary']['name']}"

        scheduled = rest.ask("POST", f"{version}:destroy", {})

        assert scheduled["state"] == "DESTROY_SCHEDULED"
        assert scheduled["destroyTime"] == "2026-01-02T00:00:00.000000000Z"
        refused(400, "FAILED_PRECONDITION", lambda: rest.ask("POST", f"{version}:destroy", {}))
        clock.sleep(86401)
        assert rest.ask("GET", version)["state"] == "DESTROYED"
        assert rest.ask("GET", KEY)["primary"]["state"] == "DESTROYED"
        assert sandbox.violations == []


def test_a_version_can_be_restored_before_it_is_destroyed(rest: Rest) -> None:
    _key(rest)
    version = f"{KEY}/cryptoKeyVersions/1"
    rest.ask("POST", f"{version}:destroy", {})

    assert rest.ask("POST", f"{version}:restore", {})["state"] == "DISABLED"
    refused(400, "FAILED_PRECONDITION", lambda: rest.ask("POST", f"{version}:restore", {}))


def test_keys_are_listed_ring_by_ring_and_place_by_place(rest: Rest) -> None:
    _key(rest)
    rest.ask("POST", f"{KEY}/cryptoKeyVersions", {})
    rest.ask("PATCH", KEY, {"labels": {"a": "b"}}, updateMask="labels")

    rings = rest.ask("GET", f"{P}/locations/us-central1/keyRings")
    keys = rest.ask("GET", f"{RING}/cryptoKeys")
    versions = rest.ask("GET", f"{KEY}/cryptoKeyVersions", filter="state=ENABLED")

    asked = {"$alt": "json;enum-encoding=int"}
    locations = rest.ask("GET", f"{P}/locations", **asked)["locations"]
    assert {"us-central1", "global"} < {each["locationId"] for each in locations}
    assert [each["name"] for each in rings["keyRings"]] == [RING.removeprefix("/v1/")]
    assert [each["labels"] for each in keys["cryptoKeys"]] == [{"a": "b"}]
    assert versions["totalSize"] == 2
    assert "keyRings" not in rest.ask("GET", f"{P}/locations/global/keyRings")
    refused(400, "INVALID_ARGUMENT", lambda: rest.ask("GET", f"{P}/locations/-/keyRings"))
    refused(409, "ALREADY_EXISTS", lambda: _key(rest))
    refused(404, "NOT_FOUND", lambda: rest.ask("GET", f"{RING}/cryptoKeys/none"))


def test_an_account_goes_with_its_keys(rest: Rest) -> None:
    asked = {"accountId": "runner", "serviceAccount": {"displayName": "Runner"}}
    account = rest.ask("POST", f"{P}/serviceAccounts", asked)
    path = f"/v1/{account['name']}"
    key = rest.ask("POST", f"{path}/keys", {})
    by_number = f"/v1/projects/-/serviceAccounts/{account['uniqueId']}"
    assert rest.ask("GET", by_number) == rest.ask("GET", path) == account
    assert len(rest.ask("GET", f"{path}/keys")["keys"]) == 2
    mine = rest.ask("GET", f"{path}/keys", keyTypes="USER_MANAGED")["keys"]
    assert [each["name"] for each in mine] == [key["name"]]

    rest.ask("DELETE", path)

    refused(404, "NOT_FOUND", lambda: rest.ask("GET", f"/v1/{key['name']}"))
    (default,) = rest.ask("GET", f"{P}/serviceAccounts")["accounts"]
    assert default["email"].endswith("-compute@developer.gserviceaccount.com")


def test_an_account_that_is_made_again_has_another_id(rest: Rest) -> None:
    numbers = set()
    for _ in range(2):
        made = rest.ask("POST", f"{P}/serviceAccounts", {"accountId": "runner"})
        rest.ask("DELETE", f"{P}/serviceAccounts/{made['uniqueId']}")
        numbers.add(made["uniqueId"])

    assert len(numbers) == 2
    refused(
        400,
        "INVALID_ARGUMENT",
        lambda: rest.ask("POST", f"{P}/serviceAccounts", {"accountId": "short"}),
    )


def test_a_key_of_an_account_goes_alone(rest: Rest) -> None:
    account = rest.ask("POST", f"{P}/serviceAccounts", {"accountId": "runner"})
    key = rest.ask("POST", f"/v1/{account['name']}/keys", {})

    rest.ask("DELETE", f"/v1/{key['name']}")

    assert rest.ask("GET", f"/v1/{account['name']}/keys", keyTypes="USER_MANAGED") == {"keys": []}


def test_a_subscription_outlives_its_topic(rest: Rest) -> None:
    topic = rest.ask("PUT", f"{P}/topics/t", {"labels": LABELS})
    rest.ask("PUT", f"{P}/subscriptions/s", {"topic": topic["name"], "labels": LABELS})
    assert rest.ask("GET", f"{P}/topics/t/subscriptions")["subscriptions"] == [
        "projects/sandbox/subscriptions/s"
    ]

    rest.ask("DELETE", f"{P}/topics/t")

    assert rest.ask("GET", f"{P}/subscriptions/s")["topic"] == "_deleted-topic_"
    assert "topics" not in rest.ask("GET", f"{P}/topics")
    assert len(rest.ask("GET", f"{P}/subscriptions")["subscriptions"]) == 1
    rest.ask("DELETE", f"{P}/subscriptions/s")
    refused(404, "NOT_FOUND", lambda: rest.ask("GET", f"{P}/subscriptions/s"))


def test_a_topic_s_labels_can_be_changed(rest: Rest) -> None:
    rest.ask("PUT", f"{P}/topics/t", {"labels": LABELS})
    name = "projects/sandbox/topics/t"
    asked = {"topic": {"name": name, "labels": {"a": "b"}}, "updateMask": "labels"}

    rest.ask("PATCH", f"{P}/topics/t", asked)

    assert rest.ask("GET", f"{P}/topics/t")["labels"] == {"a": "b"}
    refused(409, "ALREADY_EXISTS", lambda: rest.ask("PUT", f"{P}/topics/t", {}))


@pytest.mark.parametrize("base", [P, f"{P}/locations/us-central1"])
def test_a_secret_goes_with_its_versions(sandbox: GoogleSandbox, rest: Rest, base: str) -> None:
    replication: dict[str, Any] = {"replication": {"automatic": {}}} if base == P else {}
    asked = {"labels": LABELS, **replication}
    made = rest.ask("POST", f"{base}/secrets", asked, secretId="s")
    assert made["name"].startswith(f"projects/{sandbox.projects['sandbox']}/")
    path = f"/v1/{made['name']}"
    rest.ask("POST", f"{path}:addVersion", {"payload": {"data": "eA=="}})
    assert rest.ask("GET", f"{path}/versions")["totalSize"] == 1
    assert rest.ask("GET", f"{base}/secrets", filter="labels.reaper-run:*")["totalSize"] == 1
    rest.ask("PATCH", path, {"labels": {"a": "b"}}, updateMask="labels")
    assert "secrets" not in rest.ask("GET", f"{base}/secrets", filter="labels.reaper-run:*")
    refused(400, "FAILED_PRECONDITION", lambda: rest.ask("DELETE", path, etag='"other"'))

    rest.ask("DELETE", path, etag=made["etag"])

    refused(404, "NOT_FOUND", lambda: rest.ask("GET", path))


def test_a_cluster_comes_with_nodes_and_goes_with_them(rest: Rest) -> None:
    project = Project(rest, "sandbox")
    asked = {"name": "c", "initialNodeCount": 2, "resourceLabels": LABELS}
    path = f"{P}/locations/us-central1-a/clusters"

    begun = rest.ask("POST", path, {"cluster": asked})

    cluster = rest.ask("GET", CLUSTER)
    short = cluster["id"][:8]
    node = project.names(f"{ZONE}/instances")[0]
    shown = project.get(f"{ZONE}/instances/{node}")
    assert (cluster["status"], cluster["currentNodeCount"]) == ("RUNNING", 2)
    assert node.startswith(f"gke-c-default-pool-{short}-")
    assert shown["labels"].items() > LABELS.items()
    assert shown["tags"]["items"] == [f"gke-c-{short}-node"]
    done = rest.ask("GET", f"{P}/locations/us-central1-a/operations/{begun['name']}")
    assert (done["operationType"], done["status"]) == ("CREATE_CLUSTER", "DONE")

    rest.ask("DELETE", CLUSTER)

    refused(404, "NOT_FOUND", lambda: rest.ask("GET", CLUSTER))
    for collection in ("instances", "disks", "instanceGroupManagers", "instanceTemplates"):
        assert project.names(f"aggregated/{collection}") == []
    assert not [name for name in project.names("global/firewalls") if name.startswith("gke-")]


def test_a_cluster_s_deletion_takes_its_time_and_can_fail() -> None:
    clock = VirtualClock()
    with GoogleSandbox(clock=clock, strict=True) as sandbox, Rest(sandbox.endpoint) as rest:
        rest.ask("POST", f"{P}/zones/us-central1-a/clusters", {"cluster": {"name": "c"}})
        sandbox.lags.cluster_s = 300
        sandbox.faults.add(once(Effect.LATE, Operation.DELETE))

        begun = rest.ask("DELETE", CLUSTER)

        assert rest.ask("GET", CLUSTER)["status"] == "STOPPING"
        refused(400, "FAILED_PRECONDITION", lambda: rest.ask("DELETE", CLUSTER))
        clock.sleep(301)
        operations = rest.ask("GET", f"{P}/locations/-/operations")["operations"]
        failed = {each["name"]: each["error"]["code"] for each in operations if "error" in each}
        assert failed == {begun["name"]: 13}
        assert rest.ask("GET", CLUSTER)["status"] == "RUNNING"
        assert sandbox.violations == []


def test_clusters_are_listed_everywhere_and_gaps_are_named(
    sandbox: GoogleSandbox, rest: Rest
) -> None:
    rest.ask("POST", f"{P}/locations/europe-west1/clusters", {"cluster": {"name": "c"}})
    everywhere = f"{P}/locations/-/clusters"
    assert len(rest.ask("GET", everywhere)["clusters"]) == 1

    sandbox.faults.add(once(Effect.PARTIAL, Operation.INDEX))

    assert rest.ask("GET", everywhere) == {"missingZones": ["europe-west1"]}


def test_one_search_finds_all_that_bears_a_label(sandbox: GoogleSandbox, rest: Rest) -> None:
    project = Project(rest, "sandbox")
    project.make(f"{ZONE}/disks", "d", labels=LABELS)
    project.make("global/addresses", "a", labels=LABELS)
    _key(rest)
    rest.ask("PUT", f"{P}/topics/t", {"labels": LABELS})
    rest.ask("POST", "/storage/v1/b", {"name": "bucket", "labels": LABELS}, project="sandbox")
    rest.ask("POST", "/storage/v1/b", {"name": "theirs", "labels": LABELS}, project="other")
    asked = {"name": "c", "resourceLabels": LABELS}
    rest.ask("POST", f"{P}/locations/europe-west1/clusters", {"cluster": asked})

    found = rest.ask("GET", f"{P}:searchAllResources", query="labels.reaper-run:*")["results"]

    types = {each["assetType"].partition(".googleapis.com/")[::2] for each in found}
    assert types == {
        ("cloudkms", "CryptoKey"),
        ("compute", "Disk"),
        ("compute", "GlobalAddress"),
        ("compute", "Instance"),
        ("container", "Cluster"),
        ("pubsub", "Topic"),
        ("storage", "Bucket"),
    }
    disk = next(each for each in found if each["displayName"] == "d")
    assert disk["name"] == "//compute.googleapis.com/projects/sandbox/zones/us-central1-a/disks/d"
    assert disk["project"] == f"projects/{sandbox.projects['sandbox']}"
    assert disk["location"] == "us-central1-a"
    bucket = next(each for each in found if each["displayName"] == "bucket")
    assert bucket["name"] == "//storage.googleapis.com/bucket"


def test_a_search_can_be_of_one_type_and_comes_in_pages(rest: Rest) -> None:
    pages = list(
        rest.pages(
            f"{P}:searchAllResources", assetTypes="compute.googleapis.com/Subnetwork", pageSize=2
        )
    )

    assert [len(page["results"]) for page in pages] == [2, 1]
    refused(400, "INVALID_ARGUMENT", lambda: rest.ask("GET", f"{P}:searchAllResources", query="a="))


def test_the_index_lags_behind() -> None:
    clock = VirtualClock()
    with GoogleSandbox(clock=clock, strict=True) as sandbox, Rest(sandbox.endpoint) as rest:
        clock.sleep(60)
        sandbox.faults.add(always(Effect.LAG, Operation.INDEX, delay=timedelta(seconds=30)))
        sandbox.faults.add(always(Effect.GHOST, Operation.INDEX, delay=timedelta(seconds=30)))
        search, query = f"{P}:searchAllResources", {"query": "labels:reaper-run"}
        rest.ask("PUT", f"{P}/topics/t", {"labels": LABELS})
        assert rest.ask("GET", search, **query) == {}

        clock.sleep(31)
        rest.ask("DELETE", f"{P}/topics/t")
        assert len(rest.ask("GET", search, **query)["results"]) == 1

        clock.sleep(31)
        assert rest.ask("GET", search, **query) == {}


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("cloudkms", f"{P}/locations/us-central1/keyRings"),
        ("container", f"{P}/locations/-/clusters"),
        ("iam", f"{P}/serviceAccounts"),
        ("pubsub", f"{P}/topics"),
        ("secretmanager", f"{P}/secrets"),
        ("cloudasset", f"{P}:searchAllResources"),
    ],
)
def test_each_service_says_no_in_its_words(
    sandbox: GoogleSandbox, rest: Rest, service: str, path: str
) -> None:
    for effect, status, reason in (
        (Effect.THROTTLE, 429, "RESOURCE_EXHAUSTED"),
        (Effect.DENY, 403, "PERMISSION_DENIED"),
        (Effect.FAIL, 500, "INTERNAL"),
        (Effect.BLIND, 404, "NOT_FOUND"),
    ):
        sandbox.faults.add(once(effect, Operation.INDEX))
        refused(status, reason, lambda: rest.ask("GET", path))

    sandbox.disabled.add(("sandbox", service))
    words = refused(403, "PERMISSION_DENIED", lambda: rest.ask("GET", path))
    assert f"{service}.googleapis.com has not been used" in words


def test_a_token_that_has_expired_is_refused(sandbox: GoogleSandbox, rest: Rest) -> None:
    for name in ("a", "b"):
        rest.ask("PUT", f"{P}/topics/{name}", {})
    token = rest.ask("GET", f"{P}/topics", pageSize=1)["nextPageToken"]
    sandbox.faults.add(once(Effect.EXPIRED, Operation.INDEX))

    refused(400, "INVALID_ARGUMENT", lambda: rest.ask("GET", f"{P}/topics", pageToken=token))
    refused(400, "INVALID_ARGUMENT", lambda: rest.ask("GET", f"{P}/topics", pageToken="nonsense"))


def test_what_is_new_is_hidden_for_a_while(sandbox: GoogleSandbox, rest: Rest) -> None:
    rest.ask("PUT", f"{P}/topics/t", {})
    sandbox.faults.add(once(Effect.HIDDEN, Operation.READ, delay=timedelta(hours=1)))

    refused(404, "NOT_FOUND", lambda: rest.ask("GET", f"{P}/topics/t"))

    assert rest.ask("GET", f"{P}/topics/t")


def test_destruction_is_a_deletion() -> None:
    destroying = [each.id for each in METHODS if operation(each.id) is Operation.DELETE]

    assert any(each.endswith("cryptoKeyVersions.destroy") for each in destroying)
