"""A creation time as part of an identity: for who creates there, and for who sweeps there."""

from __future__ import annotations

import re

_FRACTION = re.compile(r"(?P<seconds>.*T\d\d:\d\d:\d\d)\.(?P<fraction>\d*?)0*Z")


def shortest(instant: str) -> str:
    """Write a time of RFC 3339 with the digits of a second that it needs; another text as it is.

    One service of Google's tells the same time with six digits over gRPC, and with nine over REST.

    >>> shortest("2026-01-02T03:04:05.428048000Z")
    '2026-01-02T03:04:05.428048Z'
    """
    match = _FRACTION.fullmatch(instant)
    if match is None:
        return instant
    fraction = f".{match['fraction']}" if match["fraction"] else ""
    return f"{match['seconds']}{fraction}Z"
