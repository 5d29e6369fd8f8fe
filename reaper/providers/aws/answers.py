"""What AWS's errors mean: the one place where its codes are read."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProfileNotFound,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from reaper.providers.protocol import Answer, Reply

# Everything that a call can end in, other than a defect of ours.
CALL_ERRORS = (ClientError, BotoCoreError, ResponseParserError)

# AWS names its reading operations so: they change nothing.
READING = ("Describe", "Get", "List", "Search", "Head", "Lookup", "Simulate", "BatchGet")
# Each service has a word of its own; botocore's retries know the same list.
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Client.UnauthorizedOperation",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidToken",
        "KMSAccessDeniedException",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
_IN_USE = frozenset(
    {
        "BucketNotEmpty",
        "CannotDelete",
        "ConflictException",
        "DeleteConflict",
        "DependencyViolation",
        "Gateway.NotAttached",
        "InvalidAddress.Locked",
        "InvalidIPAddress.InUse",
        "InvalidNetworkInterface.InUse",
        "InvalidPlacementGroup.InUse",
        "InvalidSnapshot.InUse",
        "OperationAborted",
        "ResourceInUse",
        "ResourceInUseException",
        "ResourceInUseFault",
        "ScalingActivityInProgress",
        "VolumeInUse",
    }
)
_PROTECTED = frozenset({"OperationNotPermitted", "OperationNotPermittedException"})
# A code that stands for many things: its sentence decides.
_SENTENCES = (
    ("InvalidParameterValue", "currently in use", Reply.IN_USE),
    ("ValidationError", "TerminationProtection", Reply.PROTECTED),
    ("ValidationException", "deletion protection", Reply.PROTECTED),
    ("ValidationException", "Deletion protection", Reply.PROTECTED),
    ("ResourceInUseException", "deletion protection", Reply.PROTECTED),
    ("InvalidParameterValue", "protected from", Reply.PROTECTED),
)


def code_of(error: Exception) -> str:
    """AWS's code; empty where it did not answer in its own words."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def is_any(error: Exception, codes: Iterable[str]) -> bool:
    """Whether the error is one of these: `Code`, or `Code:words that its sentence has`."""
    code, sentence = code_of(error), explain(error)
    return any(
        code == wanted and words in sentence
        for wanted, _, words in (each.partition(":") for each in codes)
    )


def throttled(error: Exception) -> bool:
    """Whether it means «not now»."""
    if code_of(error) in _THROTTLED:
        return True
    return _status(error) in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


def denied(error: Exception) -> bool:
    """Whether the permission or the credentials are missing."""
    if isinstance(error, NoCredentialsError | ProfileNotFound | TokenRetrievalError):
        return True
    return code_of(error) in _DENIED or _status(error) == HTTPStatus.FORBIDDEN


def classify(error: Exception, *, gone: Iterable[str], doing: str) -> Answer:
    """Read what became of a deletion that ended in this error.

    A call that may have been carried out is UNCERTAIN, never FAILED.

    Args:
        error: What the call ended in.
        gone: The codes of «it is not there any more».
        doing: What was tried, for the sentence.
    """
    read = getattr(error, "operation_name", "").startswith(READING)
    detail = f"{doing}: {_step(error, doing)}{explain(error)}"
    if is_any(error, gone):
        return Answer(reply=Reply.ABSENT, detail=detail)
    if throttled(error):
        return Answer(reply=Reply.THROTTLED, detail=detail)
    for code, words, reply in _SENTENCES:
        if is_any(error, (f"{code}:{words}",)):
            return Answer(reply=reply, detail=detail)
    code = code_of(error)
    for codes, reply in (
        (_DENIED, Reply.DENIED),
        (_IN_USE, Reply.IN_USE),
        (_PROTECTED, Reply.PROTECTED),
    ):
        if code in codes:
            return Answer(reply=reply, detail=detail)
    if _not_sent(error):
        return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {detail}")
    unsure = (
        not isinstance(error, ClientError) or _status(error) >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
    if unsure and not read:
        return Answer(reply=Reply.UNCERTAIN, detail=f"{detail}; it may have been carried out")
    return Answer(reply=Reply.FAILED, detail=detail)


def _step(error: Exception, doing: str) -> str:
    """Which call it was, where it was another than what was being done."""
    call = called(error)
    if call is None or call == doing:
        return ""
    action, _, where = call.partition(" in ")
    return f"{action if doing.endswith(f' in {where}') else call}: "


def called(error: Exception) -> str | None:
    """Which call ended in this error: action, region and as whom, as `Api` noted it."""
    return next(iter(getattr(error, "__notes__", ())), None)


def tell(error: Exception) -> str:
    """Say which call went wrong, and what went wrong."""
    call = called(error)
    return explain(error) if call is None else f"{call}: {explain(error)}"


def explain(error: Exception) -> str:
    """Say what went wrong, in AWS's own words where it spoke."""
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        return f"{told.get('Code', 'unknown')}: {told.get('Message') or 'no message'}"
    if isinstance(error, ResponseParserError):
        return "AWS's answer cannot be read"
    return str(error) or type(error).__name__


def _not_sent(error: Exception) -> bool:
    return isinstance(
        error,
        ConnectTimeoutError
        | EndpointConnectionError
        | NoCredentialsError
        | ParamValidationError
        | ProfileNotFound
        | TokenRetrievalError,
    )


def _status(error: Exception) -> int:
    if not isinstance(error, ClientError):
        return 0
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
