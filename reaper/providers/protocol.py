"""What a provider offers to the sweep, and nothing more.

A provider is opened for one configured place (an engine, an account, a project). It answers in
data: a call that failed is an answer that says so, never an empty one and never an exception,
save those named here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

from reaper.model import Cell, Gap, JournalEntry, Kind, Ref, Resource
from reaper.policy import Policy
from reaper.tags import TagRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What to look for.

    Attributes:
        keys: Tag keys that mark a resource as possibly a run's (ours, and those of profiles).
        runs: Only these runs, where the index can be asked so; None: all.
        kinds: Only these kinds; None: all that the provider knows.
        full: Look at everything, by the native lists, also at what bears no tag.
    """

    keys: tuple[str, ...]
    runs: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    full: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """What the index named.

    Attributes:
        candidates: Possible resources; being named here proves nothing.
        gaps: What could not be asked; with a gap, absence from `candidates` proves nothing either.
        clock: The provider's time when it answered; None where it tells none.
        not_offered: Kinds that there are none of in this place at all, so that nothing was asked:
            no gap.
    """

    candidates: tuple[Ref, ...]
    gaps: tuple[Gap, ...] = ()
    clock: datetime | None = None
    not_offered: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """An authoritative read said «not found». It proves absence only beside a positive control.

    What is over and is listed still (a terminated instance) is absent too, with its state as
    detail. What the cloud will purge later is not: that is a `Resource` with its `purge`.
    """

    detail: str = "not found"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """The read failed; whether the resource is there is unknown."""

    reason: str


Reading = Resource | Absent | Unreadable


class Reply(StrEnum):
    """How a provider answered one attempt to delete, or a poll of one."""

    DONE = "done"  # carried out, as far as the provider says; still to be seen gone
    STARTED = "started"  # under way; `handle` may tell more
    ABSENT = "absent"  # there was nothing of this ID any more
    SCHEDULED = "scheduled"  # to be purged at `until`
    THROTTLED = "throttled"  # not now; no failure. `retry_after_s` where the provider says
    IN_USE = "in use"  # something needs it; `blockers` where the provider says
    PROTECTED = "protected"  # termination protection, a lock, retention
    DENIED = "denied"  # the permission is missing
    FAILED = "failed"  # refused or broken for another reason
    UNCERTAIN = "uncertain"  # the connection broke: the call may or may not have been carried out


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What became of one call.

    Attributes:
        detail: In words, with the provider's own code; never empty for what is no success.
        handle: Names a long operation, for `poll`; opaque to the sweep, kept in the ledger.
    """

    reply: Reply
    detail: str = ""
    handle: str | None = None
    retry_after_s: float | None = None
    blockers: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Where a provider is and as whom.

    Attributes:
        place: The configured place in words, as pinned in the ledger, such as an engine's address.
        id: What the place says it is: an engine's ID, an account's number.
        caller: As whom, where that is known.
        pin: Whether `id` must stay what it was at first use.
        notes: What an operator should know, such as a version or a rootless engine.
    """

    place: str
    id: str
    caller: str | None = None
    pin: bool = True
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Permissions:
    """What a caller must be allowed, in the cloud's own form.

    Attributes:
        documents: The policy; more than one where it is larger than the cloud takes at once.
        unconditioned: Deletions that are allowed whatever tags there are, and why, by action.
        remedy: What to do about these.
        syntax: How the cloud wants it written.
    """

    documents: tuple[Mapping[str, Any], ...]
    unconditioned: Mapping[str, str]
    remedy: str = "narrow their Resource to what your tests create, if you can"
    syntax: Literal["json", "yaml"] = "json"


class Held(StrEnum):
    """Whether a permission is there."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"  # it could not be asked without changing something


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """What was found out about one permission.

    Attributes:
        action: As the cloud calls it.
        reason: Why it is missing or not known, in words; empty where it is there.
        remedy: What would make it known; None where nothing would.
    """

    action: str
    held: Held
    reason: str = ""
    remedy: str | None = None


@runtime_checkable
class Permitting(Protocol):
    """A provider that can be asked what its caller may do."""

    def allowances(self, cell: Cell, policy: Policy, rules: TagRules) -> Sequence[Allowance]:
        """Ask for each permission that a sweep of this cell needs, by calls that change nothing.

        What is asked for all cells together is told of in one of them. Called after `identity`.
        """


@runtime_checkable
class Sharing(Protocol):
    """A provider that can hold several reads against the same whole lists."""

    def together(self, cell: Cell, *, preview: bool) -> AbstractContextManager[None]:
        """Ask for each list once for all reads of the cell within, and count none asked before.

        With `preview` all is read again before anything is deleted, so that the index may say where
        a list is worth asking for.
        """


class Provider(Protocol):
    """One configured place of one cloud.

    It is used from several threads at once. Timeouts are its own business: no method may hang.
    Its client never retries a deletion by itself.
    """

    @property
    def name(self) -> str:
        """The provider's name, such as `docker`."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds it knows, by name."""

    @property
    def parallel(self) -> int:
        """How many deletions at once this place takes."""

    @property
    def batch(self) -> int:
        """How many resources are best read together: what one call answers, or a few at once.

        So many are looked at again together before they are deleted, and verified together.
        """

    def identity(self) -> Identity:
        """Ask the place who it is. It is asked before anything else.

        Raises:
            PlaceUnreachable: It did not answer.
            IdentityMismatch: It is not what the configuration names.
        """

    def cells(self) -> Sequence[Cell]:
        """The cells of this place. Called after `identity`.

        Raises:
            PlaceUnreachable: They could not be enumerated.
        """

    def index(self, cell: Cell, query: Query) -> Index:
        """Name the candidates, every page of them."""

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        """Read each of these authoritatively; the result has an entry for each `ref.key`.

        They can be of several kinds, and more than `batch`: the provider groups and divides them
        into calls. One call's failure makes its own refs unreadable, not the others. A resource
        tells all that uses or controls it, and all that its deletion takes along or alters: the
        second look asks nobody else. It bears the incarnation that the index and the creates'
        responses give, always or never for a kind.

        A ref without incarnation means whatever has the ID now. Reading one whose incarnation
        differs from the one asked for gives the resource that is there now: to compare is the
        sweep's business.
        """

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        """Send one deletion, on the condition of its incarnation where the cloud can check it.

        Its conditions are of the read that told `resource` (`Evidence`), not of a later one.

        Steps that belong to it and touch only the resource itself (revoke its rules, empty it) are
        sent here too, each only if the one before succeeded. Where a step takes long, answer
        STARTED after it: what is there still is judged anew, and the next call takes the next step.
        ABSENT and DONE are to be verified; THROTTLED means that nothing was changed.

        Raises:
            ReadOnlyViolation: The provider was opened read-only.
        """

    def poll(self, cell: Cell, handle: str) -> Answer:
        """Ask what became of a long operation; STARTED while it runs.

        The reply is about the operation: where the asking itself failed, it is UNCERTAIN.
        """

    def control(self, cell: Cell, kind: str) -> str | None:
        """Make a read in the same scope that must succeed; None if it did, else why it did not."""

    def lookup(self, cell: Cell, entry: JournalEntry) -> Sequence[Ref] | Unreadable:
        """Find what an intent without a result may have created; candidates, as from `index`.

        Nothing found means that every page was seen: an hour later nobody asks again.
        """

    def close(self) -> None:
        """Give connections back."""
