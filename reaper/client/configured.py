"""What a run takes from the configuration where its caller left it open.

A sweep looks for the realm that its configuration names: a run of another one would leave behind
what nobody ever removes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

LEASE = timedelta(minutes=10)  # long enough for a machine that swaps or a debugger's halt
BEAT = timedelta(seconds=30)  # a lease survives many beats that fail
MAX = timedelta(hours=24)  # what nobody knows any more goes a day after its run began

# As `reaper.config` looks for it, which is loaded only where one of them is there.
_FILES = (Path("reaper.yaml"), Path("config.yaml"), Path("/etc/reaper/config.yaml"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the configuration says of runs.

    Attributes:
        realm: None where nothing is configured.
        endpoints: Addresses of emulators that stand for a cloud.
    """

    realm: str | None = None
    lease: timedelta = LEASE
    beat: timedelta = BEAT
    max: timedelta = MAX
    endpoints: tuple[str, ...] = ()


def configured() -> Settings:
    """Read the configuration where there is one; without it, the defaults hold.

    Raises:
        ConfigurationError: There is one, and it has errors.
    """
    if not _is_there():
        return Settings()
    from reaper.config import load  # noqa: PLC0415 - it takes longer than all else of a run

    config = load(None, os.environ)
    runs = config.runs
    places = (place for _, each in config.providers for place in each or ())
    endpoints = (getattr(place, "endpoint", None) for place in places)
    return Settings(
        realm=config.realm,
        lease=runs.lease,
        beat=runs.beat,
        max=runs.max,
        endpoints=tuple(str(address).partition("/{")[0] for address in endpoints if address),
    )


def _is_there() -> bool:
    if os.environ.get("REAPER_CONFIG") or any(_may_be_there(path) for path in _FILES):
        return True
    return any(name.startswith("REAPER_RUNS__") for name in os.environ)


def _may_be_there(path: Path) -> bool:
    """Whether there is such a file; one that cannot be looked at is for `load` to tell of."""
    try:
        return path.is_file()
    except OSError:
        return True
