"""How many calls a sweep of an Azure subscription makes beside the fewest that could do.

On the sandbox: 200 orphans in 20 resource groups, first among 2,000 things in all and then among
ten times as many; at last in 20 groups in which somebody else has something too, so that they go
one by one.

The fewest: the pages of one query; each orphan and each group read by its ID right before, for ARM
reads no two resources with one call; the members of each group listed; one deletion of each group,
or of each orphan where the groups stay; one read to see each of these gone; the provider list, and
the locks. Ours reads each twice before: for the plan, and at most ten seconds before its deletion.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import reaper
from benchmarks.sweeping import command, sweep
from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.builder import Builder
from reaper.sandbox.azure.world.rest import Rest

GROUPS = 20
IN_EACH = 10
ORPHANS = GROUPS * IN_EACH
ALL = 20_000
BOUND = 3.0
GROWTH = 1.05
LOCATION = "westeurope"
PAGE = 1_000
_EMPTY = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}


def main() -> int:
    """Measure the three worlds, and print what each took."""
    few = _measure(ALL // 10)
    many = _measure(ALL)
    apart = _measure(ALL, shared=True)
    fewest, fewest_apart = _fewest(), _fewest(shared=True)
    grown = many.total() / few.total()
    ratio, ratio_apart = many.total() / fewest, apart.total() / fewest_apart
    told = ", ".join(f"{number} {name}" for name, number in many.most_common(40))
    print(f"calls by method: {told}")
    print(f"{many.total()} calls, {ratio:.2f} times the fewest possible ({fewest})")
    print(f"one by one: {apart.total()} calls, {ratio_apart:.2f} times ({fewest_apart})")
    print(f"among ten times as many things of others: {grown:.2f} times as many calls")
    return 0 if max(ratio, ratio_apart) <= BOUND and grown <= GROWTH else 1


def _fewest(*, shared: bool = False) -> int:
    """Count the calls without which nobody can find, see, delete and see gone all that was left."""
    index = -(-(ORPHANS + GROUPS) // PAGE)
    once = index + 2  # the provider list, the locks
    if shared:
        return once + ORPHANS * 3
    return once + ORPHANS + GROUPS * 4


def _measure(everything: int, *, shared: bool = False) -> Counter[str]:
    with (
        tempfile.TemporaryDirectory(prefix="reaper-benchmark-") as name,
        AzureSandbox() as sandbox,
    ):
        directory = Path(name)
        config = directory / "reaper.yaml"
        config.write_text(json.dumps(_configuration(sandbox, directory)), encoding="utf-8")
        command(config, "ledger", "migrate")
        _surround(sandbox, everything - ORPHANS - GROUPS)
        _leave(sandbox, directory, shared=shared)
        measured = sweep(config, sandbox.requests)
    wanted = ORPHANS + (0 if shared else GROUPS)
    if measured.statuses != {"gone": wanted}:
        raise RuntimeError(f"{wanted} were to be gone: {measured.statuses}")
    how = ", one by one" if shared else ""
    print(f"{wanted} orphans among {everything} things{how}: {measured}", flush=True)
    return measured.calls


def _configuration(sandbox: AzureSandbox, directory: Path) -> dict[str, Any]:
    return {
        "ledger": f"sqlite:///{directory / 'ledger.db'}",
        "policy": {"grace": "0s", "brake": {"max_share": 1, "max_deletions": 10_000}},
        "providers": {"azure": [{"subscription": SUBSCRIPTION, "endpoint": sandbox.endpoint}]},
    }


def _leave(sandbox: AzureSandbox, directory: Path, *, shared: bool) -> None:
    """Let a run fill its groups: each with a network and what is in it, storage and disks."""
    with (
        reaper.run(
            prefix="bench",
            lease=timedelta(minutes=10),
            beat=timedelta(seconds=30),
            state=directory / "state",
        ) as run,
        Rest(sandbox.endpoint) as rest,
    ):
        for number in range(GROUPS):
            name = f"bench{number}"
            if shared:
                _put_group(rest, f"{name}-rg")
                _builder(rest, {}, "others", f"{name}-rg").add(
                    "Microsoft.Compute/disks", _EMPTY, part=f"in-{name}"
                )
            _fill(_builder(rest, run.tags, name, f"{name}-rg" if shared else None))


def _builder(rest: Rest, tags: Any, name: str, group: str | None) -> Builder:
    return Builder(rest, tags, subscription=SUBSCRIPTION, location=LOCATION, name=name, group=group)


def _put_group(rest: Rest, name: str) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"
    rest.put(path, {"location": LOCATION, "tags": {"team": "others"}})


def _fill(builder: Builder) -> None:
    network = "Microsoft.Network"
    subnet = {"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    inner = {
        "subnet": {
            "id": builder.add(
                f"{network}/virtualNetworks",
                {"addressSpace": space, "subnets": [subnet]},
                part="network",
            )
            + "/subnets/default"
        },
        "publicIPAddress": {
            "id": builder.add(
                f"{network}/publicIPAddresses",
                {"publicIPAllocationMethod": "Static"},
                part="ip",
                sku={"name": "Standard"},
            )
        },
    }
    firewall = builder.add(f"{network}/networkSecurityGroups", {}, part="firewall")
    builder.add(
        f"{network}/networkInterfaces",
        {
            "ipConfigurations": [{"name": "ip", "properties": inner}],
            "networkSecurityGroup": {"id": firewall},
        },
        part="interface",
    )
    builder.add(
        "Microsoft.Storage/storageAccounts",
        {},
        part="account",
        name=f"{builder.name}storage",
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
    )
    for number in range(IN_EACH - 5):
        builder.add("Microsoft.Compute/disks", _EMPTY, part=f"disk{number}")


def _surround(sandbox: AzureSandbox, others: int) -> None:
    """Create things of others, a hundred in a group."""
    tags = {"team": "others"}

    def make(first: int) -> None:
        with Rest(sandbox.endpoint) as rest:
            for number in range(first, others // 100 + 1, 8):
                group = f"others{number}-rg"
                _put_group(rest, group)
                builder = _builder(rest, tags, f"others{number}", group)
                for each in range(min(100, others - number * 100)):
                    builder.add("Microsoft.Compute/disks", _EMPTY, part=f"disk{each}")

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(make, range(8)))


if __name__ == "__main__":
    sys.exit(main())
