"""What the demo makes on the engine: each object marked as the demo's, a run's also tagged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docker import APIClient

from reaper.client import ActiveRun
from reaper.model import JournalEntry
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo_docker.image import import_image

MARK = "reaper-demo"  # the label by which the demo finds what it made, and nothing else

CONTAINER = "docker:container"
NETWORK = "docker:network"
VOLUME = "docker:volume"
IMAGE = "docker:image"


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
    tell: Callable[[Thing], None]
    go_on: Callable[[], None] = _always

    def network(self, name: str, about: str) -> str:
        """Make a network and give its name."""
        full, intent = self._begin(NETWORK, name)
        made = self.client.create_network(full, driver="bridge", labels=self._labels())
        self._made(NETWORK, str(made["Id"]), full, about, intent=intent)
        return full

    def volume(self, name: str, about: str) -> str:
        """Make a named volume and give its name."""
        full, intent = self._begin(VOLUME, name)
        made = self.client.create_volume(full, labels=self._labels())
        self._made(VOLUME, full, full, about, intent=intent, incarnation=made.get("CreatedAt"))
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
        self._made(CONTAINER, id_, full, about, intent=intent)
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
        self.tell(Thing(part=self.part, kind=kind, id=id_, name=name, about=about))

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
