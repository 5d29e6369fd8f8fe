"""The chapter of `reaper demo` in an AWS sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reaper.model import Outcome
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import build, everything
from reaper.sandbox.aws.world.builder import clients
from reaper.sandbox.demo.checks import Check
from reaper.sandbox.demo.cloud import CloudStage, playing
from reaper.sandbox.demo.lists import blocked, scheduled
from reaper.sandbox.demo.parts import DEBUGGER, GARBLED, Part, Seen, Thing
from reaper.tags import REALM, RUN

REGION = "eu-west-1"
_KEY = "aws:kms:key"
# Any will do for the sandbox; whoever has others does not want them to be used here.
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
# What AWS lists for a while after it is over.
_OVER = ('"terminated"', '"deleted"')


@dataclass(kw_only=True)
class AwsStage(CloudStage):
    """A sandbox with one of each kind of two runs and of strangers in it.

    Attributes:
        account: Its account's ID.
    """

    account: str

    name = "AWS"
    enabled = (_KEY,)
    closing = (
        f"  The subnet and its VPC stay while {DEBUGGER} is in them.\n"
        "  The KMS key is deleted by AWS itself, on the day that it says.\n"
        f"  {GARBLED} stays until a person says what it is: `reaper resolve`.\n"
    )

    def providers(self) -> Mapping[str, Any]:
        """What the configuration says of the place."""
        place = {"account": self.account, "regions": [REGION], "endpoint": self.endpoint}
        return {"aws": [place]}

    def look(self) -> dict[Seen, str]:
        """Everything that the sandbox lists, and how it is."""
        return everything(self.endpoint, [REGION])

    def let_strangers_build(self) -> Sequence[Thing]:
        """Let strangers make one of each kind."""
        theirs = build(self.endpoint, {"team": "payments"}, name="payments", region=REGION)
        return [
            Thing(part=Part.STRANGER, kind=made.kind, id=made.id, name="payments", about=made.part)
            for made in theirs.made
        ]

    def let_colleagues_intrude(self) -> Sequence[Thing]:
        """Let a colleague attach something to the killed run's network, and tag something badly."""
        client = clients(self.endpoint, REGION)
        subnet = self._subnet()
        named = [{"Key": "Name", "Value": DEBUGGER}]
        interface = client("ec2").create_network_interface(
            SubnetId=subnet,
            TagSpecifications=[{"ResourceType": "network-interface", "Tags": named}],
        )["NetworkInterface"]["NetworkInterfaceId"]
        topic = client("sns").create_topic(
            Name=GARBLED,
            Tags=[
                {"Key": REALM, "Value": self.runs.realm},
                {"Key": RUN, "Value": "Nightly Run +42"},
            ],
        )["TopicArn"]
        return [
            Thing(part=Part.STRANGER, kind=kind, id=id_, name=name, about=about)
            for kind, id_, name, about in (
                ("aws:ec2:network-interface", interface, DEBUGGER, f"attached by hand to {subnet}"),
                ("aws:sns:topic", topic, GARBLED, "its tag names no run that can be read"),
            )
        ]

    def made(self) -> Sequence[Thing]:
        """What the killed run made, as far as the lists show it: listeners are their balancer's."""
        kinds = {kind for kind, _, _ in self.killed}
        return [thing for thing in super().made() if thing.kind in kinds]

    def left(self, now: Mapping[Seen, str]) -> frozenset[str]:
        """The IDs of what the killed run made and is listed still, and not as over."""
        mine = {thing.id for thing in self.made()}
        lasting = {
            seen: told for seen, told in now.items() if not any(over in told for over in _OVER)
        }
        return super().left(lasting) & mine

    def held_back(self, left: frozenset[str], outcomes: Mapping[str, Outcome]) -> Sequence[Check]:
        """The subnet that a colleague is in, and the key."""
        subnet = self._subnet()
        return [
            blocked(subnet, subnet, self.thing(DEBUGGER), left, outcomes),
            scheduled("The KMS key is scheduled for deletion on", self.killed_ones(_KEY), outcomes),
        ]

    def _subnet(self) -> str:
        return next(thing.id for thing in super().made() if thing.kind == "aws:ec2:subnet")


@contextmanager
def aws_stage() -> Iterator[AwsStage]:
    """Start a sandbox with two runs about to begin; all of it is gone in the end."""
    with (
        playing("reaper.sandbox.demo_aws.worker") as runs,
        only_its_credentials(),
        AwsSandbox() as sandbox,
    ):
        try:
            yield AwsStage(
                endpoint=sandbox.endpoint,
                place=REGION,
                runs=runs,
                environment=_CREDENTIALS,
                account=sandbox.account,
            )
        finally:
            runs.end()


@contextmanager
def only_its_credentials() -> Iterator[None]:
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
