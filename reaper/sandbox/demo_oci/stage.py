"""The chapter of `reaper demo` in an OCI sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reaper.model import Outcome
from reaper.sandbox.demo.checks import Check
from reaper.sandbox.demo.cloud import CloudStage, playing
from reaper.sandbox.demo.lists import blocked, scheduled
from reaper.sandbox.demo.parts import DEBUGGER, GARBLED, Part, Seen, Thing
from reaper.sandbox.demo_oci.worker import CONFIG, REGION, VOLUME, add_volume
from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.world import Clients, build, everything
from reaper.tags import REALM, RUN

_KEYS = ("oci:kms:vault", "oci:kms:key")


@dataclass(kw_only=True)
class OciStage(CloudStage):
    """A sandbox with one of each kind of two runs and of strangers in it, in one compartment.

    Attributes:
        sandbox: Whose key signs what is asked.
    """

    sandbox: OciSandbox

    name = "Oracle Cloud"
    enabled = _KEYS
    closing = (
        f"  The network stays while {DEBUGGER} is in it, with what it came with.\n"
        "  The vault and its key are deleted by Oracle itself, on the day that it says.\n"
        f"  {GARBLED} stays until a person says what it is: `reaper resolve`.\n"
    )

    @property
    def introduction(self) -> str:
        """What the sandbox is."""
        return f"{super().introduction}It answers only to what is signed with a key that it made.\n"

    def providers(self) -> Mapping[str, Any]:
        """What the configuration says of the place."""
        place = {
            "name": "sandbox",
            "tenancy": self.sandbox.tenancy,
            "compartments": [self.place],
            "regions": [REGION],
            "config_file": self.environment[CONFIG],
            "endpoint": f"{self.endpoint}/{{region}}",
        }
        return {"oci": [place]}

    def look(self) -> dict[Seen, str]:
        """Everything that the sandbox lists, and how it is."""
        return everything(self.endpoint, self.sandbox.key.config(), [self.place], [REGION])

    def let_strangers_build(self) -> Sequence[Thing]:
        """Let strangers make one of each kind."""
        theirs = build(
            self.endpoint,
            self.sandbox.key.config(),
            {"team": "payments"},
            name="payments",
            compartment=self.place,
            region=REGION,
        )
        return [
            Thing(part=Part.STRANGER, kind=made.kind, id=made.id, name="payments", about=made.part)
            for made in theirs.made
        ]

    def let_colleagues_intrude(self) -> Sequence[Thing]:
        """Let a colleague work in the killed run's network, and tag something badly."""
        config = self.sandbox.key.config()
        by_hand = {
            "compartmentId": self.place,
            "vcnId": self._network(),
            "displayName": DEBUGGER,
        }
        network = Clients(self.endpoint, config, REGION).network
        group = network.create_network_security_group(by_hand).data["id"]
        tags = {REALM: self.runs.realm, RUN: "nightly-run-"}
        volume = add_volume(self.endpoint, config, tags, compartment=self.place, name=GARBLED)
        return [
            Thing(part=Part.STRANGER, kind=kind, id=id_, name=name, about=about)
            for kind, id_, name, about in (
                (
                    "oci:core:network-security-group",
                    group,
                    DEBUGGER,
                    "made by hand in nightly's network",
                ),
                (VOLUME, volume, GARBLED, "its tag names no run that can be read"),
            )
        ]

    def held_back(self, left: frozenset[str], outcomes: Mapping[str, Outcome]) -> Sequence[Check]:
        """The network that a colleague is in, the vault and its key."""
        return [
            blocked("nightly's network", self._network(), self.thing(DEBUGGER), left, outcomes),
            scheduled(
                "The vault and its key are scheduled to be deleted on",
                [each for kind in _KEYS for each in self.killed_ones(kind)],
                outcomes,
            ),
        ]

    def _network(self) -> str:
        return self.killed_ones("oci:core:vcn")[0]


@contextmanager
def oci_stage() -> Iterator[OciStage]:
    """Start a sandbox with two runs about to begin; all of it is gone in the end."""
    with playing("reaper.sandbox.demo_oci.worker") as runs, OciSandbox() as sandbox:
        config = runs.directory / "oci-config"
        sandbox.key.write(config)
        try:
            yield OciStage(
                endpoint=sandbox.endpoint,
                place=sandbox.compartments["ci"],
                runs=runs,
                environment={CONFIG: str(config)},
                sandbox=sandbox,
            )
        finally:
            runs.end()
