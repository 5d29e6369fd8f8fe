"""A connection to the ledger's database: transactions, its clock, and what an error means."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, case, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.errors import LedgerError, LedgerUnreachable

T = TypeVar("T")

CHUNK = 1000


class Database:
    """Where the ledger's tables are.

    It may be used from several threads at once. Each transaction is short; on SQLite a writing one
    takes the write lock at its beginning, so that what it has read stays true until it ends.
    """

    def __init__(
        self, engine: Engine, *, clock: Clock | None, shown: str, secrets: Sequence[str] = ()
    ) -> None:
        """`clock` None: the database server's own, and on SQLite this machine's."""
        self.engine = engine
        self.shown = shown
        self.memory = engine.dialect.name == "sqlite" and not engine.url.database
        self._writer = engine.execution_options(writing=True)
        self._secrets = tuple(secrets)
        self.clock = clock or (SYSTEM_CLOCK if engine.dialect.name == "sqlite" else None)
        # In memory all threads share one connection, so their transactions take turns.
        self._turn: AbstractContextManager[Any] = (
            threading.RLock() if self.memory else nullcontext()
        )
        # Who waits for SQLite's lock looks again ever more rarely: threads of one process are
        # better off in a queue.
        self.queue: AbstractContextManager[Any] = nullcontext()
        self.start_queue()
        _databases.add(self)

    def start_queue(self) -> None:
        """Let writers of this process queue where the database would let them poll."""
        if self.engine.dialect.name == "sqlite" and not self.memory:
            self.queue = threading.RLock()

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction that only reads.

        Raises:
            LedgerUnreachable: The database did not answer.
        """
        return self._transaction(self.engine)

    def writing(self) -> AbstractContextManager[Connection]:
        """Open a transaction that may write; an exception inside undoes all of it.

        Raises:
            LedgerUnreachable: The database did not answer.
        """
        return self._transaction(self._writer, self.queue)

    def now(self, connection: Connection) -> datetime:
        """Tell the ledger's time. In a writing transaction ask after taking locks, not before."""
        if self.clock is not None:
            return self.clock.now()
        told: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return told.astimezone(UTC)

    def alone(self) -> AbstractContextManager[Any]:
        """Keep the other threads out, where all share one connection."""
        return self._turn

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what the database's driver raises into errors of the ledger."""
        try:
            yield
        except PoolTimeoutError as error:
            raise LedgerUnreachable(self._sentence("has no connection free", error)) from error
        except (OperationalError, InterfaceError) as error:
            if "file is not a database" in str(error.orig):
                raise LedgerError(self._sentence("is no SQLite database", error)) from error
            raise LedgerUnreachable(self._sentence("did not answer", error)) from error
        except DBAPIError as error:
            if "file is not a database" in str(error.orig):
                raise LedgerError(self._sentence("is no SQLite database", error)) from error
            raise LedgerError(self._sentence("refused a statement", error)) from error
        except StatementError as error:
            # A value was refused before it was sent, such as a naive time.
            raise (error.orig or error) from None

    @contextmanager
    def _transaction(
        self, engine: Engine, queue: AbstractContextManager[Any] | None = None
    ) -> Iterator[Connection]:
        with (
            self.translated(),
            queue or nullcontext(),
            self._turn,
            engine.begin() as connection,
        ):
            yield connection

    def _sentence(self, what: str, error: Exception) -> str:
        cause = error.orig if isinstance(error, StatementError) and error.orig else error
        lines = str(cause).strip().splitlines() or [type(cause).__name__]
        text = f"the ledger {self.shown} {what}: {lines[0]}"
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


_databases: weakref.WeakSet[Database] = weakref.WeakSet()


def _leave_the_parents_queue() -> None:
    # A thread that held it at the fork is not in the child, and would never give it back.
    for database in list(_databases):
        database.start_queue()


os.register_at_fork(after_in_child=_leave_the_parents_queue)


class Part:
    """One noun's share of the ledger: its methods, over the common database."""

    def __init__(self, database: Database) -> None:
        self._database = database


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row; False where one of the same key is there, which is left alone."""
    statement = _inserting_new(connection.dialect.name, table)
    # Without the option SQLAlchemy forgets the count of an INSERT on some drivers.
    counted = statement.execution_options(preserve_rowcount=True)
    return connection.execute(counted, row).rowcount == 1


def insert_all_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, leaving alone those of a key that is there."""
    connection.execute(_inserting_new(connection.dialect.name, table), rows)


def upsert(
    connection: Connection,
    table: Table,
    rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    least: str | None = None,
) -> None:
    """Insert rows, or overwrite those of the same primary key.

    Of the column `least` the lesser value stays.
    """
    names = tuple(rows if isinstance(rows, Mapping) else rows[0])
    connection.execute(_upserting(connection.dialect.name, table, names, least), rows)


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Divide what may be very long into lists that one statement takes."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


@cache
def _upserting(dialect: str, table: Table, names: tuple[str, ...], least: str | None) -> Any:
    """The statement for rows of these columns: to build it takes longer than to execute it."""
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    if least is not None:
        old, new = table.c[least], statement.excluded[least]
        changed[least] = case((old < new, old), else_=new)
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


@cache
def _inserting_new(dialect: str, table: Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing()


def _insert(dialect: str, table: Table) -> Any:
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - only where it is used

        return postgresql.insert(table)
    return sqlite.insert(table)
