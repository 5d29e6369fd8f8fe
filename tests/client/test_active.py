"""A run while it is active: kept alive, handed down, journaled, and refused once it is over."""

import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import reaper
from reaper.client import ActiveRun, RunDirectory, directories
from reaper.client.moment import moment_here
from reaper.client.start import _handed_down
from reaper.errors import ConfigurationError, InvalidRunId, RunEnded, RunUnknown, UsageError
from reaper.model import Ending, JournalEntry, Phase, Ref

KIND, SCOPE = "docker:volume", "engine"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAPER_STATE", str(tmp_path))
    monkeypatch.delenv("REAPER_RUN_ID", raising=False)
    monkeypatch.delenv("REAPER_REALM", raising=False)


def entries(run: ActiveRun) -> list[JournalEntry]:
    found, problems = RunDirectory.open(run.id).entries()
    assert problems == []
    return found


def script(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def silence(directory: RunDirectory, awake: timedelta) -> None:
    here = moment_here()
    directory.beat(at=replace(here, awake_s=here.awake_s - awake.total_seconds()))


def test_a_run_is_alive_in_its_body_and_finished_after_it() -> None:
    with reaper.run(owner="alice", prefix="My Job", origin="test") as run:
        inside = RunDirectory.open(run.id).read()
    after = RunDirectory.open(run.id).read()

    assert inside.alive(inside.started)
    assert inside.id.startswith("my-job-")
    assert (inside.owner, inside.origin, inside.realm) == ("alice", "test", "default")
    assert inside.promised
    assert inside.expires - inside.started == timedelta(hours=24)
    assert after.ending is Ending.FINISHED


def test_a_run_is_finished_though_its_body_fails() -> None:
    with pytest.raises(ZeroDivisionError), reaper.run() as run:
        _ = 1 / 0

    assert RunDirectory.open(run.id).ended


def test_the_tags_name_the_run() -> None:
    with reaper.run() as run:
        assert run.tags["reaper-run"] == run.id
        assert run.image_tags["reaper-image-run"] == run.id
        assert "reaper-run" not in run.image_tags


def test_the_realm_is_the_configured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAPER_REALM", "qa")

    with reaper.run() as run:
        assert run.run.realm == "qa"


def test_a_realm_that_no_cloud_can_bear_is_refused() -> None:
    with pytest.raises(UsageError, match="'Q A' is no realm's name"), reaper.run(realm="Q A"):
        pass

    assert list(directories()) == []


def test_what_the_caller_leaves_open_is_the_configuration_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reaper.yaml").write_text("realm: qa\nruns: {lease: 5m, beat: 10s, max: 2h}\n")
    monkeypatch.chdir(tmp_path)

    with reaper.run() as configured:
        pass
    with reaper.run(realm="mine", max=timedelta(hours=3)) as given:
        pass

    assert configured.tags["reaper-realm"] == "qa"
    assert configured.run.lease.length == timedelta(minutes=5)
    assert configured.run.expires - configured.run.started == timedelta(hours=2)
    assert given.tags["reaper-realm"] == "mine"
    assert given.run.expires - given.run.started == timedelta(hours=3)


def test_the_realm_of_the_environment_goes_before_the_configuration_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.yaml").write_text("realm: qa\n")
    monkeypatch.setenv("REAPER_CONFIG", str(tmp_path / "here.yaml"))
    monkeypatch.setenv("REAPER_REALM", "theirs")

    with reaper.run() as run:
        assert run.tags["reaper-realm"] == "theirs"


def test_a_broken_configuration_starts_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reaper.yaml").write_text("realms: qa\n")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError, match="realms"), reaper.run():
        pass

    assert list(directories()) == []


def test_a_configuration_that_cannot_be_looked_at_is_no_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("reaper.yaml").symlink_to("x" * 300)  # as one in a directory that is closed to us

    with pytest.raises(ConfigurationError, match="it cannot be read"), reaper.run():
        pass

    assert list(directories()) == []


def test_a_run_that_is_joined_needs_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reaper.run() as run:
        monkeypatch.setenv("REAPER_CONFIG", str(tmp_path / "nowhere.yaml"))
        with reaper.run() as joined:
            assert joined.id == run.id


def test_without_a_configuration_none_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys, reaper\n"
        "with reaper.run():\n    pass\n"
        "assert not {'pydantic', 'yaml', 'reaper.config'} & set(sys.modules)\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "REAPER_CONFIG"}
    env |= {"PYTHONPATH": str(Path(__file__).parents[2]), "REAPER_STATE": str(tmp_path / "s")}

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    "pace",
    [
        {"lease": timedelta(seconds=10), "beat": timedelta(seconds=6)},
        {"beat": timedelta(0)},
        {"max": timedelta(minutes=1)},
    ],
)
def test_durations_that_make_no_sense_are_refused(pace: dict[str, timedelta]) -> None:
    with pytest.raises(UsageError, match="lease"), reaper.run(**pace):  # type: ignore[arg-type]  # all of them are timedeltas
        pass

    assert list(directories()) == []


