"""Lists are whole or say that they are not, and reads are tried again within reason."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import pytest

pytest.importorskip("google.auth")

from reaper.config.places import GcePlace
from reaper.errors import IdentityMismatch, PlaceUnreachable, ReadOnlyViolation
from reaper.model import Cell, Ref, Resource
from reaper.providers.failures import Incomplete, Unanswered
from reaper.providers.gce import names
from reaper.providers.gce.answers import GoogleError
from reaper.providers.gce.api import Api
from reaper.providers.gce.kinds import KINDS
from reaper.providers.gce.project import Project
from reaper.providers.gce.session import Connection
from reaper.providers.gce.told import Told
from reaper.providers.protocol import Query, Unreadable
from tests.providers.gce.answering import Answers, google

PROJECT = "my-project"
CELL = Cell(provider="gce", scope=PROJECT, label=PROJECT)
DISKS = f"/compute/v1/projects/{PROJECT}/aggregated/disks"


def api(endpoint: str) -> Api:
    place = GcePlace(project=PROJECT, endpoint=endpoint)
    return Api(connection=Connection(place, read_only=True), project=PROJECT)


def disk(name: str, **more: Any) -> dict[str, Any]:
    created = "2026-01-02T03:04:05.000-07:00"
    return {"name": name, "id": "1", "creationTimestamp": created, "status": "READY", **more}


def page(*disks: dict[str, Any], **more: Any) -> dict[str, Any]:
    empty = {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "none"}}
    return {"items": {"zones/z": {"disks": list(disks)}, "zones/y": empty}, **more}


def listed(answers: Answers) -> list[str]:
    with google(answers) as endpoint:
        return [key for key, _ in api(endpoint).items(KINDS[names.DISK])]


def test_all_pages_are_read() -> None:
    def answers(_: str, path: str, asked: Mapping[str, str]) -> tuple[int, Any]:
        assert path == DISKS
        assert asked["maxResults"] == "500"
        if "pageToken" in asked:
            return 200, page(disk("b"))
        return 200, page(disk("a"), nextPageToken="2")

    assert listed(answers) == ["zones/z/disks/a", "zones/z/disks/b"]


@pytest.mark.parametrize(
    "more",
    [
        {"unreachables": ["zones/x"]},
        {"warning": {"code": "PARTIAL_SUCCESS", "message": "some"}},
        {"items": {"zones/x": {"warning": {"code": "UNREACHABLE", "message": "gone"}}}},
        {"items": {"zones/x": {"warning": {"code": "LIST_OVERHEAD_QUOTA_EXCEED"}}}},
    ],
)
def test_a_list_that_says_it_is_not_whole_is_none(more: dict[str, Any]) -> None:
    with pytest.raises(Incomplete, match="not whole"):
        listed(lambda *_: (200, {**page(disk("a")), **more}))


def test_a_zone_that_a_cluster_list_misses_is_told() -> None:
    with (
        google(lambda *_: (200, {"missingZones": ["z"]})) as endpoint,
        pytest.raises(Incomplete, match="z could not be reached"),
    ):
        list(api(endpoint).items(KINDS[names.CLUSTER]))


def test_the_same_page_for_ever_is_no_list() -> None:
    with pytest.raises(Unanswered, match="same page"):
        listed(lambda *_: (200, page(disk("a"), nextPageToken="again")))


def test_a_later_page_that_fails_is_a_gap_and_what_came_before_stands() -> None:
    def answers(_: str, path: str, asked: Mapping[str, str]) -> tuple[int, Any]:
        if "pageToken" in asked:
            return 400, {"error": {"code": 400, "message": "token", "errors": [{"reason": "x"}]}}
        labels = {"reaper-run": "r-1"}
        return 200, page(disk("a", labels=labels), nextPageToken="2") if path == DISKS else {}

    with google(answers) as endpoint:
        project = Project(GcePlace(project=PROJECT, endpoint=endpoint), read_only=True)
        index = project.index(CELL, Query(keys=("reaper-run",), kinds=frozenset({names.DISK})))

    assert [ref.id for ref in index.candidates] == ["zones/z/disks/a"]
    assert [gap.kind for gap in index.gaps] == [names.DISK]


def test_a_read_is_tried_again_while_that_may_help() -> None:
    asked: list[str] = []

    def answers(_: str, path: str, __: Mapping[str, str]) -> tuple[int, Any]:
        asked.append(path)
        if len(asked) < 3:
            return 403, {"error": {"errors": [{"reason": "rateLimitExceeded"}], "message": "slow"}}
        return 200, page(disk("a"))

    assert listed(answers) == ["zones/z/disks/a"]
    assert len(asked) == 3


def test_a_refusal_is_not_tried_again() -> None:
    asked: list[str] = []

    def answers(_: str, path: str, __: Mapping[str, str]) -> tuple[int, Any]:
        asked.append(path)
        return 403, {"error": {"errors": [{"reason": "forbidden"}], "message": "no"}}

    with pytest.raises(GoogleError):
        listed(answers)
    assert len(asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_an_answer_that_is_no_json_object_is_no_answer(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reaper.providers.gce.session.time.sleep", lambda _: None)
    with pytest.raises(Unanswered):
        listed(lambda *_: (200, body))


def test_nothing_is_changed_on_a_read_only_place() -> None:
    connection = Connection(
        GcePlace(project=PROJECT, endpoint="http://127.0.0.1:1"), read_only=True
    )

    with pytest.raises(ReadOnlyViolation):
        connection.change("DELETE", "compute", "/x")
    with pytest.raises(ReadOnlyViolation):
        connection.read("compute", "/compute/v1/x/removePeering", body={})


# --- reading ------------------------------------------------------------------------------------


def reading(answers: Answers, *ids: str) -> dict[str, Any]:
    with google(answers) as endpoint:
        project = Project(GcePlace(project=PROJECT, endpoint=endpoint), read_only=True)
        refs = [Ref(kind=names.DISK, scope=PROJECT, id=each) for each in ids]
        return {ref.id: project.read(CELL, refs)[ref.key] for ref in refs[:1]} | {
            ref.id: found
            for ref, found in zip(refs, project.read(CELL, refs).values(), strict=True)
        }


def test_many_are_read_by_one_list_and_what_it_lacks_one_by_one() -> None:
    asked: list[str] = []

    def answers(_: str, path: str, parameters: Mapping[str, str]) -> tuple[int, Any]:
        if path == DISKS:
            asked.append(parameters["filter"])
            return 200, page(*(disk(name) for name in "abc"))
        if "/disks/" in path:
            return 404, {"error": {"code": 404, "message": "x", "errors": [{"reason": "notFound"}]}}
        return 200, {"items": {}}

    with google(answers) as endpoint:
        project = Project(GcePlace(project=PROJECT, endpoint=endpoint), read_only=True)
        refs = [Ref(kind=names.DISK, scope=PROJECT, id=f"zones/z/disks/{each}") for each in "abcd"]
        readings = project.read(CELL, refs)

    assert asked == ['(name = "a") OR (name = "b") OR (name = "c") OR (name = "d")']
    assert [type(readings[ref.key]).__name__ for ref in refs] == [*["Resource"] * 3, "Absent"]


@pytest.mark.parametrize("broken", [{"id": None}, {"labels": ["x"]}, {"creationTimestamp": "soon"}])
def test_an_item_that_is_not_as_documented_is_unreadable(broken: dict[str, Any]) -> None:
    found = reading(lambda *_: (200, {**disk("a"), **broken}), "zones/z/disks/a")

    assert isinstance(found["zones/z/disks/a"], Unreadable)


def test_a_resource_whose_users_cannot_be_told_was_not_read_wholly() -> None:
    def answers(_: str, path: str, __: Mapping[str, str]) -> tuple[int, Any]:
        if path.endswith("/disks/a"):
            return 200, disk("a")
        return 403, {"error": {"errors": [{"reason": "forbidden"}], "message": "no"}}

    found = reading(answers, "zones/z/disks/a")["zones/z/disks/a"]

    assert isinstance(found, Resource)
    assert "who uses it cannot be told" in str(found.unread)


def test_what_uses_it_and_is_of_no_known_kind_holds_it() -> None:
    user = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/zones/z/somethings/new"

    def answers(_: str, path: str, __: Mapping[str, str]) -> tuple[int, Any]:
        return 200, disk("a", users=[user]) if path.endswith("/disks/a") else {"items": {}}

    found = reading(answers, "zones/z/disks/a")["zones/z/disks/a"]

    assert isinstance(found, Resource)
    assert found.held_by == (user,)


def test_an_index_serves_one_read_and_no_second_look() -> None:
    now = [0.0]
    told = Told(clock=lambda: now[0])
    key = (names.DISK, "zones/z/disks/a")
    told.listed({key: disk("a"), (names.DISK, "b"): disk("b")})

    first, second = told.take([key]), told.take([key, (names.DISK, "b")])
    told.read_along({key: disk("a")})
    now[0] = 4.0
    late = told.take([key])

    assert set(first) == {key}
    assert second == {}
    assert late == {}


# --- which project ------------------------------------------------------------------------------


def who(answers: Answers, **more: Any) -> Any:
    with google(answers) as endpoint:
        place = GcePlace(project=PROJECT, endpoint=endpoint, **more)
        return Project(place, read_only=True).identity()


def told(**more: Any) -> tuple[int, Any]:
    known = {"name": "projects/123", "projectId": PROJECT, "state": "ACTIVE"}
    return 200, {**known, **more}


def refusal(status: int, reason: str) -> tuple[int, Any]:
    return status, {"error": {"message": "no", "errors": [{"reason": reason}]}}


def test_the_project_is_asked_who_it_is() -> None:
    identity = who(lambda *_: told(), number="123")

    assert (identity.place, identity.id, identity.pin) == (PROJECT, "123", False)


@pytest.mark.parametrize(
    ("answer", "more"), [(told(projectId="another"), {}), (told(), {"number": "124"})]
)
def test_another_project_is_refused(answer: tuple[int, Any], more: dict[str, Any]) -> None:
    with pytest.raises(IdentityMismatch, match="the configuration wants my-project"):
        who(lambda *_: answer, **more)


@pytest.mark.parametrize(
    "answer", [told(state="DELETE_REQUESTED"), refusal(403, "forbidden"), refusal(404, "notFound")]
)
def test_a_project_that_cannot_be_read_is_unreachable(answer: tuple[int, Any]) -> None:
    with pytest.raises(PlaceUnreachable, match=PROJECT):
        who(lambda *_: answer)


def test_compute_tells_who_it_is_where_resource_manager_is_not_enabled() -> None:
    def answers(_: str, path: str, __: Mapping[str, str]) -> tuple[int, Any]:
        if path.startswith("/v3/"):
            return refusal(403, "accessNotConfigured")
        return 200, {"name": PROJECT, "id": "7"}

    assert who(answers).id == PROJECT
    with pytest.raises(PlaceUnreachable, match="number"):
        who(answers, number="123")


def test_without_credentials_the_message_says_how_to_get_some(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    with ExitStack():
        path = tmp_path / "none.json"
        path.write_text('{"type": "authorized_user"}')
        place = GcePlace(project=PROJECT, credentials=path)

        with pytest.raises(PlaceUnreachable, match="application-default login"):
            Project(place, read_only=True).identity()
