"""Azure subscriptions: whatever Resource Manager has in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reaper.config import Config
    from reaper.config.places import AzurePlace
    from reaper.providers.discovery import Discovery
    from reaper.providers.protocol import Permissions, Provider

__all__ = ["discover", "open_azure", "permitted"]


def open_azure(place: AzurePlace, *, read_only: bool) -> Provider:
    """Open one configured subscription; nothing is asked of it before `identity`."""
    from reaper.providers.azure.subscription import Subscription  # noqa: PLC0415 - imports azure

    return Subscription(place, read_only=read_only)


def discover() -> Discovery:
    """Find the subscriptions of the credentials that are here, or say why there are none."""
    from reaper.providers.azure.discovery import own_subscriptions  # noqa: PLC0415 - as above

    return own_subscriptions()


def permitted(
    config: Config, *, kinds: frozenset[str], read_only: bool, simulate: bool
) -> Permissions:
    """Write the custom role for what a configuration lets reaper do with these kinds."""
    from reaper.providers.azure.granting import permitted as write  # noqa: PLC0415 - as above

    return write(config, kinds=kinds, read_only=read_only, simulate=simulate)
