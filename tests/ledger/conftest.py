"""One suite for every database: `url` and `ledger` are given once for each of them."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import create_engine, make_url, text

from reaper.ledger import Ledger
from reaper.ledger.schema import metadata
from reaper.model import Beats, Lease, Ref, Run
from tests.postgres import NoPostgresError, server


class NewDatabase(Protocol):
    """Makes a PostgreSQL database, a copy of another one, and gives its URL."""

    def __call__(self, template: str = "template1") -> str: ...


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.awake = 1000.0

    def now(self) -> datetime:
        return self.wall

    def elapsed(self) -> float:
        return self.awake

    def sleep(self, seconds: float) -> None:
        self.forward(timedelta(seconds=seconds))

    def forward(self, length: timedelta) -> None:
        """Let time go by."""
        self.wall += length
        self.awake += length.total_seconds()

    def jump(self, length: timedelta) -> None:
        """Set the wall clock, while no time goes by."""
        self.wall += length


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[NewDatabase]:
    """Make empty PostgreSQL databases, and drop them in the end."""
    with ExitStack() as stack:
        try:
            base = stack.enter_context(server())
        except NoPostgresError as error:
            if "postgres" in os.environ.get("REAPER_TEST_REQUIRE", ""):
                pytest.fail(f"PostgreSQL is required: {error}")
            pytest.skip(str(error))
        engine = create_engine(base, isolation_level="AUTOCOMMIT")
        made: list[str] = []

        def new(template: str = "template1") -> str:
            name = f"reaper_{uuid.uuid4().hex[:12]}"
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
            made.append(name)
            return engine.url.set(database=name).render_as_string(hide_password=False)

        yield new
        with engine.connect() as connection:
            for name in made:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.postgres)])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database that several processes can open."""
    if request.param == "file":
        return f"sqlite:///{tmp_path}/ledger.db"
    new: NewDatabase = request.getfixturevalue("postgres_databases")
    return new()


@pytest.fixture(scope="session")
def ledger_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty ledger, to be copied: that is faster than to migrate one each time."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_ledger(postgres_databases: NewDatabase) -> str:
    """The name of a database with an empty ledger, to be copied."""
    url = postgres_databases()
    Ledger.open(url).close()
    return str(make_url(url).database)


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ledger of every sort."""
    if request.param == "memory":
        return "sqlite://"
    if request.param == "file":
        shutil.copy(request.getfixturevalue("ledger_file"), tmp_path / "ledger.db")
        return f"sqlite:///{tmp_path}/ledger.db"
    template: str = request.getfixturevalue("postgres_ledger")
    new: NewDatabase = request.getfixturevalue("postgres_databases")
    return new(template)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ledger(url: str, clock: ManualClock) -> Iterator[Ledger]:
    with Ledger.open(url, clock=clock) as opened:
        yield opened


class Backup:
    """All rows of a ledger, to be put back later, whatever its database."""

    def __init__(self, ledger: Ledger) -> None:
        self._engine = ledger._database.engine
        with self._engine.begin() as connection:
            self._rows = {
                table: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in metadata.sorted_tables
            }

    def restore(self) -> None:
        with self._engine.begin() as connection:
            for table, rows in self._rows.items():
                connection.execute(table.delete())
                if rows:
                    connection.execute(table.insert(), rows)


def run_named(
    run_id: str, at: datetime, *, beats: Beats = Beats.DIRECTORY, lease: timedelta | None = None
) -> Run:
    """A run as a client announces it."""
    length = lease or timedelta(minutes=10)
    return Run(
        id=run_id,
        realm="default",
        started=at,
        expires=at + timedelta(hours=24),
        lease=Lease(length=length, until=at + length),
        beats=beats,
        owner="ada@example.org",
        origin="pytest tests/",
        host="build-7",
    )


def volume(name: str, incarnation: str | None = "2026-01-01", scope: str = "ENGINE") -> Ref:
    """A resource's reference."""
    return Ref(kind="docker:volume", scope=scope, id=name, incarnation=incarnation)
