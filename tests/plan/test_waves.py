from itertools import permutations

import pytest

from reaper.model import Kind, Relation, Resource
from tests.examples import a_ref, a_resource, an_edge
from tests.plan.cases import (
    ALTERS,
    CONTROLLED_BY,
    KINDS,
    MADE,
    TAKES,
    USED_BY,
    USES,
    EdgeOf,
    cell_of,
    item,
    planned,
    reap,
    waves,
)


def ordered(names: str, *edges: EdgeOf) -> list[set[str]]:
    """The waves of containers that all go."""
    return waves(planned([reap(each) for each in cell_of(names, edges).values()]))


@pytest.mark.parametrize(
    "edge",
    [("b", USES, "a"), ("a", USED_BY, "b"), ("a", CONTROLLED_BY, "b"), ("b", MADE, "a")],
)
def test_what_depends_goes_before_what_it_depends_on(edge: EdgeOf) -> None:
    assert ordered("abc", edge) == [{"b", "c"}, {"a"}]


def test_what_is_altered_goes_in_no_particular_order() -> None:
    assert ordered("ab", ("a", ALTERS, "b")) == [{"a", "b"}]


def test_a_chain_goes_one_wave_after_another() -> None:
    assert ordered("abcd", ("a", USES, "b"), ("b", USES, "c"), ("a", USES, "d")) == [
        {"a"},
        {"b", "d"},
        {"c"},
    ]


def test_an_edge_that_both_ends_declare_counts_once() -> None:
    assert ordered("ab", ("b", USES, "a"), ("a", USED_BY, "b"), ("b", MADE, "a")) == [{"b"}, {"a"}]


def of_kind(kind: str, *names: str) -> list[Resource]:
    return [a_resource(name, kind=f"docker:{kind}") for name in names]


def test_kinds_go_in_their_default_order() -> None:
    cell = [*of_kind("volume", "v1", "v2"), *of_kind("network", "n"), *of_kind("container", "c")]

    assert waves(planned([reap(each) for each in cell])) == [{"c"}, {"v1", "v2", "n"}]


def test_the_order_of_kinds_holds_across_a_kind_of_which_nothing_goes() -> None:
    cell = [*of_kind("plugin", "p"), *of_kind("container", "c")]

    assert waves(planned([reap(each) for each in cell])) == [{"c"}, {"p"}]


def test_a_kind_nobody_declared_goes_at_once() -> None:
    cell = [*of_kind("mystery", "m"), *of_kind("container", "c")]

    assert waves(planned([reap(each) for each in cell])) == [{"m", "c"}]


def test_a_kind_after_one_that_nobody_declared_waits_for_it() -> None:
    kinds = {"docker:volume": Kind(name="docker:volume", after=("docker:mystery",))}
    cell = [*of_kind("volume", "v"), *of_kind("mystery", "m")]

    assert waves(planned([reap(each) for each in cell], kinds=kinds)) == [{"m"}, {"v"}]


def test_an_edge_counts_more_than_the_order_of_kinds() -> None:
    container = a_resource("c1", edges=(an_edge(USED_BY, a_ref("v1", "docker:volume")),))
    cell = [container, *of_kind("container", "c2"), *of_kind("volume", "v1", "v2")]

    plan = planned([reap(each) for each in cell])

    assert waves(plan) == [{"v1", "c2"}, {"c1"}, {"v2"}]
    assert plan.notes == ()


def test_kinds_that_are_each_after_the_other_go_somehow() -> None:
    kinds = {
        "docker:container": Kind(name="docker:container", after=("docker:volume",)),
        "docker:volume": Kind(name="docker:volume", after=("docker:container",)),
    }
    cell = [*of_kind("volume", "v"), *of_kind("container", "c")]

    plan = planned([reap(each) for each in cell], kinds=kinds)

    assert {name for wave in waves(plan) for name in wave} == {"v", "c"}
    assert plan.notes == ()


# --- contradictions ------------------------------------------------------------------------------


def test_two_that_use_each_other_both_go_and_a_note_names_them() -> None:
    cell = cell_of("ab", [("a", USES, "b"), ("b", USES, "a")])

    plan = planned([reap(each) for each in cell.values()])

    assert waves(plan) == [{"a"}, {"b"}]
    (note,) = plan.notes
    assert note == (
        "b (docker:container@ENGINE/b) should go before a (docker:container@ENGINE/a), and the "
        "other way round by what else is known: this order was given up"
    )


def test_a_nameless_resource_is_noted_by_its_address() -> None:
    cell = [
        Resource(ref=a_ref("a"), edges=(an_edge(USES, "b"),)),
        Resource(ref=a_ref("b"), edges=(an_edge(USES, "a"),)),
    ]

    (note,) = planned([reap(each) for each in cell]).notes

    assert note.startswith("docker:container@ENGINE/b should go before docker:container@ENGINE/a")


@pytest.mark.parametrize("weak", [("a", CONTROLLED_BY, "b"), ("b", MADE, "a")])
def test_use_counts_more_than_what_else_orders_two(weak: EdgeOf) -> None:
    cell = cell_of("ab", [("a", USES, "b"), weak])

    plan = planned([reap(each) for each in cell.values()])

    assert waves(plan) == [{"a"}, {"b"}]
    assert len(plan.notes) == 1


