from __future__ import annotations

from datetime import timedelta

import pytest

from reaper.model import Relation
from reaper.sandbox.clock import VirtualClock
from reaper.sandbox.deeds import Deed, Progress
from reaper.sandbox.sorts import (
    ADDRESS,
    BUCKET,
    DISK,
    EVERYWHERE,
    GROUP,
    IMAGE,
    MACHINE,
    NETWORK,
    ROLE,
    RULE,
    SECRET,
    SORTS,
)
from reaper.sandbox.things import Bond, Going, Missing, Protected, Refused
from reaper.sandbox.world import CLOUD, World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def world(clock: VirtualClock) -> World:
    return World(clock)


def test_a_name_used_again_is_another_incarnation(world: World) -> None:
    first = world.create(DISK, "lab", by="run", name="data")

    second = world.recreate(first, by="somebody", tags={"a": "b"})

    assert second.key == first.key
    assert second.incarnation != first.incarnation


def test_a_name_is_used_once_at_a_time(world: World) -> None:
    world.create(DISK, "lab", by="run", name="data")

    with pytest.raises(Refused, match="already exists"):
        world.create(DISK, "lab", by="run", name="data")


def test_a_free_address_is_given_out_again(world: World) -> None:
    first = world.create(ADDRESS, "lab", by="run")
    world.remove(first, by="run")

    second = world.create(ADDRESS, "lab", by="run")

    assert second.id == first.id
    assert second.incarnation != first.incarnation


def test_an_address_does_not_tell_its_age(world: World) -> None:
    address = world.find(world.create(ADDRESS, "lab", by="run"))

    assert address is not None
    assert address.created is None


def test_the_worlds_clock_ignores_a_local_jump(world: World, clock: VirtualClock) -> None:
    before = world.now()

    clock.jump(timedelta(hours=5))

    assert world.now() == before


def test_a_machine_goes_after_a_minute_and_takes_its_boot_disk_along(
    world: World, clock: VirtualClock
) -> None:
    machine, disk = world.launch("lab", by="run", tags={"k": "v"})

    deletion = world.delete(machine, by="reaper")
    going = world.find(disk)
    clock.advance(MINUTE)

    assert going is not None
    assert going.going
    assert (world.find(machine), world.find(disk)) == (None, None)
    assert deletion.progress is Progress.DONE
    assert [(each.ref, each.cause) for each in world.log if each.deed is Deed.GONE] == [
        (machine, None),
        (disk, machine),
    ]


def test_a_boot_disk_is_untagged_and_linked_to_its_machine(world: World) -> None:
    machine, disk = world.launch("lab", by="run", tags={"k": "v"})

    seen = world.find(machine)
    boot = world.find(disk)

    assert seen is not None
    assert boot is not None
    assert {edge.relation for edge in seen.edges if edge.other == disk} == {
        Relation.USES,
        Relation.TAKES,
        Relation.MADE,
    }
    assert boot.tags == {}
    assert [(edge.relation, edge.other) for edge in boot.edges] == [(Relation.USED_BY, machine)]


def test_a_disk_in_use_is_refused_and_the_user_named(world: World) -> None:
    machine = world.create(MACHINE, "lab", by="run")
    disk = world.create(DISK, "lab", by="run")
    world.bind(Bond.HOLDS, machine, disk)

    with pytest.raises(Refused) as refusal:
        world.delete(disk, by="reaper")

    assert refusal.value.blockers == (machine,)


def test_an_attached_disk_is_changed_when_its_machine_goes(
    world: World, clock: VirtualClock
) -> None:
    machine = world.create(MACHINE, "lab", by="run")
    disk = world.create(DISK, "lab", by="somebody")
    world.bind(Bond.HOLDS, machine, disk)

    world.delete(machine, by="reaper")
    clock.advance(MINUTE)
    remaining = world.everything()

    assert [resource.ref for resource in remaining] == [disk]
    assert (world.log[-1].deed, world.log[-1].ref) == (Deed.CHANGED, disk)
    assert remaining[0].edges == ()


def test_a_rule_changes_the_network_at_its_other_end(world: World) -> None:
    ours = world.create(NETWORK, "lab", by="run")
    theirs = world.create(NETWORK, "lab", by="somebody")
    rule = world.create(RULE, "lab", by="run", bonds=[(Bond.NEEDS, ours), (Bond.CHANGES, theirs)])

    world.delete(rule, by="reaper")

    assert [(each.deed, each.ref) for each in world.log[-2:]] == [
        (Deed.GONE, rule),
        (Deed.CHANGED, theirs),
    ]


def test_a_group_makes_a_lost_member_anew(world: World, clock: VirtualClock) -> None:
    group = world.create(GROUP, "lab", by="run", tags={"k": "v"})
    (member,) = world.scale(group, 1)

    world.delete(member, by="reaper")
    clock.advance(5 * MINUTE)
    machines = [each for each in world.everything() if each.ref.kind == MACHINE]

    assert len(machines) == 1
    assert machines[0].ref != member
    assert machines[0].tags == {"k": "v"}
    assert (Relation.CONTROLLED_BY, group) in {
        (edge.relation, edge.other) for edge in machines[0].edges
    }
    assert [each.by for each in world.log if each.deed is Deed.CREATED][-1] == CLOUD


def test_a_group_takes_its_members_along_and_makes_none_anew(
    world: World, clock: VirtualClock
) -> None:
    group = world.create(GROUP, "lab", by="run")
    world.scale(group, 3)

    world.delete(group, by="reaper")
    clock.advance(timedelta(hours=1))

    assert world.everything() == ()


