"""Azure providers that are broken on purpose, each in one way: the world it does harm in tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("azure.identity")
pytest.importorskip("azure.mgmt.network")

from reaper.model import Cell, Ref, Relation, Resource, Status
from reaper.providers.azure import names, open_azure
from reaper.providers.azure.kind import AzureKind
from reaper.providers.azure.subscription import Subscription as Provider
from reaper.providers.protocol import Absent, Index, Query, Reading, Unreadable
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.rest import Refusal, Rest
from reaper.sandbox.faults import Effect, Operation
from tests.acceptance.azure import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.azure import running as running  # noqa: PLC0414 - a fixture
from tests.azurebench import AzureBench
from tests.cloudbench import Opener
from tests.sandbox.azure.asking import EMPTY_DISK, Group

DISKS = "microsoft.compute/disks"


@pytest.fixture
def world(bench: AzureBench) -> Iterator[Group]:
    with Rest(bench.sandbox.endpoint) as rest:
        yield Group.make(rest, SUBSCRIPTION, "theirs")


class _Changed(Provider):
    """It tells of what it reads in another way."""

    def change(self, resource: Resource) -> Resource:
        raise NotImplementedError

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        return {
            key: self.change(each) if isinstance(each, Resource) else each
            for key, each in super().read(cell, refs).items()
        }


class IgnoresEdges(_Changed):
    """It does not ask who uses a thing, nor what goes with it."""

    def change(self, resource: Resource) -> Resource:
        return replace(resource, edges=(), held_by=())


class TakesTheGroupForItsContent(_Changed):
    """A run's group is the run's with all that is in it."""

    def change(self, resource: Resource) -> Resource:
        if resource.ref.kind != names.GROUP:
            return resource
        kept = tuple(each for each in resource.edges if each.relation is not Relation.TAKES)
        return replace(resource, edges=kept)

    def _kind(self, name: str) -> AzureKind:
        declared = super()._kind(name)
        return replace(declared, before=()) if name == names.GROUP else declared


class IgnoresLocks(_Changed):
    """It does not look at locks."""

    def change(self, resource: Resource) -> Resource:
        return replace(resource, protection=None)


class TrustsTheFirstRead(Provider):
    """What was read once is so; nothing is read again."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._first: dict[str, Reading] = {}

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        new = [ref for ref in refs if not isinstance(self._first.get(ref.key), Resource)]
        self._first |= super().read(cell, new)
        return {ref.key: self._first[ref.key] for ref in refs}


class TakesFailureForEmptiness(Provider):
    """A list that could not be had is an empty one."""

    def index(self, cell: Cell, query: Query) -> Index:
        return replace(super().index(cell, query), gaps=())


class TakesAnyNotFoundForGone(Provider):
    """Whatever has the status 404 is gone, whatever its code says."""

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        return {
            key: Absent()
            if isinstance(each, Unreadable) and "InvalidResourceType" in each.reason
            else each
            for key, each in super().read(cell, refs).items()
        }


def tagged_disk(bench: AzureBench, world: Group) -> str:
    with bench.run() as run:
        return world.disk("data", tags=run.tags)


def harm_to_a_network(bench: AzureBench, world: Group, opener: Opener) -> bool:
    """A dead run's interface serves in a stranger's balancer: does that lose it?"""
    network = world.network("net")
    pool = {"frontendIPConfigurations": [], "backendAddressPools": [{"name": "pool"}]}
    front = world.add("Microsoft.Network/loadBalancers", "lb", pool, sku={"name": "Standard"})
    member = {"loadBalancerBackendAddressPools": [{"id": f"{front}/backendAddressPools/pool"}]}
    with bench.run() as run:
        world.interface("nic", network, inner=member, tags=run.tags)

    bench.play(opener)

    shown = world.rest.ask("GET", front)["properties"]["backendAddressPools"][0]
    return not shown["properties"].get("backendIPConfigurations")


def harm_in_a_group(bench: AzureBench, world: Group, opener: Opener) -> bool:
    """A stranger keeps a disk in a dead run's group: does it go?"""
    with bench.run() as run:
        ours = Group.make(world.rest, SUBSCRIPTION, "ours", tags=run.tags)
        precious = ours.disk("precious")

    bench.play(opener)

    return not world.there(precious)


