"""What lists have just told, so that several resources of one read need not ask it each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from reaper.clock import SYSTEM_CLOCK, Clock

T = TypeVar("T")

# A scan reads right after its index, which can take minutes in a large tenancy.
_LISTED_FOR_S = 600.0
# How old a list of users may be when a resource itself is read; the sweep allows ten seconds.
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
        self._sharing: dict[str, threading.Lock] = {}

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

    def shared(self, what: str, ask: Callable[[], T], *, since: float = float("-inf")) -> T:
        """Ask once for what several resources are held against, for reads of the same seconds.

        What was asked before `since` is asked again.
        """
        with self._lock:
            lock = self._sharing.setdefault(what, threading.Lock())
        with lock:
            at, known = self._shared.get(what, (float("-inf"), None))
            if at < since or self._clock.elapsed() - at > _SHARED_FOR_S:
                at = self._clock.elapsed()
                known = ask()
                self._shared[what] = (at, known)
            found: T = known
            return found
