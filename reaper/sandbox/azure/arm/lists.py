"""ARM's lists: of everything, of a group, of a type; in pages, and not always whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from reaper.sandbox.azure.arm.asking import Ask
from reaper.sandbox.azure.arm.ids import GROUP
from reaper.sandbox.azure.arm.kinds import TYPES
from reaper.sandbox.azure.arm.views import show, summary
from reaper.sandbox.azure.dialect import Refused, group_not_found
from reaper.sandbox.azure.estate import Estate
from reaper.sandbox.faults import Effect
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.pages import BadToken, page
from reaper.sandbox.kernel.requests import Reply, as_json

_TERM = re.compile(r"(?P<field>\w+) eq '(?P<value>(?:[^']|'')*)'")
_BY_TAG = frozenset({"tagName", "tagValue"})


def all_resources(estate: Estate, ask: Ask) -> Reply:
    """List the tracked resources of a subscription, or of a group.

    A list filtered by tag leaves the tags and the times out, as ResourcesOperations.list says.

    Raises:
        Refused: The filter is none, or the group is not there.
    """
    wanted = _filter(ask.request.parameter("$filter"))
    base = ask.target.path
    if ask.target.group is not None and estate.graph.find(base) is None:
        raise group_not_found(ask.target.group)
    tracked = [kind for kind in estate.graph.kinds if kind in TYPES and TYPES[kind].tracked]
    expand = ask.request.parameter("$expand")
    nodes = [
        node
        for node in estate.graph.of(*tracked)
        if node.path.startswith(f"{base}/") and _passes(wanted, node)
    ]
    by_tag = bool(_BY_TAG & wanted.keys())
    return cut(
        estate, ask, nodes, lambda node: summary(estate, node, tags=not by_tag, expand=expand)
    )


def groups(estate: Estate, ask: Ask) -> Reply:
    """List the resource groups of a subscription."""
    base = ask.target.path
    nodes = [node for node in estate.graph.of(GROUP) if node.path.startswith(f"{base}/")]
    return cut(estate, ask, nodes, lambda node: show(estate, node))


def of_type(estate: Estate, ask: Ask) -> Reply:
    """List what there is of one type, whole: in a subscription, a group, or another resource."""
    at = ask.target
    base = at.path.partition("/providers/")[0] if not at.types else at.path
    if at.group is not None and estate.graph.find("/".join(at.path.split("/")[:5])) is None:
        raise group_not_found(at.group)
    nodes = [node for node in estate.graph.of(at.collection) if node.path.startswith(f"{base}/")]
    filtered = _filter(ask.request.parameter("$filter")) if not at.types else {}
    nodes = [node for node in nodes if _passes(filtered, node)]
    return cut(estate, ask, nodes, lambda node: show(estate, node))


def cut(
    estate: Estate,
    ask: Ask,
    nodes: Iterable[Node],
    shown: Callable[[Node], Mapping[str, Any]],
) -> Reply:
    """Show a page of a list, and where the next one is.

    Raises:
        Refused: The list cannot be had whole, or the token is no good.
    """
    there = sorted(_seen(estate, ask, nodes), key=lambda node: node.path)
    token = ask.request.parameter("$skiptoken")
    if token and ask.strike(Effect.PARTIAL):
        raise Refused(500, "InternalServerError", "The list could not be continued.")
    if token and ask.strike(Effect.EXPIRED):
        raise Refused(400, "InvalidSkipToken", "The $skiptoken has expired.")
    query = {name: values[-1] for name, values in ask.request.query.items() if name != "$skiptoken"}
    try:
        part = page(
            there,
            key=lambda node: node.path,
            size=min(int(query.get("$top") or estate.page), estate.page),
            token=token or None,
            query=ask.request.path + str(sorted(query.items())),
            now=estate.clock.elapsed(),
            lasts_s=estate.lags.token_s,
        )
    except BadToken as error:
        raise Refused(400, "InvalidSkipToken", "The $skiptoken is no good.") from error
    answer: dict[str, Any] = {"value": [shown(node) for node in part.items]}
    if part.token and not query.get("$top"):
        further = urlencode({**query, "$skiptoken": part.token})
        answer["nextLink"] = f"{estate.endpoint}{ask.request.path}?{further}"
    told = as_json(200, answer)
    left = (("x-ms-ratelimit-remaining-subscription-reads", "11999"),)
    return Reply(status=200, body=told.body, headers=(*told.headers, *left))


def _seen(estate: Estate, ask: Ask, nodes: Iterable[Node]) -> list[Node]:
    hidden = ask.strike(Effect.LAG)
    if hidden is None:
        return list(nodes)
    now = estate.clock.elapsed()
    return [node for node in nodes if timedelta(seconds=now - node.born) >= hidden.delay]


def _filter(text: str) -> dict[str, str]:
    if not text:
        return {}
    found: dict[str, str] = {}
    for part in text.split(" and "):
        match = _TERM.fullmatch(part.strip())
        if match is None:
            message = f"Invalid $filter '{text}' specified in the query string."
            raise Refused(400, "InvalidFilterInQueryString", message)
        found[match["field"]] = match["value"].replace("''", "'")
    return found


def _passes(wanted: Mapping[str, str], node: Node) -> bool:
    tags = {key.lower(): value for key, value in (node.body.get("tags") or {}).items()}
    for name, value in wanted.items():
        match name:
            case "resourceType":
                held = node.kind == value.lower()
            case "name":
                held = node.body["name"].lower() == value.lower()
            case "resourceGroup":
                held = f"/resourcegroups/{value.lower()}/" in node.path
            case "location":
                held = node.body.get("location") == value
            case "tagName":
                held = value.lower() in tags
            case "tagValue":
                held = tags.get(wanted.get("tagName", "").lower()) == value
            case _:
                raise Refused(400, "InvalidFilterInQueryString", f"Invalid $filter on '{name}'.")
        if not held:
            return False
    return True
