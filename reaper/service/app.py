"""The API as one application: its routes, its errors, and its description."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reaper.errors import ReaperError
from reaper.service import control, resources, runs
from reaper.service.asking import Backed
from reaper.service.backend import Backend
from reaper.service.bearers import Bearers
from reaper.service.limits import BodyLimit
from reaper.service.metrics import Metrics
from reaper.service.problems import Problem, problem_of
from reaper.service.pulse import Pulse
from reaper.service.told import Health, ProblemTold

log = structlog.get_logger()

_THREADS = 12  # fewer than the ledger has connections, so that none waits for one
_KINDS = {404: "not-found", 405: "method", 400: "invalid"}

watching = APIRouter(tags=["watching"])


def build(backend: Backend) -> FastAPI:
    """Put the API together."""
    app = FastAPI(
        title="reaper",
        version="1",
        summary="The registry of runs, and the operator's words to a daemon.",
        lifespan=_limited,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.state.backend = backend
    app.state.pulse = Pulse(backend.ledger, backend.minters)
    app.state.bearers = Bearers(
        backend.ledger,
        backend.clock.elapsed,
        requests_per_second=backend.config.daemon.requests_per_second,
    )
    for part in (runs, resources, control):
        app.include_router(part.router)
    app.include_router(watching)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(ReaperError, _error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _defect)
    app.add_middleware(BodyLimit)
    app.add_middleware(Counted, metrics=backend.metrics)
    _describe_problems(app)
    return app


@watching.get("/healthz", response_model=Health, responses={503: {"model": Health}})
def healthz(backend: Backed) -> JSONResponse:
    """Tell whether the process is well; where it is not, start it anew."""
    return _health(backend.sweeping.sick())


@watching.get("/readyz", response_model=Health, responses={503: {"model": Health}})
def readyz(backend: Backed) -> JSONResponse:
    """Tell whether beats are taken and sweeps are begun."""
    return _health(backend.sweeping.sick() or backend.sweeping.unready())


@watching.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(backend: Backed) -> Response:
    """Tell Prometheus."""
    text = generate_latest(backend.metrics.registry)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


class Counted:
    """Counts requests, and how long each took, by the route's template."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            # What has no route is one series, whatever was asked.
            route = getattr(scope.get("route"), "path", "")
            method = scope["method"] if route else ""
            self._metrics.requests.labels(method, route, str(status)).inc()
            self._metrics.request_seconds.labels(route).observe(time.perf_counter() - began)


@asynccontextmanager
async def _limited(_app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = _THREADS
    yield


def _health(problem: str | None) -> JSONResponse:
    status = 200 if problem is None else 503
    return JSONResponse({"ok": problem is None, "problem": problem}, status_code=status)


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ReaperError)
    problem = problem_of(error)
    if problem.status >= 500:  # noqa: PLR2004 - HTTP's number
        log.error("request failed", kind=problem.kind, reason=problem.detail)
    return problem.response()


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"where": ".".join(str(part) for part in each["loc"]), "what": str(each["msg"])}
        for each in error.errors()
    ]
    detail = "; ".join(f"{each['where']}: {each['what']}" for each in errors)
    return Problem(422, "invalid", detail, errors=errors).response()


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = _KINDS.get(error.status_code, "invalid")
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return Problem(error.status_code, kind, detail, headers=error.headers).response()


async def _defect(request: Request, error: Exception) -> Response:
    log.error("request broke", path=request.url.path, exc_info=error)
    detail = f"the request broke ({type(error).__name__}); the daemon's log has more"
    return Problem(500, "defect", detail).response()


def _describe_problems(app: FastAPI) -> None:
    """Add what all errors look like to the description."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            content = made()
            content["components"]["schemas"]["Problem"] = ProblemTold.model_json_schema()
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's manual says to extend it
