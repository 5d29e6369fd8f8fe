"""Copies of a whole SQLite ledger, to be put back later."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from reaper.errors import LedgerError
from reaper.ledger.database import Part

# A file's header tells in its bytes 18 and 19 that it is written ahead, which memory cannot do
# (https://www.sqlite.org/fileformat.html): the copy is read as one with a rollback journal.
_ROLLBACK = b"\x01\x01"


class Backups(Part):
    """Snapshots. PostgreSQL has its own tools for that."""

    def snapshot(self) -> bytes:
        """Copy the whole ledger.

        Raises:
            LedgerError: It is not on SQLite.
        """
        with self._raw() as source, closing(sqlite3.connect(":memory:")) as copy:
            source.backup(copy)
            return copy.serialize()

    def restore(self, copy: bytes) -> None:
        """Put a snapshot in the place of all that the ledger holds now.

        Raises:
            LedgerError: It is not on SQLite, or `copy` is no snapshot; nothing was changed.
        """
        with self._raw() as target, closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(_ROLLBACK.join((copy[:18], copy[20:])))
            source.backup(target)

    @contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        database = self._database
        if database.engine.dialect.name != "sqlite":
            raise LedgerError(
                f"the ledger {database.shown} cannot be copied from here: use pg_dump for that"
            )
        with database.alone(), database.translated():
            borrowed = database.engine.raw_connection()
            try:
                raw = borrowed.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                yield raw
            except sqlite3.DatabaseError as error:
                raise LedgerError(
                    f"the ledger {database.shown} could not be copied, nor put back: {error}"
                ) from error
            finally:
                borrowed.close()
