"""Who may sweep a cell, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from reaper.errors import LockLost
from reaper.ledger.columns import ticks
from reaper.ledger.database import Part, insert_new
from reaper.ledger.records import Lock
from reaper.ledger.schema import locks

# To build a statement takes longer than to execute it, and these are executed all the time.
_OF_CELL = select(locks).where(locks.c.cell == bindparam("named")).with_for_update()
_HELD_UNTIL = (
    update(locks).where(locks.c.cell == bindparam("named")).values(until=bindparam("later"))
)


class Locks(Part):
    """The locks of the cells."""

    def acquire(self, cell: str, holder: str, ttl: timedelta) -> Lock | None:
        """Take a cell's lock for a time; None while anybody holds it, this holder included.

        Args:
            cell: The cell's name, as `str(cell)` writes it.
            holder: A name that no other process ever bears.
            ttl: How long it holds without being renewed.
        """
        with self._database.writing() as connection:
            row = _row(connection, cell)
            now = self._database.now(connection)
            # Tokens grow with the clock too: after a restored backup, which forgot the last
            # ones, they begin above all that were ever given out.
            token = ticks(now)
            if row is None:
                lock = Lock(cell=cell, holder=holder, token=token, until=now + ttl)
                return lock if insert_new(connection, locks, _values(lock)) else None
            if row.holder is not None and now < row.until:
                return None
            lock = Lock(cell=cell, holder=holder, token=max(token, row.token + 1), until=now + ttl)
            connection.execute(update(locks).where(locks.c.cell == cell).values(**_values(lock)))
            return lock

    def held(self, cell: str) -> Lock | None:
        """Tell who holds a cell's lock at this moment; None: nobody."""
        with self._database.reading() as connection:
            row = connection.execute(select(locks).where(locks.c.cell == cell)).one_or_none()
            if row is None or row.holder is None or self._database.now(connection) >= row.until:
                return None
            return Lock(cell=row.cell, holder=row.holder, token=row.token, until=row.until)

    def renew(self, lock: Lock, ttl: timedelta) -> Lock:
        """Hold a lock for a time from now.

        Raises:
            LockLost: Another has it, or it ran out.
        """
        with self._database.writing() as connection:
            now = check_lock(self, connection, lock)
            return hold_until(connection, lock, now + ttl)

    def release(self, lock: Lock) -> None:
        """Give a lock back; one that is no longer ours is left alone."""
        mine = (
            locks.c.cell == lock.cell,
            locks.c.holder == lock.holder,
            locks.c.token == lock.token,
        )
        with self._database.writing() as connection:
            connection.execute(update(locks).where(*mine).values(holder=None))


def check_lock(part: Part, connection: Connection, lock: Lock) -> datetime:
    """Make sure that a lock is ours, and stays so until the transaction ends; tell the time.

    Raises:
        LockLost: Another has it, or it ran out.
    """
    row = _row(connection, lock.cell)
    now = part._database.now(connection)  # noqa: SLF001 - a part's function, kept out of its class
    if row is None or (row.holder, row.token) != (lock.holder, lock.token):
        holder = "nobody" if row is None or row.holder is None else row.holder
        raise LockLost(
            f"the lock of {lock.cell} is no longer ours but {holder}'s: nothing was sent, and "
            "the next sweep begins anew"
        )
    if now >= row.until:
        raise LockLost(
            f"our lock of {lock.cell} ran out at {row.until:%Y-%m-%d %H:%M:%S} UTC: nothing was "
            "sent, and the next sweep begins anew"
        )
    return now


def hold_until(connection: Connection, lock: Lock, until: datetime) -> Lock:
    """Move the end of a lock that was checked in this transaction."""
    connection.execute(_HELD_UNTIL, {"named": lock.cell, "later": until})
    return Lock(cell=lock.cell, holder=lock.holder, token=lock.token, until=until)


def _row(connection: Connection, cell: str) -> Row[Any] | None:
    return connection.execute(_OF_CELL, {"named": cell}).one_or_none()


def _values(lock: Lock) -> dict[str, Any]:
    return {
        "cell": lock.cell,
        "holder": lock.holder,
        "token": lock.token,
        "until": lock.until,
    }
