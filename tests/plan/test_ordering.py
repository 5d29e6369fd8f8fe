from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reaper.model import Gap, Plan, Rule, Status, Verdict
from reaper.plan import Brake, digest, plan_id
from tests.examples import HOUR, NOW, OTHER_RUN, a_claim, a_ref, a_resource, an_edge
from tests.plan.cases import (
    CELL,
    CONTROLLED_BY,
    TAKES,
    USED_BY,
    USES,
    cell_of,
    item,
    keep,
    planned,
    reap,
    statuses,
    waves,
)

TIGHT = Brake(max_deletions=2, max_share=1.0, min_tagged=1000)


def test_a_plan_lists_first_what_goes_wave_by_wave_and_then_what_stays() -> None:
    cell = cell_of("abcd", [("c", USES, "a")])

    plan = planned([keep(cell["b"]), reap(cell["a"]), reap(cell["d"]), reap(cell["c"])])

    assert [each.ref.id for each in plan.items] == ["c", "d", "a", "b"]


def test_a_plan_tells_its_cell_its_time_and_the_gaps_of_its_scan() -> None:
    gap = Gap(provider="docker", scope="ENGINE", kind="docker:image", reason="it timed out")

    plan = planned([], gaps=[gap])

    assert (plan.cell, plan.at, plan.gaps, plan.items) == (CELL, NOW, (gap,), ())


# --- the brake -----------------------------------------------------------------------------------


def test_a_plan_of_no_more_than_allowed_goes() -> None:
    judged = [reap(a_resource(name)) for name in "ab"]

    plan = planned(judged, brake=TIGHT)

    assert plan.held is None
    assert waves(plan) == [{"a", "b"}]


@pytest.mark.parametrize(("names", "recent"), [("abc", 0), ("ab", 1), ("a", 2)])
def test_a_plan_of_more_deletions_than_allowed_in_a_day_is_held(names: str, recent: int) -> None:
    judged = [reap(a_resource(name)) for name in names]

    plan = planned(judged, brake=TIGHT, recent_deletions=recent)

    assert set(statuses(plan).values()) == {Status.HELD}
    assert plan.waves == ()
    assert plan.held == (
        f"{len(names)} would be deleted: with the {recent} of the last 24 hours that is more than "
        "max_deletions, 2; look at the plan, and let it go by `reaper release`"
    )
    assert plan.items[0].detail == f"the brake holds it: {plan.held}"


def test_a_plan_of_a_larger_share_than_allowed_is_held_where_enough_is_tagged() -> None:
    brake = Brake(max_deletions=100, max_share=0.5, min_tagged=4)
    three_of_four = [*(reap(a_resource(name)) for name in "abc"), keep(a_resource("d"))]

    held = planned(three_of_four, brake=brake)
    half = planned([*three_of_four[1:], keep(a_resource("e"))], brake=brake)
    few = planned(three_of_four[:3], brake=brake)

    assert held.held is not None
    assert "of 4 that are tagged that is more than max_share, 0.5" in held.held
    assert half.held is None
    assert few.held is None


def test_nothing_is_held_without_a_brake() -> None:
    assert planned([reap(a_resource(name)) for name in "abc"], recent_deletions=9999).held is None


def test_a_brake_that_allows_nothing_holds_everything() -> None:
    plan = planned([reap(a_resource("a"))], brake=Brake(max_deletions=0))

    assert statuses(plan) == {"a": Status.HELD}


def test_a_plan_in_which_nothing_goes_is_not_held() -> None:
    plan = planned([keep(a_resource("a"))], brake=TIGHT, recent_deletions=9999)

    assert plan.held is None


def test_what_was_asked_for_by_name_is_neither_counted_nor_held() -> None:
    named = [reap(a_resource(name), named=True) for name in "abc"]

    assert planned([*named, reap(a_resource("d"))], brake=TIGHT).held is None
    held = planned([*named, *(reap(a_resource(name)) for name in "def")], brake=TIGHT)
    assert waves(held) == [{"a", "b", "c"}]
    assert {name for name, status in statuses(held).items() if status} == {"d", "e", "f"}


def test_what_a_person_released_goes() -> None:
    judged = [reap(a_resource(name)) for name in "abc"]
    keys = {each.resource.ref.key for each in judged}

    plan = planned(judged, brake=TIGHT, released=frozenset(keys))

    assert waves(plan) == [{"a", "b", "c"}]


