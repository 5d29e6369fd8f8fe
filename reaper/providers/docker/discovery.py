"""Which engines answer on this machine, for `reaper init` and `reaper doctor`."""

from __future__ import annotations

from collections.abc import Sequence

from reaper.model.engines import engine_id
from reaper.providers.discovery import Discovery, FoundPlace
from reaper.providers.docker.address import Address, known_addresses
from reaper.providers.docker.answers import CALL_ERRORS
from reaper.providers.docker.client import UnsupportedApi, connect


def engines() -> Discovery:
    """The engines that answer, each by its address."""
    places = tuple(FoundPlace(place={"host": url}, address=url) for url in answering())
    return Discovery(places=places, notes=() if places else ("no Docker engine answers here",))


def answering(addresses: Sequence[Address] | None = None) -> list[str]:
    """The addresses that answer, one for each engine; None: those that this machine suggests."""
    found: dict[str, str] = {}
    for address in known_addresses() if addresses is None else addresses:
        try:
            client, told = connect(address, read_only=True)
            try:
                scope = engine_id(told, client.info())
            finally:
                client.close()
        except (*CALL_ERRORS, UnsupportedApi):
            continue
        found.setdefault(scope, address.url)
    return list(found.values())
