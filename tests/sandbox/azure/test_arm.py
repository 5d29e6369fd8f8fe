"""Resource Manager's ways: IDs, versions, lists, locks, operations, errors."""

from __future__ import annotations

import pytest

from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.arm.ids import owner, target
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.rest import Refusal, Rest
from reaper.sandbox.faults import Effect, Fault, Operation
from tests.sandbox.azure.asking import Group, failed, refused

BASE = f"/subscriptions/{SUBSCRIPTION}"
SCALE_SET = "/g/providers/Microsoft.Compute/virtualMachineScaleSets/N"


def test_ids_are_compared_without_regard_to_case(group: Group) -> None:
    disk = group.disk("Data")

    found = group.rest.ask("GET", disk.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))

    assert found["id"] == disk


def test_a_put_creates_once_and_alters_what_is_there_by_the_same_id(group: Group) -> None:
    first = group.rest.ask("GET", group.disk("data", tags={"a": "1"}))
    second = group.rest.ask("GET", group.disk("DATA", tags={"a": "2"}))

    assert second["name"] == first["name"]
    assert second["properties"]["uniqueId"] == first["properties"]["uniqueId"]
    assert second["tags"] == {"a": "2"}


@pytest.mark.parametrize(
    ("version", "status", "code"),
    [
        ("", 400, "MissingApiVersionParameter"),
        ("2001-01-01", 400, "NoRegisteredProviderFound"),
    ],
)
def test_the_api_version_must_be_one_that_the_provider_list_has(
    group: Group, version: str, status: int, code: str
) -> None:
    disk = group.disk("data")

    refused(status, code, lambda: group.rest.send("GET", f"{disk}?api-version={version}"))


def test_a_wrong_type_is_a_404_that_says_nothing_of_the_resource(group: Group) -> None:
    path = f"{group.path}/providers/Microsoft.Compute/nothings/x?api-version=2026-04-01"

    refused(404, "InvalidResourceType", lambda: group.rest.send("GET", path))
    refused(
        404,
        "InvalidResourceNamespace",
        lambda: group.rest.send("GET", path.replace("Compute", "Nothing")),
    )


def test_what_is_not_there_is_said_in_three_ways(group: Group, rest: Rest) -> None:
    disk = group.id("Microsoft.Compute/disks", "none")
    elsewhere = disk.replace("/rg/", "/none/")

    refused(404, "ResourceNotFound", lambda: rest.ask("GET", disk))
    refused(404, "ResourceGroupNotFound", lambda: rest.ask("GET", elsewhere))
    refused(
        404,
        "SubscriptionNotFound",
        lambda: rest.ask("GET", disk.replace(SUBSCRIPTION, "0" * 8)),
    )
    assert rest.ask("DELETE", disk)["+status"] == 204


def test_a_list_has_pages_that_are_followed_by_their_link(
    sandbox: AzureSandbox, group: Group
) -> None:
    sandbox.page = 2
    disks = {group.disk(f"disk-{number}") for number in range(5)}
    sandbox.requests.reset()

    found = {each["id"] for each in group.rest.listed(f"{BASE}/resources")}

    assert found == disks
    assert sandbox.requests.count(operation="microsoft.resources/resources.list") == 3


def test_a_list_filtered_by_tag_tells_neither_tags_nor_times(group: Group) -> None:
    group.disk("ours", tags={"Reaper-Run": "r-1"})
    group.disk("theirs")
    more = {"$expand": "createdTime"}

    [by_tag] = group.rest.listed(
        f"{BASE}/resources", **{"$filter": "tagName eq 'reaper-run'", **more}
    )
    plain = list(group.rest.listed(f"{BASE}/resources", **more))

    assert by_tag["name"] == "ours"
    assert not {"tags", "createdTime"} & by_tag.keys()
    assert all("createdTime" in each for each in plain)
    assert {"Reaper-Run": "r-1"} in [each.get("tags") for each in plain]


def test_a_filter_that_is_none_is_refused(rest: Rest) -> None:
    refused(
        400,
        "InvalidFilterInQueryString",
        lambda: list(rest.listed(f"{BASE}/resources", **{"$filter": "color eq red"})),
    )


