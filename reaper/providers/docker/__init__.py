"""Docker engines: containers, networks, volumes, images, and what a swarm adds to them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reaper.providers.discovery import Discovery
    from reaper.providers.docker.address import Place
    from reaper.providers.protocol import Provider

__all__ = ["discover", "open_docker"]

# How old the lists of users may be when a resource itself is read: a stranger could as well come
# between the read and the deletion, for which the sweep allows ten seconds.
SHARED_FOR = timedelta(seconds=1)


def open_docker(place: Place, *, read_only: bool, shared_for: timedelta = SHARED_FOR) -> Provider:
    """Open the engine of one configured place; nothing is asked of it before `identity`.

    Args:
        place: Where the engine is.
        read_only: Whether a call that would change something raises.
        shared_for: How long reads share one listing of what may use the resources. Each resource
            itself is inspected anew by each read. Nought: only lists begun after the read was
            asked for.

    Raises:
        ConfigurationError: The address or the context is none, or a certificate is not there.
    """
    from reaper.providers.docker.address import resolve  # noqa: PLC0415 - as below
    from reaper.providers.docker.engine import Engine  # noqa: PLC0415 - imports docker-py

    return Engine(
        resolve(place), engine_id=place.engine_id, read_only=read_only, shared_for=shared_for
    )


def discover() -> Discovery:
    """The engines that answer from here."""
    from reaper.providers.docker.discovery import engines  # noqa: PLC0415 - imports docker-py

    return engines()
