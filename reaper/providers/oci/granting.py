"""The least-privilege policy for what a configuration lets reaper look at and delete.

A condition on a tag needs a defined one: `target.resource.tag.NAMESPACE.KEY` knows no freeform
tags. It cannot grant a list either, nor what touches a second resource that bears no tag (a
machine's attachments, its subnet), so no statement bears one: it names the compartments.
https://docs.oracle.com/iaas/Content/Tagging/Tasks/managingaccesswithtags.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reaper.model import Kind
from reaper.policy import Policy
from reaper.providers.oci.kind import OciKind
from reaper.providers.oci.kinds import KINDS
from reaper.providers.oci.permissions import ALWAYS, ASKING, least, needs_of
from reaper.providers.protocol import Permissions
from reaper.tags import RUN

if TYPE_CHECKING:
    from reaper.config import Config
    from reaper.config.places import OciPlace

# As many statements as one policy may have by OCI's usual limit.
_MOST = 50
_NOBODYS = "ocid1.tenancy.oc1..example"
_SOMEWHERE = "ocid1.compartment.oc1..example"
_PRINCIPALS = frozenset({"instance-principal", "resource-principal"})
_REMEDY = (
    "let the compartments have nothing but tests' resources: a condition on a tag cannot grant a "
    "list or what touches a second resource, and knows no freeform tags"
)


def permitted(
    config: Config,
    *,
    kinds: frozenset[str],
    read_only: bool,
    simulate: bool,
) -> Permissions:
    """Write the policies for what a configuration lets reaper do with these kinds."""
    looks = [kind for name, kind in KINDS.items() if name in kinds]
    policy = config.policy()
    places = config.providers.oci
    documents: list[Mapping[str, Any]] = []
    bare: dict[str, str] = {}
    for tenancy, who, compartments, namespace in [
        *(_told(place) for place in places),
        *([] if places else [(_NOBODYS, "group reaper", (_SOMEWHERE,), "reaper")]),
    ]:
        statements: dict[str, None] = {}
        for where in (tenancy, *compartments):
            if where != tenancy and tenancy in compartments:
                continue  # what is allowed in the root compartment is allowed in all
            here = [each for each in looks if where == tenancy or not each.rooted]
            wanted = granted(policy, here if where in compartments else (), read_only=read_only)
            if where == tenancy:
                wanted = least((*ALWAYS, *(ASKING if simulate else ()), *wanted))
            place = "tenancy" if where == tenancy else f"compartment id {where}"
            statements |= dict.fromkeys(f"{each} in {place}" for each in wanted)
            bare |= {each: _why(namespace) for each in wanted if each.startswith("manage ")}
        documents += _documents(tenancy, who, list(statements), read_only=read_only)
    return Permissions(documents=tuple(documents), unconditioned=bare, remedy=_REMEDY)


def granted(
    policy: Policy, looks: Iterable[OciKind], *, read_only: bool = False
) -> tuple[str, ...]:
    """What it takes to look at these kinds, and to delete those that the policy lets go."""
    return least(_wanted(policy, looks, read_only=read_only))


def _wanted(policy: Policy, looks: Iterable[OciKind], *, read_only: bool) -> Iterator[str]:
    for kind in looks:
        needs = needs_of(kind)
        yield from needs.looks
        if not read_only and _may_go(policy, kind.kind):
            yield from needs.changes


def _told(place: OciPlace) -> tuple[str, str, Sequence[str], str | None]:
    who = "dynamic-group reaper" if place.credentials in _PRINCIPALS else "group reaper"
    return place.tenancy, who, place.compartments, place.tag_namespace


def _documents(
    tenancy: str, who: str, wanted: Sequence[str], *, read_only: bool
) -> Iterator[Mapping[str, Any]]:
    """As many policies of the root compartment as it takes, in the form that OCI's own tool reads.

    One of a deeper compartment could not speak of the tenancy.
    """
    parts = [wanted[at : at + _MOST] for at in range(0, len(wanted), _MOST)]
    for number, part in enumerate(parts, start=1):
        yield {
            "compartmentId": tenancy,
            "name": "reaper" if len(parts) == 1 else f"reaper-{number}",
            "description": f"Finds what tests left behind{'' if read_only else ', and removes it'}",
            "statements": [f"Allow {who} to {each}" for each in part],
        }


def _why(namespace: str | None) -> str:
    if namespace is None:
        return "a condition on a tag needs a defined one, and the place has no tag_namespace"
    return (
        f"`where target.resource.tag.{namespace}.{RUN} = /*/` would let it delete nothing that "
        "bears freeform tags only, and nothing whose deletion touches what bears none"
    )


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
