"""Each dependency rule refuses, in Azure's words, and what may go takes along what it should."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.arm.rules import RULES, saying
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world import build
from reaper.sandbox.azure.world.rest import OperationFailed, Refusal, Rest
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.rules import Bond, Rule
from tests.sandbox.azure.asking import Group, failed, refused

PINS = [rule for rule in RULES if rule.bond is Bond.PINS]


@pytest.fixture(scope="module")
def full() -> Iterator[AzureSandbox]:
    """A sandbox in which each rule holds something."""
    with AzureSandbox(strict=True) as sandbox, Rest(sandbox.endpoint) as rest:
        world = build(sandbox.endpoint, {"reaper-run": "r-1"}, name="ours")
        rare = Group(rest=rest, path=world.group)
        account = world.id("account")
        held = {"properties": {"hasLegalHold": True}}
        rest.put(f"{account}/blobServices/default/containers/held", held)
        network = rare.network("inner")
        front = {"subnet": {"id": f"{network}/subnets/default"}}
        rare.add(
            "Microsoft.Network/loadBalancers",
            "inner",
            {"frontendIPConfigurations": [{"name": "front", "properties": front}]},
        )
        guard = rare.add("Microsoft.Network/networkSecurityGroups", "scaled")
        inner = {"subnet": {"id": f"{network}/subnets/default"}}
        nic = {
            "networkSecurityGroup": {"id": guard},
            "ipConfigurations": [{"name": "ip", "properties": inner}],
        }
        profile = {"networkInterfaceConfigurations": [{"name": "nic", "properties": nic}]}
        rare.add(
            "Microsoft.Compute/virtualMachineScaleSets",
            "guarded",
            {"virtualMachineProfile": {"networkProfile": profile}},
        )
        yield sandbox

        assert sandbox.violations == []


@pytest.mark.parametrize("rule", PINS, ids=lambda rule: rule.name)
def test_what_is_held_by_a_rule_stays(full: AzureSandbox, rule: Rule) -> None:
    held, holder = _held(full, rule)

    with Rest(full.endpoint) as rest, pytest.raises((Refusal, OperationFailed)) as caught:
        rest.drop(held.body["id"])

    assert saying(held.kind, holder.kind).code in str(caught.value)
    assert holder.path in {each.by.path for _, each in full._estate.graph.blockers(held)}
    with Rest(full.endpoint) as rest:
        assert rest.ask("GET", held.body["id"])["name"] == held.body["name"]


def _held(sandbox: AzureSandbox, rule: Rule) -> tuple[Node, Node]:
    graph = sandbox._estate.graph
    for node in graph.of(*rule.held):
        for each in graph.holders(node):
            if each.rule is rule and any(found.rule is rule for _, found in graph.blockers(node)):
                return node, each.by
    raise AssertionError(f"nothing here is held by the rule that {rule.name}")


def test_the_words_are_those_that_users_report(group: Group) -> None:
    network = group.network("net")
    interface = group.interface("nic", network)
    machine = group.machine("vm", interface)
    disk = group.rest.ask("GET", machine)["properties"]["storageProfile"]["osDisk"]["managedDisk"]

    nic = refused(400, "NicInUse", lambda: group.rest.drop(interface))
    refused(409, "OperationNotAllowed", lambda: group.rest.drop(disk["id"]))
    subnet = refused(400, "InUseSubnetCannotBeDeleted", lambda: group.rest.drop(network))

    assert machine in nic.error["message"]
    assert interface in subnet.error["message"]


def test_a_machine_takes_along_what_its_options_say(group: Group) -> None:
    network = group.network("net")
    kept, gone = group.interface("kept", network), group.interface("gone", network)
    group.machine("plain", kept)
    machine = group.machine("whole", gone, delete_interface="Delete")

    group.rest.drop(group.id("Microsoft.Compute/virtualMachines", "plain"))
    group.rest.drop(machine)

    assert group.there(kept)
    assert not group.there(gone)
    assert not list(group.rest.listed(f"{group.path}/providers/Microsoft.Compute/disks")), (
        "system disks go along here"
    )


def test_a_group_that_something_elsewhere_holds_fails_late_and_loses_the_rest(
    group: Group, rest: Rest
) -> None:
    network, disk = group.network("net"), group.disk("data")
    other = Group.make(rest, SUBSCRIPTION, "other")
    other.interface("nic", network)

    told = failed("ResourceGroupDeletionBlocked", lambda: rest.drop(group.path))

    assert "InUseSubnetCannotBeDeleted" in told.error["details"][0]["message"]
    assert told.error["details"][0]["code"] is None
    assert group.there(network)
    assert not group.there(disk)
