"""The sandbox starts, empties itself and ends; and needs nothing but itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.world.rest import Rest
from tests.sandbox.gce.asking import ZONE, Project


def test_importing_and_serving_it_needs_no_library() -> None:
    code = (
        "import sys; from reaper.sandbox.gce import GoogleSandbox;\n"
        "with GoogleSandbox(): pass\n"
        "print({'google', 'googleapiclient', 'moto', 'werkzeug', 'requests'} & set(sys.modules))"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "set()\n"


def test_it_can_be_emptied(sandbox: GoogleSandbox, project: Project) -> None:
    project.make(f"{ZONE}/disks", "data")
    sandbox.lags.delete_s = 5
    sandbox.disabled.add(("sandbox", "iam"))

    sandbox.reset()

    assert project.names("aggregated/disks") == []
    assert project.names("global/networks") == ["default"]
    assert (sandbox.lags.delete_s, sandbox.disabled, sandbox.requests.total) == (0, set(), 2)


def test_two_of_them_know_nothing_of_each_other() -> None:
    with GoogleSandbox() as one, GoogleSandbox() as other:
        with Rest(one.endpoint) as rest:
            Project(rest, "sandbox").make(f"{ZONE}/disks", "data")
        with Rest(other.endpoint) as rest:
            assert Project(rest, "sandbox").names("aggregated/disks") == []


def test_nobody_answers_when_it_has_ended() -> None:
    with GoogleSandbox() as sandbox, Rest(sandbox.endpoint) as rest:
        Project(rest, "sandbox").names("global/networks")

    with Rest(sandbox.endpoint) as rest, pytest.raises(ConnectionRefusedError):
        Project(rest, "sandbox").names("global/networks")


def test_it_can_be_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reaper.sandbox.gce", "--project", "mine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        with Rest(endpoint) as rest:
            names = Project(rest, "mine").names("global/networks")
        process.send_signal(signal.SIGTERM)

        assert (names, process.wait(10)) == (["default"], 0)


def test_many_may_ask_at_once(sandbox: GoogleSandbox) -> None:
    def fill(part: int) -> list[str]:
        with Rest(sandbox.endpoint) as rest:
            project = Project(rest, "sandbox")
            for number in range(10):
                project.make(f"{ZONE}/disks", f"d{part}-{number}")
            return project.names("aggregated/disks", filter=f"name=d{part}-*")

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(fill, range(8)))

    assert [len(each) for each in names] == [10] * 8
