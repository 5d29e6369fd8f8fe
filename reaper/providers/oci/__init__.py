"""OCI tenancies: Compute, Networking, Block Storage and the tenancy's other services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reaper.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from reaper.clock import Clock
    from reaper.config import Config
    from reaper.config.places import OciPlace
    from reaper.providers.discovery import Discovery
    from reaper.providers.protocol import Permissions, Provider

__all__ = ["discover", "open_oci", "permitted"]


def open_oci(place: OciPlace, *, read_only: bool, clock: Clock = SYSTEM_CLOCK) -> Provider:
    """Open one configured tenancy; nothing is asked of it before `identity`."""
    from reaper.providers.oci.tenancy import Tenancy  # noqa: PLC0415 - imports the SDK

    return Tenancy(place, read_only=read_only, clock=clock)


def discover() -> Discovery:
    """Find the tenancy of the SDK's own configuration, or say why there is none."""
    from reaper.providers.oci.discovery import own_tenancy  # noqa: PLC0415 - as above

    return own_tenancy()


def permitted(
    config: Config, *, kinds: frozenset[str], read_only: bool, simulate: bool
) -> Permissions:
    """Write the policy for what a configuration lets reaper do with these kinds."""
    from reaper.providers.oci.granting import permitted as write  # noqa: PLC0415 - as above

    return write(config, kinds=kinds, read_only=read_only, simulate=simulate)
