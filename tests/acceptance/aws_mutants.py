"""AWS providers that are broken on purpose, each in one way: what a world promises catches each.

Each says in its docstring what it does wrong. None of them is ever used outside the tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reaper.model import Cell, Ref, Resource
from reaper.providers.aws.account import Account
from reaper.providers.aws.names import INSTANCE
from reaper.providers.aws.reading import read_tags
from reaper.providers.protocol import Absent, Index, Query, Reading


class IgnoresEdges(Account):
    """It does not ask who uses a thing, nor what goes with it."""

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        return {
            key: replace(each, edges=(), held_by=()) if isinstance(each, Resource) else each
            for key, each in super().read(cell, refs).items()
        }


class TrustsTheIndex(Account):
    """What the index says of a thing's tags is so, whatever the thing itself says."""

    def index(self, cell: Cell, query: Query) -> Index:
        found = super().index(cell, query)
        told = self._clients.reader("ec2", cell.scope.partition("/")[2].replace("global", REGION))
        self.told: dict[str, dict[str, str]] = getattr(self, "told", {})
        for tag in told.describe_tags()["Tags"]:
            self.told.setdefault(tag["ResourceId"], {})[tag["Key"]] = tag["Value"]
        return found

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        return {
            key: replace(each, tags=self.told[each.ref.id])
            if isinstance(each, Resource) and each.ref.id in self.told
            else each
            for key, each in super().read(cell, refs).items()
        }


class TakesEndedMachinesForLeaks(Account):
    """A terminated instance, which AWS lists for an hour, is there to it."""

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        found = dict(super().read(cell, refs))
        for ref in refs:
            reading = found[ref.key]
            if ref.kind == INSTANCE and isinstance(reading, Absent) and "termin" in reading.detail:
                found[ref.key] = self._as_if_there(ref)
        return found

    def _as_if_there(self, ref: Ref) -> Resource:
        client = self._clients.reader("ec2", REGION)
        [told] = client.describe_instances(InstanceIds=[ref.id])["Reservations"][0]["Instances"]
        return Resource(ref=ref, tags=read_tags(told["Tags"]), state="terminated")


REGION = "us-east-1"
