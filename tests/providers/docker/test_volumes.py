"""Volumes on the real engine."""

from __future__ import annotations

import dataclasses
import time

import pytest

from reaper.model import Cell, Relation
from reaper.providers.protocol import Absent, Provider, Query, Reply
from tests.providers.docker.conftest import Bench, look, others, ref, see

pytestmark = pytest.mark.docker
KIND = "docker:volume"


def test_a_volume_is_named_with_its_incarnation(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    name = bench.volume()

    index = provider.index(cell, Query(keys=(bench.key,), kinds=frozenset({KIND})))
    resource = see(provider, cell, KIND, name)

    created = bench.api.inspect_volume(name)["CreatedAt"]
    assert index.candidates == (ref(cell, KIND, name, created),)
    assert index.candidates[0].incarnation == resource.ref.incarnation == created
    assert resource.created is not None
    assert resource.tags == {bench.key: "1"}


def test_a_volume_is_used_by_containers_in_any_state(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    name = bench.volume()
    created = bench.container(volumes=[f"{name}:/v"])
    exited = bench.container(mounts=[{"Type": "volume", "Source": name, "Target": "/v"}], run=True)
    bench.api.stop(exited, timeout=0)
    borrower = bench.container(volumes_from=[created])

    resource = see(provider, cell, KIND, name)

    assert others(resource, Relation.USED_BY) == {created, exited, borrower}


def test_a_container_that_mounts_a_volumes_directory_by_path_uses_it(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    name = bench.volume()
    path = bench.api.inspect_volume(name)["Mountpoint"]
    container = bench.container(volumes=[f"{path}:/v"])

    assert others(see(provider, cell, KIND, name), Relation.USED_BY) == {container}


def test_a_volume_in_use_is_kept_and_says_by_whom(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    name = bench.volume()
    container = bench.container(volumes=[f"{name}:/v"])
    resource = see(provider, cell, KIND, name)

    answer = provider.delete(cell, resource)

    assert answer.reply is Reply.IN_USE
    assert answer.blockers == (f"container {container[:12]}",)


def test_an_unused_volume_goes(bench: Bench, provider: Provider, cell: Cell) -> None:
    resource = see(provider, cell, KIND, bench.volume())

    first, second = provider.delete(cell, resource), provider.delete(cell, resource)

    assert (first.reply, second.reply) == (Reply.DONE, Reply.ABSENT)
    assert isinstance(look(provider, cell, KIND, resource.ref.id), Absent)


def test_a_volume_made_anew_under_the_same_name_is_not_deleted(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    name = bench.volume()
    resource = see(provider, cell, KIND, name)
    bench.api.remove_volume(name)
    time.sleep(1.1)  # engines date volumes to the second
    bench.volume()

    answer = provider.delete(cell, resource)

    assert answer.reply is Reply.ABSENT
    assert "was created" in answer.detail
    assert see(provider, cell, KIND, name).ref.incarnation != resource.ref.incarnation


def test_a_volume_without_a_known_incarnation_is_not_deleted(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    name = bench.volume()
    resource = dataclasses.replace(see(provider, cell, KIND, name), ref=ref(cell, KIND, name))

    answer = provider.delete(cell, resource)

    assert answer.reply is Reply.FAILED
    assert bench.api.inspect_volume(name)
