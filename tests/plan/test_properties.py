from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reaper.model import (
    Decision,
    Edge,
    Item,
    Judged,
    Outcome,
    Plan,
    Ref,
    Relation,
    Resource,
    Status,
)
from reaper.plan import Brake, digest, order
from tests.examples import NOW, RUN_ID
from tests.plan.cases import CELL, KINDS, keep, reap

SIZE = 9
KIND_NAMES = [*KINDS, "docker:mystery"]
# What a thing must not go without: the ends of these edges that would suffer.
NEEDS = (Relation.USED_BY, Relation.CONTROLLED_BY, Relation.TAKES, Relation.ALTERS)


def address(number: int, incarnation: str | None = None) -> Ref:
    kind = KIND_NAMES[number % len(KIND_NAMES)]
    return Ref(kind=kind, scope="ENGINE", id=str(number), incarnation=incarnation)


def rarely(strategy: st.SearchStrategy[Any], otherwise: Any) -> st.SearchStrategy[Any]:
    return st.integers(0, 9).flatmap(lambda n: strategy if n == 9 else st.just(otherwise))


@st.composite
def scenes(draw: st.DrawFn, *, tangled: bool = True) -> Mapping[str, Any]:
    """A whole cell and what the ledger says of it; untangled, every edge points one way."""
    relations = st.sampled_from(Relation)
    numbers = st.integers(0, SIZE)  # the last is nowhere to be seen
    edges: dict[int, list[Edge]] = {number: [] for number in range(SIZE)}
    for one, relation, other in draw(st.lists(st.tuples(numbers, relations, numbers), max_size=12)):
        first, second = one, other
        if not tangled:
            if one == other or SIZE in (one, other):
                continue
            first, second = sorted((one, other))
            if relation in (Relation.USED_BY, Relation.CONTROLLED_BY):
                first, second = second, first
        if first < SIZE:
            meant = draw(rarely(st.sampled_from(["1", "2"]), None)) if tangled else None
            edges[first].append(Edge(relation=relation, other=address(second, meant)))
    world: dict[str, Resource] = {}
    judged: list[Judged] = []
    for number in range(SIZE):
        resource = Resource(
            ref=address(number, draw(rarely(st.just("1"), None))),
            edges=tuple(edges[number]),
            going=draw(rarely(st.just(value=True), otherwise=False)),
            protection=draw(rarely(st.just("locked"), None)),
            held_by=draw(rarely(st.just(("machine@elsewhere/1",)), ())),
        )
        world[resource.ref.key] = resource
        what = draw(st.sampled_from(["reap"] * 5 + ["named"] * 4 + ["keep", "stranger"]))
        if what != "stranger":
            named = what == "named"
            judged.append(keep(resource) if what == "keep" else reap(resource, named=named))
    until = st.sampled_from([NOW - timedelta(hours=1), NOW + timedelta(hours=1)])
    parked = {
        key: Outcome(
            ref=world[key].ref,
            run=RUN_ID,
            status=Status.PENDING,
            detail="in use",
            at=NOW,
            until=draw(until),
        )
        for key in draw(st.lists(st.sampled_from(sorted(world)), max_size=2))
    }
    brakes = st.builds(
        Brake,
        max_deletions=st.integers(0, 4),
        max_share=st.sampled_from([0.0, 0.5, 1.0]),
        min_tagged=st.integers(0, 10),
    )
    return {
        "judged": judged,
        "world": world,
        "parked": parked,
        "brake": draw(st.none() | brakes),
        "recent_deletions": draw(st.integers(0, 3)),
        "released": frozenset(draw(st.lists(st.sampled_from(sorted(world)), max_size=4))),
    }


def plan_of(scene: Mapping[str, Any], **changes: Any) -> Plan:
    values = {**scene, **changes}
    return order(CELL, NOW, values.pop("judged"), kinds=KINDS, **values)


def by_key(plan: Plan) -> dict[str, Item]:
    return {item.ref.key: item for item in plan.items}


def going(plan: Plan) -> dict[str, Item]:
    return {key: item for key, item in by_key(plan).items() if item.wave is not None}


@given(scenes())
def test_nothing_goes_that_would_harm_something_that_stays(scene: Mapping[str, Any]) -> None:
    goes = going(plan_of(scene))

    for key, item in goes.items():
        for edge in item.judged.resource.others(*NEEDS):
            other = edge.other.key
            assert other in goes or other == key
            there = goes[other].ref.incarnation
            assert edge.other.incarnation in (None, there) or there is None or other == key
    for key, resource in scene["world"].items():
        for edge in resource.others(Relation.USES):
            assert key in goes or edge.other.key not in goes or edge.other.key == key


