"""The proof of a chapter in a cloud: what its sandbox's lists say before and after the sweep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reaper.model import Outcome, Plan, Rule, Status
from reaper.sandbox.demo.checks import Check, Proof, compare, judged_by, untouched, were_there
from reaper.sandbox.demo.parts import CORE_DUMP, GARBLED, Part, Seen, Thing

if TYPE_CHECKING:
    from reaper.sandbox.demo.cloud import CloudStage

# `aws:ec2:instance`, `azure:microsoft.compute/disks`
_DIVIDED = re.compile("[:/]")


def hold(
    stage: CloudStage,
    now: Mapping[Seen, str],
    plans: Sequence[Plan],
    outcomes: Mapping[str, Outcome],
) -> Proof:
    """Hold everything against what has to be; `outcomes` are by `ref.id`."""
    findings = compare(
        {_thing(stage, seen): {"it": told} for seen, told in stage.before.items()},
        {_thing(stage, seen): {"it": now[seen]} for seen in stage.before if seen in now},
    )
    there = {seen[2] for seen in stage.killed}
    kept = stage.thing(CORE_DUMP)
    left = stage.left(now)
    return Proof(
        told=tuple(_summary(stage, now)),
        checks=(
            were_there({thing: thing.id in there for thing in stage.made()}),
            untouched(Part.LIVE, findings),
            untouched(Part.STRANGER, findings),
            _reasons(left - {kept.id}, outcomes, stage.stays_as),
            *stage.held_back(left, outcomes),
            judged_by(Rule.KEPT, kept, plans),
            judged_by(Rule.GARBLED, stage.thing(GARBLED), plans),
            stage.runs.lives(Part.LIVE),
        ),
    )


def blocked(
    what: str, id_: str, by: Thing, left: frozenset[str], outcomes: Mapping[str, Outcome]
) -> Check:
    """Claim that something of the killed run stays, and that a report names who uses it."""
    outcome = outcomes.get(id_)
    wrong = []
    if id_ not in left:
        wrong.append("it is gone, though somebody uses it")
    if outcome is None or outcome.status is not Status.BLOCKED:
        wrong.append(f"its outcome is {outcome and outcome.status}")
    elif not any(by.id in who for who in outcome.blocked_by):
        wrong.append(f"named instead: {', '.join(outcome.blocked_by) or 'nobody'}")
    user = by.name if by.name in by.id else f"{by.name} ({by.id})"
    return Check(
        claim=f"{what} is there, and {user} is named as who blocks it",
        wrong=tuple(wrong),
    )


def scheduled(claim: str, ids: Sequence[str], outcomes: Mapping[str, Outcome]) -> Check:
    """Claim that these are over on the date that their cloud says, which ends the claim."""
    when = [outcomes[id_].until for id_ in ids if id_ in outcomes]
    dates = ", ".join(f"{each:%Y-%m-%d}" for each in when if each is not None)
    wrong = [
        f"the outcome of {id_} is {outcomes.get(id_)}"
        for id_ in ids
        if id_ not in outcomes or outcomes[id_].status is not Status.SCHEDULED
    ]
    return Check(
        claim=f"{claim} {dates or '?'}", wrong=tuple(wrong) if ids else ("there was none",)
    )


def _thing(stage: CloudStage, seen: Seen) -> Thing:
    kind, where, id_ = seen
    return Thing(part=stage.whose[seen], kind=kind, id=id_, name=id_, about=where)


def _summary(stage: CloudStage, now: Mapping[Seen, str]) -> Iterable[tuple[Thing, str]]:
    """Tell each owner's things in one line, and in one each that is not as it was."""
    for part in (Part.LIVE, Part.STRANGER):
        own = [seen for seen, whose in stage.whose.items() if whose is part]
        services = {_DIVIDED.split(kind)[1] for kind, _, _ in own}
        all_of_them = Thing(
            part=part,
            kind=f"{len(services)} services",
            id="",
            name=f"{len(own)} things",
            about="",
        )
        changed = [seen for seen in own if now.get(seen) != stage.before[seen]]
        yield all_of_them, f"{len(changed)} are not" if changed else "all the same"
        for seen in changed:
            yield _thing(stage, seen), "gone" if seen not in now else "changed"


def _reasons(
    left: Iterable[str], outcomes: Mapping[str, Outcome], stays_as: frozenset[Status]
) -> Check:
    named = sorted(left)
    return Check(
        claim=f"All of the killed run is gone, but for {len(named) + 1} that stay for a reason",
        wrong=tuple(
            f"{id_} is still there: {outcomes[id_].status if id_ in outcomes else 'no reason told'}"
            for id_ in named
            if id_ not in outcomes or outcomes[id_].status not in stays_as
        ),
    )
