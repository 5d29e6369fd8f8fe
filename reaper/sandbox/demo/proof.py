"""The proof: what each place says of each thing before and after, and what reaper said of it.

The looks are the stages' own, made without reaper; here they are compared, and what reaper said is
held against them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reaper.model import Decision, Outcome, Plan, Rule, Status
from reaper.sandbox.demo.stage import Look, Stage
from reaper.sandbox.demo.things import Facts, Part, Role, Thing
from reaper.sandbox.demo.world import World

_MOST = 60  # letters of a fact that are shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What became of one thing that had to stay as it was.

    Attributes:
        differences: Each fact that is not what it was, in words; empty: it is untouched.
    """

    thing: Thing
    before: Facts
    differences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that must hold when the demo has swept.

    Attributes:
        wrong: Why it does not hold, in words; empty where it does.
    """

    claim: str
    wrong: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What reaper said: its plans, and the last outcome of each resource by kind and ID."""

    plans: Sequence[Plan]
    outcomes: Mapping[tuple[str, str], Outcome]


def compare(before: Look, after: Look) -> tuple[Finding, ...]:
    """Say of each thing that had to stay what is not as it was."""
    return tuple(
        Finding(thing=thing, before=was or {}, differences=_differences(was, after.things[thing]))
        for thing, was in before.things.items()
        if thing.part is not Part.KILLED or thing.role is Role.KEPT
    )


def checks(world: World, stage: Stage, before: Look, after: Look, told: Told) -> Iterator[Check]:
    """Hold everything on a stage against what has to be."""
    findings = compare(before, after)
    killed = world.on(stage, Part.KILLED)
    yield Check(
        claim=f"All {len(killed)} things of the killed run were there before the sweep",
        wrong=tuple(
            f"{_called(thing)} was not" for thing in killed if before.things[thing] is None
        ),
    )
    yield _gone(killed, after)
    yield _untouched(Part.LIVE, findings)
    yield _untouched(Part.STRANGER, findings)
    if before.rest:
        yield Check(
            claim=f"All {len(before.rest)} other things that are there are untouched",
            wrong=tuple(
                f"{name}: {difference}"
                for name, was in before.rest.items()
                for difference in _changed(was, after.rest.get(name))
            ),
        )
    for role, check in _CHECKS.items():
        thing = world.playing(stage, role)
        if thing is not None:
            yield check(thing, world, stage, Said(thing, told, after))


@dataclass(frozen=True, slots=True)
class Said:
    """What reaper and the place say of one thing, after the sweep."""

    thing: Thing
    told: Told
    after: Look

    @property
    def there(self) -> bool:
        """Whether the place still has it."""
        return self.after.things[self.thing] is not None

    @property
    def outcome(self) -> Outcome | None:
        """What reaper says became of it."""
        return self.told.outcomes.get((self.thing.kind, self.thing.id))

    def not_judged(self, decision: Decision, rule: Rule) -> tuple[str, ...]:
        """Say what it was judged instead."""
        verdicts = [
            item.judged.verdict
            for plan in self.told.plans
            for item in plan.items
            if (item.ref.kind, item.ref.id) == (self.thing.kind, self.thing.id)
        ]
        if not verdicts:
            return ("the plan does not have it",)
        return tuple(
            f"the verdict is {verdict.decision} by {verdict.rule}: {verdict.reason}"
            for verdict in verdicts
            if (verdict.decision, verdict.rule) != (decision, rule)
        )


def _gone(killed: Sequence[Thing], after: Look) -> Check:
    staying = [thing for thing in killed if thing.role is not None]
    return Check(
        claim=f"All of the killed run is gone, but for {_listed(staying)}",
        wrong=tuple(
            f"{_called(thing)} is still there"
            for thing in killed
            if after.things[thing] is not None and thing not in staying
        ),
    )


def _untouched(part: Part, findings: Sequence[Finding]) -> Check:
    own = [finding for finding in findings if finding.thing.part is part]
    whose = "the live run" if part is Part.LIVE else "strangers"
    return Check(
        claim=f"All {len(own)} things of {whose} are untouched",
        wrong=tuple(
            f"{_called(finding.thing)}: {difference}"
            for finding in own
            for difference in finding.differences
        ),
    )


def _blocked(thing: Thing, world: World, stage: Stage, said: Said) -> Check:
    blocker = world.playing(stage, Role.BLOCKER)
    assert blocker is not None  # who plays one plays the other
    return Check(
        claim=f"{thing.name} is there, and {blocker.name} is named as who blocks it",
        wrong=_not_blocked(said, blocker),
    )


def _not_blocked(said: Said, blocker: Thing) -> tuple[str, ...]:
    outcome = said.outcome
    if not said.there:
        return ("it is gone, though somebody uses it",)
    if outcome is None or outcome.status is not Status.BLOCKED:
        return (f"its outcome is {outcome.status if outcome is not None else 'none'}",)
    if not any(blocker.id in each for each in outcome.blocked_by):
        return (f"named instead: {', '.join(outcome.blocked_by) or 'nobody'}",)
    return ()


def _kept(thing: Thing, _world: World, _stage: Stage, said: Said) -> Check:
    gone = () if said.there else ("it is gone, though somebody asked to keep it",)
    return Check(
        claim=f"{thing.name}, which somebody asked to keep, is kept",
        wrong=(*gone, *said.not_judged(Decision.KEEP, Rule.KEPT)),
    )


def _scheduled(thing: Thing, _world: World, stage: Stage, said: Said) -> Check:
    outcome = said.outcome
    right = outcome is not None and outcome.status is Status.SCHEDULED and outcome.until is not None
    found = "none" if outcome is None else f"{outcome.status}, until {outcome.until}"
    return Check(
        claim=f"{thing.name} is scheduled, and {stage.name} says when it will be purged",
        wrong=() if right else (f"its outcome is {found}",),
    )


def _garbled(thing: Thing, _world: World, _stage: Stage, said: Said) -> Check:
    return Check(
        claim=f"{thing.name}, whose tag is garbled, is in quarantine",
        wrong=said.not_judged(Decision.QUARANTINE, Rule.GARBLED),
    )


_CHECKS: Mapping[Role, Callable[[Thing, World, Stage, Said], Check]] = {
    Role.BLOCKED: _blocked,
    Role.KEPT: _kept,
    Role.SCHEDULED: _scheduled,
    Role.GARBLED: _garbled,
}


def _differences(was: Facts | None, now: Facts | None) -> tuple[str, ...]:
    if was is None:
        return ("it was not there before",)
    if now is None:
        return ("it is gone",)
    return tuple(
        f"{name} was {_short(was.get(name))} and is {_short(now.get(name))}"
        for name in sorted(was.keys() | now.keys())
        if was.get(name) != now.get(name)
    )


def _changed(was: str, now: str | None) -> tuple[str, ...]:
    if now is None:
        return ("it is gone",)
    return () if was == now else ("it is not what it was",)


def _short(fact: str | None) -> str:
    text = str(fact)
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"


def _called(thing: Thing) -> str:
    return f"{thing.kind} {thing.name}"


def _listed(things: Sequence[Thing]) -> str:
    *others, last = [thing.name for thing in things]
    return f"{', '.join(others)} and {last}" if others else last
