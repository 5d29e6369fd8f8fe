"""Worlds to clean: one of each kind, as a test suite leaves them, and a look at all that exists.

Uses the REST APIs at an endpoint on loopback, so it knows nothing of the emulator behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reaper.sandbox.gce.world.balancing import add_balancing
from reaper.sandbox.gce.world.builder import Builder
from reaper.sandbox.gce.world.builder import Made as Made
from reaper.sandbox.gce.world.builder import World as World
from reaper.sandbox.gce.world.everything import Seen as Seen
from reaper.sandbox.gce.world.everything import everything as everything
from reaper.sandbox.gce.world.machines import add_machines
from reaper.sandbox.gce.world.network import add_network
from reaper.sandbox.gce.world.rest import Rest
from reaper.sandbox.gce.world.services import add_bucket, add_services


def build(
    endpoint: str,
    labels: Mapping[str, str],
    *,
    name: str,
    project: str = "sandbox",
    zone: str = "us-central1-a",
    objects: int = 3,
    client: Callable[[str], Rest] = Rest,
) -> World:
    """Create one of each kind for one owner, with the dependencies that such things have.

    What can bear labels is labelled when it is created, save for what Kubernetes makes.

    Args:
        endpoint: On loopback.
        labels: The owner's; empty: things of nobody.
        name: What all things are called or begin with, 3 to 20 lower-case letters, digits and
            hyphens; worlds of one project need different ones.
        project: Whose things they are.
        zone: Where those things are that have a zone; others are in its region.
        objects: How many objects the bucket has, each with an older generation.
        client: By what it is created: an SDK can stand behind it.
    """
    with client(endpoint) as rest:
        builder = Builder(rest, labels, project=project, zone=zone, name=name)
        network = add_network(builder)
        machines = add_machines(builder, network)
        bucket = add_bucket(builder, objects=objects)
        add_balancing(builder, network, machines, bucket)
        add_services(builder, network)
        return builder.world()
