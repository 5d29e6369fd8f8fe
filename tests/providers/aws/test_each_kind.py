"""Each kind once against the emulated AWS: named, read, controlled, deleted, and seen gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reaper.config.places import AwsPlace
from reaper.model import Cell, Ref, Resource
from reaper.providers.aws import names, open_aws
from reaper.providers.aws.arns import id_in
from reaper.providers.aws.kinds import KINDS
from reaper.providers.protocol import Absent, Provider, Query, Reading
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import World
from tests.awsbench import REGION, AwsBench
from tests.results import Result

EVERY = sorted(KINDS)
# AWS made these for something that bears the tags; they bear none themselves.
UNTAGGED = {names.LOG_GROUP}
# How each is tied to the rest of its world; a tie that AWS tells at both ends is told at one.
TIES: Mapping[str, set[tuple[str, str]]] = {
    names.INSTANCE: {
        ("takes along", names.VOLUME),
        ("made", names.VOLUME),
        ("takes along", names.INTERFACE),
        ("made", names.INTERFACE),
        ("alters", names.VOLUME),
        ("alters", names.ADDRESS),
        ("uses", names.SUBNET),
        ("uses", names.SECURITY_GROUP),
        ("uses", names.IMAGE),
        ("uses", names.PLACEMENT_GROUP),
    },
    names.VOLUME: {("used by", names.INSTANCE)},
    names.IMAGE: {("uses", names.SNAPSHOT)},
    names.ADDRESS: {("used by", names.INSTANCE)},
    names.INTERFACE: {
        ("used by", names.INSTANCE),
        ("uses", names.SUBNET),
        ("uses", names.SECURITY_GROUP),
        ("uses", names.VPC),
        ("uses", names.ADDRESS),
        ("alters", names.ADDRESS),
    },
    names.SECURITY_GROUP: {("alters", names.SECURITY_GROUP), ("uses", names.VPC)},
    names.KEY_PAIR: {("used by", names.INSTANCE)},
    names.LAUNCH_TEMPLATE: {("used by", names.AUTO_SCALING_GROUP)},
    names.VPC: {("takes along", names.ROUTE_TABLE), ("made", names.ROUTE_TABLE)},
    names.SUBNET: {("uses", names.VPC)},
    names.ROUTE_TABLE: {("used by", names.SUBNET), ("uses", names.VPC)},
    names.INTERNET_GATEWAY: {("alters", names.VPC), ("alters", names.ROUTE_TABLE)},
    names.NETWORK_ACL: {("used by", names.SUBNET), ("uses", names.VPC)},
    names.NAT_GATEWAY: {
        ("uses", names.SUBNET),
        ("uses", names.VPC),
        ("uses", names.ADDRESS),
        ("alters", names.ADDRESS),
    },
    names.VPC_ENDPOINT: {
        ("uses", names.VPC),
        ("uses", names.SUBNET),
        ("uses", names.SECURITY_GROUP),
        ("alters", names.ROUTE_TABLE),
    },
    names.AUTO_SCALING_GROUP: {
        ("takes along", names.INSTANCE),
        ("made", names.INSTANCE),
        ("uses", names.LAUNCH_TEMPLATE),
    },
    names.LOAD_BALANCER: {
        ("takes along", names.LISTENER),
        ("made", names.LISTENER),
        ("uses", names.SUBNET),
        ("uses", names.SECURITY_GROUP),
        ("uses", names.VPC),
    },
    names.LISTENER: {("uses", names.LOAD_BALANCER), ("uses", names.TARGET_GROUP)},
    names.TARGET_GROUP: {("used by", names.LOAD_BALANCER), ("uses", names.VPC)},
    names.ROLE: {("used by", names.INSTANCE_PROFILE)},
    names.POLICY: {("used by", names.ROLE)},
    names.INSTANCE_PROFILE: {("uses", names.ROLE)},
    names.STACK: {
        ("takes along", names.QUEUE),
        ("made", names.QUEUE),
        ("takes along", names.TOPIC),
        ("made", names.TOPIC),
    },
    names.QUEUE: {("controlled by", names.STACK)},
    names.TOPIC: {("controlled by", names.STACK)},
    names.FUNCTION: {("made", names.LOG_GROUP)},
}
# What people call it where it has a name of its own.
NAMED = {
    names.SECURITY_GROUP: "ours-nodes",
    names.KEY_PAIR: "ours-key",
    names.LAUNCH_TEMPLATE: "ours-template",
    names.PLACEMENT_GROUP: "ours-together",
    names.IMAGE: "ours-image",
    names.AUTO_SCALING_GROUP: "ours-group",
    names.LOAD_BALANCER: "ours-lb",
    names.TARGET_GROUP: "ours-tg",
    names.BUCKET: "ours-bucket",
    names.ROLE: "ours-role",
    names.USER: "ours-user",
    names.POLICY: "ours-policy",
    names.INSTANCE_PROFILE: "ours-profile",
    names.KMS_KEY: "ours",
    names.PARAMETER: "/ours/parameter",
    names.STACK: "ours-stack",
    names.QUEUE: "ours-queue",
    names.TABLE: "ours-table",
    names.FUNCTION: "ours-function",
    names.LOG_GROUP: "/aws/lambda/ours-function",
    names.SECRET: "ours-secret",
}
# AWS keeps no creation time of these that never changes.
UNDATED = {
    names.ADDRESS,
    names.INTERFACE,
    names.SECURITY_GROUP,
    names.PLACEMENT_GROUP,
    names.NETWORK_ACL,
    names.VPC,
    names.SUBNET,
    names.ROUTE_TABLE,
    names.INTERNET_GATEWAY,
    names.BUCKET,
    names.PARAMETER,
    names.TARGET_GROUP,
    names.LISTENER,
    names.TOPIC,
    names.FUNCTION,
}


@dataclass(frozen=True, kw_only=True)
class Story:
    """What was seen of a world from its beginning to its end."""

    tags: Mapping[str, str]
    refs: Mapping[str, tuple[Ref, ...]]
    named: frozenset[str]
    listed: frozenset[str]
    read: Mapping[str, Reading]
    controls: Mapping[str, str | None]
    swept: Result
    deletions: Mapping[str, int]
    after: Mapping[str, Reading]


@pytest.fixture(scope="module")
def story(aws_of_module: AwsSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    directory: Path = tmp_path_factory.mktemp("story")
    bench = AwsBench(sandbox=aws_of_module, directory=directory)
    with bench.run() as run:
        world = bench.build(run.tags, "ours")
    place = AwsPlace(
        account=bench.sandbox.account, regions=(REGION,), endpoint=bench.sandbox.endpoint
    )
    provider = open_aws(place, read_only=True)
    cells = provider.cells()
    refs = _refs(world, bench.sandbox.account)
    named = _index(provider, cells, Query(keys=("reaper-run",)))
    listed = _index(provider, cells, Query(keys=("reaper-run",), full=True))
    controls = {kind: provider.control(cells[not KINDS[kind].everywhere], kind) for kind in KINDS}
    read = _read(provider, cells, refs)
    bench.sandbox.requests.reset()
    swept = bench.sweep()
    deletions = bench.deletions()
    try:
        yield Story(
            tags=run.tags,
            refs=refs,
            named=named,
            listed=listed,
            read=read,
            controls=controls,
            swept=swept,
            deletions=deletions,
            after=_read(provider, cells, refs),
        )
    finally:
        provider.close()


def _refs(world: World, account: str) -> dict[str, tuple[Ref, ...]]:
    found: dict[str, tuple[Ref, ...]] = {}
    for made in world.made:
        kind = KINDS[made.kind]
        resource_id = id_in(kind, made.arn if kind.id_is_arn else made.id)
        assert resource_id
        scope = f"{account}/{REGION if kind.everywhere else 'global'}"
        ref = Ref(kind=made.kind, scope=scope, id=resource_id)
        found[made.kind] = (*found.get(made.kind, ()), ref)
    return found


def _index(provider: Provider, cells: object, query: Query) -> frozenset[str]:
    found: set[str] = set()
    for cell in _cells(cells):
        index = provider.index(cell, query)
        assert index.gaps == ()
        found |= {ref.key for ref in index.candidates}
    return frozenset(found)


def _read(
    provider: Provider, cells: object, refs: Mapping[str, tuple[Ref, ...]]
) -> dict[str, Reading]:
    every = [ref for some in refs.values() for ref in some]
    found: dict[str, Reading] = {}
    for cell in _cells(cells):
        found |= provider.read(cell, [ref for ref in every if ref.scope == cell.scope])
    return found


def _cells(cells: object) -> tuple[Cell, ...]:
    assert isinstance(cells, tuple)
    return cells


def resources(story: Story, kind: str) -> list[Resource]:
    found = [story.read[ref.key] for ref in story.refs[kind]]
    assert all(isinstance(each, Resource) for each in found), found
    return [each for each in found if isinstance(each, Resource)]


@pytest.mark.parametrize("kind", EVERY)
def test_the_index_names_it(story: Story, kind: str) -> None:
    keys = {ref.key for ref in story.refs[kind]}

    assert keys <= story.named or kind in UNTAGGED
    assert not keys & story.named or kind not in UNTAGGED


@pytest.mark.parametrize("kind", EVERY)
def test_its_own_list_names_it(story: Story, kind: str) -> None:
    assert {ref.key for ref in story.refs[kind]} <= story.listed


def test_a_full_scan_names_all_that_the_index_does(story: Story) -> None:
    assert story.named <= story.listed
    assert not [key for key in story.listed if key.endswith("/None")]


@pytest.mark.parametrize("kind", EVERY)
def test_it_is_read_with_its_tags_and_its_name(story: Story, kind: str) -> None:
    found = resources(story, kind)

    for each in found:
        bears = each.tags.items() >= story.tags.items()
        assert bears or kind in UNTAGGED, each
        assert each.unread is None
        assert each.protection is None
        assert not each.going
        assert (each.created is None) == (kind in UNDATED), each.created
    if kind == names.ADDRESS:
        assert all("." in str(each.name) for each in found)
    else:
        assert NAMED.get(kind) in {each.name for each in found}


@pytest.mark.parametrize("kind", EVERY)
def test_it_is_read_with_its_ties(story: Story, kind: str) -> None:
    ties = {
        (edge.relation.value, edge.other.kind)
        for each in resources(story, kind)
        for edge in each.edges
    }

    controllers = {("controlled by", names.AUTO_SCALING_GROUP), ("controlled by", names.VPC)}
    assert ties - controllers == TIES.get(kind, set())


@pytest.mark.parametrize("kind", EVERY)
def test_its_control_answers(story: Story, kind: str) -> None:
    assert story.controls[kind] is None


@pytest.mark.parametrize("kind", EVERY)
def test_it_is_deleted_and_seen_gone(story: Story, kind: str) -> None:
    for ref in story.refs[kind]:
        item = story.swept.item(kind, ref.id)
        reading = story.after[ref.key]
        if kind == names.KMS_KEY:
            assert item["outcome"] == "scheduled"
            assert isinstance(reading, Resource)
            assert reading.going
            assert reading.purge is not None
        else:
            assert item["outcome"] == "gone", item["detail"]
            assert isinstance(reading, Absent)


@pytest.mark.parametrize(
    "operation",
    [
        "ec2:TerminateInstances",  # and two that the Auto Scaling group took along
        "sqs:DeleteQueue",  # and one that the stack took along, as it did a topic
        "sns:DeleteTopic",
        "ec2:DeleteRouteTable",  # and a main one, which went with its network
    ],
)
def test_what_another_takes_along_is_not_deleted_one_by_one(story: Story, operation: str) -> None:
    assert story.deletions[operation] == 1


def test_listeners_go_with_their_balancer(story: Story) -> None:
    assert story.deletions["elasticloadbalancing:DeleteLoadBalancer"] == 1
    assert story.deletions["elasticloadbalancing:DeleteListener"] == 0


def test_no_kind_is_left_out(story: Story) -> None:
    assert set(story.refs) == set(KINDS)
