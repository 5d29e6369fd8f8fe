from __future__ import annotations

from datetime import timedelta

import pytest

from reaper.errors import PlaceUnreachable, ReadOnlyViolation
from reaper.model import Cell, JournalEntry, Phase, Ref, Resource
from reaper.providers.protocol import (
    Absent,
    Answer,
    Provider,
    Query,
    Reading,
    Reply,
    Unreadable,
)
from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.faults import Effect, Fault, FaultInjector, Operation, always, once
from reaper.sandbox.memory import MemoryProvider
from reaper.sandbox.sorts import DISK, EVERYWHERE, KINDS, MACHINE, RULE, SECRET
from reaper.sandbox.things import Bond
from reaper.sandbox.world import World

CELL = Cell(provider="memory", scope="lab", label="memory lab")
TAGS = {"reaper-run": "r-1"}
QUERY = Query(keys=("reaper-run",))
HOUR = timedelta(hours=1)


class Lab:
    """A world with its clock, faults and provider."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock)
        self.faults = FaultInjector()
        self.provider = MemoryProvider(
            self.world, by="reaper", faults=self.faults, pause=self.clock.sleep
        )

    def disk(self, name: str, tags: dict[str, str] | None = None) -> Ref:
        return self.world.create(
            DISK, "lab", by="run", name=name, tags=TAGS if tags is None else tags
        )

    def ids(self, query: Query = QUERY) -> list[str]:
        return [ref.id for ref in self.provider.index(CELL, query).candidates]

    def read(self, ref: Ref) -> Reading:
        return self.provider.read(CELL, [ref])[ref.key]

    def delete(self, ref: Ref) -> Answer:
        return self.provider.delete(CELL, Resource(ref=ref))


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_it_is_a_provider(lab: Lab) -> None:
    provider: Provider = lab.provider

    assert provider.identity().id == "memory"
    assert list(provider.cells()) == [CELL]
    assert provider.kinds == KINDS


def test_what_has_no_region_comes_after_the_regions() -> None:
    world = World(VirtualClock(), scopes=(EVERYWHERE, "east", "west"))

    cells = MemoryProvider(world).cells()

    assert {cell.scope: cell.rank for cell in cells} == {EVERYWHERE: 1, "east": 0, "west": 0}


def test_the_index_names_what_bears_a_key(lab: Lab) -> None:
    lab.disk("ours")
    lab.disk("theirs", {"team": "x"})

    found = lab.provider.index(CELL, QUERY)

    assert [ref.id for ref in found.candidates] == ["ours"]
    assert found.gaps == ()
    assert found.clock == lab.world.now()


def test_the_index_can_be_asked_for_runs_kinds_and_everything(lab: Lab) -> None:
    lab.disk("ours")
    lab.disk("others", {"reaper-run": "r-2"})
    lab.disk("theirs", {})

    assert lab.ids(Query(keys=("reaper-run",), runs=frozenset({"r-2"}))) == ["others"]
    assert lab.ids(Query(keys=("reaper-run",), kinds=frozenset({MACHINE}))) == []
    assert lab.ids(Query(keys=("reaper-run",), full=True)) == ["ours", "others", "theirs"]


def test_a_list_that_fails_leaves_a_gap(lab: Lab) -> None:
    lab.disk("ours")
    lab.faults.add(Fault(effect=Effect.FAIL, operations=frozenset({Operation.INDEX}), kind=DISK))

    found = lab.provider.index(CELL, QUERY)

    assert found.candidates == ()
    assert [(gap.kind, gap.reason) for gap in found.gaps] == [(DISK, "internal error")]


def test_a_list_that_breaks_off_shows_a_part_and_leaves_a_gap(lab: Lab) -> None:
    for name in ("a", "b", "c", "d"):
        lab.disk(name)
    lab.faults.add(once(Effect.PARTIAL, Operation.INDEX))
    lab.faults.add(Fault(effect=Effect.PARTIAL, operations=frozenset({Operation.INDEX})))

    found = lab.provider.index(CELL, QUERY)

    assert [ref.id for ref in found.candidates] == ["a", "b"]
    assert DISK in {gap.kind for gap in found.gaps}


def test_a_lost_permission_shows_nothing_and_says_nothing_but_the_control_fails(lab: Lab) -> None:
    disk = lab.disk("ours")
    lab.faults.add(
        always(Effect.BLIND, Operation.INDEX, Operation.READ, Operation.CONTROL, Operation.DELETE)
    )

    found = lab.provider.index(CELL, QUERY)

    assert (found.candidates, found.gaps) == ((), ())
    assert isinstance(lab.read(disk), Absent)
    assert lab.delete(disk).reply is Reply.ABSENT
    assert lab.provider.control(CELL, DISK) == "not authorized or not found"


def test_the_index_lags_for_what_is_new_and_for_other_tags(lab: Lab) -> None:
    lab.faults.add(always(Effect.LAG, Operation.INDEX, delay=HOUR))
    old = lab.disk("old", {})
    lab.clock.advance(2 * HOUR)
    lab.disk("new")
    lab.world.retag(old, TAGS, by="somebody")

    early = lab.ids()
    lab.clock.advance(HOUR)

    assert early == []
    assert lab.ids() == ["old", "new"]


def test_the_index_shows_ghosts_that_a_read_does_not_find(lab: Lab) -> None:
    lab.faults.add(always(Effect.GHOST, Operation.INDEX, delay=HOUR))
    disk = lab.disk("ours")
    lab.world.remove(disk, by="run")

    shown = lab.ids()
    reading = lab.read(disk)
    lab.clock.advance(HOUR)

    assert shown == ["ours"]
    assert isinstance(reading, Absent)
    assert lab.ids() == []


def test_native_lists_know_no_lag_and_no_ghosts(lab: Lab) -> None:
    lab.faults.add(always(Effect.LAG, Operation.INDEX, delay=HOUR))
    lab.faults.add(always(Effect.GHOST, Operation.INDEX, delay=HOUR))
    lab.world.remove(lab.disk("gone"), by="run")
    lab.disk("new")

    assert lab.ids(Query(keys=("reaper-run",), full=True)) == ["new"]


@pytest.mark.parametrize("effect", [Effect.FAIL, Effect.THROTTLE, Effect.DENY, Effect.UNSENT])
def test_a_failed_read_is_unreadable_and_never_absent(lab: Lab, effect: Effect) -> None:
    disk = lab.disk("ours")
    lab.faults.add(once(effect, Operation.READ))

    assert isinstance(lab.read(disk), Unreadable)
    assert isinstance(lab.read(disk), Resource)


def test_an_incomplete_read_says_so(lab: Lab) -> None:
    disk = lab.disk("ours")
    lab.faults.add(once(Effect.PARTIAL, Operation.READ))

    reading = lab.read(disk)

    assert isinstance(reading, Resource)
    assert reading.unread == "the answer broke off"
    assert reading.tags == {}


def test_what_is_new_can_be_hidden_from_reads(lab: Lab) -> None:
    lab.faults.add(always(Effect.HIDDEN, Operation.READ, delay=timedelta(minutes=1)))
    disk = lab.disk("ours")

    early = lab.read(disk)
    lab.clock.advance(timedelta(minutes=1))

    assert isinstance(early, Absent)
    assert isinstance(lab.read(disk), Resource)


def test_a_slow_read_takes_its_time(lab: Lab) -> None:
    disk = lab.disk("ours")
    lab.faults.add(once(Effect.SLOW, Operation.READ, delay=timedelta(seconds=15)))

    lab.read(disk)

    assert lab.clock.elapsed() == 15


def test_what_is_of_another_scope_is_not_found_from_here(lab: Lab) -> None:
    disk = lab.disk("ours")
    elsewhere = Cell(provider="memory", scope="attic", label="memory attic")

    reading = lab.provider.read(elsewhere, [disk])[disk.key]
    answer = lab.provider.delete(elsewhere, Resource(ref=disk))

    assert isinstance(reading, Absent)
    assert answer.reply is Reply.ABSENT
    assert isinstance(lab.read(disk), Resource)


def test_a_deletion_is_by_id_and_hits_whatever_has_it_now(lab: Lab) -> None:
    old = lab.disk("data")
    lab.world.recreate(old, by="somebody", tags={})

    answer = lab.delete(old)

    assert answer.reply is Reply.DONE
    assert lab.world.everything() == ()


def test_a_long_deletion_is_polled_to_its_end(lab: Lab) -> None:
    machine = lab.world.create(MACHINE, "lab", by="run")

    started = lab.delete(machine)
    assert started.handle is not None
    running = lab.provider.poll(CELL, started.handle)
    lab.clock.advance(timedelta(minutes=1))

    assert (started.reply, running.reply) == (Reply.STARTED, Reply.STARTED)
    assert lab.provider.poll(CELL, started.handle).reply is Reply.DONE


def test_a_deletion_can_take_hours_and_fail_in_the_end(lab: Lab) -> None:
    slow, late = lab.disk("slow"), lab.disk("late")
    lab.faults.add(once(Effect.SLOW, Operation.DELETE, delay=3 * HOUR))
    slow_handle = lab.delete(slow).handle
    lab.faults.add(once(Effect.LATE, Operation.DELETE, delay=HOUR))
    late_handle = lab.delete(late).handle
    assert slow_handle is not None
    assert late_handle is not None

    lab.clock.advance(2 * HOUR)
    halfway = [lab.provider.poll(CELL, handle).reply for handle in (slow_handle, late_handle)]
    lab.clock.advance(2 * HOUR)

    assert halfway == [Reply.STARTED, Reply.FAILED]
    assert lab.provider.poll(CELL, slow_handle).reply is Reply.DONE
    assert [resource.ref for resource in lab.world.everything()] == [late]


def test_a_second_deletion_of_what_is_going_says_that_it_is(lab: Lab) -> None:
    machine = lab.world.create(MACHINE, "lab", by="run")
    lab.delete(machine)

    answer = lab.delete(machine)

    assert (answer.reply, answer.handle) == (Reply.STARTED, None)


def test_a_deletion_that_only_schedules_says_until_when(lab: Lab) -> None:
    secret = lab.world.create(SECRET, "lab", by="run")

    answer = lab.delete(secret)

    assert answer.reply is Reply.SCHEDULED
    assert answer.until == lab.world.now() + timedelta(days=7)


@pytest.mark.parametrize(
    ("effect", "reply"),
    [
        (Effect.FAIL, Reply.FAILED),
        (Effect.THROTTLE, Reply.THROTTLED),
        (Effect.DENY, Reply.DENIED),
        (Effect.UNSENT, Reply.UNCERTAIN),
        (Effect.BLIND, Reply.ABSENT),
    ],
)
def test_what_stops_a_deletion_before_it_is_sent_changes_nothing(
    lab: Lab, effect: Effect, reply: Reply
) -> None:
    disk = lab.disk("ours")
    lab.faults.add(once(effect, Operation.DELETE))

    answer = lab.delete(disk)

    assert answer.reply is reply
    assert answer.detail
    assert isinstance(lab.read(disk), Resource)


def test_a_lost_answer_leaves_the_deletion_carried_out(lab: Lab) -> None:
    disk = lab.disk("ours")
    lab.faults.add(once(Effect.LOST, Operation.DELETE))

    answer = lab.delete(disk)

    assert answer.reply is Reply.UNCERTAIN
    assert lab.world.everything() == ()


def test_throttling_says_when_to_come_again(lab: Lab) -> None:
    disk = lab.disk("ours")
    lab.faults.add(once(Effect.THROTTLE, Operation.DELETE, delay=timedelta(seconds=30)))

    assert lab.delete(disk).retry_after_s == 30


def test_what_is_in_use_or_protected_is_refused_with_the_reason(lab: Lab) -> None:
    machine = lab.world.create(MACHINE, "lab", by="run")
    used, locked = lab.disk("used"), lab.disk("locked")
    lab.world.bind(Bond.HOLDS, machine, used)
    lab.world.protect(locked, "a lock")

    in_use, protected = lab.delete(used), lab.delete(locked)

    assert (in_use.reply, in_use.blockers) == (Reply.IN_USE, (str(machine),))
    assert (protected.reply, protected.detail) == (Reply.PROTECTED, "a lock")


@pytest.mark.parametrize(
    ("effect", "reply"),
    [
        (Effect.FAIL, Reply.UNCERTAIN),
        (Effect.UNSENT, Reply.UNCERTAIN),
        (Effect.THROTTLE, Reply.THROTTLED),
        (Effect.DENY, Reply.DENIED),
    ],
)
def test_a_failed_poll_does_not_mean_a_failed_deletion(
    lab: Lab, effect: Effect, reply: Reply
) -> None:
    handle = lab.delete(lab.world.create(MACHINE, "lab", by="run")).handle
    assert handle is not None
    lab.faults.add(once(effect, Operation.POLL))

    assert lab.provider.poll(CELL, handle).reply is reply
    assert lab.provider.poll(CELL, handle).reply is Reply.STARTED


def test_a_handle_that_nobody_knows_is_uncertain(lab: Lab) -> None:
    assert lab.provider.poll(CELL, "deletion-99").reply is Reply.UNCERTAIN


def test_an_intent_without_a_result_is_looked_up_by_name(lab: Lab) -> None:
    rule = lab.world.create(RULE, "lab", by="run", name="open-80")
    lab.world.create(RULE, "lab", by="run", name="open-81")
    entry = JournalEntry(
        run="r-1",
        writer="w",
        seq=1,
        at=lab.clock.now(),
        phase=Phase.INTENT,
        kind=RULE,
        scope="lab",
        name="open-80",
        taggable=False,
    )

    found = lab.provider.lookup(CELL, entry)
    lab.faults.add(once(Effect.FAIL, Operation.LOOKUP))

    assert found == (rule,)
    assert isinstance(lab.provider.lookup(CELL, entry), Unreadable)


def test_a_place_that_does_not_answer_is_unreachable(lab: Lab) -> None:
    lab.faults.add(once(Effect.FAIL, Operation.IDENTITY))

    with pytest.raises(PlaceUnreachable):
        lab.provider.identity()


def test_read_only_means_read_only(lab: Lab) -> None:
    disk = lab.disk("ours")
    provider = MemoryProvider(lab.world, read_only=True)

    with pytest.raises(ReadOnlyViolation):
        provider.delete(CELL, Resource(ref=disk))

    assert isinstance(lab.read(disk), Resource)
