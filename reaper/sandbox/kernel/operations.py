"""Long operations: begun by a call, done later, and sometimes failed in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reaper.sandbox.kernel.timetable import Timetable


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why an operation failed in the end, in the cloud's words."""

    code: str
    message: str
    status: int = 400
    phrase: str = "BAD REQUEST"


@dataclass(eq=False, kw_only=True, slots=True)
class LongOperation:
    """One operation.

    Attributes:
        name: By which it is asked for.
        scope: Where it is asked for.
        verb: What it does.
        target: The path of what it does it to.
        target_number: The ID of that.
        started: None: it has not begun.
        ended: None: it is not done.
        failure: Why it failed, when it is done.
    """

    name: str
    number: str
    scope: str
    verb: str
    target: str
    target_number: str
    inserted: datetime
    started: datetime | None = None
    ended: datetime | None = None
    failure: Failure | None = None


class Operations:
    """Begins operations and remembers them for a while; used under the cloud's lock only."""

    def __init__(self, timetable: Timetable) -> None:
        self._timetable = timetable
        self._known: dict[tuple[str, str], LongOperation] = {}

    def begin(
        self,
        operation: LongOperation,
        *,
        takes_s: float,
        remembered_s: float,
        finish: Callable[[], Failure | None],
    ) -> LongOperation:
        """Begin one that takes so long, then does what it does, and is known for so long after."""
        key = (operation.scope, operation.name)
        self._known[key] = operation

        def start() -> None:
            operation.started = self._now(operation.inserted)

        def end() -> None:
            operation.failure = finish()
            operation.ended = self._now(operation.inserted)
            self._timetable.after(remembered_s, forget)

        def forget() -> None:
            self._known.pop(key, None)

        self._timetable.after(0, start)
        self._timetable.after(takes_s, end)
        return operation

    def find(self, scope: str, name: str) -> LongOperation | None:
        """Find an operation; None: nobody knows it (any more)."""
        return self._known.get((scope, name))

    def of(self, scope: str) -> tuple[LongOperation, ...]:
        """List the operations of a scope."""
        return tuple(each for (where, _), each in self._known.items() if where == scope)

    def clear(self) -> None:
        """Forget all of them."""
        self._known.clear()

    def _now(self, least: datetime) -> datetime:
        return max(self._timetable.clock.now(), least + timedelta(milliseconds=1))
