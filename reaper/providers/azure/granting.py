"""The least-privilege custom role for what a configuration lets reaper look at and delete."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reaper.model import Kind
from reaper.policy import Policy
from reaper.providers.azure.kind import AzureKind
from reaper.providers.azure.kinds import KINDS
from reaper.providers.azure.permissions import ALWAYS, GRAPH, PURGE, is_reading, needs_of
from reaper.providers.protocol import Permissions

if TYPE_CHECKING:
    from reaper.config import Config

_WHY = "a condition of Azure's roles cannot look at tags"
_REMEDY = "assign the role in a subscription that has nothing but tests' resources"
_NOWHERE = "/subscriptions/00000000-0000-0000-0000-000000000000"


def permitted(
    config: Config,
    *,
    kinds: frozenset[str],
    read_only: bool,
    simulate: bool,  # noqa: ARG001 - the protocol's: to ask what is allowed takes no permission
) -> Permissions:
    """Write the role for what a configuration lets reaper do with these kinds."""
    places = config.providers.azure
    wanted = granted(
        config.policy(),
        [kind for name, kind in KINDS.items() if name in kinds],
        read_only=read_only,
        graph=not places or any(place.resource_graph for place in places),
        purge=any(place.purge for place in places),
    )
    scopes = [f"/subscriptions/{place.subscription}" for place in places] or [_NOWHERE]
    role = {
        "Name": "reaper",
        "IsCustom": True,
        "Description": "Finds what tests left behind" + ("" if read_only else ", and removes it"),
        "Actions": sorted(wanted),
        "NotActions": [],
        "AssignableScopes": scopes,
    }
    bare = {each: _WHY for each in sorted(wanted) if not is_reading(each)}
    return Permissions(documents=(role,), unconditioned=bare, remedy=_REMEDY)


def granted(
    policy: Policy,
    looks: Iterable[AzureKind],
    *,
    read_only: bool = False,
    graph: bool = True,
    purge: bool = False,
) -> frozenset[str]:
    """The actions to look at these kinds, and to delete those that the policy lets go."""
    wanted: set[str] = {*ALWAYS, *([GRAPH] if graph else ())}
    for kind in looks:
        needs = needs_of(kind)
        wanted |= needs.reads
        if not read_only and _may_go(policy, kind.kind):
            wanted |= needs.changes
    if not purge:
        wanted.discard(PURGE)
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
