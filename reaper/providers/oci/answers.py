"""What OCI's errors mean: the one place where its codes and sentences are read.

A 404 means «not there, or not allowed»: by itself it proves nothing.
https://docs.oracle.com/iaas/Content/API/References/apierrors.htm
"""

from __future__ import annotations

import re
from http import HTTPStatus

from reaper.providers.failures import Unanswered
from reaper.providers.protocol import Answer, Reply

_IN_USE = frozenset(
    {
        "BucketNotEmpty",
        "Conflict",
        "IncorrectState",
        "InvalidatedRetryToken",
        "NoEtagMatch",
        "NotEmpty",
        "ResourceInUse",
    }
)
# Sentences by which protection is told from other refusals of the same code.
_PROTECTING = re.compile(
    r"delete protection|deletion protection|retention (?:lock|rule|period)|resource lock|is locked",
    re.IGNORECASE,
)
# «The Subnet ocid1.subnet… references the VNIC ocid1.vnic…», «… is in use by ocid1.…»
_USERS = re.compile(r"(?:references the [\w ]+?|in use by) (ocid1\.[\w.-]+)")


class OciError(Exception):
    """OCI refused a call.

    Attributes:
        status: The HTTP status.
        code: OCI's own code, such as `NotAuthorizedOrNotFound`.
        message: Its sentence.
        retry_after_s: When to ask again, where it said so: it seldom does.
    """

    def __init__(
        self, status: int, code: str, message: str, *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s


# Everything that a call can end in, other than a defect of ours.
CALL_ERRORS = (OciError, Unanswered)


def absent(error: Exception) -> bool:
    """Whether it says that there is no such thing, or that we may not know of it."""
    return isinstance(error, OciError) and error.status == HTTPStatus.NOT_FOUND


def throttled(error: Exception) -> bool:
    """Whether it means «not now», and that nothing was done."""
    return isinstance(error, OciError) and error.status == HTTPStatus.TOO_MANY_REQUESTS


def passing(error: Exception) -> bool:
    """Whether a read may be answered if it is asked again."""
    if isinstance(error, Unanswered):
        return error.sent
    return throttled(error) or (
        isinstance(error, OciError) and error.status in {500, 502, 503, 504}  # 501 is for good
    )


def classify(error: Exception, *, doing: str) -> Answer:
    """Read what became of a deletion that ended in this error.

    A call that may have been carried out is UNCERTAIN, never FAILED. A 404 is DENIED: whether
    there is nothing any more, a read says that has a positive control.

    Args:
        error: What the call ended in.
        doing: What was tried, for the sentence.
    """
    detail = f"{doing}: {explain(error)}"
    if not isinstance(error, OciError):
        if isinstance(error, Unanswered) and error.sent:
            return Answer(reply=Reply.UNCERTAIN, detail=f"{detail}; it may have been carried out")
        return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {detail}")
    if throttled(error):
        return Answer(reply=Reply.THROTTLED, detail=detail, retry_after_s=error.retry_after_s)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Answer(reply=Reply.UNCERTAIN, detail=f"{detail}; it may have been carried out")
    return refusal(error.code, error.message, detail, status=error.status)


def refusal(code: str, message: str, detail: str, *, status: int = 0) -> Answer:
    """Read a refusal: of a call, or of a work request that ended late."""
    if _PROTECTING.search(message) or code == "RetentionRuleActive":
        return Answer(reply=Reply.PROTECTED, detail=detail)
    if code in _IN_USE or status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
        return Answer(reply=Reply.IN_USE, detail=detail, blockers=users_in(message))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return Answer(reply=Reply.DENIED, detail=detail)
    return Answer(reply=Reply.FAILED, detail=detail)


def users_in(message: str) -> tuple[str, ...]:
    """The OCIDs of what uses the thing, as far as the sentence names them."""
    return tuple(match[1].rstrip(".") for match in _USERS.finditer(message))


def explain(error: Exception) -> str:
    """Say what went wrong, in OCI's own words where it spoke."""
    if isinstance(error, OciError):
        return f"{error.code or f'HTTP {error.status}'}: {error.message}"
    return str(error) or type(error).__name__
