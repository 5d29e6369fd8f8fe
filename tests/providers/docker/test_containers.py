"""Containers on the real engine."""

from __future__ import annotations

import threading
import time
import uuid

import pytest

from reaper.model import Cell, Relation
from reaper.providers.protocol import Absent, Answer, Provider, Query, Reply, Unreadable
from tests.providers.docker.conftest import Bench, look, others, see

pytestmark = pytest.mark.docker
KIND = "docker:container"


def test_a_container_with_the_label_is_a_candidate_and_one_without_is_none(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    ours = bench.container()
    stranger = bench.client.containers.create(bench.image, ["sleep", "1"])

    try:
        index = provider.index(cell, Query(keys=(bench.key,), kinds=frozenset({KIND})))
    finally:
        stranger.remove(force=True)

    assert [ref.id for ref in index.candidates] == [ours]
    assert index.gaps == ()


def test_a_full_index_names_containers_without_any_label(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    stranger = bench.client.containers.create(bench.image, ["sleep", "1"])

    try:
        index = provider.index(cell, Query(keys=(), kinds=frozenset({KIND}), full=True))
    finally:
        stranger.remove(force=True)

    assert stranger.id in {ref.id for ref in index.candidates}


def test_no_keys_ask_for_nothing_rather_than_for_everything(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    bench.container()

    index = provider.index(cell, Query(keys=()))

    assert index.candidates == ()


def test_values_with_an_equals_sign_are_read_whole(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.container(labels={bench.key: "a=b==c"})

    index = provider.index(cell, Query(keys=(bench.key,), kinds=frozenset({KIND})))

    assert [ref.id for ref in index.candidates] == [id_]
    assert see(provider, cell, KIND, id_).tags[bench.key] == "a=b==c"


def test_each_key_is_asked_for_by_itself(bench: Bench, provider: Provider, cell: Cell) -> None:
    one = bench.container(labels={f"{bench.key}-a": "1"})
    other = bench.container(labels={f"{bench.key}-b": "1"})

    keys = (f"{bench.key}-a", f"{bench.key}-b")
    index = provider.index(cell, Query(keys=keys, kinds=frozenset({KIND})))

    assert {ref.id for ref in index.candidates} == {one, other}


def test_the_index_tells_the_engines_own_time(provider: Provider, cell: Cell) -> None:
    index = provider.index(cell, Query(keys=("reaper-run",)))

    assert index.clock is not None
    assert abs(index.clock.timestamp() - time.time()) < 60


def test_a_container_tells_its_name_labels_age_and_state(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.container(name=bench.name("c"), labels={"reaper-run": "r-1"})

    resource = see(provider, cell, KIND, id_)

    assert resource.name == bench.name("c")
    assert resource.tags == {bench.key: "1", "reaper-run": "r-1"}
    assert resource.created is not None
    assert abs(resource.created.timestamp() - time.time()) < 60
    assert resource.state == "created"
    assert not resource.going
    assert resource.unread is None
    assert resource.protection is None
    assert resource.ref.incarnation is None


def test_a_name_in_place_of_an_id_is_no_answer(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    bench.container(name=bench.name("c"))

    assert isinstance(look(provider, cell, KIND, bench.name("c")), Unreadable)


def test_another_container_called_like_a_gone_ones_id_is_not_taken_for_it(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    gone = uuid.uuid4().hex * 2
    impostor = bench.container(name=gone)

    reading = look(provider, cell, KIND, gone)

    assert isinstance(reading, Absent)
    assert impostor in reading.detail


def test_a_container_that_never_was_is_absent(provider: Provider, cell: Cell) -> None:
    assert isinstance(look(provider, cell, KIND, "0" * 64), Absent)


def test_labels_of_its_image_are_inherited_and_its_own_are_not(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    image = bench.build("img", "LABEL reaper-run=r-1", "LABEL other=image")
    id_ = bench.container(image=image, labels={"other": "own", "mine": "1"})

    resource = see(provider, cell, KIND, id_)

    assert resource.tags["reaper-run"] == "r-1"
    assert resource.inherited == {"reaper-run", bench.key}


def test_where_the_image_is_gone_each_label_may_be_inherited(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    image = bench.build("img")
    id_ = bench.container(image=image, labels={"reaper-run": "r-1"})
    bench.api.remove_image(image, force=True)

    resource = see(provider, cell, KIND, id_)

    assert resource.inherited == {"reaper-run", bench.key}
    assert resource.unread is None


def test_a_container_uses_its_networks_by_id_before_its_first_start_too(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    network = bench.network()
    waiting = bench.container(network=bench.name("net"))
    running = bench.container(network=bench.name("net"), run=True)

    for id_ in (waiting, running):
        assert network in others(see(provider, cell, KIND, id_), Relation.USES)


def test_a_network_made_anew_under_the_same_name_is_not_the_one_it_uses(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    old = bench.network()
    id_ = bench.container(network=bench.name("net"), run=True)
    bench.api.stop(id_, timeout=0)
    bench.api.remove_network(old)
    new = bench.network()

    used = others(see(provider, cell, KIND, id_), Relation.USES)

    assert old in used
    assert new not in used


def test_a_container_uses_its_image_and_its_named_volumes_and_made_neither(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    bench.volume("a")
    id_ = bench.container(
        volumes=[f"{bench.name('a')}:/a"],
        mounts=[{"Type": "volume", "Target": "/b", "Source": bench.name("b")}],
    )

    resource = see(provider, cell, KIND, id_)
    bench.api.remove_container(id_)
    bench.api.remove_volume(bench.name("b"))

    image = bench.api.inspect_image(bench.image)["Id"]
    assert {image, bench.name("a"), bench.name("b")} <= others(resource, Relation.USES)
    assert others(resource, Relation.MADE) == set()
    assert others(resource, Relation.TAKES) == set()


def test_a_container_made_its_anonymous_volumes_and_takes_none_along(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.container(volumes=["/a"], mounts=[{"Type": "volume", "Target": "/b"}])

    resource = see(provider, cell, KIND, id_)

    mounts = bench.api.inspect_container(id_)["Mounts"]
    assert others(resource, Relation.MADE) == {mount["Name"] for mount in mounts}
    assert len(mounts) == 2
    made = resource.others(Relation.MADE)[0].other
    volume = see(provider, cell, "docker:volume", made.id)
    assert volume.ref == made
    assert others(resource, Relation.TAKES) == set()


def test_a_self_removing_container_takes_its_anonymous_volumes_along(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    bench.volume("a")
    id_ = bench.container(volumes=[f"{bench.name('a')}:/a", "/b"], auto_remove=True, run=True)

    resource = see(provider, cell, KIND, id_)

    mounts = bench.api.inspect_container(id_)["Mounts"]
    anonymous = {m["Name"] for m in mounts if m["Destination"] == "/b"}
    assert others(resource, Relation.TAKES) == anonymous


def test_a_volume_taken_from_another_container_was_not_made_here(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    first = bench.container(volumes=["/a"])
    second = bench.container(volumes_from=[first], auto_remove=True, run=True)

    made = others(see(provider, cell, KIND, first), Relation.MADE)
    resource = see(provider, cell, KIND, second)

    assert len(made) == 1
    assert others(resource, Relation.MADE) == set()
    # The engine removes it with the last container that has it, so a sweep must ask about it.
    assert others(resource, Relation.TAKES) == made


def test_containers_that_share_namespaces_or_links_are_seen_from_both_ends(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    base = bench.container(name=bench.name("base"), run=True)
    joined = bench.container(network_mode=f"container:{base}")
    watching = bench.container(pid_mode=f"container:{base}")
    linked = bench.container(name=bench.name("linked"), links={bench.name("base"): "b"})

    users = others(see(provider, cell, KIND, base), Relation.USED_BY)

    assert users == {joined, watching, linked}
    for id_ in users:
        assert base in others(see(provider, cell, KIND, id_), Relation.USES)


def test_a_container_made_after_the_first_read_is_seen_as_a_user_too(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    base = bench.container(run=True)
    assert others(see(provider, cell, KIND, base), Relation.USED_BY) == set()

    watching = bench.container(pid_mode=f"container:{base}")

    assert others(see(provider, cell, KIND, base), Relation.USED_BY) == {watching}


@pytest.mark.parametrize("state", ["created", "running", "paused", "restarting", "exited"])
def test_a_container_goes_whatever_its_state(
    bench: Bench, provider: Provider, cell: Cell, state: str
) -> None:
    if state == "restarting":
        made = bench.client.containers.create(
            bench.image,
            ["sh", "-c", "exit 1"],
            labels=bench.labels(),
            restart_policy={"Name": "always"},
        )
        made.start()
        id_ = str(made.id)
        _until(lambda: bench.api.inspect_container(id_)["State"]["Restarting"])
    else:
        id_ = bench.container(run=state != "created", restart_policy={"Name": "unless-stopped"})
        if state == "paused":
            bench.api.pause(id_)
        if state == "exited":
            bench.api.stop(id_, timeout=0)
    resource = see(provider, cell, KIND, id_)

    answer = provider.delete(cell, resource)

    assert answer == Answer(reply=Reply.DONE)
    assert isinstance(look(provider, cell, KIND, id_), Absent)


def test_deleting_a_container_leaves_its_anonymous_volumes(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.container(volumes=["/a"])
    resource = see(provider, cell, KIND, id_)
    (volume,) = others(resource, Relation.MADE)

    provider.delete(cell, resource)

    left = see(provider, cell, "docker:volume", volume)
    assert provider.delete(cell, left).reply is Reply.DONE


def test_deleting_what_is_gone_already_is_absent(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    resource = see(provider, cell, KIND, bench.container())
    bench.api.remove_container(resource.ref.id)

    assert provider.delete(cell, resource).reply is Reply.ABSENT


def test_several_removers_at_once_are_all_told_something_good(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    resource = see(provider, cell, KIND, bench.container(run=True))
    answers: list[Answer] = []
    removers = [
        threading.Thread(target=lambda: answers.append(provider.delete(cell, resource)))
        for _ in range(4)
    ]

    for remover in removers:
        remover.start()
    for remover in removers:
        remover.join()

    assert {answer.reply for answer in answers} <= {Reply.DONE, Reply.STARTED, Reply.ABSENT}
    _until(lambda: isinstance(look(provider, cell, KIND, resource.ref.id), Absent))


def test_deleting_a_self_removing_container_ends_with_its_absence(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    id_ = bench.container(auto_remove=True, run=True, volumes=["/a"])
    resource = see(provider, cell, KIND, id_)

    answer = provider.delete(cell, resource)

    assert answer.reply in {Reply.DONE, Reply.STARTED, Reply.ABSENT}
    _until(lambda: isinstance(look(provider, cell, KIND, id_), Absent))


def _until(condition: object, *, seconds: float = 20) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.1)
