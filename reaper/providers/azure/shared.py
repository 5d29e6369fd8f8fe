"""What several resources are held against is asked for once in the same seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

# How old a list may be when a resource itself is read; the sweep allows ten seconds.
_SHARED_FOR_S = 3.0


class Shared:
    """Answers by what was asked; a question that failed is asked anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Any]] = {}
        self._asking: dict[str, threading.Lock] = {}

    def get(self, what: str, ask: Callable[[], T]) -> T:
        """Give the answer of the last seconds, or ask."""
        with self._lock:
            lock = self._asking.setdefault(what, threading.Lock())
        with lock:
            at, known = self._known.get(what, (float("-inf"), None))
            if self._clock() - at > _SHARED_FOR_S:
                at = self._clock()
                known = ask()
                self._known[what] = (at, known)
            found: T = known
            return found