def harm_by_a_newcomer(bench: AzureBench, world: Group, opener: Opener) -> bool:
    """A stranger puts a disk into a dead run's group while a sweep is at work: does it go?"""
    with bench.run() as run:
        ours = Group.make(world.rest, SUBSCRIPTION, "ours", tags=run.tags)
        ours.disk("data", tags=run.tags)
    precious = ours.id("Microsoft.Compute/disks", "precious")

    def add(step: str) -> None:
        if step == "intended":
            with Rest(bench.sandbox.endpoint) as rest, suppress(Refusal):
                rest.put(precious, {"location": "westeurope", "properties": EMPTY_DISK})

    bench.play(opener, add)

    return not world.there(precious)


def harm_by_old_tags(bench: AzureBench, world: Group, opener: Opener) -> bool:
    """A person takes a dead run's disk over while a sweep is at work: does it go?"""
    disk = tagged_disk(bench, world)

    def take_over(step: str) -> None:
        if step == "scanned":
            with Rest(bench.sandbox.endpoint) as rest:
                rest.ask("PATCH", disk, {"tags": {"owner": "me"}})

    bench.play(opener, take_over)

    return not world.there(disk)


def harm_by_a_new_bearer(bench: AzureBench, world: Group, opener: Opener) -> bool:
    """A stranger makes a disk of the same name while a sweep is at work: does that go?"""
    disk = tagged_disk(bench, world)

    def make_anew(step: str) -> None:
        if step == "scanned":
            with Rest(bench.sandbox.endpoint) as rest:
                rest.drop(disk)
                rest.put(disk, {"location": "westeurope", "properties": EMPTY_DISK})

    bench.play(opener, make_anew)

    return not world.there(disk)


def harm_by_silence(bench: AzureBench, world: Group, opener: Opener) -> bool:
    """Nothing can be listed: does the report read as if there were nothing?"""
    tagged_disk(bench, world)
    bench.refuse(Effect.DENY, "microsoft.resourcegraph/*", Operation.INDEX)
    bench.refuse(Effect.DENY, "microsoft.resources/resources.list", Operation.INDEX)

    _, gaps = bench.play(opener)

    return not gaps


def harm_by_a_wrong_404(bench: AzureBench, world: Group, opener: Opener) -> bool:
    """A wrong API version is answered with 404 while a disk is to go: is it told to be gone?"""
    disk = tagged_disk(bench, world)
    bench.refuse(Effect.LATE, f"{DISKS}.delete", Operation.DELETE)

    def confuse(step: str) -> None:
        if step == "called":
            bench.refuse(Effect.BLIND, f"{DISKS}.get", Operation.READ, code="InvalidResourceType")

    outcomes, _ = bench.play(opener, confuse)

    bench.sandbox.faults.clear()
    assert world.there(disk)
    return any(outcome.status is Status.GONE for outcome in outcomes)


def harm_to_what_is_locked(bench: AzureBench, world: Group, opener: Opener) -> bool:
    """A locked disk: is its deletion sent all the same?"""
    disk = tagged_disk(bench, world)
    world.lock("keep", disk)

    bench.play(opener)

    return bench.deletions()[f"{DISKS}.delete"] > 0


Harm = Callable[[AzureBench, Group, Opener], bool]
MUTANTS: tuple[tuple[Opener, Harm], ...] = (
    (IgnoresEdges, harm_to_a_network),
    (TakesTheGroupForItsContent, harm_in_a_group),
    (TakesTheGroupForItsContent, harm_by_a_newcomer),
    (IgnoresLocks, harm_to_what_is_locked),
    (TrustsTheFirstRead, harm_by_old_tags),
    (TrustsTheFirstRead, harm_by_a_new_bearer),
    (TakesFailureForEmptiness, harm_by_silence),
    (TakesAnyNotFoundForGone, harm_by_a_wrong_404),
)


@pytest.mark.parametrize(("mutant", "harm"), MUTANTS)
def test_a_broken_provider_is_caught(
    bench: AzureBench, world: Group, mutant: Opener, harm: Harm
) -> None:
    assert harm(bench, world, mutant)


@pytest.mark.parametrize("harm", [harm for _, harm in MUTANTS])
def test_the_real_provider_does_no_such_harm(bench: AzureBench, world: Group, harm: Harm) -> None:
    assert not harm(bench, world, open_azure)
