"""A sandbox with two test runs and strangers, which the demo cleans and looks at."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reaper.config import Config, load
from reaper.model import Outcome, Plan
from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world import Seen, build, everything
from reaper.sandbox.azure.world.builder import Builder
from reaper.sandbox.azure.world.rest import Rest
from reaper.sandbox.demo.checks import Proof
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo.runs import Runs
from reaper.sandbox.demo.stopping import Stopping
from reaper.sandbox.demo_azure.proof import checks
from reaper.sandbox.demo_azure.worker import CORE_DUMP, DEBUGGER, DISKS, GARBLED, LOCATION
from reaper.tags import REALM, RUN

_INTERFACES = "Microsoft.Network/networkInterfaces"


@dataclass(kw_only=True, slots=True)
class AzureStage:
    """A sandbox with the demo's world in it.

    Attributes:
        whose: Whose everything is that had to stay.
        before: How it was before the sweep.
        killed: How what the killed run made was before the sweep.
    """

    sandbox: AzureSandbox
    runs: Runs
    whose: dict[Seen, Part] = field(default_factory=dict)
    before: Mapping[Seen, str] = field(default_factory=dict)
    killed: Mapping[Seen, str] = field(default_factory=dict)

    name = "Azure"
    asked = "the sandbox's own lists"
    closing = (
        f"  The resource group stays while {CORE_DUMP} is in it, so the rest went one by one.\n"
        f"  The network stays while {DEBUGGER} is in it, with what its subnets need.\n"
        "  The deleted Key Vault is purged by Azure itself, on the day that it says.\n"
        f"  {GARBLED} stays until a person says what it is: `reaper resolve`.\n"
    )

    @property
    def introduction(self) -> str:
        """What the sandbox is."""
        return (
            f"This is an Azure sandbox at {self.sandbox.endpoint}, within this process: it needs "
            "no credentials,\nreaches nothing but this machine, and is gone when the demo ends. It "
            "refuses what Azure refuses.\n"
        )

    def set_scene(self) -> None:
        """Start the runs, let strangers make something, and note how everything is."""
        endpoint = self.sandbox.endpoint
        self.runs.start(Part.LIVE, endpoint, SUBSCRIPTION)
        with self.runs.stopping.put_off():
            theirs = build(endpoint, {"team": "payments"}, name="payments", location=LOCATION)
        self.runs.things += [
            Thing(
                part=Part.STRANGER,
                kind=made.kind,
                id=made.id.lower(),
                name="payments",
                about=made.part,
            )
            for made in theirs.made
        ]
        self.runs.wait(Part.LIVE)
        before = self._look()
        self.runs.start(Part.KILLED, endpoint, SUBSCRIPTION)
        self.runs.wait(Part.KILLED)
        intruders = self._make_intruders()
        full = self._look()
        live = {thing.id for thing in self.runs.things if thing.part is Part.LIVE}
        self.whose = {
            seen: Part.LIVE if seen[2] in live else Part.STRANGER
            for seen in full
            if seen in before or seen[2] in intruders
        }
        self.before = {seen: told for seen, told in full.items() if seen in self.whose}
        self.killed = {seen: told for seen, told in full.items() if seen not in self.whose}

    def config(self) -> Config:
        """The configuration, written and read as anybody's."""
        path = self.runs.directory / "reaper.yaml"
        place = {"subscription": SUBSCRIPTION, "endpoint": self.sandbox.endpoint}
        told = {
            "realm": self.runs.realm,
            "ledger": f"sqlite:///{self.runs.directory / 'ledger.db'}",
            "policy": {"grace": "0s", "brake": {"max_share": 1}},
            "providers": {"azure": [place]},
        }
        path.write_text(json.dumps(told), encoding="utf-8")
        return load(path, {})

    def prove(self, plans: Sequence[Plan], outcomes: Mapping[str, Outcome]) -> Proof:
        """Ask the sandbox what is left, and hold it against what has to be."""
        return checks(self, self._look(), plans, outcomes)

    def thing(self, name: str) -> Thing:
        """What was made under this name."""
        return next(thing for thing in self.runs.things if thing.name == name)

    def made(self, about: str) -> Thing:
        """What the killed run made as this part of its world."""
        [found] = [
            each for each in self.runs.things if (each.part, each.about) == (Part.KILLED, about)
        ]
        return found

    def _look(self) -> dict[Seen, str]:
        return everything(self.sandbox.endpoint, [SUBSCRIPTION])

    def _make_intruders(self) -> frozenset[str]:
        """Let a colleague join the killed run's network, and tag something badly."""
        network = self.made("network")
        with Rest(self.sandbox.endpoint) as rest:
            by_hand = {"subscription": SUBSCRIPTION, "location": LOCATION, "group": "payments-rg"}
            inner = {"name": "ip", "properties": {"subnet": {"id": f"{network.id}/subnets/plain"}}}
            interface = Builder(rest, {}, name=DEBUGGER, **by_hand).add(
                _INTERFACES, {"ipConfigurations": [inner]}, part="interface", name=DEBUGGER
            )
            tags = {REALM: self.runs.realm, RUN: "nightly-run-"}
            disk = Builder(rest, tags, name=GARBLED, **by_hand).add(
                DISKS,
                {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1},
                part="disk",
                name=GARBLED,
            )
        for kind, identity, name, about in (
            (_INTERFACES, interface, DEBUGGER, "made by hand in nightly's network"),
            (DISKS, disk, GARBLED, "its tag names no run that can be read"),
        ):
            thing = Thing(
                part=Part.STRANGER,
                kind=f"azure:{kind.lower()}",
                id=identity.lower(),
                name=name,
                about=about,
            )
            self.runs.things.append(thing)
        return frozenset({interface.lower(), disk.lower()})


@contextmanager
def azure_stage() -> Iterator[AzureStage]:
    """Start a sandbox with two runs about to begin; all of it is gone in the end."""
    stopping = Stopping()
    with (
        stopping.heeded(),
        tempfile.TemporaryDirectory(prefix="reaper-demo-", ignore_cleanup_errors=True) as directory,
        AzureSandbox() as sandbox,
    ):
        runs = Runs(
            worker="reaper.sandbox.demo_azure.worker",
            directory=Path(directory),
            realm=f"demo-{secrets.token_hex(3)}",
            stopping=stopping,
        )
        try:
            yield AzureStage(sandbox=sandbox, runs=runs)
        finally:
            runs.end()
