"""Every OCI kind, by name."""

from __future__ import annotations

from collections.abc import Mapping

from reaper.providers.oci.kind import OciKind
from reaper.providers.oci.kinds import (
    balancers,
    buckets,
    hosts,
    identities,
    keys,
    networks,
    volumes,
)

KINDS: Mapping[str, OciKind] = {
    kind.name: kind
    for module in (hosts, volumes, balancers, networks, buckets, keys, identities)
    for kind in module.KINDS
}
