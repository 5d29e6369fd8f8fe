"""A test run as a process of its own: it makes one of each kind, and stops with the demo."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from reaper.client.active import ActiveRun
from reaper.sandbox.aws.world import build
from reaper.sandbox.aws.world.builder import clients
from reaper.sandbox.demo.parts import CORE_DUMP, Part, Thing
from reaper.sandbox.demo.runs import be_a_run
from reaper.tags import KEEP

_A_DAY_S = 86_400


def main() -> None:
    """Be the run that the arguments name: its part, the sandbox's address and the region."""
    be_a_run(_make)


def _make(run: ActiveRun, part: Part, name: str) -> Iterator[Thing]:
    endpoint, region = sys.argv[2:]
    for made in build(endpoint, run.tags, name=name, region=region).made:
        yield Thing(part=part, kind=made.kind, id=made.id, name=name, about=made.part)
    if part is Part.KILLED:
        yield _core_dump(run, endpoint, region)


def _core_dump(run: ActiveRun, endpoint: str, region: str) -> Thing:
    tags = {**run.tags, KEEP: str(int(time.time()) + _A_DAY_S), "Name": CORE_DUMP}
    volume = clients(endpoint, region)("ec2").create_volume(
        AvailabilityZone=f"{region}a",
        Size=8,
        TagSpecifications=[
            {
                "ResourceType": "volume",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )
    return Thing(
        part=Part.KILLED,
        kind="aws:ec2:volume",
        id=volume["VolumeId"],
        name=CORE_DUMP,
        about=f"bears {KEEP}, for a day",
    )
