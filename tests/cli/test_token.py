"""`reaper token`: made, listed, taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from reaper.cli.main import app
from reaper.ledger import Ledger, Role


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "reaper.yaml"
    path.write_text(f"ledger: sqlite:///{tmp_path}/ledger.db\n")
    return path


def token(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["token", *arguments, "--config", str(config)])


def as_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_token_is_printed_once_and_opens_the_ledger(config: Path, tmp_path: Path) -> None:
    result = token(config, "add", "ci", "--role", "fixture", "--by", "ada")

    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        found = ledger.token(result.stdout.strip())
    assert found is not None
    assert (found.name, found.role, found.made_by, found.expires) == (
        "ci",
        Role.FIXTURE,
        "ada",
        None,
    )
    assert result.stdout.strip() not in token(config, "ls").output


def test_tokens_are_listed_with_what_they_are_good_for(config: Path) -> None:
    made = as_json(token(config, "add", "ci", "--role", "viewer", "--expires", "90d", "--json"))
    token(config, "revoke", "ci")

    (listed,) = as_json(token(config, "ls", "--json"))["items"]

    assert listed["id"] == made["id"]
    assert listed["expires"] == made["expires"]
    assert listed["refused"] == "the token was revoked"
    assert "the token was revoked" in token(config, "ls").stdout


def test_a_role_is_wanted(config: Path) -> None:
    assert token(config, "add", "ci").exit_code == 2


def test_what_is_not_there_cannot_be_revoked(config: Path) -> None:
    assert token(config, "revoke", "none").exit_code == 2
