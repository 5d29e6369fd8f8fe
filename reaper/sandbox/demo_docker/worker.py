"""A test run as a process of its own: starts a run, makes things, and goes on until told to stop.

It writes one line for each thing that it made, then one with the run's ID, and stops with the demo.
"""

from __future__ import annotations

import sys

from reaper.config import DockerPlace
from reaper.providers.docker.address import resolve
from reaper.providers.docker.client import connect
from reaper.sandbox.demo.parts import Part
from reaper.sandbox.demo.runs import run_of, stay, stop_with_the_demo, tell
from reaper.sandbox.demo_docker.things import Maker


def main() -> None:
    """Be the run that the arguments name: its part, the demo's mark, scope and base image."""
    mark, scope, image = sys.argv[2:]
    part, started = run_of(sys.argv)
    client, _ = connect(resolve(DockerPlace()), read_only=False)
    with started as run:
        make = Maker(
            client=client,
            part=part,
            mark=mark,
            scope=scope,
            image=image,
            run=run,
            tell=tell,
            go_on=stop_with_the_demo,
        )
        work = _work_of_killed if part is Part.KILLED else _work_of_live
        work(make)
        stay(run.id)


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
