"""The image that `REAPER_TEST_IMAGE` names, as containers on the engine."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import do_without
from tests.daemon.processes import ask, until

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

ROOT = Path(__file__).parents[2]
SOCKET = Path("/var/run/docker.sock")
LEDGER = "/var/lib/reaper"


def gone(container: Container) -> bool:
    """Whether the engine has it no more."""
    assert container.client is not None
    return not container.client.api.containers(all=True, filters={"id": container.id})


@dataclass
class Daemon:
    """A daemon in a container, its root read-only, its user nobody."""

    container: Container

    @property
    def url(self) -> str:
        """Where this host reaches it."""
        self.container.reload()
        ports = self.container.ports["9187/tcp"]
        assert ports is not None
        return f"http://{ports[0]['HostIp']}:{ports[0]['HostPort']}"

    def get(self, path: str, token: str | None = None) -> tuple[int, Any]:
        return ask(f"{self.url}{path}", token=token)

    def command(self, *words: str) -> str:
        """Run a command beside it; what it wrote."""
        done: Any = self.container.exec_run(list(words), demux=True)
        out, error = ((part or b"").decode() for part in done.output)
        assert done.exit_code == 0, out + error
        return str(out)

    def log(self) -> str:
        """All that it wrote."""
        return str(self.container.logs().decode())

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What it logged under a name."""
        records = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [record for record in records if record["event"] == event]

    def wait_for(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until it logged an event so many times."""
        found: list[dict[str, Any]] = until(
            lambda: len(lines := self.lines(event)) >= count and lines,
            f"{event!r} was logged {count} times",
            more=self.log,
        )
        return found


@dataclass
class Image:
    """Runs containers of the image; what it made goes with the test."""

    engine: DockerClient
    name: str
    stack: ExitStack
    realm: str = field(default_factory=lambda: f"image-{uuid.uuid4().hex[:12]}")

    def volume(self) -> str:
        """Make an empty volume; its name."""
        volume = self.engine.volumes.create(labels={"reaper-test": "image"})
        self.stack.callback(volume.remove)
        return str(volume.name)

    def options(self, ledger: str, settings: Mapping[str, str]) -> dict[str, Any]:
        """As the Dockerfile says to run it: the sample configuration, but a realm of its own."""
        return {
            "image": self.name,
            "read_only": True,
            "tmpfs": {"/tmp": ""},
            "cap_drop": ["ALL"],
            "group_add": [SOCKET.stat().st_gid],
            "volumes": [
                f"{ledger}:{LEDGER}",
                f"{ROOT / 'config.yaml'}:/etc/reaper/config.yaml:ro",
                f"{SOCKET}:{SOCKET}",
            ],
            "environment": {"REAPER_REALM": self.realm, **settings},
        }

    def daemon(self, ledger: str, **settings: str) -> Daemon:
        """Start a daemon over the ledger in a volume."""
        acting = {"REAPER_DAEMON__MODE": "act", "REAPER_DAEMON__JITTER": "0s"}
        container = self.started(
            **self.options(ledger, {**acting, **settings}),
            ports={"9187/tcp": ("127.0.0.1", None)},
            healthcheck={"interval": 10**9},
        )
        daemon = Daemon(container)
        daemon.wait_for("began")
        return daemon

    def command(self, ledger: str, *words: str, **settings: str) -> tuple[int, str]:
        """Run one command in a container of its own; its exit code and what it wrote."""
        container = self.started(**self.options(ledger, settings), command=list(words))
        code = int(container.wait()["StatusCode"])
        return code, container.logs(stderr=False).decode()

    def started(self, **options: Any) -> Container:
        """Start a container."""
        container = self.engine.containers.run(detach=True, **options)
        self.stack.callback(self._remove, container)
        return container

    def left_by(self, run_id: str) -> list[Container]:
        """The containers that a run made."""
        made = self.engine.containers.list(all=True, filters={"label": f"reaper-run={run_id}"})
        for container in made:
            self.stack.callback(self._remove, container)
        return list(made)

    def _remove(self, container: Container) -> None:
        if not gone(container):
            container.remove(force=True)


@pytest.fixture
def image(docker_engine: DockerClient) -> Iterator[Image]:
    name = os.environ.get("REAPER_TEST_IMAGE")
    if not name:
        do_without("image", "REAPER_TEST_IMAGE names no image: docker build -t reaper . makes one")
    if not SOCKET.is_socket():
        do_without("image", f"no engine listens on {SOCKET}")
    with ExitStack() as stack:
        yield Image(docker_engine, name, stack)
