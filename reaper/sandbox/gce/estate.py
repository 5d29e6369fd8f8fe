"""What the emulated Google Cloud consists of: projects, the graph of what is in them, time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from reaper.clock import Clock
from reaper.sandbox.kernel.graph import Graph, Node
from reaper.sandbox.kernel.operations import Operations
from reaper.sandbox.kernel.rules import Rule
from reaper.sandbox.kernel.timetable import Timetable

HOST = "https://www.googleapis.com"
COMPUTE = f"{HOST}/compute/v1/"

REGIONS: Mapping[str, tuple[str, ...]] = {
    "europe-west1": ("europe-west1-b", "europe-west1-c", "europe-west1-d"),
    "us-central1": ("us-central1-a", "us-central1-b", "us-central1-c"),
    "us-east1": ("us-east1-b", "us-east1-c", "us-east1-d"),
}
ZONES = tuple(zone for zones in REGIONS.values() for zone in zones)

_PACIFIC = timezone(timedelta(hours=-7))


@dataclass(kw_only=True, slots=True)
class Lags:
    """How long changes take, in seconds by the sandbox's clock; settable at any time.

    With 0 a change is done when the sandbox is asked next, not in the answer itself.

    Attributes:
        create_s: An operation that creates.
        delete_s: One that deletes: meanwhile an instance is `STOPPING`.
        change_s: Any other one.
        cluster_s: One that creates or deletes a GKE cluster, which takes minutes.
        heal_s: A managed group makes a member anew that was deleted.
        remembered_s: How long an operation that is done is known: two weeks.
        token_s: How long the token of a list's next page lasts.
    """

    create_s: float = 0.0
    delete_s: float = 0.0
    change_s: float = 0.0
    cluster_s: float = 0.0
    heal_s: float = 0.0
    remembered_s: float = 14 * 86400.0
    token_s: float = 3600.0

    def reset(self) -> None:
        """Let everything take its usual time again."""
        for each in fields(self):
            setattr(self, each.name, each.default)


@dataclass(kw_only=True)
class Estate:
    """The whole of it; used under the sandbox's lock only.

    Attributes:
        projects: Each project's ID, with its number.
        disabled: Services that are not enabled, by project: `("my-project", "cloudkms")`.
        lacking: Permissions that the caller does not have: `compute.disks.delete`.
        answered: Operations by the `requestId` that began them.
    """

    clock: Clock
    graph: Graph
    timetable: Timetable
    operations: Operations
    lags: Lags
    random: Random
    projects: dict[str, str] = field(default_factory=dict)
    disabled: set[tuple[str, str]] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    answered: dict[tuple[str, str], str] = field(default_factory=dict)
    addresses: int = 0
    generations: int = 0
    began: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @classmethod
    def new(cls, rules: Sequence[Rule], clock: Clock) -> Estate:
        """Make an empty one."""
        timetable = Timetable(clock)
        return cls(
            clock=clock,
            graph=Graph(rules, clock=clock, path_of=path_of),
            timetable=timetable,
            operations=Operations(timetable),
            lags=Lags(),
            random=Random(0),  # noqa: S311 - not for secrets: to be repeatable
        )

    def clear(self) -> None:
        """Empty it."""
        self.timetable.clear()
        self.operations.clear()
        self.graph.clear()
        self.lags.reset()
        self.disabled.clear()
        self.lacking.clear()
        self.answered.clear()
        self.addresses = 0
        self.generations = 0

    def number(self) -> str:
        """Make an ID that was never used."""
        return str(self.random.randrange(10**18, 9 * 10**18))

    def digits(self, length: int) -> str:
        """Make a hexadecimal number."""
        return f"{self.random.getrandbits(length * 4):0{length}x}"

    def address(self, *, internal: bool) -> str:
        """Give out an IP address that nobody has."""
        self.addresses += 1
        high, low = divmod(self.addresses, 250)
        return (
            f"10.{128 + high // 250}.{high % 250}.{low + 2}"
            if internal
            else (f"34.{64 + high // 250}.{high % 250}.{low + 2}")
        )

    def node(
        self, kind: str, path: str, body: dict[str, Any], *, facts: dict[str, Any] | None = None
    ) -> Node:
        """Let something come into being."""
        return self.graph.add(
            Node(
                kind=kind,
                path=path,
                number=str(body.get("id") or self.number()),
                created=self.clock.now(),
                born=self.clock.elapsed(),
                body=body,
                facts=facts or {},
            )
        )


# The fields by which a thing of its kind is told from another one of the same name.
_OWN = {
    "container.clusters": "id",
    "iam.serviceAccounts": "uniqueId",
    "storage.buckets": "generation",
}


def reused(estate: Estate, node: Node) -> Node:
    """Let somebody's new thing, which bears no labels, take the name of another one."""
    number, now = estate.number(), estate.clock.now()
    body = {key: each for key, each in deepcopy(node.body).items() if key not in _LABELS}
    own = _OWN.get(node.kind, "id" if node.kind.startswith("compute.") else "")
    if own:
        body[own] = number
    if "labelFingerprint" in body:
        body["labelFingerprint"] = fingerprint(None)
    times = {
        "creationTimestamp": pacific(now),
        "timeCreated": zulu(now),
        "createTime": zulu(now, digits=6),
    }
    body |= {key: each for key, each in times.items() if key in body}
    return estate.graph.reuse(node, number, now=now, body=body)


_LABELS = frozenset({"labels", "resourceLabels"})


def pacific(moment: datetime) -> str:
    """Write a time as Compute does."""
    return moment.astimezone(_PACIFIC).isoformat(timespec="milliseconds")


def zulu(moment: datetime, *, digits: int = 3) -> str:
    """Write a time as the other services do; with 9 digits, as most of them."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"{(text + '000')[: 20 + digits].rstrip('.')}Z"


def fingerprint(value: object) -> str:
    """Make the fingerprint of what may be changed by one person at a time."""
    digest = hashlib.sha256(repr(value).encode()).hexdigest()
    return "42WmSpB8rSM=" if not value else f"{digest[:11]}="


def path_of(link: str) -> str:
    """Read a path from a link, whole or partial, to any of Compute's addresses."""
    _, found, rest = link.partition("/compute/")
    return rest.partition("/")[2] if found else link
