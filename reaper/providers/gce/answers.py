"""What Google's errors mean: the one place where its codes and sentences are read.

Each service has its own dialect: Compute gives `errors[].reason`, the newer ones `status` and
details. A rate limit is a 403 in Compute, and an API that is not enabled is one everywhere.
https://cloud.google.com/compute/docs/api/errors, https://cloud.google.com/apis/design/errors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from reaper.providers.failures import Incomplete, Unanswered
from reaper.providers.protocol import Answer, Reply

_THROTTLED = frozenset(
    {
        "RATE_LIMIT_EXCEEDED",
        "RESOURCE_OPERATION_RATE_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        "operationRateExceeded",
        "rateLimitExceeded",
        "resourceOperationRateExceeded",
        "userRateLimitExceeded",
    }
)
_DISABLED = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_IN_USE = frozenset(
    {
        "ABORTED",
        "FAILED_PRECONDITION",
        "RESOURCE_IN_USE",
        "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
        "RESOURCE_NOT_READY",
        "conditionNotMet",
        "conflict",
        "resourceInUse",
        "resourceInUseByAnotherResource",
        "resourceNotReady",
    }
)
_PROTECTED = frozenset({"retentionPolicyNotMet"})
_ABSENT = frozenset({"NOT_FOUND", "RESOURCE_NOT_FOUND", "notFound"})
_DENIED = frozenset(
    {"PERMISSION_DENIED", "PERMISSIONS_ERROR", "UNAUTHENTICATED", "forbidden", "authError"}
)
# Sentences by which deletion protection, holds and locks are told from other refusals of the same
# code: «protected against deletion», «is under active Event-Based hold», «Deletion protection».
_PROTECTING = re.compile(
    r"protected against deletion|deletion protection|under active .*hold|retention policy|"
    r"is locked",
    re.IGNORECASE,
)
# «The network resource 'projects/p/global/networks/n' is already being used by
# 'projects/p/global/firewalls/f'»
_USERS = re.compile(r"being used by ((?:'[^']+'(?:,? and |, )?)+)")
_QUOTED = re.compile(r"'([^']+)'")


class GoogleError(Exception):
    """Google refused a call.

    Attributes:
        status: The HTTP status.
        reason: Google's own code, such as `notFound`; empty where it gave none.
        message: Its sentence.
        retry_after_s: When to ask again, where it said so.
    """

    def __init__(
        self, status: int, reason: str, message: str, *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after_s = retry_after_s


# Everything that a call can end in, other than a defect of ours.
CALL_ERRORS = (GoogleError, Unanswered, Incomplete)


def read_error(
    status: int, body: Any, *, text: str = "", retry_after_s: float | None = None
) -> GoogleError:
    """Read an answer that is a refusal."""
    told = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(told, Mapping):
        message = (told if isinstance(told, str) else text)[:300] or "no message"
        return GoogleError(status, "", message, retry_after_s=retry_after_s)
    return GoogleError(
        status, _reason(told), str(told.get("message") or "no message"), retry_after_s=retry_after_s
    )


def _reason(told: Mapping[str, Any]) -> str:
    """The most telling code: of the details, of the list of errors, the status."""
    for detail in told.get("details") or ():
        if isinstance(detail, Mapping) and str(detail.get("@type", "")).endswith("ErrorInfo"):
            return str(detail.get("reason", ""))
    for error in told.get("errors") or ():
        if isinstance(error, Mapping) and error.get("reason"):
            return str(error["reason"])
    return str(told.get("status") or "")


def absent(error: Exception) -> bool:
    """Whether it says that there is no such thing."""
    return isinstance(error, GoogleError) and error.status == HTTPStatus.NOT_FOUND


def disabled(error: Exception) -> bool:
    """Whether it says that the project has not enabled the API."""
    return isinstance(error, GoogleError) and error.reason in _DISABLED


def throttled(error: Exception) -> bool:
    """Whether it means «not now», and that nothing was done."""
    return isinstance(error, GoogleError) and (
        error.status == HTTPStatus.TOO_MANY_REQUESTS
        or (error.status == HTTPStatus.FORBIDDEN and error.reason in _THROTTLED)
    )


def passing(error: Exception) -> bool:
    """Whether a read may be answered if it is asked again."""
    if isinstance(error, Unanswered):
        return True
    return throttled(error) or (
        isinstance(error, GoogleError) and error.status in {500, 502, 503, 504}  # 501 is for good
    )


def denied(error: Exception) -> bool:
    """Whether the permission or the credentials are missing."""
    return (
        isinstance(error, GoogleError)
        and error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        and not throttled(error)
    )


def classify(error: Exception, *, doing: str) -> Answer:
    """Read what became of a deletion that ended in this error.

    A call that may have been carried out is UNCERTAIN, never FAILED.

    Args:
        error: What the call ended in.
        doing: What was tried, for the sentence.
    """
    detail = f"{doing}: {explain(error)}"
    if not isinstance(error, GoogleError):
        if isinstance(error, Unanswered) and error.sent:
            return Answer(reply=Reply.UNCERTAIN, detail=f"{detail}; it may have been carried out")
        return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {detail}")
    if throttled(error):
        return Answer(reply=Reply.THROTTLED, detail=detail, retry_after_s=error.retry_after_s)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Answer(reply=Reply.UNCERTAIN, detail=f"{detail}; it may have been carried out")
    return refusal(error.reason, error.message, detail, status=error.status)


def refusal(reason: str, message: str, detail: str, *, status: int = 0) -> Answer:
    """Read a refusal: of a call, or of a long operation that ended late."""
    if reason in _PROTECTED or _PROTECTING.search(message):
        return Answer(reply=Reply.PROTECTED, detail=detail)
    if reason in _ABSENT or status == HTTPStatus.NOT_FOUND:
        return Answer(reply=Reply.ABSENT, detail=detail)
    if reason in _IN_USE or status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
        return Answer(reply=Reply.IN_USE, detail=detail, blockers=users_in(message))
    if reason in _DENIED or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Answer(reply=Reply.DENIED, detail=detail)
    return Answer(reply=Reply.FAILED, detail=detail)


def users_in(message: str) -> tuple[str, ...]:
    """The paths of what uses the thing, as far as the sentence names them."""
    return tuple(
        path for match in _USERS.finditer(message) for path in _QUOTED.findall(match.group(1))
    )


def explain(error: Exception) -> str:
    """Say what went wrong, in Google's own words where it spoke."""
    if isinstance(error, GoogleError):
        code = error.reason or f"HTTP {error.status}"
        if disabled(error):
            return (
                f"{code}: the project has not enabled this API, so nothing is known of what is "
                "there: enable it, or leave the service out of the place's `services`"
            )
        return f"{code}: {error.message}"
    return str(error) or type(error).__name__
