"""The last sweep of each cell: what daemons tell each other, their next start, and people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update

from reaper.ledger.database import Part, insert_new
from reaper.ledger.records import CellSweep, Result
from reaper.ledger.schema import sweeps

_BAD = frozenset({Result.FAILED, Result.HUNG})
_NO_NEWS = frozenset({Result.STOPPED, Result.SKIPPED})


class Sweeps(Part):
    """The last sweep of each cell."""

    def sweep_begins(
        self,
        cell: str,
        label: str,
        *,
        daemon: str,
        mode: str,
        unless_begun_within: timedelta = timedelta(0),
    ) -> bool:
        """Write down that a daemon sweeps a cell from now on.

        Returns:
            False, and nothing is written, where another daemon began less than
            `unless_begun_within` ago and has not ended: before it holds the cell's lock, too, they
            do not both begin.
        """
        with self._database.writing() as connection:
            row = connection.execute(
                select(*_COLUMNS).where(sweeps.c.cell == cell).with_for_update()
            ).one_or_none()
            now = self._database.now(connection)
            begun = {"label": label, "daemon": daemon, "mode": mode, "started": now}
            if row is None:
                new = {"cell": cell, "detail": "", "failures": 0, "starved": False}
                return insert_new(connection, sweeps, new | begun)
            goes_on = row.finished is None or row.finished < row.started
            if goes_on and row.daemon != daemon and now - row.started < unless_begun_within:
                return False
            values = begun | {"starved": False}
            connection.execute(update(sweeps).where(sweeps.c.cell == cell).values(values))
            return True

    def sweep_ends(
        self, cell: str, result: Result, detail: str, *, full: bool = False
    ) -> CellSweep | None:
        """Write down how it ended; what was stopped or skipped says nothing new of the cell.

        `full` says that it asked the native lists too.

        Returns:
            What stands in the ledger now; None where no sweep of the cell ever began.
        """
        with self._database.writing() as connection:
            row = connection.execute(
                select(sweeps).where(sweeps.c.cell == cell).with_for_update()
            ).one_or_none()
            if row is None:
                return None
            now = self._database.now(connection)
            ended: dict[str, Any] = {"result": result, "detail": detail, "finished": now}
            if result in _BAD:
                ended |= {
                    "failures": row.failures + 1,
                    "failing_since": row.failing_since or now,
                }
            elif result not in _NO_NEWS:
                ended |= {"failures": 0, "failing_since": None}
                if full:
                    ended["full_at"] = row.started
            connection.execute(update(sweeps).where(sweeps.c.cell == cell).values(ended))
            return _sweep_of(connection.execute(select(sweeps).where(sweeps.c.cell == cell)).one())

    def keep_document(
        self, cell: str, document: str, *, plan: str | None, held: str | None
    ) -> None:
        """Keep what a sweep saw and did in a cell, as JSON, in the place of the last one's."""
        with self._database.writing() as connection:
            seen = {"document": document, "plan": plan, "held": held}
            connection.execute(update(sweeps).where(sweeps.c.cell == cell).values(seen))

    def sweeps_starved(self, cells: Iterable[str]) -> None:
        """Write down which cells were due and had no turn: they go first next time."""
        with self._database.writing() as connection:
            due = sweeps.c.cell.in_(list(cells))
            connection.execute(update(sweeps).where(due).values(starved=True))

    def sweeps(self) -> list[CellSweep]:
        """Read the last sweep of each cell, by the cell's name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(sweeps.c.cell))
            return [_sweep_of(row) for row in rows]

    def sweep_of(self, cell: str) -> CellSweep | None:
        """Read the last sweep of one cell; None where there was none."""
        with self._database.reading() as connection:
            statement = select(*_COLUMNS).where(sweeps.c.cell == cell)
            row = connection.execute(statement).one_or_none()
        return None if row is None else _sweep_of(row)

    def document(self, cell: str) -> str | None:
        """Read what the last sweep of a cell saw and did, as JSON; None where none told."""
        with self._database.reading() as connection:
            statement = select(sweeps.c.document).where(sweeps.c.cell == cell)
            found: str | None = connection.execute(statement).scalar_one_or_none()
        return found


_COLUMNS = [column for column in sweeps.c if column.name != "document"]


def _sweep_of(row: Row[Any]) -> CellSweep:
    return CellSweep(
        cell=row.cell,
        label=row.label,
        daemon=row.daemon,
        mode=row.mode,
        started=row.started,
        finished=row.finished,
        full_at=row.full_at,
        result=row.result,
        detail=row.detail,
        failures=row.failures,
        failing_since=row.failing_since,
        starved=row.starved,
        plan=row.plan,
        held=row.held,
    )
