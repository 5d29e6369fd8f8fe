"""The registry of runs over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reaper.ledger import Role
from reaper.model import Beats, Phase
from tests.service.conftest import Api, text

MINUTE = timedelta(minutes=1)


def entry(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "writer": "host-1-1",
        "seq": 1,
        "at": "2026-03-01T12:00:00Z",
        "phase": "created",
        "kind": "docker:volume",
        "scope": "ENGINE",
        "ref": {"kind": "docker:volume", "scope": "ENGINE", "id": "v", "incarnation": "i"},
        "name": "v",
    }
    return {**values, **changes}


def test_a_run_starts_on_the_ledgers_clock(api: Api) -> None:
    run = api.start("r-1", owner="ada", host="build-7", lease_s=60, max_s=3600)

    assert run["started"] == text(api.clock.wall)
    assert run["expires"] == text(api.clock.wall + 60 * MINUTE)
    assert (run["lease_s"], run["lease_until"]) == (60, text(api.clock.wall + MINUTE))
    assert (run["owner"], run["host"], run["realm"], run["alive"]) == (
        "ada",
        "build-7",
        "test",
        True,
    )
    assert api.ledger.runs(["r-1"])["r-1"].beats is Beats.SERVICE


def test_what_is_left_open_is_the_services_configuration(api: Api) -> None:
    run = api.start("r-1")

    assert run["lease_s"] == 600
    assert run["expires"] == text(api.clock.wall + timedelta(hours=24))
    assert run["promised"] is True


def test_an_id_is_never_started_twice(api: Api) -> None:
    api.start("r-1", request="once")

    again = api.ask("POST", "/v1/runs", {"id": "r-1", "request": "twice"}, role=Role.FIXTURE)

    assert again[0] == 409
    assert again[1]["type"] == "urn:reaper:problem:run-exists"


def test_a_second_try_is_answered_as_the_first(api: Api) -> None:
    first = api.start("r-1", request="once")
    api.clock.forward(MINUTE)

    assert api.start("r-1", request="once")["started"] == first["started"]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"id": "R 1"}, "no run ID"),
        ({"realm": "other"}, "realm"),
        ({"lease_s": 0}, "lease_s"),
        ({"lease_s": 120, "max_s": 60}, "lease_s"),
        ({"max_s": 90_000}, "runs.max"),
        ({"lease_s": 1e300}, "lease_s"),
        ({"owner": "x" * 1001}, "owner"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(api: Api, more: dict[str, Any], wanted: str) -> None:
    status, problem = api.ask("POST", "/v1/runs", {"id": "r-1", **more}, role=Role.FIXTURE)

    assert status == 422
    assert wanted in problem["detail"]
    assert api.ledger.list_runs() == []


def test_a_beat_renews_the_lease(api: Api) -> None:
    api.start("r-1", lease_s=60)
    api.clock.forward(30 * timedelta(seconds=1))

    status, run = api.ask("POST", "/v1/runs/r-1/beat", role=Role.FIXTURE)

    assert status == 200
    assert run["lease_until"] == text(api.clock.wall + MINUTE)
    assert run["alive"] is True
    assert api.ledger.runs(["r-1"])["r-1"].lease.until == api.clock.wall + MINUTE


def test_a_beat_is_taken_until_the_ledger_has_ended_the_run(api: Api) -> None:
    api.start("r-1", lease_s=60)
    api.clock.forward(10 * MINUTE)
    api.ledger.serve(elapsed=api.clock.elapsed(), every=10 * MINUTE, grace=timedelta(0))

    late = api.ask("POST", "/v1/runs/r-1/beat", role=Role.FIXTURE)
    api.clock.forward(5 * MINUTE)
    api.ledger.serve(elapsed=api.clock.elapsed(), every=10 * MINUTE, grace=timedelta(0))
    ended = api.ledger.end_lapsed("r-1", timedelta(0))
    refused = api.ask("POST", "/v1/runs/r-1/beat", role=Role.FIXTURE)

    assert late[0] == 200
    assert ended is not None
    assert refused[0] == 410
    assert refused[1]["type"] == "urn:reaper:problem:run-ended"
    assert "must create nothing more" in refused[1]["detail"]
    assert (refused[1]["ending"], refused[1]["ended"]) == ("lapsed", text(api.clock.wall))


def test_beats_are_counted_by_what_was_answered(api: Api) -> None:
    api.start("r-1")
    api.ask("POST", "/v1/runs/r-1/beat", role=Role.FIXTURE)
    api.ask("POST", "/v1/runs/r-2/beat", role=Role.FIXTURE)
    api.ask("POST", "/v1/runs/r-1/finish", role=Role.FIXTURE)
    api.ask("POST", "/v1/runs/r-1/join", role=Role.FIXTURE)

    values = {
        answer: api.metrics.registry.get_sample_value("reaper_beats_total", {"answer": answer})
        for answer in ("taken", "unknown", "ended")
    }
    assert values == {"taken": 1, "unknown": 1, "ended": 1}


def test_a_run_is_finished_once(api: Api) -> None:
    api.start("r-1")
    _, first = api.ask("POST", "/v1/runs/r-1/finish", role=Role.FIXTURE)
    api.clock.forward(MINUTE)

    status, again = api.ask("POST", "/v1/runs/r-1/finish", {"clean": False}, role=Role.FIXTURE)

    assert status == 200
    assert again == first
    assert (first["ending"], first["alive"]) == ("finished", False)
    assert api.sweeping.orders == []


def test_to_clean_asks_for_a_sweep_without_grace(api: Api) -> None:
    api.start("r-1")

    api.ask("POST", "/v1/runs/r-1/finish", {"clean": True}, role=Role.FIXTURE)

    assert api.sweeping.orders == [(None, frozenset({"r-1"}))]


def test_a_journal_is_taken_in_however_often_it_is_sent(api: Api) -> None:
    api.start("r-1")
    sent = {"entries": [entry(), entry(seq=2, phase="intent", ref=None)]}

    first = api.ask("POST", "/v1/runs/r-1/journal", sent, role=Role.FIXTURE)
    again = api.ask("POST", "/v1/runs/r-1/journal", sent, role=Role.FIXTURE)

    assert first == again == (200, {"taken": 2})
    entries = api.ledger.run_entries("r-1")
    assert [(each.seq, each.phase) for each in entries] == [
        (1, Phase.CREATED),
        (2, Phase.INTENT),
    ]
    assert entries[0].ref is not None
    assert entries[0].ref.incarnation == "i"


def test_what_was_created_is_told_also_after_the_end(api: Api) -> None:
    api.start("r-1")
    api.ask("POST", "/v1/runs/r-1/finish", role=Role.FIXTURE)

    status, _ = api.ask("POST", "/v1/runs/r-1/journal", {"entries": [entry()]}, role=Role.FIXTURE)

    assert status == 200
    _, told = api.ask("GET", "/v1/runs/r-1/journal", role=Role.FIXTURE)
    assert [each["id"] for each in told["items"]] == ["v"]


def test_a_journal_of_nobodys_run_is_refused(api: Api) -> None:
    status, problem = api.ask("POST", "/v1/runs/r-9/journal", {"entries": [entry()]})

    assert status == 404
    assert problem["type"] == "urn:reaper:problem:run-unknown"


def test_a_fixtures_token_reaches_only_the_runs_that_it_started(api: Api) -> None:
    _, text_ = api.ledger.add_token("other", Role.FIXTURE, by="test")
    api.start("r-1")

    reached = [
        api.ask(method, f"/v1/runs/r-1{path}", body, token=text_)
        for method, path, body in (
            ("GET", "", None),
            ("GET", "/journal", None),
            ("POST", "/beat", None),
            ("POST", "/join", None),
            ("POST", "/finish", None),
            ("POST", "/journal", {"entries": []}),
        )
    ]

    assert [status for status, _ in reached] == [404] * 6
    assert api.ask("GET", "/v1/runs", token=text_) == (200, {"items": []})
    assert api.ledger.runs(["r-1"])["r-1"].ended is None


def test_a_viewer_sees_all_runs_and_an_operator_may_end_them(api: Api) -> None:
    api.start("r-1")

    _, listed = api.ask("GET", "/v1/runs?alive=true", role=Role.VIEWER)
    shown = api.ask("GET", "/v1/runs/r-1", role=Role.VIEWER)
    beaten = api.ask("POST", "/v1/runs/r-1/beat", role=Role.VIEWER)
    ended = api.ask("POST", "/v1/runs/r-1/finish", role=Role.OPERATOR)

    assert [run["id"] for run in listed["items"]] == ["r-1"]
    assert shown[0] == 200
    assert beaten[0] == 403
    assert ended[0] == 200
    assert api.ask("GET", "/v1/runs?alive=true", role=Role.VIEWER)[1] == {"items": []}
