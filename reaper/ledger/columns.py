"""How the ledger's values stand in a column, the same on every database.

Times are whole microseconds since 1970: they compare rightly in SQL on each database, and nothing
is lost on the way there and back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator

from reaper.errors import LedgerError
from reaper.model import FOREVER

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_FOREVER = 2**63 - 1
_ESCAPE = re.compile(r"\\(\\|x00|ud[89a-f][0-9a-f]{2})")

E = TypeVar("E", bound=StrEnum)


def ticks(moment: datetime) -> int:
    """Count the microseconds from 1970 to an aware time.

    Raises:
        ValueError: The time is naive.
    """
    if moment.tzinfo is None:
        raise ValueError(
            f"{moment!r} has no time zone: the ledger takes aware times only, as datetime.now(UTC)"
        )
    return (moment - _EPOCH) // _TICK


class Moment(TypeDecorator[datetime]):
    """An aware time."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102 - SQLAlchemy's signature
        return None if value is None else ticks(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return None if value is None else _EPOCH + value * _TICK


class MomentOrForever(TypeDecorator[datetime | str]):
    """An aware time, or FOREVER."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | str | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102
        if value is None or isinstance(value, datetime):
            return None if value is None else ticks(value)
        if value != FOREVER:
            raise ValueError(f"{value!r} is neither a time nor {FOREVER!r}")
        return _FOREVER

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | str | None:  # noqa: ARG002, D102
        if value is None:
            return None
        return FOREVER if value == _FOREVER else _EPOCH + value * _TICK


class Length(TypeDecorator[timedelta]):
    """A length of time."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102
        return None if value is None else value // _TICK

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002, D102
        return None if value is None else value * _TICK


class Words(TypeDecorator[str]):
    """Text, in the order of its code points on every database.

    What a database cannot hold (NUL, the lone surrogates of a file name that is no UTF-8) stands
    there as an escape: a command line must not keep a run from being registered.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:  # noqa: D102
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(Text(collation=collation))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002, D102
        return None if value is None else _escaped(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002, D102
        if value is None or "\\" not in value:
            return value
        return _ESCAPE.sub(_unescaped, value)


class Choice(TypeDecorator[E], Generic[E]):
    """A member of an enumeration, by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[E]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:  # noqa: ARG002, D102
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:  # noqa: ARG002, D102
        if value is None:
            return None
        try:
            return self.choices(value)
        except ValueError:
            raise LedgerError(
                f"the ledger has {value!r} where this reaper knows only "
                f"{', '.join(self.choices)}: a newer reaper wrote it, so update this one"
            ) from None


class Labels(TypeDecorator[Mapping[str, str]]):
    """Tags, as a JSON object."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, str] | None, dialect: Dialect) -> str:  # noqa: ARG002, D102
        return json.dumps(dict(value or {}), sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, str]:  # noqa: ARG002, D102
        return dict(json.loads(value or "{}"))


class Listing(TypeDecorator[tuple[str, ...]]):
    """Several texts, as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:  # noqa: ARG002, D102
        return json.dumps(list(value or ()))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002, D102
        return tuple(json.loads(value or "[]"))


def _escaped(value: str) -> str:
    if "\\" in value or "\0" in value:
        value = value.replace("\\", "\\\\").replace("\0", "\\x00")
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()


def _unescaped(escape: re.Match[str]) -> str:
    return "\\" if escape[1] == "\\" else chr(int(escape[1][1:], 16))
