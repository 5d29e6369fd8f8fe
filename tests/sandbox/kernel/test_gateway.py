"""Requests reach a cloud over HTTP, or do not, as the faults will."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, RemoteDisconnected
from threading import RLock
from urllib.parse import urlsplit

import pytest

from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.faults import Effect, Fault, FaultInjector, Operation, always, once
from reaper.sandbox.kernel.gateway import Asked, Gateway, Strike
from reaper.sandbox.kernel.requests import Reply, Request, RequestLog, as_json
from reaper.sandbox.kernel.serving import serve


class Echo:
    """A cloud that says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def recognise(self, request: Request) -> Asked:
        return Asked(
            service="echo", method="echo.read", operation=Operation.READ, scope=request.path
        )

    def refuse(self, asked: Asked, request: Request, fault: Fault) -> Reply:
        return as_json(400, {"no": fault.effect.value})

    def answer(self, asked: Asked, request: Request, strike: Strike) -> Reply:
        if request.path == "/stumble":
            raise KeyError("a stone")
        self.asked.append(request.path)
        said = {
            "method": request.method,
            "query": {name: list(values) for name, values in request.query.items()},
            "last": request.parameter("a", "none"),
            "body": request.body.decode(),
            "partial": strike(Effect.PARTIAL) is not None,
        }
        return as_json(200, said)

    def beyond(self, asked: Asked, error: Exception) -> Reply:
        return as_json(501, {"beyond": str(error)})


class Caller:
    """A client that keeps its connection."""

    def __init__(self, endpoint: str, echo: Echo, faults: FaultInjector) -> None:
        self.echo = echo
        self.faults = faults
        self.log = RequestLog()
        self.clock = VirtualClock()
        self.connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=10)

    def ask(self, path: str, method: str = "GET", body: str | None = None) -> tuple[int, object]:
        self.connection.request(method, path, body)
        with self.connection.getresponse() as response:
            text = response.read()
            return response.status, json.loads(text) if text else None


@contextmanager
def _calling() -> Iterator[Caller]:
    faults, echo, clock, log = FaultInjector(), Echo(), VirtualClock(), RequestLog()
    gateway = Gateway(
        echo, faults=faults, requests=log, lock=RLock(), clock=clock, latency_s=lambda: 0.5
    )
    with ExitStack() as exits:
        endpoint = serve(gateway, port=0, name="echo", exits=exits)
        caller = Caller(endpoint, echo, faults)
        caller.log, caller.clock = log, clock
        exits.callback(caller.connection.close)
        yield caller


@pytest.fixture
def caller() -> Iterator[Caller]:
    with _calling() as calling:
        yield calling


def test_a_request_arrives_whole(caller: Caller) -> None:
    assert caller.ask("/x?a=1&a=2&b=", "POST", "hello") == (
        200,
        {
            "method": "POST",
            "query": {"a": ["1", "2"], "b": [""]},
            "last": "2",
            "body": "hello",
            "partial": False,
        },
    )


def test_a_head_is_answered_without_a_body(caller: Caller) -> None:
    assert caller.ask("/x", "HEAD") == (200, None)
    assert caller.ask("/x")[0] == 200


def test_requests_are_counted_and_take_their_time(caller: Caller) -> None:
    caller.faults.add(once(Effect.SLOW, Operation.READ))
    for _ in range(2):
        caller.ask("/x")

    assert caller.log.counts == {("/x", "echo", "echo.read"): 2}
    assert caller.log.count(operation="echo.read") == caller.log.count(service="echo") == 2
    assert caller.log.count(service="other") == 0
    assert caller.clock.elapsed() == 1.0
    caller.log.reset()
    assert caller.log.total == 0


@pytest.mark.parametrize("effect", [Effect.THROTTLE, Effect.DENY, Effect.FAIL, Effect.BLIND])
def test_a_call_that_is_refused_is_not_carried_out(caller: Caller, effect: Effect) -> None:
    caller.faults.add(once(effect, Operation.READ))

    assert caller.ask("/x") == (400, {"no": effect.value})

    assert caller.echo.asked == []


@pytest.mark.parametrize(("effect", "done"), [(Effect.UNSENT, []), (Effect.LOST, ["/x"])])
def test_a_connection_breaks(caller: Caller, effect: Effect, done: list[str]) -> None:
    caller.faults.add(once(effect, Operation.READ))

    with pytest.raises(RemoteDisconnected):
        caller.ask("/x")

    assert caller.echo.asked == done
    assert caller.ask("/y")[0] == 200


def test_a_cloud_asks_for_the_faults_it_can_act_on(caller: Caller) -> None:
    caller.faults.add(always(Effect.PARTIAL, Operation.READ))

    _, said = caller.ask("/x")

    assert isinstance(said, dict)
    assert said["partial"]


def test_what_the_emulator_stumbles_over_is_said(caller: Caller) -> None:
    assert caller.ask("/stumble") == (501, {"beyond": "'a stone'"})


def test_the_end_breaks_connections_that_are_kept_open() -> None:
    with _calling() as caller:
        caller.ask("/x")
        kept = caller.connection.sock

    assert kept.fileno() == -1 or kept.recv(1) == b""
