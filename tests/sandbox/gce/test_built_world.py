"""A built world has one of each kind, labelled; and a look at everything misses none of it."""

from __future__ import annotations

import json

import pytest

from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.world import World, build, everything

LABELS = {"reaper-run": "r-1", "reaper-realm": "default"}

# Kinds that bear labels by themselves; the others' owner is known from elsewhere.
LABELLED = {
    "gce:compute:address",
    "gce:compute:disk",
    "gce:compute:external-vpn-gateway",
    "gce:compute:forwarding-rule",
    "gce:compute:image",
    "gce:compute:instance",
    "gce:compute:machine-image",
    "gce:compute:snapshot",
    "gce:compute:target-vpn-gateway",
    "gce:compute:vpn-gateway",
    "gce:compute:vpn-tunnel",
    "gce:container:cluster",
    "gce:kms:key",
    "gce:pubsub:subscription",
    "gce:pubsub:topic",
    "gce:secretmanager:secret",
    "gce:storage:bucket",
}


@pytest.fixture
def world(sandbox: GoogleSandbox) -> World:
    return build(sandbox.endpoint, LABELS, name="ours")


def test_it_has_one_of_each_kind(world: World) -> None:
    assert len(world.kinds) == 40, sorted(world.kinds)
    assert len(world.ids("gce:compute:instance", "member")) == 2
    assert len(world.ids("gce:compute:disk")) == 7


def test_everything_sees_all_of_it(sandbox: GoogleSandbox, world: World) -> None:
    seen = everything(sandbox.endpoint, ["sandbox"])

    listed = {(kind, identity) for kind, _, identity in seen}
    assert {(each.kind, each.id) for each in world.made} <= listed


def test_what_can_be_labelled_is_but_for_what_kubernetes_makes(world: World) -> None:
    assert {each.kind for each in world.made if each.labelled} == LABELLED
    assert {each.part for each in world.made if each.kind in LABELLED and not each.labelled} == {
        "of kubernetes"
    }


def test_a_world_of_nobody_bears_no_labels(sandbox: GoogleSandbox) -> None:
    world = build(sandbox.endpoint, {}, name="nobody")

    assert not [each for each in world.made if each.labelled]
    assert "reaper-run" not in json.dumps(
        sorted(everything(sandbox.endpoint, ["sandbox"]).values())
    )


def test_two_worlds_stand_side_by_side_and_looking_changes_nothing(sandbox: GoogleSandbox) -> None:
    build(sandbox.endpoint, LABELS, name="ours")
    before = everything(sandbox.endpoint, ["sandbox", "other"])

    build(sandbox.endpoint, LABELS, name="theirs", zone="europe-west1-b")
    build(sandbox.endpoint, LABELS, name="elsewhere", project="other")

    after = everything(sandbox.endpoint, ["sandbox", "other"])
    assert {each: after[each] for each in before} == before
    assert len(after) > 2 * len(before)
