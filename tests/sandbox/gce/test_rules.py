"""Each dependency rule refuses, and says who is in the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.compute.rules import RULES
from reaper.sandbox.gce.world import build
from reaper.sandbox.gce.world.rest import OperationFailed, Refusal, Rest
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.rules import Bond, Rule
from tests.sandbox.gce.asking import GLOBAL, REGION, ZONE, Project

PINS = [rule for rule in RULES if rule.bond is Bond.PINS]


@pytest.fixture(scope="module")
def full() -> Iterator[GoogleSandbox]:
    """A sandbox in which each rule holds something."""
    with GoogleSandbox(strict=True) as sandbox, Rest(sandbox.endpoint) as rest:
        build(sandbox.endpoint, {"reaper-run": "r-1"}, name="ours")
        _add_what_is_rare(Project(rest, "sandbox"))
        yield sandbox

        assert sandbox.violations == []


def _add_what_is_rare(project: Project) -> None:
    def change(path: str, verb: str, **body: object) -> None:
        project.rest.done(project.ask("POST", f"{path}/{verb}", body))

    peer = project.make(f"{GLOBAL}/networks", "peer", autoCreateSubnetworks=False)
    peering = {"name": "p", "network": peer["selfLink"], "exchangeSubnetRoutes": True}
    change(f"{GLOBAL}/networks/ours", "addPeering", name="p", networkPeering=peering)
    reserved = {"purpose": "VPC_PEERING", "addressType": "INTERNAL", "prefixLength": 16}
    project.make(f"{GLOBAL}/addresses", "range", network=peer["selfLink"], **reserved)

    inside = {"subnetwork": f"{REGION}/subnetworks/ours"}
    address = project.make(f"{REGION}/addresses", "inner", addressType="INTERNAL", **inside)
    nics = [{"networkIP": address["address"], **inside}]
    project.make(f"{ZONE}/instances", "inner", networkInterfaces=nics)

    check = project.make(f"{GLOBAL}/healthChecks", "pool", type="TCP")
    project.make(f"{REGION}/targetPools", "healthy", healthChecks=[check["selfLink"]])

    interfaces = [{"name": "i", "linkedVpnTunnel": f"{REGION}/vpnTunnels/ours-high"}]
    patched = project.ask("PATCH", f"{REGION}/routers/ours-vpn", {"interfaces": interfaces})
    project.rest.done(patched)


@pytest.mark.parametrize("rule", PINS, ids=lambda rule: rule.name)
def test_what_is_held_by_a_rule_stays(full: GoogleSandbox, rule: Rule) -> None:
    held, holder = _held(full, rule)
    project = held.path.split("/")[1]
    path = f"/compute/v1/{held.path}"

    with Rest(full.endpoint) as rest, pytest.raises((Refusal, OperationFailed)) as caught:
        rest.done(rest.ask("DELETE", path))

    assert "is already being used by" in str(caught.value)
    assert project == "sandbox"
    assert holder.path in {held.by.path for _, held in full._estate.graph.blockers(held)}
    with Rest(full.endpoint) as rest:
        assert rest.ask("GET", path)["id"] == held.number


def _held(sandbox: GoogleSandbox, rule: Rule) -> tuple[Node, Node]:
    graph = sandbox._estate.graph
    for node in graph.of(*rule.held):
        for each in graph.holders(node):
            if each.rule is rule and any(found.rule is rule for _, found in graph.blockers(node)):
                return node, each.by
    raise AssertionError(f"nothing here is held by the rule that {rule.name}")


def test_only_networks_fail_late(full: GoogleSandbox) -> None:
    assert {kind for rule in PINS if rule.late for kind in rule.held} == {"compute.networks"}
