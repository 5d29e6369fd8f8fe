"""How single things are written for a person: a name, an age, a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from reaper.durations import describe_duration
from reaper.errors import InvalidRef
from reaper.model import Ref, Run, RunState, Unavailable, Unknown
from reaper.model.run import Ending

_LONG_ID = 24
_HEX = frozenset("0123456789abcdef")
_REFERENCE = r"[a-z0-9]+(?::[a-z0-9./-]+)+@[^\s(),;]+"

_HOW: Mapping[Ending, str] = MappingProxyType(
    {
        Ending.FINISHED: "finished",
        Ending.LAPSED: "its lease lapsed, ended",
        Ending.FORCED: "ended by a person",
    }
)


def plain(text: str) -> str:
    r"""Write text that others chose so that it cannot steer a terminal.

    >>> plain("name" + chr(27) + "[31m")
    'name\\x1b[31m'
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def short_id(text: str) -> str:
    """Shorten an ID that nobody reads to its end.

    >>> short_id("sha256:" + "ab" * 32)
    'abababababab'
    >>> short_id("a-volume-that-somebody-gave-a-name")
    'a-volume-that-somebody-gave-a-name'
    >>> short_id("arn:aws:sns:eu-west-1:123456789012:orders")
    'orders'
    """
    if text.startswith("arn:"):
        return text.split(":", 5)[-1]
    bare = text.removeprefix("sha256:")
    return bare[:12] if len(bare) > _LONG_ID and set(bare) <= _HEX else text


def titled(ref: Ref, name: str | None) -> str:
    """Name a resource: kind, name, and ID where that is another thing."""
    if name is None or name == ref.id:
        return plain(f"{ref.kind} {short_id(ref.id)}")
    return plain(f"{ref.kind} {name} ({short_id(ref.id)})")


def parsed(text: str) -> Ref | None:
    """Read a reference; None where the text is none."""
    try:
        return Ref.parse(text)
    except InvalidRef:
        return None


def without_addresses(text: str) -> str:
    """Write a sentence with names where it has references, which nobody reads to their end.

    >>> without_addresses("used by web (docker:container@ENGINE/12ab), which is no run's")
    "used by web, which is no run's"
    >>> without_addresses("used_by docker:container@ENGINE/12ab (web), which is not to go")
    'used_by web, which is not to go'
    >>> without_addresses("used by docker:container@ENGINE/" + "12ab" * 16)
    'used by docker:container 12ab12ab12ab'
    >>> without_addresses("waits for aws:ec2:subnet@123456789012/eu-west-1/subnet-1 to go first")
    'waits for aws:ec2:subnet subnet-1 to go first'
    """
    text = re.sub(rf" \({_REFERENCE}\)", "", text)
    text = re.sub(rf"{_REFERENCE} \(([^()]+)\)", r"\1", text)
    return re.sub(_REFERENCE, _short, text)


def _short(found: re.Match[str]) -> str:
    ref = parsed(found[0])
    return found[0] if ref is None else f"{ref.kind} {short_id(ref.id)}"


def ago(time: datetime, now: datetime) -> str:
    """Tell how far a time is from now."""
    if time > now:
        return f"in {describe_duration(time - now)}"
    return f"{describe_duration(now - time)} ago"


def at(time: datetime) -> str:
    """Write a time, in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def condition(run: RunState | None, now: datetime) -> str:
    """Tell in a few words how a run stands."""
    if run is None:
        return "no run can be read"
    if isinstance(run, Unknown):
        return "nobody registered it with this ledger"
    if isinstance(run, Unavailable):
        return "the ledger could not say"
    started = f"started {ago(run.started, now)}"
    return f"{started}, {_end(run, now)}"


def _end(run: Run, now: datetime) -> str:
    if run.ended is not None:
        how = _HOW[run.ending] if run.ending is not None else "ended"
        return f"{how} {ago(run.ended, now)}"
    if run.lease.away is not None:
        return f"unfinished: {plain(run.lease.away)}"
    if run.alive(now):
        return f"alive, lease until {at(run.lease.until)}"
    return f"its lease lapsed {ago(run.lease.until, now)}"
