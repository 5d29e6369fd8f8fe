"""A test run as a process of its own: it makes one of each kind, and stops with the demo."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from reaper.client.active import ActiveRun
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo.runs import run_of, stay, tell
from reaper.sandbox.guard import forbid_leaving
from reaper.sandbox.oci.world import Clients, Made, build
from reaper.sandbox.oci.world.builder import Builder
from reaper.tags import KEEP

REGION = "us-ashburn-1"
CORE_DUMP = "nightly-core-dump"  # somebody wants to look at it first
DEBUGGER = "colleague-debugging"  # a security group of theirs is in the killed run's network
GARBLED = "colleague-handmade"  # its tag names no run that can be read
VOLUME = "oci:core:volume"
# Its result is the machine's, and it bears no tags: hooks in the tests journal it.
ATTACHMENT = "oci:core:volume-attachment"
_A_DAY_S = 86_400


def main() -> None:
    """Be the run that the arguments name: its part, the sandbox's address, compartment and key."""
    import oci  # noqa: PLC0415 - it takes a second, which only this process must pay

    forbid_leaving()
    endpoint, compartment, path = sys.argv[2:]
    config = oci.config.from_file(path)
    part, started = run_of(sys.argv)
    name = "nightly" if part is Part.KILLED else "smoke"
    with started as run:
        world = build(
            endpoint,
            config,
            run.tags,
            name=name,
            compartment=compartment,
            region=REGION,
            identities=False,
        )
        for made in world.made:
            if made.kind == ATTACHMENT:
                _journal(run, made, f"{config['tenancy']}/{REGION}/{compartment}")
            tell(Thing(part=part, kind=made.kind, id=made.id, name=name, about=made.part))
        if part is Part.KILLED:
            tell(_core_dump(run, endpoint, config, compartment))
        stay(run.id)


def _journal(run: ActiveRun, made: Made, scope: str) -> None:
    run.created(kind=made.kind, scope=scope, id=made.id, taggable=False)


def _core_dump(run: ActiveRun, endpoint: str, config: Mapping[str, str], compartment: str) -> Thing:
    tags = {**run.tags, KEEP: str(int(time.time()) + _A_DAY_S)}
    made = add_volume(endpoint, config, tags, compartment=compartment, name=CORE_DUMP)
    return Thing(
        part=Part.KILLED,
        kind=VOLUME,
        id=made["id"],
        name=CORE_DUMP,
        about=f"bears {KEEP}, for a day",
    )


def add_volume(
    endpoint: str,
    config: Mapping[str, str],
    tags: Mapping[str, str],
    *,
    compartment: str,
    name: str,
) -> dict[str, Any]:
    """Create a volume with these tags."""
    clients = Clients(endpoint, config, REGION)
    builder = Builder(clients, tags, compartment=compartment, tenancy=config["tenancy"], name=name)
    body = builder.body(availabilityDomain=builder.domain, sizeInGBs=50)
    return builder.add("core:volume", clients.storage.create_volume(body))
