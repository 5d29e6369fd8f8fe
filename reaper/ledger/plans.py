"""Plans that were saved for a person, and those that the brake holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from reaper.errors import PlanRejected
from reaper.ledger.database import Part, chunks, insert_all_new, upsert
from reaper.ledger.events import write_event
from reaper.ledger.records import SavedPlan
from reaper.ledger.schema import holds, plans

RELEASED_FOR = timedelta(hours=24)
_RELEASED = (
    select(holds.c.key)
    .join(plans, plans.c.id == holds.c.plan)
    .where(plans.c.cell == bindparam("of"), plans.c.released_at > bindparam("after"))
)


class Plans(Part):
    """Saved and held plans."""

    def save_plan(self, plan_id: str, digest: str, cell: str, payload: str) -> None:
        """Keep a plan; one of the same ID is brought up to date, and stays released if it was."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            values = {"id": plan_id, "digest": digest, "cell": cell, "payload": payload, "at": now}
            upsert(connection, plans, values)

    def plan(self, plan_id_or_digest: str) -> SavedPlan | None:
        """Look up a plan by its ID or its digest; None where the ledger has none such."""
        with self._database.reading() as connection:
            row = _row(connection, plan_id_or_digest)
        return None if row is None else _plan_of(row)

    def hold(self, plan_id: str, keys: Iterable[str]) -> None:
        """Note which resources (by `ref.key`) of a saved plan the brake holds."""
        for chunk in chunks(keys):
            with self._database.writing() as connection:
                insert_all_new(connection, holds, [{"plan": plan_id, "key": key} for key in chunk])

    def release_plan(self, plan_id: str, by: str) -> SavedPlan:
        """Lift the brake from what it holds of a plan, for 24 hours.

        Raises:
            PlanRejected: The ledger has no such plan.
        """
        with self._database.writing() as connection:
            row = _row(connection, plan_id, locked=True)
            if row is None:
                raise PlanRejected(
                    f"this ledger has no plan {plan_id}: `reaper plan` shows the ID of the "
                    "present one"
                )
            now = self._database.now(connection)
            values = {"released_at": now, "released_by": by}
            connection.execute(update(plans).where(plans.c.id == row.id).values(**values))
            write_event(connection, now, "release", detail=f"plan {row.id} of {row.cell}", by=by)
            released = _row(connection, row.id)
            assert released is not None
            return _plan_of(released)

    def released(self, cell: str) -> frozenset[str]:
        """Tell which resources (by `ref.key`) of a cell a person released in the last 24 hours."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            lately = {"of": cell, "after": now - RELEASED_FOR}
            return frozenset(connection.execute(_RELEASED, lately).scalars())


def _row(connection: Connection, name: str, *, locked: bool = False) -> Row[Any] | None:
    statement = select(plans).where(or_(plans.c.id == name, plans.c.digest == name))
    return connection.execute(statement.with_for_update() if locked else statement).one_or_none()


def _plan_of(row: Row[Any]) -> SavedPlan:
    return SavedPlan(
        id=row.id,
        digest=row.digest,
        cell=row.cell,
        payload=row.payload,
        at=row.at,
        released_at=row.released_at,
        released_by=row.released_by,
    )
