"""The server: the emulator in this process, on loopback, for as long as it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.sandbox.azure.arm.rules import RULES
from reaper.sandbox.azure.cloud import AzureCloud
from reaper.sandbox.azure.estate import Estate
from reaper.sandbox.azure.strict import StrictCloud
from reaper.sandbox.faults import FaultInjector
from reaper.sandbox.kernel.sandbox import Sandbox

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


class AzureSandbox(Sandbox):
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

    called = "azure-sandbox"

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
        self._estate = Estate.new(RULES, clock)
        super().__init__(
            AzureCloud(self._estate),
            check=StrictCloud if strict else None,
            port=port,
            latency_s=latency_s,
            faults=faults,
            clock=clock,
        )
        self._estate.subscriptions = {
            each.lower(): f"sandbox {number + 1}" for number, each in enumerate(subscriptions)
        }
        self.subscriptions = tuple(self._estate.subscriptions)
        self.tenant = self._estate.tenant
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
        super().__enter__()
        self._estate.endpoint = self.endpoint
        return self

    def empty(self) -> None:
        """Let nothing be there but the subscriptions."""
        self._estate.clear()
