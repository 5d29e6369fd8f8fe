"""Deletions, announced before they are sent and closed by what became of the call."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from reaper.errors import LedgerError, RunNotOver, SweepingPaused
from reaper.ledger.database import Part
from reaper.ledger.events import write_event
from reaper.ledger.locks import check_lock, hold_until
from reaper.ledger.records import Intent, Lock, identity
from reaper.ledger.schema import intents, pauses, ref_of, resource_values, runs, within
from reaper.ledger.sightings import remember
from reaper.model import Claim, Ref, Rule

# To build a statement takes longer than to execute it, and these are executed for each deletion.
_ONE = select(intents).where(intents.c.id == bindparam("named")).with_for_update()
_OPEN = (
    select(intents)
    .where(intents.c.cell == bindparam("of"), intents.c.answered.is_(None))
    .order_by(intents.c.seq)
)
_FIRST = select(func.min(intents.c.at)).where(intents.c.identity == bindparam("named"))
_ANSWERED = (
    update(intents)
    .where(intents.c.id == bindparam("named"))
    .values(reply=bindparam("said"), detail=bindparam("told"), answered=bindparam("now"))
)
_PAUSES = select(pauses)
_ENDED = select(runs.c.ended).where(runs.c.id == bindparam("named"))


class Intents(Part):
    """The intents."""

    def intend(
        self,
        lock: Lock,
        *,
        ref: Ref,
        run: str,
        rule: Rule,
        reason: str,
        name: str | None,
        owner: str | None,
        tags: Mapping[str, str],
        attempt: int,
        ttl: timedelta,
        window: timedelta,
        derived: Sequence[tuple[Ref, Claim]] = (),
    ) -> Intent:
        """Announce a deletion; only after this has returned may it be sent.

        One transaction makes sure that the cell's lock is ours and holds for `window` at least
        (it is renewed by `ttl`), that nobody paused sweeping, and that the run is over.

        `attempt` counts from 1. `derived` is what the resource made, with the claims that it hands
        on: they are kept for when it is gone.

        Raises:
            LockLost: The lock is another's, or ran out.
            SweepingPaused: A person paused sweeping.
            RunNotOver: The ledger knows the run, and it has not ended.
        """
        with self._database.writing() as connection:
            now = check_lock(self, connection, lock)
            _refuse_if_paused(connection)
            _refuse_if_unfinished(connection, run)
            intent = Intent(
                id=uuid.uuid4().hex,
                cell=lock.cell,
                ref=ref,
                run=run,
                rule=rule,
                reason=reason,
                attempt=attempt,
                at=now,
                tags=dict(tags),
                name=name,
                owner=owner,
            )
            connection.execute(insert(intents), _values(intent, lock))
            hold_until(connection, lock, now + max(ttl, window))
            detail = f"attempt {attempt}: {rule.value}, {reason}"
            write_event(connection, now, "intent", detail=detail, ref=ref, run=run, by=lock.holder)
            if derived:
                remember(connection, now, derived)
            return intent

    def note_handle(self, intent_id: str, handle: str) -> None:
        """Keep the name of the long operation that a deletion started.

        Raises:
            LedgerError: There is no such intent.
        """
        with self._database.writing() as connection:
            _one(connection, intent_id)
            connection.execute(
                update(intents).where(intents.c.id == intent_id).values(handle=handle)
            )

    def answer(self, intent_id: str, reply: str, detail: str) -> None:
        """Close an intent with what became of its call; one that is closed stays as it is.

        Raises:
            LedgerError: There is no such intent.
        """
        with self._database.writing() as connection:
            row = _one(connection, intent_id)
            now = self._database.now(connection)
            if row.answered is None:
                closed = {"named": intent_id, "said": reply, "told": detail, "now": now}
                connection.execute(_ANSWERED, closed)
            said = f"attempt {row.attempt}: {reply}" + (f", {detail}" if detail else "")
            write_event(
                connection, now, "answer", detail=said, ref=ref_of(row), run=row.run, by=row.holder
            )

    def open_intents(self, cell: str) -> list[Intent]:
        """Read the intents of a cell of which nobody knows yet what became."""
        with self._database.reading() as connection:
            return [_intent_of(row) for row in connection.execute(_OPEN, {"of": cell})]

    def first_attempt(self, ref: Ref) -> datetime | None:
        """Tell when the first deletion of this incarnation was announced; None: never."""
        with self._database.reading() as connection:
            answer = connection.execute(_FIRST, {"named": identity(ref)})
            first: datetime | None = answer.scalar_one()
        return first

    def recent_deletions(self, scope: str, since: datetime) -> int:
        """Count the resources of a scope whose deletion was announced since a time."""
        with self._database.reading() as connection:
            return int(connection.execute(_recent_in(scope), {"since": since}).scalar_one())


@lru_cache
def _recent_in(scope: str) -> Select[Any]:
    return select(func.count(func.distinct(intents.c.identity))).where(
        within(intents.c.scope, scope), intents.c.at >= bindparam("since")
    )


def _refuse_if_paused(connection: Connection) -> None:
    row = connection.execute(_PAUSES).one_or_none()
    if row is not None:
        raise SweepingPaused(
            f"{row.who} paused sweeping at {row.at:%Y-%m-%d %H:%M:%S} UTC ({row.reason}): nothing "
            "was sent; `reaper resume` goes on"
        )


def _refuse_if_unfinished(connection: Connection, run: str) -> None:
    row = connection.execute(_ENDED, {"named": run}).one_or_none()
    if row is not None and row.ended is None:
        raise RunNotOver(
            f"the run {run} has not ended in the ledger, so nothing of it may be touched"
        )


def _one(connection: Connection, intent_id: str) -> Row[Any]:
    row = connection.execute(_ONE, {"named": intent_id}).one_or_none()
    if row is None:
        raise LedgerError(
            f"the ledger has no intent {intent_id}: it may have been restored from a backup"
        )
    return row


def _values(intent: Intent, lock: Lock) -> dict[str, Any]:
    return resource_values(intent.ref) | {
        "id": intent.id,
        "cell": intent.cell,
        "run": intent.run,
        "rule": intent.rule,
        "reason": intent.reason,
        "name": intent.name,
        "owner": intent.owner,
        "tags": intent.tags,
        "attempt": intent.attempt,
        "at": intent.at,
        "holder": lock.holder,
        "token": lock.token,
    }


def _intent_of(row: Row[Any]) -> Intent:
    return Intent(
        id=row.id,
        cell=row.cell,
        ref=ref_of(row),
        run=row.run,
        rule=row.rule,
        reason=row.reason,
        attempt=row.attempt,
        at=row.at,
        handle=row.handle,
        tags=row.tags,
        name=row.name,
        owner=row.owner,
    )
