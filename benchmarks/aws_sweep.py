"""How many calls a sweep of AWS makes beside the fewest that could do, and whether they grow.

On the sandbox, with 40 ms added to each call: 200 orphans of more than 25 kinds in three regions,
first among 1,800 things of others and then among ten times as many. The fewest: the index's pages,
each orphan read once in the largest batches, one deletion for each that nothing takes along, and
one batched read to see that it is gone. No cleaner can do with less; ours also looks at who uses
each, and looks again right before it deletes.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import reaper
from benchmarks.sweeping import Measured, command, sweep
from reaper.providers.aws.answers import READING
from reaper.providers.aws.kind import AwsKind, Many
from reaper.providers.aws.kinds import KINDS
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world import World, build
from reaper.sandbox.aws.world.builder import clients

REGIONS = ("eu-west-1", "us-east-1", "us-west-2")
WORLDS = 4
OTHERS = 1_800
LATENCY_S = 0.04
BOUND = 2.5
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_EC2_METADATA_DISABLED": "true",
}
INDEX_PAGE = 100


def main() -> int:
    """Measure both worlds, and print what each took."""
    first, worlds = _measure(OTHERS)
    second, _ = _measure(OTHERS * 10)
    fewest = _fewest(worlds)
    twice = _twice(worlds, first.calls)
    ratio = first.calls.total() / fewest
    grown = second.calls.total() / first.calls.total()
    alone = first.seconds / (fewest * LATENCY_S)
    print(
        "calls by operation: " + ", ".join(f"{n} {name}" for name, n in first.calls.most_common())
    )
    print(f"{first.calls.total()} calls, {ratio:.2f} times the fewest possible ({fewest}), and")
    print(f"{first.calls.total() / twice:.2f} times what looking twice takes at least ({twice}),")
    print(f"in {alone:.2f} times the time that those would take one after another")
    print(f"among ten times as many things of others: {grown:.2f} times as many calls")
    return 0 if ratio <= BOUND and grown <= 1.0 else 1


def _measure(others: int) -> tuple[Measured, list[World]]:
    with tempfile.TemporaryDirectory(prefix="reaper-benchmark-") as name, AwsSandbox() as sandbox:
        directory = Path(name)
        config = directory / "reaper.yaml"
        config.write_text(_configuration(sandbox, directory), encoding="utf-8")
        command(config, "ledger", "migrate", environment=CREDENTIALS)
        _surround(sandbox, others)
        with reaper.run(
            prefix="bench",
            lease=timedelta(minutes=10),
            beat=timedelta(seconds=30),
            state=directory / "state",
        ) as run:
            worlds = [
                build(
                    sandbox.endpoint,
                    run.tags,
                    name=f"bench-{number}",
                    region=REGIONS[number % len(REGIONS)],
                )
                for number in range(WORLDS)
            ]
        sandbox.latency_s = LATENCY_S
        measured = sweep(config, sandbox.requests, environment=CREDENTIALS, named="{}:{}".format)
        sandbox.latency_s = 0.0
    orphans = sum(len(world.made) for world in worlds)
    print(f"{orphans} orphans among {others} things of others: {measured}", flush=True)
    return measured, worlds


def _configuration(sandbox: AwsSandbox, directory: Path) -> str:
    return json.dumps(
        {
            "ledger": f"sqlite:///{directory / 'ledger.db'}",
            "policy": {
                "grace": "0s",
                "enable": ["aws:kms:key"],
                "brake": {"max_share": 1, "max_deletions": 10_000},
            },
            "providers": {
                "aws": [
                    {
                        "account": sandbox.account,
                        "regions": list(REGIONS),
                        "endpoint": sandbox.endpoint,
                    }
                ]
            },
        }
    )


def _surround(sandbox: AwsSandbox, others: int) -> None:
    """Create things of others: machines with their disks and interfaces, groups, queues, keys."""
    each = others // len(REGIONS)
    for region in REGIONS:
        client = clients(sandbox.endpoint, region)
        ec2, sqs, ssm = client("ec2"), client("sqs"), client("ssm")
        tags = [{"Key": "team", "Value": "others"}]
        ec2.run_instances(
            ImageId="ami-12345678",
            MinCount=each // 6,
            MaxCount=each // 6,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )

        def make(number: int, ec2: Any = ec2, sqs: Any = sqs, ssm: Any = ssm) -> None:
            name = f"others-{number}"
            ec2.create_volume(AvailabilityZone=f"{ec2.meta.region_name}a", Size=1)
            ec2.create_security_group(GroupName=name, Description=name)
            ec2.create_key_pair(KeyName=name)
            if number % 2:
                sqs.create_queue(QueueName=name, tags={"team": "others"})
            else:
                ssm.put_parameter(Name=f"/{name}", Value="-", Type="String")

        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(make, range(each // 8)))


def _fewest(worlds: Sequence[World]) -> int:
    """Count the calls without which nobody can find, see, delete and see gone all that was made."""
    made = _made(worlds)
    reads = sum(_reads(KINDS[kind], number) for (_, kind), number in made.items())
    indexed: Counter[str] = Counter()
    for (region, kind), number in made.items():
        indexed[region] += number if KINDS[kind].indexed else 0
    pages = sum(max(1, math.ceil(number / INDEX_PAGE)) for number in indexed.values())
    return pages + 2 * reads + made.total()


def _twice(worlds: Sequence[World], calls: Counter[str]) -> int:
    """Count the same with the second look, tags that AWS tells by calls of their own, and steps.

    The steps that AWS wants before a deletion are those that were made.
    """
    made = _made(worlds)
    changes = sum(
        number for name, number in calls.items() if not name.split(":")[1].startswith(READING)
    )
    also = sum(
        math.ceil(number / each.size) if each.by is not None else number
        for (_, kind), number in made.items()
        for each in KINDS[kind].also
    )
    seen_gone = sum(_reads(KINDS[kind], number) for (_, kind), number in made.items())
    return _fewest(worlds) - made.total() + changes + seen_gone + 2 * also


def _made(worlds: Sequence[World]) -> Counter[tuple[str, str]]:
    return Counter(
        ("global" if not KINDS[each.kind].everywhere else world.region, each.kind)
        for world in worlds
        for each in world.made
    )


def _reads(kind: AwsKind, number: int) -> int:
    return math.ceil(number / kind.read.size) if isinstance(kind.read, Many) else number


if __name__ == "__main__":
    sys.exit(main())
