"""Carries plans out: asks first where a person is there to ask, and tries again what must wait."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import typer

from reaper.cli import failures, render
from reaper.cli.progress import watching
from reaper.cli.report import Entry, Exit, document, entries, merged, sweep_code
from reaper.cli.session import Session
from reaper.cli.surveys import Seen, all_gaps, survey, view
from reaper.errors import UsageError
from reaper.ledger import identity
from reaper.model import Decision, Gap, Outcome, Plan, Status
from reaper.plan import plan_id
from reaper.sweep.cell import Sweep, SweepReport
from reaper.sweep.fleet import Fleet, each
from reaper.sweep.site import Settings

_LOCK_WAIT = timedelta(seconds=60)
_SHORTEST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """How a deleting command was asked for."""

    yes: bool
    as_json: bool
    wait: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """What the sweeps of one command did, all cells and repetitions together.

    Attributes:
        plans: By cell.
        failed: The gaps of cells and places that could not be worked on at all.
        skipped: Why a cell was not swept, or not to its end, by its label.
    """

    plans: Mapping[str, Plan] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    failed: tuple[Gap, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def listed(self) -> tuple[Entry, ...]:
        """Everything that was decided about or done."""
        return entries(self.plans.values(), self.outcomes)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be seen."""
        return all_gaps(self.failed, self.plans.values())

    @property
    def code(self) -> Exit:
        """The command's exit code."""
        return sweep_code(self.listed, self.gaps)

    def then(self, reports: Sequence[SweepReport], failed: Iterable[Gap]) -> Swept:
        """Add what a further sweep did."""
        swept = {report.cell.label for report in reports}
        skipped = {label: why for label, why in self.skipped.items() if label not in swept}
        skipped.update({report.cell.label: report.skipped for report in reports if report.skipped})
        return Swept(
            plans=merged(self.plans, {str(report.cell): report.plan for report in reports}),
            outcomes=(*self.outcomes, *(o for report in reports for o in report.outcomes)),
            failed=tuple(dict.fromkeys((*self.failed, *failed))),
            skipped=skipped,
        )


def carry_out(session: Session, settings: Settings, order: Order) -> Swept | None:
    """Sweep, after a look and a word of the person if none was given; None: they said no.

    What a person agreed to is all that goes, whatever the sweep finds in addition.
    """
    if order.yes:
        return sweep(session, settings, wait=order.wait)
    must_ask()
    seen, gaps = survey(session, settings)
    text = render.plans([view(each_seen) for each_seen in seen], gaps)
    sys.stderr.write(text)
    plans = {str(each_seen.site.cell): each_seen.survey.plan for each_seen in seen}
    going = sum(item.wave is not None for plan in plans.values() for item in plan.items)
    if going and not ask(f"Delete {'this' if going == 1 else f'these {going}'}?"):
        return None
    # Who was not asked has agreed to nothing, also to nothing whose time comes meanwhile.
    done = sweep(session, agreed(settings, seen if going else ()), wait=order.wait)
    return replace(done, plans=merged(plans, done.plans))


def agreed(settings: Settings, seen: Sequence[Seen]) -> Settings:
    """Narrow a sweep to what a person saw was to go."""
    keys = frozenset(
        identity(item.ref)
        for each_seen in seen
        for item in each_seen.survey.plan.items
        if item.judged.verdict.decision is Decision.REAP
    )
    approved = settings.narrowing.approved
    narrowing = replace(settings.narrowing, approved=keys if approved is None else keys & approved)
    return replace(settings, narrowing=narrowing)


def sweep(session: Session, settings: Settings, *, wait: timedelta | None) -> Swept:
    """Sweep every cell, and those with something pending again until the wait is over."""
    clock = session.clock
    deadline = clock.elapsed() + (wait or timedelta(0)).total_seconds()
    for_lock = max(_LOCK_WAIT, wait or _LOCK_WAIT)
    with watching() as observer:
        fleet = session.fleet(settings, observer)
        swept = Swept().then(*each(fleet, lambda site: Sweep(site).run(wait_for_lock=for_lock)))
        while (due := _pending(swept)) and clock.elapsed() < deadline:
            pause = min(_pause(session, due), deadline - clock.elapsed())
            clock.sleep(max(pause, 0.0))
            again = _with_pending(fleet, due)
            if not again.sites:
                break
            swept = swept.then(*each(again, lambda site: Sweep(site).run(wait_for_lock=for_lock)))
    return swept


def must_ask() -> None:
    """Make sure that there is a person to ask.

    Raises:
        UsageError: Nobody is there; nothing was done.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "this deletes, and there is no terminal to ask on: say --yes if you mean it "
            "(`reaper plan` shows what would go)"
        )


def ask(question: str) -> bool:
    """Ask a person; no answer is no."""
    return typer.confirm(question, default=False, err=True)


def finish(swept: Swept | None, order: Order) -> Exit:
    """Show what was done, and say it by exit code."""
    if swept is None:
        failures.say("nothing was deleted")
        return Exit.LEFT
    if order.as_json:
        content = document(swept.listed, swept.gaps)
        failures.write(json.dumps(content, indent=2, ensure_ascii=False))
        for label, why in swept.skipped.items():
            failures.say(f"{label}: {why}")
    else:
        failures.write(render.result(swept.listed, swept.gaps, swept.skipped))
        held = [plan for plan in swept.plans.values() if plan.held is not None]
        for plan in held:
            failures.say(f"held: look at it, then `reaper release {plan_id(plan)}`")
    return swept.code


def _pending(swept: Swept) -> list[Outcome]:
    return [
        entry.outcome
        for entry in swept.listed
        if entry.outcome is not None and entry.outcome.status is Status.PENDING
    ]


def _pause(session: Session, due: Sequence[Outcome]) -> float:
    now = session.ledger.now()
    waits = [(outcome.until - now).total_seconds() for outcome in due if outcome.until is not None]
    soonest = min(waits, default=_SHORTEST_PAUSE_S)
    return min(max(soonest, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)


def _with_pending(fleet: Fleet, due: Sequence[Outcome]) -> Fleet:
    places = [f"{outcome.ref.provider}/{outcome.ref.scope}/" for outcome in due]
    sites = tuple(
        site for site in fleet.sites if any(it.startswith(f"{site.cell}/") for it in places)
    )
    return Fleet(sites=sites, gaps=())
