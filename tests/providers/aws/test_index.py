"""The index: every page of it, however many runs, and what could not be asked is a gap."""

from __future__ import annotations

import pytest

from reaper.model import Ref
from reaper.providers.aws import names
from reaper.providers.protocol import Index, Query
from reaper.sandbox.aws.world.identities import TRUST
from reaper.sandbox.faults import Effect, Fault, Operation
from tests.providers.aws.conftest import PAIRS, REGION, TAGS, Desk, tagged

RUN = TAGS["reaper-run"]
KEYS = ("reaper-run", "reaper-image-run")


def index(desk: Desk, kind: str = names.VOLUME, **asked: object) -> Index:
    query = Query(keys=KEYS, **asked)  # type: ignore[arg-type] # as the test says
    return desk.account.index(desk.cell(kind), query)


def volume(desk: Desk, run: str = RUN) -> str:
    tags = [{"Key": "reaper-run", "Value": run}]
    made = desk.client("ec2").create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=1,
        TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
    )
    return str(made["VolumeId"])


def ids(found: Index, kind: str) -> set[str]:
    return {ref.id for ref in found.candidates if ref.kind == kind}


def test_every_page_is_read(desk: Desk) -> None:
    made = {volume(desk) for _ in range(230)}
    desk.sandbox.requests.reset()

    found = index(desk)

    assert ids(found, names.VOLUME) == made
    assert desk.sandbox.requests.count(operation="GetResources") == 3


def test_only_the_runs_that_are_asked_for_are_named(desk: Desk) -> None:
    ours, _ = volume(desk, "r-1"), volume(desk, "r-2")

    assert ids(index(desk, runs=frozenset({"r-1"})), names.VOLUME) == {ours}


def test_more_runs_than_a_filter_takes_are_all_asked_for(desk: Desk) -> None:
    made = {volume(desk, f"r-{number}") for number in range(25)}

    found = index(desk, runs=frozenset(f"r-{number}" for number in range(25)))

    assert ids(found, names.VOLUME) == made


def test_only_the_kinds_that_are_asked_for_are_named(desk: Desk) -> None:
    volume(desk)
    desk.client("sqs").create_queue(QueueName="one", tags=TAGS)

    found = index(desk, kinds=frozenset({names.QUEUE}))

    assert {ref.kind for ref in found.candidates} == {names.QUEUE}


def test_a_kind_that_reaper_does_not_know_is_shown_with_its_tags(desk: Desk) -> None:
    made = desk.client("efs").create_file_system(CreationToken="one", Tags=PAIRS)
    [ref] = [ref for ref in index(desk).candidates if ref.kind not in desk.account.kinds]

    reading = desk.account.read(desk.regional, [ref])[ref.key]

    assert ref == Ref(
        kind="aws:elasticfilesystem:file-system",
        scope=desk.regional.scope,
        id=made["FileSystemArn"],
    )
    assert getattr(reading, "tags", None) == TAGS
    assert "remove it by hand" in str(getattr(reading, "unread", None))


def test_what_bears_another_key_is_not_named(desk: Desk) -> None:
    desk.client("sqs").create_queue(QueueName="one", tags={"owner": "somebody"})

    assert index(desk).candidates == ()


@pytest.mark.parametrize(
    ("denied", "kind", "words"),
    [
        ("tag:GetResources", None, f"tag:GetResources in {REGION}"),
        ("ec2:DescribeTags", None, f"ec2:DescribeTags in {REGION}"),
        (
            "autoscaling:DescribeAutoScalingGroups",
            names.AUTO_SCALING_GROUP,
            f"autoscaling:DescribeAutoScalingGroups in {REGION}",
        ),
    ],
)
def test_what_could_not_be_asked_is_a_gap_and_the_rest_stands(
    desk: Desk, denied: str, kind: str | None, words: str
) -> None:
    made = volume(desk)
    operations = frozenset({Operation.INDEX, Operation.READ})
    desk.sandbox.faults.add(Fault(effect=Effect.DENY, operations=operations, kind=denied))

    found = index(desk)

    assert ids(found, names.VOLUME) == {made}
    [gap] = found.gaps
    assert gap.kind == kind
    assert gap.reason.startswith(words)
    assert "credentials" in gap.reason


def test_a_page_that_fails_keeps_what_came_before_and_is_a_gap(desk: Desk) -> None:
    for _ in range(150):
        desk.client("sqs").create_queue(QueueName=f"queue-{_}", tags=TAGS)
    operations = frozenset({Operation.INDEX})
    desk.sandbox.faults.add(Fault(effect=Effect.DENY, operations=operations, kind="tag:*", skip=1))

    found = index(desk)

    assert len(ids(found, names.QUEUE)) == 100
    assert len(found.gaps) == 1


def test_iam_is_asked_in_bulk_and_only_what_bears_a_run_is_named(desk: Desk) -> None:
    iam = desk.client("iam")
    for number in range(5):
        iam.create_role(RoleName=f"theirs-{number}", AssumeRolePolicyDocument=TRUST)
    iam.create_role(RoleName="ours", AssumeRolePolicyDocument=TRUST, Tags=PAIRS)
    iam.create_user(UserName="ours", Tags=PAIRS)
    desk.sandbox.requests.reset()

    found = index(desk, names.ROLE)

    assert (ids(found, names.ROLE), ids(found, names.USER)) == ({"ours"}, {"ours"})
    assert desk.sandbox.requests.count(operation="ListRoleTags") == 0


def test_tags_of_profiles_that_could_not_be_read_are_a_gap(desk: Desk) -> None:
    iam = desk.client("iam")
    iam.create_instance_profile(InstanceProfileName="ours", Tags=PAIRS)
    operations = frozenset({Operation.READ})
    desk.sandbox.faults.add(
        Fault(effect=Effect.DENY, operations=operations, kind="iam:ListInstanceProfileTags")
    )

    found = index(desk, names.ROLE)

    assert [gap.kind for gap in found.gaps] == [names.INSTANCE_PROFILE]


def test_the_kinds_of_other_cells_are_not_offered_here(desk: Desk) -> None:
    regional, everywhere = index(desk), index(desk, names.ROLE)

    assert regional.not_offered == {kind for kind in desk.account.kinds if ":iam:" in kind}
    assert regional.not_offered | everywhere.not_offered == set(desk.account.kinds)


def test_a_full_scan_names_what_bears_no_tag(desk: Desk) -> None:
    made = desk.client("ec2").create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    desk.client("ec2").create_key_pair(KeyName="k", TagSpecifications=tagged("key-pair"))

    assert ids(index(desk), names.VOLUME) == set()
    assert ids(index(desk, full=True), names.VOLUME) == {made}
