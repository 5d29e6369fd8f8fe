"""A test run as a process of its own: it makes one of each kind, and stops with the demo."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping

from reaper.client.active import ActiveRun
from reaper.sandbox.demo.parts import CORE_DUMP, Part, Thing
from reaper.sandbox.demo.runs import be_a_run
from reaper.sandbox.oci.world import Clients, build
from reaper.sandbox.oci.world.builder import Builder
from reaper.tags import KEEP

REGION = "us-ashburn-1"
# Where the SDK's configuration is, with the sandbox's key: as Oracle's command line is told it.
CONFIG = "OCI_CLI_CONFIG_FILE"
VOLUME = "oci:core:volume"
# It can bear no tags: hooks in the tests journal it.
ATTACHMENT = "oci:core:volume-attachment"
_A_DAY_S = 86_400


def main() -> None:
    """Be the run that the arguments name: its part, the sandbox's address, and the compartment."""
    be_a_run(_make)


def _make(run: ActiveRun, part: Part, name: str) -> Iterator[Thing]:
    import oci  # noqa: PLC0415 - it takes a second, which only this process must pay

    endpoint, compartment = sys.argv[2:]
    config = oci.config.from_file(os.environ[CONFIG])
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
            scope = f"{config['tenancy']}/{REGION}/{compartment}"
            run.created(kind=made.kind, scope=scope, id=made.id, taggable=False)
        yield Thing(part=part, kind=made.kind, id=made.id, name=name, about=made.part)
    if part is Part.KILLED:
        yield _core_dump(run, endpoint, config, compartment)


def _core_dump(run: ActiveRun, endpoint: str, config: Mapping[str, str], compartment: str) -> Thing:
    tags = {**run.tags, KEEP: str(int(time.time()) + _A_DAY_S)}
    made = add_volume(endpoint, config, tags, compartment=compartment, name=CORE_DUMP)
    return Thing(
        part=Part.KILLED,
        kind=VOLUME,
        id=made,
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
) -> str:
    """Create a volume with these tags; its OCID."""
    clients = Clients(endpoint, config, REGION)
    builder = Builder(clients, tags, compartment=compartment, tenancy=config["tenancy"], name=name)
    body = builder.body(availabilityDomain=builder.domain, sizeInGBs=50)
    return str(builder.add("core:volume", clients.storage.create_volume(body))["id"])
