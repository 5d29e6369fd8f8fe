"""What surrounds the resources of a read: who uses them, listed once for many reads."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from docker.errors import NotFound

from reaper.clock import Clock
from reaper.model import Ref
from reaper.providers.docker.answers import CALL_ERRORS, explain, says_absent
from reaper.providers.docker.client import EngineClient

READERS = 6  # inspections at once


class Listed(StrEnum):
    """What can be listed whole."""

    CONTAINERS = "containers"  # in every state
    NAMESPACES = "namespaces"  # which containers join those of another; implies CONTAINERS
    NETWORKS = "networks"
    IMAGES = "images"  # intermediate ones too
    SERVICES = "services"  # of a swarm, on its managers
    TASKS = "tasks"


class Swarm(StrEnum):
    """What the engine is to a swarm."""

    OUTSIDE = "none"
    WORKER = "worker"  # it runs what managers tell it, and cannot say what that is
    MANAGER = "manager"

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> Swarm:
        """Read it from the engine's /info."""
        swarm = info.get("Swarm") or {}
        if swarm.get("ControlAvailable"):
            return cls.MANAGER
        if swarm.get("LocalNodeState", "inactive") in {"", "inactive"}:
            return cls.OUTSIDE
        return cls.WORKER


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """All of one sort, or why they could not be listed."""

    items: Sequence[Mapping[str, Any]] = ()
    failure: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageLabels:
    """An image's labels; `gone` where there is no such image any more."""

    labels: Mapping[str, str] = field(default_factory=dict)
    gone: bool = False
    failure: str | None = None


class Surroundings:
    """The lists of one batch of reads, and answers from them.

    It is shared by the threads that inspect, and by batches that are read within a moment (see
    `Recent`). Only what never changes in a container's life (whose namespaces it joins) is kept for
    longer, in `joins`.
    """

    def __init__(
        self,
        client: EngineClient,
        *,
        scope: str,
        swarm: Swarm,
        needs: frozenset[Listed],
        own: Callable[[Iterable[str]], frozenset[str]],
        joins: dict[str, tuple[str, ...]],
    ) -> None:
        self.client = client
        self.scope = scope
        self.swarm = swarm
        self._joins = joins
        self._lists: dict[Listed, Listing] = {}
        for sort in Listed:  # in the order of their declaration: namespaces after containers
            if sort in needs:
                self._lists[sort] = self._list(sort)
        self._images: dict[str, ImageLabels] = {}
        self._images_lock = threading.Lock()
        self.own = own(str(item["Id"]) for item in self.all(Listed.CONTAINERS))

    def covers(self, needs: frozenset[Listed]) -> bool:
        """Whether all of these were listed, and whatever was asked for was told."""
        with self._images_lock:
            images_told = all(image.failure is None for image in self._images.values())
        lists_told = all(listing.failure is None for listing in self._lists.values())
        return needs <= self._lists.keys() and lists_told and images_told

    def ref(self, kind: str, id_: str, incarnation: str | None = None) -> Ref:
        """A reference on this engine."""
        return Ref(kind=kind, scope=self.scope, id=id_, incarnation=incarnation)

    def all(self, sort: Listed) -> Sequence[Mapping[str, Any]]:
        """Everything of the sort, as far as it could be listed: ask `unread` too."""
        return self._lists[sort].items if sort in self._lists else ()

    def unread(self, *sorts: Listed, also: Iterable[str | None] = ()) -> str | None:
        """What could not be read, in one sentence; None where all could."""
        failures = [
            f"the engine's {sort} could not be listed: {failure}"
            for sort in sorts
            if (failure := self._lists[sort].failure) is not None
        ]
        failures += [text for text in also if text is not None]
        return "; ".join(failures) or None

    def container_called(self, name: str) -> str | None:
        """The ID of the container that has this name now."""
        wanted = "/" + name.lstrip("/")
        for item in self.all(Listed.CONTAINERS):
            if wanted in (item.get("Names") or ()):
                return str(item["Id"])
        return None

    def networks_called(self, name: str) -> list[str]:
        """The IDs of the networks that have this name now: engines before 25 allow several."""
        return [str(n["Id"]) for n in self.all(Listed.NETWORKS) if n.get("Name") == name]

    def image_labels(self, id_: str) -> ImageLabels:
        """What an image's labels are, asked once a batch."""
        with self._images_lock:
            if id_ not in self._images:
                self._images[id_] = self._inspect_image(id_)
            return self._images[id_]

    def joined_by(self, id_: str) -> list[tuple[str, str]]:
        """The other containers (ID, name) that live in this one's namespaces."""
        return [
            (str(item["Id"]), str(item["Name"]))
            for item in self.all(Listed.NAMESPACES)
            if id_ in item["Joins"]
        ]

    def _inspect_image(self, id_: str) -> ImageLabels:
        try:
            image = self.client.inspect_image(id_)  # type: ignore[no-untyped-call]  # bare in types-docker
            return ImageLabels(labels=(image.get("Config") or {}).get("Labels") or {})
        except NotFound as error:
            if says_absent(error):
                return ImageLabels(gone=True)
            return ImageLabels(failure=f"its image could not be inspected: {explain(error)}")
        except CALL_ERRORS as error:
            return ImageLabels(failure=f"its image could not be inspected: {explain(error)}")

    def _namespaces(self) -> list[dict[str, Any]]:
        # A list tells no PID and IPC namespaces: each container is inspected once in its life.
        containers = self.all(Listed.CONTAINERS)
        present = {str(item["Id"]) for item in containers}
        for gone in [id_ for id_ in list(self._joins) if id_ not in present]:
            self._joins.pop(gone, None)
        new = sorted(present - set(self._joins))
        with ThreadPoolExecutor(max_workers=READERS) as pool:
            found = pool.map(functools.partial(_joins_of, self.client), new)
            self._joins.update(zip(new, found, strict=True))
        return [
            {"Id": id_, "Name": first_name(item), "Joins": self._joins.get(id_, ())}
            for item in containers
            if (id_ := str(item["Id"]))
        ]

    def _list(self, sort: Listed) -> Listing:
        if sort in {Listed.SERVICES, Listed.TASKS} and self.swarm is not Swarm.MANAGER:
            return Listing()
        try:
            match sort:
                case Listed.CONTAINERS:
                    items = self.client.containers(all=True)
                case Listed.NETWORKS:
                    items = self.client.networks()
                case Listed.NAMESPACES:
                    items = self._namespaces()
                case Listed.IMAGES:
                    items = self.client.images(all=True)
                case Listed.SERVICES:
                    items = self.client.services()  # type: ignore[no-untyped-call]  # bare in types-docker
                case Listed.TASKS:
                    items = self.client.tasks()  # type: ignore[no-untyped-call]  # bare in types-docker
            return Listing(items=tuple(dict(item) for item in items or ()))
        except CALL_ERRORS as error:
            if left_swarm(self.client, error):
                self.swarm = Swarm.OUTSIDE
                return Listing()
            return Listing(failure=explain(error))


