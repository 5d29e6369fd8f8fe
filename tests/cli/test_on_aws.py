"""Commands on an AWS sandbox: what a person reads is short, and what a program reads is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

pytest.importorskip("moto")

import boto3

from reaper.cli.main import app
from reaper.sandbox.aws import AwsSandbox

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[AwsSandbox]:
    with AwsSandbox() as running:
        yield running


@pytest.fixture
def run(sandbox: AwsSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run that is over and has left a topic and a cluster, which is of a kind nobody knows."""
    sandbox.reset()
    file = tmp_path / "reaper.yaml"
    place = f'{{account: "123456789012", regions: [us-east-1], endpoint: "{sandbox.endpoint}"}}'
    file.write_text(f"policy: {{grace: 0s}}\nproviders: {{aws: [{place}]}}\n")
    monkeypatch.setenv("REAPER_CONFIG", str(file))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    started = reaper("run", "start", "--owner", "alice").stdout.split()[-1]
    tags = json.loads(reaper("tags", started).stdout)
    session = boto3.Session(region_name="us-east-1")
    session.client("sns", endpoint_url=sandbox.endpoint).create_topic(
        Name="alarms", Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )
    session.client("ecs", endpoint_url=sandbox.endpoint).create_cluster(
        clusterName="tests", tags=[{"key": key, "value": value} for key, value in tags.items()]
    )
    reaper("run", "finish", started)
    return started


def test_what_a_table_shows_can_be_asked_about(run: str) -> None:
    planned = reaper("plan", code=3).stdout

    assert "  aws:sns:topic    alarms  wave 1\n" in planned
    assert "reaper knows no aws:ecs:cluster: remove it by hand\n  aws:ecs:cluster  tests" in planned
    for name, kind in (("alarms", "aws:sns:topic"), ("tests", "aws:ecs:cluster")):
        told = json.loads(reaper("explain", name, "--json").stdout)
        assert (told["item"]["kind"], told["item"]["run"]) == (kind, run)


def test_a_program_reads_the_whole_id(run: str) -> None:
    items = json.loads(reaper("plan", "--run", run, "--json", code=3).stdout)["items"]

    assert [it["id"] for it in items if it["kind"] == "aws:sns:topic"] == [TOPIC]


def test_what_is_gone_is_remembered_by_what_tables_show(run: str) -> None:
    reaper("sweep", "--run", run, "--yes", code=3)

    told = reaper("explain", "alarms").stdout

    assert told.startswith(f"aws:sns:topic@123456789012/us-east-1/{TOPIC}\naws:sns:topic alarms\n")
    assert "outcome: gone" in told
    assert "alarms  deleted, and seen gone" in reaper("history", "--run", run).stdout


def reaper(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, done.output
    return done
