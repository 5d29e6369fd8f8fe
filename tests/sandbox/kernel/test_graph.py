"""The graph knows who names whom, what goes with what, and what was before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.kernel.graph import Graph, Node
from reaper.sandbox.kernel.rules import Bond, Rule

RULES = (
    Rule(
        name="a disk in use stays",
        kind="machine",
        field="disks[].source",
        held=frozenset({"disk"}),
        bond=Bond.PINS,
    ),
    Rule(
        name="a machine takes its own disks along",
        kind="machine",
        field="disks[].source",
        held=frozenset({"disk"}),
        bond=Bond.TAKES,
        when=lambda item: bool(item.get("own")),
        yields=True,
    ),
    Rule(
        name="an address in use stays",
        kind="machine",
        field="address",
        held=frozenset({"address"}),
        bond=Bond.PINS,
        by="number",
    ),
    Rule(
        name="a machine goes with its group",
        kind="machine",
        field="~group",
        held=frozenset({"group"}),
        bond=Bond.FOLLOWS,
    ),
    Rule(
        name="a pool forgets machines",
        kind="pool",
        field="members[]",
        held=frozenset({"machine"}),
        bond=Bond.LISTS,
    ),
)
NONE = timedelta(0)


class Land:
    """A graph with a clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.graph = Graph(RULES, clock=self.clock)
        self._number = 0

    def add(self, kind: str, path: str, body: dict[str, Any] | None = None, **facts: Any) -> Node:
        self._number += 1
        return self.graph.add(
            Node(
                kind=kind,
                path=path,
                number=str(self._number),
                created=self.clock.now(),
                born=self.clock.elapsed(),
                body=body or {},
                facts=facts,
            )
        )

    def seen(self, kind: str, *, lag: int = 0, ghost: int = 0) -> list[tuple[str, Any]]:
        late = self.graph.seen((kind,), lag=timedelta(seconds=lag), ghost=timedelta(seconds=ghost))
        return [(node.number, body.get("label")) for node, body in late]


@pytest.fixture
def land() -> Land:
    return Land()


def test_there_is_one_at_a_time_of_a_path(land: Land) -> None:
    before = land.add("disk", "d")
    with pytest.raises(ValueError, match="d is there already"):
        land.add("disk", "d")

    land.graph.remove(before)
    after = land.add("disk", "d")

    assert land.graph.find("d") is after
    assert before.gone
    assert before.number != after.number


def test_what_is_removed_twice_is_gone(land: Land) -> None:
    disk = land.add("disk", "d")

    land.graph.remove(disk)
    land.graph.remove(disk)

    assert list(land.graph.of("disk")) == []


def test_what_is_named_is_held_by_whom_it_names(land: Land) -> None:
    disk = land.add("disk", "d")
    machine = land.add("machine", "m", {"disks": [{"source": "d"}]})

    ((blocked, held),) = land.graph.blockers(disk)

    assert (blocked, held.by, held.rule) == (disk, machine, RULES[0])


def test_what_is_named_by_its_field_is_held_too(land: Land) -> None:
    address = land.add("address", "a", {"number": "10.0.0.1"})
    land.add("address", "b", {"number": "10.0.0.2"})
    machine = land.add("machine", "m", {"address": "10.0.0.1"})

    assert [held.by for held in land.graph.holders(address)] == [machine]
    assert [other for _, other in land.graph.held(machine, Bond.PINS)] == [address]


def test_what_a_body_no_longer_names_is_free(land: Land) -> None:
    disk = land.add("disk", "d")
    machine = land.add("machine", "m", {"disks": [{"source": "d"}]})

    machine.body["disks"] = []
    land.graph.touch(machine)

    assert land.graph.blockers(disk) == ()


def test_a_new_thing_of_an_old_name_is_named_too(land: Land) -> None:
    land.graph.remove(land.add("disk", "d"))
    land.add("machine", "m", {"disks": [{"source": "d"}]})

    disk = land.add("disk", "d")

    assert land.graph.blockers(disk)


def test_a_machine_takes_along_only_disks_of_its_own_that_nobody_else_uses(land: Land) -> None:
    names = ("own", "shared", "lent")
    own, shared, _ = (land.add("disk", name) for name in names)
    disks = [{"source": "own", "own": True}, {"source": "shared", "own": True}, {"source": "lent"}]
    machine = land.add("machine", "m", {"disks": disks})
    land.add("machine", "other", {"disks": [{"source": "shared"}]})

    assert land.graph.going_with(machine) == (machine, own)
    assert land.graph.blockers(machine) == ()
    assert land.graph.blockers(shared)


def test_a_group_takes_along_what_follows_it_at_any_depth(land: Land) -> None:
    group = land.add("group", "g")
    disk = land.add("disk", "d")
    machine = land.add("machine", "m", {"disks": [{"source": "d", "own": True}]}, group="g")

    assert set(land.graph.going_with(group)) == {group, machine, disk}
    assert land.graph.blockers(group) == ()


def test_what_goes_is_struck_from_lists(land: Land) -> None:
    machine = land.add("machine", "m")
    pool = land.add("pool", "p", {"members": ["m", "n"]})

    land.graph.remove(machine)

    assert pool.body == {"members": ["n"]}


def test_an_index_hears_late_of_what_is_new_and_of_changes(land: Land) -> None:
    land.clock.sleep(100)
    disk = land.add("disk", "d", {"label": "old"})
    land.clock.sleep(10)
    disk.body["label"] = "new"
    land.graph.touch(disk)

    assert land.seen("disk") == [("1", "new")]
    assert land.seen("disk", lag=5) == [("1", "old")]
    assert land.seen("disk", lag=15) == []


def test_an_index_shows_what_is_gone_for_a_while_beside_what_took_its_name(land: Land) -> None:
    land.clock.sleep(100)
    land.graph.remove(land.add("disk", "d", {"label": "old"}))
    land.clock.sleep(10)
    land.add("disk", "d", {"label": "new"})

    assert land.seen("disk") == [("2", "new")]
    assert land.seen("disk", ghost=15) == [("1", "old"), ("2", "new")]
    assert land.seen("disk", ghost=5) == [("2", "new")]


def test_a_cleared_graph_knows_nothing(land: Land) -> None:
    land.add("disk", "d")

    land.graph.clear()

    assert land.graph.find("d") is None
    assert list(land.graph.seen(("disk",), lag=NONE, ghost=timedelta(days=1))) == []
