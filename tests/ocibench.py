"""An emulated OCI in a realistic mess, and the command line let loose on it in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from reaper.client.active import ActiveRun
from reaper.model import Gap, Outcome, Status
from reaper.providers.oci import open_oci
from reaper.providers.oci.kinds import KINDS
from reaper.sandbox.faults import Operation
from reaper.sandbox.oci import Key, OciSandbox
from reaper.sandbox.oci.cloud import operation
from reaper.sandbox.oci.world import Seen, World, build, everything
from tests.cloudbench import CloudBench, Opener
from tests.hasty import HastyClock

HOME = "us-ashburn-1"
REGIONS = (HOME, "eu-frankfurt-1")
# What OCI keeps until a later purge.
LINGERING = frozenset({"oci:kms:key", "oci:kms:vault"})


@dataclass(kw_only=True)
class OciBench(CloudBench[OciSandbox]):
    """One emulated tenancy, a configuration that knows it, and runs that leave things.

    Attributes:
        clock: By which the sandbox and `play` go.
    """

    clock: HastyClock
    compartments: tuple[str, ...] = ("ci", "shared")
    regions: tuple[str, ...] = REGIONS
    options: Mapping[str, Any] | None = None
    key: Key | None = None  # None: the administrator's

    cloud = "oci"
    enabled = ("oci:kms:key", "oci:kms:vault")
    verify_s = 30.0  # of a clock that does not wait

    @property
    def ocids(self) -> tuple[str, ...]:
        return tuple(self.sandbox.compartments[each] for each in self.compartments)

    def places(self) -> list[dict[str, Any]]:
        (self.key or self.sandbox.key).write(self.directory / "oci-config")
        place = {
            "name": "sandbox",
            "tenancy": self.sandbox.tenancy,
            "compartments": [self.sandbox.tenancy, *self.ocids],
            "regions": self.regions,
            "config_file": str(self.directory / "oci-config"),
            "endpoint": f"{self.sandbox.endpoint}/{{region}}",
            **(self.options or {}),
        }
        return [place]

    def play(
        self,
        opener: Opener = open_oci,
        at: Callable[[str], None] = lambda _step: None,
        *,
        full: bool = False,
    ) -> tuple[list[Outcome], list[Gap]]:
        """Sweep with a provider of one's own, without waiting, and be there between two steps.

        The ledger is ahead of this machine's clock then: a command line that goes on with it would
        see a clock that was set back.
        """
        return self.played(partial(opener, clock=self.clock), at, clock=self.clock, full=full)

    def play_on(self, times: int = 6) -> list[Outcome]:
        """Sweep again and again, an hour after each other; the last outcome of each."""
        last: dict[str, Outcome] = {}
        for _ in range(times):
            outcomes, gaps = self.play()
            assert gaps == []
            last |= {each.ref.key: each for each in outcomes}
            if not {each.status for each in outcomes} - {Status.GONE, Status.SCHEDULED}:
                break
            self.clock.sleep(3600.0)
        return list(last.values())

    def build(
        self, tags: Mapping[str, str], name: str, *, compartment: str = "ci", **how: Any
    ) -> World:
        return build(
            self.sandbox.endpoint,
            self.sandbox.key.config(),
            tags,
            name=name,
            compartment=self.sandbox.compartments[compartment],
            **how,
        )

    def left_by_a_run(self, name: str = "ours", **how: Any) -> World:
        """Let a run build a world, journal what cannot bear tags, and end without cleaning."""
        with self.run() as run:
            world = self.build(run.tags, name, **how)
            self.journal(run, world)
        return world

    def journal(self, run: ActiveRun, world: World) -> None:
        """Write down what a run's own calls made, as far as it cannot bear tags."""
        for made in world.made:
            if made.named and not KINDS[made.kind].kind.taggable:
                run.created(
                    kind=made.kind,
                    scope=f"{self.sandbox.tenancy}/{world.region}/{made.compartment}",
                    id=made.id,
                    taggable=False,
                )

    def look(self) -> dict[Seen, str]:
        return everything(
            self.sandbox.endpoint, self.sandbox.key.config(), self.ocids, self.regions
        )

    def sort(self, method: str) -> Operation:
        return operation(method)
