"""A project's test session that dies: what it left goes, and the history names its tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from reaper.client import RunDirectory, directories
from reaper.model import JournalEntry, Phase

pytest.importorskip("moto")

if TYPE_CHECKING:
    import docker

    from reaper.sandbox.aws import AwsSandbox

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

ORDERS = Path(__file__).parents[2] / "examples" / "orders"
REGION = "eu-west-1"
_WITHIN_S = 120


@dataclass(kw_only=True)
class Project:
    """The example project in a realm of its own, and what its sessions made."""

    engine: Any
    image: str
    aws: AwsSandbox
    directory: Path
    sessions: list[subprocess.Popen[str]] = field(default_factory=list)
    realm: str = field(default_factory=lambda: f"orders-{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        config = (ORDERS / "reaper.yaml").read_text()
        ledger = f"ledger: sqlite:///{self.directory / 'ledger.db'}\n"
        # All that is tagged in this realm goes, which the brake would hold.
        config = config.replace("grace: 0s", "grace: 0s\n  brake: {max_share: 1.0}")
        place = {"account": self.aws.account, "regions": [REGION], "endpoint": self.aws.endpoint}
        places = f"  aws: [{json.dumps(place)}]\n"
        (self.directory / "reaper.yaml").write_text(
            f"realm: {self.realm}\n{ledger}{config}{places}"
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "REAPER_CONFIG": str(self.directory / "reaper.yaml"),
            "ORDERS_IMAGE": self.image,
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    def start(self, *options: str, pause_s: int = 0) -> subprocess.Popen[str]:
        """Start a session, which `tidy` kills if it is still there."""
        started = subprocess.Popen(
            [sys.executable, "-m", "pytest", str(ORDERS), "-p", "no:cacheprovider", *options],
            env={**self.environment, "ORDERS_PAUSE": str(pause_s)},
            cwd=ORDERS,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.sessions.append(started)
        return started

    def reaper(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "reaper", *arguments],
            env=self.environment,
            cwd=self.directory,
            check=False,
            capture_output=True,
            text=True,
            timeout=240,
        )

    def run(self) -> RunDirectory:
        (directory,) = directories()
        return directory

    def entries(self) -> list[JournalEntry]:
        return [
            entry
            for found in directories()
            for entry in found.entries()[0]
            if entry.ref is not None
        ]

    def made_by(self, test: str) -> bool:
        """Whether a test has made something."""
        return any(
            entry.phase is Phase.CREATED and (entry.test or "").endswith(test)
            for entry in self.entries()
        )

    def there(self) -> set[str]:
        """What bears this realm on the engine: containers, networks and volumes by ID."""
        mine = {"label": f"reaper-realm={self.realm}"}
        api = self.engine.api
        return {
            *(found["Id"] for found in api.containers(all=True, filters=mine)),
            *(found["Id"] for found in api.networks(filters=mine)),
            *(found["Name"] for found in api.volumes(filters=mine)["Volumes"] or ()),
            *(url.rpartition("/")[2] for url in self.queues()),
        }

    def queues(self) -> list[str]:
        """The queues of the account, which is nobody else's."""
        sqs = boto3.client("sqs", region_name=REGION, endpoint_url=self.aws.endpoint)
        urls: list[str] = sqs.list_queues().get("QueueUrls", [])
        return urls

    def tidy(self) -> None:
        for session in self.sessions:
            session.kill()
            session.wait()
            assert session.stdout is not None
            session.stdout.close()
        sqs = boto3.client("sqs", region_name=REGION, endpoint_url=self.aws.endpoint)
        for url in self.queues():
            sqs.delete_queue(QueueUrl=url)
        for id_ in self.there():
            for remove in (
                lambda each: self.engine.api.remove_container(each, v=True, force=True),
                self.engine.api.remove_network,
                self.engine.api.remove_volume,
            ):
                with suppress(Exception):
                    remove(id_)
        for id_ in self.there():  # networks, once their containers are gone
            with suppress(Exception):
                self.engine.api.remove_network(id_)


