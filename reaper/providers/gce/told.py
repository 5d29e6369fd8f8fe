"""What lists have just told: whole resources, which need not be read again at once.

A list of Google's is as authoritative as a read of one. What an index listed serves the read that
follows it, and no other: a second look asks Google.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

# A scan reads right after its index, which can take minutes in a large project.
_LISTED_FOR_S = 600.0
# What was read along with something else is asked for in the same moment.
_READ_ALONG_FOR_S = 3.0
# How old a list of users may be when a resource itself is read; the sweep allows ten seconds.
_SHARED_FOR_S = 3.0

Key = tuple[str, str]


class Told:
    """Items by kind and ID, each given out once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._items: dict[Key, tuple[float, dict[str, Any]]] = {}
        self._shared: dict[str, tuple[float, Any]] = {}
        self._sharing: dict[str, threading.Lock] = {}

    def listed(self, items: Mapping[Key, dict[str, Any]]) -> None:
        """Keep what an index listed, for the next read; what an earlier one listed is void."""
        until = self._clock() + _LISTED_FOR_S
        with self._lock:
            self._items = {key: (until, item) for key, item in items.items()}

    def read_along(self, items: Mapping[Key, dict[str, Any]]) -> None:
        """Keep what was read along with others, for the next read of this moment."""
        until = self._clock() + _READ_ALONG_FOR_S
        with self._lock:
            self._items.update({key: (until, item) for key, item in items.items()})

    def take(self, wanted: Iterable[Key]) -> dict[Key, dict[str, Any]]:
        """Give out what is there of these, and forget everything else."""
        now = self._clock()
        with self._lock:
            items, self._items = self._items, {}
        return {key: items[key][1] for key in wanted if key in items and items[key][0] >= now}

    def shared(self, what: str, ask: Callable[[], T]) -> T:
        """Ask once for what several resources are held against, for reads of the same seconds."""
        with self._lock:
            lock = self._sharing.setdefault(what, threading.Lock())
        with lock:
            at, known = self._shared.get(what, (float("-inf"), None))
            if self._clock() - at > _SHARED_FOR_S:
                at = self._clock()
                known = ask()
                self._shared[what] = (at, known)
            found: T = known
            return found
