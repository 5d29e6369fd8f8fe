"""The registry of runs of this host: start, beat, finish."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reaper.cli.failures import write
from reaper.cli.report import SCHEMA, time_text
from reaper.client import RunDirectory, Service, check_pace, configured_service, mint
from reaper.errors import RunNotOver, RunUnknown, RunUnreadable, UsageError
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
        registration = mint(
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
        _write_run(registration.read())
    else:
        write(registration.id)


def cannot_start(error: OSError) -> str:
    """Say why no run can be started, and how to mend it."""
    reason = error.strerror or str(error)
    place = f" ({error.filename})" if error.filename else ""
    return (
        f"no run can be started, because the state directory cannot be written: {reason}{place}; "
        "set REAPER_STATE to a directory that can be"
    )


def located(run_id: str) -> RunDirectory | Service:
    """Find where a run is registered: on this host, or at the service that REAPER_URL names.

    Raises:
        RunUnknown: This host does not know it, and there is no service to ask.
    """
    try:
        return RunDirectory.open(run_id)
    except RunUnknown:
        service = configured_service()
        if service is None:
            raise
        return service


def beat(run_id: str, *, as_json: bool) -> None:
    """Renew a run's lease.

    Raises:
        RunEnded: The run is over.
        RunUnreadable: The lease was not renewed.
        RegistryUnreachable: The lease was not renewed.
    """
    where = located(run_id)
    if isinstance(where, Service):
        run = where.beat(run_id, patience_s=where.patience_s)
    else:
        try:
            where.beat()
        except OSError as error:
            raise RunUnreadable(
                f"the lease of the run {run_id} was not renewed: {error}"
            ) from error
        run = where.read()
    if as_json:
        _write_run(run)


def finish(run_id: str, *, as_json: bool) -> None:
    """End a run.

    Raises:
        RunNotOver: It could not be ended.
        RegistryUnreachable: It could not be ended.
    """
    where = located(run_id)
    run = where.finish(run_id) if isinstance(where, Service) else _finished(where)
    if as_json:
        _write_run(run)


def _finished(directory: RunDirectory) -> Run:
    try:
        finished = directory.end(Ending.FINISHED, unless_alive=None)
    except OSError as error:
        raise RunNotOver(
            f"the run {directory.id} could not be finished, so it lives on: {error}"
        ) from error
    if not finished:
        raise RunNotOver(
            f"the run {directory.id} could not be finished, so it lives on: another process holds "
            f"the lock of {directory.path / 'lease'}; was it stopped?"
        )
    return directory.read()


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


def _write_run(run: Run) -> None:
    write_json({"schema": SCHEMA, "run": run_item(run, datetime.now(UTC))})
