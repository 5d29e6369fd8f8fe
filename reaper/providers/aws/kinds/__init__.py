"""Every AWS kind, by name."""

from __future__ import annotations

from collections.abc import Mapping

from reaper.providers.aws.kind import AwsKind
from reaper.providers.aws.kinds import (
    addresses,
    balancing,
    compute,
    firewalls,
    functions,
    iam,
    messaging,
    network,
    routing,
    scaling,
    secrets,
    stacks,
    storage,
)

KINDS: Mapping[str, AwsKind] = {
    kind.name_of_kind: kind
    for module in (
        stacks,
        scaling,
        compute,
        balancing,
        routing,
        addresses,
        firewalls,
        network,
        storage,
        messaging,
        functions,
        secrets,
        iam,
    )
    for kind in module.KINDS
}
