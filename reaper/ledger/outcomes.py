"""What became of each resource that was to go."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, delete, not_, select

from reaper.ledger.database import Part, upsert
from reaper.ledger.events import write_event
from reaper.ledger.records import identity
from reaper.ledger.schema import about, outcomes, ref_of, resource_values, within
from reaper.model import Outcome, Ref, Status

# To build a statement takes longer than to execute it, and this is executed for each outcome.
_BEFORE = (
    select(outcomes.c.status, outcomes.c.detail, outcomes.c.token)
    .where(outcomes.c.identity == bindparam("named"))
    .with_for_update()
)


class Outcomes(Part):
    """The latest outcome of each resource; what went before stands in the history."""

    def record(self, outcome: Outcome, *, cell: str, sweep: str, token: int = 0) -> None:
        """Write what became of a resource; the history gets a line if that is news.

        `token` is that of the lock under which it was seen: what a later holder of the lock wrote
        stays, however late a suspended sweep wakes up.
        """
        with self._database.writing() as connection:
            before = connection.execute(_BEFORE, {"named": identity(outcome.ref)}).one_or_none()
            if before is not None and before.token > token:
                return
            written = _values(outcome) | {"cell": cell, "sweep": sweep, "token": token}
            upsert(connection, outcomes, written)
            if before is None or (before.status, before.detail) != (outcome.status, outcome.detail):
                write_event(
                    connection,
                    outcome.at,
                    "outcome",
                    detail=outcome.status.value + (f": {outcome.detail}" if outcome.detail else ""),
                    ref=outcome.ref,
                    run=outcome.run,
                    by=sweep,
                )

    def open_outcomes(self, cell: str) -> list[Outcome]:
        """Read what is not at its end: neither gone, nor scheduled with its time gone by."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            over = and_(outcomes.c.status == Status.SCHEDULED, outcomes.c.until.is_not(None))
            statement = select(outcomes).where(
                outcomes.c.cell == cell,
                outcomes.c.status != Status.GONE,
                not_(and_(over, outcomes.c.until <= now)),
            )
            ordered = statement.order_by(outcomes.c.at, outcomes.c.identity)
            return [_outcome_of(row) for row in connection.execute(ordered)]

    def settled(self, scope: str) -> frozenset[str]:
        """Tell which resources of a scope were seen gone, by `identity(ref)`."""
        with self._database.reading() as connection:
            return frozenset(connection.execute(_gone_in(scope)).scalars())

    def withdraw(self, ref: Ref, detail: str) -> None:
        """Take back an outcome: the resource is not to go any more. The history keeps it."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            mine = outcomes.c.identity == identity(ref)
            if connection.execute(delete(outcomes).where(mine)).rowcount:
                write_event(connection, now, "withdrawn", detail=detail, ref=ref)

    def outcomes(
        self,
        *,
        since: datetime | None = None,
        run: str | None = None,
        ref: Ref | None = None,
        statuses: Collection[Status] | None = None,
        limit: int = 1000,
    ) -> list[Outcome]:
        """Read the latest outcome of each resource, the newest first.

        Without an incarnation `ref` means all that ever had the ID.
        """
        statement: Select[Any] = select(outcomes)
        if since is not None:
            statement = statement.where(outcomes.c.at >= since)
        if run is not None:
            statement = statement.where(outcomes.c.run == run)
        if ref is not None:
            statement = statement.where(about(outcomes, ref))
        if statuses is not None:
            statement = statement.where(outcomes.c.status.in_(list(statuses)))
        ordered = statement.order_by(outcomes.c.at.desc(), outcomes.c.identity).limit(limit)
        with self._database.reading() as connection:
            return [_outcome_of(row) for row in connection.execute(ordered)]


@lru_cache
def _gone_in(scope: str) -> Select[Any]:
    return select(outcomes.c.identity).where(
        within(outcomes.c.scope, scope), outcomes.c.status == Status.GONE
    )


def _values(outcome: Outcome) -> dict[str, Any]:
    return resource_values(outcome.ref) | {
        "run": outcome.run,
        "status": outcome.status,
        "detail": outcome.detail,
        "at": outcome.at,
        "name": outcome.name,
        "rule": outcome.rule,
        "reason": outcome.reason,
        "tags": outcome.tags,
        "owner": outcome.owner,
        "blocked_by": outcome.blocked_by,
        "until": outcome.until,
        "attempts": outcome.attempts,
    }


def _outcome_of(row: Row[Any]) -> Outcome:
    return Outcome(
        ref=ref_of(row),
        run=row.run,
        status=row.status,
        detail=row.detail,
        at=row.at,
        name=row.name,
        rule=row.rule,
        reason=row.reason,
        tags=row.tags,
        owner=row.owner,
        blocked_by=row.blocked_by,
        until=row.until,
        attempts=row.attempts,
    )
