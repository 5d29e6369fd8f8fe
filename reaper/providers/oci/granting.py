"""The least-privilege policy for what a configuration lets reaper look at and delete.

A condition on a tag needs a defined one: `target.resource.tag.NAMESPACE.KEY` knows no freeform
tags. It cannot grant a list either, nor what touches a second resource that bears no tag, so the
recommended form names a compartment that has nothing but tests' resources.
https://docs.oracle.com/iaas/Content/Tagging/Tasks/managingaccesswithtags.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reaper.model import Kind
from reaper.policy import Policy
from reaper.providers.oci.kind import OciKind
from reaper.providers.oci.kinds import KINDS
from reaper.providers.protocol import Permissions
from reaper.tags import RUN

if TYPE_CHECKING:
    from reaper.config import Config
    from reaper.config.places import OciPlace

_WHO = "dynamic-group reaper"
_WHY = "a tag's condition knows no freeform tags, and cannot grant what touches a second resource"
_REMEDY = (
    "let the compartments have nothing but tests' resources; or write defined tags, and add the "
    "condition that the comment beside the statement shows"
)


def permitted(
    config: Config,
    *,
    kinds: frozenset[str],
    read_only: bool,
    simulate: bool,  # noqa: ARG001 - the protocol's: to ask what is allowed takes no permission
) -> Permissions:
    """Write the policy for what a configuration lets reaper do with these kinds."""
    looks = [kind for name, kind in KINDS.items() if name in kinds]
    policy = config.policy()
    places = config.providers.oci
    documents = [
        {
            "name": "reaper",
            "description": "Finds what tests left behind"
            + ("" if read_only else ", and removes it"),
            "statements": list(_statements(place, looks, policy, read_only=read_only)),
        }
        for place in places
    ]
    if not places:
        statements = list(_general(looks, policy, "compartment ci", read_only=read_only))
        documents = [{"name": "reaper", "description": "reaper", "statements": statements}]
    bare = {
        f"manage {family}": _WHY
        for family in _families(kind for kind in looks if may_go(policy, kind.kind))
        if not read_only
    }
    return Permissions(
        documents=tuple(documents), unconditioned=bare, remedy=_REMEDY, syntax="yaml"
    )


def _statements(
    place: OciPlace, looks: Iterable[OciKind], policy: Policy, *, read_only: bool
) -> Iterator[str]:
    yield f"Allow {_WHO} to inspect tenancies in tenancy"
    yield f"Allow {_WHO} to inspect compartments in tenancy"
    yield f"Allow {_WHO} to inspect tag-namespaces in tenancy"
    kinds = list(looks)
    for each in place.compartments:
        where = "tenancy" if each == place.tenancy else f"compartment id {each}"
        yield from _general(kinds, policy, where, read_only=read_only)


def _general(
    looks: Iterable[OciKind], policy: Policy, where: str, *, read_only: bool
) -> Iterator[str]:
    kinds = list(looks)
    managed = () if read_only else _families(kind for kind in kinds if may_go(policy, kind.kind))
    for family in managed:
        yield f"Allow {_WHO} to manage {family} in {where}"
    others = dict.fromkeys(
        (*_families(kinds), *(each for kind in kinds for each in kind.inspecting))
    )
    if "objects" in others and "buckets" in managed:
        yield f"Allow {_WHO} to manage objects in {where}"
    for family in others:
        if family not in managed and not (family == "objects" and "buckets" in managed):
            yield f"Allow {_WHO} to read {family} in {where}"


def condition(namespace: str) -> str:
    """The condition by which a statement is narrowed to what bears a run's defined tag."""
    return f"where target.resource.tag.{namespace}.{RUN} = /*/"


def _families(kinds: Iterable[OciKind]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind.family for kind in kinds))


def may_go(policy: Policy, kind: Kind) -> bool:
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
