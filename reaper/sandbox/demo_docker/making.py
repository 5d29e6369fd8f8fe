"""What the demo makes on the engine: each object marked as the demo's, a run's also tagged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from docker import APIClient

from reaper.client import ActiveRun
from reaper.config import DockerPlace
from reaper.model import JournalEntry
from reaper.providers.docker.address import resolve
from reaper.providers.docker.client import connect
from reaper.sandbox.demo.things import Part, Role, Tell, Thing
from reaper.sandbox.demo_docker.image import import_image
from reaper.tags import KEEP, REALM, RUN

MARK = "reaper-demo"  # the label by which the demo finds what it made, and nothing else

CONTAINER = "docker:container"
NETWORK = "docker:network"
VOLUME = "docker:volume"
IMAGE = "docker:image"

_SHARED = "nightly-shared"
_KEPT_FOR = timedelta(days=2)


def work(
    part: Part,
    run: ActiveRun,
    arguments: Mapping[str, str],
    tell: Tell,
    go_on: Callable[[], None],
) -> None:
    """Make what a run has on the engine."""
    client, _ = connect(resolve(DockerPlace()), read_only=False)
    make = Maker(
        client=client,
        part=part,
        mark=arguments["mark"],
        scope=arguments["scope"],
        image=arguments["image"],
        run=run,
        tell=tell,
        go_on=go_on,
    )
    if part is Part.KILLED:
        _work_of_killed(make)
    else:
        _work_of_live(make)


def _work_of_killed(make: Maker) -> None:
    """What a large test suite has about when it is killed: containers in every state."""
    backend = make.network("nightly-backend", "its containers talk over it")
    make.network(_SHARED, "a colleague's container is on it too", role=Role.BLOCKED)
    data = make.volume("nightly-data", "the database's files")
    logs = make.volume("nightly-logs", "mounted by two of its containers")
    make.volume("nightly-evidence", "reaper-keep: wanted for two days more", role=Role.KEPT)
    app = make.own_image("nightly-app", "built by the run")
    make.container("nightly-db", "running", network=backend, mounts={data: "/data", logs: "/logs"})
    make.container("nightly-web", "running, of its own image", image=app, network=backend)
    make.container("nightly-cache", "running, with an anonymous volume", anonymous="/cache")
    make.container("nightly-migration", "exited", command=["once"], mounts={logs: "/logs"})
    make.container("nightly-fixture", "created, never started", start=False)
    make.container("nightly-flaky", "restarting for ever", command=["fails"], restart=True)
    make.client.pause(make.container("nightly-chaos", "paused by a failure test", network=backend))


def _work_of_live(make: Maker) -> None:
    backend = make.network("smoke-backend", "its containers talk over it")
    data = make.volume("smoke-data", "the database's files")
    app = make.own_image("smoke-app", "built by the run")
    make.container("smoke-db", "running", network=backend, mounts={data: "/data"})
    make.container("smoke-web", "running, of its own image", image=app, network=backend)
    make.container("smoke-cache", "running, with an anonymous volume", anonymous="/cache")
    make.container("smoke-migration", "exited", command=["once"])
    make.client.pause(make.container("smoke-chaos", "paused by a failure test", network=backend))


def make_strangers(make: Maker) -> None:
    """Make what others have; one of them uses a network of the killed run."""
    network = make.network("colleague-net", "a colleague's, without any tag")
    data = make.volume("colleague-data", "a colleague's, without any tag")
    make.container("colleague-db", "running", network=network, mounts={data: "/data"})
    make.container("colleague-old", "exited", command=["once"])
    shared = f"{_SHARED}-{make.mark}"
    make.container(
        "colleague-debugging",
        f"attached by hand to {shared}",
        network=shared,
        role=Role.BLOCKER,
    )
    make.container(
        "colleague-handmade",
        "its tag names no run that can be read",
        labels={REALM: f"demo-{make.mark}", RUN: "Nightly Run #42"},
        role=Role.GARBLED,
    )


def _always() -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Maker:
    """Makes the things of one part.

    Attributes:
        mark: What distinguishes this demo from any other; part of each name.
        image: The ID of the image that containers are made of.
        run: The run that they belong to; None for strangers, which bear no tag of ours.
        tell: Told each thing as soon as it is there.
        go_on: Asked before each thing; it raises where no more is wanted.
    """

    client: APIClient
    part: Part
    mark: str
    scope: str
    image: str
    run: ActiveRun | None
    tell: Tell
    go_on: Callable[[], None] = _always

    def network(self, name: str, about: str, *, role: Role | None = None) -> str:
        """Make a network and give its name."""
        full, intent = self._begin(NETWORK, name)
        made = self.client.create_network(full, driver="bridge", labels=self._labels())
        self._made(NETWORK, str(made["Id"]), full, about, intent=intent, role=role)
        return full

    def volume(self, name: str, about: str, *, role: Role | None = None) -> str:
        """Make a named volume and give its name; one that plays `KEPT` asks to be kept."""
        full, intent = self._begin(VOLUME, name)
        until = int((datetime.now(UTC) + _KEPT_FOR).timestamp())
        keep = {KEEP: str(until)} if role is Role.KEPT else {}
        made = self.client.create_volume(full, labels={**self._labels(), **keep})
        self._made(
            VOLUME,
            full,
            full,
            about,
            intent=intent,
            incarnation=made.get("CreatedAt"),
            role=role,
        )
        return full

    def own_image(self, name: str, about: str) -> str:
        """Make an image of the run's own and give its ID."""
        assert self.run is not None
        full, intent = self._begin(IMAGE, name)
        id_ = import_image(self.client, f"{full}:latest", {**self.run.image_tags, MARK: self.mark})
        self._made(IMAGE, id_, f"{full}:latest", about, intent=intent)
        return id_

    def container(
        self,
        name: str,
        about: str,
        *,
        command: Sequence[str] = (),
        image: str | None = None,
        network: str | None = None,
        mounts: Mapping[str, str] | None = None,
        anonymous: str | None = None,
        restart: bool = False,
        start: bool = True,
        labels: Mapping[str, str] | None = None,
        role: Role | None = None,
    ) -> str:
        """Make a container, start it where that is wanted, and give its ID.

        `mounts` maps volumes to paths; `anonymous` is a path for a volume without a name.
        """
        full, intent = self._begin(CONTAINER, name)
        host = self.client.create_host_config(
            binds={volume: {"bind": path} for volume, path in (mounts or {}).items()},
            network_mode=network or "none",
            restart_policy={"Name": "always"} if restart else None,
        )
        made = self.client.create_container(
            image or self.image,
            list(command),
            name=full,
            labels={**self._labels(), **(labels or {})},
            volumes=[anonymous] if anonymous else None,
            host_config=host,
        )
        id_ = str(made["Id"])
        self._made(CONTAINER, id_, full, about, intent=intent, role=role)
        if anonymous:
            self._tell_anonymous(id_, full)
        if start:
            self.client.start(id_)
        return id_

    def _begin(self, kind: str, name: str) -> tuple[str, JournalEntry | None]:
        self.go_on()
        full = f"{name}-{self.mark}"
        if self.run is None:
            return full, None
        return full, self.run.intends(kind=kind, scope=self.scope, name=full)

    def _labels(self) -> dict[str, str]:
        return {**(self.run.tags if self.run is not None else {}), MARK: self.mark}

    def _made(
        self,
        kind: str,
        id_: str,
        name: str,
        about: str,
        *,
        intent: JournalEntry | None,
        incarnation: str | None = None,
        role: Role | None = None,
    ) -> None:
        if self.run is not None:
            self.run.created(
                kind=kind,
                scope=self.scope,
                id=id_,
                incarnation=incarnation,
                name=name,
                intent=intent,
            )
        self.tell(Thing(part=self.part, kind=kind, id=id_, name=name, about=about, role=role))

    def _tell_anonymous(self, container: str, name: str) -> None:
        told: Mapping[str, Any] = self.client.inspect_container(container)
        for mount in told["Mounts"]:
            self.tell(
                Thing(
                    part=self.part,
                    kind=VOLUME,
                    id=str(mount["Name"]),
                    name=str(mount["Name"])[:12] + "…",
                    about=f"came with {name}, without a name",
                )
            )
