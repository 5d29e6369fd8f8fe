"""A run's directory: what it is, its lease, its end and its journal, as files.

Without a server it is the registry: `run.json` says what the run is, `lease` holds its last beat,
`ended` its end, `journal-*.jsonl` what it created. Beats and the end exclude each other by a lock
on `lease`, so that a beat either keeps the run alive or learns that it is over. Reading needs no
lock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from reaper.client.journal import read_journal
from reaper.client.moment import Moment, lease_after, moment_here
from reaper.client.record import (
    decode_beat,
    decode_end,
    decode_run,
    encode_beat,
    encode_end,
    encode_run,
)
from reaper.errors import (
    InvalidRunId,
    RunEnded,
    RunExists,
    RunNotOver,
    RunUnknown,
    RunUnreadable,
    UsageError,
)
from reaper.model import Ending, JournalEntry, Lease, Run
from reaper.model.run_id import check_run_id

_POLL_S = 0.02
_READS = 10  # a beat may be half written while it is read


def state_directory() -> Path:
    """Say where this user's state is: REAPER_STATE, else the XDG state directory's `reaper`."""
    given = os.environ.get("REAPER_STATE")
    if given:
        return Path(given).expanduser().absolute()
    base = Path(os.environ.get("XDG_STATE_HOME") or "")
    try:
        return (base if base.is_absolute() else Path.home() / ".local" / "state") / "reaper"
    except RuntimeError as error:
        raise UsageError(
            "there is no home directory to keep runs in: set REAPER_STATE to a directory"
        ) from error


def directories(state: Path | None = None) -> Iterator[RunDirectory]:
    """Go through the directories of all runs, also those that cannot be read; oldest names first.

    Raises:
        RunUnreadable: They cannot be listed; what runs there are is unknown.
    """
    runs = (state or state_directory()) / "runs"
    try:
        found = sorted(path for path in runs.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunUnreadable(f"{runs}: the runs cannot be listed: {error.strerror}") from error
    for path in found:
        yield RunDirectory(path=path)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDirectory:
    """The directory of one run; several processes may use it at once.

    Attributes:
        patience_s: How long the lock is waited for, in seconds. Who holds it writes one kilobyte,
            so five are plenty, unless it was stopped.
    """

    path: Path
    patience_s: float = 5.0

    @classmethod
    def create(cls, run: Run, *, state: Path | None = None) -> RunDirectory:
        """Register a run by making its directory; its lease begins now.

        Raises:
            RunExists: There was a run of this ID.
            OSError: The state directory cannot be written.
        """
        runs = (state or state_directory()) / "runs"
        path = runs / check_run_id(run.id)
        runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whoever lists the runs sees it whole or not at all.
        unborn = runs / f".new-{run.id}-{os.getpid()}-{threading.get_ident()}"
        unborn.mkdir(mode=0o700)
        try:
            _write_whole(unborn / "run.json", encode_run(run).encode())
            _write_whole(unborn / "lease", encode_beat(moment_here()))
            # (An empty directory would be replaced by a rename.)
            if path.exists():
                raise RunExists(_exists(run.id))
            unborn.rename(path)
        except OSError as error:
            if error.errno in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
                raise RunExists(_exists(run.id)) from error
            raise
        finally:
            shutil.rmtree(unborn, ignore_errors=True)
        return cls(path=path)

    @classmethod
    def open(cls, run_id: str, *, state: Path | None = None) -> RunDirectory:
        """Find the directory of a run.

        Raises:
            RunUnknown: There is none here.
            RunUnreadable: Whether there is one cannot be told.
        """
        runs = (state or state_directory()) / "runs"
        path = runs / check_run_id(run_id)
        try:
            there = path.is_dir()
        except OSError as error:
            raise RunUnreadable(f"{path}: cannot be looked at: {error.strerror}") from error
        if not there:
            raise RunUnknown(
                f"no run {run_id} is registered in {runs}: if it was started with another state "
                "directory, set REAPER_STATE to that one"
            )
        return cls(path=path)

    @property
    def id(self) -> str:
        """The run's ID."""
        return self.path.name

    @property
    def ended(self) -> bool:
        """Whether the run was ended; a directory that is gone was, for only then it goes."""
        # (Each creating call asks: `os.path` takes a third of the time that `pathlib` does.)
        path = os.fspath(self.path)
        return os.path.exists(f"{path}/ended") or not os.path.exists(path)  # noqa: PTH110

    def beat(self, *, at: Moment | None = None) -> None:
        """Renew the lease.

        Raises:
            RunEnded: The run is over, so this beat was in vain.
            OSError: The lease was not renewed (TimeoutError: its lock was not free).
        """
        try:
            with self._locked() as lease:
                if self.ended:
                    raise RunEnded(self._end_in_words())
                os.pwrite(lease, encode_beat(at or moment_here()), 0)
        except TimeoutError:
            # Who would end the run looks at the lease once it has the lock: let it see that
            # there was a beat, though it cannot be told here that it was in time.
            self._beat_unlocked(at or moment_here())
            raise
        except FileNotFoundError as error:
            raise RunEnded(self._end_in_words()) from error

    def end(
        self,
        ending: Ending,
        *,
        unless_alive: timedelta | None,
        at: datetime | None = None,
        here: Moment | None = None,
    ) -> bool:
        """End the run, once and for all; true if it is over now, by this call or before it.

        With `unless_alive`, it is ended only if its lease lapsed by more than that. False means
        keep: the lease holds, or nobody can tell, or the lock was not to be had (a process that
        was stopped in the middle of a beat holds it). `at` is when it ends, on the caller's clock.

        Raises:
            RunUnknown: The directory is gone.
            OSError: The end could not be written; the run is as it was.
        """
        try:
            with self._locked():
                if self.ended:
                    return True
                here = here or moment_here()
                now = at or here.wall
                if unless_alive is not None:
                    lease = self._lease(self._run().lease.length, here=here, now=now)
                    if lease.away is not None or now <= lease.until + unless_alive:
                        return False
                _write_whole(self.path / "ended", encode_end(now, ending).encode())
                return True
        except TimeoutError:
            return False
        except FileNotFoundError as error:
            raise RunUnknown(f"the directory of the run {self.id} is gone: {self.path}") from error

    def read(self, now: datetime | None = None, *, here: Moment | None = None) -> Run:
        """Read the run as it is `now`; its lease is told on the clock that `now` is from.

        Raises:
            RunUnreadable: What it is cannot be read; nothing may be concluded.
        """
        here = here or moment_here()
        now = now or here.wall
        run = self._run()
        lease = self._lease(run.lease.length, here=here, now=now)
        try:
            at, ending = decode_end((self.path / "ended").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return replace(run, lease=lease)
        except (OSError, ValueError) as error:
            raise RunUnreadable(_unreadable(self.path / "ended", error)) from error
        return replace(run, lease=replace(lease, away=None), ended=at, ending=ending)

    def entries(self) -> tuple[list[JournalEntry], list[str]]:
        """Read the journals of all its processes; and which lines could not be read, in words."""
        return read_journal(self.path, self.id)

    def elapsed(self) -> float:
        """Count the time in which this machine was awake, by which the lease lapses."""
        return time.monotonic()

    def left_s(self) -> float:
        """Seconds for which the lease holds, if it was renewed just now."""
        return self._run().lease.length.total_seconds()

    def told(self) -> None:
        """Nothing: whoever sweeps here reads the journals."""

    def tell_soon(self) -> None:
        """Nothing, as well."""

    def close(self) -> None:
        """Nothing is held."""

    def remove(self) -> None:
        """Remove the directory of a run that is over, with its journal.

        Raises:
            RunNotOver: It was not ended.
            OSError: It could not be removed (wholly).
        """
        if not self.ended:
            raise RunNotOver(f"the run {self.id} was not ended, so its directory stays")
        grave = self.path.with_name(f".gone-{self.id}-{os.getpid()}")
        try:
            self.path.rename(grave)
        except FileNotFoundError:
            return
        shutil.rmtree(grave)

    def _beat_unlocked(self, at: Moment) -> None:
        with (self.path / "lease").open("r+b", buffering=0) as lease:
            lease.write(encode_beat(at))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        file = os.open(self.path / "lease", os.O_RDWR | os.O_CLOEXEC)
        try:
            deadline = time.monotonic() + self.patience_s
            while not _lock(file):
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"{self.path / 'lease'}: another process holds its lock for more than "
                        f"{self.patience_s:g} s; was it stopped? See `fuser {self.path / 'lease'}`"
                    )
                time.sleep(_POLL_S)
            try:
                yield file
            finally:
                # Closing does not suffice: a process forked meanwhile holds the lock with us.
                fcntl.flock(file, fcntl.LOCK_UN)
        finally:
            os.close(file)

    def _run(self) -> Run:
        path = self.path / "run.json"
        try:
            check_run_id(self.id)
            run = decode_run(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, InvalidRunId) as error:
            raise RunUnreadable(_unreadable(path, error)) from error
        if run.id != self.id:
            raise RunUnreadable(f"{path}: it is of the run {run.id!r}, not of its directory's")
        return run

    def _lease(self, length: timedelta, *, here: Moment, now: datetime) -> Lease:
        path = self.path / "lease"
        problem: Exception | None = None
        for _ in range(_READS):
            try:
                return lease_after(decode_beat(path.read_bytes()), length, here=here, now=now)
            except (OSError, ValueError, OverflowError) as error:
                problem = error
            time.sleep(_POLL_S / 10)
        assert problem is not None
        return Lease(length=length, until=now + length, away=_unreadable(path, problem))

    def _end_in_words(self) -> str:
        try:
            at, ending = decode_end((self.path / "ended").read_text(encoding="utf-8"))
            how = {
                Ending.FINISHED: "was finished",
                Ending.LAPSED: "was ended, because its lease had lapsed,",
                Ending.FORCED: "was ended by a person",
            }[ending]
            when = f"{how} at {at:%Y-%m-%d %H:%M:%S} UTC"
        except (OSError, ValueError):
            when = "is over, and its directory is gone or unreadable"
        return (
            f"the run {self.id} {when}: what it created is being removed, so nothing more may be "
            "created under it; start another run"
        )


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there wholly or not at all, also after a power cut."""
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _exists(run_id: str) -> str:
    return (
        f"the run {run_id} was started before, and an ID is never started twice: a re-run is "
        "another run, so leave the ID to reaper"
    )


def _unreadable(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{path}: cannot be read, so the run is kept: {reason}"
