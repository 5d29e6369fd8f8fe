"""A test suite that uses Oracle's own SDK and knows nothing of reaper: all of it is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("oci")

from reaper.client import RunDirectory
from reaper.fixtures.hooks.tagging import tagging
from reaper.model import Phase
from reaper.providers.oci.kinds import KINDS
from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.world import Clients, World
from tests.acceptance.oracle import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import clock as clock  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import running as running  # noqa: PLC0414 - a fixture
from tests.cloudbench import STRANGER
from tests.hasty import HastyClock
from tests.ocibench import HOME, LINGERING, OciBench
from tests.ocisdk import hooked
from tests.results import same, without

VNIC = "oci:core:vnic"
# The answer to their creation has no OCID of theirs, but they bear tags.
UNTOLD = {VNIC, "oci:loadbalancer:load-balancer"}
# Nothing of the world makes these by itself, or they are reported only.
NOT_MADE = {"oci:core:boot-volume-attachment", "oci:identity:tag-namespace"}


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a suite left, and what reaper says of it."""

    world: World
    tags: dict[str, str]
    told: dict[str, str]
    found: dict[tuple[str, str], dict[str, Any]]
    journaled: set[tuple[str, str]]
    nested: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def left(running: OciSandbox, clock: HastyClock, tmp_path_factory: pytest.TempPathFactory) -> Left:
    running.reset()
    bench = OciBench(sandbox=running, directory=tmp_path_factory.mktemp("left"), clock=clock)
    with bench.run() as run, hooked(running.endpoint) as client:
        with tagging(run):
            world = bench.build({}, "ours", client=client)
        entries, unread = RunDirectory.open(run.id, state=bench.directory / "state").entries()
        listed = bench.reaper("ls", "--json", "--run", run.id)
        told = bench.reaper("tags", "--json", run.id)
    assert unread == []
    assert listed.gaps == []
    network = Clients(running.endpoint, running.key.config(), HOME).network
    return Left(
        world=world,
        tags=dict(run.tags),
        told=told.document,
        found={(item["kind"], item["id"]): item for item in listed.items},
        journaled={
            (entry.kind, entry.ref.id)
            for entry in entries
            if entry.phase is Phase.CREATED and entry.ref is not None
        },
        nested={each: network.get_vnic(each).data for each in world.ids("oci:core:vnic")},
    )


@pytest.mark.parametrize("kind", sorted(set(KINDS) - NOT_MADE))
def test_each_kind_that_the_sdk_creates_is_found_again(left: Left, kind: str) -> None:
    created = [made for made in left.world.made if made.kind == kind]

    assert created
    for made in created:
        item = left.found[kind, made.id]
        assert item["run"] == left.tags["reaper-run"]
        if made.named and KINDS[kind].kind.taggable and not (kind == VNIC or made.part == "member"):
            assert left.tags.items() <= item["tags"].items()
        assert (kind, made.id) in left.journaled or kind in UNTOLD or not made.named


def test_the_interfaces_that_a_launch_makes_bear_the_tags(left: Left) -> None:
    assert len(left.nested) >= 2
    for vnic in left.nested.values():
        assert left.tags.items() <= vnic["freeformTags"].items()


def test_what_cannot_bear_tags_at_a_launch_is_derived_from_the_machine(left: Left) -> None:
    made = [each for each in left.world.made if not each.tagged and not each.named]

    assert {"oci:core:boot-volume", "oci:core:volume"} <= {each.kind for each in made}
    for each in made:
        assert left.found[each.kind, each.id]["run"] == left.tags["reaper-run"]


def test_what_tags_tells_is_what_the_hooks_write(left: Left) -> None:
    assert left.told == left.tags


def test_one_sweep_takes_all_that_a_suite_left_and_nothing_else(bench: OciBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    with hooked(bench.sandbox.endpoint) as client, bench.run() as run, tagging(run):
        bench.build({}, "ours", client=client)

    swept = bench.sweep()

    assert swept.outcomes()["scheduled"] == LINGERING
    assert swept.left == {}
    assert swept.code == 0
    assert swept.gaps == []
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_volumes_that_a_suite_let_outlive_their_machine_are_found_by_the_journal(
    bench: OciBench,
) -> None:
    theirs = bench.build(STRANGER, "theirs")
    before = bench.look()
    with hooked(bench.sandbox.endpoint) as client, bench.run() as run, tagging(run):
        ours = bench.build({}, "ours", client=client)
        compute = client(bench.sandbox.endpoint, bench.sandbox.key.config(), HOME).compute
        [machine] = ours.ids("oci:core:instance", "")
        compute.terminate_instance(machine, preserve_boot_volume=True)
    [strangers] = theirs.ids("oci:core:instance", "")
    launched = {
        *ours.ids("oci:core:volume", "launched"),
        *ours.ids("oci:core:boot-volume", ""),
    }

    swept = bench.sweep()

    gone = {item["id"] for item in swept.items if item["outcome"] == "gone"}
    assert launched <= gone
    assert swept.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert any(strangers in seen for seen in after)
