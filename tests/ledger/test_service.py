"""When leases cannot lapse because the registry was away, and what becomes of them after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reaper.ledger import Ledger
from reaper.ledger.service import Service, absence_of, away_from
from reaper.model import Beats
from tests.ledger.conftest import Backup, ManualClock, run_named

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
GRACE = 15 * MINUTE
EVERY = 30 * SECOND
LEASE = 10 * MINUTE


def serve(ledger: Ledger, clock: ManualClock) -> timedelta | None:
    return ledger.serve(elapsed=clock.elapsed(), every=EVERY, grace=GRACE)


def serve_for(ledger: Ledger, clock: ManualClock, length: timedelta) -> None:
    for _ in range(length // EVERY):
        clock.forward(EVERY)
        assert serve(ledger, clock) is None


@pytest.fixture
def served(ledger: Ledger, clock: ManualClock) -> Ledger:
    """A ledger whose registry is up, with one run that beats by it and one by a directory."""
    serve(ledger, clock)
    ledger.start_run(run_named("r-1", clock.wall, beats=Beats.SERVICE))
    ledger.start_run(run_named("r-2", clock.wall))
    return ledger


def until(ledger: Ledger, run_id: str = "r-1") -> datetime:
    return ledger.runs([run_id])[run_id].lease.until


def test_the_first_service_knows_of_no_gap(ledger: Ledger, clock: ManualClock) -> None:
    assert serve(ledger, clock) is None


def test_while_the_registry_is_up_a_lease_lapses(served: Ledger, clock: ManualClock) -> None:
    serve_for(served, clock, LEASE + GRACE + MINUTE)

    assert served.runs(["r-1"])["r-1"].lease.away is None
    assert served.end_lapsed("r-1", GRACE) is not None


def test_without_any_service_a_lease_cannot_lapse(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall, beats=Beats.SERVICE))
    clock.forward(timedelta(days=9))

    away = ledger.runs(["r-1"])["r-1"].lease.away

    assert away is not None
    assert "never said that it is up" in away
    assert ledger.end_lapsed("r-1", GRACE) is None
    assert [run.id for run in ledger.list_runs(alive=True)] == ["r-1"]


def test_a_registry_that_is_away_holds_every_lease_it_renews(
    served: Ledger, clock: ManualClock
) -> None:
    clock.forward(timedelta(hours=5))

    found = served.runs(["r-1", "r-2"])

    assert found["r-1"].lease.away == (
        "the registry was last up at 2026-03-01 12:00:00 UTC and should have said so every 30s, "
        "so it may have missed a beat"
    )
    assert found["r-1"].alive(clock.wall)
    assert served.end_lapsed("r-1", GRACE) is None
    assert found["r-2"].lease.away is None
    assert served.end_lapsed("r-2", GRACE) is not None


def test_an_ended_run_is_not_said_to_be_away(served: Ledger, clock: ManualClock) -> None:
    served.finish_run("r-1")
    clock.forward(timedelta(hours=5))

    assert served.runs(["r-1"])["r-1"].lease.away is None


def test_two_missed_turns_are_no_absence(served: Ledger, clock: ManualClock) -> None:
    before = until(served)
    clock.forward(2 * EVERY)

    assert served.runs(["r-1"])["r-1"].lease.away is None
    assert serve(served, clock) is None
    assert until(served) == before


def test_after_a_gap_unfinished_leases_are_prolonged(served: Ledger, clock: ManualClock) -> None:
    directory = until(served, "r-2")
    clock.forward(timedelta(hours=5))

    assert serve(served, clock) == timedelta(hours=5)
    assert until(served) == clock.wall + LEASE + GRACE
    assert until(served, "r-2") == directory
    assert served.end_lapsed("r-1", GRACE) is None


def test_a_gap_never_shortens_a_lease(served: Ledger, clock: ManualClock) -> None:
    late = clock.wall + timedelta(days=2)
    served.prolong("r-1", late)
    clock.forward(timedelta(hours=5))

    serve(served, clock)

    assert until(served) == late


def test_a_gap_revives_no_ended_run(served: Ledger, clock: ManualClock) -> None:
    served.finish_run("r-1")
    before = until(served)
    clock.forward(timedelta(hours=5))

    serve(served, clock)

    assert until(served) == before


def test_a_jump_ahead_prolongs_though_the_registry_was_up(
    served: Ledger, clock: ManualClock
) -> None:
    clock.forward(SECOND)
    clock.jump(EVERY + SECOND)

    assert serve(served, clock) == EVERY + SECOND
    assert until(served) == clock.wall + LEASE + GRACE


def test_a_jump_far_ahead_holds_leases_before_the_registry_notices(
    served: Ledger, clock: ManualClock
) -> None:
    clock.jump(timedelta(days=1))

    assert served.end_lapsed("r-1", GRACE) is None


def test_after_a_jump_back_leases_end_where_they_should(served: Ledger, clock: ManualClock) -> None:
    clock.jump(-timedelta(days=365))

    assert serve(served, clock) == -timedelta(days=365)
    assert until(served) == clock.wall + LEASE + GRACE


def test_a_gap_that_hides_a_jump_back_is_found(served: Ledger, clock: ManualClock) -> None:
    clock.forward(timedelta(hours=5))
    clock.jump(-timedelta(hours=5))

    assert serve(served, clock) == -timedelta(hours=5)
    assert until(served) == clock.wall + LEASE + GRACE


def test_a_restored_backup_prolongs_even_if_it_is_young(served: Ledger, clock: ManualClock) -> None:
    backup = Backup(served)
    serve_for(served, clock, 2 * EVERY)
    backup.restore()

    assert serve(served, clock) == 2 * EVERY
    assert until(served) == clock.wall + LEASE + GRACE


def test_another_registry_that_is_up_covers_for_this_one(
    served: Ledger, clock: ManualClock
) -> None:
    served._server = "another"
    clock.forward(EVERY)
    served._served = None

    assert serve(served, clock) is None


SHORT_LEASE = 2 * MINUTE
SHORT_GRACE = MINUTE


@dataclass
class Truth:
    """What really happened since the run's last beat: what no ledger can know."""

    up: timedelta = timedelta(0)  # while a beat would have been taken
    overlooked: timedelta = timedelta(0)  # jumps too small for the registry to notice
    since_serve: timedelta = timedelta(0)
    jumped: timedelta = timedelta(0)

    def passes(self, length: timedelta) -> None:
        self.up += min(length, max(timedelta(0), 2 * EVERY - self.since_serve))
        self.since_serve += length

    def serves(self) -> None:
        if abs(self.jumped) <= EVERY:
            self.overlooked += abs(self.jumped)
        self.since_serve = self.jumped = timedelta(0)

    def begins_anew(self) -> None:
        self.up = self.overlooked = timedelta(0)


