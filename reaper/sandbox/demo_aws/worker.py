"""A test run as a process of its own: it makes one of each kind, and stops with the demo."""

from __future__ import annotations

import sys
import time

from reaper.sandbox.aws.world import build
from reaper.sandbox.aws.world.builder import clients
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo.runs import run_of, stay, tell
from reaper.sandbox.guard import forbid_leaving
from reaper.tags import KEEP

CORE_DUMP = "nightly-core-dump"  # somebody wants to look at it first
DEBUGGER = "colleague-debugging"  # its interface stands in one of the killed run's subnets
GARBLED = "colleague-handmade"  # its tag names no run that can be read
_A_DAY_S = 86_400


def main() -> None:
    """Be the run that the arguments name: its part, the sandbox's address and the region."""
    forbid_leaving()
    endpoint, region = sys.argv[2:]
    part, started = run_of(sys.argv)
    name = "nightly" if part is Part.KILLED else "smoke"
    with started as run:
        world = build(endpoint, run.tags, name=name, region=region)
        for made in world.made:
            tell(Thing(part=part, kind=made.kind, id=made.id, name=name, about=made.part))
        if part is Part.KILLED:
            tags = [{"Key": key, "Value": value} for key, value in run.tags.items()]
            tags += [
                {"Key": KEEP, "Value": str(int(time.time()) + _A_DAY_S)},
                {"Key": "Name", "Value": CORE_DUMP},
            ]
            volume = clients(endpoint, region)("ec2").create_volume(
                AvailabilityZone=f"{region}a",
                Size=8,
                TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
            )
            tell(
                Thing(
                    part=part,
                    kind="aws:ec2:volume",
                    id=volume["VolumeId"],
                    name=CORE_DUMP,
                    about=f"bears {KEEP}, for a day",
                )
            )
        stay(run.id)
