"""How AWS says no: a refusal in each of its protocols, as botocore reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from xml.sax.saxutils import escape

from reaper.sandbox.aws.requests import Protocol, Request
from reaper.sandbox.faults import Effect

_REQUEST_ID = "00000000-0000-4000-8000-000000000000"

_XML = {
    Protocol.EC2: "<Response><Errors><Error>{error}</Error></Errors>"
    f"<RequestID>{_REQUEST_ID}</RequestID></Response>",
    Protocol.QUERY: "<ErrorResponse><Error><Type>Sender</Type>{error}</Error>"
    f"<RequestId>{_REQUEST_ID}</RequestId></ErrorResponse>",
    Protocol.REST_XML: f"<Error>{{error}}<RequestId>{_REQUEST_ID}</RequestId></Error>",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An error as AWS answers it."""

    code: str
    status: HTTPStatus
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer as it goes over the wire."""

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...]
    body: bytes


def refusal(
    request: Request, effect: Effect, message: str | None, code: str | None = None
) -> Refusal:
    """Say what AWS answers when this befalls a request: THROTTLE, DENY or FAIL."""
    usual, status = _answer(request, effect)
    return Refusal(code=code or usual, status=status, message=message or _MESSAGES[effect])


def render(request: Request, refused: Refusal) -> Reply:
    """Write a refusal in the protocol that the request speaks."""
    headers = [("x-amzn-RequestId", _REQUEST_ID)]
    if request.protocol in _XML:
        error = f"<Code>{escape(refused.code)}</Code><Message>{escape(refused.message)}</Message>"
        headers.append(("Content-Type", "text/xml"))
        text = '<?xml version="1.0" encoding="UTF-8"?>' + _XML[request.protocol].format(error=error)
    else:
        rest = request.protocol is Protocol.REST_JSON
        headers.append(
            ("Content-Type", "application/json" if rest else "application/x-amz-json-1.1")
        )
        headers.append(("x-amzn-ErrorType", refused.code))
        text = json.dumps({"__type": refused.code, "message": refused.message})
    return Reply(status=refused.status, headers=tuple(headers), body=text.encode())


_MESSAGES = {
    Effect.THROTTLE: "Rate exceeded",
    Effect.DENY: "The caller is not authorized to perform this operation",
    Effect.FAIL: "An internal error has occurred",
}


def _answer(request: Request, effect: Effect) -> tuple[str, HTTPStatus]:
    by_service = _OF_SERVICE.get((request.service, effect))
    return by_service or _OF_PROTOCOL[request.protocol, effect]


_OF_SERVICE = {
    ("tag", Effect.THROTTLE): ("ThrottledException", HTTPStatus.BAD_REQUEST),
}

_OF_PROTOCOL = {
    (Protocol.EC2, Effect.THROTTLE): ("RequestLimitExceeded", HTTPStatus.SERVICE_UNAVAILABLE),
    (Protocol.QUERY, Effect.THROTTLE): ("Throttling", HTTPStatus.BAD_REQUEST),
    (Protocol.JSON, Effect.THROTTLE): ("ThrottlingException", HTTPStatus.BAD_REQUEST),
    (Protocol.REST_JSON, Effect.THROTTLE): (
        "TooManyRequestsException",
        HTTPStatus.TOO_MANY_REQUESTS,
    ),
    (Protocol.REST_XML, Effect.THROTTLE): ("SlowDown", HTTPStatus.SERVICE_UNAVAILABLE),
    (Protocol.EC2, Effect.DENY): ("UnauthorizedOperation", HTTPStatus.FORBIDDEN),
    (Protocol.QUERY, Effect.DENY): ("AccessDenied", HTTPStatus.FORBIDDEN),
    (Protocol.JSON, Effect.DENY): ("AccessDeniedException", HTTPStatus.BAD_REQUEST),
    (Protocol.REST_JSON, Effect.DENY): ("AccessDeniedException", HTTPStatus.FORBIDDEN),
    (Protocol.REST_XML, Effect.DENY): ("AccessDenied", HTTPStatus.FORBIDDEN),
} | {
    (protocol, Effect.FAIL): ("InternalError", HTTPStatus.INTERNAL_SERVER_ERROR)
    for protocol in Protocol
}
