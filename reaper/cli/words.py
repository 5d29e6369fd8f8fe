"""How single things are written for a person: a name, an age, a run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from reaper.durations import describe_duration
from reaper.errors import InvalidRef
from reaper.model import Ref, Run, RunState, Unavailable, Unknown
from reaper.model.run import Ending
from reaper.plan.stay import listed

_LONG_ID = 24
_HEX = frozenset("0123456789abcdef")
_REFERENCE = r"[a-z0-9]+(?::[a-z0-9./-]+)+@[^\s(),;]+"
_RANDOM = re.compile(r"[0-9a-f]{16}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

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
    >>> short_id("arn:aws:sns:us-east-1:123456789012:alarms")
    'alarms'
    """
    if text.startswith("arn:"):
        return "/".join(_parts(text))
    bare = text.removeprefix("sha256:")
    return bare[:12] if len(bare) > _LONG_ID and set(bare) <= _HEX else text


def _parts(arn: str) -> list[str]:
    """What tells one ARN from another of its kind: words, and what is random at the end.

    >>> _parts("arn:aws:elasticloadbalancing:r:1:listener/app/web/" + "ab" * 8 + "/" + "cd" * 8)
    ['app', 'web', 'cdcdcdcdcdcdcdcd']
    """
    resource = arn.split(":", 5)[-1]
    # The noun is the kind's already; a topic's ARN has none.
    *_, rest = re.split(r"[/:]", resource, maxsplit=1)
    *before, last = rest.split("/")
    return [*(part for part in before if not _RANDOM.fullmatch(part)), last]


def titled(ref: Ref, name: str | None) -> str:
    """Name a resource: kind, name, and ID where that is another thing."""
    return f"{ref.kind} {title(ref, name)}"


def title(ref: Ref, name: str | None) -> str:
    """Name a resource among others of its kind: the name, and the ID where it says more.

    >>> title(Ref(kind="aws:ec2:vpc", scope="1/r", id="vpc-1"), "ours")
    'ours (vpc-1)'
    >>> title(Ref(kind="aws:sns:topic", scope="1/r", id="arn:aws:sns:r:1:alarms"), "alarms")
    'alarms'
    >>> stack = "arn:aws:cloudformation:r:1:stack/ours/6a1bb2dc-ab48-41e3-be7a-892cc48874ce"
    >>> title(Ref(kind="aws:cloudformation:stack", scope="1/r", id=stack), "ours")
    'ours (6a1bb2dc-ab48-41e3-be7a-892cc48874ce)'
    """
    short = short_id(ref.id)
    if name is None or name in {ref.id, short}:
        return plain(short)
    if ref.id.startswith("arn:") and name in short.split("/"):
        short = short.rpartition("/")[2]
    return plain(f"{name} ({short})")


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
    >>> without_addresses("used by web (aws:ec2:instance@123456789012/us-east-1/i-1)")
    'used by web'
    >>> without_addresses("waits for aws:ec2:subnet@123456789012/eu-west-1/subnet-1 to go first")
    'waits for aws:ec2:subnet subnet-1 to go first'
    """
    text = re.sub(rf" \({_REFERENCE}\)", "", text)
    text = re.sub(rf"{_REFERENCE} \(([^()]+)\)", r"\1", text)
    return re.sub(_REFERENCE, _short, text)


def blamed(blocked_by: Sequence[str], detail: str) -> str:
    """Name the blockers that a sentence about them does not name, in parentheses after it.

    One of ours names some of several, and counts the others; a place's own word names none, or
    calls them in its own way.

    >>> blamed(["aws:ec2:instance@1/r/i-1"], "DependencyViolation")
    ' (by aws:ec2:instance i-1)'
    >>> blamed(["aws:ec2:instance@1/r/i-1"], "used by aws:ec2:instance@1/r/i-1")
    ''
    """
    refs = [name for name in blocked_by if parsed(name) is not None]
    if any(ref in detail for ref in refs):
        refs = []
    others = [name for name in blocked_by if parsed(name) is None and name not in detail]
    unnamed = [*(without_addresses(ref) for ref in refs), *others]
    return f" (by {listed(unnamed)})" if unnamed else ""


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
