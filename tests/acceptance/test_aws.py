"""A whole account in a realistic mess: only what a finished run left goes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import clients
from reaper.sandbox.faults import Effect, Operation
from tests.awsbench import ELSEWHERE, LINGERING, REGION, SECOND_ROLE, AwsBench
from tests.cloudbench import STRANGER
from tests.results import same, without

HOUR = timedelta(hours=1)
READING = (Operation.INDEX, Operation.READ)


@pytest.fixture
def bench(aws_sandbox: AwsSandbox, tmp_path: Path) -> AwsBench:
    return AwsBench(sandbox=aws_sandbox, directory=tmp_path)


def test_one_sweep_takes_all_that_a_run_left_and_nothing_else(bench: AwsBench) -> None:
    bench.build(STRANGER, "theirs")
    with bench.run() as alive:
        bench.build(alive.tags, "living")
        before = bench.look()
        bench.left_by_a_run(versions=3000)
        bench.sandbox.requests.reset()

        plan = bench.reaper("plan", "--json")
        deleted_by_plan = bench.deletions()
        swept = bench.sweep()
        after = bench.look()
        bench.sandbox.requests.reset()
        again = bench.sweep()

    assert plan.code == 3, plan.stderr
    assert not deleted_by_plan
    assert swept.left == {}
    assert swept.code == 0
    assert swept.gaps == []
    assert swept.outcomes().keys() == {"gone", "scheduled"}
    assert swept.outcomes()["scheduled"] == {"aws:kms:key"}
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert again.code == 0
    assert not bench.deletions(), "a second sweep finds nothing more to delete"


def test_what_is_protected_stays_and_says_so(bench: AwsBench) -> None:
    make = clients(bench.sandbox.endpoint, REGION)
    with bench.run() as run:
        tags = [{"Key": key, "Value": value} for key, value in run.tags.items()]
        make("dynamodb").create_table(
            TableName="kept",
            KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=True,
            Tags=tags,
        )
        [instance] = make("ec2").run_instances(
            ImageId="ami-0123456789abcdef0",
            MinCount=1,
            MaxCount=1,
            DisableApiTermination=True,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )["Instances"]
        stack = make("cloudformation").create_stack(
            StackName="kept",
            TemplateBody='{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}',
            EnableTerminationProtection=True,
            Tags=tags,
        )["StackId"]
    before = bench.look()

    swept = bench.sweep()

    assert swept.code == 3, swept.stdout
    assert bench.look() == before
    assert swept.item("aws:dynamodb:table", "kept")["outcome"] == "protected"
    assert "deletion protection" in swept.item("aws:dynamodb:table", "kept")["detail"]
    assert swept.item("aws:ec2:instance", instance["InstanceId"])["outcome"] == "protected"
    assert swept.item("aws:cloudformation:stack", stack)["outcome"] == "protected"


def test_several_regions_and_accounts_are_swept_together(bench: AwsBench) -> None:
    bench.regions, bench.second = (REGION, ELSEWHERE), True
    bench.build(STRANGER, "theirs", role=SECOND_ROLE)
    bench.build(STRANGER, "their-others", region=ELSEWHERE)
    before, before_in_second = bench.look(), bench.look(SECOND_ROLE)
    bench.left_by_a_run("ours", region=ELSEWHERE)
    bench.left_by_a_run("ours-too", role=SECOND_ROLE)

    swept = bench.sweep()

    assert swept.left == {}
    assert swept.code == 0
    assert swept.gaps == []
    after, after_in_second = bench.look(), bench.look(SECOND_ROLE)
    assert same(after, before) == {}
    assert same(after_in_second, before_in_second) == {}
    assert without(after, before) == LINGERING
    assert without(after_in_second, before_in_second) == LINGERING
    assert len({item["scope"] for item in swept.items}) == 4


def test_throttling_is_no_failure(bench: AwsBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.throttle()

    swept = bench.sweep()

    assert bench.sandbox.faults.seen[Operation.READ, Effect.THROTTLE] > 5
    assert bench.sandbox.faults.seen[Operation.DELETE, Effect.THROTTLE] == 8
    assert swept.left == {}
    assert swept.code == 0
    bench.sandbox.faults.clear()
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_an_index_that_lags_and_has_ghosts_misleads_nobody(bench: AwsBench) -> None:
    with bench.run() as alive:
        bench.build(alive.tags, "living")
        lag = bench.refuse(Effect.LAG, "*", Operation.INDEX, delay=HOUR)
        bench.refuse(Effect.GHOST, "*", Operation.INDEX, delay=HOUR)
        before = bench.look()
        bench.left_by_a_run()
        for name in ("instance_s", "nat_gateway_s", "endpoint_s", "stack_s", "table_s", "group_s"):
            setattr(bench.sandbox.lags, name, 0.5)

        unseen = bench.sweep()
        bench.sandbox.faults.remove(lag)
        swept = bench.sweep()
        bench.sandbox.requests.reset()
        haunted = bench.sweep()

    assert {name.split(":")[1] for name in unseen.left} <= {"iam", "autoscaling"}
    assert swept.left == {}
    assert swept.code == 0
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert haunted.code == 0
    assert not bench.deletions(), "ghosts are not shot at"


def test_what_cannot_be_read_is_a_gap_and_what_it_holds_says_why_it_stays(
    bench: AwsBench,
) -> None:
    bench.regions = (REGION, ELSEWHERE)
    bench.build(STRANGER, "theirs")
    with bench.run() as alive:
        bench.build(alive.tags, "living", region=ELSEWHERE)
        before = bench.look()
        bench.left_by_a_run()
        bench.left_by_a_run("far", region=ELSEWHERE)
        made = bench.look()
        bench.refuse(Effect.DENY, "elasticloadbalancing:*", *READING, scope=f"*/{REGION}")
        bench.refuse(Effect.DENY, "*", *READING, scope=f"*/{ELSEWHERE}")

        swept = bench.sweep()
        after = bench.look_past_faults()
        bench.sandbox.faults.clear()
        rest = bench.sweep("--wait", "30s")

    assert swept.code == 4, swept.stdout
    assert same(after, before) == {}
    far = {each for each in made if each[1] == ELSEWHERE}
    assert far <= after.keys()
    assert "aws:elasticloadbalancing:loadbalancer" in without(after, before)
    assert all(swept.left.values()), swept.left
    gaps = {(gap["scope"].rpartition("/")[2], gap["kind"]) for gap in swept.gaps}
    assert (REGION, "aws:elasticloadbalancing:loadbalancer") in gaps
    assert any(region == ELSEWHERE for region, _ in gaps)
    assert [gap for gap in swept.gaps if "credentials" not in gap["reason"]] == []
    assert rest.left == {}
    assert rest.code == 0
    assert without(bench.look(), before) == LINGERING
