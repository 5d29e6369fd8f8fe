"""How Google says no: its two ways to write an error, and what befalls a request in its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.sandbox.faults import Effect, Fault
from reaper.sandbox.kernel.gateway import Asked
from reaper.sandbox.kernel.requests import Reply, Request, as_json

# These write `errors`, each with a `reason`; the others a `status`.
OLDER = frozenset({"compute", "storage"})

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


class Refused(Exception):
    """A request is not carried out.

    Attributes:
        reason: For `errors`, as the older services write them.
        status: For the others; None: what goes with the code.
        details: For the others: `google.rpc` messages.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        status: str | None = None,
        details: tuple[Mapping[str, Any], ...] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.domain = domain
        self.status = status
        self.details = details
        self.more = more or {}


def render(service: str, refused: Refused) -> Reply:
    """Write an error as a service does."""
    error: dict[str, Any] = {"code": refused.code, "message": refused.message}
    if service in OLDER:
        one: dict[str, Any] = {
            "message": refused.message,
            "domain": refused.domain,
            "reason": refused.reason,
        }
        error["errors"] = [{**one, **refused.more}]
    status = refused.status or _STATUS.get(refused.code, "UNKNOWN")
    if service not in OLDER or refused.status:
        error["status"] = status
    if refused.details:
        error["details"] = [dict(each) for each in refused.details]
    return as_json(refused.code, {"error": error})


def not_found(path: str) -> Refused:
    """Say so of a Compute resource."""
    return Refused(404, "notFound", f"The resource '{path}' was not found")


def disabled(service: str, number: str) -> Refused:
    """Say that the project has not enabled the service's API: never an empty list."""
    host = f"{service}.googleapis.com"
    where = f"https://console.developers.google.com/apis/api/{host}/overview?project={number}"
    message = (
        f"{host} has not been used in project {number} before or it is disabled. Enable it by"
        f" visiting {where} then retry. If you enabled this API recently, wait a few minutes for"
        " the action to propagate to our systems and retry."
    )
    return Refused(
        403,
        "accessNotConfigured",
        message,
        domain="usageLimits",
        status="PERMISSION_DENIED",
        details=(
            {
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [
                    {"description": "Google developers console API activation", "url": where}
                ],
            },
            _info("SERVICE_DISABLED", {"consumer": f"projects/{number}", "service": host}),
        ),
        more={"extendedHelp": "https://console.developers.google.com"},
    )


def befallen(asked: Asked, request: Request, fault: Fault) -> Refused:
    """Say what Google answers when this befalls a request: THROTTLE, DENY, FAIL or BLIND."""
    match fault.effect:
        case Effect.THROTTLE:
            return _throttled(asked, fault.detail)
        case Effect.DENY:
            return denied(asked, request, fault.detail)
        case Effect.BLIND:
            return Refused(
                404, "notFound", fault.detail or f"The resource '{_where(request)}' was not found"
            )
        case _:
            words = fault.detail or "Internal error. Please try again or contact Google Support."
            code = 503 if asked.service in OLDER else 500
            return Refused(code, "backendError", words)


def denied(asked: Asked, request: Request, detail: str | None = None) -> Refused:
    """Say that the caller lacks the permission that a method needs."""
    permission, where = permission_of(asked.method), _where(request)
    newer = f"Permission '{permission}' denied on resource '//{where}' (or it may not exist)."
    older = f"Required '{permission}' permission for '{where}'"
    words = older if asked.service in OLDER else newer
    return Refused(403, "forbidden", detail or words)


def _where(request: Request) -> str:
    _, found, path = request.path.partition("/projects/")
    return f"projects/{path}" if found else request.path


def _throttled(asked: Asked, detail: str | None) -> Refused:
    if asked.service == "compute":
        # 403, not 429: https://cloud.google.com/compute/api-quota
        words = detail or "Rate Limit Exceeded"
        return Refused(403, "rateLimitExceeded", words, domain="usageLimits")
    host = f"{asked.service}.googleapis.com"
    words = detail or (
        f"Quota exceeded for quota metric 'Requests' and limit 'Requests per minute' of service"
        f" '{host}' for consumer 'project_number:0'."
    )
    info = _info("RATE_LIMIT_EXCEEDED", {"service": host})
    details = () if asked.service in OLDER else (info,)
    return Refused(429, "rateLimitExceeded", words, domain="usageLimits", details=details)


def permission_of(method: str) -> str:
    """Name the permission that a method needs: `compute.disks.delete` for a regional disk, too."""
    if method == "cloudasset.searchAllResources":
        return "cloudasset.assets.searchAllResources"
    service, *_, noun, verb = method.split(".") if method.count(".") > 1 else (method, "", "")
    service = "resourcemanager" if service == "cloudresourcemanager" else service
    return f"{service}.{_SHARED.get(noun, noun)}.{_ASKING.get(verb, verb)}"


# Verbs that have no permission of their own.
_ASKING = {
    "aggregatedList": "list",
    "listInstances": "list",
    "listManagedInstances": "get",
    "listNetworkEndpoints": "get",
}
# Regional resources whose permissions are the zonal ones'; others have their own.
_SHARED = {
    "regionAutoscalers": "autoscalers",
    "regionDisks": "disks",
    "regionInstanceGroupManagers": "instanceGroupManagers",
    "regionInstanceGroups": "instanceGroups",
    "regionInstanceTemplates": "instanceTemplates",
}


def _info(reason: str, metadata: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": dict(metadata),
    }
