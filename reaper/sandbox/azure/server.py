"""The server: the emulator in this process, on loopback, for as long as it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from threading import RLock
from typing import Self

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.sandbox.azure.arm.rules import RULES
from reaper.sandbox.azure.cloud import AzureCloud
from reaper.sandbox.azure.estate import Estate
from reaper.sandbox.azure.strict import StrictCloud
from reaper.sandbox.faults import FaultInjector
from reaper.sandbox.kernel.gateway import Cloud, Gateway
from reaper.sandbox.kernel.requests import RequestLog
from reaper.sandbox.kernel.serving import serve

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


class AzureSandbox:
    """An emulated Azure; a context manager that serves it on 127.0.0.1.

    Any credentials will do, or none. There may be several sandboxes in a process.

    Attributes:
        endpoint: Its URL, while it runs.
        subscriptions: The IDs of its subscriptions.
        tenant: The ID of their tenant.
        faults: What goes wrong: `Call.kind` is a type and a verb (`microsoft.compute/disks.delete`,
            `microsoft.resources/resources.list`, `microsoft.resourcegraph/resources.query`),
            `Call.scope` the subscription, `Call.id` the text of the request.
        requests: What was asked, counted.
        latency_s: What each call takes at least, in seconds.
        lags: How long changes take.
        violations: In strict mode, what did not conform to the models of Azure's SDKs.
        lacking: Actions that the caller may not do: `microsoft.compute/disks/delete`.

    Args:
        subscriptions: The IDs of the subscriptions that there are.
        port: Where to listen; 0: on any free port.
        clock: By which lags pass.
        strict: Hold every body to the models of Azure's SDKs, which must be installed.
    """

    def __init__(
        self,
        *,
        subscriptions: Sequence[str] = (SUBSCRIPTION,),
        port: int = 0,
        latency_s: float = 0.0,
        faults: FaultInjector | None = None,
        clock: Clock = SYSTEM_CLOCK,
        strict: bool = False,
    ) -> None:
        self.endpoint = ""
        self.faults = faults or FaultInjector()
        self.requests = RequestLog()
        self.latency_s = latency_s
        self._estate = Estate.new(RULES, clock)
        self._estate.subscriptions = {
            each.lower(): f"sandbox {number + 1}" for number, each in enumerate(subscriptions)
        }
        self.subscriptions = tuple(self._estate.subscriptions)
        self.tenant = self._estate.tenant
        self._port = port
        self._clock = clock
        self._lock = RLock()
        self._exit = ExitStack()
        self._cloud: Cloud = AzureCloud(self._estate)
        self.violations: list[str] = []
        if strict:
            self._cloud = checked = StrictCloud(self._cloud)
            self.violations = checked.violations
        self.lags = self._estate.lags
        self.lacking = self._estate.lacking

    @property
    def page(self) -> int:
        """The most items of a list's page."""
        return self._estate.page

    @page.setter
    def page(self, size: int) -> None:
        self._estate.page = size

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
            self.endpoint = serve(gateway, port=self._port, name="azure-sandbox", exits=exits)
            self._estate.endpoint = self.endpoint
            self._exit = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def reset(self) -> None:
        """Empty the world, disarm the faults, and forget the lags and what was asked."""
        with self._lock:
            self._estate.clear()
        self.faults.clear()
        self.requests.reset()
        self.violations.clear()
