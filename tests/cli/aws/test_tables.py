"""What a person reads is short and can be asked about; what a program reads is whole."""

from __future__ import annotations

import pytest

import reaper
from tests.cli.aws.conftest import REGION, Desk

TOPIC = f"arn:aws:sns:{REGION}:123456789012:alarms"


@pytest.fixture
def run(desk: Desk) -> str:
    """A run that is over and has left a topic and a cluster, which is of a kind nobody knows."""
    with reaper.run(owner="alice", state=desk.directory / "state") as left:
        tags = dict(left.tags)
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        desk.client("sns").create_topic(Name="alarms", Tags=pairs)
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        desk.client("ecs").create_cluster(clusterName="tests", tags=pairs)
    desk.environment.setenv("REAPER_STATE", str(desk.directory / "state"))
    return left.id


def test_what_a_table_shows_can_be_asked_about(desk: Desk, run: str) -> None:
    planned = desk.say("plan").stdout

    assert "  aws:sns:topic    alarms  wave 1\n" in planned
    assert "reaper knows no aws:ecs:cluster: remove it by hand\n  aws:ecs:cluster  tests" in planned
    for name, kind in (("alarms", "aws:sns:topic"), ("tests", "aws:ecs:cluster")):
        told = desk.told("explain", name)
        assert (told["item"]["kind"], told["item"]["run"]) == (kind, run)


def test_a_program_reads_the_whole_id(desk: Desk, run: str) -> None:
    items = desk.told("plan", "--run", run, code=3)["items"]

    assert [it["id"] for it in items if it["kind"] == "aws:sns:topic"] == [TOPIC]


def test_what_is_gone_is_remembered_by_what_tables_show(desk: Desk, run: str) -> None:
    desk.told("sweep", "--run", run, "--yes", code=3)

    told = desk.say("explain", "alarms").stdout

    assert told.startswith(f"aws:sns:topic@123456789012/{REGION}/{TOPIC}\naws:sns:topic alarms\n")
    assert "outcome: gone" in told
    assert "alarms  deleted, and seen gone" in desk.say("history", "--run", run).stdout
