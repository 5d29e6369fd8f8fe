"""The way into an emulated cloud: each request is counted, delayed and befallen by faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from typing import Protocol

import structlog

from reaper.clock import Clock
from reaper.sandbox.faults import Call, Effect, Fault, FaultInjector, Operation
from reaper.sandbox.kernel.requests import Reply, Request, RequestLog

log = structlog.get_logger()

_BEFORE = (Effect.UNSENT, Effect.THROTTLE, Effect.DENY, Effect.FAIL, Effect.BLIND)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a request asks for.

    Attributes:
        method: As the cloud's own documents call it; it begins with the service's name.
        operation: What sort of call that is.
        scope: Where: as narrow as the request says.
    """

    service: str
    method: str
    operation: Operation
    scope: str


# Tells the fault that befalls the call in hand by one of these effects, if any.
Strike = Callable[..., Fault | None]


class Cloud(Protocol):
    """What a cloud brings."""

    def recognise(self, request: Request) -> Asked:
        """Tell what a request asks for."""

    def refuse(self, asked: Asked, request: Request, fault: Fault) -> Reply:
        """Say in the cloud's words that this befell it: THROTTLE, DENY, FAIL or BLIND."""

    def answer(self, asked: Asked, request: Request, strike: Strike) -> Reply:
        """Carry a request out, with whatever faults befall that."""

    def beyond(self, asked: Asked, error: Exception) -> Reply:
        """Say in the cloud's words that the emulator cannot do this."""


class Gateway:
    """In front of a cloud.

    What faults do: THROTTLE, DENY, FAIL and BLIND answer with the cloud's error and do nothing;
    UNSENT closes the connection instead; LOST carries the call out and closes the connection; SLOW
    lets `delay` pass first. The others are left to the cloud.

    Requests are carried out one at a time.

    Args:
        lock: Held while a request is carried out.
        latency_s: Tells what each call takes at least.
    """

    def __init__(
        self,
        cloud: Cloud,
        *,
        faults: FaultInjector,
        requests: RequestLog,
        lock: RLock,
        clock: Clock,
        latency_s: Callable[[], float],
    ) -> None:
        self._cloud = cloud
        self._faults = faults
        self._requests = requests
        self._lock = lock
        self._clock = clock
        self._latency_s = latency_s

    def __call__(self, request: Request) -> Reply | None:
        """Answer one request; None: its connection breaks."""
        asked = self._cloud.recognise(request)
        self._requests.add(place=asked.scope, service=asked.service, operation=asked.method)
        if latency_s := self._latency_s():
            self._clock.sleep(latency_s)
        call = Call(
            operation=asked.operation, kind=asked.method, scope=asked.scope, id=request.text
        )
        if slow := self._faults.strike(call, Effect.SLOW):
            self._clock.sleep(slow.delay.total_seconds())
        if fault := self._faults.strike(call, *_BEFORE):
            return None if fault.effect is Effect.UNSENT else self._refuse(asked, request, fault)
        reply = self._carry_out(asked, request, call)
        return None if self._faults.strike(call, Effect.LOST) else reply

    def _refuse(self, asked: Asked, request: Request, fault: Fault) -> Reply:
        with self._lock:
            return self._cloud.refuse(asked, request, fault)

    def _carry_out(self, asked: Asked, request: Request, call: Call) -> Reply:
        def strike(*effects: Effect) -> Fault | None:
            return self._faults.strike(call, *effects)

        try:
            with self._lock:
                return self._cloud.answer(asked, request, strike)
        except Exception as error:  # the top of the job: whatever the emulator stumbles over
            log.exception("the emulator stumbled", asked=asked.method, path=request.path)
            return self._cloud.beyond(asked, error)
