"""What every sandbox of these emulators is: served on loopback, befallen by faults, emptied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from threading import RLock
from typing import ClassVar, Protocol, Self

from reaper.clock import Clock
from reaper.sandbox.faults import FaultInjector
from reaper.sandbox.kernel.gateway import Cloud, Gateway
from reaper.sandbox.kernel.requests import RequestLog
from reaper.sandbox.kernel.serving import serve


class Checked(Cloud, Protocol):
    """A cloud before another one, that notes what does not conform."""

    violations: list[str]


class Sandbox(ABC):
    """An emulated cloud; a context manager that serves it on 127.0.0.1.

    Args:
        cloud: What is served.
        check: What stands before it in strict mode; None: nothing.
    """

    called: ClassVar[str]
    """The name of its thread."""

    def __init__(
        self,
        cloud: Cloud,
        *,
        check: Callable[[Cloud], Checked] | None,
        port: int,
        latency_s: float,
        faults: FaultInjector | None,
        clock: Clock,
    ) -> None:
        self.endpoint = ""
        self.faults = faults or FaultInjector()
        self.requests = RequestLog()
        self.latency_s = latency_s
        self._port = port
        self._clock = clock
        self._lock = RLock()
        self._exit = ExitStack()
        self._cloud = cloud
        self.violations: list[str] = []
        if check is not None:
            self._cloud = checked = check(cloud)
            self.violations = checked.violations

    def __enter__(self) -> Self:
        gateway = Gateway(
            self._cloud,
            faults=self.faults,
            requests=self.requests,
            lock=self._lock,
            clock=self._clock,
            latency_s=lambda: self.latency_s,
        )
        with ExitStack() as exits:
            self.endpoint = serve(gateway, port=self._port, name=self.called, exits=exits)
            self._exit = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def reset(self) -> None:
        """Empty the world, disarm the faults, and forget the lags and what was asked."""
        with self._lock:
            self.empty()
        self.faults.clear()
        self.requests.reset()
        self.violations.clear()

    @abstractmethod
    def empty(self) -> None:
        """Let nothing be there but what always is; under the lock."""
