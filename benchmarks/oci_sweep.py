"""How many calls a sweep of an OCI tenancy makes beside the fewest that could do.

On the sandbox, over 50 compartments and 5 regions: some 200 orphans in four of each, first among
2,000 things in all and then among ten times as many.

The fewest: who and where it is, and which compartments there are; one search in each region; each
orphan read by its OCID right before its deletion and after it, for OCI reads no two with one call;
one deletion of each that nothing takes along. Ours reads each twice before, for the plan and at
most ten seconds before its deletion. And it lists in all compartments who uses each, for nothing of
OCI's can be asked that: these lists are counted apart, beside what it would take to make each of
them once for the deletions. Some are made for several waves, each time anew.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import reaper
from benchmarks.sweeping import command, sweep
from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.estate import REGIONS
from reaper.sandbox.oci.making import make
from reaper.sandbox.oci.shapes import SHAPES
from reaper.sandbox.oci.world import World, build

WORLDS = 4
COMPARTMENTS = tuple(f"team-{number}" for number in range(50))
ALL = 20_000
BOUND = 4.0
BOUND_OF_LISTS = 2.0
GROWTH = 1.1  # looks that take too long are taken again, so that time has a part in it
# What goes with something else, and so is not deleted by itself.
_TAKEN = frozenset({"boot", "member", "primary", "secondary"})
_WITH = frozenset({"oci:core:boot-volume", "oci:core:vnic"})


def main() -> int:
    """Measure both worlds, and print what each took."""
    few, _ = _measure(ALL // 10)
    many, fewest = _measure(ALL)
    once = len(COMPARTMENTS) * WORLDS  # in each compartment of each region that has orphans
    lists = Counter({name: many[name] for name in many if many[name] >= once})
    ratio, grown = (many.total() - lists.total()) / fewest, many.total() / few.total()
    of_lists = lists.total() / (len(lists) * once)
    told = ", ".join(f"{number} {name}" for name, number in many.most_common(60))
    print(f"calls by method: {told}")
    print(
        f"{many.total()} calls: {many.total() - lists.total()} are {ratio:.2f} times the fewest "
        f"possible ({fewest}), and {lists.total()} ask {len(lists)} lists in all compartments who "
        f"uses each, {of_lists:.2f} times as often as once"
    )
    print(f"among ten times as many things of others: {grown:.2f} times as many calls")
    return 0 if ratio <= BOUND and of_lists <= BOUND_OF_LISTS and grown <= GROWTH else 1


def _measure(things: int) -> tuple[Counter[str], int]:
    with (
        tempfile.TemporaryDirectory(prefix="reaper-benchmark-") as name,
        OciSandbox(compartments=COMPARTMENTS) as sandbox,
    ):
        directory = Path(name)
        config = directory / "reaper.yaml"
        sandbox.key.write(directory / "oci-config")
        config.write_text(json.dumps(_configuration(sandbox, directory)), encoding="utf-8")
        command(config, "ledger", "migrate")
        worlds = _leave(sandbox, directory)
        _surround(sandbox, things - sum(len(world.made) for world in worlds))
        measured = sweep(config, sandbox.requests)
    orphans = measured.statuses.total()
    print(f"{orphans} orphans among {things} things: {measured}", flush=True)
    return measured.calls, _fewest(worlds)


def _configuration(sandbox: OciSandbox, directory: Path) -> dict[str, Any]:
    return {
        "ledger": f"sqlite:///{directory / 'ledger.db'}",
        "policy": {
            "grace": "0s",
            "enable": ["oci:kms:key", "oci:kms:vault"],
            "brake": {"max_share": 1, "max_deletions": 10_000},
        },
        "providers": {
            "oci": [
                {
                    "tenancy": sandbox.tenancy,
                    "compartments": list(sandbox.compartments.values()),
                    "regions": list(REGIONS),
                    "config_file": str(directory / "oci-config"),
                    "endpoint": f"{sandbox.endpoint}/{{region}}",
                }
            ]
        },
    }


def _leave(sandbox: OciSandbox, directory: Path) -> list[World]:
    """Let a run build worlds in different regions, and journal what bears no tags."""
    with reaper.run(
        prefix="bench",
        lease=timedelta(minutes=10),
        beat=timedelta(seconds=30),
        state=directory / "state",
    ) as run:
        worlds = [
            build(
                sandbox.endpoint,
                sandbox.key.config(),
                run.tags,
                name=f"bench-{number}",
                compartment=sandbox.compartments[COMPARTMENTS[number]],
                region=region,
                identities=False,
            )
            for number, region in zip(range(WORLDS), REGIONS, strict=False)
        ]
        for world in worlds:
            for made in world.made:
                if made.kind == "oci:core:volume-attachment":
                    scope = f"{sandbox.tenancy}/{world.region}/{made.compartment}"
                    run.created(kind=made.kind, scope=scope, id=made.id, taggable=False)
    return worlds


def _surround(sandbox: OciSandbox, others: int) -> None:
    """Let others have volumes and addresses everywhere, made in place: calls would take long."""
    where = [(each, region) for each in sandbox.compartments.values() for region in REGIONS]
    for number in range(others):
        compartment, region = where[number % len(where)]
        asked: dict[str, Any] = {
            "compartmentId": compartment,
            "displayName": f"others-{number}",
            "freeformTags": {"team": "others"},
        }
        if number % 4:
            kind = "core.volumes"
            asked |= {"availabilityDomain": f"SbOx:{region.upper()}-AD-1", "sizeInGBs": 50}
        else:
            kind = "core.publicIps"
            asked["lifetime"] = "RESERVED"
        make(sandbox.estate, kind, asked, region=region, shapes=SHAPES)
    sandbox.estate.timetable.settle()


def _fewest(worlds: Sequence[World]) -> int:
    """Count the calls without which nobody can find, see, delete and see gone all that was made."""
    made = [each for world in worlds for each in world.made]
    alone = sum(each.part not in _TAKEN and each.kind not in _WITH for each in made)
    identity = 3  # the tenancy, its regions, and one list of its compartments
    return identity + len(REGIONS) + 2 * len(made) + alone


if __name__ == "__main__":
    sys.exit(main())
