"""The demo's world: a temporary directory, two test runs as processes, strangers; and its end.

Whatever happens inside, everything that bears the demo's mark is removed when it is left.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from docker import APIClient
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from reaper.client import REALM_VARIABLE, STATE_VARIABLE, RunDirectory
from reaper.config import Config, DockerPlace, load
from reaper.errors import ReaperError
from reaper.providers.docker.address import resolve
from reaper.providers.docker.client import connect
from reaper.sandbox.demo_docker.image import import_image
from reaper.sandbox.demo_docker.stopping import Stopping
from reaper.sandbox.demo_docker.things import MARK, VOLUME, Maker, Part, Thing
from reaper.sandbox.demo_docker.worker import READY, SHARED_NETWORK
from reaper.tags import REALM, RUN

DEBUGGER = "colleague-debugging"  # it stands in the way of one of the killed run's networks
GARBLED = "colleague-handmade"  # its tag names no run that can be read


class DemoBroken(ReaperError):
    """The demo could not set up its world; it was taken down again."""


@dataclass(kw_only=True, slots=True)
class World:
    """What the demo works in.

    Attributes:
        mark: What distinguishes this demo from any other; each thing bears it as a label.
        things: Everything that was made so far.
        image: The ID of the image that containers are made of.
    """

    client: APIClient
    mark: str
    scope: str
    directory: Path
    stopping: Stopping
    image: str = ""
    things: list[Thing] = field(default_factory=list)
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def realm(self) -> str:
        """The realm of the demo's runs: nobody else's resource bears it."""
        return f"demo-{self.mark}"

    @property
    def state(self) -> Path:
        """Where its runs beat."""
        return self.directory / "state"

    def of(self, part: Part) -> tuple[Thing, ...]:
        """The things of one part."""
        return tuple(thing for thing in self.things if thing.part is part)

    def named(self, name: str) -> Thing:
        """The thing that was made under this name, as it was before the mark was added."""
        return next(thing for thing in self.things if thing.name == f"{name}-{self.mark}")

    def config(self) -> Config:
        """Write a configuration as anybody would, and read it; no environment variable counts."""
        path = self.directory / "reaper.yaml"
        path.write_text(
            f"realm: {self.realm}\n"
            f"ledger: sqlite:///{self.directory / 'ledger.db'}\n"
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
            directory=Path(directory),
            stopping=stopping,
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


def start_run(world: World, part: Part) -> subprocess.Popen[str]:
    """Start a test run as a process of its own; what it makes is told by `await_run`."""
    root = Path(__file__).parents[3]
    env = {name: value for name, value in os.environ.items() if not name.startswith("REAPER_")}
    env |= {STATE_VARIABLE: str(world.state), REALM_VARIABLE: world.realm}
    log = world.directory / f"{part.name.lower()}.log"
    with log.open("w", encoding="utf-8") as stderr, world.stopping.put_off():
        process = subprocess.Popen(  # noqa: S603 - our own program
            [
                *(sys.executable, "-P", "-c", _START, str(root)),
                *(part.value, world.mark, world.scope, world.image),
            ],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,  # Ctrl-C is for the demo, which then ends it
        )
        world.workers.append(process)
    return process


# The package may not be installed: then it is found where this one is, after all others.
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from reaper.sandbox.demo_docker.worker import main; main()"
)


def await_run(world: World, part: Part, process: subprocess.Popen[str]) -> RunDirectory:
    """Wait until a test run has made everything, and find its directory.

    Raises:
        DemoBroken: It ended before.
    """
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(READY):
            return RunDirectory.open(line.removeprefix(READY).strip(), state=world.state)
        world.things.append(Thing.read(line))
    log = (world.directory / f"{part.name.lower()}.log").read_text(encoding="utf-8")
    raise DemoBroken(f"the {part.value} of the demo broke off:\n{log.strip()}")


def make_strangers(world: World) -> None:
    """Make what others have on the same engine; one of them uses a network of the killed run."""
    make = Maker(
        client=world.client,
        part=Part.STRANGER,
        mark=world.mark,
        scope=world.scope,
        image=world.image,
        run=None,
        tell=world.things.append,
    )
    with world.stopping.put_off():
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
        labels={REALM: world.realm, RUN: "Nightly Run #42"},
    )


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a test run as a CI does: it has no chance to clean up."""
    process.kill()
    process.wait()


def living(process: subprocess.Popen[str]) -> bool:
    """Whether a test run is still at work."""
    return process.poll() is None


# --- the end ------------------------------------------------------------------------------------

_LONGEST_CALL_S = 15
_ROUNDS = 20  # what a killed process had asked for may appear a moment later
_PAUSE_S = 0.25


def take_down(world: World) -> None:
    """Remove everything that the demo made, by its mark, until nothing is left of it.

    Raises:
        DemoBroken: Something is left; the message says what, and how to remove it.
    """
    for process in world.workers:
        _end(process)
    world.client.close()
    client = _connect()  # the old one may have been interrupted within a call
    anonymous = [thing.id for thing in world.things if thing.kind == VOLUME]
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


def _end(process: subprocess.Popen[str]) -> None:
    """End a test run between two of its calls: what the engine is making might appear later."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LONGEST_CALL_S)
    kill(process)
    process.stdout.close()


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
