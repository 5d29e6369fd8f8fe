"""OCI providers that are broken on purpose, each in one way: the world it does harm in tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("oci")

from reaper.model import Cell, Ref, Resource, Status
from reaper.providers.oci import deleting, open_oci
from reaper.providers.oci.kind import Deed
from reaper.providers.oci.kinds import KINDS
from reaper.providers.oci.tags import TagReader
from reaper.providers.oci.tenancy import Tenancy
from reaper.providers.protocol import Absent, Answer, Identity, Index, Query, Reading, Unreadable
from reaper.sandbox.faults import Effect, Operation
from tests.acceptance.ocisite import Site
from tests.acceptance.ocisite import site as site  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import clock as clock  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import running as running  # noqa: PLC0414 - a fixture
from tests.cloudbench import STRANGER, Opener
from tests.ocibench import HOME


class IgnoresEdges(Tenancy):
    """It does not ask who uses a thing, nor what goes with it."""

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        return {
            key: replace(each, edges=(), held_by=()) if isinstance(each, Resource) else each
            for key, each in super().read(cell, refs).items()
        }


class IgnoresEtags(Tenancy):
    """It deletes whatever the thing has become since it was looked at."""

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        kind = replace(KINDS[resource.ref.kind], conditional=False)
        return deleting.delete(kind, self._deed(cell, resource))

    def _deed(self, cell: Cell, resource: Resource, **more: Any) -> Deed:
        read = self._evidence.last(resource.ref)
        assert read is not None
        assert read.item is not None
        return Deed(
            reach=self._reach(cell),
            ref=resource.ref,
            item={**read.item, **more},
            etag=read.etag,
            edges=resource.edges,
        )


class TrustsTheFirstLook(IgnoresEtags):
    """What was there once is so; nothing is read again."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._seen: dict[str, Reading] = {}

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        fresh = [ref for ref in refs if ref.key not in self._seen]
        self._seen |= super().read(cell, fresh)
        return {ref.key: self._seen[ref.key] for ref in refs}


class EmptiesUnseen(IgnoresEtags):
    """It takes out of a bucket also what came in after it was looked at."""

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        written = {"+written": datetime.max.replace(tzinfo=UTC)}
        return deleting.delete(KINDS[resource.ref.kind], self._deed(cell, resource, **written))


class TakesFailureForEmptiness(Tenancy):
    """A list that could not be had is an empty one."""

    def index(self, cell: Cell, query: Query) -> Index:
        return replace(super().index(cell, query), gaps=())


class TakesDenialForAbsence(Tenancy):
    """Not found is gone; it asks for no control."""

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        return {
            key: Absent() if isinstance(each, Unreadable) and "NotAuth" in each.reason else each
            for key, each in super().read(cell, refs).items()
        }

    def control(self, cell: Cell, kind: str) -> str | None:
        return None


class _Content(TagReader):
    def read(self, item: Mapping[str, Any]) -> tuple[dict[str, str], str | None]:
        return super().read(item)[0], None


class IgnoresContradictions(Tenancy):
    """Of two tags that disagree it takes the freeform one."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._tags = _Content(self._tags.namespace)


class LooksEverywhere(Tenancy):
    """It works also in compartments that nobody configured."""

    def identity(self) -> Identity:
        told = super().identity()
        for region, reach in self._reaches.items():
            self._reaches[region] = replace(reach, compartments=tuple(reach.tree()))
        return told


class TrustsTheIndex(Tenancy):
    """It asks only where the index knows of users, also right before a deletion."""

    def together(self, cell: Cell, *, preview: bool) -> AbstractContextManager[None]:
        return super().together(cell, preview=True)


class KeepsTheFirstLists(Tenancy):
    """Who used things when it planned is who uses them ever after."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._kept = ExitStack()
        self._known: set[Cell] = set()

    def together(self, cell: Cell, *, preview: bool) -> AbstractContextManager[None]:
        if cell not in self._known:
            self._known.add(cell)
            self._kept.enter_context(super().together(cell, preview=False))
        return nullcontext()


def there(site: Site, vcn: Mapping[str, Any]) -> bool:
    listed = site.clients.network.list_vcns(vcn["compartmentId"]).data
    return vcn["id"] in {each["id"] for each in listed}


def harm_to_a_configuration(site: Site, opener: Opener) -> bool:
    """A stranger would launch from a dead run's image: does it go?"""
    image = site.clients.compute.create_image(
        site.ours.body(instanceId=site.theirs.instance(site.theirs.subnet(site.theirs.vcn()))["id"])
    ).data
    source = {"sourceType": "image", "imageId": image["id"]}
    site.theirs.configuration(sourceDetails=source)
    site.over()

    site.bench.play(opener)

    return bool(site.clients.compute.get_image(image["id"]).data["lifecycleState"] != "AVAILABLE")


