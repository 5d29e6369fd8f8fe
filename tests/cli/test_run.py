"""`reaper run` and `reaper tags`: the registry of runs for programs that are not pytest."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from reaper.cli import options
from reaper.cli import run as run_commands
from reaper.cli import tags as tags_command
from reaper.client import RUN_VARIABLE, RunDirectory
from reaper.client.moment import moment_here
from reaper.errors import InvalidRunId, RunEnded, RunNotOver, RunUnknown, UsageError
from reaper.ledger import Ledger
from reaper.model import Ending, JournalEntry, Lease, Phase, Ref, Run

Reaper = Callable[..., Result]


@pytest.fixture
def reaper(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Reaper:
    monkeypatch.setenv("REAPER_STATE", str(tmp_path))
    monkeypatch.delenv("REAPER_RUN_ID", raising=False)
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.add_typer(run_commands.app, name="run")
    tags_command.register(app)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def start(reaper: Reaper, *options: str) -> str:
    result = reaper("run", "start", *options)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def silence(run_id: str, awake: timedelta) -> None:
    here = moment_here()
    past = replace(here, awake_s=here.awake_s - awake.total_seconds())
    RunDirectory.open(run_id).beat(at=past)


def test_start_prints_an_id_that_is_alive(reaper: Reaper) -> None:
    run_id = start(reaper, "--owner", "alice", "--prefix", "Nightly Build", "--lease", "2m")

    found = RunDirectory.open(run_id).read()

    assert run_id.startswith("nightly-build-")
    assert found.owner == "alice"
    assert found.lease.length == timedelta(minutes=2)
    assert found.alive(moment_here().wall)


def test_a_script_promises_nothing_unless_it_says_so(reaper: Reaper) -> None:
    silent = RunDirectory.open(start(reaper)).read()
    promising = RunDirectory.open(start(reaper, "--promise")).read()

    assert not silent.promised
    assert promising.promised


def test_start_takes_realm_and_durations_from_the_configuration(
    reaper: Reaper, tmp_path: Path
) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("realm: qa\nruns: {lease: 5m, max: 2h}\n")

    found = RunDirectory.open(start(reaper, "--config", str(config))).read()

    assert found.realm == "qa"
    assert found.lease.length == timedelta(minutes=5)
    assert found.expires - found.started == timedelta(hours=2)


def test_start_shows_the_whole_run_in_json(reaper: Reaper) -> None:
    shown = json.loads(start(reaper, "--json", "--owner", "alice", "--origin", "make it"))

    assert shown["schema"] == 1
    assert shown["run"]["owner"] == "alice"
    assert shown["run"]["origin"] == "make it"
    assert shown["run"]["alive"] is True
    assert shown["run"]["started"].endswith("Z")


def test_a_lease_longer_than_the_run_may_last_is_refused(reaper: Reaper, tmp_path: Path) -> None:
    result = reaper("run", "start", "--lease", "3h", "--max", "1h")

    assert isinstance(result.exception, UsageError)
    assert not (tmp_path / "runs").exists()


def test_a_duration_that_is_none_is_refused_in_words(reaper: Reaper) -> None:
    result = reaper("run", "start", "--lease", "soon")

    assert isinstance(result.exception, UsageError)
    assert "--lease: 'soon'" in str(result.exception)
    assert "15m" in str(result.exception)


def test_a_state_directory_that_cannot_be_written_is_told_in_one_sentence(
    reaper: Reaper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REAPER_STATE", str(tmp_path / "file"))

    result = reaper("run", "start")

    assert isinstance(result.exception, UsageError)
    assert "set REAPER_STATE" in str(result.exception)


def test_a_beat_renews_the_lease(reaper: Reaper) -> None:
    run_id = start(reaper)
    silence(run_id, timedelta(hours=1))

    result = reaper("run", "beat", run_id)

    assert result.exit_code == 0
    assert result.stdout == ""
    assert RunDirectory.open(run_id).read().alive(moment_here().wall)


def test_a_finished_run_takes_no_beat(reaper: Reaper) -> None:
    run_id = start(reaper)

    assert reaper("run", "finish", run_id).exit_code == 0
    assert reaper("run", "finish", run_id).exit_code == 0
    result = reaper("run", "beat", run_id)

    assert isinstance(result.exception, RunEnded)
    assert RunDirectory.open(run_id).read().ending is Ending.FINISHED


def test_the_run_is_the_environment_s_where_none_is_named(
    reaper: Reaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start(reaper)
    monkeypatch.setenv("REAPER_RUN_ID", run_id)

    assert options.RUN_VARIABLE == RUN_VARIABLE
    assert json.loads(reaper("run", "show", "--json").stdout)["run"]["id"] == run_id
    assert json.loads(reaper("tags").stdout)["reaper-run"] == run_id


@pytest.mark.parametrize(
    "command", [("run", "beat"), ("run", "finish"), ("run", "show"), ("tags",)]
)
def test_an_unknown_run_is_told(reaper: Reaper, command: tuple[str, ...]) -> None:
    assert isinstance(reaper(*command, "r-nobody").exception, RunUnknown)
    assert isinstance(reaper(*command, "Nobody!").exception, InvalidRunId)


def test_ls_shows_each_run_with_its_state_and_owner(reaper: Reaper) -> None:
    alive = start(reaper, "--owner", "alice")
    lapsed = start(reaper, "--owner", "bob")
    ended = start(reaper, "--owner", "carol")
    silence(lapsed, timedelta(hours=1))
    reaper("run", "finish", ended)

    result = reaper("run", "ls")

    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "alive" in rows[alive]
    assert "alice" in rows[alive]
    assert "lapsed 50m" in rows[lapsed]
    assert "ended (finished)" in rows[ended]
    assert result.exit_code == 0


def test_ls_in_json_has_the_shape_of_all_lists(reaper: Reaper) -> None:
    run_id = start(reaper)

    shown = json.loads(reaper("run", "ls", "--json").stdout)

    assert (shown["schema"], shown["complete"], shown["gaps"]) == (1, True, [])
    assert [item["id"] for item in shown["items"]] == [run_id]


def test_ls_without_runs_says_so(reaper: Reaper) -> None:
    assert "no runs" in reaper("run", "ls").stdout
    assert json.loads(reaper("run", "ls", "--json").stdout)["items"] == []


def test_a_run_that_cannot_be_read_is_a_gap_and_the_others_are_listed(
    reaper: Reaper, tmp_path: Path
) -> None:
    broken, whole = start(reaper), start(reaper)
    (tmp_path / "runs" / broken / "run.json").write_text("{")

    as_json = reaper("run", "ls", "--json")
    as_text = reaper("run", "ls")

    shown = json.loads(as_json.stdout)
    assert as_json.exit_code == as_text.exit_code == 4
    assert shown["complete"] is False
    assert broken in shown["gaps"][0]["reason"]
    assert [item["id"] for item in shown["items"]] == [whole]
    assert broken in as_text.stderr
    assert whole in as_text.stdout


def test_show_tells_what_the_run_created(
    reaper: Reaper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import reaper as library  # noqa: PLC0415 - the fixture has the name

    with library.run(owner="alice", state=tmp_path) as run:
        intent = run.intends(kind="docker:volume", scope="engine", id="v1", test="test_it")
        run.created(kind="docker:volume", scope="engine", id="v1", intent=intent)

    text = reaper("run", "show", run.id)
    shown = json.loads(reaper("run", "show", run.id, "--json").stdout)

    assert "docker:volume@engine/v1" in text.stdout
    assert "ended (finished)" in text.stdout
    assert [entry["phase"] for entry in shown["journal"]] == ["intent", "created"]
    assert shown["journal"][0]["test"] == "test_it"
    assert shown["run"]["ending"] == "finished"


def test_show_reports_a_journal_s_line_that_it_cannot_read(reaper: Reaper, tmp_path: Path) -> None:
    run_id = start(reaper)
    (tmp_path / "runs" / run_id / "journal-w.jsonl").write_text("rubbish\n")

    result = reaper("run", "show", run_id)

    assert result.exit_code == 4
    assert "journal-w.jsonl, line 1" in result.stderr


def test_a_run_whose_lock_is_held_is_not_called_finished(
    reaper: Reaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start(reaper)

    with RunDirectory.open(run_id)._locked():
        result = reaper("run", "finish", run_id)

    assert isinstance(result.exception, RunNotOver)
    assert not RunDirectory.open(run_id).ended


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db") as opened:
        yield opened


def elsewhere(run_id: str) -> Run:
    """A run of another host, which only the ledger knows."""
    now = moment_here().wall
    return Run(
        id=run_id,
        realm="default",
        started=now - timedelta(hours=1),
        expires=now + timedelta(hours=1),
        lease=Lease(length=timedelta(minutes=10), until=now + timedelta(minutes=5)),
        owner="dora",
        host="other-host",
    )


def test_ls_shows_what_only_the_ledger_knows_too(reaper: Reaper, ledger: Ledger) -> None:
    here = start(reaper)
    ledger.take_in(elsewhere("r-elsewhere"))

    text = reaper("run", "ls")
    shown = json.loads(reaper("run", "ls", "--json").stdout)

    assert [item["id"] for item in shown["items"]] == ["r-elsewhere", here]
    assert shown["complete"] is True
    assert "other-host" in text.stdout


def test_an_end_that_only_the_ledger_knows_is_shown(reaper: Reaper, ledger: Ledger) -> None:
    run_id = start(reaper)
    ledger.take_in(RunDirectory.open(run_id).read())
    ledger.force_end(run_id)

    listed = reaper("run", "ls").stdout
    shown = json.loads(reaper("run", "show", run_id, "--json").stdout)

    assert "ended (forced)" in listed
    assert (shown["run"]["alive"], shown["run"]["ending"]) == (False, "forced")


def test_show_tells_of_a_run_that_only_the_ledger_knows(reaper: Reaper, ledger: Ledger) -> None:
    run = elsewhere("r-elsewhere")
    ledger.take_in(run)
    entry = JournalEntry(
        run=run.id,
        writer="w",
        seq=1,
        at=run.started,
        phase=Phase.CREATED,
        kind="docker:volume",
        scope="engine",
        ref=Ref(kind="docker:volume", scope="engine", id="v1"),
    )
    ledger.add_entries([entry])

    result = reaper("run", "show", run.id)

    assert result.exit_code == 0
    assert "not on this host" in result.stdout
    assert "docker:volume@engine/v1" in result.stdout


def test_a_ledger_that_does_not_answer_leaves_a_gap_beside_this_host_s_runs(
    reaper: Reaper, tmp_path: Path
) -> None:
    run_id = start(reaper)
    config = tmp_path / "reaper.yaml"
    config.write_text(f"ledger: sqlite:///{config}/ledger.db\n")  # a file is no directory

    text = reaper("run", "ls")
    shown = json.loads(reaper("run", "ls", "--json").stdout)

    assert text.exit_code == 4
    assert run_id in text.stdout
    assert "what the ledger knows of runs is not shown" in text.stderr
    assert shown["complete"] is False
    assert reaper("run", "show", run_id).exit_code == 4


def test_tags_are_a_flat_mapping_and_images_have_their_own(reaper: Reaper) -> None:
    run_id = start(reaper, "--owner", "alice")

    tags = json.loads(reaper("tags", run_id).stdout)
    images = json.loads(reaper("tags", run_id, "--image").stdout)

    assert tags["reaper-run"] == run_id
    assert {type(value) for value in tags.values()} == {str}
    assert images["reaper-image-run"] == run_id
    assert "reaper-run" not in images