def test_a_release_of_one_incarnation_releases_no_other() -> None:
    judged = [reap(a_resource(name, ref=a_ref(name, incarnation="2"))) for name in ("a", "b", "c")]
    released = {f"{each.resource.ref.key}#2" for each in judged}
    old = {f"{each.resource.ref.key}#1" for each in judged}

    assert planned(judged, brake=TIGHT, released=frozenset(released)).held is None
    assert planned(judged, brake=TIGHT, released=frozenset(old)).held is not None


def test_what_cannot_go_without_something_held_is_held_too() -> None:
    cell = cell_of("abcuv", [("u", USED_BY, "a"), ("v", CONTROLLED_BY, "u")])
    judged = [*(reap(cell[name]) for name in "abc"), *(reap(cell[n], named=True) for n in "uv")]

    plan = planned(judged, brake=TIGHT)

    assert set(statuses(plan).values()) == {Status.HELD}
    assert item(plan, "u").blocked_by == ("docker:container@ENGINE/a",)
    assert item(plan, "u").detail == (
        "the brake holds what goes before: used by a (docker:container@ENGINE/a)"
    )


def test_what_is_blocked_anyway_is_not_counted() -> None:
    cell = cell_of("abcx", [("c", USED_BY, "x")])
    judged = [*(reap(cell[name]) for name in "abc"), keep(cell["x"])]

    plan = planned(judged, brake=TIGHT)

    assert plan.held is None
    assert statuses(plan) == {"a": None, "b": None, "c": Status.BLOCKED, "x": None}


def test_what_is_taken_along_is_counted() -> None:
    cell = cell_of("abc", [("a", TAKES, "b"), ("a", TAKES, "c")])

    assert planned([reap(each) for each in cell.values()], brake=TIGHT).held is not None


# --- the digest ----------------------------------------------------------------------------------


def a_plan() -> Plan:
    cell = cell_of("abk", [("b", USES, "a")])
    return planned([reap(cell["a"]), reap(cell["b"]), keep(cell["k"])])


def changed(plan: Plan, **changes: Any) -> Plan:
    """The plan with its first item's judgement changed."""
    first, *rest = plan.items
    return replace(plan, items=(replace(first, judged=replace(first.judged, **changes)), *rest))


def test_a_digest_is_of_what_a_person_reviews() -> None:
    plan = a_plan()
    judged = plan.items[0].judged
    verdict = judged.verdict
    reworded = Verdict(decision=verdict.decision, rule=verdict.rule, reason="over since 12:01")
    first, *rest = plan.items

    assert digest(plan) == digest(a_plan())
    assert digest(plan) == digest(replace(plan, at=NOW + HOUR, gaps=(), notes=("a note",)))
    assert digest(plan) == digest(changed(plan, verdict=reworded))
    assert digest(plan) == digest(replace(plan, items=(*reversed(plan.items),)))
    others = [
        replace(plan, cell=replace(CELL, scope="OTHER")),
        replace(plan, items=plan.items[:-1]),
        replace(plan, items=(replace(first, wave=7), *rest)),
        replace(plan, items=(replace(first, wave=None), *rest)),
        changed(plan, claim=a_claim(run=OTHER_RUN)),
        changed(plan, verdict=replace(verdict, rule=Rule.EXPIRED)),
        changed(plan, verdict=keep(a_resource("x")).verdict),
        changed(plan, resource=a_resource("x")),
        changed(plan, resource=a_resource("b", ref=a_ref("b", incarnation="2"))),
    ]
    digests = {digest(other) for other in others}
    assert len(digests) == len(others)
    assert digest(plan) not in digests


def test_a_plans_id_is_short_enough_to_type() -> None:
    plan = a_plan()

    assert plan_id(plan) == digest(plan)[:12]
    assert len(digest(plan)) == 64


def test_the_same_plan_later_has_the_same_id() -> None:
    judged = [reap(a_resource("a", edges=(an_edge(USES, "b"),))), reap(a_resource("b"))]

    first = planned(judged)
    later = replace(first, at=first.at + timedelta(days=1))

    assert plan_id(first) == plan_id(later)
