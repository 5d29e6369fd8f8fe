"""The tables for people: told once what is shared, by names, and nothing cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reaper.cli import words
from reaper.cli.render import View, listing, plans, result
from reaper.cli.report import Entry, entries
from reaper.model import (
    Basis,
    Cell,
    Claim,
    Decision,
    Item,
    Judged,
    Lease,
    Outcome,
    Plan,
    Ref,
    Resource,
    Rule,
    Run,
    Status,
    Verdict,
)

AT = datetime(2030, 1, 31, 9, tzinfo=UTC)
CELL = Cell(provider="docker", scope="ENGINE", label="the engine")
WHY = "its run r-1 is over since yesterday"
STRANGER = Ref(kind="docker:container", scope="ENGINE", id="ab" * 32)
USED = f"used by debugger ({STRANGER}), which is no run's"


def item(id_: str, *, name: str | None = None, run: str = "r-1", wave: int | None = 0) -> Item:
    return Item(
        judged=Judged(
            resource=Resource(
                ref=Ref(kind="docker:volume", scope="ENGINE", id=id_),
                name=name,
                created=AT - timedelta(hours=2),
            ),
            claim=Claim(run=run, basis=Basis.TAG, owner="alice", reason="its tag"),
            verdict=Verdict(decision=Decision.REAP, rule=Rule.FINISHED, reason=WHY),
        ),
        wave=wave,
    )


def blocked(of: Item) -> Item:
    return replace(of, wave=None, status=Status.BLOCKED, detail=USED, blocked_by=(str(STRANGER),))


def view(*items: Item) -> View:
    plan = Plan(cell=CELL, at=AT, items=items)
    run = Run(
        id="r-1",
        realm="default",
        started=AT - timedelta(hours=3),
        expires=AT,
        lease=Lease(length=timedelta(minutes=10), until=AT),
        owner="alice",
    )
    return View(cell=CELL, listed=entries([plan]), runs={"r-1": run}, now=AT, plan=plan)


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line]


def test_a_reason_is_told_once_for_all_that_share_it() -> None:
    told = plans([view(item("one"), item("two"))], [])

    assert told.count(WHY) == 1
    assert lines(told)[:5] == [
        "docker: the engine",
        "run r-1 alice, started 3h ago, alive, lease until 2030-01-31 09:00:00Z",
        f"reap, finished: {WHY}",
        "docker:volume one wave 1",
        "docker:volume two wave 1",
    ]


def test_each_run_is_told_of_by_itself() -> None:
    told = lines(listing([view(item("one"), item("two", run="r-2"))], []))

    assert [line.split()[1] for line in told if line.startswith("run ")] == ["r-2", "r-1"]
    assert "docker:volume one created 2h ago" in told


def test_what_goes_first_stands_first() -> None:
    told = lines(plans([view(item("a", wave=1), blocked(item("b")), item("c"))], []))

    assert [line.split()[1] for line in told if line.startswith("docker:volume")] == ["c", "a", "b"]


def test_a_plan_counts_what_it_leaves_alone_where_that_is_much() -> None:
    alive = Verdict(decision=Decision.KEEP, rule=Rule.ALIVE, reason="it is alive")

    def kept(number: int) -> Item:
        found = item(f"v{number}", wave=None)
        return replace(found, judged=replace(found.judged, verdict=alive))

    few, many = [kept(n) for n in range(12)], [kept(n) for n in range(13)]

    assert "docker:volume v3" in lines(plans([view(*few)], []))
    assert "13 docker:volume" in lines(plans([view(*many)], []))
    assert "docker:volume v3" not in lines(plans([view(*many)], []))
    assert "docker:volume v3 created 2h ago" in lines(listing([view(*many)], []))


def test_blockers_that_the_sentence_does_not_name_are_named_after_it() -> None:
    entry = blocked(item("logs"))
    outcome = Outcome(
        ref=entry.ref,
        run="r-1",
        status=Status.BLOCKED,
        detail="it has dependencies",
        blocked_by=("aws:ec2:network-interface@1/eu/eni-1", "aws:ec2:instance@1/eu/i-1"),
        at=AT,
    )

    swept = lines(result(entries([Plan(cell=CELL, at=AT, items=(entry,))], [outcome]), [], {}))

    assert (
        "blocked docker:volume logs it has dependencies "
        "(by aws:ec2:network-interface eni-1, aws:ec2:instance i-1)" in swept
    )


def test_a_blocker_is_called_by_its_name() -> None:
    entry = blocked(item("logs"))
    outcome = Outcome(
        ref=entry.ref,
        run="r-1",
        status=Status.BLOCKED,
        detail=USED,
        blocked_by=(str(STRANGER), "service web"),
        at=AT,
    )

    planned = lines(plans([view(entry)], []))
    swept = lines(result(entries([Plan(cell=CELL, at=AT, items=(entry,))], [outcome]), [], {}))

    assert "docker:volume logs blocked: used by debugger, which is no run's" in planned
    assert (
        "blocked docker:volume logs used by debugger, which is no run's (by service web)" in swept
    )


def test_an_id_stands_beside_a_name_only_where_two_have_it() -> None:
    told = lines(listing([view(item("id1", name="a"), item("id2", name="a"), item("id3"))], []))

    assert [line.partition(" created")[0] for line in told if line.startswith("docker:volume")] == [
        "docker:volume a (id1)",
        "docker:volume a (id2)",
        "docker:volume id3",
    ]


def test_an_id_that_nobody_reads_is_short() -> None:
    assert "docker:volume abababababab created 2h ago" in lines(
        listing([view(item("ab" * 32))], [])
    )


def test_what_a_sweep_deleted_and_what_it_left_are_apart() -> None:
    gone = Outcome(
        ref=item("one").ref, run="r-1", status=Status.GONE, detail="deleted, and seen gone", at=AT
    )
    plan = Plan(cell=CELL, at=AT, items=(item("one"), blocked(item("two"))))

    told = lines(result(entries([plan], [gone]), [], {}))

    assert told.index("Went") < told.index("gone docker:volume one deleted, and seen gone")
    assert told.index("Left") < told.index(
        "blocked docker:volume two used by debugger, which is no run's"
    )
    assert told[-1] == "1 gone, 1 blocked"


def test_what_only_the_ledger_knows_is_told_too() -> None:
    forgotten = Entry(
        outcome=Outcome(
            ref=Ref(kind="docker:volume", scope="ENGINE", id="v"),
            run="r-0",
            status=Status.PENDING,
            detail="it did not answer",
            until=AT,
            rule=Rule.LAPSED,
            reason="its lease lapsed",
            at=AT,
        )
    )

    told = lines(result([forgotten], [], {}))

    assert "run r-0 no owner" in told
    assert "reap, lapsed: its lease lapsed" in told
    assert "pending docker:volume v it did not answer; tried again at 2030-01-31 09:00:00Z" in told


def test_addresses_give_way_to_names() -> None:
    text = f"used_by {STRANGER} (web), which is not to go; waits for {STRANGER} to go first"

    assert words.without_addresses(text) == (
        "used_by web, which is not to go; waits for docker:container abababababab to go first"
    )
