"""What stands in the in-memory world: things, the bonds between them, and how they look."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reaper.model import Edge, Ref, Relation, Resource
from reaper.sandbox.sorts import IMAGE, SORTS


class Bond(StrEnum):
    """How one thing holds another; each reads «this … that».

    Who is held from another scope does not know more than that it is.
    """

    NEEDS = "needs"  # that cannot go while this is there
    HOLDS = "holds"  # the same, and that is let go when this goes
    OWNS = "owns"  # that cannot go while this is there, and goes with it
    MADE = "made"  # that came into being with this
    CONTROLS = "controls"  # that goes with this, and is made anew when it goes alone
    CHANGES = "changes"  # that is changed when this goes


TAKE_ALONG = frozenset({Bond.OWNS, Bond.CONTROLS})
LET_GO = frozenset({Bond.HOLDS, Bond.CHANGES})
_PIN_DOWN = frozenset({Bond.NEEDS, Bond.HOLDS, Bond.OWNS})

_SEEN_FROM_THIS = {
    Bond.NEEDS: (Relation.USES,),
    Bond.HOLDS: (Relation.USES, Relation.ALTERS),
    Bond.OWNS: (Relation.USES, Relation.TAKES),
    Bond.MADE: (Relation.MADE,),
    Bond.CONTROLS: (Relation.TAKES, Relation.MADE),
    Bond.CHANGES: (Relation.ALTERS,),
}
_SEEN_FROM_THAT = {
    Bond.NEEDS: Relation.USED_BY,
    Bond.HOLDS: Relation.USED_BY,
    Bond.OWNS: Relation.USED_BY,
    Bond.CONTROLS: Relation.CONTROLLED_BY,
}


class Refused(Exception):
    """The world does not do this; the text says why.

    Attributes:
        blockers: What stands in the way.
    """

    def __init__(self, detail: str, *, blockers: tuple[Ref, ...] = ()) -> None:
        super().__init__(detail)
        self.blockers = blockers


class Missing(Refused):
    """There is nothing of this ID."""


class Protected(Refused):
    """It is protected from deletion."""


class Going(Refused):
    """It is being deleted already."""


@dataclass(eq=False, slots=True)
class Thing:
    """One thing, from its creation on.

    Attributes:
        history: Its tags and since when it has had them, on `Clock.elapsed`; None: it is gone.
        wanted: How many members a group is to have.
        protection_shown: Whether a read tells of the protection.
        used: When somebody last used it or wrote to it.
        purge: Counts the scheduled purges; only the last one is valid.
    """

    ref: Ref
    tags: Mapping[str, str]
    created: datetime | None
    by: str
    used: datetime | None = None
    name: str | None = None
    inherited: frozenset[str] = frozenset()
    bonds: list[tuple[Bond, Thing]] = field(default_factory=list)
    history: list[tuple[float, Mapping[str, str] | None]] = field(default_factory=list)
    state: str = "there"
    going: bool = False
    gone: bool = False
    protection: str | None = None
    protection_shown: bool = True
    wanted: int = 0
    purge: int = 0
    purged_at: datetime | None = None

    @property
    def lacks_members(self) -> bool:
        """Whether it is a group that is to have more."""
        return len(self.bound(Bond.CONTROLS)) < self.wanted

    def bound(self, *bonds: Bond) -> list[Thing]:
        """What it holds by one of these bonds."""
        return [other for bond, other in self.bonds if bond in bonds]


def new_thing(
    ref: Ref,
    *,
    tags: Mapping[str, str],
    created: datetime | None,
    by: str,
    name: str | None,
    bonds: Sequence[tuple[Bond, Thing]],
) -> Thing:
    """Make a thing; of an image that it needs it bears the tags too, where it has no such key."""
    images = [(bond, other) for bond, other in bonds if other.ref.kind == IMAGE]
    born_with = {
        key: value
        for bond, other in images
        if bond is Bond.NEEDS
        for key, value in other.tags.items()
        if key not in tags
    }
    return Thing(
        ref=ref,
        tags={**born_with, **tags},
        created=created if SORTS[ref.kind].dated else None,
        by=by,
        name=name,
        inherited=frozenset(key for _, other in images for key in other.tags),
        bonds=list(bonds),
    )


def describe(thing: Thing, there: Iterable[Thing]) -> Resource:
    """Show a thing as an authoritative read does, with the edges of both directions."""
    return _describe(thing, _holders([thing], there)[id(thing)])


def describe_all(there: Collection[Thing]) -> tuple[Resource, ...]:
    """Show all things as authoritative reads do."""
    holders = _holders(there, there)
    return tuple(_describe(thing, holders[id(thing)]) for thing in there)


def _holders(
    wanted: Iterable[Thing], there: Iterable[Thing]
) -> Mapping[int, list[tuple[Bond, Thing]]]:
    """What holds each of these, and by which bond."""
    holders: dict[int, list[tuple[Bond, Thing]]] = {id(thing): [] for thing in wanted}
    for each in there:
        for bond, other in each.bonds:
            if id(other) in holders:
                holders[id(other)].append((bond, each))
    return holders


def _describe(thing: Thing, holders: Iterable[tuple[Bond, Thing]]) -> Resource:
    from_this = [
        Edge(relation=relation, other=other.ref, name=other.name)
        for bond, other in thing.bonds
        if other.ref.scope == thing.ref.scope
        for relation in _SEEN_FROM_THIS[bond]
    ]
    here = [(bond, each) for bond, each in holders if each.ref.scope == thing.ref.scope]
    from_that = [
        Edge(relation=_SEEN_FROM_THAT[bond], other=each.ref, name=each.name)
        for bond, each in here
        if bond in _SEEN_FROM_THAT
    ]
    held_by = [str(each.ref) for _, each in holders if each.ref.scope != thing.ref.scope]
    return Resource(
        ref=thing.ref,
        name=thing.name,
        tags=dict(thing.tags),
        created=thing.created,
        state=thing.state,
        going=thing.going,
        purge=thing.purged_at,
        inherited=thing.inherited,
        edges=tuple(dict.fromkeys(from_this + from_that)),
        protection=thing.protection if thing.protection_shown else None,
        indirect=SORTS[thing.ref.kind].indirect,
        used=thing.used if SORTS[thing.ref.kind].tells_use else None,
        held_by=tuple(dict.fromkeys(held_by)),
    )


def users(thing: Thing, there: Iterable[Thing]) -> tuple[Ref, ...]:
    """What keeps a thing from going: nobody refuses on behalf of what is in another scope."""
    return tuple(
        dict.fromkeys(
            each.ref
            for each in there
            if each.ref.scope == thing.ref.scope
            for bond, other in each.bonds
            if other is thing and bond in _PIN_DOWN
        )
    )


def refuse(thing: Thing, there: Iterable[Thing]) -> None:
    """Refuse the deletion of what cannot go, as a cloud does.

    Raises:
        Refused: It is being deleted (Going), protected (Protected) or in use (with blockers).
    """
    if thing.going:
        raise Going(f"{thing.ref} is being deleted already")
    if thing.protection is not None:
        raise Protected(thing.protection)
    blockers = users(thing, there)
    if blockers:
        named = ", ".join(map(str, blockers))
        raise Refused(f"{thing.ref} is in use by {named}", blockers=blockers)


def taken_along(thing: Thing) -> list[Thing]:
    """What goes with a thing, at any depth, nearest first."""
    along = [other for other in thing.bound(*TAKE_ALONG) if not other.gone]
    return along + [deeper for other in along for deeper in taken_along(other)]


def mark(thing: Thing, *, going: bool, state: str) -> None:
    """Let a thing and what goes with it be on their way out, or no longer."""
    for each in (thing, *taken_along(thing)):
        each.going, each.state = going, state


def as_indexed(
    things: Iterable[Thing], *, new: float, gone: float
) -> tuple[tuple[Ref, Mapping[str, str]], ...]:
    """Show things with their tags as an index does.

    It has heard of creations and other tags up to `new`, of what is gone up to `gone`.
    """
    return tuple(
        (thing.ref, tags)
        for thing in things
        if (tags := _tags_in_index(thing, new=new, gone=gone)) is not None
    )


def _tags_in_index(thing: Thing, *, new: float, gone: float) -> Mapping[str, str] | None:
    known: Mapping[str, str] | None = None
    for since, tags in thing.history:
        if tags is None and since <= gone:
            return None
        if tags is not None and since <= new:
            known = tags
    return known


def address(kind: str, scope: str, name: str | None, *, number: int, taken: Container[str]) -> Ref:
    """Give a new thing its ID as its kind does: a name, one from a pool, or one never used again.

    Its incarnation is `number`, where an ID can be used again; `taken` are the keys in use.
    """
    sort, noun = SORTS[kind], kind.rpartition(":")[2]
    if sort.pooled:
        pool = (Ref(kind=kind, scope=scope, id=f"10.0.0.{host}") for host in range(1, 255))
        name = next(ref.id for ref in pool if ref.key not in taken)
    elif not sort.reused or name is None:
        name = f"{noun}-{number}"
    told = sort.reused and not sort.kind.reused
    return Ref(kind=kind, scope=scope, id=name, incarnation=str(number) if told else None)
