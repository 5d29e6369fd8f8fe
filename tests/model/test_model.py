from datetime import timedelta

import pytest

from reaper.model import (
    Backoff,
    Basis,
    Cell,
    Claim,
    Decision,
    Ending,
    Item,
    Judged,
    Plan,
    Relation,
    Rule,
    Verdict,
)
from tests.examples import (
    HOUR,
    NOW,
    SECOND,
    a_claim,
    a_lapsed_run,
    a_live_run,
    a_ref,
    a_resource,
    a_run,
    an_edge,
)

CELL = Cell(provider="docker", scope="ENGINE", label="local")


def _item(name: str, wave: int | None) -> Item:
    verdict = Verdict(decision=Decision.REAP, rule=Rule.FINISHED, reason="over")
    judged = Judged(resource=a_resource(name), claim=a_claim(), verdict=verdict)
    return Item(judged=judged, wave=wave)


def test_a_run_is_alive_to_the_last_moment_of_its_lease() -> None:
    run = a_live_run(lease_until=NOW)

    assert run.alive(NOW)
    assert not run.alive(NOW + timedelta(microseconds=1))


def test_a_run_that_ended_is_not_alive_although_its_lease_holds() -> None:
    run = a_run(lease_until=NOW + HOUR, ended=NOW - SECOND, ending=Ending.FORCED)

    assert not run.alive(NOW)


def test_a_run_cannot_lapse_while_its_registry_is_away() -> None:
    run = a_lapsed_run(away="the service does not answer since 11:00")

    assert run.alive(NOW)


def test_a_claim_is_foreign_only_where_nothing_makes_it_a_runs_and_nothing_is_in_doubt() -> None:
    assert Claim(run=None, reason="it bears no run").foreign
    assert not Claim(run=None, reason="cannot be read", garbled="reaper-run=''").foreign
    assert not Claim(run="r-1", reason="its tag", basis=Basis.TAG).foreign


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 10), (2, 20), (3, 40), (8, 1280), (9, 1800), (5000, 1800)]
)
def test_the_wait_between_attempts_doubles_up_to_a_limit(attempts: int, seconds: int) -> None:
    assert Backoff().after(attempts) == timedelta(seconds=seconds)


def test_a_resource_tells_its_edges_by_relation() -> None:
    uses = an_edge(Relation.USES, a_ref("net", "docker:network"))
    takes = an_edge(Relation.TAKES, a_ref("data", "docker:volume"))
    resource = a_resource(edges=(uses, takes))

    assert resource.others(Relation.TAKES) == (takes,)
    assert resource.others(Relation.TAKES, Relation.USES) == (uses, takes)
    assert resource.others(Relation.MADE) == ()


def test_a_plan_gives_its_waves_in_order_and_leaves_out_what_stays() -> None:
    first, second, stays = _item("a", 0), _item("b", 1), _item("c", None)
    plan = Plan(cell=CELL, at=NOW, items=(stays, second, first))

    assert plan.waves == ((first,), (second,))
    assert first.ref == a_ref("a")


def test_a_plan_in_which_nothing_goes_has_no_waves() -> None:
    assert Plan(cell=CELL, at=NOW, items=(_item("a", None),)).waves == ()


def test_a_cell_is_named_by_provider_and_scope() -> None:
    assert str(CELL) == "docker/ENGINE"
