"""When each resource was first seen, and the claims derived from parents that may be gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from reaper.ledger.database import Part, chunks, upsert
from reaper.ledger.records import identity
from reaper.ledger.schema import derived, ref_of, resource_values, sightings, within
from reaper.model import Claim, Ref


class Sightings(Part):
    """First sightings and remembered claims."""

    def sight(self, refs: Iterable[tuple[Ref, str | None]]) -> dict[str, datetime]:
        """Record that resources were seen now, each with the run that it bears.

        Returns:
            When each was first seen, by `ref.key`. Another incarnation is another resource: its
            first sighting is its own.
        """
        # In one order for all sweeps, so that two of them on one server never wait for each other.
        seen = {identity(ref): (ref, run) for ref, run in refs}
        first: dict[str, datetime] = {}
        for chunk in chunks(sorted(seen.items())):
            with self._database.writing() as connection:
                now = self._database.now(connection)
                known = _first_seen(connection, [name for name, _ in chunk])
                rows = []
                for name, (ref, run) in chunk:
                    earliest = min(known.get(name, now), now)
                    first[ref.key] = earliest
                    rows.append(
                        resource_values(ref)
                        | {"run": run, "first_seen": earliest, "last_seen": now}
                    )
                upsert(connection, sightings, rows, least="first_seen")
        return first

    def remembered(self, scope: str) -> dict[str, Claim]:
        """Read the derived claims that `intend` kept, by `identity(ref)`."""
        with self._database.reading() as connection:
            return {row.identity: _claim_of(row) for row in connection.execute(_derived_in(scope))}

    def heirs(self, scope: str) -> list[Ref]:
        """Read what the claims that `intend` kept are about: no tag names these."""
        with self._database.reading() as connection:
            return [ref_of(row) for row in connection.execute(_derived_in(scope))]


@lru_cache
def _derived_in(scope: str) -> Select[Any]:
    return select(derived).where(within(derived.c.scope, scope))


def remember(connection: Connection, now: datetime, claims: Sequence[tuple[Ref, Claim]]) -> None:
    """Keep derived claims, for when the parent is gone."""
    rows = {identity(ref): _values(ref, claim, now) for ref, claim in claims}
    for chunk in chunks(rows.values()):
        upsert(connection, derived, chunk)


def _first_seen(connection: Connection, names: list[str]) -> dict[str, datetime]:
    statement = select(sightings.c.identity, sightings.c.first_seen)
    found = connection.execute(statement.where(sightings.c.identity.in_(names)))
    return {row.identity: row.first_seen for row in found}


def _values(ref: Ref, claim: Claim, now: datetime) -> dict[str, Any]:
    return resource_values(ref) | {
        "run": claim.run,
        "reason": claim.reason,
        "basis": claim.basis,
        "expires": claim.expires,
        "owner": claim.owner,
        "keep": claim.keep,
        "garbled": claim.garbled,
        "journaled": claim.journaled,
        "report_only": claim.report_only,
        "at": now,
    }


def _claim_of(row: Row[Any]) -> Claim:
    return Claim(
        run=row.run,
        reason=row.reason,
        basis=row.basis,
        expires=row.expires,
        owner=row.owner,
        keep=row.keep,
        garbled=row.garbled,
        journaled=row.journaled,
        report_only=row.report_only,
    )
