"""The demo's world: a temporary directory, two test runs as processes, strangers; and its end.

Whatever happens inside, everything that bears the demo's mark is removed when it is left.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from docker import APIClient
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from reaper.config import Config, DockerPlace, load
from reaper.providers.docker.address import resolve
from reaper.providers.docker.client import connect
from reaper.sandbox.demo.parts import DEBUGGER, GARBLED, Part, Thing
from reaper.sandbox.demo.runs import DemoBroken, Runs
from reaper.sandbox.demo.stopping import Stopping
from reaper.sandbox.demo_docker.image import import_image
from reaper.sandbox.demo_docker.things import MARK, VOLUME, Maker
from reaper.sandbox.demo_docker.worker import SHARED_NETWORK
from reaper.tags import REALM, RUN


@dataclass(kw_only=True, slots=True)
class World:
    """What the demo works in.

    Attributes:
        mark: What distinguishes this demo from any other; each thing bears it as a label.
        image: The ID of the image that containers are made of.
    """

    client: APIClient
    mark: str
    scope: str
    runs: Runs
    image: str = ""

    def of(self, part: Part) -> tuple[Thing, ...]:
        """The things of one part."""
        return tuple(thing for thing in self.runs.things if thing.part is part)

    def named(self, name: str) -> Thing:
        """The thing that was made under this name, as it was before the mark was added."""
        return next(thing for thing in self.runs.things if thing.name == f"{name}-{self.mark}")

    def config(self) -> Config:
        """Write a configuration as anybody would, and read it; no environment variable counts."""
        path = self.runs.directory / "reaper.yaml"
        path.write_text(
            f"realm: {self.runs.realm}\n"
            f"ledger: sqlite:///{self.runs.directory / 'ledger.db'}\n"
            "policy: {grace: 0s}\n"
            "providers:\n"
            "  docker: [{}]\n",
            encoding="utf-8",
        )
        return load(path, {})


@contextmanager
def demo_world(scope: str) -> Iterator[World]:
    """Make the demo's surroundings on the engine of this scope, and take all of it away again.

    Raises:
        DemoBroken: Something could not be made, or not be removed; the message says what.
    """
    mark = secrets.token_hex(3)
    stopping = Stopping()
    with (
        stopping.heeded(),
        tempfile.TemporaryDirectory(prefix="reaper-demo-", ignore_cleanup_errors=True) as directory,
    ):
        world = World(
            client=_connect(),
            mark=mark,
            scope=scope,
            runs=Runs(
                worker="reaper.sandbox.demo_docker.worker",
                directory=Path(directory),
                # Nobody else's resource bears this realm.
                realm=f"demo-{mark}",
                stopping=stopping,
            ),
        )
        try:
            with stopping.put_off():
                name = f"reaper-demo-{mark}:base"
                world.image = import_image(world.client, name, {MARK: mark})
            yield world
        except (DockerException, RequestException) as error:
            raise DemoBroken(f"the engine refused a part of the demo: {error}") from error
        finally:
            take_down(world)


def make_strangers(world: World) -> None:
    """Make what others have on the same engine; one of them uses a network of the killed run."""
    make = Maker(
        client=world.client,
        part=Part.STRANGER,
        mark=world.mark,
        scope=world.scope,
        image=world.image,
        run=None,
        tell=world.runs.things.append,
    )
    with world.runs.stopping.put_off():
        _make_strangers(make, world)


def _make_strangers(make: Maker, world: World) -> None:
    network = make.network("colleague-net", "a colleague's, without any tag")
    data = make.volume("colleague-data", "a colleague's, without any tag")
    make.container("colleague-db", "running", network=network, mounts={data: "/data"})
    make.container("colleague-old", "exited", command=["once"])
    make.container(
        DEBUGGER,
        f"attached by hand to {SHARED_NETWORK}-{world.mark}",
        network=f"{SHARED_NETWORK}-{world.mark}",
    )
    make.container(
        GARBLED,
        "its tag names no run that can be read",
        labels={REALM: world.runs.realm, RUN: "Nightly Run #42"},
    )


# --- the end ------------------------------------------------------------------------------------

_ROUNDS = 20  # what a killed process had asked for may appear a moment later
_PAUSE_S = 0.25


def take_down(world: World) -> None:
    """Remove everything that the demo made, by its mark, until nothing is left of it.

    Raises:
        DemoBroken: Something is left; the message says what, and how to remove it.
    """
    world.runs.end()
    world.client.close()
    client = _connect()  # the old one may have been interrupted within a call
    anonymous = [thing.id for thing in world.runs.things if thing.kind == VOLUME]
    problems: dict[str, str] = {}
    clean_rounds = 0
    try:
        for _ in range(_ROUNDS):
            left = _left(client, world.mark, anonymous)
            problems = {
                id_: problem
                for id_, remove in left.items()
                if (problem := _removed(remove)) is not None
            }
            clean_rounds = 0 if left else clean_rounds + 1
            if clean_rounds > 1:
                return
            time.sleep(_PAUSE_S)
    finally:
        client.close()
    told = "; ".join(problems.values()) or "new things appear all the time"
    raise DemoBroken(
        f"not everything that the demo made could be removed: {told}. All of it bears the label "
        f"{MARK}={world.mark}: look with `docker ps -a --filter label={MARK}={world.mark}`, and "
        "the same for volumes, networks and images"
    )


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


def _connect() -> APIClient:
    return connect(resolve(DockerPlace()), read_only=False)[0]
