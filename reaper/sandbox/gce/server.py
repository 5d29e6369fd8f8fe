"""The server: the emulator in this process, on loopback, for as long as it is needed."""

from __future__ import annotations

from collections.abc import Sequence

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.sandbox.faults import FaultInjector
from reaper.sandbox.gce.cloud import GoogleCloud
from reaper.sandbox.gce.compute import rules as of_compute
from reaper.sandbox.gce.estate import Estate
from reaper.sandbox.gce.founding import found
from reaper.sandbox.gce.services import rules as of_services
from reaper.sandbox.gce.strict import StrictCloud
from reaper.sandbox.kernel.sandbox import Sandbox


class GoogleSandbox(Sandbox):
    """An emulated Google Cloud; a context manager that serves it on 127.0.0.1.

    All services answer at one endpoint: their paths do not collide. Any credentials will do, or
    none. There may be several sandboxes in a process.

    Attributes:
        endpoint: Its URL, while it runs.
        projects: Its projects' IDs, each with its number.
        faults: What goes wrong: `Call.kind` is the method as the discovery document has it
            (`compute.regionDisks.delete`), `Call.scope` is `project/location` (or `project`),
            `Call.id` the text of the request.
        requests: What was asked, counted.
        latency_s: What each call takes at least, in seconds.
        lags: How long changes take.
        violations: In strict mode, what did not conform to Google's discovery documents.
        lacking: Permissions that the caller does not have: `compute.disks.delete`.
        disabled: Services that a project has not enabled: `("my-project", "cloudkms")`.

    Args:
        projects: The IDs of the projects that there are.
        port: Where to listen; 0: on any free port.
        clock: By which lags pass.
        strict: Hold every request and every answer to Google's discovery documents, which needs
            google-api-python-client.
    """

    called = "google-sandbox"

    def __init__(
        self,
        *,
        projects: Sequence[str] = ("sandbox",),
        port: int = 0,
        latency_s: float = 0.0,
        faults: FaultInjector | None = None,
        clock: Clock = SYSTEM_CLOCK,
        strict: bool = False,
    ) -> None:
        self._estate = Estate.new((*of_compute.RULES, *of_services.RULES), clock)
        super().__init__(
            GoogleCloud(self._estate),
            check=StrictCloud if strict else None,
            port=port,
            latency_s=latency_s,
            faults=faults,
            clock=clock,
        )
        self._estate.began = clock.now()
        self._names = tuple(projects)
        found(self._estate, self._names)
        self.projects = dict(self._estate.projects)
        self.lags = self._estate.lags
        self.disabled = self._estate.disabled
        self.lacking = self._estate.lacking

    def empty(self) -> None:
        """Let nothing be there but the projects, with what each has from the beginning."""
        self._estate.clear()
        found(self._estate, self._names)
