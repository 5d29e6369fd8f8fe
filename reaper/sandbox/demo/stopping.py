"""Ctrl-C and its kin: the demo ends once, by way of its taking down, and between two calls."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """Turns the first signal to end into SystemExit, and ignores those that follow."""

    def __init__(self) -> None:
        self._busy = False
        self._put_off: int | None = None

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Heed signals inside, and leave their handling as it was."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number in _SIGNALS:
            signal.signal(number, self._stop)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """Let what is inside be finished first: nothing must be created and then forgotten."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._put_off is not None:
            raise SystemExit(self._put_off)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        code = 128 + number  # as a shell would say it
        if self._busy:
            self._put_off = code
            return
        raise SystemExit(code)