@pytest.mark.parametrize("scope", ["/subscriptions/S", "group", "disk"])
@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
def test_a_lock_forbids_deletion_below_and_above_it(group: Group, scope: str, level: str) -> None:
    disk = group.disk("data")
    lock = group.lock("keep", {"group": group.path, "disk": disk}.get(scope, BASE), level)

    refused(409, "ScopeLocked", lambda: group.rest.drop(disk))
    refused(409, "ScopeLocked", lambda: group.rest.drop(group.path))
    group.rest.drop(lock)
    group.rest.drop(disk)

    assert not group.there(disk)


def test_a_deletion_is_accepted_and_followed(sandbox: AzureSandbox, group: Group) -> None:
    disk = group.disk("data")
    sandbox.lags.delete_s = 0.05

    answer = group.rest.ask("DELETE", disk)
    headers = group.rest.headers
    meanwhile = group.rest.ask("GET", disk)
    refused(409, "AnotherOperationInProgress", lambda: group.rest.ask("DELETE", disk))
    group.rest.headers = headers
    group.rest.done(answer)

    assert answer["+status"] == 202
    assert {"azure-asyncoperation", "location", "retry-after"} <= headers.keys()
    assert meanwhile["properties"]["provisioningState"] == "Deleting"
    assert not group.there(disk)


def test_a_late_failure_comes_with_status_200_and_undoes_nothing(
    sandbox: AzureSandbox, group: Group
) -> None:
    disk = group.disk("data")
    sandbox.faults.add(
        Fault(
            effect=Effect.LATE,
            operations=frozenset({Operation.DELETE}),
            code="ScopeLocked",
            detail="locked after all",
        )
    )

    failed("ScopeLocked", lambda: group.rest.drop(disk))

    assert group.rest.ask("GET", disk)["properties"]["provisioningState"] == "Succeeded"


def test_a_named_resource_must_be_there(group: Group) -> None:
    network = group.id("Microsoft.Network/virtualNetworks", "none")

    refused(400, "InvalidResourceReference", lambda: group.interface("nic", network))


def test_a_nested_resource_needs_its_parent_and_goes_with_it(group: Group) -> None:
    kind = "Microsoft.Foo/bars/parts"

    refused(404, "ParentResourceNotFound", lambda: group.add(kind, "bar/part"))
    bar = group.add("Microsoft.Foo/bars", "bar")
    part = group.add(kind, "bar/part")
    group.rest.drop(bar)

    assert not group.there(part)


def test_throttling_says_when_to_come_again(sandbox: AzureSandbox, group: Group) -> None:
    sandbox.faults.add(
        Fault(effect=Effect.THROTTLE, operations=frozenset({Operation.READ}), times=1)
    )

    refused(429, "TooManyRequests", lambda: group.rest.ask("GET", group.path))

    assert "retry-after" in group.rest.headers


def test_what_the_emulator_cannot_do_is_said(sandbox: AzureSandbox, group: Group) -> None:
    disk = group.disk("data")

    refused(501, "NotImplemented", lambda: group.rest.ask("POST", f"{disk}/explode", {}))

    assert sandbox.violations
    sandbox.violations.clear()


def test_a_reset_empties_all(sandbox: AzureSandbox, group: Group) -> None:
    group.disk("data")

    sandbox.reset()

    with pytest.raises(Refusal):
        group.rest.ask("GET", group.path)


@pytest.mark.parametrize(
    ("link", "meant"),
    [
        (f"{BASE}/resourceGroups/RG", f"{BASE}/resourcegroups/rg"),
        ("/g/providers/Microsoft.Network/virtualNetworks/N/subnets/s", None),
        ("/g/providers/Microsoft.Network/networkInterfaces/N/ipConfigurations/s", None),
        (f"{SCALE_SET}/virtualMachines/0/networkInterfaces/x/ipConfigurations/y", None),
        (
            "/g/providers/Microsoft.Compute/galleries/G/images/I",
            "/g/providers/microsoft.compute/galleries/g/images/i",
        ),
    ],
)
def test_a_part_stands_for_what_it_is_in(link: str, meant: str | None) -> None:
    whole = meant or link.lower().partition("/n/")[0] + "/n"

    assert owner(link) == whole


def test_paths_are_taken_apart() -> None:
    one = target(f"{BASE}/resourceGroups/RG/providers/Microsoft.Compute/disks/D")
    listed = target(f"{BASE}/providers/Microsoft.Compute/disks")

    assert (one.group, one.kind, one.names) == ("RG", "microsoft.compute/disks", ("D",))
    assert listed.collection == "microsoft.compute/disks"
