"""The part `daemon`: how often cells are swept, how far it may go, and where it listens."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from reaper.config.section import Section, filled
from reaper.config.values import Duration, Length, LocalPath, Word, whole_number
from reaper.durations import parse_duration

_CRON_FIELDS = 5
_CRON = re.compile(r"[0-9a-zA-Z*/,?#-]+")
_PORTS = 65535


class Mode(StrEnum):
    """Whether a daemon deletes."""

    OBSERVE = "observe"
    ACT = "act"


def _listen_address(text: str) -> str:
    split_address(text)
    return text


def split_address(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`; an IPv6 address stands in brackets.

    Raises:
        ValueError: It is none; the message says what was wanted.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
        good = bool(colon) and port.isascii() and port.isdigit() and int(port) <= _PORTS
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            f"{text!r} is no address to listen on: write IP:PORT, such as 127.0.0.1:9187 or "
            "0.0.0.0:9187"
        )
    return host, int(port)


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) != _CRON_FIELDS or not all(_CRON.fullmatch(field) for field in fields):
        raise ValueError(
            f"{text!r} is no schedule: write five fields, minute hour day month weekday, such as "
            "'*/5 * * * *'"
        )
    return text


Cron = Annotated[str, AfterValidator(_cron)]
"""Five fields, as crontab has them, in UTC."""


class ScheduleSettings(Section):
    """When certain cells are swept."""

    cell: Word
    """Which: `PROVIDER/SCOPE` or what reports call the cell; `*` and `?` stand for any text."""

    every: Length | None = None
    """How often; null: as `cron` says."""

    cron: Cron | None = None
    """When, by minute, hour, day, month and weekday in UTC, instead of `every`."""

    @model_validator(mode="after")
    def _one_of_both(self) -> ScheduleSettings:
        if (self.every is None) == (self.cron is None):
            raise ValueError("give either every or cron")
        return self


class NotifySettings(Section):
    """Whom to tell, by apprise; off unless `urls_file` is given."""

    urls_file: LocalPath | None = None
    """A file with one address of apprise a line (`#` at its beginning makes it a comment). They
    hold secrets, so they do not stand here. null: nobody is told anything."""

    digest: Length = parse_duration("1d")
    """How often a list of what is left is sent, by owner. Once a day: more would be passed over."""

    failing_after: Length = parse_duration("1h")
    """How long a cell must have failed before that is told: a restarted engine is no news."""


class DaemonSettings(Section):
    """What `reaper daemon` does."""

    mode: Mode = Mode.OBSERVE
    """`observe`: look, judge and report with clients that cannot delete. `act`: delete as well.
    Nothing is deleted until somebody has looked at what would be."""

    every: Length = parse_duration("5m")
    """How often each cell is swept, counted from beginning to beginning."""

    full_every: Length = parse_duration("1d")
    """How often a sweep asks the native lists too, which is slower and finds what an index
    missed."""

    schedule: tuple[ScheduleSettings, ...] = ()
    """Cells with a pace of their own; the first entry that fits counts."""

    jitter: Duration = parse_duration("30s")
    """By how much the beginning of a sweep is moved at random, so that many cells, and many
    daemons, do not ask at once. At most half of the interval."""

    workers: Annotated[int, Field(ge=1, le=64), BeforeValidator(whole_number)] = 4
    """How many cells are swept at once, each by a process of its own."""

    hang_after: Length = parse_duration("30m")
    """How long a sweep may go without any progress. After that it is taken for hung, and its
    process is killed: as long as one call that hangs keeps the cell's lock."""

    stop_within: Length = parse_duration("25s")
    """How long the daemon takes to end when it is told to. Sweeps that are not over by then are
    killed; what they had begun, the next start takes up. Below the 30 s that Kubernetes gives,
    and more than Docker's 10 s: set `stop_grace_period` there."""

    listen: Annotated[str, AfterValidator(_listen_address)] = "127.0.0.1:9187"
    """IP and port of the HTTP API, `/healthz`, `/readyz` and `/metrics`. Only this machine, because
    there is no TLS: that is the business of a proxy in front."""

    requests_per_second: Annotated[int, Field(ge=1), BeforeValidator(whole_number)] = 500
    """How many requests each token may make, in the long run; the double at once. Two thousand
    runs that beat each ten seconds make two hundred."""

    notify: Annotated[NotifySettings, BeforeValidator(filled)] = NotifySettings()
    """Whom to tell of leaks, of the brake, and of what fails for long."""

    def schedule_of(self, cell: str, label: str) -> tuple[timedelta | None, str | None]:
        """Tell how often or by which cron a cell is swept; one of both is None."""
        for entry in self.schedule:
            if fnmatchcase(cell, entry.cell) or fnmatchcase(label, entry.cell):
                return entry.every, entry.cron
        return self.every, None
