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
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import reaper
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
INDEX_PAGE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One sweep.

    Attributes:
        calls: By service and operation.
        memory_mib: The most that the sweep's process held.
    """

    calls: Counter[str]
    seconds: float
    memory_mib: float
    statuses: Counter[str]


def main() -> int:
    """Measure both worlds, and print what each took."""
    first, fewest = _measure(OTHERS)
    second, _ = _measure(OTHERS * 10)
    ratio = first.calls.total() / fewest
    grown = second.calls.total() / first.calls.total()
    alone = first.seconds / (fewest * LATENCY_S)
    print(
        "calls by operation: " + ", ".join(f"{n} {name}" for name, n in first.calls.most_common())
    )
    print(f"{first.calls.total()} calls, {ratio:.2f} times the fewest possible ({fewest}),")
    print(f"in {alone:.2f} times the time that those would take one after another")
    print(f"among ten times as many things of others: {grown:.2f} times as many calls")
    return 0 if ratio <= BOUND and grown <= 1.0 else 1


def _measure(others: int) -> tuple[Measured, int]:
    with tempfile.TemporaryDirectory(prefix="reaper-benchmark-") as name, AwsSandbox() as sandbox:
        directory = Path(name)
        config = directory / "reaper.yaml"
        config.write_text(_configuration(sandbox, directory), encoding="utf-8")
        _reaper(config, "ledger", "migrate")
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
        sandbox.requests.reset()
        sandbox.latency_s = LATENCY_S
        measured = _sweep(config, sandbox)
        sandbox.latency_s = 0.0
    orphans = sum(len(world.made) for world in worlds)
    print(
        f"{orphans} orphans among {others} things of others: {measured.calls.total()} calls, "
        f"{measured.seconds:.1f} s, {measured.memory_mib:.0f} MiB; "
        + ", ".join(f"{number} {status}" for status, number in measured.statuses.items()),
        flush=True,
    )
    return measured, _fewest(worlds)


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


def _sweep(config: Path, sandbox: AwsSandbox) -> Measured:
    start = time.perf_counter()
    answer = _reaper(config, "sweep", "--yes", "--json", accepted=(0, 3))
    seconds = time.perf_counter() - start
    counts: Counter[str] = Counter()
    for (_, service, operation), number in sandbox.requests.counts.items():
        counts[f"{service}:{operation}"] += number
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Measured(
        calls=counts,
        seconds=seconds,
        memory_mib=usage.ru_maxrss / 1024,
        statuses=Counter(str(item["outcome"]) for item in answer["items"] if item["outcome"]),
    )


def _fewest(worlds: Sequence[World]) -> int:
    """Count the calls without which nobody can find, see, delete and see gone all that was made."""
    made = Counter(
        ("global" if not KINDS[each.kind].everywhere else world.region, each.kind)
        for world in worlds
        for each in world.made
    )
    reads = sum(_reads(KINDS[kind], number) for (_, kind), number in made.items())
    indexed: Counter[str] = Counter()
    for (region, kind), number in made.items():
        indexed[region] += number if KINDS[kind].indexed else 0
    pages = sum(max(1, math.ceil(number / INDEX_PAGE)) for number in indexed.values())
    return pages + 2 * reads + made.total()


def _reads(kind: AwsKind, number: int) -> int:
    return math.ceil(number / kind.read.size) if isinstance(kind.read, Many) else number


def _reaper(config: Path, *arguments: str, accepted: Sequence[int] = (0,)) -> Any:
    command = (sys.executable, "-m", "reaper", *arguments, "--config", str(config))
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_EC2_METADATA_DISABLED": "true",
        "REAPER_STATE": str(config.parent / "state"),
    }
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode not in accepted:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr}\n{done.stdout}")
    return json.loads(done.stdout) if "--json" in arguments else None


if __name__ == "__main__":
    sys.exit(main())
