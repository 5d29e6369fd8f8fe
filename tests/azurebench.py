"""An emulated Azure in a realistic mess, and the command line let loose on it in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reaper.model import Gap, Outcome
from reaper.providers.azure import open_azure
from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.cloud import operation
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world import Seen, World, build, everything
from reaper.sandbox.faults import Operation
from tests.cloudbench import CloudBench, Opener

OTHER = "00000000-0000-0000-0000-000000000002"
# What Azure keeps until a later purge.
LINGERING = frozenset({"azure:microsoft.keyvault/deletedvaults"})


@dataclass(kw_only=True)
class AzureBench(CloudBench[AzureSandbox]):
    """One emulated Azure, a configuration that knows it, and runs that leave things."""

    subscriptions: tuple[str, ...] = (SUBSCRIPTION,)
    options: Mapping[str, Any] | None = None

    cloud = "azure"

    def places(self) -> list[dict[str, Any]]:
        return [
            {"subscription": each, "endpoint": self.sandbox.endpoint, **(self.options or {})}
            for each in self.subscriptions
        ]

    def play(
        self,
        opener: Opener = open_azure,
        at: Callable[[str], None] = lambda _step: None,
        *,
        verify_s: float = 2.0,
    ) -> tuple[list[Outcome], list[Gap]]:
        """Sweep with a provider of one's own, and be there between any two steps."""
        return self.played(opener, at, verify_for=timedelta(seconds=verify_s))

    def build(self, tags: Mapping[str, str], name: str, **how: Any) -> World:
        return build(self.sandbox.endpoint, tags, name=name, **how)

    def left_by_a_run(self, name: str = "ours", **how: Any) -> World:
        """Let a run build a world, and end without cleaning."""
        with self.run() as run:
            return self.build(run.tags, name, **how)

    def look(self) -> dict[Seen, str]:
        return everything(self.sandbox.endpoint, self.sandbox.subscriptions)

    def look_past_lacks(self) -> dict[Seen, str]:
        """Look as somebody who may do everything."""
        lacking = set(self.sandbox.lacking)
        self.sandbox.lacking.clear()
        try:
            return self.look()
        finally:
            self.sandbox.lacking.update(lacking)

    def sort(self, method: str) -> Operation:
        return operation(method)
