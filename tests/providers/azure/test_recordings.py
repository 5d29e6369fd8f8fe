"""What Azure's real API answered is read with the right count, tags, times and states."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

pytest.importorskip("azure.core")

from reaper.config.places import AzurePlace
from reaper.model import Cell, Ref, Relation, Resource
from reaper.providers.azure import names
from reaper.providers.azure.answers import absent, classify, read_error
from reaper.providers.azure.subscription import Subscription
from reaper.providers.protocol import Absent, Query, Reply
from tests.providers.azure.replaying import (
    BASE,
    FOLDER,
    MISSING,
    SUBSCRIPTION,
    Replay,
    exchanges,
    replay,
)

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)

CELL = Cell(provider="azure", scope=SUBSCRIPTION, label=SUBSCRIPTION)
FULL = Query(keys=("reaper-run",), full=True)
EVENTS = "AzureEventSubscriptionsTest.test_azure_event_subscription_"

# Cassette -> how many resources its lists name, of which kinds.
LISTS = {
    "VMTest.virtual_machine_tags": (3, {names.MACHINE}),
    "DiskTest.test_find_by_name": (4, {names.DISK}),
    "NetworkInterfaceTest.test_find_by_name": (6, {names.INTERFACE}),
    "PublicIpAddressTest.test_find_by_name": (4, {names.ADDRESS}),
    "StorageTest.test_storage_management_policy_rules_filter": (2, {names.ACCOUNT}),
    "ResourceGroupTest.test_empty_group": (27, {names.GROUP}),
    "ArmResourceTest.common": (
        8,
        {
            names.GROUP,
            names.DISK,
            names.MACHINE,
            names.INTERFACE,
            names.ADDRESS,
            names.NETWORK,
            names.ACCOUNT,
        },
    ),
}


def opened(replaying: Replay) -> Subscription:
    place = AzurePlace(subscription=SUBSCRIPTION, endpoint=replaying.address)
    return Subscription(place, read_only=False)


def scanned(provider: Subscription) -> dict[str, Resource]:
    """Everything that a full scan names, read."""
    named = provider.index(CELL, FULL)
    assert named.gaps == ()
    readings = provider.read(CELL, named.candidates)
    assert all(isinstance(each, Resource) for each in readings.values()), readings
    return {each.ref.id: each for each in readings.values() if isinstance(each, Resource)}


@pytest.mark.parametrize("cassette", LISTS)
def test_every_list_is_scanned_with_the_right_count_and_tags(cassette: str) -> None:
    count, kinds = LISTS[cassette]
    with replay(cassette) as replaying:
        found = scanned(opened(replaying))

    assert len(found) == count
    assert {each.ref.kind for each in found.values()} == kinds
    for identity, resource in found.items():
        item = replaying.items[identity]
        assert resource.unread is None
        assert resource.tags == (item.get("tags") or {})
        assert resource.name == item["name"]
        assert resource.state == (item.get("properties") or {}).get("provisioningState")


def test_the_groups_of_one_resource_are_one_in_whatever_case() -> None:
    with replay("ArmResourceTest.common") as replaying:
        found = scanned(opened(replaying))

    groups = {each.ref.id.split("/providers/")[0] for each in found.values()}
    assert groups == {f"{BASE}/resourcegroups/test_vm"}


def test_times_and_incarnations_are_read_where_there_are_some() -> None:
    with replay("DiskTest.test_find_by_name") as replaying:
        disks = scanned(opened(replaying))
    with replay("NetworkInterfaceTest.test_find_by_name") as replaying:
        interfaces = scanned(opened(replaying))

    times = {each.created for each in disks.values()}
    assert datetime(2019, 5, 1, 21, 50, 23, 627047, tzinfo=UTC) in times
    assert None not in times
    assert len({each.ref.incarnation for each in interfaces.values()}) == 6


def test_who_uses_what_is_read_from_the_recorded_bodies() -> None:
    with replay("NetworkInterfaceTest.test_find_by_name") as replaying:
        interfaces = scanned(opened(replaying))
    with replay("PublicIpAddressTest.test_find_by_name") as replaying:
        addresses = scanned(opened(replaying))
    with replay("DiskTest.test_find_by_name") as replaying:
        disks = scanned(opened(replaying))
    with replay("VMTest.virtual_machine_tags") as replaying:
        machines = scanned(opened(replaying))

    [attached] = [each for each in interfaces.values() if each.name == "myVMNic"]
    users = {edge.other.kind for edge in attached.others(Relation.USED_BY)}
    assert names.MACHINE in users
    used = {edge.other.kind for edge in attached.others(Relation.USES)}
    assert {names.NETWORK, names.ADDRESS} <= used
    holders = {
        edge.other.kind for each in addresses.values() for edge in each.others(Relation.USED_BY)
    }
    assert holders == {names.INTERFACE, names.BALANCER}
    held = [each for each in disks.values() if each.others(Relation.USED_BY)]
    assert len(held) == 2
    for machine in machines.values():
        kinds = {edge.other.kind for edge in machine.others(Relation.USES, Relation.TAKES)}
        assert {names.DISK, names.INTERFACE} <= kinds


def test_an_empty_group_has_nothing_that_would_go_with_it() -> None:
    group = Ref(kind=names.GROUP, scope=SUBSCRIPTION, id=f"{BASE}/resourcegroups/test_emptyrg")
    with replay("ResourceGroupTest.test_empty_group") as replaying:
        [found] = opened(replaying).read(CELL, [group]).values()

    assert isinstance(found, Resource)
    assert found.others(Relation.TAKES) == ()


def test_a_recorded_deletion_is_followed_to_its_end() -> None:
    identity = f"{BASE}/providers/microsoft.eventgrid/eventsubscriptions/custodiantestsubscription"
    ref = Ref(kind="azure:microsoft.eventgrid/eventsubscriptions", scope=SUBSCRIPTION, id=identity)
    with replay(f"{EVENTS}delete", f"{EVENTS}policy_run") as replaying:
        provider = opened(replaying)
        [there] = provider.read(CELL, [ref]).values()
        assert isinstance(there, Resource)

        sent = provider.delete(CELL, there)
        assert sent.handle is not None
        ended = provider.poll(CELL, sent.handle)

    assert sent.reply is Reply.STARTED
    assert "operationResults/E44751F0" in sent.handle
    assert ended.reply is Reply.DONE


def test_a_recorded_creation_is_followed_by_its_status() -> None:
    [put] = [
        each
        for each in exchanges(f"{EVENTS}delete")
        if each.method == "PUT" and "eventgrid" in each.path
    ]
    address = put.headers["azure-asyncoperation"].partition("azure.com:443")[2]

    with replay(f"{EVENTS}delete") as replaying:
        ended = opened(replaying).poll(CELL, f"status {address}")

    assert ended.reply is Reply.DONE


def test_the_recorded_errors_are_told_apart() -> None:
    refused = [
        each
        for path in sorted(FOLDER.glob("*.json"))
        for each in exchanges(path.stem)
        if each.status >= 400
    ]

    assert [each.body["error"]["code"] for each in refused] == ["ManagementPolicyNotFound"]
    for each in refused:
        error = read_error(each.status, each.body)
        assert absent(error)
        assert classify(error, doing="it").reply is Reply.ABSENT


def test_what_was_not_recorded_is_absent() -> None:
    ref = Ref(
        kind=names.DISK,
        scope=SUBSCRIPTION,
        id=f"{BASE}/resourcegroups/test_disk/providers/microsoft.compute/disks/none",
    )
    with replay("DiskTest.test_find_by_name") as replaying:
        [found] = opened(replaying).read(CELL, [ref]).values()

    assert isinstance(found, Absent)
