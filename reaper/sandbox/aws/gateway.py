"""The way to moto: each request is counted, delayed and befallen by faults before it gets there."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from datetime import timedelta
from http import HTTPStatus
from threading import RLock
from typing import Any, NoReturn

import structlog

from reaper.sandbox.aws.dialects import Refusal, Reply, refusal, render
from reaper.sandbox.aws.refusing import Denied
from reaper.sandbox.aws.requests import Request, read
from reaper.sandbox.aws.strict.authorization import refused_dry_run
from reaper.sandbox.aws.strict.indexing import observe
from reaper.sandbox.aws.timetable import TIMETABLE, Sight, late, sight
from reaper.sandbox.faults import Call, Effect, FaultInjector, Operation
from reaper.sandbox.kernel.requests import RequestLog

log = structlog.get_logger()

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
App = Callable[[dict[str, Any], Any], Iterable[bytes]]

_BEFORE = (Effect.UNSENT, Effect.THROTTLE, Effect.DENY, Effect.FAIL)

# AWS says so of a call that it would carry out, and moto of only some.
_DRY_RUN = Refusal(
    code="DryRunOperation",
    status=HTTPStatus.PRECONDITION_FAILED,
    message="Request would have succeeded, but DryRun flag is set.",
)

_OF_INDEXES = frozenset({Effect.LAG, Effect.GHOST})

_INDEXES = frozenset({"tag:GetResources", "ec2:DescribeTags"})
_READS = re.compile(r"(BatchGet|Describe|Get|Head|List|Lookup|Query|Scan|Search|Simulate)")
_DELETES = re.compile(
    r"(Abort|Cancel|Delete|Deregister|Detach|Disable|Disassociate|Purge|Release|Remove|Revoke"
    r"|Schedule|Terminate|Unsubscribe|Untag)"
)


class Gateway:
    """A WSGI application in front of moto's.

    What faults do: THROTTLE, DENY and FAIL answer with AWS's error and do nothing; UNSENT closes
    the connection instead; LOST carries the call out and closes the connection; SLOW lets `delay`
    pass first; LATE is left to what carries the call out (`late`). LAG and GHOST let the indexes
    hear late of what is new or re-tagged, and of what is gone; of what happened before such a fault
    was armed they know.

    moto carries out one call at a time, as its data know no locks.

    Attributes:
        enforcing: Callers may do only what their policies allow, also in dry runs.

    Args:
        lock: Held while moto carries a call out.
        pause: Lets seconds pass.
        latency_s: Tells what each call takes at least.
    """

    def __init__(
        self,
        app: App,
        *,
        account: str,
        faults: FaultInjector,
        requests: RequestLog,
        lock: RLock,
        pause: Callable[[float], None],
        latency_s: Callable[[], float],
    ) -> None:
        self._app = app
        self._account = account
        self._faults = faults
        self._requests = requests
        self._lock = lock
        self._pause = pause
        self._latency_s = latency_s
        self.enforcing = False

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, or close its connection."""
        request = read(environ)
        self._requests.add(
            place=request.region, service=request.service, operation=request.operation
        )
        if latency_s := self._latency_s():
            self._pause(latency_s)
        reply = self._answer(request, environ)
        if reply is None:
            _hang_up(environ)
        start_response(f"{reply.status.value} {reply.status.phrase}", list(reply.headers))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]

    def _answer(self, request: Request, environ: dict[str, Any]) -> Reply | None:
        call = as_call(request, self._account)
        if slow := self._faults.strike(call, Effect.SLOW):
            self._pause(slow.delay.total_seconds())
        if fault := self._faults.strike(call, *_BEFORE):
            if fault.effect is Effect.UNSENT:
                return None
            return render(request, refusal(request, fault.effect, fault.detail, fault.code))
        if request.dry_run:
            return self._rehearse(request)
        later = late.set(self._faults.strike(call, Effect.LATE))
        seeing = sight.set(self._sight(call))
        try:
            reply = self._carry_out(call, request, environ)
        finally:
            late.reset(later)
            sight.reset(seeing)
        return None if self._faults.strike(call, Effect.LOST) else reply

    def _rehearse(self, request: Request) -> Reply:
        """Say whether a dry run would be allowed: it would, unless policies are enforced."""
        with self._lock:
            why = refused_dry_run(self._account, request) if self.enforcing else None
        return render(request, _DRY_RUN if why is None else refusal(request, Effect.DENY, why))

    def _sight(self, call: Call) -> Sight | None:
        lag = self._faults.strike(call, Effect.LAG)
        ghost = self._faults.strike(call, Effect.GHOST)
        if lag is None and ghost is None:
            return None
        return Sight(
            lag=lag.delay if lag else timedelta(0), ghost=ghost.delay if ghost else timedelta(0)
        )

    def _observe(self, call: Call) -> None:
        """Keep the index's history, which costs the reading of the whole region each time."""
        changes = call.operation in {Operation.CREATE, Operation.DELETE}
        if changes and any(fault.effect in _OF_INDEXES for fault in self._faults.armed):
            observe(*call.scope.split("/", 1))

    def _carry_out(self, call: Call, request: Request, environ: dict[str, Any]) -> Reply:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            started.append((status, headers))

        try:
            with self._lock:
                TIMETABLE.settle()
                self._observe(call)
                body = b"".join(self._app(environ, start))
                self._observe(call)
        except Denied as error:
            return render(request, refusal(request, Effect.DENY, str(error)))
        except NotImplementedError as error:
            return _beyond(request, error)
        except Exception as error:  # the top of the job: whatever moto stumbles over
            log.exception("moto stumbled", asked=f"{request.service}:{request.operation}")
            return _beyond(request, error)
        status, headers = started[-1]
        return Reply(status=HTTPStatus(int(status.split()[0])), headers=tuple(headers), body=body)


def as_call(request: Request, account: str) -> Call:
    """Say what a request is to the fault injector.

    `id` is the text of the whole request, so that a glob like `*sg-1*` finds what is in it.
    """
    kind = f"{request.service}:{request.operation}"
    return Call(
        operation=operation(kind),
        kind=kind,
        scope=f"{account}/{request.region}",
        id=request.text,
    )


def operation(kind: str) -> Operation:
    """Tell what sort of call a `service:Operation` is."""
    name = kind.partition(":")[2]
    if kind == "sts:GetCallerIdentity":
        return Operation.IDENTITY
    if kind in _INDEXES:
        return Operation.INDEX
    if _READS.match(name):
        return Operation.READ
    if _DELETES.match(name):
        return Operation.DELETE
    return Operation.CREATE


def _beyond(request: Request, error: Exception) -> Reply:
    """Say in AWS's words what moto only raises: that it cannot do this."""
    message = (
        f"The sandbox cannot carry out {request.service}:{request.operation}"
        f" ({type(error).__name__}: {error})"
    )
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return render(request, Refusal(code="InternalFailure", status=status, message=message))


def _hang_up(environ: dict[str, Any]) -> NoReturn:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    # The server takes this for a client that went away, and says nothing more.
    raise ConnectionAbortedError
