"""Runs and their leases: how they start, are kept alive, and end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    case,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    type_coerce,
    update,
)

from reaper.errors import RunEnded, RunExists, RunUnknown
from reaper.ledger.columns import ticks
from reaper.ledger.database import Part, chunks, insert_new
from reaper.ledger.schema import mintings, runs
from reaper.ledger.service import now_and_away, registry_away
from reaper.model import Beats, Ending, Lease, Run

# To build a statement takes longer than to execute it, and these are executed all the time.
_ONE = select(runs).where(runs.c.id == bindparam("named")).with_for_update()
_THESE = select(runs).where(runs.c.id.in_(bindparam("these", expanding=True)))
_LEASE_UNTIL = (
    update(runs).where(runs.c.id == bindparam("named")).values(lease_until=bindparam("later"))
)


class Runs(Part):
    """The registry of runs."""

    def start_run(self, run: Run, *, minter: str | None = None, request: str | None = None) -> Run:
        """Register a run that begins now.

        Its start, its expiry and its lease are moved to the ledger's clock; how long they last is
        taken from `run`. What is returned is what tags must be made from.

        Args:
            run: What it is.
            minter: Whose the run is from now on: the ID of a token; None: nobody's in particular.
            request: What tells the minter's own second try, whose first answer was lost, from
                somebody else's ID: it gets the run as it is.

        Raises:
            RunExists: An ID is never started twice.
        """
        with self._database.writing() as connection:
            now = self._database.now(connection)
            begun = replace(
                run,
                started=now,
                expires=now + (run.expires - run.started),
                lease=Lease(length=run.lease.length, until=now + run.lease.length),
                ended=None,
                ending=None,
            )
            if not insert_new(connection, runs, _values(begun)):
                if request is not None and _asked_before(connection, run.id, minter, request):
                    return self._as_of(connection, now, _one(connection, run.id))
                raise RunExists(
                    f"the run {run.id} was started before, and an ID is never started twice: "
                    "leave the ID out to get a fresh one"
                )
            if minter is not None:
                minting = {"run": run.id, "minter": minter, "request": request}
                connection.execute(insert(mintings), minting)
            return self._as_of(connection, now, begun)

    def beat(self, run_id: str) -> Run:
        """Renew a run's lease.

        Raises:
            RunEnded: The run is over; it must not create anything more.
            RunUnknown: It was never registered.
        """
        with self._database.writing() as connection:
            run = _unfinished(connection, run_id)
            now = self._database.now(connection)
            until = max(run.lease.until, now + run.lease.length)
            return self._as_of(connection, now, _lease_until(connection, run, until))

    def beat_many(self, run_ids: Iterable[str]) -> dict[str, Run]:
        """Renew the leases of many runs by one transaction, which waits for nobody.

        Returns:
            The runs whose leases were renewed. Whoever is absent is to be beaten alone: a run that
            another transaction has in hand, and may keep for seconds, that is over, or that nobody
            registered.
        """
        with self._database.writing() as connection:
            now, away = now_and_away(self._database, connection)
            renewed = [
                _run_of(row)
                for chunk in chunks(dict.fromkeys(run_ids))
                for row in connection.execute(_renewal(), {"ids": chunk, "now": ticks(now)})
            ]
            return {run.id: _with_absence(run, away) for run in renewed}

    def prolong(self, run_id: str, until: datetime) -> Run:
        """Let a run's lease hold until a time at least.

        Raises:
            RunEnded: The run is over.
            RunUnknown: It was never registered.
        """
        with self._database.writing() as connection:
            run = _unfinished(connection, run_id)
            now = self._database.now(connection)
            later = max(run.lease.until, until)
            return self._as_of(connection, now, _lease_until(connection, run, later))

    def finish_run(self, run_id: str) -> Run:
        """End a run because whoever minted it says so; an ended one stays as it is.

        Raises:
            RunUnknown: It was never registered.
        """
        return self._end(run_id, Ending.FINISHED)

    def force_end(self, run_id: str) -> Run:
        """End a run because a person says so; an ended one stays as it is.

        Raises:
            RunUnknown: It was never registered.
        """
        return self._end(run_id, Ending.FORCED)

    def end_lapsed(self, run_id: str, grace: timedelta) -> Run | None:
        """End a run whose lease ran out more than `grace` ago.

        The lease is checked in the transaction that ends the run: a beat before it keeps the run
        alive, and one after it is refused.

        Returns:
            The ended run; None where the lease holds, or where it cannot lapse at present.

        Raises:
            RunUnknown: It was never registered.
        """
        with self._database.writing() as connection:
            run = _one(connection, run_id)
            if run.ended is not None:
                return run
            now = self._database.now(connection)
            run = self._as_of(connection, now, run)
            if run.lease.away is not None and run.beats is Beats.SERVICE:
                return None
            until = run.lease.until
            if run.lease.away is not None:
                # What a directory says cannot be measured from here: its run lives to its expiry,
                # and for as long as its beats go on.
                until = max(until, run.expires)
            if until + grace >= now:
                return None
            return _ended(connection, run, now, Ending.LAPSED)

    def take_in(self, run: Run) -> Run:
        """Register a run that a directory on this host tells of, or bring it up to date.

        An ended run is never revived, and the lease of a run that beats by the service is only
        ever prolonged from here.
        """
        with self._database.writing() as connection:
            if insert_new(connection, runs, _values(run)):
                return self._as_of(connection, self._database.now(connection), run)
            known = _one(connection, run.id)
            now = self._database.now(connection)
            news = _brought_up_to_date(known, run)
            if news != known:
                connection.execute(update(runs).where(runs.c.id == run.id).values(**_values(news)))
            return self._as_of(connection, now, news)

    def runs(self, ids: Iterable[str]) -> dict[str, Run]:
        """Look up runs; an ID that nobody registered is absent from the result."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        with self._database.reading() as connection:
            found = [
                _run_of(row)
                for chunk in chunks(wanted)
                for row in connection.execute(_THESE, {"these": chunk})
            ]
            now = self._database.now(connection)
            return {run.id: run for run in self._all_as_of(connection, now, found)}

    def minters(self, run_ids: Iterable[str]) -> dict[str, str]:
        """Tell whose runs are; what is nobody's, or unknown, is absent."""
        with self._database.reading() as connection:
            return {
                row.run: row.minter
                for chunk in chunks(dict.fromkeys(run_ids))
                for row in connection.execute(
                    select(mintings.c.run, mintings.c.minter).where(mintings.c.run.in_(chunk))
                )
            }

    def list_runs(
        self, *, alive: bool | None = None, minter: str | None = None, limit: int = 1000
    ) -> list[Run]:
        """List runs, those that started last first.

        Args:
            alive: Only those whose lease holds (True) or does not (False); None: all.
            minter: Only those that are this one's; None: everybody's.
            limit: How many at most.
        """
        with self._database.reading() as connection:
            now = self._database.now(connection)
            wanted: ColumnElement[bool] = true()
            if alive is not None:
                holds = _holds(now, away=registry_away(connection, now) is not None)
                wanted = holds if alive else not_(holds)
            statement = select(runs).where(wanted).order_by(runs.c.started.desc(), runs.c.id)
            if minter is not None:
                statement = statement.join(mintings, mintings.c.run == runs.c.id).where(
                    mintings.c.minter == minter
                )
            found = [_run_of(row) for row in connection.execute(statement.limit(limit))]
            return self._all_as_of(connection, now, found)

    def count_alive(self) -> int:
        """Count the runs whose lease holds."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            holds = _holds(now, away=registry_away(connection, now) is not None)
            statement = select(func.count()).select_from(runs).where(holds)
            return int(connection.execute(statement).scalar_one())

    def _end(self, run_id: str, ending: Ending) -> Run:
        with self._database.writing() as connection:
            run = _one(connection, run_id)
            if run.ended is not None:
                return run
            return _ended(connection, run, self._database.now(connection), ending)

    def _as_of(self, connection: Connection, now: datetime, run: Run) -> Run:
        return self._all_as_of(connection, now, [run])[0]

    def _all_as_of(self, connection: Connection, now: datetime, found: Sequence[Run]) -> list[Run]:
        if not any(run.beats is Beats.SERVICE and run.ended is None for run in found):
            return list(found)
        away = registry_away(connection, now)
        return [_with_absence(run, away) for run in found]


def _with_absence(run: Run, away: str | None) -> Run:
    """Say of a run that the service renews why it cannot lapse."""
    if run.beats is not Beats.SERVICE or run.ended is not None:
        return run
    return replace(run, lease=replace(run.lease, away=away))


def _one(connection: Connection, run_id: str) -> Run:
    row = connection.execute(_ONE, {"named": run_id}).one_or_none()
    if row is None:
        raise RunUnknown(
            f"nobody registered a run {run_id} with this ledger; `reaper run ls` lists them"
        )
    return _run_of(row)


def _asked_before(connection: Connection, run_id: str, minter: str | None, request: str) -> bool:
    wanted = (
        mintings.c.run == run_id,
        mintings.c.minter == minter,
        mintings.c.request == request,
    )
    return connection.execute(select(mintings.c.run).where(*wanted)).one_or_none() is not None


def _unfinished(connection: Connection, run_id: str) -> Run:
    run = _one(connection, run_id)
    if run.ended is not None:
        raise _over(run)
    return run


def _over(run: Run) -> RunEnded:
    how = run.ending.value if run.ending else "ended"
    return RunEnded(
        f"the run {run.id} is over ({how} at {run.ended:%Y-%m-%d %H:%M:%S} UTC): what it "
        "created is being removed, so it must create nothing more"
    )


def _lease_until(connection: Connection, run: Run, until: datetime) -> Run:
    connection.execute(_LEASE_UNTIL, {"named": run.id, "later": until})
    return replace(run, lease=replace(run.lease, until=until))


@cache
def _renewal() -> Any:
    """The statement that renews leases: to build it takes longer than to execute it."""
    free = (
        select(runs.c.id)
        .where(runs.c.id.in_(bindparam("ids", expanding=True)), runs.c.ended.is_(None))
        .with_for_update(skip_locked=True)
    )
    until = type_coerce(runs.c.lease_until, BigInteger)
    wanted = type_coerce(runs.c.lease_length, BigInteger) + bindparam("now", type_=BigInteger)
    return (
        update(runs)
        .where(runs.c.id.in_(free))
        .values(lease_until=case((until > wanted, until), else_=wanted))
        .returning(*runs.c)
    )


def _ended(connection: Connection, run: Run, now: datetime, ending: Ending) -> Run:
    connection.execute(update(runs).where(runs.c.id == run.id).values(ended=now, ending=ending))
    return replace(run, ended=now, ending=ending, lease=replace(run.lease, away=None))


def _brought_up_to_date(known: Run, news: Run) -> Run:
    if known.ended is not None:
        return known
    if known.beats is not news.beats:
        # Two ways to the ledger under one ID: what either says alive is alive.
        until = max(known.lease.until, news.lease.until)
        return replace(known, lease=replace(known.lease, until=until))
    return replace(known, lease=news.lease, ended=news.ended, ending=news.ending)


def _holds(now: datetime, *, away: bool) -> ColumnElement[bool]:
    return and_(
        runs.c.ended.is_(None),
        or_(
            runs.c.lease_until >= now,
            runs.c.lease_away.is_not(None),
            runs.c.beats == Beats.SERVICE if away else false(),
        ),
    )


def _values(run: Run) -> dict[str, Any]:
    # The service's absence is told by its own record, so only a directory's is kept here.
    away = run.lease.away if run.beats is Beats.DIRECTORY else None
    return {
        "id": run.id,
        "realm": run.realm,
        "started": run.started,
        "expires": run.expires,
        "lease_length": run.lease.length,
        "lease_until": run.lease.until,
        "lease_away": away,
        "beats": run.beats,
        "promised": run.promised,
        "owner": run.owner,
        "origin": run.origin,
        "host": run.host,
        "ended": run.ended,
        "ending": run.ending,
    }


def _run_of(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        realm=row.realm,
        started=row.started,
        expires=row.expires,
        lease=Lease(length=row.lease_length, until=row.lease_until, away=row.lease_away),
        beats=row.beats,
        promised=row.promised,
        owner=row.owner,
        origin=row.origin,
        host=row.host,
        ended=row.ended,
        ending=row.ending,
    )