def test_control_counts_more_than_making() -> None:
    cell = cell_of("ab", [("a", CONTROLLED_BY, "b"), ("a", MADE, "b")])

    assert waves(planned([reap(each) for each in cell.values()])) == [{"b"}, {"a"}]


def test_a_ring_is_broken_the_same_way_whatever_the_order_of_the_scan() -> None:
    cell = cell_of("abc", [("a", USES, "b"), ("b", USES, "c"), ("c", USES, "a")])

    plans = [planned([reap(cell[name]) for name in names]) for names in permutations("abc")]

    assert all(plan == plans[0] for plan in plans)


def test_what_hangs_on_a_ring_keeps_its_order() -> None:
    edges = [("a", USES, "b"), ("b", USES, "a"), ("first", USES, "a"), ("b", USES, "last")]
    cell = cell_of(["a", "b", "first", "last"], edges)

    plan = planned([reap(each) for each in cell.values()])

    assert waves(plan) == [{"first"}, {"a"}, {"b"}, {"last"}]


# --- what is taken along -------------------------------------------------------------------------


def test_what_is_taken_along_goes_with_what_takes_it() -> None:
    cell = cell_of(["taker", "taken"], [("taker", TAKES, "taken")])

    plan = planned([reap(each) for each in cell.values()])

    assert waves(plan) == [{"taker", "taken"}]
    assert item(plan, "taken").taken_by == a_ref("taker")
    assert item(plan, "taker").taken_by is None


def test_what_uses_something_that_is_taken_along_goes_before_the_taker() -> None:
    edges = [("taker", TAKES, "taken"), ("user", USES, "taken"), ("taken", USES, "below")]
    cell = cell_of(["taker", "taken", "user", "below"], edges)

    plan = planned([reap(each) for each in cell.values()])

    assert waves(plan) == [{"user"}, {"taker", "taken"}, {"below"}]


def test_a_taker_may_use_or_control_what_it_takes() -> None:
    edges: list[EdgeOf] = [
        ("stack", TAKES, "vm"),
        ("vm", CONTROLLED_BY, "stack"),
        ("vm", TAKES, "disk"),
        ("vm", USES, "disk"),
        ("stack", USES, "disk"),
    ]
    cell = cell_of(["stack", "vm", "disk"], edges)

    plan = planned([reap(each) for each in cell.values()])

    assert waves(plan) == [{"stack", "vm", "disk"}]
    assert item(plan, "disk").taken_by == item(plan, "vm").taken_by == a_ref("stack")
    assert plan.notes == ()


def test_of_two_takers_the_first_takes_it_and_the_other_goes_after() -> None:
    edges = [("one", TAKES, "taken"), ("two", TAKES, "taken"), ("user", USES, "taken")]
    cell = cell_of(["one", "two", "taken", "user"], edges)

    plan = planned([reap(each) for each in cell.values()])

    assert item(plan, "taken").taken_by == a_ref("one")
    assert waves(plan) == [{"user"}, {"one", "taken"}, {"two"}]


def test_the_order_of_two_takers_gives_way_to_an_edge() -> None:
    edges = [("one", TAKES, "taken"), ("two", TAKES, "taken"), ("two", USES, "one")]
    cell = cell_of(["one", "two", "taken"], edges)

    plan = planned([reap(each) for each in cell.values()])

    assert waves(plan) == [{"two"}, {"one", "taken"}]
    assert plan.notes == ()


def test_of_a_ring_of_takers_the_first_takes_the_rest() -> None:
    edges = [("a", TAKES, "b"), ("b", TAKES, "c"), ("c", TAKES, "a")]
    cell = cell_of("abc", edges)

    plan = planned([reap(each) for each in cell.values()])

    assert waves(plan) == [{"a", "b", "c"}]
    assert [item(plan, name).taken_by for name in "abc"] == [None, a_ref("a"), a_ref("a")]


def test_a_ring_that_takes_another_ring_leaves_it_to_itself() -> None:
    edges = [("a", TAKES, "b"), ("b", TAKES, "a")]
    more: list[tuple[str, Relation, str]] = [
        ("c", TAKES, "d"),
        ("d", TAKES, "c"),
        ("c", TAKES, "a"),
    ]
    cell = cell_of("abcd", [*edges, *more])

    plan = planned([reap(each) for each in cell.values()])

    assert [item(plan, name).taken_by for name in "abcd"] == [
        None,
        a_ref("a"),
        None,
        a_ref("c"),
    ]
    assert waves(plan) == [{"a", "b"}, {"c", "d"}]


def test_what_is_taken_along_stands_outside_the_order_of_kinds() -> None:
    taker = a_resource("c1", edges=(an_edge(TAKES, a_ref("v1", "docker:volume")),))
    cell = [taker, *of_kind("container", "c2"), *of_kind("volume", "v1", "v2")]

    plan = planned([reap(each) for each in cell], kinds=KINDS)

    assert waves(plan) == [{"c1", "v1", "c2"}, {"v2"}]
