"""Looks at every cell for a command, and finds single resources in what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reaper.cli.render import View
from reaper.cli.report import Entry, entries
from reaper.cli.session import Session
from reaper.cli.words import parsed, short_id
from reaper.errors import ReaperError, ScanIncomplete, UsageError
from reaper.model import Gap, Plan, Resource, Rule, RunState, Verdict
from reaper.policy import Case
from reaper.sweep.cell import Sweep
from reaper.sweep.reading import covers, read
from reaper.sweep.site import Settings, Site
from reaper.sweep.survey import Survey, Surveyor

_SHORTEST = 4  # a shorter beginning of an ID is likelier a slip


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What was seen of one cell."""

    site: Site
    survey: Survey


def survey(
    session: Session, settings: Settings | None = None
) -> tuple[tuple[Seen, ...], tuple[Gap, ...]]:
    """Look at every cell; nothing is deleted. The gaps are those of all cells together."""

    def look(site: Site) -> Seen:
        site.observer.phase(site.cell, "scanning")
        return Seen(site=site, survey=Sweep(site).survey())

    seen, gaps = session.each(settings or session.settings(), look)
    return seen, all_gaps(gaps, (each.survey.plan for each in seen))


def all_gaps(gaps: Iterable[Gap], plans: Iterable[Plan]) -> tuple[Gap, ...]:
    """Put together the gaps of places and of cells, each once."""
    return tuple(dict.fromkeys((*gaps, *(gap for plan in plans for gap in plan.gaps))))


def view(seen: Seen, listed: Sequence[Entry] | None = None) -> View:
    """Show a cell's plan, or what of it is listed."""
    cases: Iterable[Case] = seen.survey.cases.values()
    runs: dict[str, RunState] = {
        case.claim.run: case.run
        for case in cases
        if case.claim.run is not None and case.run is not None
    }
    plan = seen.survey.plan
    return View(
        cell=seen.site.cell,
        listed=tuple(entries([plan]) if listed is None else listed),
        runs=runs,
        now=plan.at,
        plan=plan,
    )


def everything(seen: Seen) -> tuple[Entry, ...]:
    """List what is there, also what bears no run: its verdict has no decision."""
    planned = entries([seen.survey.plan])
    known = {entry.key for entry in planned} | set(seen.survey.cases)
    narrowing = seen.site.settings.narrowing
    if narrowing.runs is not None:
        return planned
    surveyor = Surveyor(seen.site)
    strangers = [
        Entry(
            resource=resource,
            verdict=Verdict(
                decision=None,
                rule=Rule.FOREIGN,
                reason=surveyor.claim(resource, seen.survey.memory).reason,
            ),
        )
        for key, resource in seen.survey.world.items()
        if key not in known and (narrowing.kinds is None or resource.ref.kind in narrowing.kinds)
    ]
    return tuple(sorted((*planned, *strangers), key=lambda entry: entry.key))


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One resource that a person named, and the cell it is in."""

    seen: Seen
    resource: Resource


def find(text: str, all_seen: Sequence[Seen]) -> Found | None:
    """Find what a person named: by reference, name, ID as tables show it, or the beginning of it.

    Raises:
        UsageError: Several resources answer to it; the message names them.
    """
    candidates = [
        Found(seen=seen, resource=resource)
        for seen in all_seen
        for resource in seen.survey.world.values()
    ]
    for matching in (
        lambda it: it.resource.ref.key == text,
        lambda it: text in {it.resource.name, it.resource.ref.id, short_id(it.resource.ref.id)},
        lambda it: len(text) >= _SHORTEST and _begins(it.resource.ref.id, text),
    ):
        found = [candidate for candidate in candidates if matching(candidate)]
        if len(found) > 1:
            names = "\n".join(f"  {it.resource.ref} {it.resource.name or ''}" for it in found[:20])
            raise UsageError(f"{text!r} can be {len(found)} resources; name one of them:\n{names}")
        if found:
            return found[0]
    return _asked_directly(text, all_seen)


def unfound(told: str, gaps: Sequence[Gap]) -> ReaperError:
    """Say that nothing answers to a name; where the scan had gaps, that it may be there."""
    if not gaps:
        return UsageError(told)
    reasons = "; ".join(dict.fromkeys(gap.reason for gap in gaps))
    return ScanIncomplete(f"{told}. It may be where the scan could not look: {reasons}")


def _begins(ref_id: str, text: str) -> bool:
    return ref_id.startswith(text) or ref_id.removeprefix("sha256:").startswith(text)


def _asked_directly(text: str, all_seen: Sequence[Seen]) -> Found | None:
    """Read what no index named, where it was addressed in full."""
    ref = parsed(text)
    if ref is None:
        return None
    for seen in all_seen:
        cell = seen.site.cell
        if ref.provider == cell.provider and covers(cell, ref):
            reading = read(seen.site, [ref])[ref.key]
            if isinstance(reading, Resource):
                return Found(seen=seen, resource=reading)
    return None
