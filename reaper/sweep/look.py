"""The second look: read a resource again, right before its deletion, and judge it anew.

Whatever the plan said, this decides. A look ends in `Clear` (shoot, now), in `Spared` (it is not to
go after all), or in an outcome that says why it does not go now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reaper.model import (
    Basis,
    Claim,
    Decision,
    Edge,
    Item,
    Outcome,
    Ref,
    Relation,
    Resource,
    Status,
    Verdict,
)
from reaper.providers.protocol import Absent, Reading, Unreadable
from reaper.sweep.site import Site, outcome_of, sentence
from reaper.sweep.survey import Survey, Surveyor


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


class Looker:
    """Takes second looks in one cell."""

    def __init__(self, site: Site, surveyor: Surveyor, survey: Survey, going: Going) -> None:
        self.site = site
        self.surveyor = surveyor
        self.survey = survey
        self.going = going

    def look(self, item: Item) -> Clear | Spared | Outcome:
        """Read the item and all that its deletion touches again, and judge each anew."""
        elapsed = self.site.clock.elapsed()
        waits = self.going.awaited(item, self.going.before.get(item.ref.key, ()))
        if waits:
            return self._pending(item, f"waits for {sentence(waits)} to go first")
        reading = self.read(item.ref)
        self.site.at("read again")
        if not isinstance(reading, Resource):
            return self._not_there(item, reading)
        if self.changed(item.ref, reading.ref):
            return self.outcome(item, Status.GONE, "gone: another resource bears its ID now")
        fresh = self.surveyor.judge_again(
            reading, self.survey, controller_reaped=self._controller_reaped(item)
        )
        if fresh.verdict.decision is not Decision.REAP:
            return Spared(item=item, verdict=fresh.verdict)
        if fresh.claim.run != item.judged.claim.run:
            return self._pending(item, f"bears another run now, {fresh.claim.run}")
        if reading.going:
            return self._pending(item, f"on its way out already ({reading.state})")
        if reading.protection is not None:
            return self.outcome(item, Status.PROTECTED, reading.protection)
        hindrance = self.hindrance(item, reading, frozenset({item.ref.key}))
        if hindrance is not None:
            return hindrance
        taken = self._taken(reading)
        return Clear(
            item=item,
            resource=reading,
            verdict=fresh.verdict,
            claim=fresh.claim,
            elapsed=elapsed,
            taken=taken,
            derived=self._derived(reading, fresh.claim, taken),
        )

    def changed(self, judged: Ref, found: Ref) -> bool:
        """Whether what bears the ID now is another resource than the one that was judged."""
        return judged.incarnation != found.incarnation

    def read(self, ref: Ref) -> Reading:
        """Read one resource authoritatively."""
        readings = self.site.provider.read(self.site.cell, [ref])
        return readings.get(ref.key, Unreadable(reason="the provider left it out"))

    # --- what its deletion would touch ----------------------------------------------------------

    def hindrance(self, item: Item, resource: Resource, seen: frozenset[str]) -> Outcome | None:
        """Why the item cannot go, as far as `resource` (itself, or what it takes along) tells."""
        for edge in resource.others(Relation.USED_BY, Relation.CONTROLLED_BY):
            if edge.other.key not in seen:
                found = self._outlives(item, resource, edge)
                if found is not None:
                    return found
        for edge in resource.others(Relation.TAKES, Relation.ALTERS):
            if edge.other.key not in seen:
                found = self._suffers(item, edge, seen | {edge.other.key})
                if found is not None:
                    return found
        return None

    def _outlives(self, item: Item, resource: Resource, edge: Edge) -> Outcome | None:
        """What uses or controls it must be gone, or in this plan where a cycle was broken."""
        other = edge.other.key
        if other in self.going.planned:
            waits = self.going.awaited(item, (other,))
            return self._pending(item, f"waits for {other} to go first") if waits else None
        if edge.relation is Relation.CONTROLLED_BY:  # its name can outlive it on what it made
            reading = self.read(edge.other)
            if not isinstance(reading, Resource) and self._unproved(edge.other, reading) is None:
                return None
        return self._blocked(item, resource, edge)

    def _suffers(self, item: Item, edge: Edge, seen: frozenset[str]) -> Outcome | None:
        """What goes along or is altered must itself be reapable, now."""
        if self.going.gone(edge.other.key):
            return None
        reading = self.read(edge.other)
        if not isinstance(reading, Resource):
            why = reading.detail if isinstance(reading, Absent) else reading.reason
            told = f"{edge.other}, which it {edge.relation}, could not be read: {why}"
            return self._pending(item, told)
        planned = self.going.planned.get(edge.other.key)
        if planned is None or self.changed(planned.ref, reading.ref):
            return self._blocked(item, reading, edge)
        fresh = self.surveyor.judge_again(
            reading, self.survey, controller_reaped=self._controller_reaped(planned)
        )
        if fresh.verdict.decision is not Decision.REAP or reading.protection is not None:
            return self._blocked(item, reading, edge)
        return self.hindrance(item, reading, seen)

    def _taken(self, resource: Resource) -> tuple[Item, ...]:
        """What the deletion takes along, directly or through what it takes, and is still there."""
        taken: dict[str, Item] = {}
        ask = [resource]
        while ask:
            for edge in ask.pop().others(Relation.TAKES):
                key = edge.other.key
                if key in self.going.planned and key not in taken and not self.going.gone(key):
                    taken[key] = self.going.planned[key]
                    ask.append(self.survey.world[key])
        return tuple(taken.values())

    def _derived(
        self, resource: Resource, found: Claim, taken: Iterable[Item]
    ) -> tuple[tuple[Ref, Claim], ...]:
        """What is the run's by this resource alone, to be remembered before this is gone."""
        parents = [(resource, found)]
        parents.extend((item.judged.resource, item.judged.claim) for item in taken)
        derived: dict[str, tuple[Ref, Claim]] = {}
        for parent, claim in parents:
            for edge in parent.others(Relation.MADE):
                child = self.survey.world.get(edge.other.key) or self.read(edge.other)
                if isinstance(child, Resource):
                    heir = self.surveyor.claim(
                        child, self.survey.memory, parent=(parent.ref, claim)
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

    def _pending(self, item: Item, detail: str) -> Outcome:
        return self.outcome(item, Status.PENDING, detail)

    def _blocked(self, item: Item, resource: Resource, edge: Edge) -> Outcome:
        name = f" ({edge.name})" if edge.name else ""
        if resource.ref.key == item.ref.key or edge.relation in {Relation.TAKES, Relation.ALTERS}:
            detail = f"{edge.relation} {edge.other}{name}, which is not to go"
        else:
            detail = f"takes along {resource.ref}, which is {edge.relation} {edge.other}{name}"
        return self.outcome(item, Status.BLOCKED, detail, blocked_by=(str(edge.other),))

    def _not_there(self, item: Item, reading: Absent | Unreadable) -> Outcome:
        why = self._unproved(item.ref, reading)
        if why is not None:
            return self._pending(item, f"could not be read again: {why}")
        return self.outcome(item, Status.GONE, "was gone already")

    def _unproved(self, ref: Ref, reading: Absent | Unreadable) -> str | None:
        """Why a read does not prove that nothing is there; None: it is gone beyond doubt."""
        if isinstance(reading, Unreadable):
            return reading.reason
        why_not = self.site.provider.control(self.site.cell, ref.kind)
        return None if why_not is None else f"not found, but that proves nothing: {why_not}"
