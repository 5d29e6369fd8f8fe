"""What every route has in common: who may ask, and which errors it may answer with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from reaper.ledger import Role
from reaper.service.backend import Backend
from reaper.service.bearers import Bearer, Bearers
from reaper.service.problems import MEDIA_TYPE, Problem
from reaper.service.pulse import Pulse

# For the description only: the header is read by `Bearers`.
_SCHEME = HTTPBearer(scheme_name="token", description="reaper token add", auto_error=False)

_DESCRIPTIONS: Mapping[int, str] = {
    400: "The body is no JSON",
    401: "No good token was sent",
    403: "The token does not allow this",
    404: "It is not known here",
    405: "The method is not allowed here",
    409: "It does not fit how things are",
    410: "The run is over: nothing more may be created under it",
    413: "The body is too large",
    422: "The request makes no sense",
    429: "Too many requests; `Retry-After` says when to try again",
    503: "The ledger does not answer; `Retry-After` says when to try again",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors of a route: these, and those that every route can answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in sorted({400, 401, 403, 405, 413, 422, 429, 503, *statuses})
    }


def backend_of(request: Request) -> Backend:
    """Give the route what the API works with."""
    backend: Backend = request.app.state.backend
    return backend


def pulse_of(request: Request) -> Pulse:
    """Give the route what takes beats."""
    pulse: Pulse = request.app.state.pulse
    return pulse


def _asker(*roles: Role) -> Callable[[Request, Any], Awaitable[Bearer]]:
    async def asker(request: Request, _shown: Annotated[Any, Depends(_SCHEME)]) -> Bearer:
        bearers: Bearers = request.app.state.bearers
        address = request.client.host if request.client else ""
        authorization = request.headers.get("authorization")
        bearer = bearers.known(authorization)
        if bearer is None:
            bearer = await run_in_threadpool(bearers.bearer, authorization, address)
        if not any(bearer.may(role) for role in roles):
            wanted = " or ".join(role.value for role in roles)
            raise Problem(
                403,
                "forbidden",
                f"{bearer.name} has the role {bearer.token.role.value}, and this wants {wanted}",
            )
        return bearer

    return asker


Backed = Annotated[Backend, Depends(backend_of)]
Beating = Annotated[Pulse, Depends(pulse_of)]
ByFixture = Annotated[Bearer, Depends(_asker(Role.FIXTURE))]
ByViewer = Annotated[Bearer, Depends(_asker(Role.VIEWER))]
ByOperator = Annotated[Bearer, Depends(_asker(Role.OPERATOR))]
ByAnybody = Annotated[Bearer, Depends(_asker(Role.FIXTURE, Role.VIEWER))]
