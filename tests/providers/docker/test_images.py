"""Images on the real engine."""

from __future__ import annotations

import pytest

from reaper.model import Cell, Relation
from reaper.providers.protocol import Absent, Provider, Query, Reply
from tests.providers.docker.conftest import Bench, look, others, ref, see

pytestmark = pytest.mark.docker
KIND = "docker:image"


def test_an_image_is_named_by_its_id_and_claims_nothing_by_its_labels(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.build("img", "LABEL reaper-image-run=r-1")

    index = provider.index(cell, Query(keys=(bench.key,), kinds=frozenset({KIND})))
    resource = see(provider, cell, KIND, id_)

    assert index.candidates == (ref(cell, KIND, id_),)
    assert resource.name == f"{bench.name('img')}:1"
    assert resource.tags == {bench.key: "1", "reaper-image-run": "r-1"}
    assert resource.indirect
    assert resource.created is not None


def test_an_image_is_used_by_its_containers_and_its_children(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.build("img")
    container = bench.container(image=id_)
    child = bench.build("child", container=container)

    resource = see(provider, cell, KIND, id_)

    assert others(resource, Relation.USED_BY) == {container, child}


def test_an_image_of_a_container_or_a_child_is_in_use(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.build("img")
    container = bench.container(image=id_)
    resource = see(provider, cell, KIND, id_)

    of_container = provider.delete(cell, resource)
    child = bench.build("child", container=container)
    bench.api.remove_container(container)
    of_child = provider.delete(cell, resource)

    assert of_container.reply is Reply.IN_USE
    assert of_container.blockers == (f"container {container[:12]}",)
    assert of_child.reply is Reply.IN_USE
    assert see(provider, cell, KIND, child).ref.id == child


def test_an_image_with_a_second_tag_is_in_use_by_its_tags(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.build("img")
    resource = see(provider, cell, KIND, id_)
    bench.api.tag(id_, bench.name("theirs"), "latest")

    answer = provider.delete(cell, resource)

    assert answer.reply is Reply.IN_USE
    assert set(answer.blockers) == {f"{bench.name('img')}:1", f"{bench.name('theirs')}:latest"}
    assert see(provider, cell, KIND, id_).ref.id == id_


@pytest.mark.parametrize("tagged", [True, False])
def test_an_image_with_one_tag_or_none_goes(
    bench: Bench, provider: Provider, cell: Cell, *, tagged: bool
) -> None:
    container = bench.container()
    name = bench.name("img") if tagged else None
    id_ = str(bench.api.commit(container, repository=name, changes=f"LABEL {bench.key}=1")["Id"])
    bench.api.remove_container(container)
    resource = see(provider, cell, KIND, id_)

    first, second = provider.delete(cell, resource), provider.delete(cell, resource)

    assert (first.reply, second.reply) == (Reply.DONE, Reply.ABSENT)
    assert isinstance(look(provider, cell, KIND, id_), Absent)


def test_deleting_an_image_leaves_its_untagged_parent(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    first = bench.container()
    parent = str(bench.api.commit(first, changes=f"LABEL {bench.key}=1")["Id"])
    child = bench.build("child", container=bench.container(image=parent))
    for container in bench.api.containers(all=True, filters={"label": [bench.key]}):
        bench.api.remove_container(container["Id"])

    provider.delete(cell, see(provider, cell, KIND, child))

    assert see(provider, cell, KIND, parent).ref.id == parent