class Recent:
    """The last surroundings, for reads that follow each other closely.

    A hundred second looks would list the same a hundred times, and the engine has the deletions to
    do. What is looked at itself is inspected each time, whatever the age of the lists.
    """

    def __init__(self, shared_for: timedelta, clock: Clock) -> None:
        """`shared_for`: how long before a read its lists may have been begun."""
        self._shared_s = shared_for.total_seconds()
        self._clock = clock
        self._turn = threading.Lock()
        self._last: tuple[float, Surroundings] | None = None

    def around(self, needs: frozenset[Listed], make: Callable[[], Surroundings]) -> Surroundings:
        """The last ones if they are young enough and tell all that is needed, or else new ones."""
        asked = self._clock.elapsed()
        with self._turn:
            if self._last is not None:
                began, last = self._last
                if asked - began <= self._shared_s and last.covers(needs):
                    return last
            began = self._clock.elapsed()
            made = make()
            self._last = (began, made)
            return made


def left_swarm(client: EngineClient, error: Exception) -> bool:
    """Whether a call failed because the engine has just left its swarm, and nothing is there."""
    if "not a swarm manager" not in explain(error):
        return False
    try:
        return Swarm.of(client.info()) is Swarm.OUTSIDE
    except CALL_ERRORS:
        return False


def _joins_of(client: EngineClient, id_: str) -> tuple[str, ...]:
    try:
        return joined(client.inspect_container(id_))
    except NotFound as error:
        if not says_absent(error):
            raise
        return ()  # it went away since it was listed


def joined(inspection: Mapping[str, Any]) -> tuple[str, ...]:
    """The IDs of the containers whose network, PID or IPC namespace this container joins."""
    host = inspection.get("HostConfig") or {}
    modes = (str(host.get(key) or "") for key in ("NetworkMode", "PidMode", "IpcMode"))
    return tuple(
        dict.fromkeys(
            mode.removeprefix("container:") for mode in modes if mode.startswith("container:")
        )
    )


def first_name(item: Mapping[str, Any]) -> str:
    """A listed container's own name; others that it has are links' (`/user/alias`)."""
    names = [str(name).removeprefix("/") for name in item.get("Names") or ()]
    own = [name for name in names if "/" not in name]
    return (own or names or [str(item["Id"])[:12]])[0]
