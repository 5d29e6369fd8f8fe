"""A bench on the real engine: whatever is made on it bears one label, and goes with the test."""

from __future__ import annotations

import fcntl
import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError, NotFound

from reaper.model import Cell, Edge, Ref, Relation, Resource
from reaper.providers.docker import open_docker
from reaper.providers.docker.address import Tls
from reaper.providers.protocol import Provider, Reading


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A configured place, as far as the provider looks at it."""

    host: str | None = None
    context: str | None = None
    tls: Tls | None = None
    engine_id: str | None = None


class Bench:
    """Makes things on the engine, under a label that only this test has."""

    def __init__(self, client: docker.DockerClient, image: str) -> None:
        self.client: Any = client  # the stubs leave much of it bare
        self.api: Any = client.api
        self.image = image
        self.volumes: list[str] = []  # anonymous ones bear no label
        self.key = f"reaper-test-{uuid.uuid4().hex[:12]}"

    def name(self, suffix: str) -> str:
        return f"{self.key}-{suffix}"

    def labels(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return {self.key: "1", **(extra or {})}

    def container(
        self, *, run: bool = False, labels: Mapping[str, str] | None = None, **options: Any
    ) -> str:
        """A container's ID; `run` starts it."""
        image = options.pop("image", self.image)
        made = self.client.containers.create(
            image, ["sleep", "600"], labels=self.labels(labels), **options
        )
        mounts = self.api.inspect_container(made.id)["Mounts"]
        self.volumes += [mount["Name"] for mount in mounts if mount["Type"] == "volume"]
        if run:
            made.start()
        return str(made.id)

    def network(self, suffix: str = "net", **options: Any) -> str:
        made = self.client.networks.create(self.name(suffix), labels=self.labels(), **options)
        return str(made.id)

    def volume(self, suffix: str = "vol") -> str:
        return str(self.client.volumes.create(self.name(suffix), labels=self.labels()).name)

    def build(self, suffix: str, *changes: str, container: str | None = None) -> str:
        """An image's ID, made by committing a container."""
        source = container or self.container()
        lines = [f"LABEL {self.key}=1", *changes]
        made = self.api.commit(source, repository=self.name(suffix), tag="1", changes=lines)
        return str(made["Id"])

    def clear(self) -> None:
        ours = {"label": [self.key]}
        for container in self.api.containers(all=True, filters=ours):
            self._without_error(
                lambda id_: self.api.remove_container(id_, v=True, force=True), container["Id"]
            )
        for network in self.api.networks(filters=ours):
            self._without_error(self.api.remove_network, network["Id"])
        found = self.api.volumes(filters=ours)["Volumes"] or ()
        for volume in {*self.volumes, *(volume["Name"] for volume in found)}:
            self._without_error(self.api.remove_volume, volume)
        for _ in range(5):  # children before their parents
            for image in self.api.images(filters=ours):
                self._without_error(
                    lambda id_: self.api.remove_image(id_, force=True, noprune=True), image["Id"]
                )

    @staticmethod
    def _without_error(remove: Any, id_: str) -> None:
        try:
            remove(id_)
        except NotFound:
            pass
        except APIError as error:
            # A second remover, an image before its children, a node's copy of a swarm's network.
            said = str(error)
            if not any(t in said for t in ("in progress", "dependent child", "not found")):
                raise


@pytest.fixture
def bench(docker_engine: docker.DockerClient, busybox: str) -> Iterator[Bench]:
    made = Bench(docker_engine, busybox)
    yield made
    made.clear()


@pytest.fixture
def provider(docker_engine: docker.DockerClient) -> Iterator[Provider]:
    # A test changes something and reads at once, so no list may be older than the read.
    opened = open_docker(Engine(), read_only=False, shared_for=timedelta(0))
    yield opened
    opened.close()


@pytest.fixture
def cell(provider: Provider) -> Cell:
    (only,) = provider.cells()
    return only


@pytest.fixture
def swarm(docker_engine: docker.DockerClient) -> Iterator[docker.DockerClient]:
    """An engine that manages a swarm; one test at a time, and none is left behind."""
    with (Path(tempfile.gettempdir()) / f"reaper-test-swarm.{os.getuid()}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ours = docker_engine.info()["Swarm"]["LocalNodeState"] == "inactive"
        bridged = bool(docker_engine.networks.list(names=["^docker_gwbridge$"]))
        if ours:
            docker_engine.swarm.init(advertise_addr="127.0.0.1", listen_addr="127.0.0.1:2377")
        yield docker_engine
        if ours:
            docker_engine.swarm.leave(force=True)
            if not bridged:  # the swarm's own, which it leaves behind
                docker_engine.networks.get("docker_gwbridge").remove()


def ref(cell: Cell, kind: str, id_: str, incarnation: str | None = None) -> Ref:
    return Ref(kind=kind, scope=cell.scope, id=id_, incarnation=incarnation)


def look(provider: Provider, cell: Cell, kind: str, id_: str) -> Reading:
    """What one read says."""
    wanted = ref(cell, kind, id_)
    return provider.read(cell, [wanted])[wanted.key]


def see(provider: Provider, cell: Cell, kind: str, id_: str) -> Resource:
    """What one read says of something that is there."""
    reading = look(provider, cell, kind, id_)
    assert isinstance(reading, Resource), reading
    return reading


def others(resource: Resource, relation: Relation) -> set[str]:
    """The IDs at the other ends of one relation."""
    return {edge.other.id for edge in resource.others(relation)}


def named(edges: Iterable[Edge]) -> set[str | None]:
    return {edge.name for edge in edges}
