"""Whether the registry was there to take beats, and what becomes of leases when it was not."""

from __future__ import annotations

import platform
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, case, func, select, true, type_coerce, update

from reaper.durations import describe_duration
from reaper.ledger.columns import ticks
from reaper.ledger.database import Database, Part, upsert
from reaper.ledger.schema import runs, services
from reaper.model import Beats

_NOTHING = timedelta(0)
_ALL = select(services).order_by(services.c.server)
_ALL_LOCKED = _ALL.with_for_update()


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """When one server last said that it is up.

    Attributes:
        elapsed: What its machine's clock of elapsed seconds showed then.
        every: How often it says so.
    """

    server: str
    seen: datetime
    elapsed: float
    every: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """Time in which no beat could have been taken, or of which nobody knows how long it was.

    Attributes:
        length: How long it was, or by how much the clock jumped; None where nobody knows.
        back: The clock was set back, so that leases end too far in its future.
    """

    length: timedelta | None
    back: bool = False


class Registry(Part):
    """The registry's own service."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._server = platform.node()
        self._served: datetime | None = None

    def serve(self, *, elapsed: float, every: timedelta, grace: timedelta) -> timedelta | None:
        """Record that the registry is up, to be called each `every`, before beats are taken.

        After an absence (more than twice `every`), a restored backup or a jump of the clock (more
        than `every` against `elapsed`) each unfinished lease that the service renews holds until
        now + its length + `grace` at least; exactly until then where the clock was set back.

        Args:
            elapsed: `Clock.elapsed()` of this machine.
            every: How often this is called.
            grace: What a lease gets on top of its length.

        Returns:
            How long the registry was away, or by how much the clock jumped; None if neither.
        """
        with self._database.writing() as connection:
            known = _services(connection, locked=True)
            now = self._database.now(connection)
            mine = next((service for service in known if service.server == self._server), None)
            me = Service(server=self._server, seen=now, elapsed=elapsed, every=every)
            absence = absence_of(known, mine=mine, me=me, served=self._served)
            upsert(
                connection,
                services,
                {"server": me.server, "seen": now, "elapsed": elapsed, "every": every},
            )
            if absence is not None:
                _prolong_all(connection, now + grace, exactly=absence.back)
        self._served = now
        return None if absence is None else absence.length


def absence_of(
    known: Collection[Service], *, mine: Service | None, me: Service, served: datetime | None
) -> Absence | None:
    """Decide whether beats may have been missed before `me`.

    Args:
        known: What each server said last, as the ledger has it.
        mine: What this server said last, as the ledger has it.
        me: What this server is about to say.
        served: When this process said so last, as it remembers; a ledger that knows only of an
            earlier time is a restored backup.
    """
    if not known:
        return Absence(length=None)
    away = min((me.seen - service.seen for service in known), key=abs)
    jump = _NOTHING if mine is None else _disagreement(mine, me)
    back = away < -me.every or jump < -me.every
    if abs(away) > 2 * me.every:
        return Absence(length=away, back=back)
    if abs(jump) > me.every:
        return Absence(length=jump, back=back)
    if served is not None and (mine is None or mine.seen < served):
        return Absence(length=away, back=back)
    return None


def away_from(known: Collection[Service], now: datetime) -> str | None:
    """Say why no lease that the service renews can lapse now; None where one can."""
    if not known:
        return "the registry has never said that it is up, so it cannot have taken a beat"
    if any(abs(now - service.seen) <= 2 * service.every for service in known):
        return None
    last = max(known, key=lambda service: service.seen)
    return (
        f"the registry was last up at {last.seen:%Y-%m-%d %H:%M:%S} UTC and should have said so "
        f"every {describe_duration(last.every)}, so it may have missed a beat"
    )


def registry_away(connection: Connection, now: datetime) -> str | None:
    """Ask the ledger why no lease that the service renews can lapse now; None where one can."""
    return away_from(_services(connection), now)


def now_and_away(database: Database, connection: Connection) -> tuple[datetime, str | None]:
    """Tell the ledger's time, and why no lease that the service renews can lapse then.

    It is one question, not two: beats ask it.
    """
    if database.clock is not None:
        now = database.now(connection)
        return now, registry_away(connection, now)
    moment = select(func.clock_timestamp().label("now")).subquery()
    rows = connection.execute(
        select(moment.c.now, *services.c).select_from(moment.outerjoin(services, true()))
    ).all()
    now = rows[0].now.astimezone(UTC)
    return now, away_from([_service_of(row) for row in rows if row.server is not None], now)


def _services(connection: Connection, *, locked: bool = False) -> list[Service]:
    return [_service_of(row) for row in connection.execute(_ALL_LOCKED if locked else _ALL)]


def _service_of(row: Row[Any]) -> Service:
    return Service(server=row.server, seen=row.seen, elapsed=row.elapsed, every=row.every)


def _disagreement(mine: Service, me: Service) -> timedelta:
    # Restarted machines count from zero: then nothing is known, and it reads as a jump.
    return (me.seen - mine.seen) - timedelta(seconds=me.elapsed - mine.elapsed)


def _prolong_all(connection: Connection, base: datetime, *, exactly: bool) -> None:
    until = type_coerce(runs.c.lease_until, BigInteger)
    wanted = type_coerce(runs.c.lease_length, BigInteger) + ticks(base)
    connection.execute(
        update(runs)
        .where(runs.c.ended.is_(None), runs.c.beats == Beats.SERVICE)
        .values(lease_until=wanted if exactly else case((until > wanted, until), else_=wanted))
    )
