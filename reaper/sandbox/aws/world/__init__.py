"""Worlds to clean: one of each kind, as a test suite leaves them, and a look at all that exists.

Uses boto3 against an endpoint on loopback, so it knows nothing of the emulator behind it.
"""

from __future__ import annotations

from collections.abc import Mapping

from reaper.sandbox.aws.world.builder import Builder
from reaper.sandbox.aws.world.builder import Made as Made
from reaper.sandbox.aws.world.builder import World as World
from reaper.sandbox.aws.world.builder import clients as clients
from reaper.sandbox.aws.world.compute import add_compute
from reaper.sandbox.aws.world.everything import Seen as Seen
from reaper.sandbox.aws.world.everything import everything as everything
from reaper.sandbox.aws.world.identities import add_identities
from reaper.sandbox.aws.world.network import add_network
from reaper.sandbox.aws.world.services import add_services
from reaper.sandbox.aws.world.storage import add_bucket, add_disks


def build(
    endpoint: str,
    tags: Mapping[str, str],
    *,
    name: str,
    region: str = "us-east-1",
    objects: int = 3,
    role: str | None = None,
) -> World:
    """Create one of each kind for one owner, with the dependencies that such things have.

    Everything is tagged when it is created, where AWS allows it; the function's log group, as
    AWS makes it, is not.

    Args:
        endpoint: On loopback.
        tags: The owner's; empty: things of nobody.
        name: What the names of all things begin with; worlds of one account need different ones.
        region: Where those things are that have a region.
        objects: How many objects the bucket has, each with an older version.
        role: The ARN of a role, in whose account to create them; None: in the sandbox's.
    """
    builder = Builder(endpoint, tags, region=region, name=name, role=role)
    profile, role = add_identities(builder)
    network = add_network(builder)
    add_disks(builder)
    add_compute(builder, network, profile)
    add_bucket(builder, objects=objects)
    add_services(builder, role)
    return builder.world()
