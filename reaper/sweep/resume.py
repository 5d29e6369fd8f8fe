"""What an earlier sweep left unfinished: intents without an end, and outcomes still open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reaper.ledger import Intent, Lock
from reaper.model import Decision, Outcome, Phase, Resource, Status
from reaper.providers.protocol import Absent, Answer, Reply, Unreadable
from reaper.sweep.reading import read
from reaper.sweep.site import Site, put_off
from reaper.sweep.survey import Survey
from reaper.sweep.view import Questions

_LATE = timedelta(hours=1)


class Resumer:
    """Takes up what was left, before anything new is judged. It sends no deletion."""

    def __init__(self, site: Site, lock: Lock) -> None:
        self.site = site
        self.lock = lock
        self.questions = Questions(site)

    def resume(self) -> tuple[Outcome, ...]:
        """Look for each open intent what became of it; what is still there is judged anew later."""
        intents = self.site.ledger.open_intents(str(self.site.cell))
        if not intents:
            return ()
        readings = read(self.site, [intent.ref for intent in intents])
        self.questions = Questions(self.site)
        outcomes: list[Outcome] = []
        for intent in intents:
            found = self.became(intent, readings[intent.ref.key])
            if found is not None:
                self.record(found)
                outcomes.append(found)
            self.site.at("resumed")
        return tuple(outcomes)

    def record(self, outcome: Outcome) -> None:
        """Write an outcome to the ledger, under our lock."""
        site = self.site
        cell, sweep, token = str(site.cell), self.lock.holder, self.lock.token
        site.ledger.record(outcome, cell=cell, sweep=sweep, token=token)

    def became(self, intent: Intent, reading: Resource | Absent | Unreadable) -> Outcome | None:
        """What became of one intent; None where that is unknown, or to be judged anew."""
        if isinstance(reading, Unreadable):
            return None
        if isinstance(reading, Absent):
            if self.questions.control(intent.ref.kind) is not None:
                return None
            return self.gone(intent, "deleted, and seen gone by a later sweep")
        if reading.ref.incarnation != intent.ref.incarnation:
            return self.gone(intent, "gone: another resource bears its ID now")
        if intent.handle is None:
            self.site.ledger.answer(intent.id, "interrupted", "the sweep ended before the answer")
            return None
        return self.under_way(intent, self.questions.poll(intent.handle))

    def gone(self, intent: Intent, detail: str) -> Outcome:
        """Close the intent: its resource is gone."""
        self.site.ledger.answer(intent.id, Reply.DONE, detail)
        return self._outcome(intent, Status.GONE, detail)

    def under_way(self, intent: Intent, answer: Answer) -> Outcome | None:
        """A long operation: still running, scheduled, or over without effect."""
        if answer.reply is Reply.STARTED:
            now = self.site.ledger.now()
            pending = self._outcome(intent, Status.PENDING, answer.detail or "under way")
            kind = self.site.provider.kinds.get(intent.ref.kind)
            return put_off(pending, kind, now, self.site.ledger.first_attempt(intent.ref) or now)
        if answer.reply is Reply.UNCERTAIN:
            return None
        self.site.ledger.answer(intent.id, answer.reply, answer.detail)
        if answer.reply is Reply.SCHEDULED:
            scheduled = self._outcome(intent, Status.SCHEDULED, answer.detail or "to be purged")
            return replace(scheduled, until=answer.until)
        return None

    def _outcome(self, intent: Intent, status: Status, detail: str) -> Outcome:
        return Outcome(
            ref=intent.ref,
            run=intent.run,
            status=status,
            detail=detail,
            at=self.site.ledger.now(),
            name=intent.name,
            rule=intent.rule,
            reason=intent.reason,
            tags=intent.tags,
            owner=intent.owner,
            attempts=intent.attempt,
        )

    def settle(self, survey: Survey) -> tuple[Outcome, ...]:
        """Close open outcomes whose resource is gone, or is not to go any more."""
        judged = {item.resource.ref.key: item for item in survey.judged}
        proved = self._proved(survey)
        outcomes: list[Outcome] = []
        for key, outcome in survey.memory.outcomes.items():
            resource = survey.world.get(key)
            if resource is not None and resource.ref.incarnation != outcome.ref.incarnation:
                outcomes.append(self._over(outcome, "gone: another resource bears its ID now"))
            elif resource is None and key in proved:
                outcomes.append(self._over(outcome, "seen gone"))
            elif resource is not None and (
                key not in judged or judged[key].verdict.decision is not Decision.REAP
            ):
                why = judged[key].verdict.reason if key in judged else "it is no run's any more"
                self.site.ledger.withdraw(outcome.ref, f"not to go any more: {why}")
        for outcome in outcomes:
            self.record(outcome)
        return tuple(outcomes)

    def _proved(self, survey: Survey) -> frozenset[str]:
        return survey.gone & survey.memory.outcomes.keys()

    def close_journal(self, survey: Survey) -> None:
        """Note of what runs created that it is gone, so that no later sweep reads it in vain.

        Not before an hour after the call: until then «not found» may be a cloud that is late.
        """
        site, memory = self.site, survey.memory
        now = site.ledger.now()
        gone = [
            entry
            for entry in memory.journal.sought
            if entry.ref is not None and entry.ref.key in survey.gone
        ]
        site.ledger.add_entries(
            replace(entry, phase=Phase.GONE, at=now, test=None, detail=None)
            for entry in (*gone, *memory.unfound)
            if now - entry.at > _LATE
        )

    def _over(self, outcome: Outcome, detail: str) -> Outcome:
        return replace(
            outcome, status=Status.GONE, detail=detail, at=self.site.ledger.now(), until=None
        )
