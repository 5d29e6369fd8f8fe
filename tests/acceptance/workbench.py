"""A realistic mess on a real engine, and the command line let loose on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, NotFound

import reaper.client

MARK = "reaper-acceptance"
PAUSE_TRIES = 5

CONFIG = """\
realm: {realm}
ledger: sqlite:///{ledger}
policy: {{grace: 0s, brake: {{max_share: 1.0}}}}  # all that is tagged here goes
providers:
  docker:
    - {{}}
"""


def _pause(container: Any) -> None:
    """Pause it; a busy engine's runtime fails to freeze what has hardly begun."""
    for attempt in range(1, PAUSE_TRIES + 1):
        try:
            container.pause()
        except APIError:
            if attempt == PAUSE_TRIES:
                raise
            time.sleep(0.5)
        else:
            return


@dataclass(kw_only=True)
class Workbench:
    """One engine, one realm of its own, and what the test made there."""

    engine: docker.DockerClient
    image: str
    directory: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    def __post_init__(self) -> None:
        text = CONFIG.format(realm=f"acceptance-{self.mark}", ledger=self.directory / "ledger.db")
        self.config.write_text(text)

    @property
    def config(self) -> Path:
        return self.directory / "reaper.yaml"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "REAPER_STATE": str(self.directory / "state"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    def labels(self, tags: Mapping[str, str]) -> dict[str, str]:
        return {**tags, MARK: self.mark}

    # --- making things --------------------------------------------------------------------------

    def container(self, tags: Mapping[str, str], state: str = "running", **options: Any) -> str:
        """Make a container in a state; its ID."""
        command = {"exited": "true", "restarting": "false"}.get(state, "sleep 3600")
        if state == "restarting":
            options["restart_policy"] = {"Name": "always"}
        made = self.engine.containers.create(
            self.image, command, labels=self.labels(tags), **options
        )
        if state != "created":
            made.start()
        if state == "paused":
            _pause(made)
        return str(made.id)

    def mess(self, tags: Mapping[str, str], name: str, *, each: int) -> set[str]:
        """Make containers in every state, two networks and two volumes; all their IDs."""
        name = f"{name}-{self.mark}"
        networks = [
            str(self.engine.networks.create(f"{name}-{n}", labels=self.labels(tags)).id)
            for n in range(2)
        ]
        volumes = [
            str(self.engine.volumes.create(f"{name}-{n}", labels=self.labels(tags)).id)
            for n in range(2)
        ]
        states = ["running", "exited", "created", "paused", "restarting"] * each

        def one(numbered: tuple[int, str]) -> str:
            number, state = numbered
            return self.container(
                tags,
                state,
                network=f"{name}-{number % 2}",
                volumes=[f"{name}-{number % 2}:/data", "/anonymous"],
            )

        with ThreadPoolExecutor(max_workers=4) as pool:
            containers = list(pool.map(one, enumerate(states)))
        return {*networks, *volumes, *containers}

    def image_of(self, run: Any, name: str, *, journaled: bool = True) -> str:
        """Make an image under a run's label, and tell the run's journal of it; its ID."""
        source = self.container({}, "created")
        labels = [f"LABEL {key}={value}" for key, value in self.labels(run.image_tags).items()]
        repository = f"{name}-{self.mark}"
        made = str(self.engine.api.commit(source, repository, "1", changes=labels)["Id"])
        self.engine.api.remove_container(source, force=True)
        if journaled:
            scope = self.engine.info()["ID"]
            run.created(kind="docker:image", scope=scope, id=made, name=f"{repository}:1")
        return made

    def anonymous_of(self, containers: set[str]) -> set[str]:
        """The volumes without a name of one's own that came with these containers."""
        mounted = (
            mount["Name"]
            for found in self.engine.api.containers(all=True)
            if found["Id"] in containers
            for mount in found["Mounts"]
            if mount["Type"] == "volume"
        )
        return {name for name in mounted if self.mark not in name}

    def run(self) -> Any:
        """Start a run in this realm, in this process."""
        return reaper.client.run(
            realm=f"acceptance-{self.mark}",
            owner="alice@example.com",
            lease=timedelta(minutes=10),
            state=self.directory / "state",
        )

    # --- looking --------------------------------------------------------------------------------

    def there(self, ids: set[str]) -> set[str]:
        """Which of these are there, by asking the engine."""
        return {each for each in ids if self._exists(each)}

    def _exists(self, each: str) -> bool:
        askers: tuple[Callable[[str], object], ...] = (
            self.engine.api.inspect_container,
            self.engine.api.inspect_network,
            self.engine.api.inspect_volume,
            self.engine.api.inspect_image,
        )
        for ask in askers:
            try:
                ask(each)
            except NotFound:
                continue
            return True
        return False

    # --- the command line -----------------------------------------------------------------------

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "reaper", *arguments, "--config", str(self.config)]

    def reaper(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            check=False,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=240,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    # --- tidying --------------------------------------------------------------------------------

    def tidy(self) -> None:
        """Remove whatever this test made, by its own mark."""
        api, mine = self.engine.api, {"label": f"{MARK}={self.mark}"}
        for found in api.containers(all=True, filters=mine):
            self._quietly(partial(api.remove_container, found["Id"], v=True, force=True))
        for found in api.networks(filters=mine):
            self._quietly(partial(api.remove_network, found["Id"]))
        for found in api.volumes(filters=mine)["Volumes"] or ():
            self._quietly(partial(api.remove_volume, found["Name"], force=True))
        for found in api.images(filters=mine):
            self._quietly(partial(api.remove_image, found["Id"], force=True))

    @staticmethod
    def _quietly(remove: Callable[[], object]) -> None:
        try:
            remove()
        except APIError:
            return


def items(output: str) -> dict[str, dict[str, Any]]:
    """The items of a JSON report, by ID."""
    return {item["id"]: item for item in json.loads(output)["items"]}
