"""What a request to Resource Manager asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from reaper.sandbox.azure.arm.ids import GROUP, SUBSCRIPTION, Target, target
from reaper.sandbox.azure.dialect import Refused
from reaper.sandbox.kernel.gateway import Strike
from reaper.sandbox.kernel.requests import Request


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A request and where it leads.

    Attributes:
        method: As it is counted and befallen: `microsoft.compute/disks.delete`.
    """

    request: Request
    target: Target
    method: str
    strike: Strike = lambda *_: None

    @property
    def verb(self) -> str:
        """The last part of the method."""
        return self.method.rpartition(".")[2]

    @property
    def kind(self) -> str:
        """What comes before: the type."""
        return self.method.rpartition(".")[0]

    def body(self) -> dict[str, Any]:
        """The request's body.

        Raises:
            Refused: It is no JSON object.
        """
        try:
            found = json.loads(self.request.body or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Refused(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized.",
            )
        return found


_LISTS = {"resourcegroups": GROUP, "resources": "microsoft.resources/resources"}
_POLLED = ("operations", "operationresults", "operationstatuses")


def ask(request: Request) -> Ask:
    """Read a request."""
    found = target(unquote(request.path))
    return Ask(request=request, target=found, method=_method(request, found))


def _method(request: Request, found: Target) -> str:
    verb = {"HEAD": "get"}.get(request.method, request.method.lower())
    rest = found.rest.lower()
    if found.namespace is None:
        return _of_arm(found, verb, rest)
    if not found.types and not rest:
        return f"microsoft.resources/providers.{verb}"
    kind = found.kind
    if found.types and found.types[-1].lower() in _POLLED:
        return f"{found.namespace.lower()}/operations.get"
    if "deletedvaults" in kind or rest == "deletedvaults":
        named = "microsoft.keyvault/deletedvaults"
        return f"{named}.{rest if rest == 'purge' else 'get' if not rest else 'list'}"
    if found.collection == "microsoft.resourcegraph/resources":
        return "microsoft.resourcegraph/resources.query"
    if request.method == "POST":
        return f"{kind}.{rest}"
    return f"{found.collection}.list" if rest else f"{kind}.{verb}"


def _of_arm(found: Target, verb: str, rest: str) -> str:
    """A method of ARM's own: of subscriptions, groups, all resources, providers."""
    if rest == "subscriptions":
        return f"{SUBSCRIPTION}.list"
    if rest in _LISTS and verb == "get":
        return f"{_LISTS[rest]}.list"
    if rest == "providers":
        return "microsoft.resources/providers.list"
    if rest.startswith("operationresults/"):
        return "microsoft.resources/operations.get"
    return f"{found.kind}.{verb}" if not rest else f"unknown.{verb}"
