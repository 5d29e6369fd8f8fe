"""The keys of our tags, and their values, in one alphabet that every provider bears unchanged."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

from reaper.model import FOREVER, Run
from reaper.model.run_id import MAX_LENGTH

REALM = "reaper-realm"
RUN = "reaper-run"
EXPIRES = "reaper-expires"
OWNER = "reaper-owner"
KEEP = "reaper-keep"
IMAGE_RUN = "reaper-image-run"

DEFAULT_REALM = "default"

# Stands before an encoded owner that would begin with `-` or `_`, which not every cloud bears.
_SHIELD = "x--"
# Parts a long owner's beginning from its hash. `_` is always followed by two digits otherwise.
_HASHED = "_-"
_HASH_DIGITS = 16
_ENCODED = re.compile(r"(?:[a-z0-9-]|_[0-9a-f]{2})+", re.ASCII)
_EPOCH_SECONDS = re.compile(r"[1-9][0-9]{9,10}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run_tags(run: Run) -> dict[str, str]:
    """The tags that each resource of the run bears; they are the same for its whole life."""
    tags = {REALM: run.realm, RUN: run.id, EXPIRES: write_epoch(run.expires)}
    if run.owner:
        tags[OWNER] = encode_owner(run.owner)
    return tags


def image_tags(run: Run) -> dict[str, str]:
    """The labels of an image that the run makes: containers inherit them, so none is RUN."""
    tags = run_tags(run)
    tags[IMAGE_RUN] = tags.pop(RUN)
    return tags


def encode_owner(text: str) -> str:
    """Write an owner in the alphabet of tags, reversibly up to 63 characters of result.

    Longer than that it is a beginning and a hash, and only the ledger knows the whole.

    Raises:
        ValueError: The text is empty; an owner that is not known has no tag.

    >>> encode_owner("alice@example.com")
    'alice_40example_2ecom'
    """
    if not text:
        raise ValueError("an owner has at least one character: leave out the tag if none is known")
    encoded = _encode(text)
    if len(encoded) <= MAX_LENGTH:
        return encoded
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return encoded[: MAX_LENGTH - len(_HASHED) - _HASH_DIGITS] + _HASHED + digest


def decode_owner(value: str) -> str | None:
    """Read what `encode_owner` wrote; None where that was hashed, or is not its writing at all."""
    body = value.removeprefix(_SHIELD)
    if _ENCODED.fullmatch(body) is None:
        return None
    raw = re.sub(rb"_(..)", lambda match: bytes.fromhex(match[1].decode()), body.encode())
    try:
        text = raw.decode(errors="surrogatepass")
    except UnicodeDecodeError:
        return None
    return text if _encode(text) == value else None


def write_epoch(moment: datetime) -> str:
    """Write a moment as epoch seconds, rounded up: what expires must never do so too early."""
    return str(-((_EPOCH - moment) // timedelta(seconds=1)))


def read_epoch(value: str) -> datetime | None:
    """Read epoch seconds; None where the value is none.

    A number before September 2001 is none: a person who writes `24` means hours, and would see
    what they wanted to keep go at once. Nor is one of more than eleven digits: milliseconds.
    """
    if _EPOCH_SECONDS.fullmatch(value) is None:
        return None
    return _EPOCH + timedelta(seconds=int(value))


def read_keep(value: str) -> datetime | str | None:
    """Read a keep tag: a time or FOREVER; None where the value is neither."""
    return FOREVER if value == FOREVER else read_epoch(value)


def _encode(text: str) -> str:
    encoded = "".join(
        chr(byte) if chr(byte) in "abcdefghijklmnopqrstuvwxyz0123456789-" else f"_{byte:02x}"
        for byte in text.encode(errors="surrogatepass")
    )
    if encoded.endswith("-"):
        encoded = f"{encoded[:-1]}_2d"
    if encoded.startswith(("_", "-", _SHIELD)):
        return _SHIELD + encoded
    return encoded
