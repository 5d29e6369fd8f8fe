"""One sweep of one cell, under its lock: resume, survey, delete wave by wave, verify, record."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import structlog

from reaper.errors import LockLost
from reaper.ledger import Ledger, Lock
from reaper.model import (
    Beats,
    Cell,
    Decision,
    Gap,
    Judged,
    Outcome,
    Plan,
    Rule,
    Run,
    Status,
    Verdict,
)
from reaper.plan import digest, plan_id
from reaper.sweep.look import Going, Looker, Spared
from reaper.sweep.resume import Resumer
from reaper.sweep.shoot import Shooter, Shot, Trigger
from reaper.sweep.site import Site, outcome_of
from reaper.sweep.survey import Survey, Surveyor
from reaper.sweep.verify import Verifier
from reaper.sweep.volley import Result, Volley

log = structlog.get_logger()

_LOCK_PAUSE_S = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepReport:
    """What one sweep of one cell found, decided and did.

    Attributes:
        plan: The plan, with the verdicts of the second look.
        outcomes: What became of each resource, also of those that earlier sweeps had left.
        skipped: Why nothing was carried out; None where it was.
    """

    cell: Cell
    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    skipped: str | None = None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be listed or read."""
        return self.plan.gaps


@dataclass(kw_only=True, slots=True)
class Progress:
    """What became of the items so far; it grows while the sweep goes on."""

    going: Going
    record: Callable[[Outcome], None]
    spared: dict[str, Verdict] = field(default_factory=dict)


