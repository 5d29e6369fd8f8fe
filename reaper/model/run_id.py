"""Run IDs: how one is made, checked, and read for the moment at which its run began."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta

from reaper.errors import InvalidRunId

# The longest prefix with which an ID, its `-` and its ULID fit into a tag's value.
MAX_PREFIX = 36
MAX_LENGTH = 63

_VALUE = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?", re.ASCII)
# Crockford's base 32 in lower case; a first digit above 7 does not fit into 128 bits.
_ULID = re.compile(r"(?:.*-)?([0-7][0-9a-hjkmnp-tv-z]{25})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_value(text: str) -> bool:
    """Whether every provider bears the text as a tag's value, unchanged."""
    return _VALUE.fullmatch(text) is not None


def check_run_id(text: str) -> str:
    """Give the run ID back if every cloud can bear it as a tag's value.

    Raises:
        InvalidRunId: It cannot be; the message says what is wrong and what is wanted.
    """
    if is_value(text):
        return text
    if not text:
        wrong = "is empty"
    elif len(text) > MAX_LENGTH:
        wrong = f"has {len(text)} characters"
    elif strange := sorted(set(re.sub(r"[a-z0-9_-]", "", text, flags=re.ASCII))):
        wrong = f"has {', '.join(map(repr, strange))}"
    else:
        wrong = "begins or ends with - or _"
    raise InvalidRunId(
        f"{text!r} is no run ID, because it {wrong}: write 1 to {MAX_LENGTH} of a-z, 0-9, - and _, "
        "with a letter or digit at both ends, or leave it out to have one made"
    )


def new_run_id(prefix: str = "r", *, at: datetime | None = None) -> str:
    """Make a fresh ID: the prefix, `-`, and a lower-case ULID of this moment.

    Its random part is drawn anew each time, not counted up, so that forked processes never agree.

    Raises:
        InvalidRunId: The prefix cannot be borne by every cloud; `safe_prefix` mends that.
    """
    from ulid import ULID  # noqa: PLC0415 - only who mints a run pays for the import

    moment = datetime.now(UTC) if at is None else at
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone: a run's start must be an aware datetime")
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    ulid = ULID.from_bytes(milliseconds.to_bytes(6, "big") + os.urandom(10))
    return check_run_id(f"{prefix}-{str(ulid).lower()}")


def safe_prefix(text: str) -> str:
    """Make any text, such as a CI job's name, a prefix for `new_run_id`.

    >>> safe_prefix("Nightly Tests (x86/64)")
    'nightly-tests-x86-64'
    """
    plain = re.sub(r"[^a-z0-9_]+", "-", text.lower(), flags=re.ASCII).strip("-_")
    return plain[:MAX_PREFIX].rstrip("-_") or "r"


def run_started(run_id: str) -> datetime | None:
    """When the run began, by the ULID at the end of its ID; None where there is none.

    >>> str(run_started("r-01jm0000000000000000000000"))
    '2025-02-13 15:49:14.880000+00:00'
    """
    from ulid import ULID  # noqa: PLC0415 - a client that never reads an ID need not import it

    match = _ULID.fullmatch(run_id)
    if match is None:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=ULID.from_str(match[1].upper()).milliseconds)
    except OverflowError:
        return None  # beyond the year 9999: 26 characters that happen to look like a ULID
