"""The least-privilege custom role for what a configuration lets reaper look at and delete."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reaper.model import Kind
from reaper.policy import Policy
from reaper.providers.gce.kind import GceKind
from reaper.providers.gce.kinds import KINDS
from reaper.providers.gce.permissions import IDENTITY, INVENTORY, is_reading, needs_of
from reaper.providers.protocol import Permissions

if TYPE_CHECKING:
    from reaper.config import Config

_WHY = "a condition of Google's IAM cannot look at labels"
_REMEDY = "grant the role in a project that has nothing but tests' resources"


def permitted(
    config: Config,
    *,
    kinds: frozenset[str],
    read_only: bool,
    simulate: bool,  # noqa: ARG001 - the protocol's: to ask what is allowed takes no permission
) -> Permissions:
    """Write the role for what a configuration lets reaper do with these kinds."""
    places = config.providers.gce
    services = {each for place in places if place.services != "all" for each in place.services}
    everything = not places or any(place.services == "all" for place in places)
    looks = [
        kind
        for name, kind in KINDS.items()
        if name in kinds and (everything or kind.service in services)
    ]
    wanted = granted(
        config.policy(),
        looks,
        read_only=read_only,
        inventory=any(place.asset_inventory for place in places),
    )
    role = {
        "title": "reaper",
        "description": "Finds what tests left behind" + ("" if read_only else ", and removes it"),
        "stage": "GA",
        "includedPermissions": sorted(wanted),
    }
    bare = {each: _WHY for each in sorted(wanted) if not is_reading(each)}
    return Permissions(documents=(role,), unconditioned=bare, remedy=_REMEDY, syntax="yaml")


def granted(
    policy: Policy, looks: Iterable[GceKind], *, read_only: bool = False, inventory: bool = False
) -> frozenset[str]:
    """The permissions to look at these kinds, and to delete those that the policy lets go."""
    wanted: set[str] = {IDENTITY, *([INVENTORY] if inventory else ())}
    for kind in looks:
        needs: Any = needs_of(kind, KINDS)
        wanted |= needs.reads
        if not read_only and _may_go(policy, kind.kind):
            wanted |= needs.changes
    return frozenset(wanted)


def _may_go(policy: Policy, kind: Kind) -> bool:
    """Whether the policy lets anything of this kind be deleted."""
    if kind.report_only and kind.name not in policy.enabled:
        return False
    return not any(
        each.kind is not None
        and each.scope is None
        and each.name is None
        and fnmatchcase(kind.name, each.kind)
        for each in policy.protect
    )
