"""A run's journal: append-only files of JSON lines, one for each process that writes."""

from __future__ import annotations

import itertools
import os
import re
import time
from pathlib import Path

from reaper.client.moment import host_here
from reaper.client.record import decode_entry, encode_entry
from reaper.model import JournalEntry

PREFIX, SUFFIX = "journal-", ".jsonl"
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]")


class JournalWriter:
    """One process's file of the journal.

    It may be used from several threads, but in one process only: what is forked opens its own,
    because entries are numbered by their writer. The file is made with the first entry.
    Entries are not synced to the disk one by one: a killed process loses nothing, a power cut may.
    """

    def __init__(self, directory: Path) -> None:
        host = _UNSAFE.sub("-", host_here().name)
        self.name = f"{host}-{os.getpid()}-{time.time_ns()}"
        self.pid = os.getpid()
        self._path = directory / f"{PREFIX}{self.name}{SUFFIX}"
        self._numbers = itertools.count(1)
        self._file: int | None = None
        self._torn = False

    def next_number(self) -> int:
        """Number the next creating call."""
        return next(self._numbers)

    def append(self, entry: JournalEntry) -> None:
        """Write one entry, by one call.

        Raises:
            OSError: It was not written, or not wholly (a full disk).
        """
        file = self._open()
        # What follows a torn line stands on a line of its own.
        line = ("\n" if self._torn else "") + encode_entry(entry) + "\n"
        content = line.encode()
        written = os.write(file, content)
        self._torn = written < len(content)
        if self._torn:
            raise OSError(f"{self._path}: the disk took only a part of a journal entry")

    def close(self) -> None:
        """Close the file; a later entry opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        if self._file is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._file = os.open(self._path, flags, 0o600)
        return self._file


def read_journal(directory: Path, run_id: str) -> tuple[list[JournalEntry], list[str]]:
    """Read all entries of a run, and say of each line that cannot be read where it is and why.

    A last line without an end is what a killed process or a full disk left of a write that never
    returned: it is passed over.
    """
    entries: list[JournalEntry] = []
    problems: list[str] = []
    try:
        paths = sorted(directory.glob(f"{PREFIX}*{SUFFIX}"))
    except OSError as error:
        return [], [f"{directory}: its journals cannot be listed: {error.strerror}"]
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            problems.append(f"{path}: cannot be read: {error.strerror}")
            continue
        writer = path.name[len(PREFIX) : -len(SUFFIX)]
        for number, line in enumerate(content.split(b"\n")[:-1], start=1):
            if not line.strip():
                continue
            try:
                entries.append(_entry(line, run_id, writer))
            except ValueError as error:
                problems.append(f"{path}, line {number}: unreadable, so passed over: {error}")
    return entries, problems


def _entry(line: bytes, run_id: str, writer: str) -> JournalEntry:
    entry = decode_entry(line.decode())
    if entry.run != run_id:
        raise ValueError(f"it is of the run {entry.run!r}")
    if entry.writer != writer:
        raise ValueError(f"it is by the writer {entry.writer!r}")
    return entry
