"""How OCI says no, and what befalls a request in its words."""

from __future__ import annotations

from reaper.sandbox.faults import Effect, Fault
from reaper.sandbox.kernel.requests import Reply, as_json

NOT_SERVED = 501
_NOT_THERE = "Authorization failed or requested resource not found"


class Refused(Exception):
    """A request is not carried out.

    Attributes:
        status: Of HTTP.
        code: OCI's own.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def render(refused: Refused, request_id: str) -> Reply:
    """Write an error as every service does."""
    reply = as_json(refused.status, {"code": refused.code, "message": refused.message})
    headers = (*reply.headers, ("opc-request-id", request_id))
    return Reply(status=reply.status, body=reply.body, headers=headers)


def not_found(what: str = "") -> Refused:
    """Say that it is not there, or not allowed: OCI does not tell these apart."""
    return Refused(404, "NotAuthorizedOrNotFound", f"{_NOT_THERE}. {what}".strip())


def not_served(method: str, path: str) -> Refused:
    """Say that OCI may do this, and the sandbox does not."""
    return Refused(NOT_SERVED, "NotImplemented", f"The sandbox does not serve {method} {path}")


def befallen(fault: Fault) -> Refused:
    """Say what a fault does: a missing permission looks like a missing thing."""
    if fault.effect is Effect.THROTTLE:
        return Refused(
            429, fault.code or "TooManyRequests", fault.detail or "Too many requests for the user"
        )
    if fault.effect in {Effect.DENY, Effect.BLIND}:
        return not_found(fault.detail or "")
    code = fault.code or "InternalServerError"
    return Refused(500, code, fault.detail or "Out of host capacity or an internal error.")
