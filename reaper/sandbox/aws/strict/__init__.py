"""As strict as AWS: what AWS refuses, delays or takes along, and moto does not.

Each rule wraps one method of moto and is named for what AWS does. Imported only when a sandbox is
started, as it imports moto.
"""

from __future__ import annotations

from reaper.sandbox.aws.patching import Rule
from reaper.sandbox.aws.strict import (
    authorization,
    autoscaling,
    balancing,
    buckets,
    filters,
    identities,
    indexing,
    instances,
    interfaces,
    keys,
    networks,
    placement,
    stacks,
    storage,
    stores,
)

RULES: tuple[Rule, ...] = tuple(
    rule
    for module in (
        authorization,
        autoscaling,
        balancing,
        buckets,
        filters,
        identities,
        indexing,
        instances,
        interfaces,
        keys,
        networks,
        placement,
        stacks,
        storage,
        stores,
    )
    for rule in module.RULES.all
)
