"""How a history ends: everybody dies, everything is mended, and nothing may be left unexplained."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from reaper.model import Ending, Relation, Resource, Status
from reaper.sandbox.sorts import KINDS
from reaper.sweep.cell import SweepReport
from tests.simulation.lab import ABROAD, Lab
from tests.simulation.runs import GRACE, LEASE, MAX_RUN
from tests.simulation.truth import RUN, identity
from tests.simulation.violation import Violation

# First long enough for every lease and expiry, then for what takes hours and is tried ever rarer.
_PAUSES = (MAX_RUN + LEASE + GRACE, timedelta(minutes=6), *(timedelta(minutes=31),) * 12)


def conclude(lab: Lab) -> None:
    """Let everybody die, mend everything, sweep for hours, and look at what is left.

    Raises:
        Violation: Something that is to go is left, or something is left and nobody says why.
    """
    _mend(lab)
    report: SweepReport | None = None
    for pause in _PAUSES:
        lab.clock.advance(pause)
        report = lab.sweep()
        if report is not None and report.plan.held is not None:
            lab.release()
        elif report is not None and not _orphans(lab):
            break
    if report is None:
        raise Violation(9, "the last sweep did not end, with nothing in its way")
    _refuse_orphans(lab, report)
    _refuse_silence(lab, report)


def _mend(lab: Lab) -> None:
    lab.faults.clear()
    lab.registry.start()
    lab.resume()
    lab.runs.unreadable.clear()
    lab.world.skew = timedelta(0)
    lab.right_the_clock()
    for true in lab.runs.all.values():
        true.told()


def _orphans(lab: Lab) -> list[Resource]:
    """What a run made, what nothing speaks for, and what nothing stands in the way of."""
    there = {resource.ref.key: resource for resource in lab.world.everything()}
    orphans = {
        key: resource
        for key, resource in there.items()
        if lab.truth.why_not(resource) is None
        and _known_to_be_a_runs(lab, resource)
        and identity(resource.ref) not in lab.secretly_protected
        and resource.state != "to be purged"
    }
    while blocked := [key for key, each in orphans.items() if _hangs_on(each, there, orphans)]:
        for key in blocked:
            del orphans[key]
    return list(orphans.values())


def _hangs_on(
    resource: Resource, there: Mapping[str, Resource], orphans: Mapping[str, Resource]
) -> bool:
    edges = resource.others(
        Relation.USED_BY, Relation.CONTROLLED_BY, Relation.TAKES, Relation.ALTERS
    )
    return any(edge.other.key in there and edge.other.key not in orphans for edge in edges)


def _known_to_be_a_runs(lab: Lab, resource: Resource) -> bool:
    """Whether a run made it in its time, and has left word where an engine can find it."""
    thing = lab.truth.things[identity(resource.ref)]
    if thing.creator is None or thing.relied_upon:
        return False
    if thing.again or (KINDS[resource.ref.kind].reused and RUN not in resource.tags):
        return False  # which one the journal means cannot be told
    if resource.used is not None and not thing.used_in_time:
        return False  # when its run was over is not the same to everybody
    tag = resource.tags.get(RUN, thing.creator)
    if tag != thing.creator and lab.runs.all[tag].over is Ending.LAPSED:
        return False  # somebody gave it to a run that had stopped creating before it was ended
    true = lab.runs.all[thing.creator]
    return thing.born <= true.run.expires and (RUN in resource.tags or not true.unsent)


def _refuse_orphans(lab: Lab, report: SweepReport) -> None:
    if lab.disturbed:
        return  # a run that began or ended by a wrong clock, or was forgotten, is a person's case
    orphans = _orphans(lab)
    said = {identity(outcome.ref): outcome for outcome in report.outcomes}
    for resource in orphans:
        outcome = said.get(identity(resource.ref))
        if outcome is not None and outcome.status is Status.SCHEDULED:
            continue
        item = next((i for i in report.plan.items if i.ref == resource.ref), None)
        raise Violation(
            9,
            f"{resource.ref} is left; outcome: {outcome and (outcome.status, outcome.detail)}; "
            f"item: {item and (item.judged.verdict, item.status, item.detail)}; "
            f"there: {[str(each.ref) for each in orphans]}",
        )


def _refuse_silence(lab: Lab, report: SweepReport) -> None:
    explained = {identity(outcome.ref) for outcome in report.outcomes if outcome.detail}
    explained |= {identity(item.ref) for item in report.plan.items if item.judged.verdict.reason}
    for resource in lab.world.everything():
        tagged = RUN in resource.tags and resource.tags.get("reaper-realm") == "default"
        swept = resource.ref.scope != ABROAD
        if swept and tagged and identity(resource.ref) not in explained and not resource.indirect:
            raise Violation(9, f"{resource.ref} is left, and nobody says why")
