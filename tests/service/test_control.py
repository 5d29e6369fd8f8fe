"""Plans, outcomes, single resources, and a person's word, over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from reaper.ledger import Result, Role
from reaper.model import FOREVER, Outcome, Rule, Status
from tests.service.conftest import CELL, Api, text, volume

HOUR = timedelta(hours=1)


def item(name: str, **changes: Any) -> dict[str, Any]:
    ref = volume(name)
    values: dict[str, Any] = {
        "provider": "docker",
        "scope": ref.scope,
        "kind": ref.kind,
        "id": ref.id,
        "incarnation": ref.incarnation,
        "name": name,
        "run": "r-1",
        "owner": "ada",
        "created": "2026-03-01T11:00:00Z",
        "tags": {"reaper-run": "r-1"},
        "verdict": "quarantine",
        "rule": "elder",
        "reason": "it was there before",
        "outcome": None,
        "blocked_by": [],
        "until": None,
        "detail": None,
    }
    return {**values, **changes}


def swept(api: Api, *items: dict[str, Any], plan: str = "abc", held: str | None = None) -> None:
    """A daemon has swept the cell and seen these."""
    document = {"schema": 1, "complete": True, "gaps": [], "items": list(items)}
    api.ledger.sweep_begins(CELL, "the engine", daemon="host:1", mode="act")
    api.ledger.keep_document(CELL, json.dumps(document), plan=plan, held=held)
    api.ledger.sweep_ends(CELL, Result.DONE, "")


def about(name: str, **more: Any) -> dict[str, Any]:
    ref = volume(name)
    return {"kind": ref.kind, "scope": ref.scope, "id": ref.id, **more}


def test_the_last_plan_of_each_cell_is_told(api: Api) -> None:
    swept(api, item("v"), held="too many")

    _, plans = api.ask("GET", "/v1/plans", role=Role.VIEWER)
    status, plan = api.ask("GET", "/v1/plans/abc", role=Role.VIEWER)

    assert plans["items"] == [
        {
            "plan": "abc",
            "cell": CELL,
            "label": "the engine",
            "at": text(api.clock.wall),
            "held": "too many",
        }
    ]
    assert status == 200
    assert [each["id"] for each in plan["items"]] == ["v"]
    assert api.ask("GET", "/v1/plans/other", role=Role.VIEWER)[0] == 404


def test_a_held_plan_is_released_and_its_cell_swept(api: Api) -> None:
    api.ledger.save_plan("abc", "abc" * 20, CELL, "{}")
    api.ledger.hold("abc", ["key"])

    status, released = api.ask("POST", "/v1/plans/abc/release")

    assert (status, released["by"]) == (200, "token operator")
    assert api.ledger.released(CELL) == {"key"}
    assert api.sweeping.orders == [([CELL], frozenset())]
    assert api.ask("POST", "/v1/plans/unknown/release")[0] == 404


def test_outcomes_are_told_by_run_and_by_what_became(api: Api) -> None:
    for name, run, status in (("a", "r-1", Status.GONE), ("b", "r-2", Status.FAILED)):
        outcome = Outcome(ref=volume(name), run=run, status=status, detail="", at=api.clock.wall)
        api.ledger.record(outcome, cell=CELL, sweep="s")

    def ids(query: str) -> list[str]:
        _, told = api.ask("GET", f"/v1/outcomes?{query}", role=Role.VIEWER)
        return [each["id"] for each in told["items"]]

    assert ids("") == ["a", "b"]
    assert ids("run=r-2") == ["b"]
    assert ids("status=gone&status=held") == ["a"]
    assert ids("since=2026-03-02T00:00:00Z") == []
    assert ids("limit=1") == ["a"]


def test_a_resource_is_explained_from_the_ledger(api: Api) -> None:
    swept(api, item("v"))
    api.ledger.note("intent", detail="attempt 1", ref=volume("v"), by="host:1")

    status, told = api.ask("GET", "/v1/explain?ref=docker:volume@ENGINE/v", role=Role.VIEWER)

    assert status == 200
    assert (told["item"]["rule"], told["seen"]) == ("elder", text(api.clock.wall))
    assert [event["detail"] for event in told["history"]] == ["attempt 1"]


@pytest.mark.parametrize(
    ("ref", "status"),
    [("docker:volume@ENGINE/unknown", 404), ("docker:volume@OTHER/v", 404), ("nonsense", 422)],
)
def test_what_nobody_knows_is_not_explained(api: Api, ref: str, status: int) -> None:
    swept(api, item("v"))

    assert api.ask("GET", f"/v1/explain?ref={ref}", role=Role.VIEWER)[0] == status


def test_another_incarnation_is_another_resource(api: Api) -> None:
    swept(api, item("v"))

    other = api.ask("POST", "/v1/keep", about("v", incarnation="later", until=None))

    assert other[0] == 404
    assert api.ledger.marks("ENGINE") == {}


@pytest.mark.parametrize("until", [None, "2026-04-01T00:00:00Z"])
def test_a_resource_is_kept(api: Api, until: str | None) -> None:
    swept(api, item("v"))

    status, told = api.ask("POST", "/v1/keep", about("v", until=until))

    (mark,) = api.ledger.marks("ENGINE").values()
    assert status == 200
    assert told["keep_until"] == (until or FOREVER)
    assert (mark.by, text(mark.keep_until) if until else mark.keep_until) == (  # type: ignore[arg-type]  # a time, where one was given
        "token operator",
        until or FOREVER,
    )


@pytest.mark.parametrize("resolution", ["adopt", "dismiss"])
def test_a_quarantine_is_ended(api: Api, resolution: str) -> None:
    swept(api, item("v"))

    status, told = api.ask("POST", "/v1/resolve", about("v", resolution=resolution))

    (mark,) = api.ledger.marks("ENGINE").values()
    assert (status, told["rule"]) == (200, "elder")
    assert (mark.resolution, mark.rule) == (resolution, Rule.ELDER)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"verdict": "keep", "rule": "alive"}, "not-quarantined"),
        ({"rule": "unsure"}, "resolution-refused"),
    ],
)
def test_only_a_quarantine_that_can_be_ended_is(
    api: Api, changes: dict[str, Any], problem: str
) -> None:
    swept(api, item("v", **changes))

    status, told = api.ask("POST", "/v1/resolve", about("v", resolution="adopt"))

    assert (status, told["type"]) == (409, f"urn:reaper:problem:{problem}")
    assert api.ledger.marks("ENGINE") == {}


def test_cells_are_told_with_their_last_sweep_and_what_is_done(api: Api) -> None:
    swept(api)
    api.ledger.sweep_begins("docker/OTHERS", "another's", daemon="host:2", mode="act")

    _, told = api.ask("GET", "/v1/cells", role=Role.VIEWER)

    first, second = told["items"]
    assert (first["cell"], first["result"], first["doing"]) == (CELL, "done", "scanning")
    assert (second["cell"], second["finished"], second["doing"]) == ("docker/OTHERS", None, None)
    assert [gap["reason"] for gap in told["unreachable"]] == ["no answer"]
    assert told["mode"] == "observe"


def test_a_cell_that_was_never_swept_is_told_too(api: Api) -> None:
    _, told = api.ask("GET", "/v1/cells", role=Role.VIEWER)

    assert [(each["cell"], each["started"]) for each in told["items"]] == [(CELL, None)]


def test_sweeping_is_paused_and_resumed_by_name(api: Api) -> None:
    _, paused = api.ask("POST", "/v1/pause", {"reason": "an incident"})
    _, shown = api.ask("GET", "/v1/pause", role=Role.VIEWER)
    _, resumed = api.ask("POST", "/v1/resume")

    assert (paused["paused"]["by"], paused["paused"]["reason"]) == (
        "token operator",
        "an incident",
    )
    assert shown == paused
    assert resumed == {"paused": None}
    assert api.ledger.paused() is None


def test_a_sweep_is_ordered(api: Api) -> None:
    all_cells = api.ask("POST", "/v1/sweeps")
    one = api.ask("POST", "/v1/sweeps", {"cells": [CELL]})
    unknown = api.ask("POST", "/v1/sweeps", {"cells": ["docker/NONE"]})

    assert all_cells == one == (202, {"cells": [CELL], "mode": "observe"})
    assert unknown[0] == 404
    assert api.sweeping.orders == [(None, frozenset()), ([CELL], frozenset())]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_token_and_says_what_is_wrong(api: Api, path: str) -> None:
    well = api.ask("GET", path, role=None)
    api.sweeping.illness = "a thread has died"

    assert well == (200, {"ok": True, "problem": None})
    assert api.ask("GET", path, role=None) == (503, {"ok": False, "problem": "a thread has died"})


def test_what_is_not_ready_is_well(api: Api) -> None:
    api.sweeping.problem = "the ledger is away"

    assert api.ask("GET", "/healthz", role=None)[0] == 200
    assert api.ask("GET", "/readyz", role=None)[0] == 503


def test_errors_are_problem_details_also_where_there_is_no_route(api: Api) -> None:
    for method, path, wanted in (("GET", "/nowhere", 404), ("DELETE", "/v1/runs", 405)):
        status, problem = api.ask(method, path)

        assert status == wanted
        assert problem["status"] == wanted
        assert set(problem) == {"type", "title", "status", "detail"}


def test_a_ledger_that_is_away_is_503_and_nothing_is_lost(api: Api) -> None:
    api.start("r-1")
    engine = api.ledger._database.engine
    with engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE runs RENAME TO away")
        connection.commit()
        status, problem = api.ask("POST", "/v1/runs/r-1/beat", role=Role.FIXTURE)
        connection.exec_driver_sql("ALTER TABLE away RENAME TO runs")
        connection.commit()

    assert (status, problem["type"]) == (503, "urn:reaper:problem:ledger-away")
    assert api.ask("POST", "/v1/runs/r-1/beat", role=Role.FIXTURE)[0] == 200


def test_requests_are_counted_by_the_routes_template(api: Api) -> None:
    api.start("r-1")
    api.ask("GET", "/v1/runs/r-1")
    api.ask("GET", "/etc/passwd")

    _, metrics = api.ask("GET", "/metrics", role=None)

    assert 'method="GET",route="/v1/runs/{run_id}",status="200"} 1.0' in metrics
    assert 'method="",route="",status="404"} 1.0' in metrics
    assert "passwd" not in metrics
