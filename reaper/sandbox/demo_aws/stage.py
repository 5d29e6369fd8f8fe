"""A sandbox with two test runs and strangers, which the demo cleans and looks at."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reaper.config import Config, load
from reaper.model import Outcome, Plan
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import build, everything
from reaper.sandbox.aws.world.builder import clients
from reaper.sandbox.aws.world.everything import Seen
from reaper.sandbox.demo.checks import Proof
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo.runs import Runs
from reaper.sandbox.demo.stopping import Stopping
from reaper.sandbox.demo_aws.proof import checks
from reaper.sandbox.demo_aws.worker import DEBUGGER, GARBLED
from reaper.tags import REALM, RUN

REGION = "eu-west-1"
# Any will do for the sandbox; whoever has others does not want them to be used here.
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(kw_only=True, slots=True)
class AwsStage:
    """A sandbox with the demo's world in it.

    Attributes:
        whose: Whose everything is that had to stay.
        before: How it was before the sweep.
        killed: How what the killed run made was before the sweep.
    """

    sandbox: AwsSandbox
    runs: Runs
    whose: dict[Seen, Part] = field(default_factory=dict)
    before: Mapping[Seen, str] = field(default_factory=dict)
    killed: Mapping[Seen, str] = field(default_factory=dict)

    name = "AWS"
    asked = "the sandbox's own lists"
    closing = (
        f"  The subnet and its VPC stay while {DEBUGGER} is in them.\n"
        "  The KMS key is deleted by AWS itself, on the day that it says.\n"
        f"  {GARBLED} stays until a person says what it is: `reaper resolve`.\n"
    )

    @property
    def introduction(self) -> str:
        """What the sandbox is."""
        return (
            f"This is an AWS sandbox at {self.sandbox.endpoint}, within this process: it needs no "
            "credentials,\nreaches nothing but this machine, and is gone when the demo ends. It "
            "refuses what AWS refuses.\n"
        )

    def set_scene(self) -> None:
        """Start the runs, let strangers make something, and note how everything is."""
        endpoint = self.sandbox.endpoint
        self.runs.start(Part.LIVE, endpoint, REGION, **_CREDENTIALS)
        with self.runs.stopping.put_off():
            theirs = build(endpoint, {"team": "payments"}, name="payments", region=REGION)
        self.runs.things += [
            Thing(part=Part.STRANGER, kind=made.kind, id=made.id, name="payments", about=made.part)
            for made in theirs.made
        ]
        self.runs.wait(Part.LIVE)
        before = self._look()
        self.runs.start(Part.KILLED, endpoint, REGION, **_CREDENTIALS)
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
            "policy": {"grace": "0s", "enable": ["aws:kms:key"], "brake": {"max_share": 1}},
            "providers": {
                "aws": [
                    {
                        "account": self.sandbox.account,
                        "regions": [REGION],
                        "endpoint": self.sandbox.endpoint,
                    }
                ]
            },
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
        return everything(self.sandbox.endpoint, [REGION])

    def _make_intruders(self) -> frozenset[str]:
        """Let a colleague attach something to the killed run's network, and tag something badly."""
        client = clients(self.sandbox.endpoint, REGION)
        subnet = next(
            thing.id
            for thing in self.runs.things
            if (thing.part, thing.kind) == (Part.KILLED, "aws:ec2:subnet")
        )
        interface = client("ec2").create_network_interface(
            SubnetId=subnet,
            TagSpecifications=[
                {"ResourceType": "network-interface", "Tags": [{"Key": "Name", "Value": DEBUGGER}]}
            ],
        )["NetworkInterface"]["NetworkInterfaceId"]
        topic = client("sns").create_topic(
            Name=GARBLED,
            Tags=[
                {"Key": REALM, "Value": self.runs.realm},
                {"Key": RUN, "Value": "Nightly Run +42"},
            ],
        )["TopicArn"]
        for kind, id_, name, about in (
            ("aws:ec2:network-interface", interface, DEBUGGER, f"attached by hand to {subnet}"),
            ("aws:sns:topic", topic, GARBLED, "its tag names no run that can be read"),
        ):
            thing = Thing(part=Part.STRANGER, kind=kind, id=id_, name=name, about=about)
            self.runs.things.append(thing)
        return frozenset({interface, topic})


@contextmanager
def aws_stage() -> Iterator[AwsStage]:
    """Start a sandbox with two runs about to begin; all of it is gone in the end."""
    stopping = Stopping()
    with (
        stopping.heeded(),
        _credentials(),
        tempfile.TemporaryDirectory(prefix="reaper-demo-", ignore_cleanup_errors=True) as directory,
        AwsSandbox() as sandbox,
    ):
        runs = Runs(
            worker="reaper.sandbox.demo_aws.worker",
            directory=Path(directory),
            realm=f"demo-{secrets.token_hex(3)}",
            stopping=stopping,
        )
        try:
            yield AwsStage(sandbox=sandbox, runs=runs)
        finally:
            runs.end()


@contextmanager
def _credentials() -> Iterator[None]:
    """Let this process use the sandbox's credentials, and no others."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in before:
        del os.environ[name]
    os.environ.update(_CREDENTIALS)
    try:
        yield
    finally:
        for name in _CREDENTIALS:
            os.environ.pop(name, None)
        os.environ.update(before)
