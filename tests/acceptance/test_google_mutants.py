"""Google providers that are broken on purpose, each in one way: the world it does harm in tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("googleapiclient.discovery_cache")
pytest.importorskip("google.auth")

from reaper.model import Cell, Ref, Resource, Status
from reaper.providers.gce import names, open_gce
from reaper.providers.gce.project import Project as Provider
from reaper.providers.gce.told import Key, Told
from reaper.providers.protocol import Absent, Index, Query, Reading
from reaper.sandbox.faults import Effect, Operation
from reaper.sandbox.gce.world.rest import Rest
from tests.acceptance.google import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.google import running as running  # noqa: PLC0414 - a fixture
from tests.cloudbench import Opener
from tests.googlebench import GoogleBench
from tests.sandbox.gce.asking import REGION, ZONE, Project

DISKS = f"{ZONE}/disks"


@pytest.fixture
def world(bench: GoogleBench) -> Iterator[Project]:
    with Rest(bench.sandbox.endpoint) as rest:
        yield Project(rest, "sandbox")


class IgnoresEdges(Provider):
    """It does not ask who uses a thing, nor what goes with it."""

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        return {
            key: replace(each, edges=(), held_by=()) if isinstance(each, Resource) else each
            for key, each in super().read(cell, refs).items()
        }


class _Remembering(Told):
    """It gives out what was listed again and again."""

    def take(self, wanted: Iterable[Key]) -> dict[Key, dict[str, Any]]:
        return {key: dict(self._items[key][1]) for key in wanted if key in self._items}


class TrustsTheIndex(Provider):
    """What a list told once is so; nothing is read again."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._told = _Remembering()


class TakesFailureForEmptiness(Provider):
    """A list that could not be had is an empty one."""

    def index(self, cell: Cell, query: Query) -> Index:
        return replace(super().index(cell, query), gaps=())


class TakesOmissionForAbsence(Provider):
    """What a list leaves out is not there; it does not ask for it by itself, nor for a control."""

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        found = dict(super().read(cell, refs))
        disks = [ref for ref in refs if ref.kind == names.DISK]
        kind = self._reader().kinds[names.DISK]
        listed = set()
        with suppress(Exception):
            for key, _ in self._api.items(kind):
                listed.add(key)
        return found | {ref.key: Absent() for ref in disks if ref.id not in listed}

    def control(self, cell: Cell, kind: str) -> str | None:
        return None


def machine(labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "labels": dict(labels),
        "machineType": f"{ZONE}/machineTypes/e2-micro",
        "networkInterfaces": [{"network": "global/networks/default"}],
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"diskSizeGb": "10"}}],
    }


def harm_to_a_pool(bench: GoogleBench, world: Project, opener: Opener) -> bool:
    """A dead run's machine serves in a stranger's pool: does the pool lose it?"""
    with bench.run() as run:
        world.make(f"{ZONE}/instances", "vm", **machine(run.tags))
        world.make(f"{REGION}/targetPools", "theirs", instances=[f"{ZONE}/instances/vm"])

    bench.play(opener)

    return not world.get(f"{REGION}/targetPools/theirs").get("instances")


def harm_by_old_labels(bench: GoogleBench, world: Project, opener: Opener) -> bool:
    """A person takes a dead run's disk over while a sweep is at work: does it go?"""
    with bench.run() as run:
        made = world.make(DISKS, "data", sizeGb="1", labels=dict(run.tags))

    def take_over(step: str) -> None:
        shown = [] if step != "scanned" else world.names(DISKS)
        if shown:
            body = {"labels": {"owner": "me"}, "labelFingerprint": made["labelFingerprint"]}
            world.ask("POST", f"{DISKS}/data/setLabels", body)

    bench.play(opener, take_over)

    return "data" not in world.names(DISKS)


def harm_by_a_new_bearer(bench: GoogleBench, world: Project, opener: Opener) -> bool:
    """A stranger makes a disk of the same name while a sweep is at work: does that go?"""
    with bench.run() as run:
        world.make(DISKS, "data", sizeGb="1", labels=dict(run.tags))

    def make_anew(step: str) -> None:
        if step == "scanned":
            world.drop(f"{DISKS}/data")
            world.make(DISKS, "data", sizeGb="2")

    bench.play(opener, make_anew)

    return "data" not in world.names(DISKS)


def harm_by_silence(bench: GoogleBench, world: Project, opener: Opener) -> bool:
    """The API of topics is not enabled: does the report read as if there were none?"""
    with bench.run():
        pass
    bench.sandbox.disabled.add(("sandbox", "pubsub"))

    _, gaps = bench.play(opener)

    return not any(gap.kind == names.TOPIC for gap in gaps)


def harm_by_a_lost_zone(bench: GoogleBench, world: Project, opener: Opener) -> bool:
    """A zone cannot be reached while disks in it are to go: are they told to be gone?"""
    with bench.run() as run:
        for number in range(5):
            world.make(DISKS, f"data-{number}", sizeGb="1", labels=dict(run.tags))
    bench.refuse(Effect.DENY, "compute.disks.delete", Operation.DELETE)

    def lose_it(step: str) -> None:
        if step == "scanned":
            bench.refuse(Effect.PARTIAL, "compute.disks.aggregatedList", Operation.INDEX)

    outcomes, _ = bench.play(opener, lose_it)

    assert len(world.names(DISKS)) == 5
    return any(outcome.status is Status.GONE for outcome in outcomes)


Harm = Callable[[GoogleBench, Project, Opener], bool]
MUTANTS: tuple[tuple[Opener, Harm], ...] = (
    (IgnoresEdges, harm_to_a_pool),
    (TrustsTheIndex, harm_by_old_labels),
    (TrustsTheIndex, harm_by_a_new_bearer),
    (TakesFailureForEmptiness, harm_by_silence),
    (TakesOmissionForAbsence, harm_by_a_lost_zone),
)


@pytest.mark.parametrize(("mutant", "harm"), MUTANTS)
def test_a_broken_provider_is_caught(
    bench: GoogleBench, world: Project, mutant: Opener, harm: Harm
) -> None:
    assert harm(bench, world, mutant)


@pytest.mark.parametrize("harm", [harm for _, harm in MUTANTS])
def test_the_real_provider_does_no_such_harm(
    bench: GoogleBench, world: Project, harm: Harm
) -> None:
    assert not harm(bench, world, open_gce)