def test_a_late_failure_leaves_the_thing_where_it_was(world: World, clock: VirtualClock) -> None:
    machine = world.create(MACHINE, "lab", by="run")

    deletion = world.delete(machine, by="reaper", late=timedelta(hours=2))
    under_way = deletion.progress
    clock.advance(timedelta(hours=2))
    seen = world.find(machine)

    assert under_way is Progress.RUNNING
    assert deletion.progress is Progress.FAILED
    assert seen is not None
    assert not seen.going


def test_a_secret_is_purged_after_a_week(world: World, clock: VirtualClock) -> None:
    secret = world.create(SECRET, "lab", by="run")

    deletion = world.delete(secret, by="reaper")
    clock.advance(timedelta(days=6))
    scheduled = world.find(secret)
    clock.advance(timedelta(days=1))

    assert deletion.purge == world.now()
    assert scheduled is not None
    assert scheduled.going
    assert world.find(secret) is None


def test_a_purge_that_was_called_off_does_not_come(world: World, clock: VirtualClock) -> None:
    secret = world.create(SECRET, "lab", by="run")
    world.delete(secret, by="reaper")

    world.spare(secret, by="somebody")
    clock.advance(timedelta(days=30))
    seen = world.find(secret)

    assert seen is not None
    assert not seen.going


def test_a_second_deletion_is_refused_while_the_first_runs(world: World) -> None:
    machine = world.create(MACHINE, "lab", by="run")
    world.delete(machine, by="reaper")

    with pytest.raises(Going):
        world.delete(machine, by="reaper")


def test_a_protected_thing_is_refused_even_where_no_read_tells_of_it(world: World) -> None:
    disk = world.create(DISK, "lab", by="run")
    world.protect(disk, "termination protection", shown=False)

    seen = world.find(disk)

    assert seen is not None
    assert seen.protection is None
    with pytest.raises(Protected, match="termination protection"):
        world.delete(disk, by="reaper")


def test_a_machine_bears_its_images_tags(world: World) -> None:
    image = world.create(IMAGE, "lab", by="run", tags={"k": "image", "other": "x"})

    machine = world.create(MACHINE, "lab", by="run", tags={"k": "own"}, bonds=[(Bond.NEEDS, image)])
    seen = world.find(machine)

    assert seen is not None
    assert seen.tags == {"k": "own", "other": "x"}
    assert seen.inherited == {"k", "other"}


def test_a_copy_has_the_tags_and_not_the_bonds(world: World) -> None:
    machine, disk = world.launch("lab", by="run", tags={})
    world.retag(disk, {"k": "v"}, by="run")

    seen = world.find(world.copy(disk, by="somebody"))

    assert machine != disk
    assert seen is not None
    assert seen.tags == {"k": "v"}
    assert seen.edges == ()


def test_what_is_there_no_more_is_missing(world: World) -> None:
    disk = world.create(DISK, "lab", by="run")
    world.remove(disk, by="run")

    with pytest.raises(Missing):
        world.delete(disk, by="reaper")


def test_watchers_see_each_mutation_as_it_happens(world: World) -> None:
    seen: list[Deed] = []
    world.watchers.append(lambda mutation: seen.append(mutation.deed))

    disk = world.create(DISK, "lab", by="run")
    world.retag(disk, {"k": "v"}, by="somebody")
    world.delete(disk, by="reaper")

    assert seen == [Deed.CREATED, Deed.RETAGGED, Deed.ASKED, Deed.GONE]


@pytest.mark.parametrize("kind", SORTS)
def test_things_of_every_kind_can_be_made_and_be_deleted(
    kind: str, world: World, clock: VirtualClock
) -> None:
    ref = world.create(kind, "lab", by="run")

    world.delete(ref, by="reaper")
    clock.advance(timedelta(days=8))

    assert world.find(ref) is None


def test_what_is_used_tells_when_and_by_whom_the_log_does(
    world: World, clock: VirtualClock
) -> None:
    bucket, disk = (world.create(kind, "lab", by="run") for kind in (BUCKET, DISK))
    unused = world.find(bucket)
    clock.advance(MINUTE)

    for ref in (bucket, disk):
        world.use(ref, by="somebody")

    used, silent = world.find(bucket), world.find(disk)
    assert unused is not None
    assert used is not None
    assert silent is not None
    assert (unused.used, used.used, silent.used) == (None, world.now(), None)
    assert [(each.deed, each.by, each.ref) for each in world.log[-2:]] == [
        (Deed.USED, "somebody", bucket),
        (Deed.USED, "somebody", disk),
    ]


def test_what_is_going_is_used_no_more(world: World) -> None:
    machine = world.create(MACHINE, "lab", by="run")
    world.delete(machine, by="reaper")

    with pytest.raises(Refused):
        world.use(machine, by="somebody")


def test_a_user_in_another_scope_is_named_and_nobody_refuses_on_its_behalf(
    clock: VirtualClock,
) -> None:
    world = World(clock, scopes=("lab", EVERYWHERE))
    role = world.create(ROLE, EVERYWHERE, by="run")
    machine = world.create(MACHINE, "lab", by="run", bonds=[(Bond.NEEDS, role)])
    held, user = world.find(role), world.find(machine)

    world.delete(role, by="reaper")

    assert held is not None
    assert user is not None
    assert (held.held_by, held.edges) == ((str(machine),), ())
    assert (user.held_by, user.edges) == ((), ())
    assert world.find(role) is None
    assert world.find(machine) is not None
