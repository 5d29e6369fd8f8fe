"""Engines that are broken on purpose, each in one way: the simulation must catch every one.

Each says in its docstring what it does wrong. None of them is ever used outside the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reaper.errors import LockLost
from reaper.ledger import Intent, Lock
from reaper.model import (
    Claim,
    Edge,
    Item,
    Judged,
    Outcome,
    Plan,
    Ref,
    Relation,
    Resource,
    Run,
    RunState,
    Scan,
    Status,
)
from reaper.policy import Case
from reaper.providers.protocol import Absent, Reading, Unreadable
from reaper.sweep.cell import Sweep
from reaper.sweep.look import Clear, Looker, Spared, _Look
from reaper.sweep.recall import Memory
from reaper.sweep.resume import Resumer
from reaper.sweep.shoot import Shooter, Shot
from reaper.sweep.survey import Survey, Surveyor
from reaper.sweep.verify import Verifier, Watched
from reaper.sweep.view import Questions
from reaper.sweep.volley import Result, Volley
from tests.simulation.process import lock_of


class TrustsAFailedList(Sweep):
    """What a scan could not read counts as gone."""

    class resumer(Resumer):  # noqa: N801 - it stands in the place of a class attribute
        def _proved(self, survey: Survey) -> frozenset[str]:
            return frozenset(key for key in survey.memory.outcomes if key not in survey.world)


class SkipsTheSecondLook(Sweep):
    """It shoots by what the scan saw."""

    class looker(Looker):  # noqa: N801
        def look(self, items: Sequence[Item]) -> list[Clear | Spared | Outcome]:
            return [
                Clear(
                    item=item,
                    resource=item.judged.resource,
                    verdict=item.judged.verdict,
                    claim=item.judged.claim,
                    elapsed=self.site.clock.elapsed(),
                )
                for item in items
            ]


class IgnoresLeases(Sweep):
    """It takes every run that did not finish for lapsed."""

    class surveyor(Surveyor):  # noqa: N801
        def runs(self, ids: object, memory: Memory) -> dict[str, RunState]:
            found = super().runs(ids, memory)  # type: ignore[arg-type] # passed on as it came
            return {name: _lapsed(run) for name, run in found.items()}

    def end_run(self, run: Run, *, fresh: bool) -> bool:
        self.site.ledger.force_end(run.id)
        return True


def _lapsed(run: RunState) -> RunState:
    if not isinstance(run, Run) or run.ended is not None:
        return run
    return replace(run, lease=replace(run.lease, until=run.started, away=None))


class CountsAnOutageAsLapse(Sweep):
    """A lease lapses also by time in which the registry could not take a beat."""

    class surveyor(Surveyor):  # noqa: N801
        def runs(self, ids: object, memory: Memory) -> dict[str, RunState]:
            found = super().runs(ids, memory)  # type: ignore[arg-type] # passed on as it came
            return {
                name: replace(run, lease=replace(run.lease, away=None))
                if isinstance(run, Run)
                else run
                for name, run in found.items()
            }

    def end_run(self, run: Run, *, fresh: bool) -> bool:
        grace = self.site.settings.policy.grace
        if run.lease.until + grace < self.site.ledger.now():
            self.site.ledger.force_end(run.id)
            return True
        return super().end_run(run, fresh=fresh)


class WritesTheIntentAfterTheCall(Sweep):
    """It deletes first, and writes that down later."""

    class shooter(Shooter):  # noqa: N801
        def shoot(self, clear: Clear) -> Shot:
            self.check_age(clear)
            answer = self.site.provider.delete(self.site.cell, clear.resource)
            intents = self.intend(clear)
            self.note(intents, answer)
            return Shot(clear=clear, answer=answer, intents=intents)


class TakesANameForTheThing(Sweep):
    """What bears the same name is the same resource to it."""

    class looker(Looker):  # noqa: N801
        def read(self, refs: Sequence[Ref]) -> Mapping[str, Reading]:
            return {key: self._taken_for_known(each) for key, each in super().read(refs).items()}

        def _taken_for_known(self, reading: Reading) -> Reading:
            if not isinstance(reading, Resource):
                return reading
            known = self.survey.world.get(reading.ref.key, reading)
            return replace(reading, ref=known.ref, created=known.created)


class FollowsCascadesBlindly(Sweep):
    """It does not ask what a deletion takes along or alters."""

    class surveyor(Surveyor):  # noqa: N801
        def plan(
            self,
            scan: Scan,
            world: Mapping[str, Resource],
            judged: Sequence[Judged],
            memory: Memory,
        ) -> Plan:
            blind = {key: _without_consequences(resource) for key, resource in world.items()}
            judged = [replace(each, resource=blind[each.resource.ref.key]) for each in judged]
            return super().plan(scan, blind, judged, memory)

    class looker(Looker):  # noqa: N801
        def read(self, refs: Sequence[Ref]) -> Mapping[str, Reading]:
            return {
                key: _without_consequences(each) if isinstance(each, Resource) else each
                for key, each in super().read(refs).items()
            }


def _without_consequences(resource: Resource) -> Resource:
    blind = {Relation.TAKES, Relation.ALTERS}
    edges = tuple(edge for edge in resource.edges if edge.relation not in blind)
    return replace(resource, edges=edges)


class IgnoresWhoUsesItFromElsewhere(Sweep):
    """What is used from another cell is like any other thing to it."""

    class surveyor(Surveyor):  # noqa: N801
        def plan(
            self,
            scan: Scan,
            world: Mapping[str, Resource],
            judged: Sequence[Judged],
            memory: Memory,
        ) -> Plan:
            free = {key: replace(resource, held_by=()) for key, resource in world.items()}
            judged = [replace(each, resource=free[each.resource.ref.key]) for each in judged]
            return super().plan(scan, free, judged, memory)

    class looker(Looker):  # noqa: N801
        def read(self, refs: Sequence[Ref]) -> Mapping[str, Reading]:
            return {key: _held_by_nobody(each) for key, each in super().read(refs).items()}


class OverlooksWhoCameFromElsewhere(Sweep):
    """Whoever uses it from another cell since the plan is not seen by its second look."""

    class looker(Looker):  # noqa: N801
        def read(self, refs: Sequence[Ref]) -> Mapping[str, Reading]:
            return {key: _held_by_nobody(each) for key, each in super().read(refs).items()}


class TakesAlongWhatIsUsedElsewhere(Sweep):
    """Its second look asks who uses a thing from another cell only of what it is about."""

    class looker(Looker):  # noqa: N801
        def read(self, refs: Sequence[Ref]) -> Mapping[str, Reading]:
            taken = {key for key, item in self.going.planned.items() if item.taken_by is not None}
            return {
                key: _held_by_nobody(each) if key in taken else each
                for key, each in super().read(refs).items()
            }


def _held_by_nobody(reading: Reading) -> Reading:
    return replace(reading, held_by=()) if isinstance(reading, Resource) else reading


class TrustsAJournaledName(Sweep):
    """What bears a name that the journal has is what the journal has, whenever it was made."""

    class surveyor(Surveyor):  # noqa: N801
        def cases(
            self,
            world: Mapping[str, Resource],
            claims: Mapping[str, Claim],
            memory: Memory,
            skew: timedelta,
            seen: Mapping[str, datetime] | None = None,
        ) -> dict[str, Case]:
            cases = super().cases(world, claims, memory, skew, seen)
            return {key: replace(case, kind=None) for key, case in cases.items()}


class IgnoresAUseAfterTheEnd(Sweep):
    """It does not ask whether somebody used a thing after its run's end."""

    class surveyor(Surveyor):  # noqa: N801
        def cases(
            self,
            world: Mapping[str, Resource],
            claims: Mapping[str, Claim],
            memory: Memory,
            skew: timedelta,
            seen: Mapping[str, datetime] | None = None,
        ) -> dict[str, Case]:
            unused = {key: replace(resource, used=None) for key, resource in world.items()}
            return super().cases(unused, claims, memory, skew, seen)


