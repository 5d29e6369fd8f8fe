"""Google Cloud projects: Compute Engine, and the project's other services."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reaper.config import Config
    from reaper.config.places import GcePlace
    from reaper.providers.discovery import Discovery
    from reaper.providers.protocol import Permissions, Provider

__all__ = ["discover", "open_gce", "permitted"]


def open_gce(place: GcePlace, *, read_only: bool) -> Provider:
    """Open one configured project; nothing is asked of it before `identity`."""
    from reaper.providers.gce.project import Project  # noqa: PLC0415 - imports google.auth

    return Project(place, read_only=read_only)


def discover() -> Discovery:
    """Find the project of Application Default Credentials, or say why there is none."""
    from reaper.providers.gce.discovery import own_project  # noqa: PLC0415 - as above

    return own_project()


def permitted(
    config: Config, *, kinds: frozenset[str], read_only: bool, simulate: bool
) -> Permissions:
    """Write the custom role for what a configuration lets reaper do with these kinds."""
    from reaper.providers.gce.granting import permitted as write  # noqa: PLC0415 - as above

    return write(config, kinds=kinds, read_only=read_only, simulate=simulate)
