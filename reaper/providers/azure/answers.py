"""What Azure's errors mean: the one place where its codes and sentences are read.

They are told apart by `error.code`, never by the status or the SDK's exception alone: a 409 can be
a lock or something in use, a 404 can mean that the API version is wrong, a late failure comes with
status 200, and a 429 can be about a dependency and not about a limit.
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from reaper.providers.failures import Incomplete, Unanswered
from reaper.providers.protocol import Answer, Reply

_THROTTLED = frozenset(
    {
        "OperationThrottled",
        "RateLimited",
        "RateLimiting",
        "ResourceCollectionRequestsThrottled",
        "ResourceRequestsThrottled",
        "SubscriptionRequestsThrottled",
        "TooManyRequests",
    }
)
_IN_USE = frozenset(
    {
        "AccountIsLocked",  # a storage account whose content is used
        "AnotherOperationInProgress",
        "CannotDeleteResource",
        "Conflict",
        "ConflictingConcurrentWriteNotAllowed",
        "OperationNotAllowed",
        "OperationPreempted",
        "ReferencedResourceNotProvisioned",
        "ResourceGroupBeingDeleted",
        "RetryableError",
        "RetryableErrorDueToAnotherOperation",
    }
)
# «NicInUse», «InUseSubnetCannotBeDeleted», «PublicIPAddressCannotBeDeleted»,
# «CannotDeleteNatGatewayAssociatedToSubnet», «LoadBalancerInUseByVirtualMachineScaleSet»
_IN_USE_FORM = re.compile(r"InUse|CannotBeDeleted|CannotDelete|NotEmpty|AttachedTo")
_PROTECTED = frozenset(
    {
        "DenyAssignmentAuthorizationFailed",
        "RequestDisallowedByPolicy",
        "ScopeLocked",
    }
)
# Sentences by which immutability and purge protection are told from other refusals.
_PROTECTING = re.compile(
    r"immutab|legal hold|purge protection|DeletedVaultPurge' is not allowed|scope\(s\) are locked",
    re.IGNORECASE,
)
_DENIED = frozenset(
    {
        "AuthenticationFailed",
        "AuthorizationFailed",
        "ExpiredAuthenticationToken",
        "Forbidden",
        "InvalidAuthenticationToken",
        "InvalidAuthenticationTokenTenant",
        "LinkedAuthorizationFailed",
        "SubscriptionNotFound",  # also what is said of one that the caller may not see
        "Unauthorized",
    }
)
# Not found, but not the resource: it may well be there.
_ELSEWHERE = frozenset({"SubscriptionNotFound", "TenantNotFound", "ApiVersionNotFound"})
# They say nothing but that something else failed.
_OUTER = frozenset(
    {
        "BadRequest",
        "Conflict",
        "OperationFailed",
        "ResourceGroupDeletionBlocked",
        "ResourceGroupDeletionTimeout",
    }
)
# «… used by existing resource /subscriptions/…», «… attached to VM /subscriptions/…»
_LINK = re.compile(r"/subscriptions/[^\s,;'\"()]+", re.IGNORECASE)


class ArmError(Exception):
    """Azure refused a call.

    Attributes:
        status: The HTTP status.
        code: Azure's own word, such as `NicInUse`; empty where it gave none.
        message: Its sentence.
        details: The codes and sentences of what led to it, the innermost ones.
        retry_after_s: When to ask again, where it said so.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: tuple[tuple[str, str], ...] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.retry_after_s = retry_after_s


class NoCredentials(Unanswered):
    """There are no credentials that can be used, or they are not accepted; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


# Everything that a call can end in, other than a defect of ours.
CALL_ERRORS = (ArmError, Unanswered, Incomplete)


def read_error(
    status: int, body: Any, *, text: str = "", retry_after_s: float | None = None
) -> ArmError:
    """Read an answer that is a refusal: nested in `error`, or not."""
    told = _told(body)
    if told is None:
        return ArmError(status, "", text[:300] or "no message", retry_after_s=retry_after_s)
    return ArmError(
        status,
        str(told.get("code") or ""),
        _sentence(told),
        details=tuple(_details(told)),
        retry_after_s=retry_after_s,
    )


def _told(body: Any) -> Mapping[str, Any] | None:
    if not isinstance(body, Mapping):
        return None
    for key in ("error", "odata.error"):
        if isinstance(body.get(key), Mapping):
            found: Mapping[str, Any] = body[key]
            return found
    return body if "code" in body else None


def _sentence(told: Mapping[str, Any]) -> str:
    message = told.get("message")
    if isinstance(message, Mapping):  # as OData has it
        message = message.get("value")
    return str(message or "no message")


def _details(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The innermost codes: a group's deletion writes each member's error as JSON in a text."""
    for detail in told.get("details") or told.get("Details") or ():
        if not isinstance(detail, Mapping):
            continue
        inner = {str(key).lower(): value for key, value in detail.items()}
        nested = inner
        text = inner.get("message")
        if isinstance(text, str) and text.lstrip().startswith("{"):
            try:
                nested = dict(_told(json.loads(text)) or inner)
            except ValueError:
                nested = inner
        deeper = list(_details(nested))
        if deeper:
            yield from deeper
        elif nested.get("code"):
            yield str(nested["code"]), _sentence(nested)


