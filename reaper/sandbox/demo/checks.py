"""The proof of a demo: what had to stay, held against what its place says of it afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reaper.model import Item, Plan, Rule
from reaper.sandbox.demo.parts import Part, Thing

# What tells that a thing is untouched, by what it is called in the table of the proof.
Facts = Mapping[str, str]


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
class Proof:
    """What the place says after the sweep, and what was held against what has to be.

    Attributes:
        told: For each thing that had to stay, what is the same, or is not.
    """

    told: tuple[tuple[Thing, str], ...]
    checks: tuple[Check, ...]


def compare(
    before: Mapping[Thing, Facts | None], after: Mapping[Thing, Facts | None]
) -> tuple[Finding, ...]:
    """Say for each thing what is not as it was."""
    return tuple(
        Finding(thing=thing, before=was or {}, differences=_differences(was, after.get(thing)))
        for thing, was in before.items()
    )


def untouched(part: Part, findings: Sequence[Finding]) -> Check:
    """Claim that everything of a part is as it was."""
    own = [finding for finding in findings if finding.thing.part is part]
    whose = "the live run" if part is Part.LIVE else "strangers"
    return Check(
        claim=f"All {len(own)} things of {whose} are untouched",
        wrong=tuple(
            f"{finding.thing.kind} {finding.thing.name}: {difference}"
            for finding in own
            for difference in finding.differences
        ),
    )


def were_there(killed: Mapping[Thing, object]) -> Check:
    """Claim that what the killed run made was there before the sweep."""
    return Check(
        claim=f"All {len(killed)} things of the killed run were there before the sweep",
        wrong=tuple(f"{thing.kind} {thing.name} was not" for thing, f in killed.items() if not f),
    )


def judged_by(rule: Rule, thing: Thing, plans: Iterable[Plan]) -> Check:
    """Claim that a thing stays by this rule."""
    items: list[Item] = [item for plan in plans for item in plan.items if item.ref.id == thing.id]
    stays = {Rule.GARBLED: "is garbled, is in quarantine", Rule.KEPT: "asks for it, is kept"}
    return Check(
        claim=f"{thing.name}, whose tag {stays[rule]}",
        wrong=tuple(
            f"the verdict is {item.judged.verdict.decision} by {item.judged.verdict.rule}: "
            f"{item.judged.verdict.reason}"
            for item in items
            if item.judged.verdict.rule is not rule
        )
        or (() if items else ("the plan does not have it",)),
    )


def _differences(was: Facts | None, now: Facts | None) -> tuple[str, ...]:
    if was is None:
        return ("it was not there before",)
    if now is None:
        return ("it is gone",)
    return tuple(
        f"{name} was {was.get(name)} and is {now.get(name)}"
        for name in sorted(was.keys() | now.keys())
        if was.get(name) != now.get(name)
    )
