"""The JSON of lists and the exit codes: a promise to programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper.cli.report import Entry, Exit, document, entries, merged, plan_code, sweep_code
from reaper.model import (
    Basis,
    Cell,
    Claim,
    Decision,
    Gap,
    Item,
    Judged,
    Outcome,
    Plan,
    Ref,
    Resource,
    Rule,
    Status,
    Verdict,
)

AT = datetime(2030, 1, 31, 9, tzinfo=UTC)
CELL = Cell(provider="memory", scope="lab", label="the lab")
GAP = Gap(provider="memory", scope="lab", kind=None, reason="it did not answer")
KEYS = [
    *("provider", "scope", "kind", "id", "incarnation", "name", "run", "owner", "created"),
    *("tags", "verdict", "rule", "reason", "outcome", "blocked_by", "until", "detail"),
]

DONE = {Status.GONE, Status.SCHEDULED}
BAD = {Status.FAILED, Status.DENIED}


def ref(name: str, incarnation: str | None = None) -> Ref:
    return Ref(kind="memory:disk", scope="lab", id=name, incarnation=incarnation)


def item(
    name: str,
    decision: Decision = Decision.REAP,
    *,
    status: Status | None = None,
    incarnation: str | None = None,
) -> Item:
    return Item(
        judged=Judged(
            resource=Resource(ref=ref(name, incarnation), tags={"b": "2", "a": "1"}, created=AT),
            claim=Claim(run="r-1", basis=Basis.TAG, owner="alice", reason="its tag"),
            verdict=Verdict(decision=decision, rule=Rule.FINISHED, reason="over"),
        ),
        wave=0 if decision is Decision.REAP and status is None else None,
        status=status,
    )


def plan(*items: Item) -> Plan:
    return Plan(cell=CELL, at=AT, items=items)


def outcome(name: str, status: Status, incarnation: str | None = None) -> Outcome:
    return Outcome(ref=ref(name, incarnation), run="r-1", status=status, detail="so it was", at=AT)


def test_each_item_has_every_key_that_was_promised_in_order() -> None:
    listed = entries([plan(item("one"))])

    written = document(listed, [])

    assert list(written) == ["schema", "complete", "gaps", "items"]
    assert list(written["items"][0]) == KEYS


def test_what_is_not_known_is_null() -> None:
    listed = entries([], [outcome("one", Status.GONE)])

    (written,) = document(listed, [])["items"]

    assert [key for key in KEYS if written[key] is None] == [
        "incarnation",
        "name",
        "owner",
        "created",
        "verdict",
        "rule",
        "reason",
        "until",
    ]


def test_times_are_in_utc_whatever_zone_they_came_in() -> None:
    east = AT.astimezone(timezone(timedelta(hours=5)))
    resource = Resource(ref=ref("one"), created=east)

    (written,) = document([Entry(resource=resource, claim=Claim(run=None, reason=""))], [])["items"]

    assert written["created"] == "2030-01-31T09:00:00Z"


def test_a_list_with_a_gap_is_not_complete_and_says_why() -> None:
    written = document([], [GAP])

    assert written["complete"] is False
    assert written["gaps"] == [
        {"provider": "memory", "scope": "lab", "kind": None, "reason": "it did not answer"}
    ]


def test_a_document_survives_json() -> None:
    written = document(entries([plan(item("one"))], [outcome("one", Status.GONE)]), [GAP])

    assert json.loads(json.dumps(written)) == written


def test_what_bears_no_run_has_no_verdict() -> None:
    verdict = Verdict(decision=None, rule=Rule.FOREIGN, reason="no run's")
    stranger = Entry(resource=Resource(ref=ref("one")), verdict=verdict)

    (written,) = document([stranger], [])["items"]

    assert written["verdict"] is None
    assert written["rule"] == "foreign"


def test_the_outcome_of_an_earlier_incarnation_is_listed_beside_the_present_one() -> None:
    listed = entries(
        [plan(item("one", Decision.KEEP, incarnation="2"))], [outcome("one", Status.GONE, "1")]
    )

    assert [(entry.ref.incarnation, entry.became) for entry in listed] == [
        ("2", None),
        ("1", Status.GONE),
    ]


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (Decision.KEEP, Exit.CLEAN),
        (Decision.REAP, Exit.LEFT),
        (Decision.QUARANTINE, Exit.LEFT),
    ],
)
def test_a_plan_says_by_its_code_whether_orphans_were_found(decision: Decision, code: Exit) -> None:
    assert plan_code(entries([plan(item("one", decision))]), []) == code


def test_a_gap_goes_before_orphans() -> None:
    assert plan_code(entries([plan(item("one"))]), [GAP]) == Exit.GAPS


@pytest.mark.parametrize("status", list(Status))
def test_a_sweep_says_by_its_code_what_is_left(status: Status) -> None:
    listed = entries([plan(item("one"))], [outcome("one", status)])

    code = sweep_code(listed, [])

    assert code == (Exit.FAILED if status in BAD else Exit.CLEAN if status in DONE else Exit.LEFT)


def test_what_never_had_its_turn_is_left() -> None:
    assert sweep_code(entries([plan(item("one"))]), []) == Exit.LEFT


def test_a_quarantine_is_left() -> None:
    assert sweep_code(entries([plan(item("one", Decision.QUARANTINE))]), []) == Exit.LEFT


@given(
    statuses=st.lists(st.sampled_from(list(Status))),
    decisions=st.lists(st.sampled_from(list(Decision))),
    gaps=st.lists(st.just(GAP), max_size=1),
)
def test_the_first_code_that_applies_is_given(
    statuses: list[Status], decisions: list[Decision], gaps: list[Gap]
) -> None:
    listed = entries(
        [plan(*(item(f"d{number}", each) for number, each in enumerate(decisions)))],
        [outcome(f"o{number}", each) for number, each in enumerate(statuses)],
    )

    code = sweep_code(listed, gaps)

    failed = bool(BAD & set(statuses))
    undone = bool(set(statuses) - DONE) or bool(set(decisions) - {Decision.KEEP})
    expected = Exit.FAILED if failed else Exit.GAPS if gaps else Exit.LEFT if undone else Exit.CLEAN
    assert code == expected


def test_a_further_sweep_keeps_what_only_the_first_one_saw() -> None:
    first = plan(item("one"), item("two", status=Status.BLOCKED))
    second = plan(item("two"))

    together = merged({"lab": first}, {"lab": second})

    assert [(entry.ref.id, entry.became) for entry in entries(together.values())] == [
        ("one", None),
        ("two", None),
    ]
