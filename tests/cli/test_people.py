"""The commands that speak to the ledger alone, and how options are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from reaper.cli import options, words
from reaper.cli.main import app
from reaper.errors import UsageError
from reaper.ledger import Ledger
from reaper.model import JournalEntry, Lease, Outcome, Phase, Ref, Rule, Run, Status
from reaper.model.run import Ending

NOW = datetime(2030, 1, 31, 9, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/ledger.db"
    (tmp_path / "reaper.yaml").write_text(f"ledger: {url}\nproviders: {{}}\n")
    return url


def said(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def test_a_pause_holds_until_it_is_taken_back(ledger: str) -> None:
    said("pause", "--reason", "an audit", "--by", "bob")
    with Ledger.open(ledger) as opened:
        during = opened.paused()
    resumed = said("resume")
    with Ledger.open(ledger) as opened:
        after = opened.paused()

    assert during is not None
    assert (during.by, during.reason) == ("bob", "an audit")
    assert "bob had paused it: an audit" in resumed
    assert after is None


def test_an_emergency_needs_no_reason_to_pause(ledger: str) -> None:
    said("pause")

    with Ledger.open(ledger) as opened:
        paused = opened.paused()
    assert paused is not None
    assert paused.reason == "no reason was given"


def test_what_people_decide_is_told_in_json(ledger: str) -> None:
    with Ledger.open(ledger) as opened:
        opened.save_plan("0123456789ab", "0123456789ab" * 4, "memory/lab", "{}")
        opened.hold("0123456789ab", ["memory:disk@lab/one"])

    def document(*arguments: str) -> dict[str, Any]:
        done = CliRunner().invoke(app, [*arguments, "--json"])
        assert done.exit_code == 0, done.output
        content: dict[str, Any] = json.loads(done.stdout)
        return content

    paused = document("pause", "--reason", "an audit", "--by", "bob")
    resumed = document("resume")
    released = document("release", "0123456789ab", "--by", "bob")
    migrated = document("ledger", "migrate")

    assert (paused["schema"], paused["ledger"]) == (1, ledger)
    assert (paused["paused"]["by"], paused["paused"]["reason"]) == ("bob", "an audit")
    assert (resumed["paused"], resumed["was"]) == (None, paused["paused"])
    assert (released["released"], released["by"]) == ("0123456789ab", "bob")
    assert migrated == {"schema": 1, "migrated": ledger}


def test_a_held_plan_is_released_by_its_id(ledger: str) -> None:
    with Ledger.open(ledger) as opened:
        opened.save_plan("0123456789ab", "0123456789ab" * 4, "memory/lab", "{}")
        opened.hold("0123456789ab", ["memory:disk@lab/one"])

    said("release", "0123456789ab")

    with Ledger.open(ledger) as opened:
        assert opened.released("memory/lab") == {"memory:disk@lab/one"}


def test_the_history_tells_what_went_when_and_by_which_sweep(ledger: str) -> None:
    gone = Outcome(
        ref=Ref(kind="memory:disk", scope="lab", id="one"),
        run="r-1",
        status=Status.GONE,
        detail="deleted, and seen gone",
        at=datetime.now(UTC),
        rule=Rule.FINISHED,
        reason="its run is over",
    )
    with Ledger.open(ledger) as opened:
        opened.record(gone, cell="memory/lab", sweep="host:1")

    (item,) = json.loads(said("history", "--json"))["items"]

    assert item["outcome"] == "gone"
    assert item["reason"] == "its run is over"
    assert item["sweep"] == "host:1"
    assert item["at"].endswith("Z")


def test_the_history_names_the_test_that_made_a_thing(ledger: str) -> None:
    ref = Ref(kind="memory:disk", scope="lab", id="one")
    gone = Outcome(ref=ref, run="r-1", status=Status.GONE, detail="", at=datetime.now(UTC))
    made = JournalEntry(
        run="r-1",
        writer="w",
        seq=1,
        at=datetime.now(UTC),
        phase=Phase.CREATED,
        kind=ref.kind,
        scope=ref.scope,
        ref=ref,
        test="tests/test_a.py::test_it",
    )
    with Ledger.open(ledger) as opened:
        opened.add_entries([made])
        opened.record(gone, cell="memory/lab", sweep="host:1")

    (item,) = json.loads(said("history", "--json"))["items"]

    assert item["test"] == "tests/test_a.py::test_it"
    assert "tests/test_a.py::test_it" in said("history")


def test_a_history_of_nothing_is_an_empty_list(ledger: str) -> None:
    assert json.loads(said("history", "--json"))["items"] == []


def test_pruning_tells_what_it_forgot(ledger: str) -> None:
    forgotten = json.loads(said("ledger", "prune", "--before", "0s", "--json"))["forgotten"]

    assert set(forgotten.values()) == {0}


def test_the_ledger_is_brought_up_to_date(ledger: str) -> None:
    assert "has this reaper's schema" in said("ledger", "migrate")


def test_looking_goes_on_without_a_ledger_and_deleting_does_not(
    ledger: str, tmp_path: Path
) -> None:
    (tmp_path / "reaper.yaml").write_text(
        "ledger: postgresql://nobody@127.0.0.1:1/none\n"
        "providers: {docker: [{host: 'unix:///nowhere.sock'}]}\n"
    )

    assert '"items": []' in said("plan", "--json", code=4)
    assert "reaper: " in said("sweep", "--yes", code=1)


def test_a_profiles_run_may_be_called_as_others_call_theirs(ledger: str, tmp_path: Path) -> None:
    (tmp_path / "reaper.yaml").write_text(
        f"ledger: {ledger}\nproviders: {{docker: [{{host: 'unix:///nowhere.sock'}}]}}\n"
        "tags: {profiles: [testcontainers]}\n"
    )

    assert '"items": []' in said("plan", "--json", "--run", "Session.42", code=4)


@pytest.mark.parametrize(
    "command", [["explain"], ["keep", "--until", "2d"], ["resolve", "--by", "bob"]]
)
def test_what_is_not_found_beside_a_gap_is_a_gap_and_no_wrong_usage(
    ledger: str, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "reaper.yaml").write_text(
        f"ledger: {ledger}\nproviders: {{docker: [{{host: 'unix:///nowhere.sock'}}]}}\n"
    )
    resolution = ["adopt"] if command[0] == "resolve" else []

    told = said(*command, "my-volume", *resolution, code=4)

    assert "nothing that was found answers to 'my-volume'" in told
    assert "there is no socket /nowhere.sock" in told


@pytest.mark.parametrize(
    "command",
    [["ls"], ["plan", "--json"], ["sweep", "--yes"], ["clean", "r-1", "--force", "--yes"]],
)
def test_nowhere_to_look_is_no_clean_bill(ledger: str, command: list[str]) -> None:
    assert ledger

    told = said(*command, code=2)

    assert "reaper.yaml: providers has no place" in told
    assert "providers: {docker: [{}]}" in told


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2d", NOW + timedelta(days=2)),
        ("2030-02-01", datetime(2030, 2, 1, tzinfo=UTC)),
        ("2030-02-01T12:00:00+02:00", datetime(2030, 2, 1, 10, tzinfo=UTC)),
        ("forever", "forever"),
    ],
)
def test_a_person_says_in_several_ways_until_when(text: str, time: datetime | str) -> None:
    assert options.until(text, NOW) == time


@pytest.mark.parametrize("text", ["tomorrow", "2d ago", "2030-01-01", ""])
def test_a_time_that_cannot_be_read_or_is_over_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--until"):
        options.until(text, NOW)


def test_a_name_cannot_steer_the_terminal() -> None:
    name = words.titled(Ref(kind="memory:disk", scope="lab", id="x"), "a\x1b[2Jb\nc")

    assert name == "memory:disk a\\x1b[2Jb\\nc (x)"


@pytest.mark.parametrize(
    ("ended", "ending", "told"),
    [
        (None, None, "alive, lease until 2030-01-31 09:05:00Z"),
        (NOW - timedelta(hours=1), Ending.FINISHED, "finished 1h ago"),
        (NOW - timedelta(hours=1), Ending.FORCED, "ended by a person 1h ago"),
    ],
)
def test_how_a_run_stands_is_told_in_a_few_words(
    ended: datetime | None, ending: Ending | None, told: str
) -> None:
    run = Run(
        id="r-1",
        realm="default",
        started=NOW - timedelta(hours=2),
        expires=NOW + timedelta(hours=22),
        lease=Lease(length=timedelta(minutes=10), until=NOW + timedelta(minutes=5)),
        ended=ended,
        ending=ending,
    )

    assert words.condition(run, NOW) == f"started 2h ago, {told}"
