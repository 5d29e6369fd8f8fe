"""Every Google Cloud kind, by name."""

from __future__ import annotations

from collections.abc import Mapping

from reaper.providers.gce.kind import GceKind
from reaper.providers.gce.kinds import (
    balancing,
    buckets,
    clusters,
    groups,
    identities,
    keys,
    machines,
    messaging,
    networks,
    secrets,
    vpn,
)

KINDS: Mapping[str, GceKind] = {
    kind.name: kind
    for module in (
        clusters,
        groups,
        machines,
        balancing,
        vpn,
        networks,
        buckets,
        messaging,
        secrets,
        identities,
        keys,
    )
    for kind in module.KINDS
}