def times(*seconds: int) -> st.SearchStrategy[timedelta]:
    return st.sampled_from([number * SECOND for number in seconds])


steps = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), times(1, 29, 30, 31, 60, 61, 119, 121, 181, 3600)),
        st.tuples(st.just("jump"), times(-3600, -59, -31, -29, 1, 29, 31, 59, 61, 181, 3600)),
        st.tuples(st.just("turn"), times(1, 30, 60)),
        st.tuples(st.just("serve"), times(0)),
        st.tuples(st.just("beat"), times(0)),
        st.tuples(st.just("end"), times(0)),
        st.tuples(st.just("end"), times(0)),
    ),
    min_size=3,
    max_size=40,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=200)
@given(steps=steps)
def test_no_run_ends_before_its_beats_could_have_been_taken_for_a_lease(
    steps: list[tuple[str, timedelta]],
) -> None:
    clock, truth = ManualClock(), Truth()
    with Ledger.open("sqlite://", clock=clock) as ledger:
        ledger.serve(elapsed=clock.elapsed(), every=EVERY, grace=SHORT_GRACE)
        run = run_named("r-1", clock.wall, beats=Beats.SERVICE, lease=SHORT_LEASE)
        ledger.start_run(run)
        for what, length in steps:
            if what == "jump":
                clock.jump(length)
                truth.jumped += length
            else:
                clock.forward(length)
                truth.passes(length)
            if what in {"serve", "turn"}:
                if ledger.serve(elapsed=clock.elapsed(), every=EVERY, grace=SHORT_GRACE):
                    truth.begins_anew()
                truth.serves()
            elif what == "beat":
                ledger.beat("r-1")
                truth.begins_anew()
            elif what == "end" and ledger.end_lapsed("r-1", SHORT_GRACE) is not None:
                unseen = truth.overlooked + abs(truth.jumped)
                assert truth.up + unseen >= SHORT_LEASE + SHORT_GRACE
                return


@given(
    every=st.integers(1, 600).map(lambda number: number * SECOND),
    turns=st.lists(st.floats(0.1, 1.9), min_size=1, max_size=40),
)
def test_a_registry_that_keeps_its_turns_was_never_away(
    every: timedelta, turns: list[float]
) -> None:
    last = Service(server="a", seen=datetime(2026, 1, 1, tzinfo=UTC), elapsed=5.0, every=every)
    for turn in turns:
        step = every * turn
        me = Service(
            server="a",
            seen=last.seen + step,
            elapsed=last.elapsed + step.total_seconds(),
            every=every,
        )

        assert absence_of([last], mine=last, me=me, served=last.seen) is None
        assert away_from([last], me.seen) is None
        last = me


@given(gap=st.integers(61, 10**7), forward=st.booleans())
def test_a_gap_of_the_wall_clock_is_always_an_absence(gap: int, forward: bool) -> None:  # noqa: FBT001 - drawn
    last = Service(server="a", seen=datetime(2026, 1, 1, tzinfo=UTC), elapsed=5.0, every=EVERY)
    length = gap * SECOND if forward else -gap * SECOND
    me = Service(server="b", seen=last.seen + length, elapsed=0.0, every=EVERY)

    absence = absence_of([last], mine=None, me=me, served=None)

    assert absence is not None
    assert (absence.length, absence.back) == (length, not forward)
    assert away_from([last], me.seen) is not None