def absent(error: Exception) -> bool:
    """Whether it says that there is no such resource, or group."""
    return isinstance(error, ArmError) and _says_absent(error.code)


def group_absent(error: Exception) -> bool:
    """Whether it says that the whole group is not there."""
    return isinstance(error, ArmError) and error.code == "ResourceGroupNotFound"


def _says_absent(code: str) -> bool:
    return code.endswith("NotFound") and code not in _ELSEWHERE


def throttled(error: Exception) -> bool:
    """Whether it means «not now», and that nothing was done."""
    return isinstance(error, ArmError) and (
        error.code in _THROTTLED
        or (error.status == HTTPStatus.TOO_MANY_REQUESTS and not _says_in_use(error.code))
    )


def passing(error: Exception) -> bool:
    """Whether a read may be answered if it is asked again."""
    if isinstance(error, Unanswered):
        return not isinstance(error, NoCredentials)
    return throttled(error) or (
        isinstance(error, ArmError) and error.status in {500, 502, 503, 504}  # 501 is for good
    )


def _says_in_use(code: str) -> bool:
    return code in _IN_USE or _IN_USE_FORM.search(code) is not None


def classify(error: Exception, *, doing: str) -> Answer:
    """Read what became of a deletion that ended in this error.

    A call that may have been carried out is UNCERTAIN, never FAILED.

    Args:
        error: What the call ended in.
        doing: What was tried, for the sentence.
    """
    detail = f"{doing}: {explain(error)}"
    if not isinstance(error, ArmError):
        if isinstance(error, Unanswered) and error.sent:
            return Answer(reply=Reply.UNCERTAIN, detail=f"{detail}; it may have been carried out")
        return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {detail}")
    if throttled(error):
        return Answer(reply=Reply.THROTTLED, detail=detail, retry_after_s=error.retry_after_s)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Answer(reply=Reply.UNCERTAIN, detail=f"{detail}; it may have been carried out")
    return refusal(error, doing=doing)


def refusal(error: ArmError, *, doing: str) -> Answer:
    """Read a refusal: of a call, or of a long operation that ended late."""
    told = [(error.code, error.message), *error.details]
    if error.details and error.code in _OUTER:
        told = list(error.details)
    detail = f"{doing}: {explain(error)}"
    if any(code in _PROTECTED or _PROTECTING.search(said) for code, said in told):
        return Answer(reply=Reply.PROTECTED, detail=detail)
    if any(code in _DENIED for code, _ in told):
        return Answer(reply=Reply.DENIED, detail=detail)
    if any(_says_in_use(code) for code, _ in told):
        links = tuple(dict.fromkeys(link for _, said in told for link in links_in(said)))
        return Answer(reply=Reply.IN_USE, detail=detail, blockers=links)
    if all(_says_absent(code) for code, _ in told):
        return Answer(reply=Reply.ABSENT, detail=detail)
    return Answer(reply=Reply.FAILED, detail=detail)


def links_in(message: str) -> tuple[str, ...]:
    """The IDs that a sentence names, as they are written."""
    return tuple(link.rstrip(".") for link in _LINK.findall(message))


def explain(error: Exception) -> str:
    """Say what went wrong, in Azure's own words where it spoke."""
    if isinstance(error, ArmError):
        outer = f"{error.code or f'HTTP {error.status}'}: {error.message}"
        inner = "; ".join(f"{code}: {said}" for code, said in error.details[:3])
        return f"{outer} ({inner})" if inner else outer
    return str(error) or type(error).__name__
