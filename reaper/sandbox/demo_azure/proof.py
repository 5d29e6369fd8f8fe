"""The proof: what the sandbox's own lists say of everything, before and after the sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reaper.model import Outcome, Plan, Rule, Status
from reaper.sandbox.azure.world import Seen
from reaper.sandbox.demo.checks import Check, Proof, compare, judged_by, untouched, were_there
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo_azure.worker import CORE_DUMP, DEBUGGER, GARBLED

if TYPE_CHECKING:
    from reaper.sandbox.demo_azure.stage import AzureStage

# A vault that is scheduled is gone from the lists: its name is kept, and told apart.
_STAYS = frozenset({Status.BLOCKED})


def checks(
    stage: AzureStage,
    now: Mapping[Seen, str],
    plans: Sequence[Plan],
    outcomes: Mapping[str, Outcome],
) -> Proof:
    """Hold everything against what has to be; `outcomes` are by `ref.id`."""
    findings = compare(
        {_thing(stage, seen): {"it": told} for seen, told in stage.before.items()},
        {_thing(stage, seen): {"it": now[seen]} for seen in stage.before if seen in now},
    )
    made = [thing for thing in stage.runs.things if thing.part is Part.KILLED]
    there = {seen[2] for seen in stage.killed}
    left = [seen for seen in now if seen in stage.killed]
    kept = stage.thing(CORE_DUMP)
    return Proof(
        told=tuple(_summary(stage, now)),
        checks=(
            were_there({thing: thing.id in there for thing in made}),
            untouched(Part.LIVE, findings),
            untouched(Part.STRANGER, findings),
            _reasons(kept, left, outcomes),
            _blocked(stage.made("network"), stage.thing(DEBUGGER), outcomes),
            _blocked(stage.made("group"), kept, outcomes),
            _scheduled(stage.made("vault"), outcomes),
            judged_by(Rule.KEPT, kept, plans),
            judged_by(Rule.GARBLED, stage.thing(GARBLED), plans),
            stage.runs.lives(Part.LIVE),
        ),
    )


def _thing(stage: AzureStage, seen: Seen) -> Thing:
    kind, subscription, id_ = seen
    return Thing(part=stage.whose[seen], kind=kind, id=id_, name=id_, about=subscription)


def _summary(stage: AzureStage, now: Mapping[Seen, str]) -> Iterable[tuple[Thing, str]]:
    """Tell each owner's things in one line, and in one each that is not as it was."""
    for part in (Part.LIVE, Part.STRANGER):
        own = [seen for seen, whose in stage.whose.items() if whose is part]
        services = {kind.partition("/")[0] for kind, _, _ in own}
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


def _reasons(kept: Thing, left: Sequence[Seen], outcomes: Mapping[str, Outcome]) -> Check:
    named = {seen[2] for seen in left if seen[2] != kept.id}
    return Check(
        claim=f"All of the killed run is gone, but for {len(named) + 1} that stay for a reason",
        wrong=tuple(
            f"{id_} is still there: {outcomes[id_].status if id_ in outcomes else 'no reason told'}"
            for id_ in sorted(named)
            if id_ not in outcomes or outcomes[id_].status not in _STAYS
        ),
    )


def _blocked(thing: Thing, by: Thing, outcomes: Mapping[str, Outcome]) -> Check:
    outcome = outcomes.get(thing.id)
    named = outcome is not None and any(by.id in who for who in outcome.blocked_by)
    return Check(
        claim=f"{thing.name}'s {thing.about} is there, and {by.name} is named as who blocks it",
        wrong=() if named else (f"its outcome is {outcome}",),
    )


def _scheduled(vault: Thing, outcomes: Mapping[str, Outcome]) -> Check:
    outcome = outcomes.get(vault.id)
    until = None
    if outcome is not None and outcome.status is Status.SCHEDULED:
        until = outcome.until
    return Check(
        claim=f"The Key Vault is deleted, and Azure purges it on {f'{until:%F}' if until else '?'}",
        wrong=() if until is not None else (f"its outcome is {outcome}",),
    )
