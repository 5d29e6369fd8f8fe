"""The tables for people: told once what is shared, by names, and nothing cut."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console
from rich.text import Text

from reaper.cli import words
from reaper.cli.render import Past, View, listing, past, plans, result
from reaper.cli.report import Entry, entries
from reaper.cli.rows import Rows
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
        "(by aws:ec2:network-interface eni-1; aws:ec2:instance i-1)" in swept
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


ROLE = Ref(kind="aws:iam:role", scope="1/global", id="ours")
GROUP = Ref(kind="aws:ec2:security-group", scope="1/r", id="sg-1")


def aws(ref: Ref, wave: int | None = None, blocked_by: Ref | None = None) -> Item:
    return Item(
        judged=replace(item("any").judged, resource=Resource(ref=ref)),
        wave=wave,
        status=None if blocked_by is None else Status.BLOCKED,
        detail=None if blocked_by is None else f"used from elsewhere by {blocked_by}",
        blocked_by=() if blocked_by is None else (str(blocked_by),),
    )


def test_what_is_blocked_by_what_goes_from_another_cell_is_blocked_no_longer_than_that() -> None:
    function = Ref(kind="aws:lambda:function", scope="1/r", id="report")
    policy = Ref(kind="aws:iam:policy", scope="1/global", id="arn:aws:iam::1:policy/ours")
    here = view(aws(function, wave=0))
    elsewhere = view(aws(ROLE, blocked_by=function), aws(policy, blocked_by=ROLE))
    stranger = view(aws(ROLE, blocked_by=GROUP))

    told = lines(plans([here, elsewhere], []))

    assert (
        "aws:iam:role ours blocked until that is gone: "
        "used from elsewhere by aws:lambda:function report"
    ) in told
    assert (
        "aws:iam:policy ours blocked until that is gone: used from elsewhere by aws:iam:role ours"
    ) in told
    assert (
        "aws:iam:role ours blocked: used from elsewhere by aws:ec2:security-group sg-1"
    ) in lines(plans([here, stranger], []))


def test_blockers_that_a_places_own_word_does_not_name_are_named() -> None:
    users = [Ref(kind="aws:ec2:instance", scope="1/r", id=f"i-{number}") for number in range(5)]
    refused = Outcome(
        ref=GROUP,
        run="r-1",
        status=Status.BLOCKED,
        detail="DependencyViolation: it has a dependent object",
        blocked_by=tuple(map(str, users)),
        at=AT,
    )

    told = lines(result([Entry(outcome=refused)], [], {}))

    assert (
        "blocked aws:ec2:security-group sg-1 DependencyViolation: it has a dependent object "
        "(by aws:ec2:instance i-0; aws:ec2:instance i-1; aws:ec2:instance i-2; and 2 more)"
    ) in told


def test_an_arn_is_told_by_what_tells_it_from_others() -> None:
    balancing = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
    listener = Ref(
        kind="aws:elasticloadbalancing:listener",
        scope="1/r",
        id=f"{balancing}:listener/app/web/{'ab' * 8}/{'cd' * 8}",
    )

    told = lines(plans([view(aws(listener, wave=0))], []))

    assert f"aws:elasticloadbalancing:listener app/web/{'cd' * 8} wave 1" in told


def test_the_past_is_told_by_run_reason_and_sweep() -> None:
    first, second = (
        Outcome(
            ref=item(id_).ref,
            run="r-1",
            owner="alice",
            status=Status.GONE,
            detail="deleted, and seen gone",
            rule=Rule.FINISHED,
            reason=WHY,
            at=AT,
        )
        for id_ in ("one", "two")
    )

    told = lines(past([Past(outcome=first, sweep="host:1"), Past(outcome=second, sweep="host:1")]))

    assert told == [
        "run r-1 alice",
        f"finished: {WHY}; sweep host:1",
        "2030-01-31 09:00:00Z gone docker:volume one deleted, and seen gone",
        "2030-01-31 09:00:00Z gone docker:volume two deleted, and seen gone",
        "2 gone",
    ]


def test_a_past_without_anything_is_told_too() -> None:
    assert lines(past([])) == ["nothing found"]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        pytest.param(
            120,
            [
                "  aws:ec2:vpc  a-name-of-some-length  wave 1",
                "  aws:ec2:vpc  another                blocked: used by a colleague, for now",
            ],
            id="in its column where that is wide enough",
        ),
        pytest.param(
            60,
            [
                "  aws:ec2:vpc  a-name-of-some-length     wave 1",
                "  aws:ec2:vpc  another",
                "      blocked: used by a colleague, for now",
            ],
            id="under its row else",
        ),
    ],
)
def test_a_sentence_stands_where_it_can_be_read(width: int, expected: Sequence[str]) -> None:
    rows = [
        (Text("aws:ec2:vpc"), Text("a-name-of-some-length"), Text("wave 1")),
        (
            Text("aws:ec2:vpc"),
            Text("another"),
            Text("blocked: used by a colleague, for now"),
        ),
    ]
    console = Console(file=io.StringIO(), width=width)

    with console.capture() as told:
        console.print(Rows(rows, [11, 21, 37]))

    assert [line.rstrip() for line in told.get().splitlines()] == expected
