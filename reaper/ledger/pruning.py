"""What the ledger may forget."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, delete, exists, not_, or_, select

from reaper.ledger.database import Part
from reaper.ledger.schema import (
    derived,
    events,
    holds,
    intents,
    journal,
    marks,
    mintings,
    outcomes,
    plans,
    runs,
    services,
    sightings,
    sweeps,
    tokens,
)
from reaper.model import Status


class Pruning(Part):
    """The ledger's memory."""

    def prune(self, before: datetime) -> dict[str, int]:
        """Forget what was over and closed before a time.

        What is still seen, waited for or announced is kept, whatever its age: unfinished runs,
        open intents, and all that belongs to a resource seen since.

        Returns:
            How many rows went, by table.
        """
        with self._database.writing() as connection:
            return {
                table.name: connection.execute(delete(table).where(closed)).rowcount
                for table, closed in _closed(before)
            }


def _closed(before: datetime) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    """Say what of each table may go, in an order in which none takes what a later one asks."""
    closed = and_(outcomes.c.at < before, _over(before))
    waited = exists().where(outcomes.c.identity == intents.c.identity)
    of_run = or_(
        exists().where(outcomes.c.run == runs.c.id),
        exists().where(intents.c.run == runs.c.id),
        exists().where(sightings.c.run == runs.c.id),
        exists().where(derived.c.run == runs.c.id),
    )
    return (
        (sightings, sightings.c.last_seen < before),
        (outcomes, closed),
        (intents, and_(intents.c.answered < before, not_(waited))),
        (derived, and_(derived.c.at < before, not_(_seen(derived.c.identity)))),
        (
            marks,
            and_(
                marks.c.at < before,
                or_(marks.c.keep_until.is_(None), marks.c.keep_until < before),
                not_(_seen(marks.c.identity)),
            ),
        ),
        (runs, and_(runs.c.ended < before, not_(of_run))),
        (
            journal,
            and_(
                journal.c.at < before,
                not_(exists().where(runs.c.id == journal.c.run)),
            ),
        ),
        (holds, holds.c.plan.in_(select(plans.c.id).where(_old(before)))),
        (plans, _old(before)),
        (events, events.c.at < before),
        (services, services.c.seen < before),
        (mintings, not_(exists().where(runs.c.id == mintings.c.run))),
        (sweeps, sweeps.c.started < before),
        (tokens, or_(tokens.c.revoked < before, tokens.c.expires < before)),
    )


def _over(before: datetime) -> ColumnElement[bool]:
    return or_(
        outcomes.c.status == Status.GONE,
        and_(outcomes.c.status == Status.SCHEDULED, outcomes.c.until < before),
    )


def _seen(identity: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(
        exists().where(sightings.c.identity == identity),
        exists().where(outcomes.c.identity == identity),
        exists().where(intents.c.identity == identity),
    )


def _old(before: datetime) -> ColumnElement[bool]:
    return and_(
        plans.c.at < before, or_(plans.c.released_at.is_(None), plans.c.released_at < before)
    )