def test_beats_keep_the_lease_beyond_its_length() -> None:
    with reaper.run(lease=timedelta(seconds=1), beat=timedelta(seconds=0.1)) as run:
        time.sleep(1.5)

        assert not RunDirectory.open(run.id).end(Ending.LAPSED, unless_alive=timedelta(0))
        run.refuse_if_lapsed()


def test_children_are_told_of_the_run_and_later_children_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("REAPER_STATE")

    with reaper.run(state=tmp_path) as run:
        assert os.environ["REAPER_RUN_ID"] == run.id
        assert os.environ["REAPER_STATE"] == str(tmp_path)

    assert "REAPER_RUN_ID" not in os.environ
    assert "REAPER_STATE" not in os.environ


def test_a_run_within_a_run_joins_it_and_does_not_finish_it() -> None:
    with reaper.run(owner="alice") as outer:
        with reaper.run(owner="bob") as inner:
            assert inner.joined
            assert inner.id == outer.id
            assert inner.run.owner == "alice"
            assert inner.tags == outer.tags

        assert not RunDirectory.open(outer.id).ended
        outer.refuse_if_lapsed()


def test_a_child_process_joins_and_beats_while_its_parent_does_not() -> None:
    code = """
        import reaper, time; from datetime import timedelta
        with reaper.run(lease=timedelta(seconds=9), beat=timedelta(seconds=0.1)):
            print("joined", flush=True)
            time.sleep(60)
    """
    with reaper.run(beat=timedelta(minutes=5)) as run:
        directory = RunDirectory.open(run.id)
        with script(code) as child:
            assert line_of(child) == "joined"
            silence(directory, timedelta(hours=1))
            time.sleep(0.5)

            now = moment_here().wall
            assert directory.read().alive(now)
            child.kill()


