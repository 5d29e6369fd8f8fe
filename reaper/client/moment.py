"""When a beat was taken, on which machine, and whether a lease that rests on it still holds.

A lease is measured in the time in which its machine was awake, by CLOCK_MONOTONIC: neither a
suspended laptop nor a jump of the wall clock lets one lapse.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from reaper.model import Lease

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_LONGEST_NAME = 100  # so that a beat's record has a fixed size; Linux allows 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """Which machine this is, as far as it can tell.

    Attributes:
        machine: The installation's ID; None where there is none, as in most containers.
        boot: The kernel's ID of this boot, the same in each of its containers; None off Linux.
    """

    name: str
    machine: str | None
    boot: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One reading of a machine's clocks.

    Attributes:
        awake_s: Seconds since some fixed moment, without those in which the machine was suspended.
    """

    wall: datetime
    awake_s: float
    host: Host


def moment_here() -> Moment:
    """Read the clocks of this machine."""
    return Moment(wall=datetime.now(UTC), awake_s=time.monotonic(), host=host_here())


@cache
def host_here() -> Host:
    """Say which machine this is."""
    machine = next((text for path in _MACHINE_IDS if (text := _content(path))), None)
    return Host(name=os.uname().nodename[:_LONGEST_NAME], machine=machine, boot=_content(_BOOT_ID))


def lease_after(beat: Moment, length: timedelta, *, here: Moment, now: datetime) -> Lease:
    """Say until when a lease holds that was last renewed by `beat`.

    `here` is this machine at `now`, and `now` is the same moment on the clock on which the lease
    is wanted. Where it cannot be told whether the run's machine was awake, the lease says so and
    does not lapse.
    """
    if _same_boot(beat, here):
        # Less than nothing cannot have gone by; doubt prolongs.
        awake = max(0.0, here.awake_s - beat.awake_s)
        return Lease(length=length, until=now + length - timedelta(seconds=awake))
    if _same_machine(beat.host, here.host):
        # Nobody of that boot is left to beat, so there is no awake time to wait for.
        return Lease(length=length, until=now + (beat.wall + length - here.wall))
    return Lease(
        length=length,
        until=now + (beat.wall + length - here.wall),
        away=(
            f"its last beat was on another machine ({beat.host.name}): only there can it be told "
            "whether it is alive; sweep there, or end it with `reaper clean RUN --force`"
        ),
    )


def _same_boot(beat: Moment, here: Moment) -> bool:
    if beat.host.boot or here.host.boot:
        return beat.host.boot == here.host.boot
    # Off Linux: a clock that reads less than at the beat was started anew since. One that reads
    # more may have been too, but then more time went by than it tells: the lease lapses late.
    return _same_machine(beat.host, here.host) and here.awake_s >= beat.awake_s


def _same_machine(one: Host, other: Host) -> bool:
    """Whether both are surely one machine; off Linux, which has no machine-id, its name decides."""
    if (one.boot is None) != (other.boot is None):
        return False
    alike = (one.name, one.machine) == (other.name, other.machine)
    return alike and (one.machine is not None or one.boot is None)


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
