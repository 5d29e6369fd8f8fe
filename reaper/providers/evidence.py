"""What resources were read from: their deletion goes by the look that found them clear.

While one is about to be deleted, another look may read it again, and see what somebody has changed
since. Its conditions (etags, when it was last written to) would let that pass which nobody judged.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import count
from typing import Generic, TypeVar

from reaper.model import Ref, Resource
from reaper.providers.protocol import Answer, Reading, Reply

T = TypeVar("T")


class Evidence(Generic[T]):
    """Remembers what each resource was read from last, and by which read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._known: dict[str, tuple[int, T]] = {}

    def keep(self, ref: Ref, reading: Reading, source: T | None) -> Reading:
        """Remember a reading's source, and number the reading; with None nothing is known of it."""
        with self._lock:
            if source is None:
                self._known.pop(ref.key, None)
                return reading
            number = next(self._numbers)
            self._known[ref.key] = number, source
        return replace(reading, read=number) if isinstance(reading, Resource) else reading

    def of(self, resource: Resource) -> T | Answer:
        """What a resource was read from; or why nothing is sent: no read is at hand, or another."""
        number, source = self._find(resource.ref)
        if source is None:
            detail = f"nothing was sent: {resource.ref} was not read before"
            return Answer(reply=Reply.FAILED, detail=detail)
        if number != resource.read:
            detail = f"nothing was sent: {resource.ref} was read again since it was looked at"
            return Answer(reply=Reply.IN_USE, detail=detail)
        return source

    def last(self, ref: Ref) -> T | None:
        """What it was read from last; None: nothing is known of it."""
        return self._find(ref)[1]

    def _find(self, ref: Ref) -> tuple[int, T | None]:
        with self._lock:
            return self._known.get(ref.key, (0, None))
