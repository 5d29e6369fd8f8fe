"""A provider over an in-memory world, with everything that the protocol allows to go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from reaper.errors import PlaceUnreachable, ReadOnlyViolation
from reaper.model import Cell, Gap, JournalEntry, Kind, Ref, Resource
from reaper.providers.protocol import (
    Absent,
    Answer,
    Identity,
    Index,
    Query,
    Reading,
    Reply,
    Unreadable,
)
from reaper.sandbox.deeds import Deletion, Progress
from reaper.sandbox.faults import Call, Effect, Fault, FaultInjector, Operation
from reaper.sandbox.sorts import EVERYWHERE, KINDS
from reaper.sandbox.things import Going, Missing, Protected, Refused
from reaper.sandbox.world import World

_BROKEN = (Effect.FAIL, Effect.THROTTLE, Effect.DENY, Effect.UNSENT)
_NO_TIME = timedelta(0)


class MemoryProvider:
    """Implements `reaper.providers.protocol.Provider` over a `World`.

    What faults do to each operation:

    * identity: any of FAIL, THROTTLE, DENY, UNSENT makes the place unreachable;
    * index: those make a gap for the kind; PARTIAL breaks its list off, with a gap; BLIND shows
      nothing of it, *without* a gap; LAG and GHOST let the index be late by `delay`. A full query
      asks the native lists, which know no LAG and no GHOST;
    * read: those make it unreadable; PARTIAL leaves tags and edges out and says so; BLIND says
      «not found», and HIDDEN too of what is younger than `delay`; SLOW lets the call take `delay`;
    * control and lookup: those, and for control BLIND, let it fail;
    * delete: FAIL, THROTTLE, DENY, UNSENT and BLIND («not found») before anything is done; SLOW and
      LATE then let the deletion take longer or fail in the end; LOST carries it out and loses the
      answer;
    * poll: FAIL and UNSENT leave it uncertain, THROTTLE and DENY say what they are.

    Args:
        by: As whom it acts: what `Mutation.by` says.
        pause: Lets time pass during slow calls; usually `VirtualClock.sleep`.
    """

    def __init__(
        self,
        world: World,
        *,
        by: str = "reaper",
        faults: FaultInjector | None = None,
        pause: Callable[[float], None] = lambda _: None,
        read_only: bool = False,
        parallel: int = 1,
        batch: int = 16,
    ) -> None:
        self._world = world
        self._by = by
        self._faults = faults or FaultInjector()
        self._pause = pause
        self._read_only = read_only
        self._parallel = parallel
        self._batch = batch

    @property
    def name(self) -> str:
        """The provider's name."""
        return "memory"

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds of the in-memory world."""
        return KINDS

    @property
    def parallel(self) -> int:
        """How many deletions at once are wanted of it."""
        return self._parallel

    @property
    def batch(self) -> int:
        """How many resources are to be read together."""
        return self._batch

    def identity(self) -> Identity:
        """Tell who it is: always `memory`."""
        fault = self._faults.strike(Call(operation=Operation.IDENTITY), *_BROKEN)
        if fault is not None:
            raise PlaceUnreachable(f"memory did not answer: {_words(fault)}")
        return Identity(place="memory", id="memory", caller=self._by)

    def cells(self) -> Sequence[Cell]:
        """One cell a scope; what has no region comes after the regions."""
        return tuple(
            Cell(
                provider=self.name,
                scope=scope,
                label=f"memory {scope}",
                rank=int(scope == EVERYWHERE),
            )
            for scope in self._world.scopes
        )

    def index(self, cell: Cell, query: Query) -> Index:
        """Name what bears one of the keys, kind by kind."""
        candidates: list[Ref] = []
        gaps: list[Gap] = []
        for kind in KINDS:
            if query.kinds is not None and kind not in query.kinds:
                continue
            found, gap = self._list(kind, cell.scope, query)
            candidates += found
            gaps += [] if gap is None else [gap]
        return Index(candidates=tuple(candidates), gaps=tuple(gaps), clock=self._world.now())

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        """Read what has these IDs now; what is of another scope is not found, as in a cloud."""
        return {ref.key: self._read(ref) if ref.scope == cell.scope else Absent() for ref in refs}

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        """Delete whatever has this ID now: this world knows no conditional deletion."""
        if self._read_only:
            raise ReadOnlyViolation(f"a deletion of {resource.ref} on a read-only memory provider")
        ref = resource.ref
        if ref.scope != cell.scope:
            return Answer(reply=Reply.ABSENT, detail=f"{ref} not found in {cell}")
        call = _call(Operation.DELETE, ref)
        before = self._faults.strike(call, *_BROKEN, Effect.BLIND)
        if before is not None:
            return _unsent(before)
        slow = self._faults.strike(call, Effect.SLOW)
        late = self._faults.strike(call, Effect.LATE)
        try:
            deletion = self._world.delete(
                ref,
                by=self._by,
                slow=_NO_TIME if slow is None else slow.delay,
                late=None if late is None else late.delay,
            )
        except Refused as refusal:
            return _refused(refusal)
        lost = self._faults.strike(call, Effect.LOST)
        if lost is not None:
            return Answer(reply=Reply.UNCERTAIN, detail=_words(lost))
        return _taken_on(deletion)

    def poll(self, cell: Cell, handle: str) -> Answer:
        """Tell how a deletion is getting on; UNCERTAIN where nobody knows the handle."""
        call = Call(operation=Operation.POLL, scope=cell.scope, id=handle)
        fault = self._faults.strike(call, *_BROKEN)
        if fault is not None:
            answer = _unsent(fault)
            broken = fault.effect is Effect.FAIL
            return replace(answer, reply=Reply.UNCERTAIN) if broken else answer
        deletion = self._world.deletion(handle)
        if deletion is None:
            return Answer(reply=Reply.UNCERTAIN, detail=f"no operation {handle}")
        return _taken_on(deletion)

    def control(self, cell: Cell, kind: str) -> str | None:
        """Read something that is always there."""
        call = Call(operation=Operation.CONTROL, kind=kind, scope=cell.scope)
        fault = self._faults.strike(call, *_BROKEN, Effect.BLIND)
        return None if fault is None else _words(fault)

    def lookup(self, cell: Cell, entry: JournalEntry) -> Sequence[Ref] | Unreadable:
        """Find what bears the name of an intent without a result."""
        call = Call(operation=Operation.LOOKUP, kind=entry.kind, scope=cell.scope)
        fault = self._faults.strike(call, *_BROKEN)
        if fault is not None:
            return Unreadable(reason=_words(fault))
        wanted = entry.name if entry.ref is None else entry.ref.id
        return tuple(
            resource.ref
            for resource in self._world.everything()
            if (resource.ref.kind, resource.ref.scope) == (entry.kind, entry.scope)
            and wanted in (resource.ref.id, resource.name)
        )

    def close(self) -> None:
        """Nothing is held."""

    def _list(self, kind: str, scope: str, query: Query) -> tuple[list[Ref], Gap | None]:
        call = Call(operation=Operation.INDEX, kind=kind, scope=scope)
        fault = self._faults.strike(call, *_BROKEN, Effect.BLIND)
        if fault is not None:
            return [], None if fault.effect is Effect.BLIND else self._gap(kind, scope, fault)
        lag = None if query.full else self._faults.strike(call, Effect.LAG)
        ghost = None if query.full else self._faults.strike(call, Effect.GHOST)
        entries = self._world.indexed(
            kind,
            scope,
            lag=_NO_TIME if lag is None else lag.delay,
            ghost=_NO_TIME if ghost is None else ghost.delay,
        )
        found = list(dict.fromkeys(ref for ref, tags in entries if _answers(tags, query)))
        partial = self._faults.strike(call, Effect.PARTIAL)
        if partial is not None:
            return found[: len(found) // 2], self._gap(kind, scope, partial)
        return found, None

    def _gap(self, kind: str, scope: str, fault: Fault) -> Gap:
        return Gap(provider=self.name, scope=scope, kind=kind, reason=_words(fault))

    def _read(self, ref: Ref) -> Reading:
        call = _call(Operation.READ, ref)
        slow = self._faults.strike(call, Effect.SLOW)
        if slow is not None:
            self._pause(slow.delay.total_seconds())
        fault = self._faults.strike(call, *_BROKEN, Effect.BLIND)
        if fault is not None:
            blind = fault.effect is Effect.BLIND
            return Absent(detail=_words(fault)) if blind else Unreadable(reason=_words(fault))
        resource = self._world.find(ref)
        age = self._world.age(ref)
        if resource is None or age is None:
            return Absent()
        hidden = self._faults.strike(call, Effect.HIDDEN)
        if hidden is not None and age < hidden.delay:
            return Absent()
        partial = self._faults.strike(call, Effect.PARTIAL)
        if partial is not None:
            return replace(resource, tags={}, edges=(), unread=_words(partial))
        return resource


def _call(operation: Operation, ref: Ref) -> Call:
    return Call(operation=operation, kind=ref.kind, scope=ref.scope, id=ref.id)


def _answers(tags: Mapping[str, str], query: Query) -> bool:
    if query.full:
        return True
    values = {tags[key] for key in query.keys if key in tags}
    return bool(values) and (query.runs is None or not values.isdisjoint(query.runs))


_WORDS = {
    Effect.FAIL: "internal error",
    Effect.PARTIAL: "the answer broke off",
    Effect.THROTTLE: "too many requests",
    Effect.DENY: "permission denied",
    Effect.BLIND: "not authorized or not found",
    Effect.UNSENT: "the connection broke",
    Effect.LOST: "the connection broke",
}


def _words(fault: Fault) -> str:
    return fault.detail or _WORDS[fault.effect]


_BEFORE = {
    Effect.FAIL: Reply.FAILED,
    Effect.THROTTLE: Reply.THROTTLED,
    Effect.DENY: Reply.DENIED,
    Effect.UNSENT: Reply.UNCERTAIN,
    Effect.BLIND: Reply.ABSENT,
}


def _unsent(fault: Fault) -> Answer:
    retry = fault.delay.total_seconds() or None
    throttled = fault.effect is Effect.THROTTLE
    return Answer(
        reply=_BEFORE[fault.effect],
        detail=_words(fault),
        retry_after_s=retry if throttled else None,
    )


def _refused(refusal: Refused) -> Answer:
    match refusal:
        case Missing():
            return Answer(reply=Reply.ABSENT, detail=str(refusal))
        case Protected():
            return Answer(reply=Reply.PROTECTED, detail=str(refusal))
        case Going():
            return Answer(reply=Reply.STARTED, detail=str(refusal))
        case _:
            blockers = tuple(map(str, refusal.blockers))
            return Answer(reply=Reply.IN_USE, detail=str(refusal), blockers=blockers)


def _taken_on(deletion: Deletion) -> Answer:
    if deletion.purge is not None:
        return Answer(reply=Reply.SCHEDULED, detail="to be purged", until=deletion.purge)
    match deletion.progress:
        case Progress.RUNNING:
            return Answer(reply=Reply.STARTED, handle=deletion.handle)
        case Progress.DONE:
            return Answer(reply=Reply.DONE)
        case Progress.FAILED:
            return Answer(reply=Reply.FAILED, detail="the deletion failed in the end")
