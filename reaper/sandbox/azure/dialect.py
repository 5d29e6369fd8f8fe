"""How Azure says no: its one way to write an error, and what befalls a request in its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reaper.sandbox.faults import Effect, Fault
from reaper.sandbox.kernel.gateway import Asked
from reaper.sandbox.kernel.requests import Reply, Request, as_json

CLIENT = "00000000-0000-0000-0000-00000000c11e"


class Refused(Exception):
    """A request is not carried out.

    Attributes:
        code: Azure's word for why.
        retry_after_s: When to ask again.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[dict[str, Any]] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.retry_after_s = retry_after_s


def render(refused: Refused, request_id: str) -> Reply:
    """Write an error."""
    error: dict[str, Any] = {"code": refused.code, "message": refused.message}
    if refused.details:
        error["details"] = list(refused.details)
    told = as_json(refused.status, {"error": error})
    more = [("x-ms-request-id", request_id), ("x-ms-failure-cause", "gateway")]
    if refused.retry_after_s is not None:
        more.append(("Retry-After", str(refused.retry_after_s)))
    return Reply(status=told.status, body=told.body, headers=(*told.headers, *more))


def not_found(kind: str, name: str, group: str | None) -> Refused:
    """Say so of a resource."""
    return Refused(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more"
        " details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def group_not_found(name: str) -> Refused:
    """Say so of a resource group."""
    return Refused(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def denied(asked: Asked, request: Request, detail: str | None = None) -> Refused:
    """Say that the caller lacks the permission that a method needs."""
    words = detail or (
        f"The client '{CLIENT}' with object id '{CLIENT}' does not have authorization to perform"
        f" action '{action_of(asked.method)}' over scope '{request.path}' or the scope is invalid."
        " If access was recently granted, please refresh your credentials."
    )
    return Refused(403, "AuthorizationFailed", words)


def befallen(asked: Asked, request: Request, fault: Fault) -> Refused:
    """Say what Azure answers when this befalls a request: THROTTLE, DENY, FAIL or BLIND."""
    match fault.effect:
        case Effect.THROTTLE:
            words = fault.detail or (
                "Number of requests for subscription exceeded the limit of '250' for time interval"
                " '00:00:10'. Please try again after '1' seconds."
            )
            code = "RateLimiting" if asked.service == "microsoft.resourcegraph" else None
            after = max(1, int(fault.delay.total_seconds())) if fault.delay else 0
            return Refused(429, fault.code or code or "TooManyRequests", words, retry_after_s=after)
        case Effect.DENY:
            return denied(asked, request, fault.detail)
        case Effect.BLIND:
            name = request.path.rpartition("/")[2]
            return Refused(404, fault.code or "ResourceNotFound", fault.detail or f"'{name}'")
        case _:
            words = fault.detail or "The server encountered an internal error. Please retry."
            return Refused(500, fault.code or "InternalServerError", words)


def action_of(method: str) -> str:
    """Name the action that a method needs: `microsoft.compute/disks/delete`."""
    kind, _, verb = method.rpartition(".")
    namespace, polled, _ = kind.partition("/operations")
    if polled and method not in _ACTIONS:
        return f"{namespace}/locations/operations/read"
    return _ACTIONS.get(method, f"{kind}/{_VERBS.get(verb, f'{verb}/action')}")


_VERBS = {"get": "read", "list": "read", "put": "write", "patch": "write", "delete": "delete"}
_ACTIONS = {
    "microsoft.resources/resourcegroups.get": (
        "microsoft.resources/subscriptions/resourcegroups/read"
    ),
    "microsoft.resources/resourcegroups.list": (
        "microsoft.resources/subscriptions/resourcegroups/read"
    ),
    "microsoft.resources/resourcegroups.delete": (
        "microsoft.resources/subscriptions/resourcegroups/delete"
    ),
    "microsoft.resources/resources.list": (
        "microsoft.resources/subscriptions/resourcegroups/resources/read"
    ),
    "microsoft.resources/subscriptions.get": "microsoft.resources/subscriptions/read",
    "microsoft.resources/providers.list": "microsoft.resources/subscriptions/providers/read",
    "microsoft.resources/providers.get": "microsoft.resources/subscriptions/providers/read",
    "microsoft.resourcegraph/resources.query": "microsoft.resourcegraph/resources/read",
    "microsoft.resources/operations.get": "microsoft.resources/subscriptions/operationresults/read",
    "microsoft.keyvault/operations.get": "microsoft.keyvault/locations/operationresults/read",
    "microsoft.keyvault/deletedvaults.get": ("microsoft.keyvault/locations/deletedvaults/read"),
    "microsoft.keyvault/deletedvaults.list": "microsoft.keyvault/deletedvaults/read",
    "microsoft.keyvault/deletedvaults.purge": (
        "microsoft.keyvault/locations/deletedvaults/purge/action"
    ),
    "microsoft.compute/disks.endgetaccess": "microsoft.compute/disks/endgetaccess/action",
}
