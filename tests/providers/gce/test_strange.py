"""What runs create of kinds that reaper does not know is shown while it is there, and no longer."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("google.auth")

from reaper.config.places import GcePlace
from reaper.model import Cell, Ref, Resource
from reaper.providers.gce.project import Project
from reaper.providers.protocol import Absent, Reading, Unreadable
from tests.providers.gce.answering import Answers, google

PROJECT = "my-project"
CELL = Cell(provider="gce", scope=PROJECT, label=PROJECT)
PATH = "global/securityPolicies/theirs"
POLICY = Ref(kind="gce:compute:security-policy", scope=PROJECT, id=PATH)
FOUND = {"id": "17", "name": "theirs", "labels": {"a": "b"}}


def reading(ref: Ref, status: int, body: Any) -> Reading:
    def answers(_: str, path: str, __: object) -> tuple[int, Any]:
        assert path == f"/compute/v1/projects/{PROJECT}/{PATH}"
        return status, body

    found: Reading = asking(answers, lambda project: project.read(CELL, [ref])[ref.key])
    return found


def asking(answers: Answers, ask: Any) -> Any:
    with google(answers) as endpoint:
        return ask(Project(GcePlace(project=PROJECT, endpoint=endpoint), read_only=True))


def test_what_is_there_is_shown_and_never_taken_for_read_wholly() -> None:
    found = reading(POLICY, 200, FOUND)

    assert isinstance(found, Resource)
    assert (found.ref.incarnation, found.name, found.tags) == ("17", "theirs", {"a": "b"})
    assert found.unread == "reaper knows no gce:compute:security-policy: remove it by hand"


def test_what_is_gone_is_absent() -> None:
    error = {"error": {"code": 404, "message": "not found", "errors": [{"reason": "notFound"}]}}

    assert reading(POLICY, 404, error) == Absent()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"error": {"code": 403, "message": "no", "errors": [{"reason": "forbidden"}]}}),
        (200, {"name": "theirs"}),
        (200, {**FOUND, "labels": ["a"]}),
    ],
)
def test_what_cannot_be_read_is_not_absent(status: int, body: Any) -> None:
    assert isinstance(reading(POLICY, status, body), Unreadable)


def test_what_is_no_part_of_compute_is_shown_unasked() -> None:
    strange = Ref(kind="gce:run:service", scope=PROJECT, id="locations/l/services/s")

    def answers(*_: object) -> tuple[int, Any]:
        raise AssertionError

    found = asking(answers, lambda project: project.read(CELL, [strange])[strange.key])

    assert isinstance(found, Resource)
    assert found.unread is not None


def test_compute_must_answer_for_the_project_before_something_of_it_is_gone() -> None:
    def control(kind: str, status: int) -> Any:
        def answers(_: str, path: str, __: object) -> tuple[int, Any]:
            assert path == f"/compute/v1/projects/{PROJECT}"
            error = {"code": status, "message": "no", "errors": [{"reason": "forbidden"}]}
            return status, {"error": error} if status != 200 else {"name": PROJECT}

        return asking(answers, lambda project: project.control(CELL, kind))

    assert control(POLICY.kind, 200) is None
    assert "no" in control(POLICY.kind, 403)
    assert control("gce:run:service", 200) == "reaper knows no kind gce:run:service"
