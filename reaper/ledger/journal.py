"""What runs wrote down of the things they created."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, select

from reaper.ledger.database import Part, chunks, insert_all_new
from reaper.ledger.schema import journal, within
from reaper.model import JournalEntry, Ref


class Journals(Part):
    """The journals of all runs."""

    def add_entries(self, entries: Iterable[JournalEntry]) -> None:
        """Take in entries; those that are there already (run, writer, number, phase) stay."""
        for chunk in chunks(entries):
            with self._database.writing() as connection:
                insert_all_new(connection, journal, [_values(entry) for entry in chunk])

    def entries(self, scope: str) -> list[JournalEntry]:
        """Read what was journaled in a scope, by all runs, in the order of writing."""
        return self._read(_of_scope(scope))

    def run_entries(self, run: str) -> list[JournalEntry]:
        """Read what one run journaled, in the order of writing."""
        return self._read(_IN_ORDER.where(journal.c.run == run))

    def _read(self, statement: Select[Any]) -> list[JournalEntry]:
        with self._database.reading() as connection:
            return [_entry_of(row) for row in connection.execute(statement)]


_IN_ORDER = select(journal).order_by(
    journal.c.at,
    journal.c.run,
    journal.c.writer,
    journal.c.seq,
    journal.c.phase.desc(),
)


@lru_cache
def _of_scope(scope: str) -> Select[Any]:
    return _IN_ORDER.where(within(journal.c.scope, scope))


def _values(entry: JournalEntry) -> dict[str, Any]:
    ref = entry.ref
    return {
        "run": entry.run,
        "writer": entry.writer,
        "seq": entry.seq,
        "phase": entry.phase,
        "at": entry.at,
        "kind": entry.kind,
        "scope": entry.scope,
        "ref_kind": None if ref is None else ref.kind,
        "ref_scope": None if ref is None else ref.scope,
        "ref_id": None if ref is None else ref.id,
        "incarnation": None if ref is None else ref.incarnation,
        "name": entry.name,
        "taggable": entry.taggable,
        "test": entry.test,
        "detail": entry.detail,
    }


def _entry_of(row: Row[Any]) -> JournalEntry:
    ref = None
    if row.ref_id is not None:
        ref = Ref(
            kind=row.ref_kind, scope=row.ref_scope, id=row.ref_id, incarnation=row.incarnation
        )
    return JournalEntry(
        run=row.run,
        writer=row.writer,
        seq=row.seq,
        at=row.at,
        phase=row.phase,
        kind=row.kind,
        scope=row.scope,
        ref=ref,
        name=row.name,
        taggable=row.taggable,
        test=row.test,
        detail=row.detail,
    )
