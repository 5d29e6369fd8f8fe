from __future__ import annotations

from datetime import timedelta
from random import Random

from reaper.sandbox.faults import Call, Effect, Fault, FaultInjector, Operation, always, once

READ = Call(operation=Operation.READ, kind="memory:disk", scope="lab", id="d1")
DELETE = Call(operation=Operation.DELETE, kind="memory:disk", scope="lab", id="d1")


def test_nothing_goes_wrong_unless_a_fault_is_armed() -> None:
    assert FaultInjector().strike(READ, *Effect) is None


def test_a_fault_befalls_only_the_calls_that_it_matches() -> None:
    injector = FaultInjector()
    fault = injector.add(
        Fault(
            effect=Effect.FAIL,
            operations=frozenset({Operation.READ}),
            kind="memory:*",
            scope="lab",
            id="d?",
        )
    )

    struck = [
        injector.strike(call, Effect.FAIL)
        for call in (
            READ,
            DELETE,
            Call(operation=Operation.READ, kind="docker:volume", scope="lab", id="d1"),
            Call(operation=Operation.READ, kind="memory:disk", scope="attic", id="d1"),
            Call(operation=Operation.READ, kind="memory:disk", scope="lab", id="other"),
        )
    ]

    assert struck == [fault, None, None, None, None]


def test_an_emulator_is_given_only_effects_that_it_asks_for() -> None:
    injector = FaultInjector()
    injector.add(once(Effect.SLOW, Operation.DELETE, delay=timedelta(hours=3)))

    early = injector.strike(DELETE, Effect.FAIL, Effect.DENY)
    later = injector.strike(DELETE, Effect.SLOW)

    assert early is None
    assert later is not None
    assert later.delay == timedelta(hours=3)


def test_a_fault_begins_after_those_it_skips_and_ends_after_its_times() -> None:
    injector = FaultInjector()
    injector.add(
        Fault(effect=Effect.THROTTLE, operations=frozenset({Operation.DELETE}), skip=1, times=2)
    )

    struck = [injector.strike(DELETE, Effect.THROTTLE) is not None for _ in range(5)]

    assert struck == [False, True, True, False, False]
    assert injector.armed == ()


def test_chance_is_the_same_for_the_same_seed() -> None:
    def struck(seed: int) -> list[bool]:
        injector = FaultInjector(Random(seed))
        injector.add(Fault(effect=Effect.FAIL, operations=frozenset({Operation.READ}), chance=0.5))
        return [injector.strike(READ, Effect.FAIL) is not None for _ in range(50)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert set(struck(1)) == {True, False}


def test_faults_that_struck_are_counted() -> None:
    injector = FaultInjector()
    injector.add(always(Effect.FAIL, Operation.READ))

    injector.strike(READ, Effect.FAIL)
    injector.strike(READ, Effect.FAIL)
    injector.strike(DELETE, Effect.FAIL)

    assert injector.seen == {(Operation.READ, Effect.FAIL): 2}


def test_a_disarmed_fault_strikes_no_more() -> None:
    injector = FaultInjector()
    first = injector.add(always(Effect.FAIL, Operation.READ))
    second = injector.add(always(Effect.DENY, Operation.READ))

    injector.remove(first)
    struck = injector.strike(READ, Effect.FAIL, Effect.DENY)
    injector.clear()

    assert struck is second
    assert injector.strike(READ, Effect.FAIL, Effect.DENY) is None
