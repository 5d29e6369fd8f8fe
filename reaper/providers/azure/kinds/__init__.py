"""Every Azure kind that more is declared of, by name."""

from __future__ import annotations

from collections.abc import Mapping

from reaper.providers.azure.kind import AzureKind
from reaper.providers.azure.kinds import (
    clusters,
    groups,
    identities,
    images,
    machines,
    networks,
    storage,
    vaults,
)

KINDS: Mapping[str, AzureKind] = {
    kind.name: kind
    for module in (
        clusters,
        machines,
        images,
        networks,
        storage,
        vaults,
        identities,
        groups,
    )
    for kind in module.KINDS
}
