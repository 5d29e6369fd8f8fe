"""The registry of runs of this host: start, beat, finish."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reaper.cli.failures import write
from reaper.cli.report import SCHEMA, time_text
from reaper.client import RunDirectory, check_pace, mint
from reaper.errors import RunNotOver, RunUnreadable, UsageError
from reaper.model import Ending, Run


def start(
    *,
    owner: str | None,
    prefix: str | None,
    origin: str | None,
    lease: timedelta | None,
    most: timedelta | None,
    promise: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Register a run of this host; what is None is the configuration's, or guessed."""
    from reaper.config import load  # noqa: PLC0415 - a beat, sent often, reads no configuration

    settings = load(config, os.environ)
    length = lease or settings.runs.lease
    most = most or settings.runs.max
    check_pace(lease=length, beat=min(settings.runs.beat, length / 2), most=most)
    try:
        directory = mint(
            owner=owner,
            prefix=prefix,
            realm=settings.realm,
            origin=origin,
            lease=length,
            most=most,
            promise=promise,
        )
    except OSError as error:
        raise UsageError(cannot_start(error)) from error
    if as_json:
        _write_run(directory)
    else:
        write(directory.id)


def cannot_start(error: OSError) -> str:
    """Say why no run can be started, and how to mend it."""
    reason = error.strerror or str(error)
    place = f" ({error.filename})" if error.filename else ""
    return (
        f"no run can be started, because the state directory cannot be written: {reason}{place}; "
        "set REAPER_STATE to a directory that can be"
    )


def beat(run_id: str, *, as_json: bool) -> None:
    """Renew a run's lease.

    Raises:
        RunEnded: The run is over.
        RunUnreadable: The lease was not renewed.
    """
    directory = RunDirectory.open(run_id)
    try:
        directory.beat()
    except OSError as error:
        raise RunUnreadable(f"the lease of the run {run_id} was not renewed: {error}") from error
    if as_json:
        _write_run(directory)


def finish(run_id: str, *, as_json: bool) -> None:
    """End a run.

    Raises:
        RunNotOver: It could not be ended.
    """
    directory = RunDirectory.open(run_id)
    try:
        finished = directory.end(Ending.FINISHED, unless_alive=None)
    except OSError as error:
        raise RunNotOver(
            f"the run {run_id} could not be finished, so it lives on: {error}"
        ) from error
    if not finished:
        raise RunNotOver(
            f"the run {run_id} could not be finished, so it lives on: another process holds the "
            f"lock of {directory.path / 'lease'}; was it stopped?"
        )
    if as_json:
        _write_run(directory)


def run_item(run: Run, now: datetime) -> dict[str, object]:
    """Put a run in JSON, as every command shows it."""
    return {
        "id": run.id,
        "realm": run.realm,
        "owner": run.owner,
        "origin": run.origin,
        "host": run.host,
        "started": time_text(run.started),
        "expires": time_text(run.expires),
        "promised": run.promised,
        "alive": run.alive(now),
        "lease_s": run.lease.length.total_seconds(),
        "lease_until": time_text(run.lease.until),
        "away": run.lease.away,
        "ended": time_text(run.ended),
        "ending": None if run.ending is None else run.ending.value,
    }


def write_json(value: dict[str, object]) -> None:
    """Write one document for a program."""
    write(json.dumps(value, indent=2, ensure_ascii=False))


def _write_run(directory: RunDirectory) -> None:
    write_json({"schema": SCHEMA, "run": run_item(directory.read(), datetime.now(UTC))})
