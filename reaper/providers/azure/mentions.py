"""Who names a resource in its own description, as far as Resource Graph tells: it would break.

Azure refuses to delete what machines and networks use. A vault, a storage account or a plan it
deletes under whoever works with it: `used_by` asks who that is, in all subscriptions that can be
seen. What is named in a service's data or in an application's settings nobody can ask for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reaper.model import Relation
from reaper.providers.azure.graph import ask
from reaper.providers.azure.ids import canonical, is_below, read_id
from reaper.providers.azure.kind import Link
from reaper.providers.azure.names import (
    ADDRESS,
    BALANCER,
    FIREWALL,
    INTERFACE,
    NAT,
    NETWORK,
    ROUTES,
)
from reaper.providers.azure.reading import Reader

# As many are asked for by one query: its text may have no more than some thousand characters.
_AT_ONCE = 15
# What ends no name: `…/storageaccounts/data` does not stand in `…/storageaccounts/data2`.
_END = r"(?![\w.\-])"
# What these describe of others are those others' own links, told from the other end: what is in a
# network, or has an address. A gateway, say, describes what it works with itself.
_ECHOES = frozenset({NETWORK, INTERFACE, ADDRESS, FIREWALL, BALANCER, NAT, ROUTES})
# They watch, draw or tell of others, and do not break.
_WATCHERS = (
    "azure:microsoft.alertsmanagement/",
    "azure:microsoft.insights/activitylogalerts",
    "azure:microsoft.insights/autoscalesettings",
    "azure:microsoft.insights/metricalerts",
    "azure:microsoft.insights/scheduledqueryrules",
    "azure:microsoft.insights/webtests",
    "azure:microsoft.portal/dashboards",
)
# Who looks at it through a private endpoint, by its own word.
BEHIND_ENDPOINTS = Link(
    Relation.USED_BY, "properties.privateEndpointConnections[].properties.privateEndpoint.id"
)


@dataclass(frozen=True, slots=True)
class Sought:
    """What names a resource.

    Attributes:
        text: As it stands in a description, without regard to case.
        pattern: What must match there, in lower case.
    """

    text: str
    pattern: re.Pattern[str]


def by_id(identity: str) -> Sought:
    """Look for its ID."""
    return Sought(identity, re.compile(re.escape(identity) + _END))


def by_exact_id(identity: str) -> Sought:
    """Look for its ID where nothing below it is meant."""
    return Sought(identity, re.compile(re.escape(identity) + r"(?![\w./\-])"))


def by_host(name: str, *services: str) -> Sought:
    """Look for the address of one of its services: `NAME.blob.`, with or without a scheme.

    Between the two may be a zone, as in `NAME.z6.web.`.
    """
    hosts = "|".join(map(re.escape, services))
    pattern = rf"(?<![\w.\-]){re.escape(name)}\.(?:z\d+\.)?(?:{hosts})\."
    return Sought(f"{name}.", re.compile(pattern))


def used_by(
    reader: Reader,
    wanted: Mapping[str, Iterable[Sought]],
    *,
    part: str = "properties",
    only: frozenset[str] | None = None,
) -> dict[str, list[str]]:
    """Tell who names each of these, by ID; whoever is in this subscription is read as well.

    Resource Graph is late: who is gone, or names it no more, is left out.

    Args:
        reader: By which those in this subscription are read.
        wanted: What is looked for, by ID.
        part: In which part of a description.
        only: Which kinds count; None: all that would break.

    Raises:
        ArmError, Unanswered, Incomplete: Nobody can tell.
        ValueError: An ID cannot stand in a query.
    """
    users: dict[str, list[str]] = {identity: [] for identity in wanted}
    sought = {identity: tuple(each) for identity, each in wanted.items()}
    for identity, user in dict.fromkeys(_told(reader, sought, part)):
        at = read_id(user)
        if only is None or (at is not None and at.kind in only):
            users[identity].append(user)
    here = {
        each: at.kind
        for those in users.values()
        for each in those
        if each.startswith(f"{reader.api.base}/") and (at := read_id(each)) is not None
    }
    there = reader.fetch((kind, each) for each, kind in here.items())
    return {
        identity: [
            each
            for each in those
            if each not in here
            or each in there.failed
            or (each in there.items and _names(there.items[each], part, sought[identity]))
        ]
        for identity, those in users.items()
    }


def _told(
    reader: Reader, sought: Mapping[str, tuple[Sought, ...]], part: str
) -> Iterator[tuple[str, str]]:
    """Whom Resource Graph tells to name which."""
    every = list(sought)
    for start in range(0, len(every), _AT_ONCE):
        some = {identity: sought[identity] for identity in every[start : start + _AT_ONCE]}
        tests = [
            f"tostring({part}) contains '{_plain(each.text)}'"
            for those in some.values()
            for each in those
        ]
        query = (
            f"resources | where {' or '.join(tests)} | project id, type, {part} | order by id asc"
        )
        for row in ask(reader.api.connection, query):
            user = canonical(row["id"])
            for identity, those in some.items():
                if _counts(user, identity) and _names(row, part, those):
                    yield identity, user


def _plain(text: str) -> str:
    if "'" in text or "\\" in text:
        raise ValueError(f"{text!r} cannot stand in a query")
    return text


def _counts(user: str, identity: str) -> bool:
    """Whether to be named by this one means to be used by it."""
    if is_below(user, identity) or is_below(identity, user):
        return False
    at = read_id(user)
    return at is None or not (at.kind in _ECHOES or at.kind.startswith(_WATCHERS))


def _names(item: Mapping[str, Any], part: str, sought: Iterable[Sought]) -> bool:
    told = json.dumps(item.get(part) or "", ensure_ascii=False).lower()
    return any(each.pattern.search(told) for each in sought)
