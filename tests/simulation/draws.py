"""What Hypothesis draws histories from."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from reaper.model import Beats
from reaper.sandbox.faults import Effect, Fault, Operation
from reaper.sandbox.sorts import (
    ADDRESS,
    BUCKET,
    DISK,
    GROUP,
    IMAGE,
    KEY,
    MACHINE,
    NETWORK,
    ROLE,
    RULE,
    SECRET,
)
from tests.simulation.lab import Journaling
from tests.simulation.mishaps import MINUTE, Mishap
from tests.simulation.whims import Whim

_HOURS = timedelta(hours=3)
_MADE = (
    *(DISK, MACHINE, ROLE) * 2,
    *(NETWORK, ADDRESS, SECRET, KEY, RULE, IMAGE, GROUP, BUCKET),
)
_NAMES = ("data", "cache", "keepme-1")

# What can go wrong, by what is asked.
_TROUBLES = {
    Operation.INDEX: (Effect.FAIL, Effect.PARTIAL, Effect.LAG, Effect.GHOST, Effect.BLIND),
    Operation.READ: (Effect.FAIL, Effect.PARTIAL, Effect.BLIND, Effect.HIDDEN, Effect.SLOW),
    Operation.CONTROL: (Effect.FAIL, Effect.BLIND),
    Operation.LOOKUP: (Effect.FAIL,),
    Operation.DELETE: (
        Effect.FAIL,
        Effect.THROTTLE,
        Effect.DENY,
        Effect.BLIND,
        Effect.UNSENT,
        Effect.LOST,
        Effect.SLOW,
        Effect.LATE,
    ),
    Operation.POLL: (Effect.FAIL, Effect.THROTTLE, Effect.DENY, Effect.UNSENT),
}
# Where a sweep can be interfered with; the steps around the second look and the shot count double.
_STEPS = (
    "ledger",
    "ledger.acquire",
    "ledger.end_lapsed",
    "ledger.record",
    "ledger.answer",
    "provider",
    "provider.delete",
    "indexed",
    "scanned",
    "planned",
    "waited",
    "wave over",
    *("provider.read", "read again", "looked", "ledger.intend", "intended") * 2,
)
# What is worth trying more often than it would be in a fair draw.
_MISHAPS = (
    *Mishap,
    *(Mishap.REGISTRY_GOES, Mishap.HOST_IS_SUSPENDED, Mishap.A_SECOND_DAEMON_SWEEPS) * 2,
)
_WHIMS = (*Whim, *(Whim.HOLD_FROM_ABROAD, Whim.USE) * 2)

batches = st.sampled_from([16, 16, 3, 1])
picks = st.integers(0, 30)
beats = st.sampled_from(Beats)
promises = st.sampled_from([True, True, True, False])
kinds = st.lists(st.sampled_from(_MADE), min_size=1, max_size=3)
names = st.sampled_from([None, None, *_NAMES])
journalings = st.sampled_from(Journaling)
strangers_kinds = st.sampled_from([DISK, NETWORK, MACHINE, ADDRESS, ROLE])
whims = st.sampled_from(_WHIMS)
mishaps = st.sampled_from(_MISHAPS)
minutes = st.sampled_from([1, 10, 60, 120, 400])
pauses = st.sampled_from([1, 16, 31, 47, 70, 200])
steps = st.builds(
    lambda step, nth: (step, nth * (9 if step in {"ledger", "provider"} else 1)),
    st.sampled_from(_STEPS),
    st.sampled_from([0, 0, 0, 1, 1, 2, 4]),
)


def _fault(
    trouble: tuple[Operation, Effect], kind: str, times: int, skip: int, delay: timedelta
) -> Fault:
    operation, effect = trouble
    operations = {operation}
    if effect is Effect.BLIND:  # who has lost a permission has lost it for the control too
        operations.add(Operation.CONTROL)
    if operation is Operation.READ:  # nothing is hidden, and no read takes, longer than that
        delay = min(delay, 5 * MINUTE)
    lasting = effect is Effect.BLIND
    return Fault(
        effect=effect,
        operations=frozenset(operations),
        kind=kind,
        times=None if lasting else times,
        skip=0 if lasting else skip,
        delay=delay,
    )


faults = st.builds(
    _fault,
    st.sampled_from(
        [(operation, effect) for operation, effects in _TROUBLES.items() for effect in effects]
    ),
    st.sampled_from(["*", "*", "*", DISK, MACHINE, NETWORK]),
    st.sampled_from([1, 2, 20]),
    st.sampled_from([0, 0, 1, 3]),
    st.sampled_from([timedelta(0), timedelta(seconds=15), 5 * MINUTE, _HOURS]),
)