class BelievesThePlanOfARing(Sweep):
    """Of things that use each other it deletes the first by what the plan said of the others."""

    class looker(Looker):  # noqa: N801
        def _outlives(self, look: _Look, resource: Resource, edge: Edge) -> Outcome | None:
            if edge.other.key in self.going.planned:
                return None
            return super()._outlives(look, resource, edge)


class DeletesACopy(Sweep):
    """What was made after the run's end, with its tags, goes too."""

    class surveyor(Surveyor):  # noqa: N801
        def cases(
            self,
            world: Mapping[str, Resource],
            claims: Mapping[str, Claim],
            memory: Memory,
            skew: timedelta,
            seen: Mapping[str, datetime] | None = None,
        ) -> dict[str, Case]:
            cases = super().cases(world, claims, memory, skew, seen)
            return {key: replace(case, controller_reaped=True) for key, case in cases.items()}


class IgnoresTheFencingToken(Sweep):
    """It goes on under whoever's lock there is, when its own was lost."""

    class shooter(Shooter):  # noqa: N801
        def intend(self, clear: Clear) -> tuple[str, ...]:
            try:
                return super().intend(clear)
            except LockLost:
                holder, until, token = lock_of(self.site.ledger, self.site.cell)
                if holder is None or until <= self.site.clock.now():
                    raise
                self.trigger.lock = Lock(
                    cell=str(self.site.cell), holder=holder, token=token, until=until
                )
                return super().intend(clear)


class ResendsAResumedIntent(Sweep):
    """What was announced and not answered is sent again, without another look."""

    class resumer(Resumer):  # noqa: N801
        def became(self, intent: Intent, reading: Resource | Absent | Unreadable) -> Outcome | None:
            if isinstance(reading, Resource) and intent.handle is None:
                self.site.provider.delete(self.site.cell, reading)
            return super().became(intent, reading)


