"""What a scan finds in the world: resources, how they depend on each other, and gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from reaper.model.ref import Ref


class Relation(StrEnum):
    """How a resource stands to another; each reads «this … that»."""

    USES = "uses"  # that cannot go, or breaks, while this is there: this goes first
    USED_BY = "used by"  # the same, seen from the other end
    TAKES = "takes along"  # deleting this deletes that
    ALTERS = "alters"  # deleting this changes or breaks that
    MADE = "made"  # that came from this, linked by an immutable ID: that is derived from this
    CONTROLLED_BY = "controlled by"  # that would make this anew: that goes first


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """One end's knowledge of how two resources depend on each other."""

    relation: Relation
    other: Ref
    name: str | None = None  # what a person calls the other


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource as an authoritative read saw it.

    Attributes:
        tags: All its tags or labels, unread.
        created: A creation time that never changes, on the provider's clock; None where the cloud
            keeps none (EC2's LaunchTime is none).
        state: The provider's own word for its state.
        going: It is on its way out already; no deletion is sent, it is waited for.
        purge: When the cloud will purge it, where that is scheduled; such a one is `going` too.
        inherited: Keys of tags that it bears because something else does (a container, its image).
        edges: What it depends on and what depends on it; an end that the read could not see is no
            reason to leave the edge out.
        unread: What of it could not be read, in words; None where the read was whole.
        protection: Why the cloud or reaper itself refuses its deletion; None where neither does.
        indirect: Its tags are not its own to claim by: only a journal entry makes it a run's
            (Docker images, which are shared by tags and pulls).
        used: When somebody last used it or wrote to it, where the provider tells.
        held_by: What uses it from another cell, by name: it does not go while that is there.
        read: Which of its provider's reads told it, by a number of the provider's own; 0: none that
            a deletion can go by.
    """

    ref: Ref
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None
    state: str | None = None
    going: bool = False
    purge: datetime | None = None
    inherited: frozenset[str] = frozenset()
    edges: tuple[Edge, ...] = ()
    unread: str | None = None
    protection: str | None = None
    indirect: bool = False
    used: datetime | None = None
    held_by: tuple[str, ...] = ()
    read: int = field(default=0, compare=False)

    def others(self, *relations: Relation) -> tuple[Edge, ...]:
        """The edges of these relations."""
        return tuple(edge for edge in self.edges if edge.relation in relations)


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """Something that could not be listed or read; what is there is unknown, not nothing."""

    provider: str
    scope: str
    kind: str | None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """What one scan covers and one lock guards.

    Attributes:
        scope: As in `Ref`; for most providers cell and scope are the same.
        label: What a person calls it, such as an engine's address.
        rank: Cells of a higher rank are swept after those of a lower one, which use what they have.
    """

    provider: str
    scope: str
    label: str
    rank: int = 0

    def __str__(self) -> str:
        return f"{self.provider}/{self.scope}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """What was found in a cell, and what could not be.

    Attributes:
        resources: The candidates and what they depend on, each read authoritatively.
        skew: The provider's clock minus ours; zero where it keeps none we could read.
    """

    cell: Cell
    at: datetime
    resources: tuple[Resource, ...]
    gaps: tuple[Gap, ...] = ()
    skew: timedelta = timedelta(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """How long to wait before the next attempt: doubling from `first` up to `most`."""

    first: timedelta = timedelta(seconds=10)
    most: timedelta = timedelta(minutes=30)

    def after(self, attempts: int) -> timedelta:
        """The wait after this many attempts, from 1."""
        return min(self.most, self.first * (1 << min(attempts - 1, 20)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One sort of resource, as its provider declares it.

    Attributes:
        name: Such as `docker:container`.
        after: Kinds that go before this one where no edge says otherwise.
        taggable: It can bear tags at creation.
        reused: Its IDs are names that can be used again, and nothing tells a later bearer from an
            earlier one: it has no incarnation.
        report_only: Its users cannot be enumerated, so it is only reported unless enabled.
        deadline: How long after the first attempt it may take before that counts as failed.
        backoff: The pace of further attempts.
        takes: How long its deletion usually takes: before that nobody looks whether it is gone.
        service: The part of the provider whose limits it shares.
    """

    name: str
    after: tuple[str, ...] = ()
    taggable: bool = True
    reused: bool = False
    report_only: bool = False
    deadline: timedelta = timedelta(hours=1)
    backoff: Backoff = Backoff()
    takes: timedelta = timedelta(0)
    service: str = ""
