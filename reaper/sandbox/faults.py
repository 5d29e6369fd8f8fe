"""What goes wrong, and when: faults to inject, decided without knowing who will act on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random
from threading import RLock


class Operation(StrEnum):
    """What is being asked of a place."""

    IDENTITY = "identity"
    INDEX = "index"
    READ = "read"
    CONTROL = "control"
    LOOKUP = "lookup"
    DELETE = "delete"
    POLL = "poll"
    CREATE = "create"


class Effect(StrEnum):
    """What a fault does to a call; what each means for an operation, the emulator decides."""

    FAIL = "fail"  # it is answered with an error, and nothing was done
    PARTIAL = "partial"  # a list breaks off, or a read lacks a part; the answer says so
    LAG = "lag"  # the index shows what was made or re-tagged only after `delay`
    GHOST = "ghost"  # the index shows what is gone for `delay` more
    HIDDEN = "hidden"  # a read says «not found» of what was made less than `delay` ago
    THROTTLE = "throttle"  # too many requests
    DENY = "deny"  # the permission is missing, and the answer says so
    BLIND = "blind"  # the permission is missing, and the answer says «not found», as OCI's does
    LATE = "late"  # it is accepted, and has failed after `delay`
    REUSED = "reused"  # what is asked for has just gone, and somebody's new thing has its name
    EXPIRED = "expired"  # the token of a list's next page is not accepted any more
    SLOW = "slow"  # it takes `delay`
    UNSENT = "unsent"  # the connection broke before the call was carried out
    LOST = "lost"  # the call was carried out, and then the connection broke


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call, as far as faults tell calls apart; empty where it concerns no single one."""

    operation: Operation
    kind: str = ""
    scope: str = ""
    id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault, and which calls it befalls.

    Attributes:
        operations: Only these.
        kind: Only kinds that match this glob; so `scope` and `id`.
        skip: How many matching calls pass unharmed before it begins.
        times: How many calls it befalls at most; None: all until it is removed.
        chance: With which probability it befalls a matching call.
        delay: How long, for effects that have a duration.
        detail: What the answer says; None: the emulator's own words.
        code: The code that an error has, where the emulator speaks in codes; None: the usual one.
    """

    effect: Effect
    operations: frozenset[Operation]
    kind: str = "*"
    scope: str = "*"
    id: str = "*"
    skip: int = 0
    times: int | None = None
    chance: float = 1.0
    delay: timedelta = timedelta(0)
    detail: str | None = None
    code: str | None = None

    def matches(self, call: Call) -> bool:
        """Whether this is a call that it can befall."""
        return (
            call.operation in self.operations
            and fnmatchcase(call.kind, self.kind)
            and fnmatchcase(call.scope, self.scope)
            and fnmatchcase(call.id, self.id)
        )


@dataclass(eq=False, slots=True)
class _Armed:
    fault: Fault
    matched: int = 0
    struck: int = 0


class FaultInjector:
    """Decides for each call which faults befall it: always the same ones for the same calls.

    Attributes:
        seen: How often each effect struck each operation.

    Args:
        random: What `Fault.chance` is drawn from; seeded, so that a failure can be repeated.
    """

    def __init__(self, random: Random | None = None) -> None:
        self.seen: Counter[tuple[Operation, Effect]] = Counter()
        self._random = random or Random(0)  # noqa: S311 - not for secrets: to be repeatable
        self._armed: list[_Armed] = []
        self._lock = RLock()

    def add(self, fault: Fault) -> Fault:
        """Arm a fault, behind those already armed."""
        with self._lock:
            self._armed.append(_Armed(fault))
        return fault

    def remove(self, fault: Fault) -> None:
        """Disarm a fault; one that is not armed (any more) is no error."""
        with self._lock:
            self._armed = [armed for armed in self._armed if armed.fault is not fault]

    def clear(self) -> None:
        """Let nothing go wrong from now on."""
        with self._lock:
            self._armed.clear()

    @property
    def armed(self) -> tuple[Fault, ...]:
        """The faults that can still strike."""
        with self._lock:
            return tuple(each.fault for each in self._armed if not _spent(each))

    def strike(self, call: Call, *effects: Effect) -> Fault | None:
        """Decide what befalls a call: the first armed fault with one of these effects, or None.

        An emulator names the effects it can act on at this point; others keep their count.
        """
        with self._lock:
            for armed in self._armed:
                if armed.fault.effect not in effects or not armed.fault.matches(call):
                    continue
                if self._strikes(armed):
                    self.seen[call.operation, armed.fault.effect] += 1
                    return armed.fault
            return None

    def _strikes(self, armed: _Armed) -> bool:
        if _spent(armed):
            return False
        armed.matched += 1
        if armed.matched <= armed.fault.skip:
            return False
        if armed.fault.chance < 1 and self._random.random() >= armed.fault.chance:
            return False
        armed.struck += 1
        return True


def _spent(armed: _Armed) -> bool:
    return armed.fault.times is not None and armed.struck >= armed.fault.times


def always(effect: Effect, *operations: Operation, delay: timedelta = timedelta(0)) -> Fault:
    """Make a fault that befalls every call of these operations."""
    return Fault(effect=effect, operations=frozenset(operations), delay=delay)


def once(effect: Effect, *operations: Operation, delay: timedelta = timedelta(0)) -> Fault:
    """Make a fault that befalls the next call of these operations."""
    return Fault(effect=effect, operations=frozenset(operations), delay=delay, times=1)
