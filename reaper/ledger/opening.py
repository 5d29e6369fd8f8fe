"""How a ledger is reached, and how its tables are brought to this reaper's state."""

from __future__ import annotations

import functools
import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.errors import (
    ConfigurationError,
    LedgerError,
    LedgerOutdated,
    LedgerTooNew,
    LedgerUnreachable,
)
from reaper.ledger.database import Database
from reaper.ledger.schema import REVISIONS, VERSION_TABLE, metadata

_WAIT_S = 10  # how long a statement waits for another's lock before the ledger counts as away
_MIGRATING = 0x7265617065720001  # the advisory lock under which PostgreSQL's tables are altered
_WANTED = "write sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE"

_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def connect(url: str, clock: Clock | None) -> Database:
    """Make ready to reach a ledger; nothing is asked of the database yet.

    Raises:
        ConfigurationError: The URL is none that a ledger can have, or its driver is missing.
        LedgerUnreachable: The directory of its file is not there and cannot be made.
    """
    address = _address(url)
    reach = _sqlite if address.get_backend_name() == "sqlite" else _postgresql
    engine = reach(address)
    _engines.add(engine)
    secrets = [str(secret) for secret in (address.password, *_hidden(address).values()) if secret]
    return Database(engine, clock=clock, shown=_shown(address), secrets=secrets)


def bring_up(database: Database, *, migrate: bool | None) -> None:
    """Bring the tables to this reaper's state, as far as `migrate` allows (see `Ledger.open`).

    Raises:
        LedgerOutdated: They are older, and may not be altered.
        LedgerTooNew: They are newer; nothing was touched.
        LedgerError: The database is not a ledger.
    """
    if database.memory:
        _create_in_memory(database)
        return
    with database.reading() as connection:
        found = _revision(database, connection)
        empty = found is None and not inspect(connection).get_table_names()
    if found != REVISIONS[-1]:
        sqlite_file = database.engine.dialect.name == "sqlite"
        if not (migrate or (migrate is None and (sqlite_file or empty))):
            raise LedgerOutdated(
                f"the tables of the ledger {database.shown} are "
                + ("not there yet" if found is None else f"of an older reaper ({found})")
                + ": `reaper ledger migrate` brings them up to date"
            )
    if database.engine.dialect.name == "sqlite":
        _write_ahead(database)
    if found != REVISIONS[-1]:
        _migrate(database)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        backend = address.get_backend_name()
    except (ArgumentError, ValueError):  # its text is not repeated: a password may be in it
        raise ConfigurationError(f"the ledger's address is no URL: {_WANTED}") from None
    if backend in {"postgresql", "postgres"}:
        return address.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise ConfigurationError(f"a ledger cannot be kept in {backend!r}: {_WANTED}")
    if address.database in {None, "", ":memory:"}:
        return address.set(drivername="sqlite", database=None)
    return address.set(drivername="sqlite", database=str(Path(str(address.database)).expanduser()))


def _hidden(address: URL) -> dict[str, Any]:
    return {key: value for key, value in address.query.items() if "password" in key}


def _shown(address: URL) -> str:
    hidden = address.update_query_dict(dict.fromkeys(_hidden(address), "***"))
    return hidden.render_as_string(hide_password=True)


def _sqlite(address: URL) -> Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": _WAIT_S, "check_same_thread": False}}
    if address.database is None:
        options["poolclass"] = StaticPool
    else:
        directory = Path(address.database).parent
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerUnreachable(
                f"the ledger's directory {directory} cannot be made: {error.strerror}"
            ) from error
    engine = create_engine(address, **options)
    event.listen(engine, "connect", _begin_nothing_by_itself)
    event.listen(engine, "begin", _begin)
    return engine


