"""`reaper init` finds the account of the SDK's own credentials."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from reaper.cli.main import app
from reaper.config import load
from tests.cli.aws.conftest import Desk


def test_the_account_of_the_credentials_is_written_down(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.directory)
    monkeypatch.setenv("AWS_ENDPOINT_URL", desk.sandbox.endpoint)

    told = CliRunner().invoke(app, ["init", "--force", "--json"])

    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["found"]["aws"] == [desk.sandbox.account]
    [place] = load(desk.config, {}).providers.aws
    assert place.account == desk.sandbox.account
    assert place.regions == "all"


def test_without_credentials_there_is_no_account(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.directory)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    told = CliRunner().invoke(app, ["init", "--force", "--json"])

    assert json.loads(told.stdout)["found"]["aws"] == []
