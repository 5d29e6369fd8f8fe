"""How runs start, are kept alive and end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reaper.errors import RunEnded, RunExists, RunUnknown
from reaper.ledger import Ledger
from reaper.model import Beats, Ending
from tests.ledger.conftest import ManualClock, NewDatabase, run_named

MINUTE = timedelta(minutes=1)
GRACE = 15 * MINUTE


def test_a_run_starts_on_the_ledgers_clock(ledger: Ledger, clock: ManualClock) -> None:
    announced = run_named("r-1", clock.wall - timedelta(hours=3))

    begun = ledger.start_run(announced)

    assert begun.started == clock.wall
    assert begun.expires == clock.wall + timedelta(hours=24)
    assert begun.lease.until == clock.wall + 10 * MINUTE
    assert ledger.runs(["r-1"]) == {"r-1": begun}


def test_everything_about_a_run_is_kept(ledger: Ledger, clock: ManualClock) -> None:
    run = replace(run_named("r-1", clock.wall), realm="team-x", promised=False, origin=None)

    assert ledger.start_run(run) == run


def test_an_id_is_never_started_twice(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall))
    ledger.finish_run("r-1")

    with pytest.raises(RunExists, match="r-1 was started before"):
        ledger.start_run(run_named("r-1", clock.wall))

    assert ledger.runs(["r-1"])["r-1"].ended is not None


def test_a_beat_renews_the_lease(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall))
    clock.forward(5 * MINUTE)

    run = ledger.beat("r-1")

    assert run.lease.until == clock.wall + 10 * MINUTE
    assert ledger.runs(["r-1"])["r-1"] == run


def test_a_beat_never_shortens_a_lease(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall))
    until = clock.wall + timedelta(hours=5)
    ledger.prolong("r-1", until)

    assert ledger.beat("r-1").lease.until == until


def test_beats_together_renew_what_each_alone_would(ledger: Ledger, clock: ManualClock) -> None:
    for number in range(4):
        ledger.start_run(run_named(f"r-{number}", clock.wall))
    kept_long = clock.wall + timedelta(hours=5)
    ledger.prolong("r-2", kept_long)
    ledger.finish_run("r-3")
    clock.forward(5 * MINUTE)

    renewed = ledger.beat_many(["r-1", "r-2", "r-3", "r-4", "r-1"])

    runs = ledger.runs(["r-0", "r-1", "r-2"])
    assert renewed == {"r-1": runs["r-1"], "r-2": runs["r-2"]}
    assert runs["r-0"].lease.until == clock.wall + 5 * MINUTE
    assert runs["r-1"].lease.until == clock.wall + 10 * MINUTE
    assert runs["r-2"].lease.until == kept_long


def test_no_beats_are_no_runs(ledger: Ledger) -> None:
    assert ledger.beat_many([]) == {}


def test_beats_together_are_more_than_one_statement_takes(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.start_run(run_named("r-1", clock.wall))

    renewed = ledger.beat_many([*(f"x-{number}" for number in range(2500)), "r-1"])

    assert set(renewed) == {"r-1"}


def test_beats_together_say_whether_the_registry_is_away(shared_url: str) -> None:
    with Ledger.open(shared_url) as ledger:
        run = ledger.start_run(run_named("r-1", ledger.now(), beats=Beats.SERVICE))

        before = ledger.beat_many(["r-1"])["r-1"]
        ledger.serve(elapsed=0.0, every=MINUTE, grace=timedelta(0))
        after = ledger.beat_many(["r-1"])["r-1"]

    assert before.lease.away is not None
    assert after.lease.away is None
    assert run.lease.until < before.lease.until < after.lease.until


@pytest.mark.postgres
def test_beats_together_wait_for_nobody(postgres_databases: NewDatabase) -> None:
    with Ledger.open(postgres_databases()) as ledger:
        for run_id in ("r-1", "r-2"):
            ledger.start_run(run_named(run_id, ledger.now()))
        with ledger._database.writing() as connection:
            connection.exec_driver_sql("SELECT id FROM runs WHERE id = 'r-1' FOR UPDATE")

            renewed = ledger.beat_many(["r-1", "r-2"])

        assert set(renewed) == {"r-2"}
        assert set(ledger.beat_many(["r-1", "r-2"])) == {"r-1", "r-2"}


def test_to_prolong_never_shortens_a_lease(ledger: Ledger, clock: ManualClock) -> None:
    begun = ledger.start_run(run_named("r-1", clock.wall))

    assert ledger.prolong("r-1", clock.wall) == begun


@pytest.mark.parametrize("call", ["beat", "prolong"])
def test_an_ended_run_cannot_be_kept_alive(ledger: Ledger, clock: ManualClock, call: str) -> None:
    ledger.start_run(run_named("r-1", clock.wall))
    ledger.finish_run("r-1")
    arguments = () if call == "beat" else (clock.wall + timedelta(hours=1),)

    with pytest.raises(RunEnded, match=r"r-1 is over \(finished at 2026-03-01 12:00:00 UTC\)"):
        getattr(ledger, call)("r-1", *arguments)

    assert not ledger.runs(["r-1"])["r-1"].alive(clock.wall)


def test_a_run_that_nobody_registered_is_unknown(ledger: Ledger, clock: ManualClock) -> None:
    for call in (ledger.beat, ledger.finish_run, ledger.force_end):
        with pytest.raises(RunUnknown, match="r-9"):
            call("r-9")
    with pytest.raises(RunUnknown, match="r-9"):
        ledger.prolong("r-9", clock.wall)
    with pytest.raises(RunUnknown, match="r-9"):
        ledger.end_lapsed("r-9", GRACE)
    assert ledger.runs(["r-9"]) == {}


def test_to_finish_twice_leaves_the_first_end(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall))
    first = ledger.finish_run("r-1")
    clock.forward(MINUTE)

    assert (first.ended, first.ending) == (clock.wall - MINUTE, Ending.FINISHED)
    assert ledger.finish_run("r-1") == first
    assert ledger.force_end("r-1") == first


def test_a_person_can_end_a_run_that_is_alive(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall))

    ended = ledger.force_end("r-1")

    assert (ended.ended, ended.ending) == (clock.wall, Ending.FORCED)


def test_a_lease_lapses_only_after_its_grace(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall))

    clock.forward(10 * MINUTE + GRACE)
    before = ledger.end_lapsed("r-1", GRACE)
    clock.forward(timedelta(microseconds=1))
    after = ledger.end_lapsed("r-1", GRACE)

    assert before is None
    assert after is not None
    assert (after.ended, after.ending) == (clock.wall, Ending.LAPSED)
    assert ledger.runs(["r-1"])["r-1"] == after


def test_a_beat_before_the_end_keeps_the_run_alive(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall))
    clock.forward(timedelta(hours=2))
    ledger.beat("r-1")

    assert ledger.end_lapsed("r-1", GRACE) is None
    assert ledger.runs(["r-1"])["r-1"].alive(clock.wall)


def test_to_end_an_ended_run_gives_it_as_it_is(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall))
    finished = ledger.finish_run("r-1")

    assert ledger.end_lapsed("r-1", GRACE) == finished


def test_a_directorys_run_is_taken_in_as_it_is(ledger: Ledger, clock: ManualClock) -> None:
    run = run_named("r-1", clock.wall - timedelta(hours=2))

    assert ledger.take_in(run) == run
    assert ledger.runs(["r-1"]) == {"r-1": run}


def test_a_directorys_news_are_taken_in(ledger: Ledger, clock: ManualClock) -> None:
    run = ledger.take_in(run_named("r-1", clock.wall))
    beaten = replace(run, lease=replace(run.lease, until=clock.wall + timedelta(hours=1)))
    ended = replace(beaten, ended=clock.wall, ending=Ending.FINISHED)

    assert ledger.take_in(beaten) == beaten
    assert ledger.take_in(ended) == ended
    assert ledger.runs(["r-1"]) == {"r-1": ended}


def test_a_directory_never_revives_a_run(ledger: Ledger, clock: ManualClock) -> None:
    run = ledger.take_in(run_named("r-1", clock.wall))
    ended = ledger.force_end("r-1")

    assert ledger.take_in(run) == ended
    assert ledger.runs(["r-1"]) == {"r-1": ended}


def test_a_directory_that_cannot_be_measured_from_here_lives_to_its_expiry(
    ledger: Ledger, clock: ManualClock
) -> None:
    run = run_named("r-1", clock.wall)
    away = replace(run, lease=replace(run.lease, away="it is on another host"))
    ledger.take_in(away)
    clock.forward(run.expires - run.started + GRACE / 2)

    assert ledger.end_lapsed("r-1", GRACE) is None
    assert ledger.runs(["r-1"])["r-1"].lease.away == "it is on another host"
    assert [run.id for run in ledger.list_runs(alive=True)] == ["r-1"]
    clock.forward(GRACE)
    ended = ledger.end_lapsed("r-1", GRACE)
    assert ended is not None
    assert ended.ending is Ending.LAPSED


def test_a_directory_that_cannot_be_measured_from_here_lives_while_it_beats(
    ledger: Ledger, clock: ManualClock
) -> None:
    run = run_named("r-1", clock.wall)
    lease = replace(run.lease, until=run.expires + timedelta(days=1), away="on another host")
    ledger.take_in(replace(run, lease=lease))
    clock.forward(timedelta(hours=30))

    assert ledger.end_lapsed("r-1", GRACE) is None


def test_a_directory_only_prolongs_a_run_that_beats_by_the_service(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.serve(elapsed=clock.awake, every=MINUTE, grace=GRACE)
    ledger.start_run(run_named("r-1", clock.wall, beats=Beats.SERVICE))
    theirs = run_named("r-1", clock.wall, lease=timedelta(hours=1))
    older = replace(run_named("r-1", clock.wall, lease=MINUTE), ended=clock.wall)

    assert ledger.take_in(theirs).lease.until == clock.wall + timedelta(hours=1)
    assert ledger.take_in(older).ended is None
    assert ledger.runs(["r-1"])["r-1"].lease.until == clock.wall + timedelta(hours=1)


def test_runs_are_listed_the_latest_first_and_by_whether_they_live(
    ledger: Ledger, clock: ManualClock
) -> None:
    for name in ("r-1", "r-2", "r-3"):
        ledger.start_run(run_named(name, clock.wall))
        clock.forward(6 * MINUTE)
    ledger.finish_run("r-2")

    assert [run.id for run in ledger.list_runs()] == ["r-3", "r-2", "r-1"]
    assert [run.id for run in ledger.list_runs(alive=True)] == ["r-3"]
    assert [run.id for run in ledger.list_runs(alive=False)] == ["r-2", "r-1"]
    assert [run.id for run in ledger.list_runs(limit=1)] == ["r-3"]


def test_many_runs_are_looked_up_at_once(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-77777", clock.wall))

    found = ledger.runs(f"r-{number}" for number in range(100_000))

    assert list(found) == ["r-77777"]


def test_a_naive_time_is_refused(ledger: Ledger) -> None:
    naive = run_named("r-1", datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None))

    with pytest.raises(ValueError, match="has no time zone"):
        ledger.take_in(naive)

    assert ledger.list_runs() == []


def test_times_keep_their_microseconds(ledger: Ledger) -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=UTC)

    ledger.take_in(run_named("r-1", at))

    assert ledger.runs(["r-1"])["r-1"].started == at


def test_a_command_line_that_is_no_utf8_does_not_keep_a_run_from_starting(
    ledger: Ledger, clock: ManualClock
) -> None:
    run = replace(run_named("r-1", clock.wall), origin="pytest \udcff\0 C:\\x00", owner="Zoë")

    ledger.start_run(run)

    assert ledger.runs(["r-1"]) == {"r-1": run}


# Whose a run is


def test_a_minter_gets_its_own_second_try_answered(ledger: Ledger, clock: ManualClock) -> None:
    run = run_named("r-1", clock.wall, beats=Beats.SERVICE)
    first = ledger.start_run(run, minter="token", request="once")
    clock.forward(timedelta(seconds=5))

    again = ledger.start_run(run, minter="token", request="once")

    assert again.started == first.started
    assert ledger.minters(["r-1"]) == {"r-1": "token"}


@pytest.mark.parametrize(
    ("minter", "request_id"), [("token", "other"), ("token", None), ("other", "once")]
)
def test_nobody_else_gets_a_run_of_that_id(
    ledger: Ledger, clock: ManualClock, minter: str, request_id: str | None
) -> None:
    run = run_named("r-1", clock.wall)
    ledger.start_run(run, minter="token", request="once")

    with pytest.raises(RunExists):
        ledger.start_run(run, minter=minter, request=request_id)


def test_a_minters_runs_are_listed(ledger: Ledger, clock: ManualClock) -> None:
    ledger.start_run(run_named("r-1", clock.wall), minter="token")
    ledger.start_run(run_named("r-2", clock.wall), minter="other")
    ledger.start_run(run_named("r-3", clock.wall))

    assert [run.id for run in ledger.list_runs(minter="token")] == ["r-1"]
    assert ledger.minters(["r-3"]) == {}
