"""How a ledger is reached, and how its tables are brought up to date."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Text, create_engine, inspect, text

from reaper.errors import (
    ConfigurationError,
    LedgerError,
    LedgerOutdated,
    LedgerTooNew,
    LedgerUnreachable,
)
from reaper.ledger import Ledger
from reaper.ledger.columns import Words
from reaper.ledger.migrations import revisions, upgrade
from reaper.ledger.opening import connect
from reaper.ledger.schema import REVISIONS, VERSION_TABLE, metadata
from tests.ledger.conftest import ManualClock, NewDatabase, run_named


def outside(url: str, statement: str) -> None:
    """Do something to a database that no ledger would do."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_what_one_opener_writes_the_next_one_reads(shared_url: str, clock: ManualClock) -> None:
    with Ledger.open(shared_url, clock=clock) as ledger:
        begun = ledger.start_run(run_named("r-1", clock.wall))

    with Ledger.open(shared_url, clock=clock) as ledger:
        assert ledger.list_runs() == [begun]


def test_without_a_clock_the_time_is_the_databases_or_this_machines(url: str) -> None:
    with Ledger.open(url) as ledger:
        now = ledger.now()

    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=30)


@pytest.mark.postgres
def test_the_servers_time_goes_on_within_a_transaction(
    postgres_databases: NewDatabase,
) -> None:
    with Ledger.open(postgres_databases()) as ledger, ledger._database.reading() as connection:
        first = ledger._database.now(connection)

        assert ledger._database.now(connection) > first


def test_missing_directories_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    Ledger.open(f"sqlite:///{tmp_path}/state/reaper/ledger.db").close()

    assert (tmp_path / "state" / "reaper").stat().st_mode & 0o777 == 0o700


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    Ledger.open("sqlite:///~/state/ledger.db").close()

    assert (tmp_path / "state" / "ledger.db").exists()


def test_a_percent_sign_in_the_path_is_one(tmp_path: Path) -> None:
    Ledger.open(f"sqlite:///{tmp_path}/50%/ledger.db").close()

    assert (tmp_path / "50%" / "ledger.db").exists()


def test_a_file_is_written_ahead(tmp_path: Path) -> None:
    Ledger.open(f"sqlite:///{tmp_path}/ledger.db").close()

    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_readers_go_on_while_one_writes(tmp_path: Path, clock: ManualClock) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    with (
        Ledger.open(url, clock=clock) as one,
        Ledger.open(url, clock=clock) as two,
        one._database.writing(),
    ):
        assert two.list_runs() == []


def _differ(
    context: MigrationContext, _column: object, _wanted: object, found: object, wanted: object
) -> bool | None:
    # Alembic does not see that this type chooses its collation by the database.
    if isinstance(wanted, Words) and isinstance(found, Text):
        return found.collation != ("C" if context.dialect.name == "postgresql" else None)
    return None


def migrate(url: str) -> None:
    """Let migrations alone make the tables, as on a server."""
    database = connect(url, None)
    with database.writing() as connection:
        upgrade(connection)
    database.engine.dispose()


def test_migrations_and_tables_agree(shared_url: str) -> None:
    migrate(shared_url)
    engine = create_engine(shared_url)
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": _differ}
        context = MigrationContext.configure(connection, opts=options)

        difference = compare_metadata(context, metadata)
    engine.dispose()

    assert difference == []


def schema(connection: sqlite3.Connection) -> dict[str, str]:
    made = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master")
    return {name: "".join(statement.split()) for name, statement in made}


