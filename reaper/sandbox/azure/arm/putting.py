"""Creating and updating: a PUT does both, by the same ID."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from reaper.sandbox.azure.arm import rules
from reaper.sandbox.azure.arm.asking import Ask
from reaper.sandbox.azure.arm.deleting import DELETED_VAULTS
from reaper.sandbox.azure.arm.ids import GROUP, Target, group_of, owner, target
from reaper.sandbox.azure.arm.kinds import TYPES
from reaper.sandbox.azure.arm.operating import begin
from reaper.sandbox.azure.arm.rules import RULES
from reaper.sandbox.azure.arm.shapes import Draft, shaped
from reaper.sandbox.azure.arm.views import show
from reaper.sandbox.azure.dialect import Refused, group_not_found, not_found
from reaper.sandbox.azure.estate import Estate
from reaper.sandbox.azure.services.clusters import make_node_group
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.requests import Reply, as_json
from reaper.sandbox.kernel.rules import named

_MOST_TAGS = 50


def put_group(estate: Estate, ask: Ask) -> Reply:
    """Create a resource group, or give it other tags.

    Raises:
        Refused: It has no location.
    """
    body, at = ask.body(), ask.target
    if "location" not in body:
        raise Refused(400, "LocationRequired", "The location property is required.")
    _refuse_too_many_tags(body)
    there = estate.graph.find(at.path)
    shown = {
        "id": f"/subscriptions/{at.subscription}/resourceGroups/{at.group}",
        "name": at.group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": body["location"],
        "properties": {"provisioningState": "Succeeded"},
        **({"tags": body["tags"]} if body.get("tags") else {}),
        **({"managedBy": body["managedBy"]} if body.get("managedBy") else {}),
    }
    return as_json(200 if there else 201, show(estate, _set(estate, GROUP, at, shown, {})))


def put(estate: Estate, ask: Ask) -> Reply:
    """Create or update a resource; strangers' things are altered by it, as in Azure.

    Raises:
        Refused: What it names or is in is not there, or it is being deleted.
    """
    at = ask.target
    known = TYPES[at.kind]
    body = _checked(estate, ask, known.tracked)
    there = estate.graph.find(at.path)
    if there is not None and there.going:
        raise Refused(409, "Conflict", f"The resource {at.id} is being deleted.")
    if at.kind == rules.VAULTS and there is None:
        body = _had_back(estate, at, body)
    node = make(estate, at, body)
    if at.kind == rules.CLUSTERS and there is None:
        make_node_group(estate, node, lambda target_, body_: make(estate, target_, body_))
    shown = show(estate, node)
    if known.taken_on:
        taken_on = begin(estate, ask, node, takes_s=0)
        return replace(as_json(202, shown), headers=taken_on.headers)
    return as_json(200 if there else 201, shown)


def make(estate: Estate, at: Target, body: dict[str, Any]) -> Node:
    """Let a resource be as a body says, with what comes into being along with it.

    Raises:
        Refused: What it names is not there.
    """
    known = TYPES[at.kind]
    there = estate.graph.find(at.path)
    old = deepcopy(there.body) if there is not None else {}
    names = known.name.split("/")[1:]
    pairs = [part for pair in zip(names, at.names, strict=True) for part in pair]
    own = {
        "id": "/".join([_scope(at), "providers", known.namespace, *pairs]),
        "name": old.get("name", at.name),
        "type": known.name,
    }
    draft = shaped(
        Draft(
            estate=estate,
            target=at,
            body={**deepcopy(body), **own},
            fresh=there is None,
            old=old,
        )
    )
    if known.etag:
        draft.body["etag"] = f'W/"{estate.guid()}"'
    for _, identity, beside in draft.before:
        _make_beside(estate, identity, beside)
    _look_up_what_is_named(estate, at, draft)
    return _set(estate, at.kind, at, draft.body, draft.facts)


def _make_beside(estate: Estate, identity: str, body: dict[str, Any]) -> None:
    make(estate, target(identity), body)


def patch(estate: Estate, ask: Ask, node: Node) -> Reply:
    """Give a resource other tags, or other properties."""
    asked = ask.body()
    _refuse_too_many_tags(asked)
    if "tags" in asked:
        node.body["tags"] = asked["tags"]
    node.body.setdefault("properties", {}).update(asked.get("properties", {}))
    estate.graph.touch(node)
    return as_json(200, show(estate, node))


def _scope(at: Target) -> str:
    parts = at.scope.split("/")
    return "/".join([*parts[:3], "resourceGroups", *parts[4:]]) if at.group else at.scope


def _set(
    estate: Estate, kind: str, at: Target, body: dict[str, Any], facts: dict[str, Any]
) -> Node:
    there = estate.graph.find(at.path)
    if there is None:
        return estate.add(kind, at.path, body, facts=facts)
    there.body.clear()
    there.body.update(body)
    there.facts.update(facts)
    estate.graph.touch(there)
    return there


def _checked(estate: Estate, ask: Ask, tracked: bool) -> dict[str, Any]:  # noqa: FBT001 - said by its caller's word
    body, at = ask.body(), ask.target
    if at.group is not None:
        group = group_of(at.path) or ""
        if estate.graph.find(group) is None:
            raise group_not_found(at.group)
    if tracked and "location" not in body:
        message = "The location property is required for this definition."
        raise Refused(400, "LocationRequired", message)
    _refuse_too_many_tags(body)
    parent = _parent(at)
    if parent is not None and estate.graph.find(parent) is None:
        message = (
            "Can not perform requested operation on nested resource. Parent resource"
            f" '{parent.rpartition('/')[2]}' not found."
        )
        raise Refused(404, "ParentResourceNotFound", message)
    return body


def _refuse_too_many_tags(body: dict[str, Any]) -> None:
    if len(body.get("tags") or {}) > _MOST_TAGS:
        message = f"The number of tags exceeds the maximum of {_MOST_TAGS}."
        raise Refused(400, "InvalidTagCount", message)


def _parent(at: Target) -> str | None:
    """The path of what a nested resource is in, where that is a resource itself."""
    parts = at.path.split("/")
    kind = at.kind
    while kind.count("/") > 1:
        kind, parts = kind.rpartition("/")[0], parts[:-2]
        if kind in TYPES:
            return "/".join(parts)
    return None


def _look_up_what_is_named(estate: Estate, at: Target, draft: Draft) -> None:
    for rule in RULES:
        if rule.kind != at.kind:
            continue
        for _, link in named(rule, draft.body, draft.facts):
            path = owner(link)
            if path != at.path and estate.graph.find(path) is None:
                message = (
                    f"Resource {link} referenced by resource {draft.body['id']} was not found."
                    " Please make sure that the referenced resource exists, and that both resources"
                    " are in the same region."
                )
                raise Refused(400, "InvalidResourceReference", message)


def _had_back(estate: Estate, at: Target, body: dict[str, Any]) -> dict[str, Any]:
    """The body of a new vault, or of a deleted one that is asked back."""
    asked_back = body.get("properties", {}).get("createMode") == "recover"
    for deleted in estate.graph.of(DELETED_VAULTS):
        if deleted.body["name"].lower() != at.name.lower():
            continue
        if not asked_back:
            message = (
                f"A vault with the same name already exists in deleted state. You need to either"
                f" recover or purge existing key vault {at.name}."
            )
            raise Refused(409, "ConflictError", message)
        estate.graph.remove(deleted)
        before: dict[str, Any] = deepcopy(deleted.facts["vault"])
        return {**before, "tags": body.get("tags", before.get("tags", {}))}
    if asked_back:
        raise Refused(404, "DeletedVaultNotFound", f"There is no deleted vault {at.name}.")
    return body


def missing(at: Target) -> Refused:
    """Say that something is not there: the group, or what is asked for in it."""
    known = TYPES.get(at.kind)
    name = "/".join(at.names)
    return not_found(known.name if known else at.kind, name, at.group)
