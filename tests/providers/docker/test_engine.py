"""What an engine's odd, broken and dangerous answers lead to, at an engine of our own."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from reaper.errors import IdentityMismatch, PlaceUnreachable, ReadOnlyViolation
from reaper.model import Cell, JournalEntry, Phase, Ref, Relation, Resource
from reaper.providers.docker import client as client_module
from reaper.providers.docker import open_docker
from reaper.providers.docker.address import Address
from reaper.providers.docker.client import connect
from reaper.providers.docker.discovery import answering
from reaper.providers.docker.surroundings import Recent, Surroundings, Swarm
from reaper.providers.protocol import Absent, Provider, Query, Reply, Unreadable
from reaper.sandbox.clock import VirtualClock
from tests.providers.docker.conftest import Bench, Engine, others
from tests.providers.docker.conftest import ref as ref_of
from tests.providers.docker.fake_engine import ID, FakeEngine, fake_engine, hang_up

CELL = Cell(provider="docker", scope=ID, label="fake")
CONTAINER = "ab" * 32
CREATED = "2026-01-01T00:00:00Z"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeEngine]:
    with fake_engine(tmp_path) as engine:
        yield engine


@pytest.fixture
def provider(fake: FakeEngine) -> Iterator[Provider]:
    opened = open_docker(Engine(host=fake.url), read_only=False)
    yield opened
    opened.close()


def resource(kind: str, id_: str, incarnation: str | None = None) -> Resource:
    return Resource(ref=Ref(kind=kind, scope=ID, id=id_, incarnation=incarnation))


def read(provider: Provider, kind: str, id_: str) -> object:
    ref = Ref(kind=kind, scope=ID, id=id_)
    return provider.read(CELL, [ref])[ref.key]


# Who it is


def test_an_engine_says_who_it_is(fake: FakeEngine, provider: Provider) -> None:
    identity = provider.identity()

    assert identity.place == fake.url
    assert identity.id == ID
    assert identity.notes["version"] == "20.10"
    assert [cell.scope for cell in provider.cells()] == [ID]


def test_an_engine_that_the_configuration_names_is_not_pinned(fake: FakeEngine) -> None:
    named = open_docker(Engine(host=fake.url, engine_id=ID), read_only=True)
    found = open_docker(Engine(host=fake.url), read_only=True)

    pins = [provider.identity().pin for provider in (named, found)]

    for provider in (named, found):
        provider.close()
    assert pins == [False, True]


def test_another_engine_than_the_configured_one_is_refused(fake: FakeEngine) -> None:
    wrong = open_docker(Engine(host=fake.url, engine_id="OTHER"), read_only=True)

    with pytest.raises(IdentityMismatch, match=f"has the ID {ID}.*wants OTHER"):
        wrong.identity()


def test_an_engine_that_changes_under_our_hands_is_refused(
    fake: FakeEngine, provider: Provider
) -> None:
    provider.identity()
    fake.routes["GET /info"] = (200, {"ID": "CHANGED"})

    with pytest.raises(IdentityMismatch, match="another engine"):
        provider.identity()
    assert provider.index(CELL, Query(keys=("k",))).gaps[0].kind is None
    assert isinstance(read(provider, "docker:container", CONTAINER), Unreadable)
    assert provider.control(CELL, "docker:container") is not None


def test_an_engine_that_ignores_label_filters_is_refused(fake: FakeEngine) -> None:
    fake.routes["GET /version"] = (200, {"ApiVersion": "1.29"})
    old = open_docker(Engine(host=fake.url), read_only=True)

    with pytest.raises(IdentityMismatch, match="label filters"):
        old.identity()


def test_something_that_is_no_engine_is_refused(fake: FakeEngine, provider: Provider) -> None:
    fake.routes["GET /info"] = (200, {})

    with pytest.raises(IdentityMismatch, match="no Docker engine"):
        provider.identity()


def test_podman_keeps_its_scope_although_its_id_changes_with_each_answer(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes["GET /version"] = (
        200,
        {"ApiVersion": "1.41", "Components": [{"Name": "Podman Engine"}]},
    )
    info = {"Name": "host-1", "DockerRootDir": "/var/lib/containers"}
    fake.routes["GET /info"] = (200, {**info, "ID": "one"})

    first = provider.identity()
    fake.routes["GET /info"] = (200, {**info, "ID": "two"})
    second = provider.identity()
    fake.routes["GET /info"] = (200, {**info, "ID": "three", "DockerRootDir": "/home/x"})

    assert first.id == second.id
    assert "podman" in first.notes
    with pytest.raises(IdentityMismatch):
        provider.identity()


def test_no_engine_at_all_is_unreachable_and_names_the_place(tmp_path: Path) -> None:
    nobody = open_docker(Engine(host=f"unix://{tmp_path}/none.sock"), read_only=True)

    with pytest.raises(PlaceUnreachable, match=r"none\.sock"):
        nobody.identity()
    with pytest.raises(PlaceUnreachable):
        nobody.cells()
    assert nobody.index(CELL, Query(keys=("k",))).gaps[0].kind is None
    assert isinstance(read(nobody, "docker:container", CONTAINER), Unreadable)
    assert "none.sock" in str(nobody.control(CELL, "docker:container"))


def test_only_engines_that_answer_are_discovered_each_once(
    fake: FakeEngine, tmp_path: Path
) -> None:
    none = Address(url=f"unix://{tmp_path}/none.sock", found="a test")
    one = Address(url=fake.url, found="a test")

    assert answering([none, one, one]) == [fake.url]


# Read-only


def test_a_read_only_provider_sends_nothing_but_reads(fake: FakeEngine) -> None:
    observer = open_docker(Engine(host=fake.url), read_only=True)
    observer.identity()
    observer.index(CELL, Query(keys=("k",)))

    with pytest.raises(ReadOnlyViolation):
        observer.delete(CELL, resource("docker:container", CONTAINER))

    assert {line.partition(" ")[0] for line in fake.asked} == {"GET"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "delete"])
def test_a_read_only_client_refuses_every_other_method(fake: FakeEngine, method: str) -> None:
    address = Address(url=fake.url, found="a test")
    client, _ = client_module.connect(address, read_only=True)
    asked = len(fake.asked)

    with pytest.raises(ReadOnlyViolation):
        client.request(method, f"{client.base_url}/containers/x")
    with pytest.raises(ReadOnlyViolation):
        client.remove_container("x")
    client.close()

    assert len(fake.asked) == asked


# Listing


def test_a_list_that_fails_is_a_gap_and_the_others_go_on(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes["GET /containers/json"] = (500, {"message": "database is locked"})
    fake.routes["GET /networks"] = (200, [{"Id": "n", "Labels": {"k": "1"}}])

    index = provider.index(CELL, Query(keys=("k",)))

    assert [(gap.kind, gap.reason) for gap in index.gaps] == [
        ("docker:container", "500: database is locked")
    ]
    assert [ref.id for ref in index.candidates] == ["n"]
    assert index.clock == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_engine_that_ignores_the_filter_names_no_strangers(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes["GET /containers/json"] = (
        200,
        [{"Id": "ours", "Labels": {"k": "1"}}, {"Id": "theirs", "Labels": {}}, {"Id": "bare"}],
    )

    index = provider.index(CELL, Query(keys=("k",), kinds=frozenset({"docker:container"})))

    assert [ref.id for ref in index.candidates] == ["ours"]


@pytest.mark.parametrize("key", ["", "a=b"])
def test_a_key_that_would_filter_something_else_is_a_gap(
    fake: FakeEngine, provider: Provider, key: str
) -> None:
    provider.identity()
    asked = len(fake.requests("GET /containers"))

    index = provider.index(CELL, Query(keys=(key,), kinds=frozenset({"docker:container"})))

    assert index.candidates == ()
    assert [gap.kind for gap in index.gaps] == ["docker:container"]
    assert len(fake.requests("GET /containers")) == asked


@pytest.mark.parametrize("body", [{"message": "odd"}, "text", [1], [{"Labels": {"k": "1"}}], None])
def test_a_list_that_is_not_as_documented_is_a_gap(
    fake: FakeEngine, provider: Provider, body: Any
) -> None:
    fake.routes["GET /containers/json"] = (200, body)

    index = provider.index(CELL, Query(keys=("k",), kinds=frozenset({"docker:container"})))

    assert index.candidates == ()
    assert len(index.gaps) == 1


# Reading


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"message": "no such container: but that is a 500"}),
        (403, {"message": "authorization denied by plugin"}),
        (404, {"message": "page not found"}),
        (404, {"message": "the proxy does not know this path"}),
        (404, ["no such container"]),
        (200, {"Id": 1}),
        (200, []),
        (200, "text"),
        (302, {}),
    ],
)
def test_only_the_engines_own_word_means_absent(
    fake: FakeEngine, provider: Provider, status: int, body: Any
) -> None:
    fake.routes[f"GET /containers/{CONTAINER}/json"] = (status, body)

    assert isinstance(read(provider, "docker:container", CONTAINER), Unreadable)


def test_an_engine_that_dies_while_it_is_read_tells_nothing(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes[f"GET /containers/{CONTAINER}/json"] = hang_up

    assert isinstance(read(provider, "docker:container", CONTAINER), Unreadable)


def test_the_engines_word_means_absent(fake: FakeEngine, provider: Provider) -> None:
    fake.routes[f"GET /containers/{CONTAINER}/json"] = (
        404,
        {"message": f"No such container: {CONTAINER}"},
    )

    assert isinstance(read(provider, "docker:container", CONTAINER), Absent)


def test_users_that_cannot_be_listed_leave_the_read_incomplete(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes["GET /volumes/v"] = (200, {"Name": "v", "CreatedAt": CREATED, "Labels": None})
    fake.routes["GET /containers/json"] = (500, {"message": "database is locked"})

    reading = read(provider, "docker:volume", "v")

    assert isinstance(reading, Resource)
    assert reading.unread is not None
    assert "containers could not be listed: database is locked" in reading.unread


def test_reads_within_a_moment_share_their_lists_and_inspect_each_anew(
    fake: FakeEngine, provider: Provider
) -> None:
    for name in ("v", "w"):
        fake.routes[f"GET /volumes/{name}"] = (200, {"Name": name, "CreatedAt": CREATED})
    provider.identity()
    fake.asked.clear()

    for name in ("v", "v", "w"):
        read(provider, "docker:volume", name)

    assert [line.rpartition("/")[2] for line in fake.requests("GET") if "/volumes" in line] == [
        *("v", "v", "w")
    ]
    assert len([line for line in fake.requests("GET") if "/containers/json" in line]) == 1
    assert len([line for line in fake.requests("GET") if "/info" in line]) == 1


def test_what_came_within_the_moment_is_told_by_a_read_of_a_kind_that_needs_more(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes["GET /volumes/v"] = (200, {"Name": "v", "CreatedAt": CREATED})
    fake.routes[f"GET /containers/{CONTAINER}/json"] = (
        200,
        {
            "Id": CONTAINER,
            "Created": CREATED,
            "Image": "x",
            "NetworkSettings": {"Networks": {"later": {"NetworkID": ""}}},
        },
    )
    read(provider, "docker:volume", "v")
    fake.routes["GET /networks"] = (200, [{"Id": "e" * 64, "Name": "later"}])

    container = read(provider, "docker:container", CONTAINER)

    assert isinstance(container, Resource)
    assert "e" * 64 in others(container, Relation.USES)


def test_a_list_that_failed_is_asked_for_again_at_once(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes["GET /volumes/v"] = (200, {"Name": "v", "CreatedAt": CREATED})
    fake.routes["GET /containers/json"] = (500, {"message": "database is locked"})
    first = read(provider, "docker:volume", "v")
    fake.routes["GET /containers/json"] = (200, [])

    second = read(provider, "docker:volume", "v")

    assert isinstance(first, Resource)
    assert first.unread is not None
    assert isinstance(second, Resource)
    assert second.unread is None


def test_an_image_that_could_not_be_inspected_is_asked_for_again_at_once(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes["GET /images/x/json"] = (500, {"message": "broken"})
    fake.routes[f"GET /containers/{CONTAINER}/json"] = (
        200,
        {"Id": CONTAINER, "Created": CREATED, "Image": "x"},
    )
    first = read(provider, "docker:container", CONTAINER)
    fake.routes["GET /images/x/json"] = (200, {"Config": {"Labels": None}})

    second = read(provider, "docker:container", CONTAINER)

    assert isinstance(first, Resource)
    assert "image could not be inspected" in str(first.unread)
    assert isinstance(second, Resource)
    assert second.unread is None


def test_where_nothing_is_shared_each_read_finds_the_users_of_that_moment(
    fake: FakeEngine,
) -> None:
    provider = open_docker(Engine(host=fake.url), read_only=True, shared_for=timedelta(0))
    fake.routes["GET /volumes/v"] = (200, {"Name": "v", "CreatedAt": CREATED})
    read(provider, "docker:volume", "v")
    user = {"Id": CONTAINER, "Mounts": [{"Type": "volume", "Name": "v"}]}
    fake.routes["GET /containers/json"] = (200, [user])

    volume = read(provider, "docker:volume", "v")

    provider.close()
    assert isinstance(volume, Resource)
    assert others(volume, Relation.USED_BY) == {CONTAINER}


def test_lists_are_shared_for_so_long_and_no_longer(fake: FakeEngine) -> None:
    clock = VirtualClock()
    recent = Recent(timedelta(seconds=1), clock)
    client, _ = connect(Address(url=fake.url, found="a test"), read_only=True)

    def make() -> Surroundings:
        clock.advance(timedelta(seconds=0.5))  # listing takes a while: its beginning counts
        return Surroundings(
            client,
            scope=ID,
            swarm=Swarm.OUTSIDE,
            needs=frozenset(),
            own=lambda _ids: frozenset(),
            joins={},
        )

    first = recent.around(frozenset(), make)
    clock.advance(timedelta(seconds=0.5))
    after_a_second = recent.around(frozenset(), make)
    clock.advance(timedelta(milliseconds=1))
    later = recent.around(frozenset(), make)
    client.close()

    assert after_a_second is first
    assert later is not first


def test_namespaces_that_cannot_be_told_leave_the_read_incomplete(
    fake: FakeEngine, provider: Provider
) -> None:
    other = "cd" * 32
    fake.routes["GET /containers/json"] = (200, [{"Id": CONTAINER}, {"Id": other}])
    fake.routes[f"GET /containers/{other}/json"] = (500, {"message": "broken"})
    fake.routes[f"GET /containers/{CONTAINER}/json"] = (
        200,
        {"Id": CONTAINER, "Created": CREATED, "Image": "sha256:" + "0" * 64},
    )

    reading = read(provider, "docker:container", CONTAINER)

    assert isinstance(reading, Resource)
    assert "namespaces could not be listed: broken" in str(reading.unread)


def test_a_volume_whose_driver_tells_no_age_is_read_incompletely(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes["GET /volumes/v"] = (200, {"Name": "v", "Labels": {"k": "1"}})

    reading = read(provider, "docker:volume", "v")

    assert isinstance(reading, Resource)
    assert reading.ref.incarnation is None
    assert "creation time" in str(reading.unread)


def test_a_container_on_its_way_out_is_going_and_a_dead_one_is_not(
    fake: FakeEngine, provider: Provider
) -> None:
    states = []
    for state in ("removing", "dead"):
        fake.routes[f"GET /containers/{CONTAINER}/json"] = (
            200,
            {"Id": CONTAINER, "Created": CREATED, "Image": "x", "State": {"Status": state}},
        )
        reading = read(provider, "docker:container", CONTAINER)
        assert isinstance(reading, Resource)
        states.append((reading.state, reading.going))

    assert states == [("removing", True), ("dead", False)]


def test_a_task_of_a_swarm_that_this_engine_does_not_manage_has_its_controller(
    fake: FakeEngine, provider: Provider
) -> None:
    worker = {"ID": ID, "Swarm": {"LocalNodeState": "active", "ControlAvailable": False}}
    fake.routes["GET /info"] = (200, worker)
    fake.routes[f"GET /containers/{CONTAINER}/json"] = (
        200,
        {
            "Id": CONTAINER,
            "Created": CREATED,
            "Image": "x",
            "Config": {"Labels": {"com.docker.swarm.service.id": "svc"}},
        },
    )
    fake.routes["GET /networks/" + "a" * 25] = (
        200,
        {"Id": "a" * 25, "Name": "o", "Scope": "swarm", "Created": CREATED},
    )

    container = read(provider, "docker:container", CONTAINER)
    network = read(provider, "docker:network", "a" * 25)

    assert isinstance(container, Resource)
    assert any(edge.other.id == "svc" for edge in container.edges)
    assert isinstance(network, Resource)
    assert "not its manager" in str(network.unread)
    assert "no manager" in str(provider.control(CELL, "docker:service"))


@pytest.mark.parametrize(
    ("wanted", "uses"),
    [
        ("app:1", True),
        ("app:1@sha256:" + "d" * 64, True),
        ("mirror/app@sha256:" + "d" * 64, True),
        ("sha256:" + "1" * 64, True),
        ("tool", True),
        ("app:2", False),
        ("app:2@sha256:" + "e" * 64, False),
        ("", False),
    ],
)
def test_an_image_is_used_by_the_services_that_name_it(
    fake: FakeEngine, provider: Provider, wanted: str, *, uses: bool
) -> None:
    image = "sha256:" + "1" * 64
    manager = {"ID": ID, "Swarm": {"LocalNodeState": "active", "ControlAvailable": True}}
    fake.routes["GET /info"] = (200, manager)
    spec = {"Name": "svc", "TaskTemplate": {"ContainerSpec": {"Image": wanted}}}
    fake.routes["GET /services"] = (200, [{"ID": "s", "Spec": spec}])
    fake.routes[f"GET /images/{image}/json"] = (
        200,
        {
            "Id": image,
            "Created": CREATED,
            "RepoTags": ["app:1", "tool:latest"],
            "RepoDigests": ["app@sha256:" + "d" * 64],
        },
    )

    reading = read(provider, "docker:image", image)

    assert isinstance(reading, Resource)
    assert reading.unread is None
    assert others(reading, Relation.USED_BY) == ({"s"} if uses else set())


@pytest.mark.parametrize(
    ("status", "body", "unread"),
    [
        (404, {"message": "no such volume"}, False),
        (404, {"message": "page not found"}, True),
        (500, {"message": "broken"}, True),
    ],
)
def test_a_volume_that_cannot_be_inspected_leaves_its_containers_read_incomplete(
    fake: FakeEngine, provider: Provider, status: int, body: Any, *, unread: bool
) -> None:
    volume = "ef" * 32
    fake.routes[f"GET /volumes/{volume}"] = (status, body)
    fake.routes["GET /images/x/json"] = (200, {"Config": {"Labels": None}})
    fake.routes[f"GET /containers/{CONTAINER}/json"] = (
        200,
        {
            "Id": CONTAINER,
            "Created": CREATED,
            "Image": "x",
            "Mounts": [{"Type": "volume", "Name": volume}],
        },
    )

    reading = read(provider, "docker:container", CONTAINER)

    assert isinstance(reading, Resource)
    assert (reading.unread is not None) is unread
    assert others(reading, Relation.MADE) == set()


@pytest.mark.parametrize(("status", "message"), [(404, "page not found"), (500, "broken")])
def test_an_image_that_cannot_be_inspected_leaves_its_containers_read_incomplete(
    fake: FakeEngine, provider: Provider, status: int, message: str
) -> None:
    fake.routes["GET /images/x/json"] = (status, {"message": message})
    fake.routes[f"GET /containers/{CONTAINER}/json"] = (
        200,
        {"Id": CONTAINER, "Created": CREATED, "Image": "x"},
    )

    reading = read(provider, "docker:container", CONTAINER)

    assert isinstance(reading, Resource)
    assert f"its image could not be inspected: {message}" in str(reading.unread)


@pytest.mark.parametrize(("state", "complete"), [("inactive", True), ("active", False)])
def test_an_engine_that_leaves_its_swarm_meanwhile_has_no_services_any_more(
    fake: FakeEngine, provider: Provider, state: str, *, complete: bool
) -> None:
    manager = {"ID": ID, "Swarm": {"LocalNodeState": "active", "ControlAvailable": True}}

    def leave(handler: BaseHTTPRequestHandler) -> None:
        fake.routes["GET /info"] = (200, {"ID": ID, "Swarm": {"LocalNodeState": state}})
        handler.send_error(503, "This node is not a swarm manager.")

    provider.identity()
    fake.routes["GET /volumes/v"] = (200, {"Name": "v", "CreatedAt": CREATED})
    fake.routes |= {"GET /info": (200, manager), "GET /services": leave}
    reading = read(provider, "docker:volume", "v")
    fake.routes |= {"GET /info": (200, manager), "GET /services": leave}
    query = Query(keys=("k",), kinds=frozenset({"docker:service"}))
    index = provider.index(CELL, query)

    assert isinstance(reading, Resource)
    assert (reading.unread is None) is complete
    assert (index.gaps == ()) is complete
    assert (index.not_offered == {"docker:service"}) is complete


def test_a_reference_to_another_engine_or_kind_is_unreadable(
    fake: FakeEngine, provider: Provider
) -> None:
    refs = [
        Ref(kind="docker:container", scope="OTHER", id=CONTAINER),
        Ref(kind="docker:plugin", scope=ID, id="x"),
        Ref(kind="docker:volume", scope=ID, id="../containers/x"),
        Ref(kind="docker:container", scope=ID, id=""),
    ]

    readings = provider.read(CELL, refs)

    assert all(isinstance(readings[ref.key], Unreadable) for ref in refs)
    assert not fake.requests("GET /containers/")


# Deleting


@pytest.mark.parametrize(
    ("status", "message", "reply"),
    [
        (404, "No such container: x", Reply.ABSENT),
        (404, "page not found", Reply.FAILED),
        (409, "removal of container x is already in progress", Reply.STARTED),
        (401, "no", Reply.DENIED),
        (403, "authorization denied by plugin p", Reply.DENIED),
        (403, "network n id x has active endpoints", Reply.IN_USE),
        (500, "driver failed", Reply.FAILED),
        (503, "try later", Reply.THROTTLED),
        (429, "slow down", Reply.THROTTLED),
        (302, "elsewhere", Reply.UNCERTAIN),
    ],
)
def test_each_answer_to_a_deletion_is_told_as_what_it_means(
    fake: FakeEngine, provider: Provider, status: int, message: str, reply: Reply
) -> None:
    fake.routes[f"DELETE /containers/{CONTAINER}"] = (status, {"message": message})

    answer = provider.delete(CELL, resource("docker:container", CONTAINER))

    assert answer.reply is reply
    assert answer.detail
    assert len(fake.requests("DELETE")) == 1


def test_an_engine_that_dies_in_the_middle_leaves_it_uncertain_and_is_not_asked_twice(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes[f"DELETE /containers/{CONTAINER}"] = hang_up

    answer = provider.delete(CELL, resource("docker:container", CONTAINER))

    assert answer.reply is Reply.UNCERTAIN
    assert len(fake.requests("DELETE")) == 1


def test_an_engine_that_never_answers_leaves_it_uncertain(
    fake: FakeEngine, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stall(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(1)
        handler.close_connection = True

    monkeypatch.setattr(client_module, "DELETE_S", 0.2)
    fake.routes[f"DELETE /containers/{CONTAINER}"] = stall

    answer = provider.delete(CELL, resource("docker:container", CONTAINER))

    assert answer.reply is Reply.UNCERTAIN
    assert "timed out" in answer.detail.lower()


@pytest.mark.filterwarnings("ignore:unclosed.*:ResourceWarning")  # docker-py, as it cannot connect
def test_an_engine_that_went_away_before_was_sent_nothing(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as gone:
        provider = open_docker(Engine(host=gone.url), read_only=False)
        provider.identity()
    (tmp_path / "engine.sock").unlink()

    answers = [provider.delete(CELL, resource("docker:container", CONTAINER)) for _ in range(2)]
    provider.close()
    gc.collect()

    # The first attempt may still find a connection from before.
    assert answers[0].reply in {Reply.FAILED, Reply.UNCERTAIN}
    assert answers[1].reply is Reply.FAILED
    assert "nothing was sent" in answers[1].detail
    assert gone.requests("DELETE") == []


@pytest.mark.parametrize(
    ("kind", "id_"),
    [
        ("docker:container", "web"),
        ("docker:container", "ab" * 6),
        ("docker:container", ""),
        ("docker:network", "bridge"),
        ("docker:image", "busybox:latest"),
        ("docker:volume", "../containers/web"),
        ("docker:volume", ".."),
        ("docker:volume", ""),
        ("docker:service", "web"),
        ("docker:plugin", "x"),
    ],
)
def test_nothing_is_deleted_by_name_or_path(
    fake: FakeEngine, provider: Provider, kind: str, id_: str
) -> None:
    answer = provider.delete(CELL, resource(kind, id_))

    assert answer.reply is Reply.FAILED
    assert "nothing was sent" in answer.detail
    assert fake.requests("DELETE") == []


def test_nothing_of_another_engine_is_deleted(fake: FakeEngine, provider: Provider) -> None:
    stranger = Resource(ref=Ref(kind="docker:container", scope="OTHER", id=CONTAINER))

    answers = [
        provider.delete(CELL, stranger),
        provider.delete(Cell(provider="docker", scope="OTHER", label="x"), stranger),
    ]

    assert {answer.reply for answer in answers} == {Reply.FAILED}
    assert fake.requests("DELETE") == []


def test_a_container_is_deleted_without_its_volumes_and_a_volume_without_force(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes[f"DELETE /containers/{CONTAINER}"] = (204, None)
    fake.routes["GET /volumes/v"] = (200, {"Name": "v", "CreatedAt": CREATED})
    fake.routes["DELETE /volumes/v"] = (204, None)

    provider.delete(CELL, resource("docker:container", CONTAINER))
    provider.delete(CELL, resource("docker:volume", "v", CREATED))

    container, volume = fake.requests("DELETE")
    assert "v=False" in container
    assert "force=True" in container
    assert "force=" not in volume


def test_a_volume_that_cannot_be_looked_at_again_is_not_deleted(
    fake: FakeEngine, provider: Provider
) -> None:
    fake.routes["GET /volumes/v"] = (500, {"message": "broken"})

    answer = provider.delete(CELL, resource("docker:volume", "v", CREATED))

    assert answer.reply is Reply.FAILED
    assert fake.requests("DELETE") == []


# Control and lookup


def test_the_control_fails_with_the_list_of_the_kind(fake: FakeEngine, provider: Provider) -> None:
    fake.routes["GET /volumes"] = (500, {"message": "broken"})

    assert provider.control(CELL, "docker:container") is None
    assert provider.control(CELL, "docker:volume") == "broken"
    assert "no kind" in str(provider.control(CELL, "docker:plugin"))


def entry(kind: str, name: str | None) -> JournalEntry:
    return JournalEntry(
        run="r-1",
        writer="w",
        seq=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        phase=Phase.INTENT,
        kind=kind,
        scope=ID,
        name=name,
    )


def test_a_lookup_that_fails_is_no_empty_answer(fake: FakeEngine, provider: Provider) -> None:
    fake.routes["GET /volumes/v"] = (500, {"message": "broken"})

    assert isinstance(provider.lookup(CELL, entry("docker:volume", "v")), Unreadable)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("docker:container", None), ("docker:image", "x"), ("docker:volume", "../info")],
)
def test_a_lookup_without_a_usable_name_finds_nothing(
    fake: FakeEngine, provider: Provider, kind: str, name: str | None
) -> None:
    assert provider.lookup(CELL, entry(kind, name)) == ()


@pytest.mark.docker
def test_a_lookup_finds_by_the_whole_name_only(bench: Bench) -> None:
    real = open_docker(Engine(), read_only=True)
    (cell,) = real.cells()
    container = bench.container(name=bench.name("x"))
    bench.container(name=bench.name("xx"))
    network = bench.network("x")
    bench.network("xx")
    volume = bench.volume("x")

    def found(kind: str, name: str) -> list[Ref]:
        answer = real.lookup(cell, entry(kind, name))
        assert not isinstance(answer, Unreadable)
        return list(answer)

    created = bench.api.inspect_volume(volume)["CreatedAt"]
    assert found("docker:container", bench.name("x")) == [
        ref_of(cell, "docker:container", container)
    ]
    assert found("docker:network", bench.name("x")) == [ref_of(cell, "docker:network", network)]
    assert found("docker:volume", volume) == [ref_of(cell, "docker:volume", volume, created)]
    for kind in ("docker:container", "docker:network", "docker:volume"):
        assert found(kind, bench.name("none")) == []
    real.close()


@pytest.mark.docker
def test_every_kind_of_the_real_engine_can_be_controlled(bench: Bench) -> None:
    real = open_docker(Engine(), read_only=True)
    (cell,) = real.cells()

    reasons = {
        kind: real.control(cell, kind)
        for kind in ("docker:container", "docker:network", "docker:volume", "docker:image")
    }
    real.close()

    assert set(reasons.values()) == {None}


# Podman, as version 4.3 was seen to answer


def test_podman_knows_networks_by_name_and_lists_anonymous_volumes_as_named(
    fake: FakeEngine, provider: Provider
) -> None:
    network, volume = "cd" * 32, "ef" * 32
    networks = {"Networks": {"net": {"NetworkID": "net"}}}
    mounts = [{"Type": "volume", "Name": volume}, {"Type": "volume", "Name": "data"}]
    listed = {"Id": CONTAINER, "Names": ["/c"], "NetworkSettings": networks, "Mounts": mounts}
    fake.routes["GET /containers/json"] = (200, [listed])
    fake.routes["GET /networks"] = (200, [{"Id": network, "Name": "net"}])
    fake.routes[f"GET /networks/{network}"] = (
        200,
        {"Id": network, "Name": "net", "Created": CREATED},
    )
    fake.routes[f"GET /volumes/{volume}"] = (200, {"Name": volume, "CreatedAt": CREATED})
    fake.routes[f"GET /containers/{CONTAINER}/json"] = (
        200,
        {
            "Id": CONTAINER,
            "Created": CREATED,
            "Image": "x",
            "NetworkSettings": networks,
            "Mounts": mounts,
            "HostConfig": {"Binds": [f"{volume}:/a", "data:/b"], "AutoRemove": True},
        },
    )

    used = read(provider, "docker:network", network)
    container = read(provider, "docker:container", CONTAINER)

    assert isinstance(used, Resource)
    assert others(used, Relation.USED_BY) == {CONTAINER}
    assert isinstance(container, Resource)
    assert network in others(container, Relation.USES)
    assert others(container, Relation.TAKES) == {volume}
    assert others(container, Relation.MADE) == set()
