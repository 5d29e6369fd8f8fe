"""What is known of runs: this host's directories, and what the ledger knows besides them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reaper.cli.failures import say, write
from reaper.cli.registry import run_item, write_json
from reaper.cli.report import SCHEMA, Exit, time_text
from reaper.cli.words import plain
from reaper.client import RunDirectory, Service, configured_service, directories
from reaper.client.service import entry_of
from reaper.config import load
from reaper.durations import describe_duration
from reaper.errors import (
    LedgerError,
    ReaperError,
    RegistryUnreachable,
    RunUnknown,
    RunUnreadable,
)
from reaper.ledger import Ledger
from reaper.model import JournalEntry, Run

_MOST = 1000  # runs that the ledger alone knows; those that started last


def list_runs(config: Path | None, *, as_json: bool) -> Exit:
    """List the runs of this host and of the ledger, the oldest first.

    Where REAPER_URL names a service, its ledger is told, as far as the token sees it.
    """
    now = datetime.now(UTC)
    here: dict[str, Run] = {}
    problems: list[str] = []
    for directory in directories():
        try:
            here[directory.id] = directory.read(now)
        except RunUnreadable as error:
            problems.append(str(error))
    known: dict[str, Run] = {}
    service = configured_service()
    try:
        if service is not None:
            known = {run.id: run for run in service.runs()}
        else:
            with Ledger.open(load(config, os.environ).ledger) as ledger:
                latest = ledger.list_runs(limit=_MOST)
                known = {run.id: run for run in latest} | ledger.runs(here)
    except (LedgerError, RegistryUnreachable) as error:
        problems.append(_only_here(error))
    if len(known) >= _MOST:
        say(f"of the runs that only the ledger knows, the {_MOST} are shown that started last")
    runs = merged(here, known)
    if as_json:
        write_json(_listing(problems) | {"items": [run_item(run, now) for run in runs]})
    elif runs:
        write(_table([("RUN", "STATE", "OWNER", "HOST", "AGE", "LEASE"), *_rows(runs, now)]))
    else:
        write("there are no runs on this host, and the ledger knows none")
    return _code(problems, as_json=as_json)


def merged(here: Mapping[str, Run], known: Mapping[str, Run]) -> list[Run]:
    """Put together what directories and ledger say of runs, the oldest run first.

    A directory says best how its run's lease stands; but an end holds, whoever knows of it.
    """
    runs = dict(known)
    for run_id, run in here.items():
        other = known.get(run_id)
        if other is not None and run.ended is None and other.ended is not None:
            lease = replace(run.lease, away=None)
            runs[run_id] = replace(run, lease=lease, ended=other.ended, ending=other.ending)
        else:
            runs[run_id] = run
    return sorted(runs.values(), key=lambda run: (run.started, run.id))


def show(run_id: str, config: Path | None, *, as_json: bool) -> Exit:
    """Show one run with its journal.

    Raises:
        RunUnknown: Neither this host nor the ledger knows it.
        LedgerError: This host does not know it, and the ledger cannot be asked.
    """
    now = datetime.now(UTC)
    told = _told(run_id, config, now)
    if as_json:
        journal = [entry_item(entry) for entry in told.journal]
        content = {"run": run_item(told.run, now), "journal": journal}
        write_json(_listing(told.problems) | content)
    else:
        write(_table(_facts(told.run, told.directory, now)))
        write(f"\njournal: {len(told.journal)} entries")
        write(_table([_entry_row(entry) for entry in told.journal]))
    return _code(told.problems, as_json=as_json)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """A run, its journal in the order of time, and what could not be read of them."""

    run: Run
    directory: Path | None
    journal: Sequence[JournalEntry]
    problems: Sequence[str]


def _told(run_id: str, config: Path | None, now: datetime) -> _Told:
    try:
        directory = RunDirectory.open(run_id)
    except RunUnknown as unknown:
        service = configured_service()
        if service is not None:
            return _told_by_the_service(run_id, service)
        return _told_by_the_ledger(run_id, config, unknown)
    run = directory.read(now)
    entries, problems = directory.entries()
    try:
        with Ledger.open(load(config, os.environ).ledger) as ledger:
            (run,) = merged({run_id: run}, ledger.runs([run_id]))
    except LedgerError as error:
        problems.append(_only_here(error))
    return _Told(run=run, directory=directory.path, journal=_in_time(entries), problems=problems)


def _told_by_the_ledger(run_id: str, config: Path | None, unknown: RunUnknown) -> _Told:
    with Ledger.open(load(config, os.environ).ledger) as ledger:
        run = ledger.runs([run_id]).get(run_id)
        if run is None:
            raise RunUnknown(f"{unknown} (the ledger {ledger.url_shown} does not know it either)")
        journal = _in_time(ledger.run_entries(run_id))
    return _Told(run=run, directory=None, journal=journal, problems=())


def _told_by_the_service(run_id: str, service: Service) -> _Told:
    journal = [entry_of(run_id, item) for item in service.journal(run_id)]
    return _Told(run=service.show(run_id), directory=None, journal=_in_time(journal), problems=())


def _in_time(entries: Iterable[JournalEntry]) -> list[JournalEntry]:
    return sorted(entries, key=lambda entry: (entry.at, entry.writer, entry.seq))


def _only_here(error: ReaperError) -> str:
    return f"what the ledger knows of runs is not shown: {error}"


def _listing(problems: Sequence[str]) -> dict[str, object]:
    nowhere = {"provider": None, "scope": None, "kind": None}
    return {
        "schema": SCHEMA,
        "complete": not problems,
        "gaps": [nowhere | {"reason": problem} for problem in problems],
    }


def entry_item(entry: JournalEntry) -> dict[str, object]:
    """Put an entry of a journal in JSON, as every list of them shows it."""
    return {
        "writer": entry.writer,
        "seq": entry.seq,
        "at": time_text(entry.at),
        "phase": entry.phase.value,
        "kind": entry.kind,
        "scope": entry.scope,
        "id": None if entry.ref is None else entry.ref.id,
        "incarnation": None if entry.ref is None else entry.ref.incarnation,
        "name": entry.name,
        "taggable": entry.taggable,
        "test": entry.test,
        "detail": entry.detail,
    }


def _rows(runs: Iterable[Run], now: datetime) -> Iterable[tuple[str, ...]]:
    for run in runs:
        age = describe_duration(now - run.started)
        yield run.id, _state(run, now), run.owner or "?", run.host or "?", age, _lease(run, now)


def _facts(run: Run, directory: Path | None, now: datetime) -> list[tuple[str, str]]:
    return [
        ("run", run.id),
        ("state", _state(run, now)),
        ("lease", _lease(run, now)),
        ("owner", run.owner or "?"),
        ("origin", run.origin or "?"),
        ("host", run.host or "?"),
        ("realm", run.realm),
        ("started", time_text(run.started) or ""),
        ("expires", time_text(run.expires) or ""),
        ("promise", "stops creating at lapse" if run.promised else "none"),
        ("ended", time_text(run.ended) or "not yet"),
        ("directory", str(directory) if directory else "not on this host: told by the ledger"),
    ]


def _entry_row(entry: JournalEntry) -> tuple[str, ...]:
    what = f"{entry.kind}@{entry.scope}" if entry.ref is None else str(entry.ref)
    told = " ".join(part for part in (entry.name, entry.test, entry.detail) if part)
    return (time_text(entry.at) or "", entry.phase.value, what, told)


def _state(run: Run, now: datetime) -> str:
    if run.ended is not None:
        return "ended" if run.ending is None else f"ended ({run.ending.value})"
    return "alive" if run.alive(now) else "lapsed"


def _lease(run: Run, now: datetime) -> str:
    if run.ended is not None:
        return "-"
    if run.lease.away is not None:
        return f"cannot be told: {run.lease.away}"
    left = run.lease.until - now
    if left < timedelta(0):
        return f"lapsed {describe_duration(-left)} ago"
    return f"for {describe_duration(left)}"


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    """Lay out columns; unlike a terminal's tables they are never cut, for IDs are to be copied."""
    rows = [tuple(plain(cell) for cell in row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)


def _code(problems: Sequence[str], *, as_json: bool) -> Exit:
    """Say what could not be read, and by the exit code that the list is not whole."""
    if not as_json:
        for problem in problems:
            say(problem)
    return Exit.GAPS if problems else Exit.CLEAN
