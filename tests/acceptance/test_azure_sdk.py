"""A test suite that uses Azure's own libraries and knows nothing of reaper: all of it is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("azure.identity")
pytest.importorskip("azure.mgmt.network")

from reaper.client import RunDirectory
from reaper.fixtures.hooks.tagging import tagging
from reaper.model import Phase
from reaper.providers.azure.kinds import KINDS
from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.world import World
from tests.acceptance.azure import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.azure import running as running  # noqa: PLC0414 - a fixture
from tests.azurebench import LINGERING, AzureBench
from tests.azuresdk import hooked
from tests.cloudbench import STRANGER
from tests.results import same, without

# What nobody declared is found as well.
BAR = "azure:microsoft.foo/bars"


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a suite left, and what reaper says of it."""

    world: World
    tags: dict[str, str]
    told: dict[str, str]
    found: dict[tuple[str, str], dict[str, Any]]
    journaled: set[tuple[str, str]]


@pytest.fixture(scope="module")
def left(running: AzureSandbox, tmp_path_factory: pytest.TempPathFactory) -> Left:
    running.reset()
    bench = AzureBench(sandbox=running, directory=tmp_path_factory.mktemp("left"))
    with bench.run() as run, hooked(running.endpoint) as client:
        with tagging(run):
            world = bench.build({}, "ours", client=client)
        entries, unread = RunDirectory.open(run.id, state=bench.directory / "state").entries()
        listed = bench.reaper("ls", "--json", "--run", run.id)
        told = bench.reaper("tags", "--json", run.id)
    assert unread == []
    assert listed.gaps == []
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
    )


@pytest.mark.parametrize("kind", [*KINDS, BAR])
def test_each_kind_that_an_sdk_creates_is_found_again(left: Left, kind: str) -> None:
    created = [made for made in left.world.made if made.kind == kind]

    assert created
    for made in created:
        item = left.found[kind, made.id.lower()]
        if made.tagged:
            assert left.tags.items() <= item["tags"].items()
            assert (kind, made.id.lower()) in left.journaled
        else:
            assert item["run"] == left.tags["reaper-run"], "it is derived from what bears tags"


def test_what_tags_tells_is_what_the_hooks_write(left: Left) -> None:
    assert left.told == left.tags


def test_one_sweep_takes_all_that_a_suite_left_and_nothing_else(bench: AzureBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    with hooked(bench.sandbox.endpoint) as client, bench.run() as run, tagging(run):
        bench.build({}, "ours", client=client)

    swept = bench.sweep()

    assert swept.outcomes()["scheduled"] == {"azure:microsoft.keyvault/vaults"}
    assert {*KINDS, BAR} - swept.outcomes()["gone"] == swept.outcomes()["scheduled"]
    assert swept.left == {}
    assert swept.code == 0
    assert swept.gaps == []
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
