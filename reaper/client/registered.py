"""A run that a service over HTTP keeps, and what of it stands on this host meanwhile.

Its directory holds `run.json` (what the service answered), `service` (where), `ended`, and the
journals of its processes until they are sent. It is no registry: no sweep reads it, since beats go
to the service alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reaper.client.directory import state_directory
from reaper.client.record import decode_run, encode_run
from reaper.client.service import Service
from reaper.client.shipping import ship
from reaper.clock import SYSTEM_CLOCK
from reaper.errors import (
    InvalidRunId,
    RegistryRefused,
    RegistryUnreachable,
    RunEnded,
    RunUnknown,
)
from reaper.model import Beats, Ending, Run
from reaper.model.run_id import check_run_id

log = logging.getLogger("reaper")

_PLACE = "registered"
_AGAIN_S = 5.0
_STRAYS_FOR_S = 5.0  # how long a new run takes to send what killed ones left
_ENTRIES_LAST = timedelta(days=30)  # the service may have forgotten the run by then


def path_here(run_id: str, state: Path | None = None) -> Path:
    """Where this host's processes journal a run that a service keeps."""
    return (state or state_directory()) / _PLACE / check_run_id(run_id)


class RegisteredRun:
    """A run at a service; several processes and hosts may take part in it."""

    def __init__(self, service: Service, run: Run, path: Path, living: int) -> None:
        self.service = service
        self.clean = False
        self._run = run
        self._path = path
        self._news = threading.Event()
        self._closed = threading.Event()
        self._sender: threading.Thread | None = None
        self._pid = os.getpid()
        self._living: int | None = living

    @classmethod
    def start(cls, service: Service, run: Run, *, state: Path) -> RegisteredRun:
        """Register a run that begins now.

        Raises:
            RegistryUnreachable: Nobody answered; it is not known whether it is registered.
            RegistryRefused: The service does not take it.
            OSError: The state directory cannot be written.
        """
        path = path_here(run.id, state)
        living = _enter(path)
        with contextlib.ExitStack() as unless_it_begins:
            unless_it_begins.callback(os.close, living)
            begun = service.start(run, request=f"{os.getpid()}-{time.time_ns()}")
            _write(path, service, begun)
            unless_it_begins.pop_all()
        return cls(service, begun, path, living)

    @classmethod
    def join(cls, service: Service, run_id: str, *, state: Path) -> RegisteredRun:
        """Take part in a run that was handed down; on its own host also while the service is away.

        Raises:
            RunEnded: It is over.
            RunUnknown: The service does not know it, or not as this token's.
            RegistryUnreachable: Nobody answered, and this host does not know it.
            RegistryRefused: The service does not take the token.
            OSError: The state directory cannot be written.
        """
        path = path_here(run_id, state)
        living = _enter(path)
        with contextlib.ExitStack() as unless_it_is_joined:
            unless_it_is_joined.callback(os.close, living)
            run = _joined(service, run_id, path)
            unless_it_is_joined.pop_all()
        return cls(service, run, path, living)

    @property
    def id(self) -> str:
        """The run's ID."""
        return self._run.id

    @property
    def path(self) -> Path:
        """Where this host's processes journal."""
        return self._path

    @property
    def ended(self) -> bool:
        """Whether it was learnt on this host that the run is over."""
        return (self._path / "ended").exists()

    def beat(self) -> None:
        """Renew the lease at the service, and send what the journals have.

        Raises:
            RunEnded: The run is over.
            RegistryUnreachable: The lease was not renewed.
            RegistryRefused: The lease was not renewed.
            RunUnknown: The service does not know the run any more.
        """
        try:
            self._run = self.service.beat(self.id)
        except RunEnded:
            with contextlib.suppress(OSError):
                (self._path / "ended").touch()
            raise
        with contextlib.suppress(OSError):
            os.utime(self._path / "run.json")  # how fresh the lease is, for who joins later
        self._news.set()

    def left_s(self) -> float:
        """Seconds for which the lease holds at least, as far as this host knows."""
        return (self._run.lease.until - datetime.now(UTC)).total_seconds()

    def read(self) -> Run:
        """Tell what the service last said of the run."""
        return self._run

    def elapsed(self) -> float:
        """Count the time in which the machine slept too: the service's clock goes on meanwhile."""
        return SYSTEM_CLOCK.elapsed()

    def end(self, ending: Ending, *, unless_alive: timedelta | None = None) -> bool:
        """Finish the run, after all that was journaled was sent.

        Raises:
            RegistryUnreachable: The service does not answer: the run will lapse.
            RegistryRefused: It does not take the token.
            RunUnknown: It does not know the run any more.
        """
        assert ending is Ending.FINISHED  # a client can end its own run only
        assert unless_alive is None
        self._send()
        self._run = self.service.finish(self.id, clean=self.clean)
        # The directory stays for what is journaled late; the next run here sends it and removes it.
        with contextlib.suppress(OSError):
            (self._path / "ended").touch()
        return True

    def told(self) -> None:
        """Send the journals now; what cannot be sent is said, and sent later."""
        self._send()

    def tell_soon(self) -> None:
        """Let a thread send the journals."""
        if self._sender is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._closed = threading.Event()
            self._news = threading.Event()
            self._sender = threading.Thread(
                target=self._keep_sending, name="reaper-journal", daemon=True
            )
            self._sender.start()
        self._news.set()

    def close(self) -> None:
        """Send what is left."""
        self._closed.set()
        self._news.set()
        if self._sender is not None and self._pid == os.getpid():
            self._sender.join()
        self._send()
        if self._living is not None:
            os.close(self._living)
            self._living = None

    def _keep_sending(self) -> None:
        while True:
            self._news.wait()
            if self._closed.is_set():
                return
            self._news.clear()
            if not self._send() and not self._closed.wait(_AGAIN_S):
                self._news.set()

    def _send(self) -> bool:
        try:
            ship(self._path, self.id, self.service)
        except (RegistryUnreachable, RegistryRefused, RunUnknown, OSError) as error:
            log.warning("the journal of the run %s is sent later: %s", self.id, error)
            return False
        return True


