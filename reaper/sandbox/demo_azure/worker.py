"""A test run as a process of its own: it makes one of each type, and stops with the demo."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from reaper.client.active import ActiveRun
from reaper.sandbox.azure.world import build
from reaper.sandbox.azure.world.builder import Builder
from reaper.sandbox.azure.world.rest import Rest
from reaper.sandbox.demo.parts import CORE_DUMP, Part, Thing
from reaper.sandbox.demo.runs import be_a_run
from reaper.tags import KEEP

LOCATION = "westeurope"
DISKS = "Microsoft.Compute/disks"
_A_DAY_S = 86_400


def main() -> None:
    """Be the run that the arguments name: its part, the sandbox's address, and the subscription."""
    be_a_run(_make)


def _make(run: ActiveRun, part: Part, name: str) -> Iterator[Thing]:
    endpoint, subscription = sys.argv[2:]
    world = build(endpoint, run.tags, name=name, subscription=subscription, location=LOCATION)
    for made in world.made:
        yield Thing(part=part, kind=made.kind, id=made.id.lower(), name=name, about=made.part)
    if part is Part.KILLED:
        yield _core_dump(run, endpoint, subscription)


def _core_dump(run: ActiveRun, endpoint: str, subscription: str) -> Thing:
    tags = {**run.tags, KEEP: str(int(time.time()) + _A_DAY_S)}
    with Rest(endpoint) as rest:
        builder = Builder(
            rest,
            tags,
            subscription=subscription,
            location=LOCATION,
            name=CORE_DUMP,
            group="nightly-rg",
        )
        empty = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}
        identity = builder.add(DISKS, empty, part="core dump", name=CORE_DUMP)
    return Thing(
        part=Part.KILLED,
        kind="azure:microsoft.compute/disks",
        id=identity.lower(),
        name=CORE_DUMP,
        about=f"bears {KEEP}, for a day",
    )