def test_a_ledger_in_memory_has_the_tables_that_migrations_make(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/ledger.db")
    with Ledger.open("sqlite://") as ledger, closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(ledger.snapshot())
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
            assert schema(copy) == schema(file)


def test_a_new_file_has_the_tables_that_migrations_make(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/migrated.db")
    Ledger.open(f"sqlite:///{tmp_path}/new.db").close()

    with (
        closing(sqlite3.connect(tmp_path / "migrated.db")) as migrated,
        closing(sqlite3.connect(tmp_path / "new.db")) as new,
    ):
        revision = f"SELECT version_num FROM {VERSION_TABLE}"
        assert schema(new) == schema(migrated)
        assert list(new.execute(revision)) == list(migrated.execute(revision))


def test_every_migration_is_known_in_its_order() -> None:
    assert revisions() == REVISIONS


def test_a_ledger_in_memory_opens_at_once() -> None:
    Ledger.open("sqlite://").close()
    begun = time.perf_counter()
    for _ in range(20):
        Ledger.open("sqlite://").close()

    assert (time.perf_counter() - begun) / 20 < 0.030


def test_a_newer_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE {VERSION_TABLE} (version_num TEXT)")
        connection.execute(f"INSERT INTO {VERSION_TABLE} VALUES ('9999')")
        connection.commit()
    before = path.read_bytes()

    with pytest.raises(LedgerTooNew, match=r"of a newer reaper \(9999"):
        Ledger.open(f"sqlite:///{path}", migrate=True)

    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["ledger.db"]


@pytest.mark.postgres
def test_a_newer_server_is_left_as_it_is(postgres_databases: NewDatabase) -> None:
    url = postgres_databases()
    outside(url, f"CREATE TABLE {VERSION_TABLE} AS SELECT '9999' AS version_num")

    with pytest.raises(LedgerTooNew):
        Ledger.open(url, migrate=True)

    assert tables(url) == {VERSION_TABLE}


def test_what_may_not_be_migrated_is_outdated(shared_url: str) -> None:
    with pytest.raises(LedgerOutdated, match="not there yet: `reaper ledger migrate`"):
        Ledger.open(shared_url, migrate=False)

    assert tables(shared_url) == set()


@pytest.mark.postgres
def test_a_server_with_tables_of_others_is_migrated_only_when_told(
    postgres_databases: NewDatabase,
) -> None:
    url = postgres_databases()
    outside(url, "CREATE TABLE customers (id INTEGER)")

    with pytest.raises(LedgerOutdated):
        Ledger.open(url)
    Ledger.open(url, migrate=True).close()

    assert tables(url) == {*metadata.tables, VERSION_TABLE, "customers"}


@pytest.mark.postgres
def test_a_server_with_a_table_of_our_name_is_refused(postgres_databases: NewDatabase) -> None:
    url = postgres_databases()
    outside(url, "CREATE TABLE events (id INTEGER)")

    with pytest.raises(LedgerError, match=r"something else .* 'events'"):
        Ledger.open(url, migrate=True)

    assert tables(url) == {"events"}


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bookmarks.db"
    outside(url, "CREATE TABLE bookmarks (id INTEGER)")

    with pytest.raises(LedgerError, match=r"something else .* 'bookmarks'"):
        Ledger.open(url)

    assert tables(url) == {"bookmarks"}


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("do not lose this\n" * 100)

    with pytest.raises(LedgerError, match=r"notes\.txt is no SQLite database"):
        Ledger.open(f"sqlite:///{path}")

    assert path.read_text() == "do not lose this\n" * 100


def test_a_directory_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(LedgerUnreachable, match="file cannot be made: "):
        Ledger.open(f"sqlite:///{tmp_path}/file/ledger.db")


def test_a_directory_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnreachable, match="did not answer: unable to open database file"):
        Ledger.open(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize(
    "url", ["ledger.db", "mysql://reaper:hunter2@db/reaper", "reaper:hunter2@db", ""]
)
def test_another_sort_of_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="write sqlite:///PATH") as caught:
        Ledger.open(url)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://reaper:hunter2@127.0.0.1:9/reaper",
        "postgres://reaper:hunter2@127.0.0.1:9/reaper",
        "postgresql://reaper@127.0.0.1:9/reaper?password=hunter2",
    ],
)
def test_a_server_that_does_not_answer_is_unreachable_in_one_line(url: str) -> None:
    with pytest.raises(LedgerUnreachable, match="did not answer") as caught:
        Ledger.open(url)

    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1:9/reaper" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.postgres
def test_the_shown_address_has_no_password(postgres_databases: NewDatabase) -> None:
    url = postgres_databases().replace("postgres@", "postgres:hunter2@")

    with Ledger.open(url) as ledger:
        assert "hunter2" not in ledger.url_shown
        assert ledger.url_shown.startswith("postgresql+psycopg://postgres:***@")


@pytest.mark.postgres
def test_a_server_that_went_away_is_unreachable(postgres_databases: NewDatabase) -> None:
    url = postgres_databases()
    name = url.partition("?")[0].rpartition("/")[2]
    with Ledger.open(url) as ledger:
        engine = create_engine(url.replace(name, "postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"))
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"),
                {"n": name},
            )

        with pytest.raises(LedgerUnreachable):
            ledger.list_runs()

        with engine.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"))
        engine.dispose()
        assert ledger.list_runs() == []


@pytest.mark.postgres
def test_whoever_is_suspended_in_a_transaction_loses_its_locks_soon(
    postgres_databases: NewDatabase,
) -> None:
    with Ledger.open(postgres_databases()) as ledger, ledger._database.reading() as connection:
        limit = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()

    assert limit == "10s"


def test_a_locked_file_is_unreachable(tmp_path: Path, clock: ManualClock) -> None:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=clock) as ledger:
        with ledger._database.reading() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as other:
            other.execute("BEGIN IMMEDIATE")

            with pytest.raises(LedgerUnreachable, match="database is locked"):
                ledger.start_run(run_named("r-1", clock.wall))

        assert ledger.start_run(run_named("r-1", clock.wall)).id == "r-1"


def test_a_value_of_a_newer_reaper_is_an_error_of_the_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    with Ledger.open(url) as ledger:
        ledger.start_run(run_named("r-1", ledger.now()))
        outside(url, "UPDATE runs SET beats = 'pigeon'")

        with pytest.raises(LedgerError, match="'pigeon' where this reaper knows only directory"):
            ledger.runs(["r-1"])


def _fails_in(run_in_child: Callable[[], object]) -> int | None:
    child = multiprocessing.get_context("fork").Process(target=run_in_child)
    child.start()
    child.join(60)
    return child.exitcode


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(shared_url: str) -> None:
    with Ledger.open(shared_url) as ledger:
        ledger.start_run(run_named("r-1", ledger.now()))

        failed = _fails_in(lambda: [ledger.beat("r-1") for _ in range(20)])

        assert failed == 0
        assert ledger.finish_run("r-1").ended is not None
