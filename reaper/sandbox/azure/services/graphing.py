"""Resource Graph: the part of its query language that cleaners ask in, its pages and its quota.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from reaper.sandbox.azure.arm.asking import Ask
from reaper.sandbox.azure.arm.ids import GROUP
from reaper.sandbox.azure.arm.kinds import TYPES
from reaper.sandbox.azure.dialect import Refused
from reaper.sandbox.azure.estate import Estate
from reaper.sandbox.faults import Effect
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.pages import BadToken, page
from reaper.sandbox.kernel.requests import Reply, as_json

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_MOST = 1000
_UNION = re.compile(r"union\s*\(\s*(?P<inner>.*)\)", re.DOTALL)
_TERMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Test]], ...] = (
    (
        re.compile(r"isnotempty\(tags\['(?P<key>[^']+)'\]\)"),
        lambda m: lambda row: bool((row.get("tags") or {}).get(m["key"])),
    ),
    (
        re.compile(r"tostring\(tags\['(?P<key>[^']+)'\]\) in \((?P<values>[^)]*)\)"),
        lambda m: (
            lambda row: (
                (row.get("tags") or {}).get(m["key"])
                in {each.strip().strip("'") for each in m["values"].split(",")}
            )
        ),
    ),
    (
        re.compile(r"tostring\((?P<field>\w+)\) contains '(?P<value>[^']+)'"),
        lambda m: lambda row: m["value"].lower() in json.dumps(row.get(m["field"]) or "").lower(),
    ),
    (
        re.compile(r"type =~ '(?P<value>[^']+)'"),
        lambda m: lambda row: str(row["type"]).lower() == m["value"].lower(),
    ),
)


def query(estate: Estate, ask: Ask) -> Reply:
    """Answer a query.

    Raises:
        Refused: The query cannot be read, or its token is no good.
    """
    body = ask.body()
    rows = _rows(estate, ask, body.get("subscriptions") or list(estate.subscriptions))
    found = _run(str(body.get("query", "")), rows)
    options = body.get("options") or {}
    size = min(int(options.get("$top") or _MOST), _MOST, estate.page)
    if options.get("$skipToken") and ask.strike(Effect.EXPIRED):
        raise _bad("The skip token is no good.")
    try:
        part = page(
            sorted(found, key=lambda row: str(row["id"])),
            key=lambda row: str(row["id"]),
            size=size,
            token=options.get("$skipToken"),
            query=json.dumps([body.get("query"), body.get("subscriptions")]),
            now=estate.clock.elapsed(),
            lasts_s=estate.lags.token_s,
        )
    except BadToken as error:
        raise _bad("The skip token is no good.") from error
    answer: dict[str, Any] = {
        "totalRecords": len(found),
        "count": len(part.items),
        "data": list(part.items),
        "facets": [],
        "resultTruncated": "true" if ask.strike(Effect.PARTIAL) else "false",
    }
    if part.token:
        answer["$skipToken"] = part.token
    told = as_json(200, answer)
    quota = (("x-ms-user-quota-remaining", "14"), ("x-ms-user-quota-resets-after", "00:00:05"))
    return Reply(status=200, body=told.body, headers=(*told.headers, *quota))


def _bad(message: str) -> Refused:
    details = [{"code": "ParserFailure", "message": message}]
    return Refused(
        400, "BadRequest", "Please provide below info when asking for support", details=details
    )


def _rows(estate: Estate, ask: Ask, subscriptions: list[str]) -> dict[str, list[Row]]:
    lag, ghost = ask.strike(Effect.LAG), ask.strike(Effect.GHOST)
    kinds = {
        "resources": [kind for kind in estate.graph.kinds if kind in TYPES and TYPES[kind].tracked],
        "resourcecontainers": [GROUP],
    }
    wanted = {each.lower() for each in subscriptions}
    return {
        table: [
            _row(node, shown)
            for node, shown in estate.graph.seen(
                of,
                lag=lag.delay if lag else timedelta(0),
                ghost=ghost.delay if ghost else timedelta(0),
            )
            if node.path.split("/")[2] in wanted
        ]
        for table, of in kinds.items()
    }


def _row(node: Node, shown: Row) -> Row:
    kind = "microsoft.resources/subscriptions/resourcegroups" if node.kind == GROUP else node.kind
    return {**shown, "type": kind, "subscriptionId": node.path.split("/")[2]}


def _run(text: str, tables: Mapping[str, list[Row]]) -> list[Row]:
    steps = _split(text, "|")
    rows: list[Row] | None = tables.get(steps[0].strip().lower())
    if rows is None:
        raise _bad(f"Query is invalid: no table {steps[0].strip()!r}.")
    found = list(rows)
    for step in (each.strip() for each in steps[1:]):
        if match := _UNION.fullmatch(step):
            found += _run(match["inner"], tables)
        elif step.startswith("where "):
            test = _test(step.removeprefix("where "))
            found = [row for row in found if test(row)]
        elif step.startswith("project "):
            names = [each.strip() for each in step.removeprefix("project ").split(",")]
            found = [{name: row.get(name) for name in names} for row in found]
        elif step != "order by id asc":
            raise _bad(f"Query is invalid at {step!r}.")
    if "id" not in (found[0] if found else {"id": ""}):
        raise _bad("Pages need the column id.")
    return found


def _test(text: str) -> Test:
    """Read a condition: terms joined by `or` or by `and`, with brackets around either."""
    text = text.strip()
    for word in (" or ", " and "):
        parts = _split(text, word)
        if len(parts) > 1:
            tests = [_test(part) for part in parts]
            return _any(tests) if word == " or " else _all(tests)
    if text.startswith("(") and text.endswith(")"):
        return _test(text[1:-1])
    for pattern, make in _TERMS:
        if match := pattern.fullmatch(text):
            return make(match)
    raise _bad(f"Query is invalid at {text!r}.")


def _any(tests: list[Test]) -> Test:
    return lambda row: any(test(row) for test in tests)


def _all(tests: list[Test]) -> Test:
    return lambda row: all(test(row) for test in tests)


def _split(text: str, word: str) -> list[str]:
    """Split at a word that is outside of brackets and quotes."""
    parts, depth, quoted, start, at = [], 0, False, 0, 0
    while at < len(text):
        if text[at] == "'":
            quoted = not quoted
        elif not quoted and text[at] in "([":
            depth += 1
        elif not quoted and text[at] in ")]":
            depth -= 1
        elif not quoted and depth == 0 and text.startswith(word, at):
            parts.append(text[start:at])
            at += len(word)
            start = at
            continue
        at += 1
    return [*parts, text[start:]]
