"""A test suite that uses Google's own libraries and knows nothing of reaper: all of it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("googleapiclient.discovery_cache")
pytest.importorskip("google.cloud.compute_v1", reason="see `make matrix`")

from reaper.client import ENDPOINTS_VARIABLE, RunDirectory
from reaper.fixtures.hooks import install
from reaper.fixtures.hooks.tagging import tagging
from reaper.model import Phase
from reaper.providers.gce.kind import Filter
from reaper.providers.gce.kinds import KINDS
from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.world import World
from tests.acceptance.google import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.google import running as running  # noqa: PLC0414 - a fixture
from tests.cloudbench import STRANGER
from tests.googlebench import LINGERING, GoogleBench, is_journaled
from tests.googlegrpc import speaking_grpc
from tests.googlesdk import SdkRest
from tests.results import same, without


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a suite left, and what reaper says of it."""

    world: World
    tags: dict[str, str]
    told: dict[str, str]
    found: dict[tuple[str, str], dict[str, Any]]
    journaled: dict[tuple[str, str], str | None]


@contextmanager
def sdks(endpoint: str) -> Iterator[Callable[[str], SdkRest]]:
    """Google's libraries, to be treated as if they spoke with Google."""
    install()
    with speaking_grpc(endpoint) as target, pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENDPOINTS_VARIABLE, f"{endpoint},{target}")
        yield lambda endpoint: SdkRest(endpoint, target)


@pytest.fixture(scope="module")
def left(running: GoogleSandbox, tmp_path_factory: pytest.TempPathFactory) -> Left:
    running.reset()
    bench = GoogleBench(sandbox=running, directory=tmp_path_factory.mktemp("left"))
    with bench.run() as run, sdks(running.endpoint) as client:
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
            (entry.kind, entry.ref.id): entry.ref.incarnation
            for entry in entries
            if entry.phase is Phase.CREATED and entry.ref is not None
        },
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_that_an_sdk_creates_is_found_again(left: Left, kind: str) -> None:
    created = [
        made
        for made in left.world.made
        if made.kind == kind and (KINDS[kind].filter is not Filter.NONE or is_journaled(made))
        if made.part != "of kubernetes"
    ]

    assert created
    for made in created:
        item = left.found[kind, made.id]
        if KINDS[kind].filter is Filter.NONE:
            assert left.journaled[kind, made.id] == item["incarnation"]
        elif made.part != "member":
            assert left.tags.items() <= item["tags"].items()
            assert left.journaled.get((kind, made.id), item["incarnation"]) in {
                None,
                item["incarnation"],
            }


def test_what_tags_tells_is_what_the_hooks_write(left: Left) -> None:
    assert left.told == left.tags


def test_one_sweep_takes_all_that_a_suite_left_and_nothing_else(bench: GoogleBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    with sdks(bench.sandbox.endpoint) as client, bench.run() as run, tagging(run):
        bench.build({}, "ours", client=client)

    swept = bench.sweep()

    assert swept.outcomes()["scheduled"] == {"gce:kms:key"}
    assert len(swept.outcomes()["gone"]) == len(KINDS) - 1
    assert swept.left == {}
    assert swept.code == 0
    assert swept.gaps == []
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
