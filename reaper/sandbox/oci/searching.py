"""Resource Search: its query language, as far as it is needed, and its index, which may lag.

https://docs.oracle.com/iaas/Content/Search/Concepts/querysyntax.htm
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reaper.sandbox.faults import Effect
from reaper.sandbox.kernel.requests import Reply
from reaper.sandbox.oci import policies
from reaper.sandbox.oci.calls import Call, paged
from reaper.sandbox.oci.dialect import Refused
from reaper.sandbox.oci.sorts import SORTS

_TOKEN = re.compile(r"\s*(\(|\)|&&|\|\||!=|=|'(?:[^'\\]|\\.)*'|[\w.-]+)")
_HEAD = re.compile(
    r"\s*query\s+(?P<types>[\w-]+(?:\s*,\s*[\w-]+)*)\s+resources?\s*(?P<where>.*)", re.DOTALL
)
_TYPES_FOR_BUCKETS = "Bucket"

# What is held against a condition: the row, and one tag of each sort.
Facts = Mapping[str, str]
Condition = Callable[[Facts], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What is searched for.

    Attributes:
        types: In lower case; None: all.
        where: What a row, with one of its tags of each sort, must fulfil.
    """

    types: frozenset[str] | None
    where: Condition


def search(call: Call) -> Reply:
    """Answer a search, in the region that was asked."""
    body = call.body()
    if body.get("type") != "Structured":
        raise Refused(400, "InvalidParameter", "Only structured searches are here")
    query = read_query(str(body.get("query")))
    rows = (row for row in _rows(call) if _fulfils(query, row) and _is_shown(call, row))
    return paged(call, list(rows), enveloped=True)


def _is_shown(call: Call, row: Mapping[str, Any]) -> bool:
    """Whether the caller may inspect it: a search tells nothing of what it leaves out."""
    kinds = {searched: kind for kind, searched in _types().items()}
    kind = kinds[str(row["resourceType"])]
    return policies.may(call.estate, call.user, f"{kind}.list", str(row["compartmentId"]))


def types(call: Call) -> Reply:
    """Tell which types the index has."""
    known = sorted(each for each in _types().values() if each not in call.estate.unindexed)
    return paged(call, [{"name": each, "fields": []} for each in known])


def _types() -> dict[str, str]:
    searched = {kind: sort.searched for kind, sort in SORTS.items() if sort.searched}
    return {**searched, "objectstorage.buckets": _TYPES_FOR_BUCKETS}


def read_query(text: str) -> Query:
    """Read a query.

    Raises:
        Refused: It is none that is understood.
    """
    head = _HEAD.fullmatch(text)
    if head is None:
        raise Refused(400, "InvalidParameter", f"The query cannot be read: {text}")
    types = frozenset(each.strip().lower() for each in head["types"].split(","))
    where = head["where"].strip()
    if where and not where.startswith("where "):
        raise Refused(400, "InvalidParameter", f"The query cannot be read: {where}")
    condition = _Reader(where.removeprefix("where ")).read() if where else _always
    return Query(types=None if types == {"all"} else types, where=condition)


def _always(_facts: Facts) -> bool:
    return True


class _Reader:
    """Reads conditions: `a = 'b'`, `&&` before `||`, and parentheses."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if match is None:
                raise Refused(400, "InvalidParameter", f"The query cannot be read: {text[at:]}")
            self._tokens.append(match[1])
            at = match.end()

    def read(self) -> Condition:
        condition = self._any()
        if self._tokens:
            raise Refused(400, "InvalidParameter", f"Unexpected {self._tokens[0]} in the query")
        return condition

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._tokens[:1] == ["||"]:
            self._tokens.pop(0)
            parts.append(self._all())
        return lambda facts: any(each(facts) for each in parts)

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._tokens[:1] == ["&&"]:
            self._tokens.pop(0)
            parts.append(self._one())
        return lambda facts: all(each(facts) for each in parts)

    def _one(self) -> Condition:
        if self._tokens[:1] == ["("]:
            self._tokens.pop(0)
            inner = self._any()
            self._expect(")")
            return inner
        field = self._expect(None)
        operator = self._expect(None)
        value = self._expect(None)
        if operator not in {"=", "!="} or not value.startswith("'"):
            raise Refused(400, "InvalidParameter", f"{field} {operator} {value} is not understood")
        wanted = re.sub(r"\\(.)", r"\1", value[1:-1])
        same = operator == "="
        return lambda facts: (facts.get(field.lower(), "").lower() == wanted.lower()) == same

    def _expect(self, token: str | None) -> str:
        if not self._tokens or (token is not None and self._tokens[0] != token):
            raise Refused(400, "InvalidParameter", f"The query ends where {token} was expected")
        return self._tokens.pop(0)


def _fulfils(query: Query, row: Mapping[str, Any]) -> bool:
    if query.types is not None and str(row["resourceType"]).lower() not in query.types:
        return False
    plain = {
        "compartmentid": str(row["compartmentId"]),
        "identifier": str(row["identifier"]),
        "displayname": str(row.get("displayName", "")),
        "lifecyclestate": str(row.get("lifecycleState", "")),
    }
    free = [
        {"freeformtags.key": key, "freeformtags.value": str(value)}
        for key, value in row["freeformTags"].items()
    ]
    defined = [
        {
            "definedtags.namespace": namespace,
            "definedtags.key": key,
            "definedtags.value": str(value),
        }
        for namespace, tags in row["definedTags"].items()
        for key, value in tags.items()
    ]
    return any(
        query.where({**plain, **one, **other}) for one in free or [{}] for other in defined or [{}]
    )


def _rows(call: Call) -> Iterator[dict[str, Any]]:
    """What the index knows in this region; it hears of changes late when a fault says so."""
    estate = call.estate
    lag, ghost = call.strike(Effect.LAG), call.strike(Effect.GHOST)
    partial = call.strike(Effect.PARTIAL)
    none = timedelta(0)
    types = {kind: each for kind, each in _types().items() if each not in estate.unindexed}
    seen: set[str] = set()
    for node, body in estate.graph.seen(
        types, lag=lag.delay if lag else none, ghost=ghost.delay if ghost else none
    ):
        if node.path not in seen and not (partial and sum(map(ord, node.path)) % 2):
            seen.add(node.path)
            if node.facts["region"] == call.at.region:
                yield _row(str(types[node.kind]), body)
    now = estate.clock.elapsed()
    for departed in estate.departed.values():
        node = departed.node
        known = types.get(node.kind)
        here = node.facts["region"] == call.at.region
        if known and here and departed.until > now and node.path not in seen:
            yield _row(known, node.body)


def _row(known: str, body: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "resourceType": known,
        "identifier": body.get("id") or body["name"],
        "compartmentId": body["compartmentId"],
        "displayName": body.get("displayName") or body.get("name") or "",
        "timeCreated": body["timeCreated"],
        "freeformTags": body.get("freeformTags") or {},
        "definedTags": body.get("definedTags") or {},
        "systemTags": {},
        "additionalDetails": {},
        "identityContext": {},
    }
    if "lifecycleState" in body:
        row["lifecycleState"] = body["lifecycleState"]
    if "availabilityDomain" in body:
        row["availabilityDomain"] = body["availabilityDomain"]
    return row