@pytest.fixture
def project(
    docker_engine: docker.DockerClient, busybox: str, aws_sandbox: AwsSandbox, tmp_path: Path
) -> Iterator[Project]:
    made = Project(engine=docker_engine, image=busybox, aws=aws_sandbox, directory=tmp_path)
    yield made
    made.tidy()


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


def test_what_a_session_left_is_told_by_test_and_cleaned_on_demand(project: Project) -> None:
    told, _ = project.start().communicate(timeout=_WITHIN_S)
    left = project.there()
    cleaned = project.reaper("clean", project.run().id, "--yes")

    assert "4 passed" in told
    assert "5 resources left by the run" in told
    assert ".::network (session fixture)" in told
    assert "test_orders.py::test_a_report_is_written" in told
    assert "test_orders.py::test_an_order_is_queued" in told
    assert "test_orders.py::test_a_migration_keeps_the_orders" in told
    assert "test_orders.py::test_an_order_is_stored" not in told, "it removed its database"
    assert len(left) == 5
    assert cleaned.returncode == 0, cleaned.stderr
    assert project.there() == set()


def test_a_session_cleans_up_if_it_is_told_to_and_fails_if_it_is_told_to(project: Project) -> None:
    failing = project.start("--reaper-leaks=fail")
    failed, _ = failing.communicate(timeout=_WITHIN_S)
    project.tidy()
    cleaning = project.start("-n", "2", "--reaper-leaks=clean")
    cleaned, _ = cleaning.communicate(timeout=_WITHIN_S)

    assert failing.returncode == 1
    assert "4 passed" in failed
    assert cleaning.returncode == 0
    assert "removed" in cleaned
    assert project.there() == set()


def test_a_killed_worker_leaves_the_run_alive_and_a_killed_session_leaves_it_to_lapse(
    project: Project,
) -> None:
    session = project.start("-n", "2", "--dist", "each", pause_s=600)
    until(lambda: len(workers_at_the_migration(project)) == 2)
    killed, _ = workers_at_the_migration(project)
    os.kill(killed, signal.SIGKILL)
    time.sleep(12)  # longer than the lease
    alive = project.reaper("sweep", "--yes", "--json")
    before = project.there()

    session.kill()
    until(lambda: _lapsed(project))  # once the orphaned worker has noticed, and stopped
    left = project.there()
    stranger = project.engine.containers.create(
        project.image, "true", labels={"reaper-realm": project.realm, "orders": "stranger"}
    )
    swept = project.reaper("sweep", "--yes", "--json")

    assert {item["verdict"] for item in json.loads(alive.stdout)["items"]} == {"keep"}
    assert left <= before
    items = {item["id"]: item for item in json.loads(swept.stdout)["items"]}
    assert {items[each]["outcome"] for each in left} == {"gone"}
    assert project.there() == {stranger.id}
    history = json.loads(project.reaper("history", "--json").stdout)["items"]
    tests = {item["id"]: item["test"].rpartition("::")[2] for item in history}
    assert set(tests) == left
    assert set(tests.values()) == {
        "network (session fixture)",
        "test_a_migration_keeps_the_orders",
        "test_a_report_is_written",
        "test_an_order_is_queued",
    }
    # Two networks; two reports, each with a volume; two queues; the killed worker's database, and
    # its volume; two backups. The orphaned worker may have been stopped before it removed its own.
    assert len(tests) in {12, 14}


def workers_at_the_migration(project: Project) -> list[int]:
    """The processes in which that test has made its volume, which is the last that it makes."""
    return sorted(
        int(entry.writer.rpartition("-")[0].rpartition("-")[2])
        for entry in project.entries()
        if entry.phase is Phase.CREATED and (entry.name or "").startswith("orders-backup")
    )


def _lapsed(project: Project) -> bool:
    return not project.run().read().alive(datetime.now(UTC))
