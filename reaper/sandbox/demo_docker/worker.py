"""A test run as a process of its own: starts a run, makes things, and goes on until told to stop.

It writes one line for each thing that it made, then one with the run's ID. It stops when its
standard input ends, as it does when the demo ends, however that comes about.
"""

from __future__ import annotations

import select
import sys
from datetime import timedelta

import reaper.client
from reaper.config import DockerPlace
from reaper.providers.docker.address import resolve
from reaper.providers.docker.client import connect
from reaper.sandbox.demo_docker.things import Maker, Part

READY = "ready "

# The killed run's lease is short, for nobody likes to wait; the live run's is not, for a machine
# under load must not make it look dead.
_PACE = {
    Part.KILLED: ("nightly", timedelta(seconds=3), timedelta(seconds=0.3)),
    Part.LIVE: ("smoke", timedelta(seconds=30), timedelta(seconds=1)),
}


def main() -> None:
    """Be the run that the arguments name: its part, the demo's mark, scope and base image."""
    part, mark, scope, image = Part(sys.argv[1]), *sys.argv[2:]
    prefix, lease, beat = _PACE[part]
    client, _ = connect(resolve(DockerPlace()), read_only=False)
    with reaper.client.run(prefix=prefix, lease=lease, beat=beat) as run:
        make = Maker(
            client=client,
            part=part,
            mark=mark,
            scope=scope,
            image=image,
            run=run,
            tell=lambda thing: print(thing.line(), flush=True),  # noqa: T201 - as below
            go_on=_stop_with_the_demo,
        )
        work = _work_of_killed if part is Part.KILLED else _work_of_live
        work(make)
        print(READY + run.id, flush=True)  # noqa: T201 - the parent reads it
        sys.stdin.read()


def _stop_with_the_demo() -> None:
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    if readable:  # nothing is ever written to it, so it has ended
        raise SystemExit


def _work_of_killed(make: Maker) -> None:
    """What a large test suite has about when it is killed: containers in every state."""
    backend = make.network("nightly-backend", "its containers talk over it")
    make.network(SHARED_NETWORK, "a colleague's container is on it too")
    data = make.volume("nightly-data", "the database's files")
    logs = make.volume("nightly-logs", "mounted by two of its containers")
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


SHARED_NETWORK = "nightly-shared"
