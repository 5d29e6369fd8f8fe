"""The chapter of `reaper demo` in a Google Cloud sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from reaper.model import Outcome
from reaper.sandbox.demo.checks import Check
from reaper.sandbox.demo.cloud import CloudStage, playing
from reaper.sandbox.demo.lists import blocked, scheduled
from reaper.sandbox.demo.parts import DEBUGGER, GARBLED, Part, Seen, Thing
from reaper.sandbox.demo_gce.worker import ZONE
from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.world import build, everything
from reaper.sandbox.gce.world.builder import Builder
from reaper.sandbox.gce.world.rest import Rest
from reaper.tags import REALM, RUN

PROJECT = "demo-project"
_KEY = "gce:kms:key"
# A part of its network, with which Google makes and removes it.
_PART_OF_NETWORK = "global/routes/default-route-"


class GoogleStage(CloudStage):
    """A sandbox with one of each kind of two runs and of strangers in it."""

    name = "Google Cloud"
    enabled = (_KEY,)
    closing = (
        f"  The network stays while {DEBUGGER} is in it.\n"
        "  The KMS key's versions are destroyed by Google itself, on the day that it says.\n"
        f"  {GARBLED} stays until a person says what it is: `reaper resolve`.\n"
    )

    @property
    def introduction(self) -> str:
        """What the sandbox is."""
        return f"{super().introduction}What bears no labels there is the run's by its journal.\n"

    def providers(self) -> Mapping[str, Any]:
        """What the configuration says of the place."""
        return {"gce": [{"project": PROJECT, "endpoint": self.endpoint}]}

    def look(self) -> dict[Seen, str]:
        """Everything that the sandbox lists, and how it is."""
        return everything(self.endpoint, [PROJECT])

    def let_strangers_build(self) -> Sequence[Thing]:
        """Let strangers make one of each kind."""
        theirs = build(
            self.endpoint, {"team": "payments"}, name="payments", project=PROJECT, zone=ZONE
        )
        return [
            Thing(part=Part.STRANGER, kind=made.kind, id=made.id, name="payments", about=made.part)
            for made in theirs.made
        ]

    def let_colleagues_intrude(self) -> Sequence[Thing]:
        """Let a colleague open the killed run's network, and label something badly."""
        network = self._network()
        topic = f"topics/{GARBLED}"
        with Rest(self.endpoint) as rest:
            debugging = Builder(rest, {}, project=PROJECT, zone=ZONE, name=DEBUGGER)
            allowed = [{"IPProtocol": "tcp", "ports": ["22"]}]
            firewall = debugging.add(
                "global", "firewalls", network=debugging.link(network), allowed=allowed
            )
            labels = {REALM: self.runs.realm, RUN: "nightly-run-"}
            rest.ask("PUT", f"/v1/projects/{PROJECT}/{topic}", {"labels": labels})
        return [
            Thing(part=Part.STRANGER, kind=kind, id=id_, name=name, about=about)
            for kind, id_, name, about in (
                ("gce:compute:firewall", firewall, DEBUGGER, f"made by hand in {network}"),
                ("gce:pubsub:topic", topic, GARBLED, "its label names no run that can be read"),
            )
        ]

    def left(self, now: Mapping[Seen, str]) -> frozenset[str]:
        """The IDs of what the killed run made and is listed still."""
        shown = super().left(now)
        return frozenset(id_ for id_ in shown if not id_.startswith(_PART_OF_NETWORK))

    def held_back(self, left: frozenset[str], outcomes: Mapping[str, Outcome]) -> Sequence[Check]:
        """The network that a colleague opened, and the key."""
        network = self._network()
        return [
            blocked(network, network, self.thing(DEBUGGER), left, outcomes),
            scheduled(
                "The KMS key's versions are scheduled to be destroyed on",
                self.killed_ones(_KEY),
                outcomes,
            ),
        ]

    def _network(self) -> str:
        return self.killed_ones("gce:compute:network")[0]


@contextmanager
def google_stage() -> Iterator[GoogleStage]:
    """Start a sandbox with two runs about to begin; all of it is gone in the end."""
    with (
        playing("reaper.sandbox.demo_gce.worker") as runs,
        GoogleSandbox(projects=(PROJECT,)) as sandbox,
    ):
        try:
            yield GoogleStage(endpoint=sandbox.endpoint, place=PROJECT, runs=runs)
        finally:
            runs.end()
