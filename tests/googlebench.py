"""An emulated Google Cloud in a realistic mess, and the command line let loose on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reaper.model import Gap, Outcome
from reaper.plan import Brake
from reaper.providers.gce import open_gce
from reaper.providers.gce.kind import Filter
from reaper.providers.gce.kinds import KINDS
from reaper.sandbox.faults import Operation
from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.cloud import operation
from reaper.sandbox.gce.world import Made, Seen, World, build, everything
from reaper.sweep.cell import Sweep
from tests.cloudbench import CloudBench, Opener

PROJECT = "sandbox"
# What Google keeps for ever, or until a later purge.
LINGERING = frozenset({"gce:kms:key"})


@dataclass(kw_only=True)
class GoogleBench(CloudBench[GoogleSandbox]):
    """One emulated Google Cloud, a configuration that knows it, and runs that leave things."""

    projects: tuple[str, ...] = (PROJECT,)
    options: Mapping[str, Any] | None = None

    cloud = "gce"
    enabled = ("gce:kms:key",)

    def places(self) -> list[dict[str, Any]]:
        return [
            {"project": project, "endpoint": self.sandbox.endpoint, **(self.options or {})}
            for project in self.projects
        ]

    def play(
        self,
        opener: Opener = open_gce,
        at: Callable[[str], None] = lambda _step: None,
        *,
        engine: type[Sweep] = Sweep,
        most: int | None = None,
    ) -> tuple[list[Outcome], list[Gap]]:
        """Sweep with a provider or an engine of one's own, and be there between any two steps.

        `most` is the brake's number of deletions; None: the configuration's.
        """
        if most is None:
            return self.played(opener, at, engine=engine)
        brake = Brake(max_deletions=most, max_share=1.0)
        return self.played(opener, at, engine=engine, brake=brake)

    def build(self, labels: Mapping[str, str], name: str, **how: Any) -> World:
        return build(self.sandbox.endpoint, labels, name=name, **how)

    def left_by_a_run(self, name: str = "ours", **how: Any) -> World:
        """Let a run build a world, journal what cannot bear labels, and end without cleaning."""
        with self.run() as run:
            world = self.build(run.tags, name, **how)
            for made in world.made:
                if is_journaled(made):
                    run.created(
                        kind=made.kind,
                        scope=world.project,
                        id=made.id,
                        incarnation=made.number or None,
                        taggable=False,
                    )
        return world

    def look(self) -> dict[Seen, str]:
        return everything(self.sandbox.endpoint, self.projects)

    def sort(self, method: str) -> Operation:
        return operation(method)


def is_journaled(made: Made) -> bool:
    """Whether a run's own call created it, and it cannot bear labels.

    What a group or a cluster makes is nobody's call, and is derived.
    """
    kind = KINDS[made.kind]
    if kind.filter is not Filter.NONE or made.part == "of kubernetes":
        return False
    return not (made.kind == "gce:compute:instance-group" and made.part != "unmanaged")
