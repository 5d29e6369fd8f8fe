"""Operations begin, take their time, end well or not, and are forgotten."""

from __future__ import annotations

from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.kernel.operations import Failure, LongOperation, Operations
from reaper.sandbox.kernel.timetable import Timetable


class Office:
    """Operations with a clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.timetable = Timetable(self.clock)
        self.operations = Operations(self.timetable)
        self.done: list[str] = []

    def begin(self, name: str, *, takes_s: float = 10, fails: bool = False) -> LongOperation:
        def finish() -> Failure | None:
            self.done.append(name)
            return Failure(code="NO", message="no") if fails else None

        operation = LongOperation(
            name=name,
            number="1",
            scope="here",
            verb="delete",
            target="a/thing",
            target_number="7",
            inserted=self.clock.now(),
        )
        return self.operations.begin(operation, takes_s=takes_s, remembered_s=100, finish=finish)

    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.timetable.settle()


def test_an_operation_begins_ends_and_is_forgotten() -> None:
    office = Office()

    begun = office.begin("one")
    assert (begun.started, begun.ended, office.done) == (None, None, [])

    office.wait(1)
    assert begun.started is not None
    assert begun.ended is None

    office.wait(9)
    assert (begun.ended is not None, begun.failure, office.done) == (True, None, ["one"])
    assert office.operations.find("here", "one") is begun

    office.wait(100)
    assert office.operations.find("here", "one") is None
    assert office.operations.of("here") == ()


def test_an_operation_can_fail_in_the_end() -> None:
    office = Office()
    begun = office.begin("one", fails=True)

    office.wait(10)

    assert begun.failure == Failure(code="NO", message="no")


def test_operations_of_another_scope_are_not_found() -> None:
    office = Office()
    office.begin("one")

    assert office.operations.find("there", "one") is None
    assert [each.name for each in office.operations.of("here")] == ["one"]


def test_what_takes_no_time_is_done_when_the_cloud_is_asked_next() -> None:
    office = Office()
    begun = office.begin("one", takes_s=0)
    assert begun.ended is None

    office.wait(0)

    assert begun.ended is not None


def test_things_happen_in_the_order_in_which_they_are_due() -> None:
    office = Office()
    for name, takes_s in (("late", 9), ("early", 1), ("then", 1)):
        office.begin(name, takes_s=takes_s)

    office.wait(10)

    assert office.done == ["early", "then", "late"]


def test_what_is_cleared_does_not_happen() -> None:
    office = Office()
    office.begin("one")

    office.timetable.clear()
    office.operations.clear()
    office.wait(100)

    assert office.done == []
