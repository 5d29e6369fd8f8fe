"""What a request asks for: which region, which collection, which thing, and to do what."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from reaper.sandbox.kernel.requests import Request
from reaper.sandbox.oci.dialect import Refused
from reaper.sandbox.oci.estate import HOME, REGIONS
from reaper.sandbox.oci.sorts import AT, Sort

_VERSION = re.compile(r"\d{8}")
_VERBS = {"GET": "get", "PUT": "update", "DELETE": "delete", "POST": "action"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a path leads to.

    Attributes:
        region: Of the host that is asked; on loopback the path begins with it.
        vault: The part of OCIDs that is a vault's own, where its endpoint is asked.
        root: `/20160918`, or `/n` for Object Storage.
        parts: What follows, decoded.
        sort: The collection; None: it is none of `sorts`.
        id: Of one thing in it; empty: the collection is meant.
        rest: What follows that.
    """

    region: str
    vault: str
    root: str
    parts: tuple[str, ...]
    sort: Sort | None
    id: str
    rest: tuple[str, ...]


def target(request: Request) -> Target:
    """Read a request's path."""
    parts = [unquote(each) for each in request.path.split("/") if each]
    region, vault = HOME, ""
    if parts and parts[0] in REGIONS:
        region = parts.pop(0)
    if parts and not _VERSION.fullmatch(parts[0]) and parts[0] != "n":
        vault = parts.pop(0)
    root = f"/{parts.pop(0)}" if parts else "/"
    sort = AT.get((root, parts[0])) if parts else None
    return Target(
        region=region,
        vault=vault,
        root=root,
        parts=tuple(parts),
        sort=sort,
        id=parts[1] if sort is not None and len(parts) > 1 else "",
        rest=tuple(parts[2:]) if sort is not None else (),
    )


def method(at: Target, request: Request) -> tuple[str, str]:
    """Tell which service is asked, and what its method is called here."""
    if at.root == "/n":
        return "objectstorage", f"objectstorage.{_of_objects(at.parts, request.method)}"
    if at.sort is None:
        return _special(at, request)
    service, name = at.sort.service, at.sort.kind
    if not at.id:
        return service, f"{name}.{'list' if request.method == 'GET' else 'create'}"
    if at.id == "actions":  # such as getByPrivateIpId: it reads
        return service, f"{name}.get"
    if at.rest and at.rest[0] != "actions":
        verb = _VERBS.get(request.method, request.method)
        if request.method == "GET" and len(at.rest) == 1:
            verb = "list"
        return service, f"{name}.{at.rest[0]}.{verb}"
    if at.rest[1:] == ("scheduleDeletion",):
        return service, f"{name}.scheduleDeletion"
    return service, f"{name}.{_VERBS.get(request.method, request.method)}"


def _special(at: Target, request: Request) -> tuple[str, str]:
    head = at.parts[0] if at.parts else ""
    if at.root == "/20180409" and head == "resources":
        return "search", "search.resources.search"
    if at.root == "/20180409" and head == "resourceTypes":
        return "search", "search.resourceTypes.list"
    if head in {"workRequests", "loadBalancerWorkRequests"}:
        return "workrequests", "workrequests.workRequests.get"
    if head == "tenancies":
        verb = "regionSubscriptions.list" if len(at.parts) > 2 else "get"  # noqa: PLR2004
        return "identity", f"identity.tenancies.{verb}"
    if head == "availabilityDomains":
        return "identity", "identity.availabilityDomains.list"
    return "unknown", f"{request.method} {request.path}"


_OBJECT_NOUNS = {
    "b": "buckets",
    "o": "objects",
    "u": "multipartUploads",
    "p": "preauthenticatedRequests",
    "objectversions": "objectVersions",
    "retentionRules": "retentionRules",
}
_IN_BUCKET = 3


def _of_objects(parts: tuple[str, ...], verb: str) -> str:
    if len(parts) < 2:  # noqa: PLR2004 - /n or /n/NAMESPACE
        return "namespaces.get"
    if len(parts) <= _IN_BUCKET:
        noun, one = "buckets", len(parts) == _IN_BUCKET
    else:
        noun, one = _OBJECT_NOUNS.get(parts[_IN_BUCKET], "unknown"), len(parts) > _IN_BUCKET + 1
    if not one:
        return f"{noun}.{'list' if verb == 'GET' else 'create'}"
    return f"{noun}.{_VERBS.get(verb, verb.lower())}"


def told(request: Request) -> dict[str, Any]:
    """Read a request's body as far as it can be read: whoever carries it out refuses others."""
    try:
        return body_of(request)
    except Refused:
        return {}


def body_of(request: Request) -> dict[str, Any]:
    """Read a request's body.

    Raises:
        Refused: It is no JSON object.
    """
    if not request.body:
        return {}
    try:
        found = json.loads(request.body)
    except ValueError as error:
        raise Refused(400, "InvalidParameter", "Unable to parse the request's body") from error
    if not isinstance(found, Mapping):
        raise Refused(400, "InvalidParameter", "The request's body is no object")
    return dict(found)