@pytest.mark.parametrize("handed_down", ["Not Mine", "../r-1", "r" * 70])
def test_a_malformed_id_that_was_handed_down_is_refused(
    handed_down: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REAPER_RUN_ID", handed_down)

    with pytest.raises(InvalidRunId, match="REAPER_RUN_ID"), reaper.run():
        pass


def test_an_id_that_is_not_registered_here_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAPER_RUN_ID", "r-elsewhere")

    with pytest.raises(RunUnknown, match=r"REAPER_RUN_ID.*r-elsewhere.*unset"), reaper.run():
        pass

    assert list(directories()) == []


def test_a_run_that_is_over_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    with reaper.run() as run:
        pass
    monkeypatch.setenv("REAPER_RUN_ID", run.id)

    with pytest.raises(RunEnded, match="start another run"), reaper.run():
        pass


def test_what_is_created_is_journaled_with_its_intent() -> None:
    with reaper.run() as run:
        intent = run.intends(kind=KIND, scope=SCOPE, id="v1", name="v1", test="test_it")
        run.created(kind=KIND, scope=SCOPE, id="v1", incarnation="2026", intent=intent)
        run.created(kind=KIND, scope=SCOPE, id="v2")

        first, second, third = entries(run)

    assert (first.phase, first.seq, first.test) == (Phase.INTENT, 1, "test_it")
    assert (second.phase, second.seq) == (Phase.CREATED, 1)
    assert second.ref == Ref(kind=KIND, scope=SCOPE, id="v1", incarnation="2026")
    assert (third.phase, third.seq) == (Phase.CREATED, 2)


def test_what_was_there_before_and_what_failed_is_no_create() -> None:
    with reaper.run() as run:
        run.existed(run.intends(kind=KIND, scope=SCOPE, id="v1"))
        run.failed(run.intends(kind=KIND, scope=SCOPE, taggable=False), detail="quota")

        told = [(entry.phase, entry.seq, entry.detail) for entry in entries(run)]

    assert told == [
        (Phase.INTENT, 1, None),
        (Phase.EXISTED, 1, None),
        (Phase.INTENT, 2, None),
        (Phase.FAILED, 2, "quota"),
    ]


def test_a_forked_child_journals_in_its_own_file_and_does_not_finish_the_run() -> None:
    with reaper.run() as run:
        intent = run.intends(kind=KIND, scope=SCOPE, id="parent")
        child = os.fork()
        if child == 0:
            run.created(kind=KIND, scope=SCOPE, id="child", intent=intent)
            run.close()
            os._exit(0)
        _, status = os.waitpid(child, 0)

        assert status == 0
        assert not RunDirectory.open(run.id).ended
        writers = {entry.writer: entry.ref for entry in entries(run)}
    assert len(writers) == 2
    assert any(f"-{child}-" in writer for writer in writers)


def test_a_forked_child_keeps_the_lease_by_what_it_creates() -> None:
    with reaper.run(lease=timedelta(seconds=0.5), beat=timedelta(seconds=0.1)) as run:
        child = os.fork()
        if child == 0:
            time.sleep(1)  # its memory of the lease is older than the lease is long
            run.refuse_if_lapsed()
            os._exit(0)
        _, status = os.waitpid(child, 0)

    assert status == 0


def test_after_the_end_nothing_more_is_created_and_it_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with reaper.run() as run:
        RunDirectory.open(run.id).end(Ending.FORCED, unless_alive=None)

        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                with pytest.raises(RunEnded, match="was ended by a person"):
                    run.intends(kind=KIND, scope=SCOPE, id="v1")

        assert entries(run) == []
    assert [record.levelno for record in caplog.records] == [logging.CRITICAL]


def test_what_was_created_is_told_also_after_the_end() -> None:
    with reaper.run() as run:
        RunDirectory.open(run.id).end(Ending.FORCED, unless_alive=None)

        run.created(kind=KIND, scope=SCOPE, id="v1")

        assert len(entries(run)) == 1


def test_the_beat_finds_out_that_the_run_is_over(caplog: pytest.LogCaptureFixture) -> None:
    with reaper.run(beat=timedelta(seconds=0.1)) as run:
        RunDirectory.open(run.id).end(Ending.FORCED, unless_alive=None)
        time.sleep(0.5)

    assert "start another run" in caplog.text


def test_a_lease_that_lapsed_before_anybody_ended_the_run_is_renewed() -> None:
    code = """
        import reaper, sys; from datetime import timedelta
        with reaper.run(lease=timedelta(seconds=1), beat=timedelta(seconds=0.2)) as run:
            print(run.id, flush=True)
            sys.stdin.readline()
            run.refuse_if_lapsed()
            print("goes on", flush=True)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        directory = RunDirectory.open(line_of(process))
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        assert not directory.read().alive(moment_here().wall)

        process.send_signal(signal.SIGCONT)
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

        assert line_of(process) == "goes on"
    assert directory.read().ending is Ending.FINISHED


def test_a_process_that_slept_through_its_end_keeps_the_promise() -> None:
    code = """
        import reaper, sys; from datetime import timedelta
        from reaper.errors import RunEnded
        with reaper.run(lease=timedelta(seconds=1), beat=timedelta(seconds=0.2)) as run:
            print(run.id, flush=True)
            sys.stdin.readline()
            try:
                run.intends(kind="docker:volume", scope="engine", id="v1")
                print("created", flush=True)
            except RunEnded as error:
                print("refused", error, flush=True)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        directory = RunDirectory.open(line_of(process))
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        assert directory.end(Ending.LAPSED, unless_alive=timedelta(0))
        process.send_signal(signal.SIGCONT)

        told, loud = process.communicate("go\n", timeout=30)

    assert told.startswith("refused")
    assert "its lease had lapsed" in told
    assert "start another run" in loud
    assert directory.entries() == ([], [])


def test_a_lease_that_cannot_be_renewed_refuses_and_goes_on_when_it_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with reaper.run(lease=timedelta(seconds=2), beat=timedelta(seconds=0.2)) as run:
        lease = RunDirectory.open(run.id).path / "lease"
        lease.rename(lease.with_name("kept"))
        lease.mkdir()  # what cannot be opened for writing, even by root
        time.sleep(2.5)

        with pytest.raises(RunEnded, match="cannot be renewed"):
            run.refuse_if_lapsed()
        lease.rmdir()
        lease.with_name("kept").rename(lease)
        run.refuse_if_lapsed()

    assert caplog.text.count("was not renewed") == 1
    assert RunDirectory.open(run.id).ended


def test_a_killed_process_leaves_a_run_that_lapses_and_its_journal() -> None:
    code = """
        import os, reaper, signal; from datetime import timedelta
        with reaper.run(lease=timedelta(seconds=0.5), beat=timedelta(seconds=0.1)) as run:
            run.created(kind="docker:volume", scope="engine", id="v1")
            print(run.id, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    with script(code) as process:
        directory = RunDirectory.open(line_of(process))
    time.sleep(0.8)

    found, problems = directory.entries()
    assert [entry.ref for entry in found] == [Ref(kind=KIND, scope=SCOPE, id="v1")]
    assert problems == []
    assert directory.end(Ending.LAPSED, unless_alive=timedelta(0))


def test_a_state_directory_that_cannot_be_written_starts_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="file"), reaper.run(state=tmp_path / "file"):
        pass

    assert "REAPER_RUN_ID" not in os.environ


def test_importing_reaper_imports_nothing_that_it_does_not_need() -> None:
    code = """
        import json, sys
        before = set(sys.modules)
        import reaper
        light = sorted(set(sys.modules) - before)
        reaper.run
        print(json.dumps([light, sorted(set(sys.modules) - before)]))
    """
    with script(code) as process:
        light, whole = json.loads(line_of(process))

    assert light == ["reaper"]
    heavy = {"docker", "sqlalchemy", "pydantic", "rich", "typer", "structlog", "subprocess"}
    assert heavy.isdisjoint(whole)


def test_reaper_exports_what_it_says() -> None:
    assert reaper.ActiveRun is ActiveRun
    with pytest.raises(AttributeError, match="walk"):
        reaper.walk  # noqa: B018 - that is the point


def test_children_are_told_which_emulators_stand_for_clouds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REAPER_ENDPOINTS", "http://127.0.0.1:1")

    with _handed_down("r-1", Path("/s"), ["http://127.0.0.1:2"]):
        assert os.environ["REAPER_ENDPOINTS"] == "http://127.0.0.1:1,http://127.0.0.1:2"

    assert os.environ["REAPER_ENDPOINTS"] == "http://127.0.0.1:1"
