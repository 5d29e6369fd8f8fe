"""The ledger as its callers see it: one object with the methods of every part."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Self

from reaper.clock import Clock
from reaper.ledger.backup import Backups
from reaper.ledger.events import Events
from reaper.ledger.intents import Intents
from reaper.ledger.journal import Journals
from reaper.ledger.locks import Locks
from reaper.ledger.opening import bring_up, connect
from reaper.ledger.outcomes import Outcomes
from reaper.ledger.people import People
from reaper.ledger.plans import Plans
from reaper.ledger.pruning import Pruning
from reaper.ledger.runs import Runs
from reaper.ledger.service import Registry
from reaper.ledger.sightings import Sightings
from reaper.ledger.sweeps import Sweeps
from reaper.ledger.tokens import Tokens


class Ledger(
    Runs,
    Registry,
    Journals,
    Sightings,
    Locks,
    Intents,
    Outcomes,
    Plans,
    People,
    Sweeps,
    Tokens,
    Events,
    Pruning,
    Backups,
):
    """The memory of reaper, in SQLite or PostgreSQL; open it with `Ledger.open`.

    Every method is one short transaction (those that take any number of rows: one for each
    thousand), may be called from any thread, and raises `LedgerUnreachable` where the database
    does not answer. All times are aware and on the ledger's clock.
    """

    @classmethod
    def open(cls, url: str, *, clock: Clock | None = None, migrate: bool | None = None) -> Self:
        """Open a ledger.

        Args:
            url: `sqlite:///PATH` (`~` is the home directory; missing directories are made),
                `sqlite://` in memory, or `postgresql+psycopg://USER@HOST/DATABASE`.
            clock: The ledger's time; None: the PostgreSQL server's, and for SQLite this machine's.
            migrate: Whether tables may be made or altered. None: on SQLite always, on PostgreSQL
                only in an empty database, since other reapers may use it at this moment.

        Raises:
            ConfigurationError: The URL is none of these, or its driver is not installed.
            LedgerUnreachable: The database did not answer.
            LedgerOutdated: Its tables are of an older reaper, and may not be altered.
            LedgerTooNew: Its tables are of a newer reaper; nothing was touched.
            LedgerError: It is no database, or one of something else.
        """
        database = connect(url, clock)
        with ExitStack() as unless_it_is_up:
            unless_it_is_up.callback(database.engine.dispose)
            bring_up(database, migrate=migrate)
            unless_it_is_up.pop_all()
        return cls(database)

    @property
    def url_shown(self) -> str:
        """The ledger's address, without its password."""
        return self._database.shown

    def now(self) -> datetime:
        """Tell the time on the ledger's clock; the database is asked only where it is its own."""
        if self._database.clock is not None:
            return self._database.clock.now()
        with self._database.reading() as connection:
            return self._database.now(connection)

    def close(self) -> None:
        """Give the connections back; a ledger in memory is gone then."""
        self._database.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