def _begin_nothing_by_itself(connection: sqlite3.Connection, _record: object) -> None:
    # Python's driver would begin only before the first write, and then not at once.
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _postgresql(address: URL) -> Engine:
    try:
        engine = create_engine(
            address,
            pool_pre_ping=True,  # a server that was restarted costs nobody a beat
            pool_recycle=1800,
            connect_args={"connect_timeout": _WAIT_S, "tcp_user_timeout": 3 * _WAIT_S * 1000},
        )
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigurationError(
            "a ledger in PostgreSQL needs the driver psycopg: pip install 'leak-reaper[postgres]'"
        ) from error
    event.listen(engine, "connect", _wait_no_longer)
    return engine


def _wait_no_longer(connection: Any, _record: object) -> None:
    connection.execute(f"SET lock_timeout = '{_WAIT_S}s'")
    connection.execute(f"SET statement_timeout = '{6 * _WAIT_S}s'")
    # A process that is suspended within a transaction must not keep its locks from all others.
    connection.execute(f"SET idle_in_transaction_session_timeout = '{_WAIT_S}s'")
    connection.commit()


def _forget_connections_of_the_parent() -> None:
    # A connection that two processes use gives each the other's answers.
    for engine in list(_engines):
        if not isinstance(engine.pool, StaticPool):
            engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections_of_the_parent)


def _revision(database: Database, connection: Connection) -> str | None:
    """Tell of which revision the tables are, None for none; refuse what is no ledger."""
    present = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in present:
        strange = present if connection.dialect.name == "sqlite" else present & set(metadata.tables)
        if strange:
            raise LedgerError(
                f"{database.shown} is a database of something else (it has a table "
                f"{min(strange)!r}): give the ledger one of its own"
            )
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    if found is not None and found not in REVISIONS:
        raise LedgerTooNew(
            f"the tables of the ledger {database.shown} are of a newer reaper ({found}; this one "
            f"knows up to {REVISIONS[-1]}): update this reaper; nothing was touched"
        )
    return found


def _write_ahead(database: Database) -> None:
    """Let readers go on while one writes. It is remembered in the file, and changed once."""
    for attempt in range(_WAIT_S * 20):
        with database.translated(), _outside_of_transactions(database) as raw:
            if raw.execute("PRAGMA journal_mode").fetchone() == ("wal",):
                return
            try:
                raw.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:  # locked; SQLite does not wait by itself here
                if attempt == _WAIT_S * 20 - 1:
                    raise
            else:
                return  # on file systems without shared memory it stays as it was
        SYSTEM_CLOCK.sleep(0.05)


@contextmanager
def _outside_of_transactions(database: Database) -> Iterator[sqlite3.Connection]:
    borrowed = database.engine.raw_connection()
    try:
        raw = borrowed.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        yield raw
    finally:
        borrowed.close()


def _migrate(database: Database) -> None:
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
        if _revision(database, connection) == REVISIONS[-1]:
            return  # another process was first
        if connection.dialect.name == "sqlite" and not inspect(connection).get_table_names():
            for statement in _tables():
                connection.exec_driver_sql(statement)
            return
        from reaper.ledger.migrations import upgrade  # noqa: PLC0415 - Alembic only where it is used

        upgrade(connection)


def _create_in_memory(database: Database) -> None:
    with database.alone(), _outside_of_transactions(database) as raw:
        raw.executescript(";\n".join(_tables()))


@functools.cache
def _tables() -> tuple[str, ...]:
    """All tables as SQLite's statements: a new ledger there must cost next to nothing."""
    dialect = sqlite.dialect()
    version = f"version_num VARCHAR(32) NOT NULL, CONSTRAINT {VERSION_TABLE}_pkc"
    statements = [
        f"CREATE TABLE {VERSION_TABLE} ({version} PRIMARY KEY (version_num))",
        f"INSERT INTO {VERSION_TABLE} VALUES ('{REVISIONS[-1]}')",  # noqa: S608 - constants
    ]
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        statements += [
            str(CreateIndex(index).compile(dialect=dialect))
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ]
    return tuple(statements)
