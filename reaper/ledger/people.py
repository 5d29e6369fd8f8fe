"""What people decided: marks on resources, the pause, and which place is which."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, delete, select

from reaper.ledger.database import Part, insert_new, upsert
from reaper.ledger.events import write_event
from reaper.ledger.records import Pause
from reaper.ledger.schema import marks, pauses, pins, resource_values, within
from reaper.model import FOREVER, Mark, Ref

_KEEP = "keep"
_RESOLUTION = "resolution"


class People(Part):
    """Marks, pause and pins."""

    def mark(self, ref: Ref, mark: Mark) -> None:
        """Write down what a person said of one incarnation of a resource.

        To keep it and how its quarantine ends are two matters: a word on one leaves the other as
        it was. A keep is taken back by one until a time gone by.
        """
        about = resource_values(ref)
        said: dict[str, Any] = {"who": mark.by, "at": mark.at}
        with self._database.writing() as connection:
            if mark.keep_until is not None:
                keep = {"matter": _KEEP, "keep_until": mark.keep_until}
                upsert(connection, marks, about | said | keep)
            if mark.resolution is not None:
                end = {"matter": _RESOLUTION, "resolution": mark.resolution, "rule": mark.rule}
                upsert(connection, marks, about | said | end)
            write_event(connection, mark.at, "mark", detail=_words(mark), ref=ref, by=mark.by)

    def marks(self, scope: str) -> dict[str, Mark]:
        """Read what people said of the resources of a scope, by `identity(ref)`."""
        found: dict[str, list[Row[Any]]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(_marks_in(scope)):
                found.setdefault(row.identity, []).append(row)
        return {name: _mark_of(rows) for name, rows in found.items()}

    def pause(self, by: str, reason: str) -> Pause:
        """Stop all sweeping of this ledger, until `resume`."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            upsert(connection, pauses, {"id": 1, "who": by, "reason": reason, "at": now})
            write_event(connection, now, "pause", detail=reason, by=by)
            return Pause(by=by, reason=reason, at=now)

    def resume(self, by: str) -> None:
        """Let sweeping go on."""
        with self._database.writing() as connection:
            if connection.execute(delete(pauses)).rowcount:
                now = self._database.now(connection)
                write_event(connection, now, "resume", detail="sweeping goes on", by=by)

    def paused(self) -> Pause | None:
        """Tell who paused sweeping and why; None where nobody did."""
        with self._database.reading() as connection:
            row = connection.execute(select(pauses)).one_or_none()
        return None if row is None else Pause(by=row.who, reason=row.reason, at=row.at)

    def pin(self, place: str, id: str) -> str:  # noqa: A002 - the place's ID
        """Tell the ID that a place had when it was first used; that is `id` the first time."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            insert_new(connection, pins, {"place": place, "pinned": id, "at": now})
            statement = select(pins.c.pinned).where(pins.c.place == place)
            return str(connection.execute(statement).scalar_one())

    def repin(self, place: str, id: str, by: str) -> None:  # noqa: A002 - the place's ID
        """Take a place for what it is now: a person replaced it on purpose."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            upsert(connection, pins, {"place": place, "pinned": id, "at": now})
            write_event(connection, now, "repin", detail=f"{place} is {id} from now on", by=by)


@lru_cache
def _marks_in(scope: str) -> Select[Any]:
    return select(marks).where(within(marks.c.scope, scope)).order_by(marks.c.matter)


def _words(mark: Mark) -> str:
    said = []
    if mark.keep_until is not None:
        forever = mark.keep_until == FOREVER
        said.append("keep forever" if forever else f"keep until {mark.keep_until}")
    if mark.resolution is not None:
        said.append(mark.resolution + (f" ({mark.rule.value})" if mark.rule else ""))
    return ", ".join(said) or "nothing"


def _mark_of(rows: Iterable[Row[Any]]) -> Mark:
    said = {row.matter: row for row in rows}
    keep, resolution = said.get(_KEEP), said.get(_RESOLUTION)
    decisive = resolution or keep
    assert decisive is not None  # each row is of one of them
    who = dict.fromkeys(row.who for row in said.values())
    return Mark(
        by=" and ".join(who),
        at=decisive.at,
        keep_until=None if keep is None else keep.keep_until,
        resolution=None if resolution is None else resolution.resolution,
        rule=None if resolution is None else resolution.rule,
    )
