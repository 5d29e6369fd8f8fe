"""The values that stand in the configuration: how each is written, read and described."""

from __future__ import annotations

import difflib
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from reaper.durations import format_duration, parse_duration
from reaper.model import SCOPE_PARTS

LONGEST = timedelta(days=3650)
"""No duration is longer: beyond ten years it is a slip, and times would leave the calendar."""

_POSTGRES = {"postgres", "postgresql", "postgresql+psycopg"}
_SQLITE = {"sqlite", "sqlite+pysqlite"}
_WILD = re.compile(r"[*?\[]")


def default_ledger(state: str | None = None) -> str:
    """Name the ledger of this user on this host: a file in the state directory."""
    directory = Path(state).expanduser() if state else platformdirs.user_state_path("reaper")
    return f"sqlite:///{directory / 'ledger.db'}"


def _read_duration(value: object) -> object:
    if isinstance(value, timedelta):
        duration = value
    elif isinstance(value, str):
        duration = parse_duration(value)
    else:
        shown = "nothing" if value is None else repr(value)
        raise ValueError(  # noqa: TRY004 - pydantic collects ValueErrors into one report
            f"{shown} is no duration: write a whole number and a unit, such as 90s, 15m, 6h or 7d"
        )
    if not timedelta(0) <= duration <= LONGEST:
        raise ValueError(
            f"{format_duration(duration)} is out of range: a duration lies between 0s and "
            f"{format_duration(LONGEST)}"
        )
    return duration


def _not_zero(duration: timedelta) -> timedelta:
    if not duration:
        raise ValueError("0s is too short: write at least 1s")
    return duration


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(  # noqa: TRY004 - as above
            f"{str(value).lower()} is no number: write one"
        )
    return value


def whole_number(value: object) -> object:
    """Refuse what pydantic would take for a number, and a writer did not mean as one."""
    return _number(value)


def _ledger_url(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if separator and scheme in _POSTGRES:
        return f"postgresql+psycopg://{rest}"
    if not separator or scheme not in _SQLITE:
        # The address itself is not shown: it may hold a password.
        raise ValueError(
            "it is no ledger's address: write sqlite:///FILE or postgresql+psycopg://HOST/DATABASE"
        )
    file = rest.removeprefix("/")
    if file in {"", ":memory:"}:
        raise ValueError("a ledger in memory forgets: write sqlite:///FILE")
    return f"sqlite:///{os.path.expanduser(file)}"  # noqa: PTH111 - Path would drop a `?mode=`


def _kind_name(text: str) -> str:
    if _WILD.search(text):
        raise ValueError(f"{text!r} is a pattern: name each kind by itself")
    return _kind_glob(text)


def _kind_glob(text: str) -> str:
    provider, colon, noun = text.partition(":")
    if not colon or not provider or not noun:
        raise ValueError(f"{text!r} is no kind: write <provider>:<kind>, such as docker:image")
    if not _WILD.search(provider) and provider not in SCOPE_PARTS:
        raise ValueError(f"{text!r} names no provider that reaper knows{nearest(provider)}")
    return text


def nearest(word: str, known: tuple[str, ...] = tuple(sorted(SCOPE_PARTS))) -> str:
    """Phrase which known word may have been meant; empty where none is near."""
    match = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {match[0]}?" if match else ""


Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,9}[smhd]$", "examples": ["15m", "7d"]}),
]

Length = Annotated[Duration, AfterValidator(_not_zero)]
"""A duration that is not zero."""

Realm = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$")]

LedgerUrl = Annotated[str, AfterValidator(_ledger_url)]

Count = Annotated[int, Field(ge=0), BeforeValidator(_number)]

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), BeforeValidator(_number)]

KindGlob = Annotated[str, AfterValidator(_kind_glob)]
"""One kind or, with `*` and `?`, several."""

KindName = Annotated[str, AfterValidator(_kind_name)]

Word = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
"""A text that is not empty."""

LocalPath = Annotated[Path, AfterValidator(lambda path: path.expanduser())]
