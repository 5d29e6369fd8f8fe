"""`reaper exec`: a run around a command, with real processes and real signals."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reaper.client import RunDirectory, directories
from reaper.client.moment import moment_here
from reaper.model import Ending

PROGRAM = """
import sys, typer
from reaper.cli import exec_
from reaper.errors import ReaperError, UsageError
app = typer.Typer()
app.callback()(lambda: None)
exec_.register(app)
try:
    app()
except ReaperError as error:
    print("reaper:", error, file=sys.stderr)
    sys.exit(2 if isinstance(error, UsageError) else 1)
"""
SHOW = "import os; print(os.environ['REAPER_RUN_ID'], flush=True)"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAPER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.setenv("REAPER_CONFIG", str(tmp_path / "reaper.yaml"))
    monkeypatch.delenv("REAPER_RUN_ID", raising=False)
    (tmp_path / "reaper.yaml").write_text("runs: {lease: 20s, beat: 1s}\nproviders: {}\n")


def argv(*arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, "exec", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv(*arguments), capture_output=True, text=True, check=False, timeout=60)


def begin(*arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(argv(*arguments), stdout=pipe, stderr=pipe, text=True)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def python(code: str) -> tuple[str, ...]:
    return ("--no-clean", "--", sys.executable, "-c", code)


def test_the_command_runs_under_a_run_that_is_finished_after_it() -> None:
    done = run("--owner", "alice", "--prefix", "My Job", *python(SHOW))

    found = RunDirectory.open(done.stdout.strip()).read()
    assert done.returncode == 0
    assert done.stderr == ""
    assert found.id.startswith("my-job-")
    assert found.owner == "alice"
    assert found.promised
    assert found.ending is Ending.FINISHED


@pytest.mark.parametrize("code", [0, 3, 255])
def test_the_command_s_code_is_returned(code: int) -> None:
    assert run(*python(f"raise SystemExit({code})")).returncode == code


def test_a_command_that_a_signal_ended_returns_128_and_its_number() -> None:
    done = run(*python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))

    assert done.returncode == 128 + 9


def test_the_command_s_options_are_its_own() -> None:
    code = "import sys; print(sys.argv[1:])"

    done = run("--no-clean", sys.executable, "-c", code, "--clean", "--help", "-x")

    assert done.stdout.strip() == "['--clean', '--help', '-x']"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_forwarded_and_the_run_is_finished(number: signal.Signals) -> None:
    code = (
        "import os, signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(7))\n"
        "print(os.environ['REAPER_RUN_ID'], flush=True)\n"
        "time.sleep(60)\n"
    )
    with begin(*python(code)) as process:
        run_id = first_line(process)
        process.send_signal(number)

        assert process.wait(timeout=30) == 7

    assert RunDirectory.open(run_id).read().ending is Ending.FINISHED


def test_the_command_can_be_interrupted_by_its_own_signals() -> None:
    done = run(*python("import os, signal; os.kill(os.getpid(), signal.SIGTERM)"))

    assert done.returncode == 128 + 15


def test_a_terminal_s_interrupt_reaches_the_command_once() -> None:
    code = (
        "import signal, time\n"
        "caught = []\n"
        "signal.signal(signal.SIGINT, lambda *_: caught.append(1))\n"
        "print('ready', flush=True)\n"
        "end = time.monotonic() + 2\n"
        "while time.monotonic() < end: time.sleep(0.1)\n"
        "print('caught', len(caught), flush=True)\n"
    )
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background ignores it
        os.execv(sys.executable, argv(*python(code)))
    told = b""
    while b"ready" not in told:
        told += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    while not re.search(rb"caught \d", told):
        told += os.read(terminal, 1000)
    os.waitpid(child, 0)
    os.close(terminal)

    assert b"caught 1" in told


def test_the_lease_is_kept_while_the_command_runs() -> None:
    with begin(*python(f"{SHOW}; import time; time.sleep(4)")) as process:
        directory = RunDirectory.open(first_line(process))
        here = moment_here()
        directory.beat(at=replace(here, awake_s=here.awake_s - 3600))
        time.sleep(2)

        assert not directory.end(Ending.LAPSED, unless_alive=timedelta(0))
        assert process.wait(timeout=30) == 0


def test_a_command_whose_run_was_ended_is_stopped_and_told_why() -> None:
    with begin(*python(f"{SHOW}; import time; time.sleep(60)")) as process:
        directory = RunDirectory.open(first_line(process))
        directory.end(Ending.FORCED, unless_alive=None)

        _, told = process.communicate(timeout=30)

    assert process.returncode == 128 + 15
    assert "is being stopped" in told
    assert "was ended by a person" in told


def test_a_command_does_not_outlive_a_killed_reaper() -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with begin(*python(code)) as process:
        command = int(first_line(process))
        process.kill()
    deadline = time.monotonic() + 10
    while _runs(command) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not _runs(command)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("command", "code"), [("no-such-command-anywhere", 127), ("/etc/passwd", 126)]
)
def test_a_command_that_cannot_be_run_is_told_as_shells_tell_it(command: str, code: int) -> None:
    done = run("--", command)

    assert done.returncode == code
    assert f"{command} cannot be run" in done.stderr
    (directory,) = directories()
    assert directory.read().ending is Ending.FINISHED


def test_without_a_run_the_command_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("no directory")

    done = run(*python("print('started')"))

    assert done.returncode == 2
    assert done.stdout == ""
    assert "no run can be started" in done.stderr
    assert "set REAPER_STATE" in done.stderr


def test_a_run_that_was_handed_down_is_joined_and_neither_finished_nor_cleaned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import reaper  # noqa: PLC0415 - only here

    with reaper.run() as outer:
        done = run("--", sys.executable, "-c", SHOW)

        assert done.returncode == 0
        assert done.stdout.strip() == outer.id
        assert "was joined" in done.stderr
        assert not RunDirectory.open(outer.id).ended


def test_other_tools_are_told_of_the_runs_tags() -> None:
    code = (
        "from os import environ as e; "
        "print(e['TF_AWS_DEFAULT_TAGS_reaper-run'] == e['REAPER_RUN_ID'], "
        "e['REAPER_LABELS'], e['REAPER_IMAGE_LABELS'])"
    )

    told = run(*python(code)).stdout

    assert told.startswith("True ")
    assert "--label reaper-run=" in told
    assert "--label reaper-image-run=" in told


def test_a_malformed_run_that_was_handed_down_starts_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REAPER_RUN_ID", "Not Mine")

    done = run(*python("print('started')"))

    assert done.returncode == 2
    assert done.stdout == ""
    assert "REAPER_RUN_ID" in done.stderr


def test_the_command_finds_the_state_directory_too() -> None:
    code = "import json, os; print(json.dumps(os.environ['REAPER_STATE']))"

    assert json.loads(run(*python(code)).stdout) == os.environ["REAPER_STATE"]
