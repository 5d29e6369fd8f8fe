"""The second look: read resources again, right before their deletion, and judge them anew.

Whatever the plan said, this decides. A look is at several at once, since one call reads many. For
each it ends in `Clear` (shoot, now), in `Spared` (it is not to go after all), or in an outcome that
says why it does not go now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reaper.model import (
    Basis,
    Claim,
    Decision,
    Edge,
    Item,
    Judged,
    Outcome,
    Ref,
    Relation,
    Resource,
    Status,
    Verdict,
)
from reaper.plan import forbidden, stay
from reaper.providers.protocol import Absent, Reading
from reaper.sweep.reading import read, together
from reaper.sweep.site import Site, outcome_of, sentence
from reaper.sweep.survey import Survey, Surveyor
from reaper.sweep.view import View

_STUCK = frozenset({Status.BLOCKED, Status.PROTECTED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Clear:
    """Nothing speaks against the deletion, as of `elapsed`.

    Attributes:
        elapsed: When the look began, by `Clock.elapsed`.
        taken: What the deletion takes along; each was looked at too.
        derived: What will be the run's only by the ledger's memory once this is gone.
    """

    item: Item
    resource: Resource
    verdict: Verdict
    claim: Claim
    elapsed: float
    taken: tuple[Item, ...] = ()
    derived: tuple[tuple[Ref, Claim], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Spared:
    """It is not to go after all: what it is, or what is known of its run, has changed."""

    item: Item
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Going:
    """What this sweep takes away, and what became of it so far.

    Attributes:
        planned: The items of the plan's waves and what they take along, by `ref.key`.
        before: The keys that go before each, by `ref.key`, as the survey saw the world.
        settled: The outcomes so far, by `ref.key`; it grows while the sweep goes on.
    """

    planned: Mapping[str, Item]
    before: Mapping[str, frozenset[str]]
    settled: dict[str, Outcome] = field(default_factory=dict)

    @classmethod
    def of(cls, survey: Survey) -> Going:
        """Gather what a survey's plan takes away."""
        planned = {item.ref.key: item for item in survey.plan.items if item.wave is not None}
        before: dict[str, set[str]] = {key: set() for key in planned}
        for key in planned:
            for edge in survey.world[key].edges:
                other = edge.other.key
                if edge.relation in {Relation.USED_BY, Relation.CONTROLLED_BY}:
                    before[key].add(other)
                elif edge.relation in {Relation.USES, Relation.MADE} and other in before:
                    before[other].add(key)
        return cls(
            planned=planned,
            before={key: frozenset(others) for key, others in before.items()},
        )

    def gone(self, key: str) -> bool:
        """Whether this sweep has seen it gone."""
        return key in self.settled and self.settled[key].status is Status.GONE

    def stuck(self, key: str) -> bool:
        """Whether this sweep has found that something else keeps it from going."""
        return key in self.settled and self.settled[key].status in _STUCK

    def awaited(self, item: Item, others: Iterable[str]) -> tuple[str, ...]:
        """Which of these go before the item and are not gone yet.

        One that the plan puts into the same wave or a later one is not waited for: either it is
        taken along, or a cycle was broken there, which the plan's notes say.
        """
        wave = item.wave or 0
        return tuple(
            key
            for key in others
            if key in self.planned and (self.planned[key].wave or 0) < wave and not self.gone(key)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """One item's part of a look: what was seen of all, and judged of what is planned to go."""

    item: Item
    view: View
    judged: Mapping[str, Judged]


class Looker:
    """Takes second looks in one cell."""

    def __init__(self, site: Site, surveyor: Surveyor, survey: Survey, going: Going) -> None:
        self.site = site
        self.surveyor = surveyor
        self.survey = survey
        self.going = going

    def look(self, items: Sequence[Item]) -> list[Clear | Spared | Outcome]:
        """Read the items and all that their deletions touch again, and judge each anew.

        The answers are in the order of the items.
        """
        before = self.going.before
        waits = [self.going.awaited(item, before.get(item.ref.key, ())) for item in items]
        due = [item for item, others in zip(items, waits, strict=True) if not others]
        view = View(self.site, self.read)
        with together(self.site, preview=False):
            view.take((item.ref for item in due), self._leads)
            self.site.at("read again")
            fresh = self._judge(view)
            return [
                self._waiting(item, others)
                if others
                else self._look(_Look(item=item, view=view, judged=fresh))
                for item, others in zip(items, waits, strict=True)
            ]

    def read(self, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        """Read resources authoritatively."""
        return read(self.site, refs)

    def changed(self, judged: Ref, found: Ref) -> bool:
        """Whether what bears the ID now is another resource than the one that was judged."""
        return judged.incarnation != found.incarnation

    def _leads(self, ref: Ref, resource: Resource) -> Iterator[Ref]:
        """What else must be read to judge what a deletion touches, and by whose word it may."""
        parent = self._parent(ref)
        if parent is not None:
            yield parent
        if ref.key not in self.going.planned:
            return
        for edge in resource.edges:
            key = edge.other.key
            if edge.relation in {Relation.TAKES, Relation.ALTERS, Relation.CONTROLLED_BY}:
                touches = not self.going.gone(key)
            elif edge.relation is Relation.USED_BY:
                touches = key in self.going.planned and not self.going.gone(key)
            else:
                touches = edge.relation is Relation.MADE and key not in self.survey.world
            if touches:
                yield edge.other

    def _parent(self, ref: Ref) -> Ref | None:
        """What made it a run's by having made it; None where nothing did, or this sweep took it."""
        parent, _ = self.survey.parents.get(ref.key, (None, None))
        return None if parent is None or self.going.gone(parent.key) else parent

    def _judge(self, view: View) -> Mapping[str, Judged]:
        """Judge all that is planned to go and still the same, by what the ledger says now."""
        planned = self.going.planned
        return self.surveyor.judge_again(
            view.there(),
            self.survey,
            wanted=frozenset(
                key
                for key, found in view.there().items()
                if key in planned and not self.changed(planned[key].ref, found.ref)
            ),
            reaped=frozenset(key for key in planned if self._controller_reaped(planned[key])),
        )

    def _look(self, look: _Look) -> Clear | Spared | Outcome:
        item, view = look.item, look.view
        reading = view[item.ref]
        if not isinstance(reading, Resource):
            return self._not_there(item, view.unproved(item.ref, reading))
        if self.changed(item.ref, reading.ref):
            return self.outcome(item, Status.GONE, "gone: another resource bears its ID now")
        fresh = look.judged[item.ref.key]
        doubt = self._doubt_of_parents(item, view)
        if doubt is not None:
            return self._pending(item, doubt)
        if fresh.verdict.decision is not Decision.REAP:
            return Spared(item=item, verdict=fresh.verdict)
        if fresh.claim.run != item.judged.claim.run:
            return self._pending(item, f"bears another run now, {fresh.claim.run}")
        own = stay(reading, self.site.ledger.now())
        if own is not None:
            told = self.outcome(item, own.status, own.detail, blocked_by=own.blocked_by)
            return replace(told, until=own.until)
        hindrance = self._bereft(look, fresh.claim) or self._hindrance(
            look, reading, frozenset({item.ref.key})
        )
        if hindrance is not None:
            return hindrance
        taken = self._taken(look, reading)
        return Clear(
            item=item,
            resource=reading,
            verdict=fresh.verdict,
            claim=fresh.claim,
            elapsed=view.elapsed,
            taken=taken,
            derived=self._derived(look, taken),
        )

    def _doubt_of_parents(self, item: Item, view: View) -> str | None:
        """Why it is not known whose it is now: nobody can tell whether what made it is there."""
        seen: set[str] = set()
        parent = self._parent(item.ref)
        while parent is not None and parent.key not in seen:
            seen.add(parent.key)
            reading = view[parent]
            why = None if isinstance(reading, Resource) else view.unproved(parent, reading)
            if why is not None:
                return f"{parent}, which made it, could not be read again: {why}"
            parent = self._parent(parent)
        return None

    def _bereft(self, look: _Look, claim: Claim) -> Outcome | None:
        """What is a run's by its maker alone is the maker's own, while that is not to go."""
        maker = self._parent(look.item.ref)
        there = None if maker is None else look.judged.get(maker.key)
        derived = claim.basis is Basis.DERIVED
        if not derived or there is None or there.verdict.decision is Decision.REAP:
            return None
        told = f"made by {maker}, which is not to go ({there.verdict.rule}: {there.verdict.reason})"
        return self.outcome(look.item, Status.BLOCKED, told, blocked_by=(str(maker),))

    # --- what its deletion would touch ----------------------------------------------------------

    def _hindrance(self, look: _Look, resource: Resource, seen: frozenset[str]) -> Outcome | None:
        """Why the item cannot go, as far as `resource` (itself, or what it takes along) tells."""
        for edge in resource.others(Relation.USED_BY, Relation.CONTROLLED_BY):
            if edge.other.key not in seen:
                found = self._outlives(look, resource, edge)
                if found is not None:
                    return found
        for edge in resource.others(Relation.TAKES, Relation.ALTERS):
            if edge.other.key not in seen:
                found = self._suffers(look, edge, seen | {edge.other.key})
                if found is not None:
                    return found
        return None

    def _outlives(self, look: _Look, resource: Resource, edge: Edge) -> Outcome | None:
        """What uses or controls it must be gone, or go after it where a cycle was broken."""
        other, item = edge.other, look.item
        if self.going.gone(other.key):
            return None
        planned = self.going.planned.get(other.key)
        if self.going.awaited(item, (other.key,)):
            return self._waiting(item, (other.key,))
        reading = look.view[other]
        if not isinstance(reading, Resource):
            why = look.view.unproved(other, reading)
            # A controller's name can outlive it on what it made; a user's is believed.
            if why is None and (planned is not None or edge.relation is Relation.CONTROLLED_BY):
                return None
            if planned is not None:
                return self._pending(
                    item, f"{edge.relation} {other}, which could not be read again: {why}"
                )
        elif planned is not None and not self.changed(planned.ref, reading.ref):
            return self._stays(look, resource, edge, reading)
        return self._blocked(item, resource, edge)

    def _suffers(self, look: _Look, edge: Edge, seen: frozenset[str]) -> Outcome | None:
        """What goes along or is altered must itself be reapable, now."""
        item = look.item
        if self.going.gone(edge.other.key):
            return None
        reading = look.view[edge.other]
        if not isinstance(reading, Resource):
            why = reading.detail if isinstance(reading, Absent) else reading.reason
            told = f"{edge.other}, which it {edge.relation}, could not be read: {why}"
            return self._pending(item, told)
        planned = self.going.planned.get(edge.other.key)
        if planned is None or self.changed(planned.ref, reading.ref):
            return self._blocked(item, reading, edge)
        return self._stays(look, reading, edge, reading) or self._hindrance(look, reading, seen)

    def _stays(
        self, look: _Look, resource: Resource, edge: Edge, reading: Resource
    ) -> Outcome | None:
        """The other end, which was to go in this plan, is not to go after all, or may not be."""
        verdict, own = look.judged[edge.other.key].verdict, forbidden(reading)
        doubt = self._doubt_of_parents(self.going.planned[edge.other.key], look.view)
        if doubt is not None:
            return self._pending(look.item, f"{edge.relation} {edge.other}: {doubt}")
        if verdict.decision is not Decision.REAP:
            return self._blocked(look.item, resource, edge, f"{verdict.rule}: {verdict.reason}")
        return None if own is None else self._blocked(look.item, resource, edge, own.detail)

    def _taken(self, look: _Look, resource: Resource) -> tuple[Item, ...]:
        """What the deletion takes along, directly or through what it takes, and is still there."""
        taken: dict[str, Item] = {}
        ask = [resource]
        while ask:
            for edge in ask.pop().others(Relation.TAKES):
                key, reading = edge.other.key, look.view[edge.other]
                if (
                    isinstance(reading, Resource)
                    and key not in {look.item.ref.key, *taken}
                    and not self.going.gone(key)
                ):
                    taken[key] = self.going.planned[key]
                    ask.append(reading)
        return tuple(taken.values())

    def _derived(self, look: _Look, taken: Iterable[Item]) -> tuple[tuple[Ref, Claim], ...]:
        """What is the run's by these resources alone, to be remembered before they are gone."""
        derived: dict[str, tuple[Ref, Claim]] = {}
        for parent in (look.judged[item.ref.key] for item in (look.item, *taken)):
            for edge in parent.resource.others(Relation.MADE):
                child = self.survey.world.get(edge.other.key) or look.view[edge.other]
                if isinstance(child, Resource):
                    heir = self.surveyor.claim(
                        child, self.survey.memory, parent=(parent.resource.ref, parent.claim)
                    )
                    if heir.basis is Basis.DERIVED:
                        derived[child.ref.key] = (child.ref, heir)
        return tuple(derived.values())

    def _controller_reaped(self, item: Item) -> bool:
        """Whether this plan takes its controller away: then a late birth is no copy."""
        return any(
            edge.other.key in self.going.planned
            for edge in item.judged.resource.others(Relation.CONTROLLED_BY)
        )

    # --- outcomes -------------------------------------------------------------------------------

    def outcome(
        self, item: Item, status: Status, detail: str, *, blocked_by: tuple[str, ...] = ()
    ) -> Outcome:
        """What became of an item, in the ledger's form."""
        known = self.survey.memory.outcomes.get(item.ref.key)
        return outcome_of(
            item,
            status,
            detail,
            at=self.site.ledger.now(),
            blocked_by=blocked_by,
            attempts=known.attempts if known is not None else 0,
        )

    def _waiting(self, item: Item, others: Sequence[str]) -> Outcome:
        """Others go first; where one of them cannot, it blocks."""
        stuck = [key for key in others if self.going.stuck(key)]
        if not stuck:
            return self._pending(item, f"waits for {sentence(others)} to go first")
        status = self.going.settled[stuck[0]].status
        told = f"waits for {sentence(stuck)} to go first, which is {status}"
        return self.outcome(item, Status.BLOCKED, told, blocked_by=tuple(stuck))

    def _pending(self, item: Item, detail: str) -> Outcome:
        return self.outcome(item, Status.PENDING, detail)

    def _blocked(self, item: Item, resource: Resource, edge: Edge, why: str = "") -> Outcome:
        name = f" ({edge.name})" if edge.name else ""
        why = f" ({why})" if why else ""
        if resource.ref.key == item.ref.key or edge.relation in {Relation.TAKES, Relation.ALTERS}:
            detail = f"{edge.relation} {edge.other}{name}, which is not to go{why}"
        else:
            detail = f"takes along {resource.ref}, which is {edge.relation} {edge.other}{name}{why}"
        return self.outcome(item, Status.BLOCKED, detail, blocked_by=(str(edge.other),))

    def _not_there(self, item: Item, unproved: str | None) -> Outcome:
        if unproved is not None:
            return self._pending(item, f"could not be read again: {unproved}")
        return self.outcome(item, Status.GONE, "was gone already")
