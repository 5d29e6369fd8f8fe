"""One deletion: the intent, the call, and what the provider answered."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reaper.errors import FenceError, LockLost, LookTooOld, RunNotOver
from reaper.ledger import Lock
from reaper.model import Decision, Item, Outcome, Rule, Status, Verdict
from reaper.providers.protocol import Answer, Reply
from reaper.sweep.look import Clear, Looker, Spared
from reaper.sweep.site import Site, put_off

# What a provider's answer means where nothing more is to be seen.
_REFUSED = {
    Reply.IN_USE: Status.BLOCKED,
    Reply.PROTECTED: Status.PROTECTED,
    Reply.DENIED: Status.DENIED,
    Reply.FAILED: Status.FAILED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """A deletion that was sent, and is to be seen gone."""

    clear: Clear
    answer: Answer
    intents: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Halted:
    """Nothing was sent, and nothing more may be: the lock is lost, or sweeping is paused."""

    item: Item
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """Nothing was deleted, and it may be tried again after another look.

    Attributes:
        reason: Why not, in words.
        throttled: The provider refused, and wants no call of this service for a while.
        retry_after_s: For how long, where it says so.
    """

    item: Item
    reason: str
    throttled: bool = False
    retry_after_s: float | None = None


@dataclass(kw_only=True, slots=True)
class Trigger:
    """The right to shoot in a cell; once one deletion was refused it, no other is tried.

    Attributes:
        halted: Why nothing more may be sent; None while it may.
        lost: The lock is another's: what became of the rest is for them to say.
    """

    lock: Lock
    halted: str | None = None
    lost: bool = False

    def halt(self, error: FenceError) -> str:
        """Send nothing more, for this reason."""
        self.halted = str(error)
        self.lost = self.lost or isinstance(error, LockLost)
        return self.halted


class Shooter:
    """Sends deletions in one cell."""

    def __init__(self, site: Site, looker: Looker, trigger: Trigger) -> None:
        self.site = site
        self.looker = looker
        self.trigger = trigger

    def attempt(self, clear: Clear) -> Shot | Spared | Halted | Again | Outcome:
        """Shoot at what a look found clear."""
        item = clear.item
        try:
            shot = self.shoot(clear)
        except RunNotOver as error:
            verdict = Verdict(decision=Decision.KEEP, rule=Rule.ALIVE, reason=str(error))
            return Spared(item=item, verdict=verdict)
        except LookTooOld as error:
            return Again(item=item, reason=str(error))
        except FenceError as error:
            return Halted(item=item, reason=self.trigger.halt(error))
        if shot.answer.reply is Reply.THROTTLED:
            return Again(
                item=item,
                reason="throttled: the provider takes no more calls at present",
                throttled=True,
                retry_after_s=shot.answer.retry_after_s,
            )
        return self.read_answer(shot)

    def shoot(self, clear: Clear) -> Shot:
        """Write the intent, make sure that the look is fresh, and send the call.

        Raises:
            FenceError: We may not; nothing was sent.
            RunNotOver: The ledger says that the run lives; nothing was sent.
        """
        intents = self.intend(clear)
        self.site.at("intended")
        try:
            self.check_age(clear)
        except LookTooOld as error:
            self.note(intents, Answer(reply=Reply.FAILED, detail=f"not sent: {error}"))
            raise
        answer = self.site.provider.delete(self.site.cell, clear.resource)
        self.site.at("called")
        self.note(intents, answer)
        self.site.at("answered")
        return Shot(clear=clear, answer=answer, intents=intents)

    def intend(self, clear: Clear) -> tuple[str, ...]:
        """Write to the ledger what is about to be deleted, and what goes along with it.

        One transaction each: the lock is still ours and long enough for the shot, nobody has
        paused us, the run is over.
        """
        settings = self.site.settings
        intents: list[str] = []
        for item in (*clear.taken, clear.item):
            own = item.ref == clear.item.ref
            judged = item.judged
            intent = self.site.ledger.intend(
                self.trigger.lock,
                ref=item.ref,
                run=judged.claim.run or "",
                rule=judged.verdict.rule,
                reason=judged.verdict.reason,
                name=judged.resource.name,
                owner=judged.claim.owner,
                tags=judged.resource.tags,
                attempt=self.attempts(item) + 1,
                ttl=settings.lock_for,
                window=settings.window,
                derived=clear.derived if own else (),
            )
            intents.append(intent.id)
        return tuple(intents)

    def attempts(self, item: Item) -> int:
        """How many deletions of it were sent by earlier sweeps."""
        known = self.looker.survey.memory.outcomes.get(item.ref.key)
        return known.attempts if known is not None else 0

    def check_age(self, clear: Clear) -> None:
        """Refuse to shoot by an old look; the clock counts time in which we were suspended."""
        age = self.site.clock.elapsed() - clear.elapsed
        window = self.site.settings.window.total_seconds()
        if age > window:
            raise LookTooOld(f"{age:.0f} s went by since the second look, more than {window:.0f} s")

    def note(self, intents: tuple[str, ...], answer: Answer) -> None:
        """Write a refusal beside the intent, or the handle of a long operation.

        An intent whose call was taken on stays open until it was seen what became of it.
        """
        for intent in intents:
            if answer.handle is not None:
                self.site.ledger.note_handle(intent, answer.handle)
            elif answer.reply is Reply.THROTTLED or answer.reply in _REFUSED:
                self.site.ledger.answer(intent, answer.reply, answer.detail)

    def read_answer(self, shot: Shot) -> Shot | Outcome:
        """Turn a refusal into an outcome; everything else is to be seen gone."""
        answer, item = shot.answer, shot.clear.item
        status = _REFUSED.get(answer.reply)
        if status is None:
            return shot
        in_plan = [key for key in answer.blockers if key in self.looker.going.planned]
        if status is Status.BLOCKED and (in_plan or not answer.blockers):
            status = Status.PENDING  # what holds it is on its way out, or was not named
        refused = replace(
            self.looker.outcome(item, status, answer.detail, blocked_by=answer.blockers),
            attempts=self.attempts(item) + 1,
        )
        return self.put_off(refused) if status is Status.PENDING else refused

    def put_off(self, outcome: Outcome) -> Outcome:
        """Park it until its next attempt, by the pace and the deadline of its kind."""
        now = self.site.ledger.now()
        first = self.site.ledger.first_attempt(outcome.ref) or now
        return put_off(outcome, self.site.provider.kinds.get(outcome.ref.kind), now, first)
