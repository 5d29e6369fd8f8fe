"""The proof: what the sandbox's own lists say of everything, before and after the sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reaper.model import Outcome, Plan, Rule, Status
from reaper.sandbox.demo.checks import Check, Proof, compare, judged_by, untouched, were_there
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo_gce.worker import CORE_DUMP, DEBUGGER, GARBLED
from reaper.sandbox.gce.world import Seen

if TYPE_CHECKING:
    from reaper.sandbox.demo_gce.stage import GoogleStage

_STAYS = frozenset({Status.BLOCKED, Status.SCHEDULED})


def checks(
    stage: GoogleStage,
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
    left = [seen for seen in now if seen in stage.killed and not _is_part(seen)]
    kept = stage.thing(CORE_DUMP)
    return Proof(
        told=tuple(_summary(stage, now)),
        checks=(
            were_there({thing: thing.id in there for thing in made}),
            untouched(Part.LIVE, findings),
            untouched(Part.STRANGER, findings),
            _reasons(kept, left, outcomes),
            _blocked(stage, outcomes),
            _scheduled(made, outcomes),
            judged_by(Rule.KEPT, kept, plans),
            judged_by(Rule.GARBLED, stage.thing(GARBLED), plans),
            stage.runs.lives(Part.LIVE),
        ),
    )


def _thing(stage: GoogleStage, seen: Seen) -> Thing:
    kind, project, id_ = seen
    return Thing(part=stage.whose[seen], kind=kind, id=id_, name=id_, about=project)


def _summary(stage: GoogleStage, now: Mapping[Seen, str]) -> Iterable[tuple[Thing, str]]:
    """Tell each owner's things in one line, and in one each that is not as it was."""
    for part in (Part.LIVE, Part.STRANGER):
        own = [seen for seen, whose in stage.whose.items() if whose is part]
        services = {kind.split(":")[1] for kind, _, _ in own}
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


def _is_part(seen: Seen) -> bool:
    """Whether it is a part of its network, with which Google makes and removes it."""
    return seen[2].startswith("global/routes/default-route-")


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


def _blocked(stage: GoogleStage, outcomes: Mapping[str, Outcome]) -> Check:
    debugger = stage.thing(DEBUGGER)
    network = debugger.about.rpartition(" ")[2]
    outcome = outcomes.get(network)
    named = outcome is not None and any(debugger.id in who for who in outcome.blocked_by)
    return Check(
        claim=f"{network} is there, and {debugger.name} ({debugger.id}) is named as who blocks it",
        wrong=() if named else (f"its outcome is {outcome}",),
    )


def _scheduled(made: Sequence[Thing], outcomes: Mapping[str, Outcome]) -> Check:
    keys = [thing.id for thing in made if thing.kind == "gce:kms:key"]
    when = [outcomes[key].until for key in keys if key in outcomes]
    dates = ", ".join(f"{each:%Y-%m-%d}" for each in when if each is not None)
    return Check(
        claim=f"The KMS key's versions are scheduled to be destroyed on {dates or '?'}",
        wrong=tuple(
            f"the outcome of {key} is {outcomes.get(key)}"
            for key in keys
            if key not in outcomes or outcomes[key].status is not Status.SCHEDULED
        ),
    )
