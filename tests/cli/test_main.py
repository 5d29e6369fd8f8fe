"""The program as a shell sees it: quick to help, one sentence for what goes wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

COMMANDS = (
    *("ls", "plan", "explain", "history"),
    *("sweep", "apply", "clean", "release", "pause", "resume", "keep", "resolve"),
    *("init", "doctor", "iam", "run", "exec", "tags", "config", "ledger"),
)
HEAVY = (
    *("rich", "pydantic", "sqlalchemy", "alembic", "docker", "structlog", "yaml"),
    *("reaper.client", "reaper.config", "reaper.ledger", "reaper.model", "reaper.providers"),
)


def reaper(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reaper", *arguments],
        cwd=cwd,
        env=_environment() | (env or {}),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.mark.parametrize("command", ["", *COMMANDS, "ledger prune", "run start"])
def test_help_loads_nothing_that_it_does_not_need(command: str, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from reaper.cli.main import main\n"
        f"sys.argv = ['reaper', *{command.split()!r}, '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as over:\n    assert not over.code, over.code\n"
        f"found = {set(HEAVY)!r} & set(sys.modules)\n"
        "assert not found, found\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Usage: reaper" in done.stdout


def test_help_needs_little_of_the_processor(tmp_path: Path) -> None:
    best = min(_seconds_for_help(tmp_path) for _ in range(3))

    # Processor time, which other work on the machine does not lengthen; 0.25 s is the promise.
    assert best < 0.4


def _seconds_for_help(cwd: Path) -> float:
    before = os.times()
    assert reaper("--help", cwd=cwd).returncode == 0
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def test_help_names_every_command(tmp_path: Path) -> None:
    done = reaper("--help", cwd=tmp_path)

    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


def test_the_version_is_told(tmp_path: Path) -> None:
    done = reaper("--version", cwd=tmp_path)

    assert done.returncode == 0
    assert done.stdout.startswith("reaper ")


def test_a_shell_completes_commands_providers_kinds_and_runs(tmp_path: Path) -> None:
    runs = tmp_path / "state" / "runs" / "r-01j9z3k5v8x2m4n6p7q8r9s0t1"
    runs.mkdir(parents=True)

    def completed(line: str) -> list[str]:
        words = line.split(" ")
        env = {
            "_REAPER_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            "REAPER_STATE": str(tmp_path / "state"),
        }
        return reaper(cwd=tmp_path, env=env).stdout.split()

    assert completed("reaper expl") == ["explain"]
    assert completed("reaper plan --provider d") == ["docker"]
    assert completed("reaper plan --kind docker:vol") == ["docker:volume"]
    assert completed("reaper plan --run r-") == [runs.name]
    assert completed("reaper clean r-01") == [runs.name]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "--config", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["plan", "--config", "."], ".: it is a directory"),
        (["sweep"], "say --yes"),
        (["clean", "r-1"], "say --yes"),
        (["apply", "plan.json"], "say --yes"),
        (["sweep", "--yes", "--wait", "5 minutes"], "--wait: '5 minutes' is no duration"),
        (["history", "--since", "ever"], "--since: 'ever' is no duration"),
        (["apply", "nowhere.json", "--yes"], "nowhere.json: it cannot be read"),
        (["plan", "--kind", "docker:volum"], "did you mean docker:volume?"),
        (["plan", "--provider", "aws"], "no place of the provider 'aws' is configured"),
        (["release", "0123456789ab"], "no plan 0123456789ab"),
        (["plan", "--run", "Bad Run"], "'Bad Run' is no run ID, because it has ' ', 'B', 'R'"),
        (["clean", "r-1,r-2", "--yes"], "'r-1,r-2' is no run ID, because it has ','"),
    ],
)
def test_wrong_usage_is_one_sentence_and_two(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    done = reaper(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("reaper: ")
    assert words in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reaper", "history"],
        cwd=tmp_path,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()

    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()

    assert process.wait() == 0
    assert said == ""


def test_an_interruption_says_where_what_was_sent_is_kept(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as never_answers:
        never_answers.bind(str(tmp_path / "engine.sock"))
        never_answers.listen()
        (tmp_path / "reaper.yaml").write_text(
            f"providers: {{docker: [{{host: 'unix://{tmp_path}/engine.sock'}}]}}\n"
        )
        with subprocess.Popen(
            [sys.executable, "-m", "reaper", "sweep", "--yes"],
            cwd=tmp_path,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What runs in the background of a shell ignores the interrupt, and so would its child.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        ) as process:
            asking, _ = never_answers.accept()
            with asking:
                asking.recv(1)
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=60)[1]

    assert process.returncode == 130
    assert "what was sent is in the ledger" in said
    assert "Traceback" not in said
