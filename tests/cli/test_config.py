"""`reaper config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reaper.cli.config import app
from reaper.errors import ConfigurationError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ours.yaml"


def test_a_right_file_is_called_right(file: Path) -> None:
    file.write_text("realm: ours\n")

    result = CliRunner().invoke(app, ["check", "--config", str(file)])

    assert result.exit_code == 0
    assert result.stdout == f"{file} is right.\n"


def test_without_a_file_the_default_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("database: theirs\n")
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, ["check"])

    assert result.exit_code == 0
    assert "the local Docker engine is the one place" in result.stdout
    assert "config.yaml was passed over" in result.stderr


def test_what_is_wrong_is_raised_for_the_command_line_to_tell(file: Path) -> None:
    file.write_text("realm: Ours\npolcy: {}\n")

    result = CliRunner().invoke(app, ["check", "--config", str(file)])

    assert isinstance(result.exception, ConfigurationError)
    assert len(result.exception.args) == 2


def test_what_is_wrong_is_listed_for_programs(file: Path) -> None:
    file.write_text("realm: Ours\npolcy: {}\n")

    result = CliRunner().invoke(app, ["check", "--json", "--config", str(file)])

    said = json.loads(result.stdout)
    assert result.exit_code == 2
    assert (said["valid"], len(said["problems"])) == (False, 2)


def test_a_right_file_is_right_for_programs_too(file: Path) -> None:
    file.write_text("")

    result = CliRunner().invoke(app, ["check", "--json", "--config", str(file)])

    assert json.loads(result.stdout) == {
        "schema": 1,
        "valid": True,
        "source": str(file),
        "notices": [],
        "problems": [],
    }


def test_the_schema_describes_every_key_and_forbids_others() -> None:
    result = CliRunner().invoke(app, ["schema"])

    said = json.loads(result.stdout)
    sections = [said, *said["$defs"].values()]
    objects = [section for section in sections if section.get("type") == "object"]
    assert all(section["additionalProperties"] is False for section in objects)
    for section in objects:
        for name, value in section["properties"].items():
            assert value.get("description") or value.get("$ref"), name
    assert said["$defs"]["PolicySettings"]["properties"]["grace"]["default"] == "15m"
