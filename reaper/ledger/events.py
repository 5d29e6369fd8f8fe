"""The ledger's history, line by line."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from reaper.ledger.database import Part
from reaper.ledger.records import Event
from reaper.ledger.schema import about, events, ref_of, ref_values
from reaper.model import Ref

_WRITE = insert(events)


class Events(Part):
    """The history."""

    def note(
        self,
        kind: str,
        *,
        detail: str,
        ref: Ref | None = None,
        run: str | None = None,
        by: str | None = None,
    ) -> None:
        """Write a line."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            write_event(connection, now, kind, detail=detail, ref=ref, run=run, by=by)

    def events(
        self, *, ref: Ref | None = None, run: str | None = None, limit: int = 1000
    ) -> list[Event]:
        """Read the last lines, oldest first.

        Args:
            ref: Only of this resource; of all its incarnations, if the reference has none.
            run: Only of this run.
            limit: How many at most.
        """
        statement = select(events).order_by(events.c.seq.desc()).limit(limit)
        if ref is not None:
            statement = statement.where(about(events, ref))
        if run is not None:
            statement = statement.where(events.c.run == run)
        with self._database.reading() as connection:
            rows = connection.execute(statement).all()
        return [
            Event(
                kind=row.event,
                at=row.at,
                detail=row.detail,
                ref=None if row.ref_id is None else ref_of(row),
                run=row.run,
                by=row.who,
            )
            for row in reversed(rows)
        ]


def write_event(
    connection: Connection,
    now: datetime,
    kind: str,
    *,
    detail: str,
    ref: Ref | None = None,
    run: str | None = None,
    by: str | None = None,
) -> None:
    """Write a line in a transaction that does more."""
    values = {"event": kind, "at": now, "detail": detail, "run": run, "who": by}
    connection.execute(_WRITE, values | ref_values(ref))
