"""`reaper run …` and `reaper tags` where REAPER_URL names a registry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from reaper.cli.main import app
from reaper.client import RunDirectory, directories
from reaper.client.service import TOKEN_VARIABLE, URL_VARIABLE
from reaper.ledger import Role
from reaper.model import Ending
from reaper.tags import run_tags
from tests.service.conftest import Api, serving


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    with serving(tmp_path, {}) as api:
        monkeypatch.setenv(URL_VARIABLE, api.url)
        monkeypatch.setenv(TOKEN_VARIABLE, api.tokens[Role.FIXTURE])
        monkeypatch.chdir(tmp_path)
        (tmp_path / "reaper.yaml").write_text("realm: test\nproviders: {}\n")
        yield api


def reaper(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def started() -> str:
    result = reaper("run", "start", "--owner", "ada")
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def as_json(*arguments: str) -> Any:
    result = reaper(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_run_is_started_beaten_and_finished_at_the_service(api: Api) -> None:
    run_id = started()

    beaten = as_json("run", "beat", run_id)
    finished = as_json("run", "finish", run_id)

    assert list(directories()) == []
    assert (beaten["run"]["owner"], beaten["run"]["alive"]) == ("ada", True)
    assert finished["run"]["ending"] == "finished"
    assert api.ledger.runs([run_id])[run_id].ending is Ending.FINISHED


def test_a_beat_after_the_end_is_refused(api: Api) -> None:
    run_id = started()
    api.ledger.force_end(run_id)

    result = reaper("run", "beat", run_id)

    assert result.exit_code == 1
    assert "must create nothing more" in result.stderr


def test_runs_are_listed_and_shown_from_the_service(api: Api) -> None:
    run_id = started()
    body = {
        "writer": "w",
        "seq": 1,
        "at": "2026-01-01T00:00:00Z",
        "phase": "created",
        "kind": "docker:volume",
        "scope": "E",
        "ref": {"kind": "docker:volume", "scope": "E", "id": "v"},
    }
    api.ask("POST", f"/v1/runs/{run_id}/journal", {"entries": [body]})

    listed = as_json("run", "ls")
    shown = as_json("run", "show", run_id)

    assert [run["id"] for run in listed["items"]] == [run_id]
    assert shown["run"]["id"] == run_id
    assert [entry["id"] for entry in shown["journal"]] == ["v"]


def test_tags_are_those_of_the_registered_run(api: Api) -> None:
    run_id = started()

    assert as_json("tags", run_id) == run_tags(api.ledger.runs([run_id])[run_id])


def test_a_run_of_this_host_stays_with_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as alone:
        alone.delenv(URL_VARIABLE)
        run_id = started()

    reaper("run", "finish", run_id)

    assert RunDirectory.open(run_id).read().ending is Ending.FINISHED


def test_a_wrong_token_is_wrong_usage(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "reaper_0_x")

    result = reaper("run", "start")

    assert result.exit_code == 2
    assert TOKEN_VARIABLE in result.stderr


def test_a_list_without_the_service_is_not_whole(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:1")

    result = reaper("run", "ls")

    assert result.exit_code == 4
    assert "does not answer" in result.stderr