def taken_over(site: Site, opener: Opener, moment: str) -> bool:
    """A person takes a dead run's VCN over at a moment of a sweep: does it go?"""
    vcn = site.ours.vcn()
    site.over()

    def take_over(step: str) -> None:
        if step == moment and there(site, vcn):
            site.clients.network.update_vcn(vcn["id"], {"freeformTags": STRANGER})

    site.bench.play(opener, take_over)

    return not there(site, vcn)


def harm_by_a_late_user(site: Site, opener: Opener) -> bool:
    """A stranger would launch into a dead run's subnet, since it was planned: does it go?"""
    subnet = site.ours.subnet(site.ours.vcn())
    site.over()

    def use(step: str) -> None:
        if step == "planned" and not site.bench.sandbox.faults.armed:
            site.bench.refuse(Effect.LAG, "search.*", Operation.INDEX, delay=timedelta(hours=1))
            site.theirs.configuration(createVnicDetails={"subnetId": subnet["id"]})

    site.bench.regions = (HOME,)  # another cell's scan would be over before
    site.bench.play(opener, use)

    listed = site.clients.network.list_subnets(subnet["compartmentId"]).data
    return subnet["id"] not in {each["id"] for each in listed}


def harm_by_old_tags(site: Site, opener: Opener) -> bool:
    site.bench.regions = (HOME,)  # another cell's scan would be over before
    return taken_over(site, opener, "planned")


def harm_by_a_late_change(site: Site, opener: Opener) -> bool:
    return taken_over(site, opener, "intended")


def harm_by_a_late_write(site: Site, opener: Opener) -> bool:
    """Somebody writes to a dead run's bucket in the last moment: is that lost?"""
    bucket = site.ours.bucket("data")
    site.over()

    def write(step: str) -> None:
        if step == "intended":
            site.bench.clock.sleep(1.0)
            site.theirs.write(bucket, "theirs")

    site.bench.play(opener, write)

    api = site.clients.objects
    where = site.ours.compartment
    buckets = api.list_buckets(api.get_namespace().data, where).data
    return bucket not in {each["name"] for each in buckets}


def harm_by_silence(site: Site, opener: Opener) -> bool:
    """The index does not answer: does the report read as if nothing were there?"""
    site.over()
    site.bench.refuse(Effect.FAIL, "search.*", Operation.INDEX)

    _, gaps = site.bench.play(opener)

    return not gaps


def harm_by_a_lost_permission(site: Site, opener: Opener) -> bool:
    """The permission is lost while things are to go: are they told to be gone?"""
    vcn = site.ours.vcn()
    site.over()

    def lose_it(step: str) -> None:
        if step == "intended":
            lost = (Operation.INDEX, Operation.READ, Operation.DELETE)
            site.bench.refuse(Effect.BLIND, "core.*", *lost)

    outcomes, _ = site.bench.play(opener, lose_it)
    site.bench.sandbox.faults.clear()

    assert there(site, vcn)
    return any(each.status is Status.GONE for each in outcomes)


def harm_by_two_tags(site: Site, opener: Opener) -> bool:
    """One tag says a dead run, the other one a run that lives: does it go?"""
    other = {"reaper": {**site.ours.tags, "reaper-run": "r-01jdm3xy9w0000000000000000"}}
    vcn = site.ours.vcn(definedTags=other)
    site.over()

    site.bench.play(opener)

    return not there(site, vcn)


def harm_elsewhere(site: Site, opener: Opener) -> bool:
    """A thing of a dead run is in a compartment that is not configured: does it go?"""
    far = site.theirs.named("compartment", "far")
    asked = site.ours.body(cidrBlock="10.0.0.0/16")
    vcn = site.clients.network.create_vcn({**asked, "compartmentId": far["id"]}).data
    site.over()

    site.bench.play(opener)

    return not there(site, vcn)


Harm = Callable[[Site, Opener], bool]
MUTANTS: tuple[tuple[Opener, Harm], ...] = (
    (IgnoresEdges, harm_to_a_configuration),
    (TrustsTheFirstLook, harm_by_old_tags),
    (IgnoresEtags, harm_by_a_late_change),
    (EmptiesUnseen, harm_by_a_late_write),
    (TakesFailureForEmptiness, harm_by_silence),
    (TakesDenialForAbsence, harm_by_a_lost_permission),
    (IgnoresContradictions, harm_by_two_tags),
    (LooksEverywhere, harm_elsewhere),
    (TrustsTheIndex, harm_by_a_late_user),
    (KeepsTheFirstLists, harm_by_a_late_user),
)


@pytest.mark.parametrize(("mutant", "harm"), MUTANTS)
def test_a_broken_provider_is_caught(site: Site, mutant: Opener, harm: Harm) -> None:
    assert harm(site, mutant)


@pytest.mark.parametrize("harm", dict.fromkeys(harm for _, harm in MUTANTS))
def test_the_real_provider_does_no_such_harm(site: Site, harm: Harm) -> None:
    assert not harm(site, open_oci)