class Sweep:
    """One sweep of one cell. Each stage is a class of its own, named here."""

    surveyor = Surveyor
    looker = Looker
    shooter = Shooter
    volley = Volley
    verifier = Verifier
    resumer = Resumer

    def __init__(self, site: Site) -> None:
        self.site = site

    def survey(self) -> Survey:
        """See what is there and what would be done; nothing is deleted."""
        return self.surveyor(self.site).survey()

    def run(self, *, wait_for_lock: timedelta | None = None) -> SweepReport:
        """Sweep: everything of runs that are over goes, if nothing speaks against it.

        `wait_for_lock` None: for as long as the lock of a sweep that was killed holds, and more.

        Raises:
            LedgerError: The ledger failed on the way; what was sent is in it, and the next sweep
                takes it up from there.
        """
        site = self.site
        if site.unsure is not None:
            return self._skip(site.unsure)
        paused = site.ledger.paused()
        if paused is not None:
            return self._skip(f"sweeping is paused by {paused.by}: {paused.reason}")
        site.observer.phase(site.cell, "waiting for the lock")
        lock = self._lock(wait_for_lock or 2 * site.settings.lock_for)
        if lock is None:
            return self._skip("another sweep is at work here; this one did not wait any longer")
        try:
            return self._sweep(lock)
        except LockLost as error:  # while it scanned: nothing was sent
            return self._skip(str(error))
        finally:
            site.ledger.release(lock)

    def _lock(self, wait: timedelta) -> Lock | None:
        clock = self.site.clock
        deadline = clock.elapsed() + wait.total_seconds()
        while True:
            lock = self.site.ledger.acquire(
                str(self.site.cell), self.site.holder, self.site.settings.lock_for
            )
            if lock is not None or clock.elapsed() >= deadline:
                return lock
            clock.sleep(_LOCK_PAUSE_S)

    def _renew(self, lock: Lock) -> None:
        self.site.ledger.renew(lock, self.site.settings.lock_for)

    def _skip(self, reason: str) -> SweepReport:
        survey = self.survey()
        log.warning("skipped", cell=str(self.site.cell), reason=reason)
        return SweepReport(cell=self.site.cell, plan=survey.plan, skipped=reason)

    def _sweep(self, lock: Lock) -> SweepReport:
        site = self.site
        site.at("locked")
        resumer = self.resumer(site, lock)
        resumed = resumer.resume()
        site.observer.phase(site.cell, "scanning")
        surveyor = self.surveyor(replace(site, keep=partial(self._renew, lock)))
        survey = surveyor.survey()
        settled = resumer.settle(survey)
        resumer.close_journal(survey)
        note_held(site.ledger, survey.plan)
        site.observer.planned(survey.plan)
        site.at("planned")
        progress = Progress(going=Going.of(survey), record=resumer.record)
        trigger = self._execute(lock, surveyor, survey, progress)
        if trigger.lost:  # the ledger has a later sweep's word; ours is for the report alone
            progress.record = _nowhere
        self._record_rest(survey, progress, trigger.halted)
        return self._report(survey, (*resumed, *settled), progress, trigger.halted)

    # --- deleting -------------------------------------------------------------------------------

    def _execute(
        self, lock: Lock, surveyor: Surveyor, survey: Survey, progress: Progress
    ) -> Trigger:
        site = self.site
        looker = self.looker(site, surveyor, survey, progress.going)
        trigger = Trigger(lock=lock)
        shooter = self.shooter(site, looker, trigger)
        volley = self.volley(site, looker, shooter, trigger)
        verifier = self.verifier(site, looker, partial(self._renew, lock))
        living = self.end_runs(survey)
        waves = survey.plan.waves
        for number, wave in enumerate(waves, start=1):
            site.observer.phase(site.cell, f"deleting, wave {number} of {len(waves)}")
            shots: list[Shot] = []
            due = [item for item in wave if item.taken_by is None]
            for item in due:
                if item.judged.claim.run in living:
                    progress.spared[item.ref.key] = living[item.judged.claim.run]
            due = [item for item in due if item.ref.key not in progress.spared]
            settle = partial(self._settle, progress=progress)
            left: list[Shot] = []
            for result in volley.fire(due):
                self._note(result, progress, shots)
                if len(shots) >= site.provider.batch:
                    left += verifier.glance(shots, settle)
                    shots.clear()
            try:
                verifier.verify([*left, *shots], settle)
            except LockLost as error:
                trigger.halt(error)
            site.at("wave over")
            if trigger.halted is not None:
                break
        return trigger

    def _note(self, result: Result, progress: Progress, shots: list[Shot]) -> None:
        if isinstance(result, Shot):
            shots.append(result)
        elif isinstance(result, Spared):
            progress.spared[result.item.ref.key] = result.verdict
            log.info("spared", ref=str(result.item.ref), reason=result.verdict.reason)
        elif isinstance(result, Outcome):
            self._settle(result, progress)

    def end_runs(self, survey: Survey) -> dict[str | None, Verdict]:
        """End each lapsed run whose resources are to go; a verdict for each that lives after all.

        Ending is one transaction that checks the lease: a beat before it keeps the run alive, one
        after it is refused.
        """
        living: dict[str | None, Verdict] = {}
        due = [
            survey.cases[item.ref.key].run for item in survey.plan.items if item.wave is not None
        ]
        lapsed = {run.id: run for run in due if isinstance(run, Run) and run.ended is None}
        for run in lapsed.values():
            if not self.end_run(run, fresh=run.id in survey.memory.fresh):
                reason = f"run {run.id} gave a sign of life just now"
                living[run.id] = Verdict(decision=Decision.KEEP, rule=Rule.ALIVE, reason=reason)
        return living

    def end_run(self, run: Run, *, fresh: bool) -> bool:
        """End a lapsed run where its beats arrive, then in the ledger; False: it lives."""
        site, grace = self.site, self.site.settings.policy.grace
        own = run.beats is Beats.DIRECTORY and fresh
        if own and not site.directories.end_lapsed(run.id, grace):
            return False
        return site.ledger.end_lapsed(run.id, grace) is not None

    # --- recording ------------------------------------------------------------------------------

    def _settle(self, outcome: Outcome, progress: Progress) -> None:
        progress.going.settled[outcome.ref.key] = outcome
        progress.record(outcome)
        self.site.at("recorded")
        self.site.observer.settled(outcome)
        log.info(
            "settled",
            ref=str(outcome.ref),
            run=outcome.run,
            status=outcome.status,
            rule=outcome.rule,
            reason=outcome.reason,
            detail=outcome.detail,
            blocked_by=outcome.blocked_by or None,
        )

    def _record_rest(self, survey: Survey, progress: Progress, halted: str | None) -> None:
        """Give an outcome that names why to every orphan, also those that never had a turn."""
        for item in survey.plan.items:
            key = item.ref.key
            if item.judged.verdict.decision is not Decision.REAP:
                continue
            if key in progress.spared or key in progress.going.settled:
                continue
            known = survey.memory.outcomes.get(key)
            now = self.site.ledger.now()
            news = item.status is Status.SCHEDULED and known and known.status is not item.status
            if not news and known is not None and known.until is not None and known.until > now:
                progress.going.settled[key] = known  # parked: nothing new is known
                continue
            stuck = bool(item.taken_by) and progress.going.stuck(str(item.taken_by))
            goes_with = f"goes with {item.taken_by}" if item.taken_by else None
            outcome = outcome_of(
                item,
                item.status or (Status.BLOCKED if stuck else Status.PENDING),
                item.detail or halted or goes_with or "did not have its turn",
                at=now,
                blocked_by=(str(item.taken_by),) if stuck else item.blocked_by,
                until=item.until,
                attempts=known.attempts if known is not None else 0,
            )
            self._settle(outcome, progress)

    def _report(
        self,
        survey: Survey,
        earlier: Sequence[Outcome],
        progress: Progress,
        halted: str | None,
    ) -> SweepReport:
        items = tuple(
            replace(item, judged=_with(item.judged, progress.spared[item.ref.key]), wave=None)
            if item.ref.key in progress.spared
            else item
            for item in survey.plan.items
        )
        outcomes = {outcome.ref.key: outcome for outcome in earlier}
        outcomes.update(progress.going.settled)
        report = SweepReport(
            cell=self.site.cell,
            plan=replace(survey.plan, items=items),
            outcomes=tuple(outcomes.values()),
            skipped=halted,
        )
        counts = {status.value: 0 for status in Status}
        for outcome in report.outcomes:
            counts[outcome.status.value] += 1
        log.info(
            "swept",
            cell=str(self.site.cell),
            sweep=self.site.holder,
            gaps=len(report.gaps),
            halted=halted,
            **{status: count for status, count in counts.items() if count},
        )
        return report


def note_held(ledger: Ledger, plan: Plan) -> None:
    """Write down what the brake holds, so that a person can release it by the plan's ID."""
    if plan.held is None:
        return
    name = plan_id(plan)
    keys = [item.ref.key for item in plan.items if item.status is Status.HELD]
    payload = json.dumps({"held": plan.held, "refs": keys})
    ledger.save_plan(name, digest(plan), str(plan.cell), payload)
    ledger.hold(name, keys)
    log.warning("held", cell=str(plan.cell), plan=name, reason=plan.held)


def _with(judged: Judged, verdict: Verdict) -> Judged:
    return replace(judged, verdict=verdict)


def _nowhere(_outcome: Outcome) -> None:
    pass
