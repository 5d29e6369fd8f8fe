"""Sends the journals of a run's processes on this host to the service, each entry at least once.

How far a file was sent stands beside it, so that whoever comes next goes on from there: another
process of the run, or a later run that finds what a killed one had not sent.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from reaper.client.journal import PREFIX, SUFFIX
from reaper.client.record import decode_entry
from reaper.client.service import Service
from reaper.errors import RequestRefused
from reaper.model import JournalEntry

log = logging.getLogger("reaper")

_MOST_ENTRIES = 500
_MOST_BYTES = 256 << 10


def ship(directory: Path, run_id: str, service: Service) -> None:
    """Send what was not sent yet.

    Raises:
        RegistryUnreachable: The service does not answer; the rest is sent next time.
        RunUnknown: The service does not know the run.
        OSError: The journal cannot be read.
    """
    for path in sorted(directory.glob(f"{PREFIX}*{SUFFIX}")):
        _ship_file(path, run_id, service)


def _ship_file(path: Path, run_id: str, service: Service) -> None:
    mark = path.with_suffix(".sent")
    sent = _sent(mark)
    while True:
        with path.open("rb") as file:
            file.seek(sent)
            block = file.read(_MOST_BYTES)
        end = block.rfind(b"\n") + 1
        if not end:
            return  # nothing more, or not wholly written yet
        lines = block[:end].split(b"\n")[:-1][:_MOST_ENTRIES]
        entries = [entry for line in lines if (entry := _entry(line, run_id)) is not None]
        if entries:
            _send(entries, run_id, service)
        sent += sum(len(line) + 1 for line in lines)
        _note(mark, sent)


def _send(entries: list[JournalEntry], run_id: str, service: Service) -> None:
    """Send a batch; an entry that the service will never take does not hold up the others."""
    try:
        service.send_entries(run_id, entries)
    except RequestRefused as error:
        if len(entries) == 1:
            log.warning("an entry of the journal of %s was refused: %s", run_id, error)
            return
        middle = len(entries) // 2
        _send(entries[:middle], run_id, service)
        _send(entries[middle:], run_id, service)


def _entry(line: bytes, run_id: str) -> JournalEntry | None:
    try:
        entry = decode_entry(line.decode())
    except ValueError:
        return None  # torn by a full disk; what follows stands on a line of its own
    return entry if entry.run == run_id else None


def _sent(mark: Path) -> int:
    try:
        return max(0, int(mark.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return 0  # then it is sent again, which changes nothing


def _note(mark: Path, sent: int) -> None:
    draft = mark.with_name(f".{mark.name}-{os.getpid()}")
    with contextlib.suppress(OSError):
        draft.write_text(str(sent), encoding="ascii")
        draft.replace(mark)
