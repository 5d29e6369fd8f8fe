"""The Docker engine as the demo's stage: what bears the demo's mark there, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from docker import APIClient
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from reaper.config import DockerPlace
from reaper.model import Cell
from reaper.providers.docker.address import resolve
from reaper.providers.docker.client import connect
from reaper.sandbox.demo.stage import Ground, Look
from reaper.sandbox.demo.things import Facts, Part, Tell, Thing
from reaper.sandbox.demo.world import DemoBroken
from reaper.sandbox.demo_docker.image import import_image
from reaper.sandbox.demo_docker.looking import look
from reaper.sandbox.demo_docker.making import MARK, VOLUME, Maker, make_strangers

_SHORT_ID = 12  # as `docker ps` shows it
_ROUNDS = 20  # what a killed process had asked for may appear a moment later
_PAUSE_S = 0.25


class DockerStage:
    """The local engine, or the one that DOCKER_HOST names.

    Args:
        cell: Where it is.
        version: The engine's; None where it does not tell.
    """

    name = "docker"
    enables: Sequence[str] = ()
    inspection = "docker inspect"
    errors: tuple[type[Exception], ...] = (DockerException, RequestException)

    def __init__(self, cell: Cell, *, version: str | None) -> None:
        self._cell = cell
        self._version = version
        self._mark = ""
        self._image = ""
        self._client: APIClient | None = None

    def set_up(self, ground: Ground) -> None:
        """Connect, and make the image that containers are made of."""
        self._mark = ground.mark
        name = f"reaper-demo-{self._mark}:base"
        self._image = import_image(self._connected(), name, {MARK: self._mark})

    def introduce(self) -> str:
        """Say which engine it is, and by which label all is marked."""
        engine = f"Docker {self._version}" if self._version else "the engine"
        return (
            f"{engine} at {self._cell.label}: what the demo makes there bears the label "
            f"{MARK}={self._mark}"
        )

    def place(self) -> str:
        """Write the configuration's default place."""
        return "{}"

    def arguments(self) -> Mapping[str, str]:
        """Tell the mark, the engine and the image."""
        return {"mark": self._mark, "scope": self._cell.scope, "image": self._image}

    def make_strangers(self, tell: Tell) -> None:
        """Make what others have; one of them uses a network of the killed run."""
        make_strangers(
            Maker(
                client=self._connected(),
                part=Part.STRANGER,
                mark=self._mark,
                scope=self._cell.scope,
                image=self._image,
                run=None,
                tell=tell,
            )
        )

    def look(self, things: Iterable[Thing]) -> Look:
        """Inspect each; what else is on the engine may be changed by anybody."""
        return Look(things={thing: look(self._connected(), thing) for thing in things})

    def same(self, facts: Facts) -> str:
        """Tell the ID of what is untouched, and since when it runs."""
        state, started = facts.get("state"), facts.get("started", "")
        if state is None:
            return f"the same, of {facts['created'][:19].replace('T', ' ')}"
        since = f" since {started[11:19]}Z" if state in {"running", "paused"} else ""
        return f"the same {facts['ID'][:_SHORT_ID]}, {state}{since}"

    def take_down(self, things: Sequence[Thing]) -> None:
        """Remove everything that bears the mark, until nothing is left of it.

        Raises:
            DemoBroken: Something is left; the message says what, and how to remove it.
        """
        if not self._mark:
            return
        self._disconnect()  # it may have been interrupted within a call
        try:
            problems = _emptied(self._connected(), self._mark, things)
        finally:
            self._disconnect()
        if problems is not None:
            raise DemoBroken(
                f"not everything that the demo made could be removed: {problems}. All of it bears "
                f"the label {MARK}={self._mark}: look with `docker ps -a --filter "
                f"label={MARK}={self._mark}`, and the same for volumes, networks and images"
            )

    def _connected(self) -> APIClient:
        if self._client is None:
            self._client = connect(resolve(DockerPlace()), read_only=False)[0]
        return self._client

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _emptied(client: APIClient, mark: str, things: Iterable[Thing]) -> str | None:
    """Remove what there is until two looks find nothing; else say what stands in the way."""
    anonymous = [thing.id for thing in things if thing.kind == VOLUME]
    problems: dict[str, str] = {}
    clean_rounds = 0
    for _ in range(_ROUNDS):
        left = _left(client, mark, anonymous)
        problems = {
            id_: problem
            for id_, remove in left.items()
            if (problem := _removed(remove)) is not None
        }
        clean_rounds = 0 if left else clean_rounds + 1
        if clean_rounds > 1:
            return None
        time.sleep(_PAUSE_S)
    return "; ".join(problems.values()) or "new things appear all the time"


def _left(
    client: APIClient, mark: str, volumes: Sequence[str]
) -> Mapping[str, Callable[[], object]]:
    """What of the demo is still there, and how to remove each; users before what they use."""
    filters = {"label": f"{MARK}={mark}"}
    left: dict[str, Callable[[], object]] = {}
    for item in client.containers(all=True, filters=filters):
        id_ = str(item["Id"])
        left[id_] = partial(client.remove_container, id_, force=True, v=True)
    for item in client.networks(filters=filters):
        id_ = str(item["Id"])
        left[id_] = partial(client.remove_network, id_)
    there = {str(item["Name"]) for item in client.volumes().get("Volumes") or ()}
    for item in client.volumes(filters=filters).get("Volumes") or ():
        volumes = [*volumes, str(item["Name"])]
    for name in dict.fromkeys(volumes):
        if name in there:
            left[name] = partial(client.remove_volume, name)
    for item in client.images(filters=filters):
        id_ = str(item["Id"])
        left[id_] = partial(client.remove_image, id_)
    return left


def _removed(remove: Callable[[], object]) -> str | None:
    try:
        remove()
    except NotFound:
        pass
    except (APIError, RequestException) as error:
        return str(error)
    return None
