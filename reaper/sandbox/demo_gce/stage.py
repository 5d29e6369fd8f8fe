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
from reaper.sandbox.demo.checks import Proof
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo.runs import Runs
from reaper.sandbox.demo.stopping import Stopping
from reaper.sandbox.demo_gce.proof import checks
from reaper.sandbox.demo_gce.worker import DEBUGGER, GARBLED, ZONE
from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.world import Seen, build, everything
from reaper.sandbox.gce.world.builder import Builder
from reaper.sandbox.gce.world.rest import Rest
from reaper.tags import REALM, RUN

PROJECT = "demo-project"
NETWORK = "gce:compute:network"


@dataclass(kw_only=True, slots=True)
class GoogleStage:
    """A sandbox with the demo's world in it.

    Attributes:
        whose: Whose everything is that had to stay.
        before: How it was before the sweep.
        killed: How what the killed run made was before the sweep.
    """

    sandbox: GoogleSandbox
    runs: Runs
    whose: dict[Seen, Part] = field(default_factory=dict)
    before: Mapping[Seen, str] = field(default_factory=dict)
    killed: Mapping[Seen, str] = field(default_factory=dict)

    name = "Google Cloud"
    asked = "the sandbox's own lists"
    closing = (
        f"  The network stays while {DEBUGGER} is in it.\n"
        "  The KMS key's versions are destroyed by Google itself, on the day that it says.\n"
        f"  {GARBLED} stays until a person says what it is: `reaper resolve`.\n"
    )

    @property
    def introduction(self) -> str:
        """What the sandbox is."""
        return (
            f"This is a Google Cloud sandbox at {self.sandbox.endpoint}, within this process: it "
            "needs no\ncredentials, reaches nothing but this machine, and is gone when the demo "
            "ends. It refuses what Google\nrefuses. What bears no labels there is the run's by its "
            "journal.\n"
        )

    def set_scene(self) -> None:
        """Start the runs, let strangers make something, and note how everything is."""
        endpoint = self.sandbox.endpoint
        self.runs.start(Part.LIVE, endpoint, PROJECT)
        with self.runs.stopping.put_off():
            theirs = build(
                endpoint, {"team": "payments"}, name="payments", project=PROJECT, zone=ZONE
            )
        self.runs.things += [
            Thing(part=Part.STRANGER, kind=made.kind, id=made.id, name="payments", about=made.part)
            for made in theirs.made
        ]
        self.runs.wait(Part.LIVE)
        before = self._look()
        self.runs.start(Part.KILLED, endpoint, PROJECT)
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
        told = {
            "realm": self.runs.realm,
            "ledger": f"sqlite:///{self.runs.directory / 'ledger.db'}",
            "policy": {"grace": "0s", "enable": ["gce:kms:key"], "brake": {"max_share": 1}},
            "providers": {"gce": [{"project": PROJECT, "endpoint": self.sandbox.endpoint}]},
        }
        path.write_text(json.dumps(told), encoding="utf-8")
        return load(path, {})

    def prove(self, plans: Sequence[Plan], outcomes: Mapping[str, Outcome]) -> Proof:
        """Ask the sandbox what is left, and hold it against what has to be."""
        return checks(self, self._look(), plans, outcomes)

    def thing(self, name: str) -> Thing:
        """What was made under this name."""
        return next(thing for thing in self.runs.things if thing.name == name)

    def _look(self) -> dict[Seen, str]:
        return everything(self.sandbox.endpoint, [PROJECT])

    def _make_intruders(self) -> frozenset[str]:
        """Let a colleague open the killed run's network, and label something badly."""
        network = next(
            thing.id
            for thing in self.runs.things
            if (thing.part, thing.kind) == (Part.KILLED, NETWORK)
        )
        with Rest(self.sandbox.endpoint) as rest:
            debugging = Builder(rest, {}, project=PROJECT, zone=ZONE, name=DEBUGGER)
            allowed = [{"IPProtocol": "tcp", "ports": ["22"]}]
            firewall = debugging.add(
                "global", "firewalls", network=debugging.link(network), allowed=allowed
            )
            labels = {REALM: self.runs.realm, RUN: "nightly-run-"}
            topic = f"topics/{GARBLED}"
            rest.ask("PUT", f"/v1/projects/{PROJECT}/{topic}", {"labels": labels})
        for kind, id_, name, about in (
            ("gce:compute:firewall", firewall, DEBUGGER, f"made by hand in {network}"),
            ("gce:pubsub:topic", topic, GARBLED, "its label names no run that can be read"),
        ):
            thing = Thing(part=Part.STRANGER, kind=kind, id=id_, name=name, about=about)
            self.runs.things.append(thing)
        return frozenset({firewall, topic})


@contextmanager
def google_stage() -> Iterator[GoogleStage]:
    """Start a sandbox with two runs about to begin; all of it is gone in the end."""
    stopping = Stopping()
    with (
        stopping.heeded(),
        tempfile.TemporaryDirectory(prefix="reaper-demo-", ignore_cleanup_errors=True) as directory,
        GoogleSandbox(projects=(PROJECT,)) as sandbox,
    ):
        runs = Runs(
            worker="reaper.sandbox.demo_gce.worker",
            directory=Path(directory),
            realm=f"demo-{secrets.token_hex(3)}",
            stopping=stopping,
        )
        try:
            yield GoogleStage(sandbox=sandbox, runs=runs)
        finally:
            runs.end()
