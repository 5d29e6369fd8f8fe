"""What the caller may do, as far as that can be seen without changing anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reaper.policy import Policy
from reaper.providers.oci.answers import CALL_ERRORS, absent, explain
from reaper.providers.oci.granting import may_go
from reaper.providers.oci.kind import OciKind
from reaper.providers.oci.reach import Reach, at_once
from reaper.providers.oci.reading import Reader
from reaper.providers.oci.tags import TagReader
from reaper.providers.protocol import Allowance, Held
from reaper.tags import EXPIRES, KEEP, OWNER, REALM, RUN, TagRules

_KEYS = (REALM, RUN, EXPIRES, OWNER, KEEP)
_CANNOT_ASK = "OCI tells nobody what he may delete; a list that answers is all that can be seen"


def ask(
    reach: Reach,
    kinds: Iterable[OciKind],
    policy: Policy,
    rules: TagRules,  # noqa: ARG001 - the protocol's
    namespace: str | None,
) -> Sequence[Allowance]:
    """Make each kind's list answer in each compartment, and look at the namespace of tags."""
    here = list(kinds)
    found = [*at_once(lambda kind: _listing(reach, kind), here)]
    found += [
        Allowance(action=f"manage {family}", held=Held.UNKNOWN, reason=_CANNOT_ASK)
        for family in dict.fromkeys(kind.family for kind in here if may_go(policy, kind.kind))
    ]
    if namespace is not None and reach.region == reach.home:
        found += _tags(reach, namespace)
    return found


def _listing(reach: Reach, kind: OciKind) -> Allowance:
    action = f"inspect {kind.family} ({kind.name})"
    reader = Reader(reach, TagReader(None))
    for compartment in reach.compartments:
        try:
            reader.listed(kind, compartment)
        except CALL_ERRORS as error:
            held = Held.DENIED if absent(error) else Held.UNKNOWN
            return Allowance(action=action, held=held, reason=f"{compartment}: {explain(error)}")
    return Allowance(action=action, held=Held.ALLOWED)


def _tags(reach: Reach, namespace: str) -> Iterator[Allowance]:
    """Whether the namespace and its keys are there: without, only freeform tags can be borne."""
    action = f"defined tags {namespace}"
    remedy = f"an administrator can make the namespace {namespace} and its keys; see docs/oci.md"
    try:
        spaces = [
            each
            for each in reach.pages(
                "identity",
                "list_tag_namespaces",
                compartment_id=reach.tenancy,
                include_subcompartments=True,
            )
            if str(each["name"]).lower() == namespace.lower()
        ]
        keys = [each for space in spaces for each in _keys(reach, space)]
    except CALL_ERRORS as error:
        yield Allowance(action=action, held=Held.UNKNOWN, reason=explain(error), remedy=remedy)
        return
    if not spaces:
        why = "the tenancy has no such namespace: only freeform tags can be borne"
        yield Allowance(action=action, held=Held.UNKNOWN, reason=why, remedy=remedy)
        return
    if spaces[0].get("isRetired"):
        why = "the namespace is retired: nothing new can bear its tags"
        yield Allowance(action=action, held=Held.UNKNOWN, reason=why, remedy=remedy)
        return
    there = {str(each["name"]).lower() for each in keys if not each.get("isRetired")}
    missing = [key for key in _KEYS if key not in there]
    yield (
        Allowance(
            action=action,
            held=Held.UNKNOWN,
            reason=f"the namespace lacks the keys {', '.join(missing)}",
            remedy=remedy,
        )
        if missing
        else Allowance(action=action, held=Held.ALLOWED)
    )


def _keys(reach: Reach, space: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return reach.pages("identity", "list_tags", tag_namespace_id=space["id"])
