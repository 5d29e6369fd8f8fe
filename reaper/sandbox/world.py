"""An in-memory world: what is there, who did what to it when, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import RLock

from reaper.clock import Clock
from reaper.model import Ref, Resource
from reaper.sandbox.agenda import Agenda
from reaper.sandbox.deeds import Deed, Deletion, Mutation, Progress
from reaper.sandbox.sorts import DISK, GROUP, MACHINE, SORTS
from reaper.sandbox.things import (
    LET_GO,
    TAKE_ALONG,
    Bond,
    Missing,
    Refused,
    Thing,
    address,
    as_indexed,
    describe,
    describe_all,
    mark,
    new_thing,
    refuse,
)

ANEW_AFTER = timedelta(seconds=30)  # how soon a group makes a lost member anew
CLOUD = "the cloud"  # who did what nobody did
_NO_TIME = timedelta(0)


class World:
    """What is there, in one or more scopes, with a clock of its own that no local jump moves.

    Attributes:
        skew: What its clock is ahead of the true time.
        log: Every mutation, in order.
        watchers: Are told of each mutation as soon as it is done.
    """

    def __init__(self, clock: Clock, *, scopes: tuple[str, ...] = ("lab",)) -> None:
        self.skew = _NO_TIME
        self.scopes = scopes
        self.log: list[Mutation] = []
        self.watchers: list[Callable[[Mutation], None]] = []
        self._clock = clock
        self._epoch = clock.now() - timedelta(seconds=clock.elapsed())
        self._there: dict[str, Thing] = {}
        self._ever: list[Thing] = []
        self._deletions: dict[str, Deletion] = {}
        self._agenda = Agenda()
        self._number = 0
        self._lock = RLock()

    def now(self) -> datetime:
        """The world's own time."""
        return self._time(self._clock.elapsed())

    def create(
        self,
        kind: str,
        scope: str,
        *,
        by: str,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        bonds: Iterable[tuple[Bond, Ref]] = (),
    ) -> Ref:
        """Create a thing and say what it is, incarnation included.

        A machine that needs an image bears the image's tags too, save where its own say otherwise.

        Raises:
            Refused: The name is taken, or what it is to hold is going or not there (Missing).
        """
        with self._lock:
            self._settle()
            held = [(bond, self._holdable(other)) for bond, other in bonds]
            now = self._clock.elapsed()
            return self._make(kind, scope, now, by=by, name=name, tags=tags or {}, bonds=held).ref

    def launch(
        self,
        scope: str,
        *,
        by: str,
        tags: Mapping[str, str],
        bonds: Iterable[tuple[Bond, Ref]] = (),
    ) -> tuple[Ref, Ref]:
        """Create a machine, and with it an untagged disk that goes when the machine goes."""
        with self._lock:
            machine = self.create(MACHINE, scope, by=by, tags=tags, bonds=bonds)
            disk = self.create(DISK, scope, by=by, name=f"boot-of-{machine.id}")
            self.bind(Bond.OWNS, machine, disk)
            self.bind(Bond.MADE, machine, disk)
            return machine, disk

    def scale(self, group: Ref, count: int) -> tuple[Ref, ...]:
        """Let a group have at least so many members; they bear its tags.

        Raises:
            Refused: It is going or not there (Missing).
        """
        with self._lock:
            self._settle()
            thing = self._holdable(group)
            thing.wanted = count
            self._replenish(thing, self._clock.elapsed())
            return tuple(member.ref for member in thing.bound(Bond.CONTROLS))

    def bind(self, bond: Bond, this: Ref, that: Ref) -> None:
        """Let one thing hold another, such as a machine a disk that is attached to it.

        Raises:
            Refused: One of them is going or not there (Missing).
        """
        with self._lock:
            self._settle()
            holder, held = self._holdable(this), self._holdable(that)
            holder.bonds.append((bond, held))

    def unbind(self, this: Ref, that: Ref) -> None:
        """Let one thing no longer hold another."""
        with self._lock:
            self._settle()
            holder, held = self._find(this), self._find(that)
            holder.bonds = [(bond, other) for bond, other in holder.bonds if other is not held]

    def retag(self, ref: Ref, tags: Mapping[str, str], *, by: str) -> None:
        """Give a thing other tags in place of all that it has."""
        with self._lock:
            self._settle()
            thing = self._find(ref)
            thing.tags = dict(tags)
            now = self._clock.elapsed()
            thing.history.append((now, thing.tags))
            self._note(thing, Deed.RETAGGED, now, by=by)

    def use(self, ref: Ref, *, by: str) -> None:
        """Let somebody use a thing, or write to it; whether a read tells of it depends on its kind.

        Raises:
            Refused: It is going or not there (Missing).
        """
        with self._lock:
            self._settle()
            thing, now = self._holdable(ref), self._clock.elapsed()
            thing.used = self._time(now)
            self._note(thing, Deed.USED, now, by=by)

    def copy(self, ref: Ref, *, by: str, name: str | None = None) -> Ref:
        """Copy a thing with its tags, as snapshot tools do."""
        with self._lock:
            tags = self._find(ref).tags
            name = name or f"copy-{self._next()}-of-{ref.id}"
            return self.create(ref.kind, ref.scope, by=by, name=name, tags=tags)

    def recreate(self, ref: Ref, *, by: str, tags: Mapping[str, str]) -> Ref:
        """Remove a thing, and create another under the same name.

        Raises:
            Refused: It cannot be removed now, or is not there (Missing).
        """
        with self._lock:
            self.remove(ref, by=by)
            return self.create(ref.kind, ref.scope, by=by, name=ref.id, tags=tags)

    def protect(self, ref: Ref, reason: str | None, *, shown: bool = True) -> None:
        """Protect a thing from deletion, or no longer (None); `shown`: a read tells of it."""
        with self._lock:
            self._settle()
            thing = self._find(ref)
            thing.protection, thing.protection_shown = reason, shown

    def remove(self, ref: Ref, *, by: str) -> None:
        """Let somebody remove a thing at once, with what it takes along.

        Raises:
            Refused: It is in use, protected, going or not there (Missing).
        """
        with self._lock:
            self._settle()
            thing = self._find(ref)
            refuse(thing, self._there.values())
            self._go(thing, self._clock.elapsed(), by=by)

    def spare(self, ref: Ref, *, by: str) -> None:
        """Call a thing's scheduled purge off."""
        with self._lock:
            self._settle()
            thing = self._find(ref)
            thing.purge += 1
            thing.going, thing.state, thing.purged_at = False, "there", None
            self._note(thing, Deed.SPARED, self._clock.elapsed(), by=by)

    def everything(self) -> tuple[Resource, ...]:
        """Show whatever is there, as it truly is."""
        with self._lock:
            self._settle()
            return describe_all(self._there.values())

    def makers(self, ref: Ref) -> tuple[Ref, ...]:
        """Name what made this, as far as it is still there and linked to it."""
        with self._lock:
            self._settle()
            thing = self._there.get(ref.key)
            return tuple(
                each.ref
                for each in self._there.values()
                if thing is not None and thing in each.bound(Bond.MADE, Bond.CONTROLS)
            )

    def find(self, ref: Ref) -> Resource | None:
        """Show what has this ID now; None if nothing has."""
        with self._lock:
            self._settle()
            thing = self._there.get(ref.key)
            return None if thing is None else describe(thing, self._there.values())

    def age(self, ref: Ref) -> timedelta | None:
        """Tell how long ago what has this ID now was made; None if nothing has."""
        with self._lock:
            self._settle()
            thing = self._there.get(ref.key)
            if thing is None:
                return None
            return timedelta(seconds=self._clock.elapsed() - thing.history[0][0])

    def indexed(
        self, kind: str, scope: str, *, lag: timedelta = _NO_TIME, ghost: timedelta = _NO_TIME
    ) -> tuple[tuple[Ref, Mapping[str, str]], ...]:
        """Show things with their tags as an index does, in the order of their creation.

        It hears of what is new and of other tags late by `lag`, of what is gone by `ghost`.
        """
        with self._lock:
            self._settle()
            now = self._clock.elapsed()
            new, gone = now - lag.total_seconds(), now - ghost.total_seconds()
            ever = (each for each in self._ever if (each.ref.kind, each.ref.scope) == (kind, scope))
            return as_indexed(ever, new=new, gone=gone)

    def delete(
        self, ref: Ref, *, by: str, slow: timedelta = _NO_TIME, late: timedelta | None = None
    ) -> Deletion:
        """Take a deletion on, by ID alone: whatever has the ID now is what goes.

        It takes longer than usual by `slow`, and has failed after `late`, if that is given.

        Raises:
            Refused: It is not there (Missing), protected (Protected), in use (with blockers) or
                being deleted (Going).
        """
        with self._lock:
            self._settle()
            thing = self._find(ref)
            self._note(thing, Deed.ASKED, self._clock.elapsed(), by=by)
            refuse(thing, self._there.values())
            return self._take_on(thing, by=by, slow=slow, late=late)

    def deletion(self, handle: str) -> Deletion | None:
        """Tell how a deletion is getting on; None if nobody knows the handle."""
        with self._lock:
            self._settle()
            return self._deletions.get(handle)

    def _take_on(
        self, thing: Thing, *, by: str, slow: timedelta, late: timedelta | None
    ) -> Deletion:
        now = self._clock.elapsed()
        sort = SORTS[thing.ref.kind]
        deletion = Deletion(handle=f"deletion-{self._next()}")
        self._deletions[deletion.handle] = deletion
        if late is not None:
            mark(thing, going=True, state="deleting")
            self._agenda.later(now + late.total_seconds(), lambda _: _fail(thing, deletion))
        elif sort.purged_after is not None:
            mark(thing, going=True, state="to be purged")
            deletion.progress = Progress.DONE
            deletion.purge = thing.purged_at = self.now() + sort.purged_after
            thing.purge += 1
            self._later_purge(thing, now + sort.purged_after.total_seconds(), by=by)
        elif sort.takes + slow:
            mark(thing, going=True, state="deleting")
            due = now + (sort.takes + slow).total_seconds()
            self._agenda.later(due, lambda at: self._finish(thing, deletion, at, by=by))
        else:
            self._finish(thing, deletion, now, by=by)
        return deletion

    def _later_purge(self, thing: Thing, due: float, *, by: str) -> None:
        number = thing.purge

        def purge(at: float) -> None:
            if thing.purge == number:
                self._go(thing, at, by=by)

        self._agenda.later(due, purge)

    def _finish(self, thing: Thing, deletion: Deletion, at: float, *, by: str) -> None:
        deletion.progress = Progress.DONE
        self._go(thing, at, by=by)

    def _go(self, thing: Thing, at: float, *, by: str, cause: Ref | None = None) -> None:
        if thing.gone:
            return
        thing.gone, thing.state = True, "gone"
        del self._there[thing.ref.key]
        thing.history.append((at, None))
        self._note(thing, Deed.GONE, at, by=by, cause=cause)
        for each in self._there.values():
            if each.ref.kind == GROUP and thing in each.bound(Bond.CONTROLS):
                self._later_replenish(each, at + ANEW_AFTER.total_seconds())
            each.bonds = [(bond, other) for bond, other in each.bonds if other is not thing]
        for bond, other in thing.bonds:
            if bond in TAKE_ALONG:
                self._go(other, at, by=by, cause=thing.ref)
            elif bond in LET_GO and not other.gone:
                self._note(other, Deed.CHANGED, at, by=by, cause=thing.ref)

    def _later_replenish(self, group: Thing, due: float) -> None:
        self._agenda.later(due, lambda at: self._replenish(group, at))

    def _replenish(self, group: Thing, at: float) -> None:
        while not group.going and not group.gone and group.lacks_members:
            needs = [(bond, other) for bond, other in group.bonds if bond is Bond.NEEDS]
            scope, tags = group.ref.scope, group.tags
            member = self._make(MACHINE, scope, at, by=CLOUD, name=None, tags=tags, bonds=needs)
            group.bonds.append((Bond.CONTROLS, member))

    def _make(
        self,
        kind: str,
        scope: str,
        at: float,
        *,
        by: str,
        name: str | None,
        tags: Mapping[str, str],
        bonds: Sequence[tuple[Bond, Thing]],
    ) -> Thing:
        ref = address(kind, scope, name, number=self._next(), taken=self._there)
        if scope not in self.scopes:
            raise Missing(f"there is no scope {scope}")
        if ref.key in self._there:
            raise Refused(f"{ref} already exists")
        created = self._time(at)
        thing = new_thing(ref, tags=tags, created=created, by=by, name=name, bonds=bonds)
        thing.history.append((at, thing.tags))
        self._there[ref.key] = thing
        self._ever.append(thing)
        self._note(thing, Deed.CREATED, at, by=by)
        return thing

    def _holdable(self, ref: Ref) -> Thing:
        thing = self._find(ref)
        if thing.going:
            raise Refused(f"{ref} is being deleted")
        return thing

    def _find(self, ref: Ref) -> Thing:
        try:
            return self._there[ref.key]
        except KeyError:
            raise Missing(f"{ref} not found") from None

    def _note(
        self, thing: Thing, deed: Deed, at: float, *, by: str, cause: Ref | None = None
    ) -> None:
        mutation = Mutation(
            at=self._time(at),
            elapsed=at,
            by=by,
            deed=deed,
            ref=thing.ref,
            tags=thing.tags,
            cause=cause,
        )
        self.log.append(mutation)
        for watcher in self.watchers:
            watcher(mutation)

    def _settle(self) -> None:
        self._agenda.settle(self._clock.elapsed())

    def _time(self, elapsed: float) -> datetime:
        return self._epoch + timedelta(seconds=elapsed) + self.skew

    def _next(self) -> int:
        self._number += 1
        return self._number


def _fail(thing: Thing, deletion: Deletion) -> None:
    deletion.progress = Progress.FAILED
    if not thing.gone:
        mark(thing, going=False, state="there")
