"""A built world has one of each kind, tagged; and a look at everything misses none of it."""

from __future__ import annotations

import json

import pytest

from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.world import Seen, World, build, everything

TAGS = {"reaper-run": "r-1", "reaper-realm": "default"}


def _build(sandbox: OciSandbox, name: str, **how: object) -> World:
    given: dict[str, object] = {"compartment": sandbox.compartments["ci"], **how}
    tags = given.pop("tags", TAGS)
    return build(sandbox.endpoint, sandbox.key.config(), tags, name=name, **given)  # type: ignore[arg-type]  # passed through


def _look(sandbox: OciSandbox) -> dict[Seen, str]:
    return everything(
        sandbox.endpoint,
        sandbox.key.config(),
        sandbox.compartments.values(),
        ("us-ashburn-1", "eu-frankfurt-1"),
    )


@pytest.fixture
def world(sandbox: OciSandbox) -> World:
    return _build(sandbox, "ours")


def test_it_has_one_of_each_kind(world: World) -> None:
    assert len(world.kinds) == 37, sorted(world.kinds)
    assert len(world.ids("oci:core:instance", "member")) == 2


def test_everything_sees_all_of_it(sandbox: OciSandbox, world: World) -> None:
    listed = {(kind, identity) for kind, _, identity in _look(sandbox)}

    assert {(each.kind, each.id) for each in world.made} <= listed


def test_a_world_of_nobody_bears_no_tags(sandbox: OciSandbox) -> None:
    _build(sandbox, "nobody", tags={})

    assert "reaper-run" not in json.dumps(sorted(_look(sandbox).values()))


def test_worlds_stand_side_by_side_and_looking_changes_nothing(sandbox: OciSandbox) -> None:
    _build(sandbox, "ours")
    before = _look(sandbox)

    _build(sandbox, "theirs", compartment=sandbox.compartments["shared"])
    _build(sandbox, "elsewhere", region="eu-frankfurt-1", identities=False)

    after = _look(sandbox)
    assert {each: after[each] for each in before} == before
    assert len(after) > 2 * len(before)
