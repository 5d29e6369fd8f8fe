"""Durations as people write them: `0s`, `90s`, `15m`, `6h`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PATTERN = re.compile(r"(\d{1,9})([smhd])", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read a duration: a whole number and one of `s`, `m`, `h`, `d`.

    Raises:
        ValueError: The text is no duration; the message says what was wanted.

    >>> parse_duration("15m")
    datetime.timedelta(seconds=900)
    """
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is no duration: write a whole number and a unit, such as 90s, 15m, 6h or 7d"
        )
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that keeps it whole, for `parse_duration` to read.

    Fractions of a second are cut off.

    >>> format_duration(timedelta(minutes=90))
    '90m'
    """
    seconds = int(duration.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    for unit in "dhm":
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{sign}{seconds // _UNITS[unit]}{unit}"
    return f"{sign}{seconds}s"


def describe_duration(duration: timedelta) -> str:
    """Write a duration for a reader, in its two largest units.

    >>> describe_duration(timedelta(seconds=3725))
    '1h 2m'
    """
    seconds = int(duration.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    parts: list[str] = []
    for unit in "dhms":
        count, seconds = divmod(seconds, _UNITS[unit])
        if count or (parts and len(parts) < 2):  # noqa: PLR2004 - two units, as documented
            parts.append(f"{count}{unit}")
        if len(parts) == 2:  # noqa: PLR2004
            break
    parts = [part for part in parts if not part.startswith("0")]
    return sign + (" ".join(parts) or "0s")
