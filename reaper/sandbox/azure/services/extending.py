"""Locks and role assignments: they are about any scope, and are listed at each."""

from __future__ import annotations

import re
from typing import Any

from reaper.sandbox.azure.arm.asking import Ask
from reaper.sandbox.azure.arm.deleting import LOCKS
from reaper.sandbox.azure.arm.lists import cut
from reaper.sandbox.azure.arm.views import show
from reaper.sandbox.azure.dialect import CLIENT, Refused
from reaper.sandbox.azure.estate import Estate
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.requests import Reply, as_json

ROLE_ASSIGNMENTS = "microsoft.authorization/roleassignments"
_PRINCIPAL = re.compile(r"principalId eq '?(?P<id>[0-9a-fA-F-]+)'?")


def put_lock(estate: Estate, ask: Ask) -> Reply:
    """Lock a scope.

    Raises:
        Refused: There is no such level.
    """
    properties = ask.body().get("properties", {})
    if properties.get("level") not in {"CanNotDelete", "ReadOnly"}:
        raise Refused(400, "InvalidLockLevel", "The lock level is not valid.")
    shown = {"level": properties["level"], "notes": properties.get("notes", "")}
    return _put(estate, ask, "Microsoft.Authorization/locks", shown)


def put_assignment(estate: Estate, ask: Ask) -> Reply:
    """Assign a role."""
    asked = ask.body().get("properties", {})
    now = estate.now()
    shown = {
        "roleDefinitionId": asked["roleDefinitionId"],
        "principalId": asked["principalId"],
        "principalType": "ServicePrincipal",
        "scope": ask.target.scope,
        "createdOn": now,
        "updatedOn": now,
        "createdBy": CLIENT,
        "updatedBy": CLIENT,
    }
    return _put(estate, ask, "Microsoft.Authorization/roleAssignments", shown)


def _put(estate: Estate, ask: Ask, kind: str, properties: dict[str, Any]) -> Reply:
    at = ask.target
    scope = at.scope.lower()
    if scope.count("/") > 2 and estate.graph.find(scope) is None:  # noqa: PLR2004 - /subscriptions/ID
        raise Refused(404, "ResourceNotFound", f"The scope '{at.scope}' was not found.")
    there = estate.graph.find(at.path)
    body = {"id": at.id, "name": at.name, "type": kind, "properties": properties}
    if there is not None:
        there.body.update(body)
        return as_json(200, there.body)
    node = estate.add(kind.lower(), at.id, body, facts={"scope": scope, "not_provisioned": True})
    return as_json(201, show(estate, node))


def listed(estate: Estate, ask: Ask) -> Reply:
    """List what is at a scope, above it and below it."""
    scope = ask.target.scope.lower()
    nodes = [
        node
        for node in estate.graph.of(ask.target.collection)
        if _touches(node, scope) and _is_of(node, ask.request.parameter("$filter"))
    ]
    return cut(estate, ask, nodes, lambda node: show(estate, node))


def _touches(node: Node, scope: str) -> bool:
    own = node.facts["scope"]
    return f"{own}/".startswith(f"{scope}/") or f"{scope}/".startswith(f"{own}/")


def _is_of(node: Node, text: str) -> bool:
    if not text or node.kind == LOCKS:
        return True
    match = _PRINCIPAL.fullmatch(text)
    if match is None:
        raise Refused(400, "UnsupportedQuery", f"The filter '{text}' is not supported.")
    return bool(node.body["properties"]["principalId"] == match["id"])
