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
from reaper.sandbox.demo_oci.proof import checks
from reaper.sandbox.demo_oci.worker import (
    CORE_DUMP,
    DEBUGGER,
    GARBLED,
    REGION,
    VOLUME,
    add_volume,
)
from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.world import Clients, Seen, build, everything
from reaper.tags import REALM, RUN

VCN = "oci:core:vcn"
GROUP = "oci:core:network-security-group"


@dataclass(kw_only=True, slots=True)
class OciStage:
    """A sandbox with the demo's world in it.

    Attributes:
        whose: Whose everything is that had to stay.
        before: How it was before the sweep.
        killed: How what the killed run made was before the sweep.
    """

    sandbox: OciSandbox
    runs: Runs
    whose: dict[Seen, Part] = field(default_factory=dict)
    before: Mapping[Seen, str] = field(default_factory=dict)
    killed: Mapping[Seen, str] = field(default_factory=dict)

    name = "Oracle Cloud"
    asked = "the sandbox's own lists"
    closing = (
        f"  The network stays while {DEBUGGER} is in it, with what it came with.\n"
        "  The vault and its key are deleted by Oracle itself, on the day that it says.\n"
        f"  {CORE_DUMP} stays for a day, and {GARBLED} until a person says what it is.\n"
    )

    @property
    def introduction(self) -> str:
        """What the sandbox is."""
        return (
            f"This is an Oracle Cloud sandbox at {self.sandbox.endpoint}, within this process: it "
            "needs no credentials\nbut a key that it made, reaches nothing but this machine, and "
            "is gone when the demo ends. It refuses\nwhat Oracle refuses.\n"
        )

    @property
    def compartment(self) -> str:
        """The OCID of the compartment that all of them use."""
        return self.sandbox.compartments["ci"]

    @property
    def key(self) -> Path:
        """Where the SDK's configuration is, with the key beside it."""
        return self.runs.directory / "oci-config"

    def set_scene(self) -> None:
        """Start the runs, let strangers make something, and note how everything is."""
        endpoint = self.sandbox.endpoint
        self.sandbox.key.write(self.key)
        with self.runs.stopping.put_off():
            theirs = build(
                endpoint,
                self.sandbox.key.config(),
                {"team": "payments"},
                name="payments",
                compartment=self.compartment,
                region=REGION,
            )
        self.runs.things += [
            Thing(part=Part.STRANGER, kind=made.kind, id=made.id, name="payments", about=made.part)
            for made in theirs.made
        ]
        strangers = self._look().keys()
        self._play(Part.LIVE)
        before = self._look().keys()
        self._play(Part.KILLED)
        intruders = self._make_intruders()
        full = self._look()
        self.whose = {
            seen: Part.LIVE if seen in before - strangers else Part.STRANGER
            for seen in full
            if seen in before or seen[2] in intruders
        }
        self.before = {seen: told for seen, told in full.items() if seen in self.whose}
        self.killed = {seen: told for seen, told in full.items() if seen not in self.whose}

    def config(self) -> Config:
        """The configuration, written and read as anybody's."""
        path = self.runs.directory / "reaper.yaml"
        place = {
            "tenancy": self.sandbox.tenancy,
            "name": "sandbox",
            "compartments": [self.compartment],
            "regions": [REGION],
            "config_file": str(self.key),
            "endpoint": f"{self.sandbox.endpoint}/{{region}}",
        }
        told = {
            "realm": self.runs.realm,
            "ledger": f"sqlite:///{self.runs.directory / 'ledger.db'}",
            "policy": {
                "grace": "0s",
                "enable": ["oci:kms:key", "oci:kms:vault"],
                "brake": {"max_share": 1},
            },
            "providers": {"oci": [place]},
        }
        path.write_text(json.dumps(told), encoding="utf-8")
        return load(path, {})

    def prove(self, plans: Sequence[Plan], outcomes: Mapping[str, Outcome]) -> Proof:
        """Ask the sandbox what is left, and hold it against what has to be."""
        return checks(self, self._look(), plans, outcomes)

    def thing(self, name: str) -> Thing:
        """What was made under this name."""
        return next(thing for thing in self.runs.things if thing.name == name)

    def made(self, kind: str) -> Thing:
        """The first of a kind that the killed run made."""
        return next(
            each for each in self.runs.things if (each.part, each.kind) == (Part.KILLED, kind)
        )

    def _look(self) -> dict[Seen, str]:
        return everything(
            self.sandbox.endpoint, self.sandbox.key.config(), [self.compartment], [REGION]
        )

    def _play(self, part: Part) -> None:
        self.runs.start(part, self.sandbox.endpoint, self.compartment, str(self.key))
        self.runs.wait(part)

    def _make_intruders(self) -> frozenset[str]:
        """Let a colleague work in the killed run's network, and tag something badly."""
        network = self.made(VCN)
        config = self.sandbox.key.config()
        group = (
            Clients(self.sandbox.endpoint, config, REGION)
            .network.create_network_security_group(
                {
                    "compartmentId": self.compartment,
                    "vcnId": network.id,
                    "displayName": DEBUGGER,
                }
            )
            .data["id"]
        )
        tags = {REALM: self.runs.realm, RUN: "nightly-run-"}
        volume = add_volume(
            self.sandbox.endpoint, config, tags, compartment=self.compartment, name=GARBLED
        )["id"]
        for kind, ocid, name, about in (
            (GROUP, group, DEBUGGER, "made by hand in nightly's network"),
            (VOLUME, volume, GARBLED, "its tag names no run that can be read"),
        ):
            thing = Thing(part=Part.STRANGER, kind=kind, id=ocid, name=name, about=about)
            self.runs.things.append(thing)
        return frozenset({group, volume})


@contextmanager
def oci_stage() -> Iterator[OciStage]:
    """Start a sandbox with two runs about to begin; all of it is gone in the end."""
    stopping = Stopping()
    with (
        stopping.heeded(),
        tempfile.TemporaryDirectory(prefix="reaper-demo-", ignore_cleanup_errors=True) as directory,
        OciSandbox() as sandbox,
    ):
        runs = Runs(
            worker="reaper.sandbox.demo_oci.worker",
            directory=Path(directory),
            realm=f"demo-{secrets.token_hex(3)}",
            stopping=stopping,
        )
        try:
            yield OciStage(sandbox=sandbox, runs=runs)
        finally:
            runs.end()