class TrustsNotFound(Sweep):
    """«Not found» is gone to it, also where the permission is lost."""

    class looker(Looker):  # noqa: N801
        def _not_there(self, item: Item, unproved: str | None) -> Outcome:
            blind = unproved is not None and unproved.startswith("not found")
            return super()._not_there(item, None if blind else unproved)

    class verifier(Verifier):  # noqa: N801
        def absent(self, entry: Watched, why_not: str | None) -> Outcome | None:
            return super().absent(entry, None)


class BelievesAHalfReadThing(Sweep):
    """It takes what was read in part for the whole."""

    class surveyor(Surveyor):  # noqa: N801
        def claim(self, resource: Resource, memory: Memory, parent: object = None) -> Claim:
            return super().claim(resource, memory, parent)  # type: ignore[arg-type] # passed on

        def cases(
            self,
            world: Mapping[str, Resource],
            claims: Mapping[str, Claim],
            memory: Memory,
            skew: timedelta,
            seen: Mapping[str, datetime] | None = None,
        ) -> dict[str, Case]:
            whole = {key: replace(resource, unread=None) for key, resource in world.items()}
            return super().cases(whole, claims, memory, skew, seen)


class IgnoresClocksApart(Sweep):
    """It judges ages by clocks that do not agree."""

    class surveyor(Surveyor):  # noqa: N801
        def cases(
            self,
            world: Mapping[str, Resource],
            claims: Mapping[str, Claim],
            memory: Memory,
            skew: timedelta,
            seen: Mapping[str, datetime] | None = None,
        ) -> dict[str, Case]:
            return super().cases(world, claims, memory, timedelta(0), seen)


class IgnoresTheBrake(Sweep):
    """No number of deletions is too many for it."""

    class surveyor(Surveyor):  # noqa: N801
        def plan(
            self,
            scan: Scan,
            world: Mapping[str, Resource],
            judged: Sequence[Judged],
            memory: Memory,
        ) -> Plan:
            settings = replace(self.site.settings, brake=None)
            unbraked = Surveyor(replace(self.site, settings=settings))
            return unbraked.plan(scan, world, judged, memory)


class ForgetsTheAgeOfALook(Sweep):
    """It shoots by a look however old, as after a suspension."""

    class shooter(Shooter):  # noqa: N801
        def check_age(self, clear: Clear) -> None:
            pass


class IgnoresAKeep(Sweep):
    """It does not heed what people ask to keep."""

    class surveyor(Surveyor):  # noqa: N801
        def claim(self, resource: Resource, memory: Memory, parent: object = None) -> Claim:
            found = super().claim(resource, memory, parent)  # type: ignore[arg-type] # passed on
            return replace(found, keep=None)


class TakesAnAnswerForTheEnd(Sweep):
    """A deletion that the provider took on counts as gone."""

    class verifier(Verifier):  # noqa: N801
        def still_there(self, entry: Watched, questions: Questions) -> Outcome | None:
            return self.outcome(entry, Status.GONE, "deleted")


class DoesNothing(Sweep):
    """It plans, and deletes nothing: safe, and useless."""

    class volley(Volley):  # noqa: N801
        def fire(self, due: Sequence[Item]) -> Iterator[Result]:
            yield from ()


# Each with the promises of the design's list that it breaks.
MUTANTS: Mapping[type[Sweep], frozenset[int]] = {
    TrustsAFailedList: frozenset({5}),
    SkipsTheSecondLook: frozenset({1, 2, 3, 4}),
    IgnoresLeases: frozenset({2}),
    CountsAnOutageAsLapse: frozenset({2}),
    WritesTheIntentAfterTheCall: frozenset({6}),
    TakesANameForTheThing: frozenset({1, 4}),
    FollowsCascadesBlindly: frozenset({1, 2, 4}),
    IgnoresWhoUsesItFromElsewhere: frozenset({1}),
    OverlooksWhoCameFromElsewhere: frozenset({1}),
    TakesAlongWhatIsUsedElsewhere: frozenset({1}),
    TrustsAJournaledName: frozenset({1}),
    IgnoresAUseAfterTheEnd: frozenset({1}),
    BelievesThePlanOfARing: frozenset({1, 2}),
    DeletesACopy: frozenset({1}),
    IgnoresTheFencingToken: frozenset({4}),
    ResendsAResumedIntent: frozenset({6}),
    TrustsNotFound: frozenset({5}),
    BelievesAHalfReadThing: frozenset({3}),
    IgnoresClocksApart: frozenset({3}),
    IgnoresTheBrake: frozenset({7}),
    ForgetsTheAgeOfALook: frozenset({4}),
    IgnoresAKeep: frozenset({1}),
    TakesAnAnswerForTheEnd: frozenset({5}),
    DoesNothing: frozenset({9}),
}