def send_strays(service: Service, state: Path) -> None:
    """Send what killed processes of this host had not sent, for a few seconds at most."""
    deadline = time.monotonic() + _STRAYS_FOR_S
    with contextlib.suppress(OSError, RegistryUnreachable, RegistryRefused):
        for path in sorted((state / _PLACE).iterdir()):
            if time.monotonic() > deadline:
                return
            _send_stray(path, service)


def _send_stray(path: Path, service: Service) -> None:
    run = _read(path, service)
    if run is None:
        return
    with _alone(path) as alone:
        if not alone:
            return  # its processes live, and send it themselves
        try:
            ship(path, run.id, service)
        except RunUnknown:
            if datetime.now(UTC) - run.started < _ENTRIES_LAST:
                return
        shutil.rmtree(path, ignore_errors=True)


def _enter(path: Path) -> int:
    """Make the directory, and hold a lock in it while this process takes part in the run.

    By it others know that the journal is no stray.
    """
    while True:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path / "living", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(file, fcntl.LOCK_SH)
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(file).st_ino == (path / "living").stat().st_ino:
                return file
        os.close(file)  # it was taken for a stray and removed meanwhile


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    file = os.open(path / "living", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)


def _joined(service: Service, run_id: str, path: Path) -> Run:
    try:
        run = service.join(run_id)
    except RegistryUnreachable:
        known = _read(path, service)
        if known is None:
            raise
        return known
    _write(path, service, run)
    return run


def _write(path: Path, service: Service, run: Run) -> None:
    record = json.dumps({"url": service.url, "run": encode_run(run)})
    draft = path / f".run-{os.getpid()}"
    draft.write_text(record, encoding="utf-8")
    draft.replace(path / "run.json")


def _read(path: Path, service: Service) -> Run | None:
    """Read which run it is; None where that cannot be told, or where another service keeps it."""
    file = path / "run.json"
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        beaten = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        run = decode_run(record["run"])
        check_run_id(path.name)
    except (OSError, ValueError, KeyError, TypeError, InvalidRunId):
        return None
    if record.get("url") != service.url or run.id != path.name:
        return None
    lease = replace(run.lease, until=beaten + run.lease.length)
    return replace(run, beats=Beats.SERVICE, lease=lease)
