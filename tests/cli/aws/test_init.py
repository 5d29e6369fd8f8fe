"""`reaper init` where AWS credentials are, or are not."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from reaper.cli.main import app
from reaper.config import load
from reaper.config.places import AwsPlace
from reaper.sandbox.aws import AwsSandbox
from tests.cli.aws.conftest import Desk


@pytest.fixture
def sandbox(desk: Desk) -> AwsSandbox:
    return desk.sandbox


@pytest.fixture
def home(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to write to, on a machine without any credentials, and with no file there."""
    monkeypatch.chdir(desk.directory)
    desk.config.unlink()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name)
    return desk.directory


@pytest.fixture
def profile(home: Path, sandbox: AwsSandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    (home / "aws-config").write_text(
        "[profile ci]\nregion = eu-west-1\naws_access_key_id = x\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.endpoint)
    return "ci"


def test_the_account_of_the_credentials_is_written_as_a_place(
    home: Path, sandbox: AwsSandbox, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", profile)

    done = init()

    assert done.exit_code == 0, done.output
    assert f"found aws at {sandbox.account}, as arn:aws:" in done.stderr
    assert "reaper doctor" in done.stdout
    (place,) = load(home / "reaper.yaml", {}).providers.aws
    assert place == AwsPlace(
        account=sandbox.account,
        regions=("eu-west-1",),
        profile="ci",
        endpoint=sandbox.endpoint,
    )
    checked = CliRunner().invoke(app, ["config", "check"])
    assert checked.exit_code == 0, checked.output


def test_without_a_region_all_are_looked_at(
    home: Path, sandbox: AwsSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    done = init("--json")

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["found"]["aws"] == [sandbox.account]
    (place,) = load(home / "reaper.yaml", {}).providers.aws
    assert (place.regions, place.profile) == ("all", None)


def test_without_credentials_nobody_is_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as metadata:
        metadata.settimeout(0)
        address = f"http://127.0.0.1:{metadata.getsockname()[1]}"
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)

        done = init()

        with pytest.raises(BlockingIOError):
            metadata.accept()
    assert "AWS has no credentials here" in done.stderr
    assert load(home / "reaper.yaml", {}).providers.aws == ()


@pytest.mark.usefixtures("profile")
def test_profiles_that_could_be_chosen_are_named(home: Path) -> None:
    done = init()

    assert "AWS_PROFILE can name one of: ci" in done.stderr
    assert load(home / "reaper.yaml", {}).providers.aws == ()


@pytest.mark.usefixtures("home", "sandbox")
def test_a_profile_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "misspelt")

    done = init()

    assert done.exit_code == 0
    assert "no use here: The config profile (misspelt) could not be found" in done.stderr


def test_credentials_that_nobody_accepts_are_told(
    home: Path, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", profile)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

        done = init()

    assert "no use here: Could not connect to the endpoint" in done.stderr
    assert load(home / "reaper.yaml", {}).providers.aws == ()


def init(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["init", *arguments])
