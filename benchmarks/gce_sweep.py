"""How many calls a sweep of a Google project makes beside the fewest that could do.

On the sandbox: some 200 orphans of all kinds, first among 2,000 things of others and then among ten
times as many. The fewest: one list of each kind that bears labels, each orphan read once more right
before its deletion and once after it in the largest batches (50 names in one list's filter), and
one deletion for each that nothing takes along. No cleaner can do with less; ours also asks who uses
each, and after what a list lacks by itself, as only a 404 proves that it is gone.
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
from benchmarks.sweeping import command, sweep
from reaper.providers.gce.kind import Filter
from reaper.providers.gce.kinds import KINDS
from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.world import World, build
from reaper.sandbox.gce.world.rest import Rest

WORLDS = 3
OTHERS = 2_000
PROJECT = "sandbox"
BOUND = 3.0
GROWTH = 1.0
PER_LIST = 50
# What goes with something else, and so is not deleted by itself.
_TAKEN = frozenset({"member", "boot", "zonal", "regional"})


def main() -> int:
    """Measure both worlds, and print what each took."""
    first, fewest = _measure(OTHERS)
    second, _ = _measure(OTHERS * 10)
    ratio, grown = first.total() / fewest, second.total() / first.total()
    told = ", ".join(f"{number} {name}" for name, number in first.most_common(40))
    print(f"calls by method: {told}")
    print(f"{first.total()} calls, {ratio:.2f} times the fewest possible ({fewest})")
    print(f"among ten times as many things of others: {grown:.2f} times as many calls")
    return 0 if ratio <= BOUND and grown <= GROWTH else 1


def _measure(others: int) -> tuple[Counter[str], int]:
    with (
        tempfile.TemporaryDirectory(prefix="reaper-benchmark-") as name,
        GoogleSandbox() as sandbox,
    ):
        directory = Path(name)
        config = directory / "reaper.yaml"
        config.write_text(json.dumps(_configuration(sandbox, directory)), encoding="utf-8")
        command(config, "ledger", "migrate")
        _surround(sandbox, others)
        worlds = _leave(sandbox, directory)
        measured = sweep(config, sandbox.requests)
    orphans = sum(len(world.made) for world in worlds)
    print(f"{orphans} orphans among {others} things of others: {measured}", flush=True)
    return measured.calls, _fewest(worlds)


def _configuration(sandbox: GoogleSandbox, directory: Path) -> dict[str, Any]:
    return {
        "ledger": f"sqlite:///{directory / 'ledger.db'}",
        "policy": {
            "grace": "0s",
            "enable": ["gce:kms:key"],
            "brake": {"max_share": 1, "max_deletions": 10_000},
        },
        "providers": {"gce": [{"project": PROJECT, "endpoint": sandbox.endpoint}]},
    }


def _leave(sandbox: GoogleSandbox, directory: Path) -> list[World]:
    """Let a run build worlds, and journal what bears no labels."""
    with reaper.run(
        prefix="bench",
        lease=timedelta(minutes=10),
        beat=timedelta(seconds=30),
        state=directory / "state",
    ) as run:
        worlds = [
            build(sandbox.endpoint, run.tags, name=f"bench-{number}") for number in range(WORLDS)
        ]
        for made in (each for world in worlds for each in world.made):
            if KINDS[made.kind].filter is Filter.NONE and made.part not in {
                "of kubernetes",
                *_TAKEN,
            }:
                run.created(
                    kind=made.kind,
                    scope=PROJECT,
                    id=made.id,
                    incarnation=made.number or None,
                    taggable=False,
                )
            elif made.kind == "gce:compute:instance-group-manager":
                run.created(
                    kind=made.kind,
                    scope=PROJECT,
                    id=made.id,
                    incarnation=made.number,
                    taggable=False,
                )
    return worlds


def _surround(sandbox: GoogleSandbox, others: int) -> None:
    """Create things of others: disks, addresses and machines with their own disks."""
    base = f"/compute/v1/projects/{PROJECT}/"
    zone, region = f"{base}zones/us-central1-a/", f"{base}regions/us-central1/"
    labels = {"team": "others"}

    def make(number: int) -> None:
        with Rest(sandbox.endpoint) as rest:
            for each in range(number, others, 8):
                named = {"name": f"others-{each}", "labels": labels}
                if each % 4:
                    rest.ask("POST", f"{zone}disks", {**named, "sizeGb": "1"})
                else:
                    rest.ask("POST", f"{region}addresses", named)

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(make, range(8)))


def _fewest(worlds: Sequence[World]) -> int:
    """Count the calls without which nobody can find, see, delete and see gone all that was made."""
    made = Counter(each.kind for world in worlds for each in world.made)
    lists = sum(kind.filter is not Filter.NONE for kind in KINDS.values())
    unlabelled = sum(KINDS[kind].filter is Filter.NONE for kind in made)
    batches = sum(math.ceil(number / PER_LIST) for number in made.values())
    alone = sum(each.part not in _TAKEN for world in worlds for each in world.made)
    return lists + unlabelled + 2 * batches + alone


if __name__ == "__main__":
    sys.exit(main())
