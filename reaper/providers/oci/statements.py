"""What the statements of policies allow somebody, as far as they can be read.

https://docs.oracle.com/iaas/Content/Identity/Concepts/policysyntax.htm
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reaper.providers.oci.permissions import FAMILIES, VERBS

_STATEMENT = re.compile(
    r"\s*allow\s+(?:any-user|any-group|(?:dynamic-)?group\s+(?P<subjects>.+?))\s+to\s+"
    r"(?P<verb>inspect|read|use|manage|\{[^}]*\})\s*(?P<type>[\w-]*)\s+in\s+"
    r"(?:(?P<all>tenancy)|compartment\s+(?:id\s+(?P<id>\S+)|(?P<name>\S+)))"
    r"(?:\s+where\s+(?P<condition>.+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_ELSEWHERE = re.compile(r"\s*(?:define|endorse|admit)\s", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Whom policies are to speak of.

    Attributes:
        groups: The names and OCIDs of the groups that it is in, in lower case; None: unknown.
    """

    groups: frozenset[str] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A compartment, and where it is.

    Attributes:
        path: The OCIDs and names from it up to the tenancy.
    """

    path: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement of a policy.

    Attributes:
        text: As it stands there.
        home: The OCID of the compartment that the policy is attached to.
    """

    text: str
    home: str


def held(
    need: str, place: Place, caller: Caller, statements: Iterable[Statement]
) -> tuple[bool | None, str]:
    """Whether a need such as `manage volume-family` is granted in a place, and if not, why.

    None: it cannot be told: it is granted on a condition, or a statement cannot be read.
    """
    granted, unread, doubt = False, "", ""
    for each in statements:
        if _ELSEWHERE.match(each.text):
            continue
        match = _STATEMENT.fullmatch(each.text)
        if match is None:
            unread = unread or f"the statement «{each.text}» is not one that reaper reads"
            continue
        told = match.groupdict()
        if not (_speaks_of(told, caller) and _grants(told, need) and _covers(told, each, place)):
            continue
        if told["condition"] is None and (caller.groups is not None or not told["subjects"]):
            granted = True
            continue
        doubt = doubt or (
            f"«{each.text}» grants it on a condition"
            if told["condition"]
            else f"«{each.text}» grants it, and whether the caller is meant cannot be told"
        )
    if unread:  # it may grant it, or take it away
        return None, unread
    if granted:
        return True, ""
    return (None, doubt) if doubt else (False, "no policy grants it")


def _speaks_of(told: Mapping[str, str | None], caller: Caller) -> bool:
    if told["subjects"] is None or caller.groups is None:
        return True
    subjects = re.sub(r"\bid\s+", "", told["subjects"], flags=re.IGNORECASE)
    for each in subjects.split(","):
        domain, _, name = each.strip().replace("'", "").rpartition("/")
        if name.lower() in caller.groups and domain.lower() in {"", "default"}:
            return True
    return False


def _grants(told: Mapping[str, str | None], need: str) -> bool:
    wanted_verb, _, wanted = need.partition(" ")
    verb, of = str(told["verb"]).lower(), str(told["type"]).lower()
    if verb not in VERBS or VERBS.index(verb) < VERBS.index(wanted_verb):
        return False  # single permissions, in braces, are not counted
    return of in {wanted, "all-resources"} or wanted in FAMILIES.get(of, ())


def _covers(told: Mapping[str, str | None], statement: Statement, place: Place) -> bool:
    """Whether it is about a place: statements hold for all that is below, too."""
    ocids = [ocid for ocid, _ in place.path]
    if told["all"]:
        return True
    if told["id"]:
        return told["id"] in ocids
    names = [name.lower() for _, name in place.path]
    wanted = str(told["name"]).lower().split(":")[::-1]
    return any(
        names[at : at + len(wanted)] == wanted
        and ocids[at + len(wanted) : at + len(wanted) + 1] == [statement.home]
        for at in range(len(names))
    )
