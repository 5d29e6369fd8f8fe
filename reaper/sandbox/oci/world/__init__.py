"""Worlds to clean: one of each kind, as a test suite leaves them, and a look at all that exists.

Uses the official SDK at an endpoint on loopback, so it knows nothing of the emulator behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reaper.sandbox.oci.world.builder import Builder
from reaper.sandbox.oci.world.builder import Made as Made
from reaper.sandbox.oci.world.builder import World as World
from reaper.sandbox.oci.world.clients import Clients as Clients
from reaper.sandbox.oci.world.everything import Seen as Seen
from reaper.sandbox.oci.world.everything import everything as everything
from reaper.sandbox.oci.world.hosts import add_backups, add_hosts
from reaper.sandbox.oci.world.network import add_network
from reaper.sandbox.oci.world.services import (
    add_balancers,
    add_bucket,
    add_identities,
    add_keys,
)


def build(
    endpoint: str,
    config: Mapping[str, str],
    tags: Mapping[str, str],
    *,
    name: str,
    compartment: str,
    region: str = "us-ashburn-1",
    objects: int = 3,
    identities: bool = True,
    defined: str | None = None,
    client: Callable[[str, Mapping[str, str], str], Clients] = Clients,
) -> World:
    """Create one of each kind for one owner, with the dependencies that such things have.

    What can bear tags is tagged when it is created.

    Args:
        endpoint: On loopback, without a region.
        config: As the SDK's clients want it.
        tags: The owner's; empty: things of nobody.
        name: What all things are called or begin with; worlds of one tenancy need different ones.
        compartment: Whose things they are.
        region: Where those things are that have a region.
        objects: How many objects the bucket has, each with an older version.
        identities: Whether there are also things of Identity, which have no region.
        defined: The namespace of defined tags in which the tags stand; None: freeform tags.
        client: By what it is created.
    """
    builder = Builder(
        client(endpoint, config, region),
        tags,
        compartment=compartment,
        tenancy=config["tenancy"],
        name=name,
        defined=defined,
    )
    network = add_network(builder)
    hosts = add_hosts(builder, network)
    add_backups(builder, hosts)
    add_balancers(builder, network)
    add_bucket(builder, objects=objects)
    add_keys(builder)
    if identities:
        add_identities(builder)
    return builder.world()
