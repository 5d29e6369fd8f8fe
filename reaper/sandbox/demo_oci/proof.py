"""The proof: what the sandbox's own lists say of everything, before and after the sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reaper.model import Outcome, Plan, Rule, Status
from reaper.sandbox.demo.checks import Check, Proof, compare, judged_by, untouched, were_there
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo_oci.worker import CORE_DUMP, DEBUGGER, GARBLED
from reaper.sandbox.oci.world import Seen

if TYPE_CHECKING:
    from reaper.sandbox.demo_oci.stage import OciStage

_STAYS = frozenset({Status.BLOCKED, Status.SCHEDULED})


def checks(
    stage: OciStage,
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
            _blocked(stage, outcomes),
            _scheduled(made, outcomes),
            judged_by(Rule.KEPT, kept, plans),
            judged_by(Rule.GARBLED, stage.thing(GARBLED), plans),
            stage.runs.lives(Part.LIVE),
        ),
    )


def _thing(stage: OciStage, seen: Seen) -> Thing:
    kind, where, ocid = seen
    return Thing(part=stage.whose[seen], kind=kind, id=ocid, name=ocid, about=where)


def _summary(stage: OciStage, now: Mapping[Seen, str]) -> Iterable[tuple[Thing, str]]:
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


def _reasons(kept: Thing, left: Sequence[Seen], outcomes: Mapping[str, Outcome]) -> Check:
    named = {seen[2] for seen in left if seen[2] != kept.id}
    return Check(
        claim=f"All of the killed run is gone, but for {len(named) + 1} that stay for a reason",
        wrong=tuple(
            f"{ocid} is still there: {outcomes[ocid].status if ocid in outcomes else 'no reason'}"
            for ocid in sorted(named)
            if ocid not in outcomes or outcomes[ocid].status not in _STAYS
        ),
    )


def _blocked(stage: OciStage, outcomes: Mapping[str, Outcome]) -> Check:
    debugger, network = stage.thing(DEBUGGER), stage.made("oci:core:vcn")
    outcome = outcomes.get(network.id)
    named = outcome is not None and any(debugger.id in who for who in outcome.blocked_by)
    return Check(
        claim=f"{network.name}'s network is there, and {debugger.name} is named as who blocks it",
        wrong=() if named else (f"its outcome is {outcome}",),
    )


def _scheduled(made: Sequence[Thing], outcomes: Mapping[str, Outcome]) -> Check:
    keys = [thing.id for thing in made if thing.kind in {"oci:kms:key", "oci:kms:vault"}]
    when = {f"{at:%F}" for key in keys if key in outcomes if (at := outcomes[key].until)}
    return Check(
        claim=f"The vault and its key are scheduled to be deleted on {', '.join(when) or '?'}",
        wrong=tuple(
            f"the outcome of {key} is {outcomes.get(key)}"
            for key in keys
            if key not in outcomes or outcomes[key].status is not Status.SCHEDULED
        ),
    )
