"""A test run as a process of its own: it makes one of each kind, and stops with the demo."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from reaper.client.active import ActiveRun
from reaper.sandbox.demo.parts import CORE_DUMP, Part, Thing
from reaper.sandbox.demo.runs import be_a_run
from reaper.sandbox.gce.world import Made, World, build
from reaper.sandbox.gce.world.builder import Builder
from reaper.sandbox.gce.world.rest import Rest
from reaper.tags import KEEP

ZONE = "europe-west1-b"
# What a group or a cluster makes is nobody's own call: reaper derives it.
_MADE_ALONG = frozenset({"member", "of kubernetes", "zonal", "regional"})
_A_DAY_S = 86_400


def main() -> None:
    """Be the run that the arguments name: its part, the sandbox's address and the project."""
    be_a_run(_make)


def _make(run: ActiveRun, part: Part, name: str) -> Iterator[Thing]:
    endpoint, project = sys.argv[2:]
    world = build(endpoint, run.tags, name=name, project=project, zone=ZONE)
    _journal(run, world)
    for made in world.made:
        yield Thing(part=part, kind=made.kind, id=made.id, name=name, about=made.part)
    if part is Part.KILLED:
        yield _core_dump(run, endpoint, project)


def _journal(run: ActiveRun, world: World) -> None:
    """Journal what bears no labels, as hooks in the tests do."""
    for made in world.made:
        if not made.labelled and _by_own_call(made):
            run.created(
                kind=made.kind,
                scope=world.project,
                id=made.id,
                incarnation=made.number or None,
                taggable=False,
            )


def _by_own_call(made: Made) -> bool:
    return made.part not in _MADE_ALONG or made.kind == "gce:compute:instance-group-manager"


def _core_dump(run: ActiveRun, endpoint: str, project: str) -> Thing:
    labels = {**run.tags, KEEP: str(int(time.time()) + _A_DAY_S)}
    with Rest(endpoint) as rest:
        builder = Builder(rest, labels, project=project, zone=ZONE, name=CORE_DUMP)
        path = builder.add(builder.zone, "disks", sizeGb="8")
    return Thing(
        part=Part.KILLED,
        kind="gce:compute:disk",
        id=path,
        name=CORE_DUMP,
        about=f"bears {KEEP}, for a day",
    )
