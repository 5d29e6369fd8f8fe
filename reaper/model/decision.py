"""What is decided and what is done: claims, verdicts, plans and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reaper.model.ref import Ref
from reaper.model.resource import Cell, Gap, Resource


class Basis(StrEnum):
    """What makes a resource a run's."""

    TAG = "its own tag"
    JOURNAL = "the journal"
    DERIVED = "its parent"


FOREVER = "forever"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Whose a resource is, and on what ground.

    Attributes:
        run: The run's ID; None where the resource is no run's, or where that cannot be read.
        basis: What makes it the run's; None where nothing does.
        expires: When the tag says that it may go if nobody knows the run; None without such a tag.
        keep: Until when a person asked to keep it by its tag; FOREVER, or None.
        garbled: What about the tags cannot be trusted, in words; None where all is well.
        reason: Why it is foreign, or on what ground it is the run's, in words.
        journaled: The journal has it by ID from a successful create.
        report_only: By a profile that is not configured to reap.
        profile: The profile by whose keys its tags were read; None for our own.
    """

    run: str | None
    reason: str
    basis: Basis | None = None
    expires: datetime | None = None
    owner: str | None = None
    keep: datetime | str | None = None
    garbled: str | None = None
    journaled: bool = False
    report_only: bool = False
    profile: str | None = None

    @property
    def foreign(self) -> bool:
        """Whether nothing makes it a run's of our realm."""
        return self.basis is None and self.garbled is None


class Decision(StrEnum):
    """What is to become of a resource."""

    KEEP = "keep"
    REAP = "reap"
    QUARANTINE = "quarantine"  # reported to a person, never touched


class Rule(StrEnum):
    """The rules of judging, in the order in which they are asked."""

    FOREIGN = "foreign"
    UNSURE = "unsure"
    GARBLED = "garbled"
    PROTECTED = "protected"
    KEPT = "kept"
    ALIVE = "alive"
    ELDER = "elder"
    COPY = "copy"
    USED = "used"
    YOUNG = "young"
    REPORTED = "reported"
    FINISHED = "finished"
    LAPSED = "lapsed"
    EXPIRED = "expired"
    AGELESS = "ageless"
    WAITING = "waiting"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What is decided about one resource: by which rule, and why, in words.

    Attributes:
        decision: None where the resource is not ours to decide about.
    """

    decision: Decision | None
    rule: Rule
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What a person said of one resource: to keep it, or how its quarantine ends.

    Attributes:
        at: When it was resolved, or where it was not, when the keep was asked for.
        keep_until: A time, FOREVER, or None.
        resolution: `adopt` or `dismiss`, of the quarantine by `rule`.
    """

    by: str
    at: datetime
    keep_until: datetime | str | None = None
    resolution: str | None = None
    rule: Rule | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A resource with its claim and verdict."""

    resource: Resource
    claim: Claim
    verdict: Verdict
    named: bool = False


class Status(StrEnum):
    """What became of one resource."""

    GONE = "gone"  # seen gone by an authoritative read with a positive control
    SCHEDULED = "scheduled"  # the cloud will purge it at a known time
    PENDING = "pending"  # under way, or put off to a known time
    BLOCKED = "blocked"  # something that is not to go needs it
    PROTECTED = "protected"  # the cloud's or our own protection
    DENIED = "denied"  # the permission is missing
    FAILED = "failed"  # an error, or its deadline went by
    HELD = "held"  # by the brake, until a person releases the plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one resource that was to go.

    Attributes:
        blocked_by: The references (or names) of what stands in the way.
        until: When it is purged (scheduled) or tried again (pending); None: unknown.
    """

    ref: Ref
    run: str
    status: Status
    detail: str
    at: datetime
    name: str | None = None
    rule: Rule | None = None
    reason: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    blocked_by: tuple[str, ...] = ()
    until: datetime | None = None
    attempts: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One resource's place in a plan.

    Attributes:
        wave: In which wave it goes, from 0; None where it does not go.
        status: Why a resource that is to go does not go now (blocked, protected, held, pending,
            scheduled).
        until: When the cloud purges it, where that is scheduled.
        taken_by: The item whose deletion takes this one along; it is verified, not deleted.
    """

    judged: Judged
    wave: int | None = None
    status: Status | None = None
    detail: str | None = None
    blocked_by: tuple[str, ...] = ()
    taken_by: Ref | None = None
    until: datetime | None = None

    @property
    def ref(self) -> Ref:
        """The resource's reference."""
        return self.judged.resource.ref


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The verdicts of one scan, ordered into waves, with the brake applied.

    Attributes:
        items: Everything that bears a run of our realm, whatever its verdict.
        held: Why the brake holds this plan; None where it does not.
        notes: What a reader should know about the order, such as a cycle that was broken.
    """

    cell: Cell
    at: datetime
    items: tuple[Item, ...]
    gaps: tuple[Gap, ...] = ()
    held: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def waves(self) -> tuple[tuple[Item, ...], ...]:
        """The items that go, wave by wave."""
        count = max((item.wave for item in self.items if item.wave is not None), default=-1) + 1
        waves: list[list[Item]] = [[] for _ in range(count)]
        for item in self.items:
            if item.wave is not None:
                waves[item.wave].append(item)
        return tuple(tuple(wave) for wave in waves)
