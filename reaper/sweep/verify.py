"""Verification: authoritative reads until each deletion is seen gone, scheduled, or put off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reaper.model import Item, Kind, Outcome, Status
from reaper.providers.protocol import Absent, Answer, Reply, Unreadable
from reaper.sweep.look import Looker
from reaper.sweep.reading import read
from reaper.sweep.shoot import Shot
from reaper.sweep.site import Site, outcome_of, put_off
from reaper.sweep.view import Questions

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0
_DONE = frozenset({Reply.DONE, Reply.ABSENT})


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """One resource that was shot at, or goes along with one that was."""

    item: Item
    answer: Answer
    intent: str
    attempts: int


@dataclass(eq=False, kw_only=True, slots=True)
class _Turn:
    """When one is looked at next, by `Clock.elapsed`, and how long after that again."""

    entry: Watched
    due: float
    pause: float


class Verifier:
    """Watches what was deleted in one cell until it is known what became of it."""

    def __init__(self, site: Site, looker: Looker, renew: Callable[[], None]) -> None:
        self.site = site
        self.looker = looker
        self.renew = renew

    def glance(self, shots: Sequence[Shot], settle: Callable[[Outcome], None]) -> tuple[Shot, ...]:
        """Settle those that are seen gone at the first look, and give back the others.

        It waits for nothing, so that it can be done while other deletions are on their way. Only
        what the provider called done is looked at; what takes something along is left whole.
        """
        done = [shot for shot in shots if shot.answer.reply in _DONE and not shot.clear.taken]
        self._pass([entry for shot in done for entry in self._watched(shot)], settle)
        going = self.looker.going
        return tuple(shot for shot in shots if shot.clear.item.ref.key not in going.settled)

    def verify(self, shots: Sequence[Shot], settle: Callable[[Outcome], None]) -> None:
        """Watch until all are settled or the time of this sweep for it is over.

        `settle` is told each outcome as soon as it is known.
        """
        clock = self.site.clock
        deadline = clock.elapsed() + self.site.settings.verify_for.total_seconds()
        renewal = self.site.settings.lock_for.total_seconds() / 3
        turns = [
            self._first_turn(entry, deadline) for shot in shots for entry in self._watched(shot)
        ]
        while turns:
            now = clock.elapsed()
            due = {turn for turn in turns if turn.due <= now or now >= deadline}
            left = {
                entry.intent
                for entry in self._pass([turn.entry for turn in turns if turn in due], settle)
            }
            turns = [turn for turn in turns if turn not in due or turn.entry.intent in left]
            if now >= deadline:
                self._leave([turn.entry for turn in turns], settle)
                return
            for turn in due:
                turn.due = min(deadline, now + turn.pause)
                turn.pause = min(turn.pause * 2, max(turn.pause, _LONGEST_PAUSE_S))
            if turns:
                wait = min(turn.due for turn in turns) - clock.elapsed()
                clock.sleep(min(max(0.0, wait), renewal))
                self.site.at("waited")
                self.renew()

    def _first_turn(self, entry: Watched, deadline: float) -> _Turn:
        """What is gone at once is looked at now; what takes its time, not before that is over."""
        kind = self.site.provider.kinds.get(entry.item.ref.kind, Kind(name=entry.item.ref.kind))
        takes = 0.0 if entry.answer.reply in _DONE else kind.takes.total_seconds()
        due = min(deadline, self.site.clock.elapsed() + takes)
        return _Turn(entry=entry, due=due, pause=max(_FIRST_PAUSE_S, takes / 4))

    def _leave(self, entries: Sequence[Watched], settle: Callable[[Outcome], None]) -> None:
        for entry in entries:
            outcome = self.put_off(entry)
            settle(outcome)
            if entry.answer.handle is None:  # with one, the next sweep polls it
                self.close(entry, outcome)

    def _watched(self, shot: Shot) -> list[Watched]:
        # The shooter writes the intents of what is taken along first, then the item's own.
        items = (*shot.clear.taken, shot.clear.item)
        return [
            Watched(
                item=item,
                answer=shot.answer,
                intent=intent,
                attempts=self._attempts(item) + 1,
            )
            for item, intent in zip(items, shot.intents, strict=True)
        ]

    def _attempts(self, item: Item) -> int:
        known = self.looker.survey.memory.outcomes.get(item.ref.key)
        return known.attempts if known is not None else 0

    def _pass(self, watched: Sequence[Watched], settle: Callable[[Outcome], None]) -> list[Watched]:
        if not watched:
            return []
        refs = [entry.item.ref for entry in watched]
        readings = read(self.site, refs)
        self.site.at("verified")
        questions = Questions(self.site)
        left: list[Watched] = []
        for entry in watched:
            ref = entry.item.ref
            reading = readings[ref.key]
            if isinstance(reading, Absent):
                found = self.absent(entry, questions.control(ref.kind))
            elif isinstance(reading, Unreadable):
                found = None
            elif self.looker.changed(ref, reading.ref):
                found = self.outcome(entry, Status.GONE, "gone: another resource bears its ID now")
            elif reading.purge is not None:
                found = self.scheduled(entry, reading.purge, entry.answer.detail)
            else:
                found = self.still_there(entry, questions)
            if found is None:
                left.append(entry)
            else:
                settle(found)
                self.close(entry, found)
        return left

    def absent(self, entry: Watched, why_not: str | None) -> Outcome | None:
        """«Not found» is gone only if a call that must succeed does, in the same scope."""
        if why_not is not None:
            return None
        return self.outcome(entry, Status.GONE, "deleted, and seen gone")

    def still_there(self, entry: Watched, questions: Questions) -> Outcome | None:
        """It answers still: under way, scheduled for later, or failed late."""
        answer = entry.answer
        if answer.reply is Reply.STARTED and answer.handle is not None:
            answer = questions.poll(answer.handle)
        if answer.reply is Reply.SCHEDULED:
            return self.scheduled(entry, answer.until, answer.detail)
        late = {
            Reply.FAILED: Status.FAILED,
            Reply.DENIED: Status.DENIED,
            Reply.PROTECTED: Status.PROTECTED,
            Reply.IN_USE: Status.PENDING,
        }.get(answer.reply)
        if late is None:
            return None
        return self.outcome(entry, late, answer.detail, blocked_by=answer.blockers)

    def scheduled(self, entry: Watched, until: datetime | None, detail: str) -> Outcome:
        """The cloud will purge it, and says when."""
        told = detail or "the provider will purge it"
        return replace(self.outcome(entry, Status.SCHEDULED, told), until=until)

    def put_off(self, entry: Watched) -> Outcome:
        """It is not gone yet, and this sweep waits no longer: say when it is looked at again."""
        kind = self.site.provider.kinds.get(entry.item.ref.kind)
        now = self.site.ledger.now()
        told = f" ({entry.answer.detail})" if entry.answer.detail else ""
        detail = f"the deletion was sent, and it is still there{told}"
        return put_off(
            self.outcome(entry, Status.PENDING, detail),
            kind,
            now,
            self.site.ledger.first_attempt(entry.item.ref) or now,
        )

    def close(self, entry: Watched, outcome: Outcome) -> None:
        """Write beside the intent how it ended, after its outcome is in the ledger."""
        self.site.ledger.answer(entry.intent, outcome.status, outcome.detail)

    def outcome(
        self, entry: Watched, status: Status, detail: str, blocked_by: tuple[str, ...] = ()
    ) -> Outcome:
        """What became of one watched resource."""
        return outcome_of(
            entry.item,
            status,
            detail,
            at=self.site.ledger.now(),
            blocked_by=blocked_by,
            attempts=entry.attempts,
        )
