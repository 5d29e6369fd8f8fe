"""The commands as people run them, as processes against a Docker engine."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from reaper.ledger import Ledger

pytestmark = pytest.mark.docker

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Bench:
    """A configuration with a realm of its own, and what a test made under it."""

    directory: Path
    engine: docker.DockerClient
    realm: str

    def reaper(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "reaper", *arguments],
            cwd=self.directory,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def items(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        content = json.loads(self.reaper(*arguments, "--json", code=code).stdout)
        assert content["schema"] == 1
        found: list[dict[str, Any]] = content["items"]
        return found

    def environment(self) -> dict[str, str]:
        return dict(os.environ) | {"PYTHONPATH": str(REPOSITORY)}

    def run(self) -> str:
        return self.reaper("run", "start", "--owner", "alice").stdout.strip()

    def labels(self, run: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.reaper("tags", run).stdout)
        return found

    def volume(self, run: str) -> str:
        name = f"{self.realm}-{uuid.uuid4().hex[:6]}"
        self.engine.volumes.create(name, labels=self.labels(run))
        return name

    def there(self, volume: str) -> bool:
        try:
            self.engine.volumes.get(volume)
        except docker.errors.NotFound:
            return False
        return True


@pytest.fixture
def bench(tmp_path: Path, docker_engine: docker.DockerClient) -> Iterator[Bench]:
    realm = f"cli-{uuid.uuid4().hex[:8]}"
    (tmp_path / "reaper.yaml").write_text(
        f"realm: {realm}\npolicy: {{grace: 0s}}\nproviders: {{docker: [{{}}]}}\n"
    )
    yield Bench(directory=tmp_path, engine=docker_engine, realm=realm)
    ours: dict[str, str | list[str] | bool] = {"label": f"reaper-realm={realm}"}
    for container in docker_engine.containers.list(all=True, filters=ours):
        container.remove(force=True)
    for volume in docker_engine.volumes.list(filters=ours):
        volume.remove()


def test_what_a_run_left_is_listed_planned_swept_and_told(bench: Bench) -> None:
    run = bench.run()
    volume = bench.volume(run)

    alive = bench.items("plan")
    bench.reaper("run", "finish", run)
    time.sleep(1.1)  # ages are told in whole seconds
    planned = bench.items("plan", code=3)
    swept = bench.items("sweep", "--yes")
    told = bench.items("history", "--run", run)
    explained = bench.reaper("explain", volume).stdout

    assert [(item["verdict"], item["rule"]) for item in alive] == [("keep", "alive")]
    assert [(item["name"], item["verdict"]) for item in planned] == [(volume, "reap")]
    assert [(item["name"], item["outcome"]) for item in swept] == [(volume, "gone")]
    assert [(item["name"], item["rule"]) for item in told] == [(volume, "finished")]
    assert "gone: " in explained
    assert not bench.there(volume)


def test_what_a_stranger_uses_stays_and_says_whose_it_is(bench: Bench, busybox: str) -> None:
    run = bench.run()
    volume = bench.volume(run)
    stranger = bench.engine.containers.create(
        busybox, ["sleep", "60"], volumes={volume: {"bind": "/data", "mode": "rw"}}
    )
    try:
        bench.reaper("run", "finish", run)
        time.sleep(1.1)

        done = bench.reaper("sweep", "--yes", code=3)
    finally:
        stranger.remove(force=True)

    assert bench.there(volume)
    assert "blocked" in done.stdout
    assert str(stranger.name) in done.stdout


def test_a_live_run_is_cleaned_only_by_force(bench: Bench) -> None:
    run = bench.run()
    volume = bench.volume(run)

    refused = bench.reaper("clean", run, "--yes", code=2)
    still_there = bench.there(volume)
    bench.reaper("clean", run, "--yes", "--force")

    assert "--force" in refused.stderr
    assert still_there
    assert not bench.there(volume)
    assert "was ended by a person" in bench.reaper("run", "beat", run, code=1).stderr


def test_a_saved_plan_is_applied_and_an_edited_one_is_not(bench: Bench) -> None:
    run = bench.run()
    volume = bench.volume(run)
    bench.reaper("run", "finish", run)
    time.sleep(1.1)
    bench.reaper("plan", "-o", "plan.json", code=3)
    edited = json.loads((bench.directory / "plan.json").read_text())
    edited["items"] = []
    (bench.directory / "edited.json").write_text(json.dumps(edited))

    refused = bench.reaper("apply", "edited.json", "--yes", code=2)
    still_there = bench.there(volume)
    bench.reaper("apply", "plan.json", "--yes")

    assert "edited" in refused.stderr
    assert still_there
    assert not bench.there(volume)


@pytest.mark.parametrize(("answer", "code"), [("n", 3), ("y", 0)])
def test_a_person_is_shown_the_plan_and_asked(answer: str, code: int, bench: Bench) -> None:
    run = bench.run()
    volume = bench.volume(run)
    bench.reaper("run", "finish", run)
    time.sleep(1.1)

    said, returned = on_a_terminal(bench, ["sweep"], answer)

    assert volume in said
    assert "Delete this?" in said
    assert returned == code
    assert bench.there(volume) is (answer == "n")


def test_what_a_person_keeps_stays(bench: Bench) -> None:
    run = bench.run()
    volume = bench.volume(run)

    bench.reaper("keep", volume, "--until", "2d", "--by", "bob")
    bench.reaper("run", "finish", run)
    time.sleep(1.1)
    (item,) = bench.items("sweep", "--yes")

    assert (item["verdict"], item["rule"]) == ("keep", "kept")
    assert "bob" in item["reason"]


def test_an_engine_that_does_not_answer_is_a_gap(bench: Bench) -> None:
    config = bench.directory / "away.yaml"
    config.write_text("providers: {docker: [{host: 'unix:///nowhere.sock'}]}\n")

    done = bench.reaper("plan", "--config", str(config), "--json", code=4)

    content = json.loads(done.stdout)
    assert content["complete"] is False
    assert content["gaps"][0]["provider"] == "docker"


def test_an_explanation_beside_a_gap_says_so(bench: Bench) -> None:
    volume = bench.volume(bench.run())
    (bench.directory / "reaper.yaml").write_text(
        f"realm: {bench.realm}\nproviders: {{docker: [{{}}, {{host: 'unix:///nowhere.sock'}}]}}\n"
    )

    told = bench.reaper("explain", volume, code=4).stdout
    content = json.loads(bench.reaper("explain", volume, "--json", code=4).stdout)

    assert "GAP docker" in told
    assert content["complete"] is False
    assert content["item"]["name"] == volume


def test_the_doctor_lists_no_kinds_that_the_engine_does_not_offer(bench: Bench) -> None:
    manages = bench.engine.info()["Swarm"].get("ControlAvailable", False)

    findings = json.loads(bench.reaper("doctor", "--json").stdout)["findings"]

    (listed,) = (it["detail"] for it in findings if it["check"] == "list")
    assert "docker:volume" in listed
    assert ("docker:secret" in listed) is manages


def test_the_doctor_finds_the_engine_well(bench: Bench) -> None:
    done = bench.reaper("doctor", "--json")

    content = json.loads(done.stdout)
    assert content["healthy"] is True
    assert {"reachable", "identity", "list"} <= {it["check"] for it in content["findings"]}


def test_the_doctor_takes_another_engine_only_when_told(bench: Bench) -> None:
    place = "docker unix:///var/run/docker.sock"
    with Ledger.open(f"sqlite:///{os.environ['REAPER_STATE']}/ledger.db") as ledger:
        ledger.pin(place, "ANOTHER")
    real = bench.engine.info()["ID"]

    bench.reaper("sweep", "--yes", code=2)
    bench.reaper("doctor", code=2)
    bench.reaper("doctor", "--accept", real)
    bench.reaper("sweep", "--yes")


def test_a_first_configuration_is_written_once(bench: Bench) -> None:
    (bench.directory / "reaper.yaml").unlink()

    bench.reaper("init")
    again = bench.reaper("init", code=2)

    assert "providers:\n  docker:\n" in "".join(
        line.split("#")[0].rstrip() + "\n"
        for line in (bench.directory / "reaper.yaml").read_text().splitlines()
    )
    assert "--force" in again.stderr
    bench.reaper("config", "check")


def on_a_terminal(bench: Bench, arguments: list[str], answer: str) -> tuple[str, int]:
    """Run a command on a terminal and answer its question."""
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (50, 300))
    with subprocess.Popen(
        [sys.executable, "-m", "reaper", *arguments],
        cwd=bench.directory,
        env=bench.environment(),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    ) as process:
        os.close(terminal)
        said, answered = b"", False
        while select.select([controller], [], [], 60)[0]:
            try:
                said += os.read(controller, 65536)
            except OSError:
                break  # the terminal's other end is closed
            if not answered and b"[y/N]" in said:
                os.write(controller, f"{answer}\n".encode())
                answered = True
        os.close(controller)
    return said.decode(), process.returncode
