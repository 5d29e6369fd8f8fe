"""What lists have just told, so that several resources of one read need not ask it each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from reaper.clock import SYSTEM_CLOCK, Clock

T = TypeVar("T")

# A scan reads right after its index, which can take minutes in a large tenancy.
_LISTED_FOR_S = 600.0
# How old a list may be where nobody says which reads belong together.
_SHARED_FOR_S = 3.0

Key = tuple[str, str]


class Told:
    """Items by kind and ID, each given out once; and what is asked once in the same seconds.

    A machine's suspension counts: what was told before it is old after it.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._items: dict[Key, tuple[float, dict[str, Any]]] = {}
        self._shared: dict[str, tuple[float, Any]] = {}
        self._constant: dict[str, Any] = {}
        self._sharing: dict[str, threading.Lock] = {}
        self._began = float("-inf")
        self._open = 0
        self._previews = 0

    def listed(self, items: Mapping[Key, dict[str, Any]]) -> None:
        """Keep what an index listed whole, for the next read and no other."""
        until = self._clock.elapsed() + _LISTED_FOR_S
        with self._lock:
            self._items = {key: (until, item) for key, item in items.items()}

    def take(self, wanted: Iterable[Key]) -> dict[Key, dict[str, Any]]:
        """Give out what is there of these, and forget everything else."""
        now = self._clock.elapsed()
        with self._lock:
            items, self._items = self._items, {}
        return {key: items[key][1] for key in wanted if key in items and items[key][0] >= now}

    @property
    def now(self) -> float:
        """The moment, for `shared`."""
        return self._clock.elapsed()

    @contextmanager
    def together(self, *, preview: bool = False) -> Iterator[None]:
        """Share what is asked within, however long it takes; nothing asked before counts here.

        With `preview` nothing is deleted by what is told within.
        """
        with self._lock:
            self._began = self._clock.elapsed()
            self._shared.clear()
            self._open += 1
            self._previews += preview
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1
                self._previews -= preview

    @property
    def preview(self) -> bool:
        """Whether all that is asked now is asked again before anything is deleted."""
        with self._lock:
            return 0 < self._open == self._previews

    def shared(self, what: str, ask: Callable[[], T], *, since: float = float("-inf")) -> T:
        """Ask once for what several resources are held against, for reads that belong together.

        Without `together` these are the reads of the same seconds. What was asked before `since`
        is asked again.
        """
        with self._lock:
            lock = self._sharing.setdefault(what, threading.Lock())
        with lock:
            with self._lock:
                at, known = self._shared.get(what, (float("-inf"), None))
            if at < self._since(since):
                at = self._clock.elapsed()
                known = ask()
                with self._lock:
                    self._shared[what] = (at, known)
            found: T = known
            return found

    def _since(self, since: float) -> float:
        """From when on something must have been asked to count now."""
        with self._lock:
            began, alone = self._began, not self._open
        oldest = self._clock.elapsed() - _SHARED_FOR_S if alone else began
        return max(since, began, oldest)

    def constant(self, what: str, ask: Callable[[], T]) -> T:
        """Ask once and for all for what never changes."""
        with self._lock:
            lock = self._sharing.setdefault(what, threading.Lock())
        with lock:
            if what not in self._constant:
                self._constant[what] = ask()
            found: T = self._constant[what]
            return found
