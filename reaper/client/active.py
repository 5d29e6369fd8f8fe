"""A run while it is active in this process: its lease is kept, its creations are journaled."""

from __future__ import annotations

import logging
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reaper.client.journal import JournalWriter
from reaper.client.registration import Registration
from reaper.errors import ReaperError, RegistryUnreachable, RunEnded
from reaper.model import Beats, Ending, JournalEntry, Phase, Ref
from reaper.tags import image_tags, run_tags

log = logging.getLogger("reaper")


class ActiveRun:
    """A run that this process takes part in; a thread keeps its lease until `close`.

    Attributes:
        joined: It was handed down, so whoever minted it finishes it.
    """

    def __init__(self, registration: Registration, *, beat: timedelta, joined: bool) -> None:
        before = registration.elapsed()
        self.joined = joined
        self._registration = registration
        self._failing = False
        try:
            registration.beat()
        except RegistryUnreachable as error:
            self._holds_until = before + registration.left_s()
            self._warn(registration.read().id, error)
        self.run = registration.read()
        self._tags, self._image_tags = run_tags(self.run), image_tags(self.run)
        self._length_s = self.run.lease.length.total_seconds()
        if not self._failing:
            self._holds_until = before + self._length_s
        self._over: str | None = None
        self._pid = os.getpid()
        self._journal = JournalWriter(registration.path)
        self._stop = threading.Event()
        self._keeper = threading.Thread(
            target=self._keep, args=(beat.total_seconds(),), name="reaper-lease", daemon=True
        )
        self._keeper.start()

    @property
    def id(self) -> str:
        """The run's ID."""
        return self.run.id

    @property
    def registered(self) -> bool:
        """Whether a service keeps the run, and not its directory on this host."""
        return self.run.beats is Beats.SERVICE

    @property
    def journals(self) -> Path:
        """The directory where this host's processes journal the run."""
        return self._registration.path

    @property
    def tags(self) -> dict[str, str]:
        """The tags that each resource of the run must bear, from its creation on."""
        return dict(self._tags)

    @property
    def image_tags(self) -> dict[str, str]:
        """The labels for Docker images that the run builds."""
        return dict(self._image_tags)

    @property
    def over(self) -> str | None:
        """Why nothing more may be created: a sentence once the run is known to be over."""
        return self._over

    def refuse_if_lapsed(self) -> None:
        """Keep the promise: call it before each creating call, which must not be made if it raises.

        Raises:
            RunEnded: The run is over, or its lease lapsed and cannot be renewed.
        """
        if self._over is None and (self._registration.ended or not self._holds()):
            self._renew()
        if self._over is not None:
            raise RunEnded(self._over)
        if not self._holds():
            raise RunEnded(
                f"the lease of the run {self.id} has lapsed and cannot be renewed, so nothing may "
                f"be created under it until it can; see {self._registration.path}"
            )

    def intends(
        self,
        *,
        kind: str,
        scope: str,
        id: str | None = None,  # noqa: A002 - as in `Ref`
        name: str | None = None,
        taggable: bool = True,
        test: str | None = None,
        detail: str | None = None,
    ) -> JournalEntry:
        """Journal what is about to be created; hand the entry to what tells of the result.

        Raises:
            RunEnded: Nothing may be created any more.
            OSError: The entry was not written; what cannot bear tags must not be created then.
        """
        self.refuse_if_lapsed()
        return self._append(
            None,
            phase=Phase.INTENT,
            kind=kind,
            scope=scope,
            ref=None if id is None else Ref(kind=kind, scope=scope, id=id),
            name=name,
            taggable=taggable,
            test=test,
            detail=detail,
        )

    def created(
        self,
        *,
        kind: str,
        scope: str,
        id: str,  # noqa: A002 - as in `Ref`
        incarnation: str | None = None,
        name: str | None = None,
        taggable: bool = True,
        test: str | None = None,
        intent: JournalEntry | None = None,
    ) -> JournalEntry:
        """Journal that a call made something new, with its identity from the call's response.

        It never refuses: what was created is told, also after the run's end.

        Raises:
            OSError: The entry was not written.
        """
        return self._append(
            intent,
            phase=Phase.CREATED,
            kind=kind,
            scope=scope,
            ref=Ref(kind=kind, scope=scope, id=id, incarnation=incarnation),
            name=name,
            taggable=taggable,
            test=test,
            detail=None,
        )

    def existed(
        self,
        intent: JournalEntry,
        *,
        id: str | None = None,  # noqa: A002 - as in `Ref`
        incarnation: str | None = None,
        detail: str | None = None,
    ) -> JournalEntry:
        """Journal that the intended thing was there before the call, so that it is not the run's.

        `id` and `incarnation` are told where the intent did not know them.

        Raises:
            OSError: The entry was not written.
        """
        ref = intent.ref
        if id is not None:
            ref = Ref(kind=intent.kind, scope=intent.scope, id=id, incarnation=incarnation)
        return self._answer(intent, Phase.EXISTED, detail, ref)

    def failed(self, intent: JournalEntry, *, detail: str) -> JournalEntry:
        """Journal that an intended call was refused, so that it made nothing.

        Only for an answer that says so: where the connection broke, leave the intent open.

        Raises:
            OSError: The entry was not written.
        """
        return self._answer(intent, Phase.FAILED, detail, intent.ref)

    @property
    def minted_here(self) -> bool:
        """Whether this process started the run, so that it also finishes it."""
        return not self.joined and os.getpid() == self._pid

    def close(self) -> None:
        """Stop keeping the lease, and finish the run if it was minted here."""
        if os.getpid() != self._pid:
            return  # a forked child that left the body: thread and run are its parent's
        self._stop.set()
        self._keeper.join()
        self._journal.close()
        try:
            if not self.joined:
                self._finish()
        finally:
            self._registration.close()

    def _finish(self) -> None:
        try:
            finished = self._registration.end(Ending.FINISHED, unless_alive=None)
        except (OSError, ReaperError) as error:
            log.warning("the run %s could not be finished, so it will lapse: %s", self.id, error)
            return
        if not finished:
            log.warning(
                "the run %s could not be finished, so it will lapse: another process holds the "
                "lock of %s; was it stopped?",
                self.id,
                self._registration.path / "lease",
            )

    def _answer(
        self, intent: JournalEntry, phase: Phase, detail: str | None, ref: Ref | None
    ) -> JournalEntry:
        return self._append(
            intent,
            phase=phase,
            kind=intent.kind,
            scope=intent.scope,
            ref=ref,
            name=intent.name,
            taggable=intent.taggable,
            test=intent.test,
            detail=detail,
        )

    def _append(
        self,
        intent: JournalEntry | None,
        *,
        phase: Phase,
        kind: str,
        scope: str,
        ref: Ref | None,
        name: str | None,
        taggable: bool,
        test: str | None,
        detail: str | None,
    ) -> JournalEntry:
        writer = self._writer()
        answers = intent is not None and intent.writer == writer.name
        entry = JournalEntry(
            run=self.id,
            writer=writer.name,
            seq=intent.seq if intent is not None and answers else writer.next_number(),
            at=datetime.now(UTC),
            phase=phase,
            kind=kind,
            scope=scope,
            ref=ref,
            name=name,
            taggable=taggable,
            test=test,
            detail=detail,
        )
        writer.append(entry)
        if taggable:
            self._registration.tell_soon()
        else:
            self._registration.told()  # nothing else says whose it is
        return entry

    def _writer(self) -> JournalWriter:
        """This process's writer; a forked child gets its own."""
        if self._journal.pid != os.getpid():
            self._journal = JournalWriter(self._registration.path)
        return self._journal

    def _holds(self) -> bool:
        return self._registration.elapsed() <= self._holds_until

    def _keep(self, beat_s: float) -> None:
        """Beat until told to stop, or until the run is over."""
        while not self._stop.wait(beat_s):
            if not self._renew():
                return

    def _renew(self) -> bool:
        """Beat once; false once the run is over."""
        before = self._registration.elapsed()
        try:
            self._registration.beat()
        except RunEnded as error:
            if self._over is None:
                self._over = str(error)
                log.critical("%s", error)
            return False
        except (OSError, ReaperError) as error:
            if not self._failing:
                self._warn(self.id, error)
            return True
        self._holds_until = before + self._length_s
        if self._failing:
            self._failing = False
            log.warning("the lease of the run %s is renewed again", self.id)
        return True

    def _warn(self, run_id: str, error: Exception) -> None:
        """Say that the lease was not renewed, and when nothing more may be created therefore."""
        self._failing = True
        left = timedelta(seconds=max(0.0, self._holds_until - self._registration.elapsed()))
        log.warning(
            "the lease of the run %s was not renewed: %s; it is tried again, and if that fails "
            "until %s UTC, nothing more may be created under it from then on until it works",
            run_id,
            error,
            f"{datetime.now(UTC) + left:%H:%M:%S}",
        )
