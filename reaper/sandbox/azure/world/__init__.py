"""Worlds to clean: one of each type, as a test suite leaves them, and a look at all that exists.

Uses Resource Manager at an endpoint on loopback, so it knows nothing of the emulator behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.builder import Builder
from reaper.sandbox.azure.world.builder import Made as Made
from reaper.sandbox.azure.world.builder import World as World
from reaper.sandbox.azure.world.everything import Seen as Seen
from reaper.sandbox.azure.world.everything import everything as everything
from reaper.sandbox.azure.world.machines import add_machines
from reaper.sandbox.azure.world.network import add_network
from reaper.sandbox.azure.world.rest import Rest
from reaper.sandbox.azure.world.services import add_services


def build(
    endpoint: str,
    tags: Mapping[str, str],
    *,
    name: str,
    subscription: str = SUBSCRIPTION,
    group: str | None = None,
    location: str = "westeurope",
    client: Callable[[str], Rest] = Rest,
) -> World:
    """Create one of each type for one owner, with the dependencies that such things have.

    What can bear tags is tagged when it is created, save for what Kubernetes makes and the system
    disk that comes with a machine.

    Args:
        endpoint: On loopback.
        tags: The owner's; empty: things of nobody.
        name: What all things are called or begin with, 3 to 12 lower-case letters and digits;
            worlds of one subscription need different ones.
        subscription: Whose things they are.
        group: A resource group that is there already; None: one of their own.
        location: Where they are.
        client: By what it is created: an SDK can stand behind it.
    """
    with client(endpoint) as rest:
        builder = Builder(
            rest, tags, subscription=subscription, location=location, name=name, group=group
        )
        network = add_network(builder)
        add_machines(builder, network)
        add_services(builder, network)
        return builder.world()
