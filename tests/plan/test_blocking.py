from dataclasses import replace
from typing import Any

import pytest

from reaper.model import Basis, Judged, Outcome, Relation, Status
from tests.examples import MINUTE, NOW, RUN_ID, SECOND, a_claim, a_ref, a_resource, an_edge
from tests.plan.cases import (
    ALTERS,
    CONTROLLED_BY,
    MADE,
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

NEEDS = [USED_BY, CONTROLLED_BY, TAKES, ALTERS]


def test_what_is_to_go_and_harms_nothing_goes() -> None:
    plan = planned([reap(a_resource("web")), keep(a_resource("db"))])

    assert waves(plan) == [{"web"}]
    assert (item(plan, "db").wave, item(plan, "db").status) == (None, None)


@pytest.mark.parametrize("relation", NEEDS)
def test_what_would_harm_something_of_a_live_run_is_blocked_by_it(relation: Relation) -> None:
    cell = cell_of(["net", "live"], [("net", relation, "live")])

    plan = planned([reap(cell["net"]), keep(cell["live"])])

    blocked = item(plan, "net")
    assert (blocked.status, blocked.wave) == (Status.BLOCKED, None)
    assert blocked.blocked_by == ("docker:container@ENGINE/live",)
    assert blocked.detail is not None
    assert "live (docker:container@ENGINE/live), which is not to go (alive: " in blocked.detail


@pytest.mark.parametrize("relation", NEEDS)
def test_what_would_harm_a_strangers_thing_is_blocked_by_it(relation: Relation) -> None:
    cell = cell_of(["net", "strange"], [("net", relation, "strange")])

    plan = planned([reap(cell["net"])], [cell["strange"]])

    assert statuses(plan) == {"net": Status.BLOCKED}
    assert "which is no run's, or not asked for" in (item(plan, "net").detail or "")


@pytest.mark.parametrize("relation", NEEDS)
def test_what_would_harm_something_unseen_is_blocked_by_its_name(relation: Relation) -> None:
    edge = an_edge(relation, "unseen", name="frontend")

    plan = planned([reap(a_resource("net", edges=(edge,)))])

    blocked = item(plan, "net")
    assert blocked.blocked_by == ("docker:container@ENGINE/unseen",)
    assert blocked.detail is not None
    assert "frontend (docker:container@ENGINE/unseen), which this scan did not" in blocked.detail


@pytest.mark.parametrize("relation", NEEDS)
def test_another_incarnation_than_the_one_meant_is_something_unknown(relation: Relation) -> None:
    there = a_resource("data", ref=a_ref("data", incarnation="2"))
    meant = an_edge(relation, a_ref("data", incarnation="1"))
    same = an_edge(relation, a_ref("data", incarnation="2"))
    vague = an_edge(relation, a_ref("data"))

    blocked = planned([reap(a_resource("web", edges=(meant,))), reap(there)])

    assert statuses(blocked) == {"web": Status.BLOCKED, "data": None}
    assert "which is another by now" in (item(blocked, "web").detail or "")
    for edge in (same, vague):
        going = planned([reap(a_resource("web", edges=(edge,))), reap(there)])
        assert set(statuses(going).values()) == {None}


def test_a_user_counts_also_where_only_the_user_tells() -> None:
    cell = cell_of(["net", "live"], [("live", USES, "net")])

    ours = planned([reap(cell["net"]), keep(cell["live"])])
    strange = planned([reap(cell["net"])], [cell["live"]])

    for plan in (ours, strange):
        assert statuses(plan)["net"] is Status.BLOCKED
        assert item(plan, "net").blocked_by == ("docker:container@ENGINE/live",)


@pytest.mark.parametrize("relation", [USES, MADE])
def test_what_it_uses_or_made_may_stay(relation: Relation) -> None:
    cell = cell_of(["web", "stays"], [("web", relation, "stays")])

    assert waves(planned([reap(cell["web"]), keep(cell["stays"])])) == [{"web"}]


@pytest.mark.parametrize("relation", [*NEEDS, USES, MADE])
def test_an_edge_to_itself_blocks_nothing(relation: Relation) -> None:
    cell = cell_of(["group"], [("group", relation, "group")])

    plan = planned([reap(cell["group"])])

    assert waves(plan) == [{"group"}]
    assert plan.notes == ()


def derived(judged: Judged) -> Judged:
    return replace(judged, claim=a_claim(basis=Basis.DERIVED))


def test_what_is_a_runs_by_its_maker_alone_stays_with_it() -> None:
    cell = cell_of(["function", "logs"], [("function", MADE, "logs")])

    plan = planned([keep(cell["function"]), derived(reap(cell["logs"]))])

    assert statuses(plan) == {"function": None, "logs": Status.BLOCKED}
    assert item(plan, "logs").blocked_by == ("docker:container@ENGINE/function",)
    assert (item(plan, "logs").detail or "").startswith(
        "made by function (docker:container@ENGINE/function), which is not to go"
    )


def test_what_is_a_runs_by_its_maker_alone_goes_after_it() -> None:
    cell = cell_of(["function", "logs"], [("function", MADE, "logs")])

    plan = planned([reap(cell["function"]), derived(reap(cell["logs"]))])

    assert waves(plan) == [{"function"}, {"logs"}]


def test_what_is_a_runs_by_its_own_tag_may_go_before_its_maker() -> None:
    cell = cell_of(["function", "logs"], [("function", MADE, "logs")])

    plan = planned([keep(cell["function"]), reap(cell["logs"])])

    assert waves(plan) == [{"logs"}]


def test_what_waits_for_something_blocked_is_blocked_itself() -> None:
    cell = cell_of("abc", [("a", USED_BY, "b"), ("b", USED_BY, "c")])

    plan = planned([reap(cell["a"]), reap(cell["b"]), keep(cell["c"])])

    assert statuses(plan) == {"a": Status.BLOCKED, "b": Status.BLOCKED, "c": None}
    assert "used by b (docker:container@ENGINE/b), which is blocked itself" in (
        item(plan, "a").detail or ""
    )


def test_a_ring_of_which_one_is_blocked_is_blocked() -> None:
    cell = cell_of("abc", [("a", USED_BY, "b"), ("b", USED_BY, "a"), ("a", USED_BY, "c")])

    plan = planned([reap(cell["a"]), reap(cell["b"]), keep(cell["c"])])

    assert statuses(plan) == {"a": Status.BLOCKED, "b": Status.BLOCKED, "c": None}


def test_many_blockers_are_counted_in_the_sentence_and_named_beside_it() -> None:
    names = [f"user{number}" for number in range(5)]
    cell = cell_of(["net", *names], [(name, USES, "net") for name in names])

    plan = planned([reap(cell["net"]), *(keep(cell[name]) for name in names)])

    assert len(item(plan, "net").blocked_by) == 5
    assert (item(plan, "net").detail or "").endswith("; and 2 more")


def test_what_the_cloud_protects_is_not_sent_and_blocks_what_needs_it() -> None:
    edge = an_edge(TAKES, "vault")
    vault = a_resource("vault", protection="locked by policy")

    plan = planned([reap(a_resource("group", edges=(edge,))), reap(vault)])

    assert statuses(plan) == {"vault": Status.PROTECTED, "group": Status.BLOCKED}
    assert item(plan, "vault").detail == "locked by policy"
    assert "which is protected: locked by policy" in (item(plan, "group").detail or "")


def test_what_is_used_from_another_cell_is_blocked_by_name_and_blocks_what_needs_it() -> None:
    role = a_resource("role", held_by=("machine@elsewhere/i-1", "machine@elsewhere/i-2"))

    plan = planned([reap(a_resource("policy", edges=(an_edge(USED_BY, "role"),))), reap(role)])

    assert statuses(plan) == {"role": Status.BLOCKED, "policy": Status.BLOCKED}
    assert item(plan, "role").blocked_by == role.held_by
    assert item(plan, "role").detail == (
        "used from elsewhere by machine@elsewhere/i-1; machine@elsewhere/i-2"
    )


@pytest.mark.parametrize(("state", "told"), [("removing", " (removing)"), (None, "")])
def test_what_is_on_its_way_out_is_waited_for(state: str | None, told: str) -> None:
    going = a_resource("web", going=True, state=state)
    net = a_resource("net", edges=(an_edge(USED_BY, "web", name="web"),))

    plan = planned([reap(going), reap(net)])

    assert statuses(plan) == {"web": Status.PENDING, "net": Status.PENDING}
    assert item(plan, "web").detail == f"it is on its way out already{told}"
    assert item(plan, "net").blocked_by == ("docker:container@ENGINE/web",)
    assert item(plan, "net").detail == (
        "it waits for what goes before: used by web (docker:container@ENGINE/web)"
    )


def test_what_waits_and_is_blocked_as_well_is_blocked() -> None:
    going = a_resource("web", going=True)
    edges = (an_edge(USED_BY, "web"), an_edge(USED_BY, "live"))

    plan = planned([reap(going), reap(a_resource("net", edges=edges)), keep(a_resource("live"))])

    assert statuses(plan)["net"] is Status.BLOCKED
    assert item(plan, "net").blocked_by == ("docker:container@ENGINE/live",)


def test_a_strangers_thing_on_its_way_out_still_blocks() -> None:
    edges = (an_edge(USED_BY, "strange"),)

    plan = planned([reap(a_resource("net", edges=edges))], [a_resource("strange", going=True)])

    assert statuses(plan) == {"net": Status.BLOCKED}


def an_outcome(**changes: Any) -> Outcome:
    values: dict[str, Any] = {
        "ref": a_ref("web"),
        "run": RUN_ID,
        "status": Status.PENDING,
        "detail": "in use",
        "at": NOW - MINUTE,
        "until": NOW + MINUTE,
    }
    return Outcome(**{**values, **changes})


def test_what_is_parked_waits_for_its_next_attempt_and_so_does_what_needs_it() -> None:
    net = a_resource("net", edges=(an_edge(USED_BY, "web"),))
    judged = [reap(a_resource("web")), reap(net)]

    plan = planned(judged, parked={a_ref("web").key: an_outcome()})

    assert statuses(plan) == {"web": Status.PENDING, "net": Status.PENDING}
    assert item(plan, "web").detail == "it is tried again at 2026-10-01 12:01:00 UTC: in use"


@pytest.mark.parametrize(
    "outcome",
    [
        an_outcome(until=NOW),
        an_outcome(until=NOW - SECOND),
        an_outcome(until=None),
        an_outcome(ref=a_ref("web", incarnation="1")),
    ],
)
def test_what_was_parked_until_now_or_was_another_goes(outcome: Outcome) -> None:
    resource = a_resource("web", ref=a_ref("web", incarnation="2"))

    plan = planned([reap(resource)], parked={resource.ref.key: outcome})

    assert waves(plan) == [{"web"}]


def test_nothing_can_be_judged_twice() -> None:
    with pytest.raises(ValueError, match="judged twice"):
        planned([reap(a_resource("web")), keep(a_resource("web"))])
