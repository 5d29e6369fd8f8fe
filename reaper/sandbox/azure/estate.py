"""What the emulated Azure consists of: subscriptions, the graph of what is in them, time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from reaper.clock import Clock
from reaper.sandbox.azure.arm.ids import owner
from reaper.sandbox.kernel.graph import Graph, Node
from reaper.sandbox.kernel.operations import Operations
from reaper.sandbox.kernel.rules import Rule
from reaper.sandbox.kernel.timetable import Timetable


@dataclass(kw_only=True, slots=True)
class Lags:
    """How long changes take, in seconds by the sandbox's clock; settable at any time.

    With 0 a change is done when the sandbox is asked next, not in the answer itself.

    Attributes:
        create_s: A creation.
        delete_s: A deletion: meanwhile `provisioningState` is `Deleting`.
        group_s: The deletion of a resource group.
        cluster_s: The deletion of an AKS cluster, which takes minutes.
        remembered_s: How long an operation that is done is known.
        token_s: How long the token of a list's next page lasts.
    """

    create_s: float = 0.0
    delete_s: float = 0.0
    group_s: float = 0.0
    cluster_s: float = 0.0
    remembered_s: float = 86400.0
    token_s: float = 3600.0

    def reset(self) -> None:
        """Let everything take its usual time again."""
        for each in fields(self):
            setattr(self, each.name, each.default)


@dataclass(kw_only=True)
class Estate:
    """The whole of it; used under the sandbox's lock only.

    Attributes:
        tenant: The tenant of all subscriptions.
        subscriptions: Their IDs, each with its display name.
        lacking: Actions that the caller may not do: `microsoft.compute/disks/delete`.
        page: The most items of a list's page.
        quota: How many Resource Graph queries are left until it is filled again.
    """

    clock: Clock
    graph: Graph
    timetable: Timetable
    operations: Operations
    lags: Lags
    random: Random
    tenant: str = ""
    subscriptions: dict[str, str] = field(default_factory=dict)
    lacking: set[str] = field(default_factory=set)
    page: int = 1000
    endpoint: str = ""
    addresses: int = 0

    @classmethod
    def new(cls, rules: Sequence[Rule], clock: Clock) -> Estate:
        """Make an empty one."""
        timetable = Timetable(clock)
        estate = cls(
            clock=clock,
            graph=Graph(rules, clock=clock, path_of=owner),
            timetable=timetable,
            operations=Operations(timetable),
            lags=Lags(),
            random=Random(0),  # noqa: S311 - not for secrets: to be repeatable
        )
        estate.tenant = estate.guid()
        return estate

    def clear(self) -> None:
        """Empty it."""
        self.timetable.clear()
        self.operations.clear()
        self.graph.clear()
        self.lags.reset()
        self.lacking.clear()
        self.page = 1000
        self.addresses = 0

    def guid(self) -> str:
        """Make an ID that was never used."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def address(self, *, internal: bool) -> str:
        """Give out an IP address that nobody has."""
        self.addresses += 1
        high, low = divmod(self.addresses, 250)
        return f"10.{high // 250}.{high % 250}.{low + 4}" if internal else f"20.50.{high}.{low + 2}"

    def now(self) -> str:
        """The time, as Azure writes it: with seven digits of a second."""
        return written(self.clock.now())

    def add(
        self,
        kind: str,
        identity: str,
        body: Mapping[str, Any],
        *,
        facts: dict[str, Any] | None = None,
    ) -> Node:
        """Let something come into being."""
        return self.graph.add(
            Node(
                kind=kind,
                path=identity.lower(),
                number=self.guid(),
                created=self.clock.now(),
                born=self.clock.elapsed(),
                body=dict(body),
                facts=facts or {},
            )
        )

    def under(self, path: str) -> list[Node]:
        """Everything that is below a path, itself not; the longest paths first."""
        below = [
            node for node in self.graph.of(*self.graph.kinds) if node.path.startswith(f"{path}/")
        ]
        return sorted(below, key=lambda node: -len(node.path))


def reused(estate: Estate, node: Node) -> Node:
    """Let somebody's new thing, which bears no tags, take the name of another one."""
    number, now = estate.guid(), estate.clock.now()
    body = deepcopy(node.body)
    body.pop("tags", None)
    properties = body.get("properties", {})
    for key in ("vmId", "uniqueId", "resourceGuid", "principalId", "resourceUID", "internalId"):
        if key in properties:
            properties[key] = number
    for key in ("timeCreated", "creationTime", "createdOn"):
        if key in properties:
            properties[key] = written(now)
    if "systemData" in body:
        body["systemData"] = {**body["systemData"], "createdAt": written(now)}
    return estate.graph.reuse(node, number, now=now, body=body)


def written(moment: datetime) -> str:
    """Write a time as Azure does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
