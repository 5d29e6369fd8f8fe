"""Profiles: the tags that a team has already, as data that say how each is to be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from reaper.model import FOREVER, Resource
from reaper.tags.values import DEFAULT_REALM, IMAGE_RUN, RUN, read_epoch

# What programs write where they have no identity; each would name everybody's resources at once.
NO_IDENTITY = ("", "none", "null", "nil", "unknown", "undefined")

_HOURS = re.compile(r"[0-9]{1,6}", re.ASCII)
_EVER = frozenset({"alive", "forever", "keep", "true", "yes"})
_NEVER = frozenset({"", "0", "false", "no", "none", "terminate"})


class Read(StrEnum):
    """How a profile's value is read.

    In each of them `alive` and `forever` ask to keep for ever, and a value that cannot be read
    keeps the resource until a person looks.
    """

    HOURS = "hours"  # since the resource's creation; 0: at once
    EPOCH = "epoch"  # seconds since 1970
    WORDS = "words"  # `alive`, `keep`, `yes`, `true`; or `no`, `false`, `terminate`, nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class KeepReader:
    """Which tag asks to keep a resource, and how its value is read."""

    key: str
    read: Read = Read.EPOCH


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpiryReader:
    """When a resource of a run that nobody knows may go.

    Attributes:
        key: The tag that tells it, read as hours since creation or as epoch seconds.
        after: How long after its creation, where it bears no such tag; None: it never expires.
    """

    key: str | None = None
    read: Read = Read.EPOCH
    after: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """The tags of one team or tool.

    Attributes:
        run: The key whose value names the run.
        owner: The key that tells whom to ask.
        reap: Its resources may be deleted; without it, or without `expires`, they are reported.
        no_identity: Values of `run` that name no run, compared without regard to case.
    """

    name: str
    run: str
    owner: str | None = None
    keep: KeepReader | None = None
    expires: ExpiryReader | None = None
    reap: bool = False
    no_identity: tuple[str, ...] = NO_IDENTITY

    @property
    def report_only(self) -> bool:
        """Whether it lacks what a deletion needs: the configuration's word, and an expiry rule."""
        return not self.reap or self.expires is None

    def identity(self, tags: Mapping[str, str]) -> str | None:
        """The value that names the run; None where there is none, or one that names no run."""
        value = tags.get(self.run)
        if value is None or value.strip().casefold() in {each.casefold() for each in self._none}:
            return None
        return value

    @property
    def _none(self) -> frozenset[str]:
        return frozenset((*NO_IDENTITY, *self.no_identity))


# Profiles by the name under which a configuration can ask for them. Each is report-only as it is.
BUILT_IN: Mapping[str, tuple[Profile, ...]] = {
    "sct": (
        Profile(
            name="sct",
            run="TestId",
            owner="RunByUser",
            keep=KeepReader(key="keep", read=Read.HOURS),
        ),
    ),
    "testcontainers": tuple(
        Profile(name="testcontainers", run=key)
        for key in (
            "org.testcontainers.session-id",  # Python, Node.js
            "org.testcontainers.sessionId",  # Java, Go
            "org.testcontainers.resource-reaper-session",  # .NET
        )
    ),
    "kind": (
        # `kind` is the name of every cluster that was given none.
        Profile(name="kind", run="io.x-k8s.kind.cluster", no_identity=(*NO_IDENTITY, "kind")),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TagRules:
    """Whose tags are ours, and which others are read."""

    realm: str = DEFAULT_REALM
    profiles: tuple[Profile, ...] = ()


def marker_keys(rules: TagRules) -> tuple[str, ...]:
    """The keys that an index is asked for: whatever bears one may be a run's."""
    return tuple(dict.fromkeys((RUN, IMAGE_RUN, *(each.run for each in rules.profiles))))


@dataclass(frozen=True, kw_only=True, slots=True)
class Garbled:
    """A value that could not be read, and why, in words."""

    why: str


def read_keep_by(reader: KeepReader, resource: Resource) -> datetime | str | Garbled | None:
    """Until when the profile's tag asks to keep the resource; None where it does not ask."""
    value = resource.tags.get(reader.key)
    if value is None:
        return None
    word = value.strip().casefold()
    if word in _EVER if reader.read is Read.WORDS else word in {"alive", FOREVER}:
        return FOREVER
    if reader.read is Read.WORDS:
        return None if word in _NEVER else Garbled(why=f"{reader.key}={value!r} is no known word")
    return _read_time(reader.key, value, reader.read, resource)


def read_expiry_by(reader: ExpiryReader, resource: Resource) -> datetime | Garbled | None:
    """When the resource may go if nobody knows its run; None where nothing tells."""
    value = None if reader.key is None else resource.tags.get(reader.key)
    if reader.key is not None and value is not None:
        return _read_time(reader.key, value, reader.read, resource)
    created = _created(resource)
    return None if reader.after is None or created is None else later(created, reader.after)


def later(moment: datetime, by: timedelta) -> datetime:
    """The moment after that time, or the end of all time where the calendar has no such day."""
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _read_time(key: str, value: str, read: Read, resource: Resource) -> datetime | Garbled:
    number = value.strip()
    if read is Read.EPOCH:
        return read_epoch(number) or Garbled(why=f"{key}={value!r} is no epoch seconds")
    if read is not Read.HOURS or _HOURS.fullmatch(number) is None:
        return Garbled(why=f"{key}={value!r} is no number of hours")
    created = _created(resource)
    if created is None:
        return Garbled(why=f"{key}={value!r} counts from a creation that is not known")
    return later(created, timedelta(hours=int(number)))


def _created(resource: Resource) -> datetime | None:
    """The creation, if it can be counted from: without a time zone it could be of any hour."""
    created = resource.created
    return None if created is None or created.tzinfo is None else created
