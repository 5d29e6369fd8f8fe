"""What goes wrong goes wrong in Google's own words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http.client import RemoteDisconnected

import pytest

from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.faults import Effect, Fault, Operation, always, once
from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.cloud import operation
from reaper.sandbox.gce.dialect import permission_of
from reaper.sandbox.gce.world.rest import Rest
from tests.sandbox.gce.asking import ZONE, Project, fails, refused


@pytest.mark.parametrize(
    ("method", "sort"),
    [
        ("compute.instances.aggregatedList", Operation.INDEX),
        ("compute.regionDisks.list", Operation.INDEX),
        ("compute.networks.get", Operation.READ),
        ("compute.zoneOperations.get", Operation.POLL),
        ("compute.globalOperations.wait", Operation.POLL),
        ("compute.disks.delete", Operation.DELETE),
        ("compute.disks.insert", Operation.CREATE),
    ],
)
def test_methods_are_sorted(method: str, sort: Operation) -> None:
    assert operation(method) is sort


def test_compute_throttles_with_403(sandbox: GoogleSandbox, project: Project) -> None:
    sandbox.faults.add(once(Effect.THROTTLE, Operation.INDEX))

    refused(403, "rateLimitExceeded", lambda: project.names("global/networks"))

    assert project.names("global/networks") == ["default"]


def test_a_lost_permission_names_itself(sandbox: GoogleSandbox, project: Project) -> None:
    sandbox.faults.add(
        Fault(
            effect=Effect.DENY,
            operations=frozenset({Operation.INDEX}),
            kind="compute.networks.*",
            scope="sandbox/global",
        )
    )

    words = refused(403, "forbidden", lambda: project.names("global/networks"))

    assert words == (
        "Required 'compute.networks.list' permission for 'projects/sandbox/global/networks'"
    )
    assert project.names("global/firewalls")


@pytest.mark.parametrize(
    ("method", "permission"),
    [
        ("compute.regionDisks.delete", "compute.disks.delete"),
        ("compute.globalAddresses.list", "compute.globalAddresses.list"),
        ("compute.instances.aggregatedList", "compute.instances.list"),
        ("cloudkms.projects.locations.keyRings.list", "cloudkms.keyRings.list"),
        ("cloudasset.searchAllResources", "cloudasset.assets.searchAllResources"),
    ],
)
def test_permissions_are_called_as_iam_calls_them(method: str, permission: str) -> None:
    assert permission_of(method) == permission


def test_a_permission_that_is_lacking_is_lacking_for_each_call_that_needs_it(
    sandbox: GoogleSandbox, project: Project
) -> None:
    project.make(f"{ZONE}/disks", "data")
    sandbox.lacking.add("compute.disks.delete")
    asked = {"permissions": ["compute.disks.delete", "compute.disks.get"]}

    held = project.rest.ask("POST", "/v1/projects/sandbox:testIamPermissions", asked)

    assert held == {"permissions": ["compute.disks.get"]}
    refused(403, "forbidden", lambda: project.drop(f"{ZONE}/disks/data"))
    assert project.get(f"{ZONE}/disks/data")
    sandbox.reset()
    assert project.rest.ask("POST", "/v3/projects/sandbox:testIamPermissions", asked) == asked


def test_an_internal_error_is_one(sandbox: GoogleSandbox, project: Project) -> None:
    sandbox.faults.add(once(Effect.FAIL, Operation.INDEX))

    refused(503, "backendError", lambda: project.names("global/networks"))


def test_a_disabled_api_is_not_an_empty_list(sandbox: GoogleSandbox, project: Project) -> None:
    sandbox.disabled.add(("sandbox", "compute"))

    words = refused(403, "accessNotConfigured", lambda: project.names("global/networks"))

    assert sandbox.projects["sandbox"] in words
    assert Project(project.rest, "other").names("global/networks") == ["default"]


def test_a_blinded_caller_finds_nothing(sandbox: GoogleSandbox, project: Project) -> None:
    sandbox.faults.add(once(Effect.BLIND, Operation.READ))

    refused(404, "notFound", lambda: project.get("global/networks/default"))


def test_a_name_is_taken_by_somebody_else_s_new_thing_just_before_it_is_read(
    sandbox: GoogleSandbox, project: Project
) -> None:
    before = project.make(f"{ZONE}/disks", "data", labels={"reaper-run": "r-1"})
    sandbox.faults.add(once(Effect.REUSED, Operation.READ))

    after = project.get(f"{ZONE}/disks/data")

    assert after["id"] != before["id"]
    assert "labels" not in after
    assert after["creationTimestamp"] > before["creationTimestamp"]
    assert project.names(f"{ZONE}/disks") == ["data"]


@pytest.mark.parametrize(
    ("make", "path", "field"),
    [
        (
            lambda rest: rest.ask(
                "POST", "/v1/projects/sandbox/serviceAccounts", {"accountId": "runner"}
            ),
            "/v1/projects/sandbox/serviceAccounts/runner@sandbox.iam.gserviceaccount.com",
            "uniqueId",
        ),
        (
            lambda rest: rest.ask("POST", "/storage/v1/b", {"name": "bkt"}, project="sandbox"),
            "/storage/v1/b/bkt",
            "generation",
        ),
    ],
)
def test_names_of_other_services_are_taken_too(
    sandbox: GoogleSandbox, rest: Rest, make: Callable[[Rest], object], path: str, field: str
) -> None:
    make(rest)
    before = rest.ask("GET", path)
    sandbox.faults.add(once(Effect.REUSED, Operation.READ))

    assert rest.ask("GET", path)[field] != before[field]


def test_what_is_new_is_hidden_for_a_while() -> None:
    clock = VirtualClock()
    with GoogleSandbox(clock=clock) as sandbox, Rest(sandbox.endpoint) as rest:
        project = Project(rest, "sandbox")
        project.make(f"{ZONE}/disks", "data")
        sandbox.faults.add(always(Effect.HIDDEN, Operation.READ, delay=timedelta(seconds=9)))

        refused(404, "notFound", lambda: project.get(f"{ZONE}/disks/data"))

        clock.sleep(10)
        assert project.get(f"{ZONE}/disks/data")["name"] == "data"


def test_a_list_hears_late_of_what_is_new_and_of_what_is_gone() -> None:
    clock = VirtualClock()
    with GoogleSandbox(clock=clock) as sandbox, Rest(sandbox.endpoint) as rest:
        project = Project(rest, "sandbox")
        sandbox.faults.add(always(Effect.LAG, Operation.INDEX, delay=timedelta(seconds=9)))
        sandbox.faults.add(always(Effect.GHOST, Operation.INDEX, delay=timedelta(seconds=9)))
        clock.sleep(60)

        project.make(f"{ZONE}/disks", "data")
        assert project.names("aggregated/disks") == []

        clock.sleep(10)
        assert project.names("aggregated/disks") == ["data"]

        project.drop(f"{ZONE}/disks/data")
        assert project.names("aggregated/disks") == ["data"]

        clock.sleep(10)
        assert project.names("aggregated/disks") == []


def test_an_aggregated_list_that_is_not_whole_says_so(
    sandbox: GoogleSandbox, project: Project
) -> None:
    project.make(f"{ZONE}/disks", "data")
    sandbox.faults.add(always(Effect.PARTIAL, Operation.INDEX))

    listed = project.get("aggregated/disks")

    assert listed["unreachables"] == [ZONE]
    assert listed["items"][ZONE]["warning"]["code"] == "UNREACHABLE"
    assert project.names("aggregated/disks") == []


def test_a_list_that_is_not_whole_says_so(sandbox: GoogleSandbox, project: Project) -> None:
    sandbox.faults.add(
        Fault(
            effect=Effect.PARTIAL,
            operations=frozenset({Operation.INDEX}),
            detail="LIST_OVERHEAD_QUOTA_EXCEED",
        )
    )

    listed = project.get("global/firewalls")

    assert len(listed["items"]) == 2
    assert listed["warning"]["code"] == "LIST_OVERHEAD_QUOTA_EXCEED"


def test_the_token_of_a_page_expires(sandbox: GoogleSandbox, project: Project) -> None:
    token = project.get("global/firewalls", maxResults=1)["nextPageToken"]
    sandbox.faults.add(once(Effect.EXPIRED, Operation.INDEX))

    refused(400, "invalid", lambda: project.get("global/firewalls", maxResults=1, pageToken=token))

    assert project.names("global/firewalls", maxResults=9, pageToken=token)
    refused(400, "invalid", lambda: project.get("global/routes", maxResults=1, pageToken=token))


def test_tokens_last_only_for_a_while() -> None:
    clock = VirtualClock()
    with GoogleSandbox(clock=clock) as sandbox, Rest(sandbox.endpoint) as rest:
        project = Project(rest, "sandbox")
        token = project.get("global/firewalls", maxResults=1)["nextPageToken"]

        clock.sleep(sandbox.lags.token_s + 1)

        refused(400, "invalid", lambda: project.get("global/firewalls", pageToken=token))


def test_a_deletion_takes_its_time_and_can_fail_in_the_end() -> None:
    clock = VirtualClock()
    with GoogleSandbox(clock=clock) as sandbox, Rest(sandbox.endpoint) as rest:
        project = Project(rest, "sandbox")
        project.make(f"{ZONE}/instances", "vm")
        sandbox.lags.delete_s = 60
        sandbox.faults.add(once(Effect.LATE, Operation.DELETE, delay=timedelta(seconds=30)))

        begun = project.ask("DELETE", f"{ZONE}/instances/vm")
        clock.sleep(59)

        path = f"{ZONE}/operations/{begun['name']}"
        assert project.get(path)["status"] == "RUNNING"
        assert project.get(f"{ZONE}/instances/vm")["status"] == "STOPPING"
        refused(400, "resourceNotReady", lambda: project.drop(f"{ZONE}/instances/vm"))
        clock.sleep(32)
        fails("INTERNAL_ERROR", lambda: rest.done(begun))
        assert project.get(f"{ZONE}/instances/vm")["status"] == "RUNNING"

        begun = project.ask("DELETE", f"{ZONE}/instances/vm")
        clock.sleep(60)
        assert project.get(f"{ZONE}/operations/{begun['name']}")["status"] == "DONE"
        refused(404, "notFound", lambda: project.get(f"{ZONE}/instances/vm"))


def test_an_operation_is_forgotten_in_the_end() -> None:
    clock = VirtualClock()
    with GoogleSandbox(clock=clock) as sandbox, Rest(sandbox.endpoint) as rest:
        project = Project(rest, "sandbox")
        project.make(f"{ZONE}/disks", "data")
        name = project.get(f"{ZONE}/operations")["items"][0]["name"]

        clock.sleep(sandbox.lags.remembered_s + 1)

        refused(404, "notFound", lambda: project.get(f"{ZONE}/operations/{name}"))


def test_a_creation_that_fails_in_the_end_leaves_nothing(
    sandbox: GoogleSandbox, project: Project
) -> None:
    sandbox.faults.add(once(Effect.LATE, Operation.CREATE))
    disks = [{"boot": True, "autoDelete": True, "initializeParams": {}}]

    fails("INTERNAL_ERROR", lambda: project.make(f"{ZONE}/instances", "vm", disks=disks))

    assert project.names("aggregated/instances") == project.names("aggregated/disks") == []


@pytest.mark.parametrize(("effect", "left"), [(Effect.UNSENT, ["data"]), (Effect.LOST, [])])
def test_a_connection_breaks_before_the_deed_or_after(
    sandbox: GoogleSandbox, project: Project, effect: Effect, left: list[str]
) -> None:
    project.make(f"{ZONE}/disks", "data")
    sandbox.faults.add(once(effect, Operation.DELETE))

    with pytest.raises(RemoteDisconnected):
        project.drop(f"{ZONE}/disks/data")

    assert project.names(f"{ZONE}/disks") == left


def test_a_slow_call_takes_its_time() -> None:
    clock = VirtualClock()
    with (
        GoogleSandbox(clock=clock, latency_s=1) as sandbox,
        Rest(sandbox.endpoint) as rest,
    ):
        sandbox.faults.add(once(Effect.SLOW, Operation.INDEX, delay=timedelta(seconds=5)))

        Project(rest, "sandbox").names("global/networks")

        assert clock.elapsed() == 6


def test_requests_are_counted(sandbox: GoogleSandbox, project: Project) -> None:
    project.names("global/networks")
    project.names(f"{ZONE}/disks")

    assert sandbox.requests.count(service="compute") == sandbox.requests.total == 2
    assert sandbox.requests.counts["sandbox/us-central1-a", "compute", "compute.disks.list"] == 1


def test_what_the_sandbox_cannot_do_it_says(project: Project, running: GoogleSandbox) -> None:
    refused(501, "notImplemented", lambda: project.get("global/publicAdvertisedPrefixes"))

    assert running.violations
    running.violations.clear()
