"""A run's directory as the registry: beats, the end and the reader, with real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reaper.client.directory import RunDirectory, directories, state_directory
from reaper.client.moment import moment_here
from reaper.client.record import encode_beat
from reaper.errors import (
    InvalidRunId,
    RunEnded,
    RunExists,
    RunNotOver,
    RunUnknown,
    RunUnreadable,
    UsageError,
)
from reaper.model import Ending, Lease, Run

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LENGTH = timedelta(minutes=10)
RUN = Run(
    id="r-1",
    realm="team",
    started=NOW,
    expires=NOW + timedelta(days=1),
    lease=Lease(length=LENGTH, until=NOW),
    owner="alice@example.com",
    origin="pytest -x",
    host="laptop",
)
GRACE = timedelta(minutes=15)


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(RUN, state=tmp_path)


def silent_for(directory: RunDirectory, silence: timedelta) -> None:
    """Let the last beat be this long ago, in awake time."""
    here = moment_here()
    directory.beat(at=replace(here, awake_s=here.awake_s - silence.total_seconds()))


@contextmanager
def stopped_with_the_lock(directory: RunDirectory) -> Iterator[subprocess.Popen[str]]:
    """A process that was stopped by SIGSTOP while it held the lock."""
    code = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'r+');"
        "fcntl.flock(file, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(directory.path / "lease")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.send_signal(signal.SIGSTOP)
        try:
            yield process
        finally:
            process.kill()


def test_a_run_reads_as_it_was_registered(directory: RunDirectory) -> None:
    found = directory.read(NOW)

    assert replace(found, lease=RUN.lease) == RUN
    assert NOW + LENGTH - timedelta(seconds=60) < found.lease.until <= NOW + LENGTH
    assert found.lease.length == LENGTH
    assert found.alive(NOW)


def test_only_its_user_can_look_into_a_run(directory: RunDirectory) -> None:
    assert directory.path.stat().st_mode & 0o777 == 0o700
    assert directory.path.parent.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in directory.path.iterdir()} == {0o600}


def test_an_id_is_never_started_twice(directory: RunDirectory, tmp_path: Path) -> None:
    with pytest.raises(RunExists, match="r-1 was started before"):
        RunDirectory.create(RUN, state=tmp_path)

    assert [found.id for found in directories(tmp_path)] == ["r-1"]


def test_an_id_that_leads_out_of_the_state_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRunId):
        RunDirectory.create(replace(RUN, id="../r-1"), state=tmp_path)

    with pytest.raises(InvalidRunId):
        RunDirectory.open("../r-1", state=tmp_path)


def test_a_run_that_cannot_be_looked_for_is_unreadable_and_not_unknown(tmp_path: Path) -> None:
    closed = tmp_path / ("x" * 300)  # as a directory that is closed to us, also for root

    with pytest.raises(RunUnreadable, match="cannot be looked at: File name too long"):
        RunDirectory.open("r-1", state=closed)


def test_a_run_that_was_never_registered_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(RunUnknown, match="REAPER_STATE"):
        RunDirectory.open("r-1", state=tmp_path)


def test_without_any_run_there_are_no_directories(tmp_path: Path) -> None:
    assert list(directories(tmp_path)) == []


def test_runs_that_cannot_be_listed_are_not_none(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("no directory")

    with pytest.raises(RunUnreadable, match="cannot be listed"):
        list(directories(tmp_path))


def test_a_beat_prolongs_the_lease(directory: RunDirectory) -> None:
    silent_for(directory, timedelta(minutes=9))

    directory.beat()

    assert directory.read(NOW).lease.until > NOW + timedelta(minutes=9)


def test_a_lease_lapses_by_silence(directory: RunDirectory) -> None:
    silent_for(directory, timedelta(minutes=11))

    assert not directory.read(NOW).alive(NOW)


def test_a_beat_takes_no_further_space_on_a_full_disk(directory: RunDirectory) -> None:
    lease = directory.path / "lease"
    before = (lease.stat().st_ino, lease.stat().st_size)

    directory.beat()

    assert (lease.stat().st_ino, lease.stat().st_size) == before


def test_a_run_is_ended_once_its_lease_lapsed_by_more_than_the_grace(
    directory: RunDirectory,
) -> None:
    silent_for(directory, timedelta(minutes=26))

    assert directory.end(Ending.LAPSED, unless_alive=GRACE, at=NOW)

    found = directory.read(NOW)
    assert (found.ended, found.ending) == (NOW, Ending.LAPSED)


def test_a_run_within_the_grace_is_not_ended(directory: RunDirectory) -> None:
    silent_for(directory, timedelta(minutes=24))

    assert not directory.end(Ending.LAPSED, unless_alive=GRACE, at=NOW)
    assert directory.read(NOW).ended is None


def test_a_beat_after_the_end_is_refused_and_says_what_that_means(directory: RunDirectory) -> None:
    silent_for(directory, timedelta(hours=1))
    directory.end(Ending.LAPSED, unless_alive=GRACE, at=NOW)

    with pytest.raises(RunEnded, match=r"lease had lapsed.*2026-05-01.*start another run"):
        directory.beat()


def test_a_beat_before_the_end_keeps_the_run_alive(directory: RunDirectory) -> None:
    silent_for(directory, timedelta(hours=1))
    directory.beat()

    assert not directory.end(Ending.LAPSED, unless_alive=GRACE)


def test_the_first_end_is_the_end(directory: RunDirectory) -> None:
    directory.end(Ending.FINISHED, unless_alive=None, at=NOW)

    assert directory.end(Ending.FORCED, unless_alive=None, at=NOW + GRACE)

    found = directory.read(NOW)
    assert (found.ended, found.ending) == (NOW, Ending.FINISHED)


def test_a_stopped_process_that_holds_the_lock_keeps_the_run(
    directory: RunDirectory,
) -> None:
    directory = replace(directory, patience_s=0.2)
    silent_for(directory, timedelta(hours=1))

    with stopped_with_the_lock(directory):
        assert not directory.end(Ending.LAPSED, unless_alive=GRACE)
        assert not directory.end(Ending.FINISHED, unless_alive=None)
        assert directory.read(NOW).ended is None

    assert directory.end(Ending.LAPSED, unless_alive=GRACE)


def test_a_beat_that_found_the_lock_held_still_counts_for_who_gets_the_lock_next(
    directory: RunDirectory,
) -> None:
    directory = replace(directory, patience_s=0.2)
    silent_for(directory, timedelta(hours=1))

    with stopped_with_the_lock(directory), pytest.raises(TimeoutError, match="was it stopped"):
        directory.beat()

    assert not directory.end(Ending.LAPSED, unless_alive=GRACE)


def test_a_lock_does_not_stay_with_a_forked_child(directory: RunDirectory) -> None:
    with directory._locked():
        child = os.fork()
        if child == 0:
            signal.pause()
    try:
        directory.beat()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_beats_and_ends_of_many_processes_agree_on_one_end(
    directory: RunDirectory, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from reaper.client.directory import RunDirectory; from reaper.errors import RunEnded\n"
        "directory = RunDirectory(path=Path(sys.argv[1])); print('ready', flush=True)\n"
        "while True:\n"
        "    try: directory.beat()\n"
        "    except RunEnded: break\n"
    )
    command = [sys.executable, "-c", code, str(directory.path)]
    beaters = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
        for _ in range(3)
    ]
    for beater in beaters:
        assert beater.stdout is not None
        beater.stdout.readline()

    for _ in range(50):
        assert directory.read(NOW).alive(NOW)
        assert not directory.end(Ending.LAPSED, unless_alive=timedelta(0))
    assert directory.end(Ending.FORCED, unless_alive=None)

    for beater in beaters:
        assert beater.wait(timeout=30) == 0
        assert beater.stdout is not None
        beater.stdout.close()


def test_a_killed_process_leaves_a_lease_that_lapses(tmp_path: Path) -> None:
    short = replace(RUN, lease=replace(RUN.lease, length=timedelta(seconds=1)))
    directory = RunDirectory.create(short, state=tmp_path)
    code = (
        "import sys, time; from pathlib import Path;"
        "from reaper.client.directory import RunDirectory\n"
        "directory = RunDirectory(path=Path(sys.argv[1])); print('ready', flush=True)\n"
        "while True: directory.beat(); time.sleep(0.1)\n"
    )
    command = [sys.executable, "-c", code, str(directory.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(1.5)
        assert not directory.end(Ending.LAPSED, unless_alive=timedelta(0))

        process.kill()
    time.sleep(1.3)

    assert directory.end(Ending.LAPSED, unless_alive=timedelta(0))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "run.json: cannot be read"),
        ("{}", "its schema is None"),
        ('{"schema":99}', "its schema is 99"),
        (b"\xff\xfe", "run.json: cannot be read"),
    ],
)
def test_an_unreadable_run_is_reported_and_not_ended_for_its_lapse(
    directory: RunDirectory, content: str | bytes, told: str
) -> None:
    silent_for(directory, timedelta(hours=1))
    raw = content if isinstance(content, bytes) else content.encode()
    (directory.path / "run.json").write_bytes(raw)

    with pytest.raises(RunUnreadable, match=told):
        directory.read(NOW)
    with pytest.raises(RunUnreadable, match=told):
        directory.end(Ending.LAPSED, unless_alive=GRACE)

    assert not directory.ended


def test_a_directory_that_was_copied_is_not_a_run(directory: RunDirectory) -> None:
    copied = directory.path.rename(directory.path.with_name("r-2"))

    with pytest.raises(RunUnreadable, match="it is of the run 'r-1'"):
        RunDirectory(path=copied).read(NOW)


def test_what_is_no_run_among_the_directories_is_reported(
    directory: RunDirectory, tmp_path: Path
) -> None:
    (tmp_path / "runs" / "Old stuff").mkdir()

    strange, known = sorted(directories(tmp_path), key=lambda found: found.id)

    assert known == directory
    with pytest.raises(RunUnreadable, match="Old stuff"):
        strange.read(NOW)


def test_an_unreadable_lease_cannot_lapse_and_says_why(directory: RunDirectory) -> None:
    (directory.path / "lease").write_bytes(encode_beat(moment_here())[:100])

    found = directory.read(NOW)

    assert found.alive(NOW + timedelta(days=400))
    assert found.lease.away is not None
    assert "lease: cannot be read" in found.lease.away
    assert not directory.end(Ending.LAPSED, unless_alive=GRACE)


def test_an_end_that_cannot_be_read_is_reported_and_still_refuses_beats(
    directory: RunDirectory,
) -> None:
    (directory.path / "ended").write_text("")

    with pytest.raises(RunUnreadable, match="ended: cannot be read"):
        directory.read(NOW)
    with pytest.raises(RunEnded):
        directory.beat()


def test_a_live_run_s_directory_is_not_removed(directory: RunDirectory) -> None:
    with pytest.raises(RunNotOver, match="r-1 was not ended"):
        directory.remove()

    assert directory.read(NOW).alive(NOW)


def test_the_directory_of_a_run_that_is_over_can_be_removed(
    directory: RunDirectory, tmp_path: Path
) -> None:
    directory.end(Ending.FINISHED, unless_alive=None)

    directory.remove()
    directory.remove()

    assert list((tmp_path / "runs").iterdir()) == []


def test_a_removed_run_takes_no_beat_and_no_end(directory: RunDirectory) -> None:
    directory.end(Ending.FINISHED, unless_alive=None)
    directory.remove()

    with pytest.raises(RunEnded, match="r-1 is over"):
        directory.beat()
    with pytest.raises(RunUnknown, match="r-1 is gone"):
        directory.end(Ending.FINISHED, unless_alive=None)


def test_the_state_directory_is_the_one_that_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REAPER_STATE", "mine")

    assert state_directory() == tmp_path / "mine"


def test_the_state_directory_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REAPER_STATE", raising=False)
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)

    assert state_directory() == Path("/home/alice/.local/state/reaper")

    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert state_directory() == Path("/home/alice/.local/state/reaper")

    monkeypatch.setenv("XDG_STATE_HOME", "/var/state")
    assert state_directory() == Path("/var/state/reaper")


def test_without_a_home_the_mending_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REAPER_STATE", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", _no_home)

    with pytest.raises(UsageError, match="set REAPER_STATE"):
        state_directory()


def _no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


def test_run_json_is_for_people_too(directory: RunDirectory) -> None:
    record = json.loads((directory.path / "run.json").read_text())

    assert record["schema"] == 1
    assert record["owner"] == "alice@example.com"
