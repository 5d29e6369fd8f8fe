"""The emulated AWS, a place of its own in it, and a provider that works there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

pytest.importorskip("moto")

from reaper.config.places import AwsPlace
from reaper.model import Cell, Ref, Resource
from reaper.providers.aws.account import Account
from reaper.providers.protocol import Answer, Reading
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import clients

REGION = "us-east-1"
TAGS = {"reaper-run": "r-01k0000000000000000000000a", "reaper-realm": "default"}
PAIRS = [{"Key": key, "Value": value} for key, value in TAGS.items()]
Client = Callable[[str], Any]


def tagged(sort: str) -> list[dict[str, Any]]:
    return [{"ResourceType": sort, "Tags": PAIRS}]


class Desk:
    """One account at work, asked about single things."""

    def __init__(self, sandbox: AwsSandbox, account: Account) -> None:
        self.sandbox = sandbox
        self.account = account
        self.client: Client = clients(sandbox.endpoint, REGION)
        self.regional, self.everywhere = account.cells()

    def cell(self, kind: str) -> Cell:
        return self.everywhere if kind.startswith("aws:iam:") else self.regional

    def ref(self, kind: str, resource_id: str) -> Ref:
        return Ref(kind=kind, scope=self.cell(kind).scope, id=resource_id)

    def read(self, kind: str, *ids: str) -> Mapping[str, Reading]:
        """Read these; by ID."""
        refs = [self.ref(kind, each) for each in ids]
        found = self.account.read(self.cell(kind), refs)
        return {ref.id: found[ref.key] for ref in refs}

    def one(self, kind: str, resource_id: str) -> Resource:
        reading = self.read(kind, resource_id)[resource_id]
        assert isinstance(reading, Resource), reading
        return reading

    def control(self, kind: str) -> str | None:
        return self.account.control(self.cell(kind), kind)

    def delete(self, kind: str, resource_id: str) -> Answer:
        """Look at it once more, and shoot."""
        return self.account.delete(self.cell(kind), self.one(kind, resource_id))


def place_of(sandbox: AwsSandbox, **more: Any) -> AwsPlace:
    given = {"account": sandbox.account, "regions": (REGION,), "endpoint": sandbox.endpoint}
    return AwsPlace(**given | more)


@pytest.fixture
def desk(aws_sandbox: AwsSandbox) -> Iterator[Desk]:
    account = Account(place_of(aws_sandbox), read_only=False)
    yield Desk(aws_sandbox, account)
    account.close()
