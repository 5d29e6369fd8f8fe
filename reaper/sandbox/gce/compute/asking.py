"""What a request asks of Compute: project, place, collection, name and verb, from its path."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from reaper.sandbox.gce.compute.kinds import COLLECTIONS, OPERATIONS, Collection, Scope
from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.kernel.requests import Request

ROOT = "/compute/v1/projects/"

_PATH = re.compile(
    r"(?P<project>[^/]+)"
    r"/(?:aggregated|(?P<scope>zones|regions)/(?P<where>[^/]+)|(?P<global>global))"
    r"/(?P<collection>[A-Za-z]+)(?:/(?P<name>[^/]+)(?:/(?P<verb>[A-Za-z]+))?)?"
)
_LIST = {"GET": "list", "POST": "insert"}
_ONE = {"GET": "get", "DELETE": "delete", "PATCH": "patch", "PUT": "update"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a request is about.

    Attributes:
        scope: None: all at once (`aggregated`), or the project itself.
        where: The zone or region; `global`; empty where `scope` is None.
        collection: None: `zones`, `regions` or the project, or a collection that is not here.
        name: Empty: the collection.
        verb: As the discovery document has it, the last part of the method.
        method: The whole of it: `compute.regionDisks.delete`.
    """

    project: str
    scope: Scope | None
    where: str
    collection: Collection | None
    name: str
    verb: str
    method: str

    @property
    def place(self) -> str:
        """Its scope's path: `projects/p/zones/z`."""
        middle = "global" if self.scope is Scope.GLOBAL else f"{self.scope}/{self.where}"
        return f"projects/{self.project}/{middle}"

    @property
    def path(self) -> str:
        """Its own path."""
        collection = self.collection.name if self.collection else ""
        return f"{self.place}/{collection}/{self.name}"


def target(request: Request) -> Target:
    """Read what a request is about; its method may be one that is not here."""
    rest = unquote(request.path.removeprefix(ROOT))
    found = _PATH.fullmatch(rest)
    if found is None:
        return _of_project(request, rest)
    scope = Scope(found["scope"] or "global") if found["scope"] or found["global"] else None
    name = found["collection"]
    collection = OPERATIONS if name == "operations" else COLLECTIONS.get(name)
    verb = _verb(request, found, scope)
    at = scope or (collection.scopes[0] if collection else Scope.GLOBAL)
    resource = collection.resource(at) if collection and at in collection.scopes else name
    if collection is OPERATIONS and scope is None:
        resource = "globalOperations"
    return Target(
        project=found["project"],
        scope=scope,
        where=found["where"] or (found["global"] or ""),
        collection=collection
        if scope is None or (collection and at in collection.scopes)
        else None,
        name=found["name"] or "",
        verb=verb,
        method=f"compute.{resource}.{verb}",
    )


def _verb(request: Request, found: re.Match[str], scope: Scope | None) -> str:
    if scope is None:
        return "aggregatedList"
    if found["verb"]:
        return "listReferrers" if found["verb"] == "referrers" else found["verb"]
    verbs = _ONE if found["name"] else _LIST
    return verbs.get(request.method, request.method)


def _of_project(request: Request, rest: str) -> Target:
    project, _, rest = rest.partition("/")
    sort, _, name = rest.partition("/")
    verb = request.method if request.method != "GET" else "list" if sort and not name else "get"
    return Target(
        project=project,
        scope=None,
        where="",
        collection=None,
        name=name,
        verb=verb,
        method=f"compute.{sort or 'projects'}.{verb}",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A request to carry out."""

    request: Request
    target: Target

    def body(self) -> dict[str, Any]:
        """Read the request's body.

        Raises:
            Refused: It is no JSON object.
        """
        return json_of(self.request)


def json_of(request: Request) -> dict[str, Any]:
    """Read the JSON object that a request bears; an empty one where it bears nothing.

    Raises:
        Refused: It bears something else.
    """
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "parseError", "Parse Error")
    return body