@given(scenes())
def test_only_what_is_to_go_goes(scene: Mapping[str, Any]) -> None:
    plan = plan_of(scene)

    assert {item.ref.key for item in plan.items} == {j.resource.ref.key for j in scene["judged"]}
    for key, item in going(plan).items():
        assert item.judged.verdict.decision is Decision.REAP
        assert not item.judged.resource.going
        assert item.judged.resource.protection is None
        assert item.judged.resource.held_by == ()
        parked = scene["parked"].get(key)
        assert parked is None or parked.until <= NOW


@given(scenes())
def test_whatever_is_to_go_has_its_wave_or_says_why_not(scene: Mapping[str, Any]) -> None:
    for item in plan_of(scene).items:
        if item.judged.verdict.decision is Decision.REAP:
            assert (item.wave is None) == (item.status is not None)
            assert bool(item.detail) == (item.status is not None)
            assert item.status is not Status.BLOCKED or item.blocked_by
        else:
            assert (item.wave, item.status, item.detail) == (None, None, None)


@given(scenes(tangled=False))
def test_users_go_before_what_they_use_wherever_no_ring_forbids_it(
    scene: Mapping[str, Any],
) -> None:
    plan = plan_of(scene)
    goes = going(plan)

    for first, second in before(goes):
        if first.taken_by == second.ref or second.taken_by == first.ref:
            assert first.wave == second.wave
        elif first.taken_by is None or first.taken_by != second.taken_by:
            assert plan.notes or (first.wave or 0) < (second.wave or 0)


def before(goes: Mapping[str, Item]) -> list[tuple[Item, Item]]:
    """What the edges say goes before what."""
    pairs: list[tuple[Item, Item]] = []
    for item in goes.values():
        for edge in item.judged.resource.edges:
            other = goes.get(edge.other.key)
            if other is not None and edge.relation is Relation.USES:
                pairs.append((item, other))
            elif other is not None and edge.relation in (
                Relation.USED_BY,
                Relation.CONTROLLED_BY,
            ):
                pairs.append((other, item))
    return pairs


@given(scenes())
def test_what_is_taken_along_goes_in_the_wave_of_its_taker(scene: Mapping[str, Any]) -> None:
    goes = going(plan_of(scene))

    for item in goes.values():
        if item.taken_by is not None:
            taker = goes[item.taken_by.key]
            assert taker.taken_by is None
            assert taker.wave == item.wave


@given(scenes())
def test_no_wave_is_empty(scene: Mapping[str, Any]) -> None:
    assert all(plan_of(scene).waves)


@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_a_scan_changes_nothing(scene: Mapping[str, Any], random: Any) -> None:
    plan = plan_of(scene)
    judged, world = list(scene["judged"]), list(scene["world"].items())
    random.shuffle(judged)
    random.shuffle(world)

    again = plan_of(scene, judged=judged, world=dict(world))

    assert again == plan
    assert digest(again) == digest(plan)


@given(scenes())
def test_the_brake_never_lets_more_go_than_it_allows(scene: Mapping[str, Any]) -> None:
    plan = plan_of(scene)
    brake = scene["brake"]

    free = [
        key
        for key, item in going(plan).items()
        if not item.judged.named and key not in scene["released"]
    ]
    held = [item for item in plan.items if item.status is Status.HELD]
    assert bool(held) == (plan.held is not None)
    if brake is not None and free:
        assert not held
        assert scene["recent_deletions"] + len(free) <= brake.max_deletions
        assert len(plan.items) < brake.min_tagged or len(free) <= brake.max_share * len(plan.items)


@given(scenes())
def test_the_brake_changes_nothing_but_what_it_holds(scene: Mapping[str, Any]) -> None:
    held, free = plan_of(scene), plan_of(scene, brake=None)

    for key, item in by_key(held).items():
        if item.status is Status.HELD:
            assert by_key(free)[key].wave is not None
        else:
            assert item.status == by_key(free)[key].status


@given(scenes())
def test_what_another_stands_in_the_way_of_names_what_does_not_go(scene: Mapping[str, Any]) -> None:
    plan = plan_of(scene)
    goes = going(plan)

    for item in plan.items:
        for name in item.blocked_by:
            other = goes.get(name)
            assert other is None or any(
                edge.other.key == name and edge.other.incarnation != other.ref.incarnation
                for edge in item.judged.resource.edges
            )
