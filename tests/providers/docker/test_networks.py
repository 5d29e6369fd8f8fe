"""Networks on the real engine."""

from __future__ import annotations

import pytest

from reaper.model import Cell, Relation
from reaper.providers.protocol import Absent, Provider, Query, Reply
from tests.providers.docker.conftest import Bench, look, others, ref, see

pytestmark = pytest.mark.docker
KIND = "docker:network"


def test_a_network_is_named_by_its_id_and_tells_its_name_and_labels(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.network()

    index = provider.index(cell, Query(keys=(bench.key,), kinds=frozenset({KIND})))
    resource = see(provider, cell, KIND, id_)

    assert index.candidates == (ref(cell, KIND, id_),)
    assert resource.name == bench.name("net")
    assert resource.tags == {bench.key: "1"}
    assert resource.created is not None
    assert resource.unread is None


def test_a_network_is_used_by_containers_in_any_state(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.network()
    created = bench.container(network=bench.name("net"))
    running = bench.container(network=bench.name("net"), run=True)
    exited = bench.container(network=bench.name("net"), run=True)
    bench.api.stop(exited, timeout=0)

    resource = see(provider, cell, KIND, id_)

    assert others(resource, Relation.USED_BY) == {created, running, exited}


def test_stopped_containers_do_not_use_a_network_made_anew_under_the_same_name(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    old = bench.network()
    container = bench.container(network=bench.name("net"), run=True)
    bench.api.stop(container, timeout=0)
    bench.api.remove_network(old)
    new = bench.network()

    assert others(see(provider, cell, KIND, new), Relation.USED_BY) == set()


def test_a_network_with_a_running_container_is_in_use_by_it_and_nobody_is_disconnected(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.network()
    container = bench.container(network=bench.name("net"), run=True)
    resource = see(provider, cell, KIND, id_)

    answer = provider.delete(cell, resource)

    assert answer.reply is Reply.IN_USE
    assert answer.blockers == (str(ref(cell, "docker:container", container)),)
    assert (
        bench.name("net") in bench.api.inspect_container(container)["NetworkSettings"]["Networks"]
    )


def test_an_unused_network_goes(bench: Bench, provider: Provider, cell: Cell) -> None:
    resource = see(provider, cell, KIND, bench.network())

    first, second = provider.delete(cell, resource), provider.delete(cell, resource)

    assert (first.reply, second.reply) == (Reply.DONE, Reply.ABSENT)
    assert isinstance(look(provider, cell, KIND, resource.ref.id), Absent)


@pytest.mark.parametrize("name", ["bridge", "host", "none"])
def test_the_engines_own_networks_are_protected(
    bench: Bench, provider: Provider, cell: Cell, name: str
) -> None:
    (found,) = bench.api.networks(names=[f"^{name}$"])

    assert see(provider, cell, KIND, found["Id"]).protection is not None
