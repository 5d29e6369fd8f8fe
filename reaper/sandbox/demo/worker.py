"""A test run as a process of its own: starts a run, makes things, and goes on until told to stop.

It writes one line for each thing that it made, then one with the run's ID. It stops when its
standard input ends, as it does when the demo ends, however that comes about.
"""

from __future__ import annotations

import importlib
import json
import select
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

import reaper
from reaper.client import ActiveRun
from reaper.sandbox.demo.things import Part, Tell, Thing

READY = "ready "

# Stage -> the module whose `work` makes what a run has there.
_WORK: Mapping[str, str] = MappingProxyType(
    {
        "docker": "reaper.sandbox.demo_docker.making",
        "aws": "reaper.sandbox.demo_aws.making",
    }
)

# What a stage's `work` is given: the part, the run, the stage's arguments, whom to tell, and what
# to ask before each thing; that raises where no more is wanted.
Work = Callable[[Part, ActiveRun, Mapping[str, str], Tell, Callable[[], None]], None]

# The killed run's lease is short, for nobody likes to wait; the live run's is not, for a machine
# under load must not make it look dead.
_PACE = {
    Part.KILLED: ("nightly", timedelta(seconds=4), timedelta(seconds=0.3)),
    Part.LIVE: ("smoke", timedelta(seconds=30), timedelta(seconds=1)),
}
_OWNERS = {Part.KILLED: "alice@example.com", Part.LIVE: "bob@example.com"}


def main() -> None:
    """Be the run that the arguments name: its part, and each stage's arguments as JSON."""
    part = Part(sys.argv[1])
    stages: Mapping[str, Mapping[str, str]] = json.loads(sys.argv[2])
    works: dict[str, Work] = {
        # Before the lease begins: to load a large SDK takes longer than such a short one.
        name: importlib.import_module(_WORK[name]).work
        for name in stages
    }
    prefix, lease, beat = _PACE[part]
    with reaper.run(prefix=prefix, lease=lease, beat=beat, owner=_OWNERS[part]) as run:
        for name, arguments in stages.items():
            works[name](part, run, arguments, _tell, _stop_with_the_demo)
        print(READY + run.id, flush=True)  # noqa: T201 - the parent reads it
        sys.stdin.read()


def _tell(thing: Thing) -> None:
    print(thing.line(), flush=True)  # noqa: T201 - the parent reads it


def _stop_with_the_demo() -> None:
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    if readable:  # nothing is ever written to it, so it has ended
        raise SystemExit
