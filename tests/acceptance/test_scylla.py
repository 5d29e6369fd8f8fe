"""The worked example: whatever happens to it, only a SIGKILL leaves anything, for a sweep."""

from __future__ import annotations

import fcntl
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reaper.client import directories

if TYPE_CHECKING:
    import docker

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

SCYLLA = Path(__file__).parents[2] / "examples" / "scylla"
_WITHIN_S = 150

# Added to the example: tests on both workers that come to grief in one of three places.
TROUBLE = """
import os, time
from pathlib import Path
import images, pytest

pytestmark = [pytest.mark.integration, pytest.mark.service("docker")]
WHERE, HOW = os.environ["TROUBLE"].split()

def come_to(where):
    if where != WHERE:
        return
    Path(os.environ["REACHED"], str(os.getpid())).touch()
    if HOW == "failure":
        raise RuntimeError("in " + where)
    time.sleep(600)

@pytest.fixture
def troubled(docker_scylla_2, container):
    # Another that is not ready yet, when the worst happens.
    # What a condition raises is waited through, so a failure is not waited for long.
    within = 1 if HOW == "failure" else 600
    container(
        image=images.KAFKA, network=True, ready=lambda _: come_to("setup") is None, within=within
    )
    yield
    come_to("teardown")

# xdist gives the first two to one worker, and the third to the other.
@pytest.mark.parametrize("n", range(3))
@pytest.mark.docker_scylla_args(docker_network="n")
def test_trouble(troubled, n):
    come_to("test")
"""


@dataclass(kw_only=True)
class Suite:
    """The example in a realm of its own, with trouble in it."""

    engine: Any
    directory: Path
    realm: str = field(default_factory=lambda: f"scylla-{uuid.uuid4().hex[:8]}")
    session: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        shutil.copytree(SCYLLA, self.directory / "scylla")
        (self.directory / "scylla" / "test_a_trouble.py").write_text(TROUBLE)
        (self.directory / "reached").mkdir()
        # All that is tagged in this realm goes, which the brake would hold.
        config = (SCYLLA / "reaper.yaml").read_text()
        config = config.replace("grace: 0s", "grace: 0s\n  brake: {max_share: 1.0}")
        ledger = f"ledger: sqlite:///{self.directory / 'ledger.db'}\n"
        (self.directory / "reaper.yaml").write_text(f"realm: {self.realm}\n{ledger}{config}")

    def start(self, trouble: str, *, whole: bool = False) -> subprocess.Popen[str]:
        tests = ["."] if whole else ["test_a_trouble.py"]
        self.session = subprocess.Popen(
            [sys.executable, "-m", "pytest", *tests, "-n", "2", "-p", "no:cacheprovider"],
            env={
                **os.environ,
                "REAPER_CONFIG": str(self.directory / "reaper.yaml"),
                "REACHED": str(self.directory / "reached"),
                "TROUBLE": trouble,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            cwd=self.directory / "scylla",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # as a terminal does: Ctrl-C goes to all of the group
        )
        return self.session

    def reached(self) -> bool:
        """Whether both workers have come to the trouble."""
        return len(list((self.directory / "reached").iterdir())) == 2

    def sweep(self) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "reaper", "sweep", "--yes", "--json"],
            env={**os.environ, "REAPER_CONFIG": str(self.directory / "reaper.yaml")},
            check=False,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def there(self) -> set[str]:
        """What bears this realm on the engine, or is of the realm's containers."""
        mine = {"label": f"reaper-realm={self.realm}"}
        api = self.engine.api
        return {
            *(found["Id"] for found in api.containers(all=True, filters=mine)),
            *(found["Id"] for found in api.networks(filters=mine)),
            *(found["Name"] for found in api.volumes(filters=mine)["Volumes"] or ()),
        }

    def tidy(self) -> None:
        if self.session is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.session.pid, signal.SIGKILL)
            self.session.wait()
            assert self.session.stdout is not None
            self.session.stdout.close()
        for id_ in self.there():
            for remove in (
                lambda each: self.engine.api.remove_container(each, v=True, force=True),
                self.engine.api.remove_network,
                self.engine.api.remove_volume,
            ):
                with suppress(Exception):
                    remove(id_)


@pytest.fixture
def suite(docker_engine: docker.DockerClient, tmp_path: Path) -> Iterator[Suite]:
    with (Path(tempfile.gettempdir()) / f"reaper-stand-ins.{os.getuid()}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of xdist would make them twice
        runpy.run_path(str(SCYLLA / "images.py"))["make"](docker_engine)
    made = Suite(engine=docker_engine, directory=tmp_path)
    yield made
    made.tidy()


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


PLACES = pytest.mark.parametrize("where", ["setup", "test", "teardown"])


@PLACES
def test_a_failure_leaves_nothing(suite: Suite, where: str) -> None:
    session = suite.start(f"{where} failure", whole=where == "test")
    told, _ = session.communicate(timeout=_WITHIN_S)
    left = suite.there()

    how = {
        "setup": "= 3 errors in",
        "test": "= 3 failed, 10 passed, 1 skipped in",
        "teardown": "= 3 passed, 3 errors in",
    }[where]
    assert how in told
    assert "log of the container stand-in-scylla-" in told
    assert "serving at port 9042" in told
    assert "nothing is left of " in told
    assert session.returncode == 1
    assert left == set()
    assert suite.sweep()["items"] == []


@PLACES
def test_ctrl_c_leaves_nothing(suite: Suite, where: str) -> None:
    session = suite.start(f"{where} pause")
    until(suite.reached)
    before = suite.there()
    os.killpg(session.pid, signal.SIGINT)
    told, _ = session.communicate(timeout=_WITHIN_S)
    left = suite.there()

    assert "KeyboardInterrupt" in told
    assert session.returncode == 2
    assert len(before) >= 2 * 5, "three containers, their volumes and a network, of two workers"
    assert left == set()
    assert suite.sweep()["items"] == []


@PLACES
def test_only_sigkill_leaves_something_and_a_sweep_removes_that(suite: Suite, where: str) -> None:
    session = suite.start(f"{where} pause")
    until(suite.reached)
    before = suite.there()
    os.killpg(session.pid, signal.SIGKILL)
    session.wait()
    stranger = suite.engine.containers.create(
        "stand-in-kafka:1", labels={"reaper-realm": suite.realm, "scylla": "stranger"}
    )
    left = suite.there() - {stranger.id}
    (run,) = directories()
    until(lambda: not run.read().alive(datetime.now(UTC)))
    swept = suite.sweep()

    assert left == before
    assert {item["outcome"] for item in swept["items"] if item["id"] in left} == {"gone"}
    assert suite.there() == {stranger.id}
