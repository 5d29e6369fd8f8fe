"""The chapter of `reaper demo` in an Azure sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from reaper.model import Outcome, Status
from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world import build, everything
from reaper.sandbox.azure.world.builder import Builder
from reaper.sandbox.azure.world.rest import Rest
from reaper.sandbox.demo.checks import Check
from reaper.sandbox.demo.cloud import CloudStage, playing
from reaper.sandbox.demo.lists import blocked, scheduled
from reaper.sandbox.demo.parts import CORE_DUMP, DEBUGGER, GARBLED, Part, Seen, Thing
from reaper.sandbox.demo_azure.worker import DISKS, LOCATION
from reaper.tags import REALM, RUN

_INTERFACES = "Microsoft.Network/networkInterfaces"


class AzureStage(CloudStage):
    """A sandbox with one of each type of two runs and of strangers in it."""

    name = "Azure"
    # A vault that is scheduled is gone from the lists: its name is kept, and told apart.
    stays_as = frozenset({Status.BLOCKED})
    closing = (
        f"  The resource group stays while {CORE_DUMP} is in it, so the rest went one by one.\n"
        f"  The network stays while {DEBUGGER} is in it, with what its subnets need.\n"
        "  The deleted Key Vault is purged by Azure itself, on the day that it says.\n"
        f"  {GARBLED} stays until a person says what it is: `reaper resolve`.\n"
    )

    def providers(self) -> Mapping[str, Any]:
        """What the configuration says of the place."""
        return {"azure": [{"subscription": SUBSCRIPTION, "endpoint": self.endpoint}]}

    def look(self) -> dict[Seen, str]:
        """Everything that the sandbox lists, and how it is."""
        return everything(self.endpoint, [SUBSCRIPTION])

    def let_strangers_build(self) -> Sequence[Thing]:
        """Let strangers make one of each type."""
        theirs = build(self.endpoint, {"team": "payments"}, name="payments", location=LOCATION)
        return [_theirs(made.kind, made.id, "payments", made.part) for made in theirs.made]

    def let_colleagues_intrude(self) -> Sequence[Thing]:
        """Let a colleague join the killed run's network, and tag something badly."""
        subnet = {"id": f"{self._made('network').id}/subnets/plain"}
        by_hand = {"subscription": SUBSCRIPTION, "location": LOCATION, "group": "payments-rg"}
        with Rest(self.endpoint) as rest:
            interface = Builder(rest, {}, name=DEBUGGER, **by_hand).add(
                _INTERFACES,
                {"ipConfigurations": [{"name": "ip", "properties": {"subnet": subnet}}]},
                part="interface",
                name=DEBUGGER,
            )
            tags = {REALM: self.runs.realm, RUN: "nightly-run-"}
            disk = Builder(rest, tags, name=GARBLED, **by_hand).add(
                DISKS,
                {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1},
                part="disk",
                name=GARBLED,
            )
        return [
            _theirs(f"azure:{kind.lower()}", identity, name, about)
            for kind, identity, name, about in (
                (_INTERFACES, interface, DEBUGGER, "made by hand in nightly's network"),
                (DISKS, disk, GARBLED, "its tag names no run that can be read"),
            )
        ]

    def held_back(self, left: frozenset[str], outcomes: Mapping[str, Outcome]) -> Sequence[Check]:
        """The network that a colleague is in, the group that something is kept in, the vault."""
        return [
            *(
                blocked(f"{held.name}'s {held.about}", held.id, self.thing(by), left, outcomes)
                for held, by in (
                    (self._made("network"), DEBUGGER),
                    (self._made("group"), CORE_DUMP),
                )
            ),
            scheduled(
                "The Key Vault is deleted, and Azure purges it on",
                [self._made("vault").id],
                outcomes,
            ),
        ]

    def _made(self, about: str) -> Thing:
        """What the killed run made as this part of its world."""
        [found] = [each for each in self.made() if each.about == about]
        return found


def _theirs(kind: str, identity: str, name: str, about: str) -> Thing:
    return Thing(part=Part.STRANGER, kind=kind, id=identity.lower(), name=name, about=about)


@contextmanager
def azure_stage() -> Iterator[AzureStage]:
    """Start a sandbox with two runs about to begin; all of it is gone in the end."""
    with playing("reaper.sandbox.demo_azure.worker") as runs, AzureSandbox() as sandbox:
        try:
            yield AzureStage(endpoint=sandbox.endpoint, place=SUBSCRIPTION, runs=runs)
        finally:
            runs.end()
