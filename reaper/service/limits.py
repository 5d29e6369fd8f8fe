"""What a request may cost: the size of its body, and how many come from one bearer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reaper.service.problems import Problem

MOST_BYTES = 1 << 20  # a thousand journal entries are half of it
_MOST_BUCKETS = 10_000


class TooLarge(Exception):
    """The body went on beyond what is taken."""


class BodyLimit:
    """Refuses bodies beyond a size, also those that do not announce it."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and count what it brings."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        problem = Problem(
            413, "too-large", f"a body may have {self._most} bytes; send less at once"
        )
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._most:
            await problem.response()(scope, receive, send)
            return
        taken, begun = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal begun
            if taken > self._most and not begun:
                return  # what the application makes of the broken body is not the answer
            begun = True
            await send(message)

        with suppress(TooLarge):
            await self._app(scope, counted, watched)
        if taken > self._most and not begun:
            await problem.response()(scope, receive, send)


class Rate:
    """Buckets that fill by so many tokens a second, up to twice that; one for each name."""

    def __init__(self, per_second: float, elapsed: Callable[[], float]) -> None:
        self._rate = per_second
        self._most = 2 * per_second
        self._elapsed = elapsed
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._turn = threading.Lock()

    def take(self, name: str) -> float | None:
        """Take one; None: there was one. Otherwise in how many seconds there will be."""
        with self._turn:
            now = self._elapsed()
            left, at = self._buckets.pop(name, (self._most, now))
            left = min(self._most, left + max(0.0, now - at) * self._rate)
            enough = left >= 1
            self._buckets[name] = (left - 1 if enough else left, now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
            return None if enough else (1 - left) / self._rate
