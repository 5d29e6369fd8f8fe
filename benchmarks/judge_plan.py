"""What judging and ordering cost a resource, in time and memory, and whether that stays so.

Everything is in memory: a thousandth as many runs as resources, of which every other one is over,
containers on networks and with volumes, and a stranger here and there.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reaper.model import (
    Beats,
    Cell,
    Edge,
    Ending,
    Judged,
    Kind,
    Lease,
    Plan,
    Ref,
    Relation,
    Resource,
    Run,
)
from reaper.plan import order
from reaper.policy import Case, Policy, judge
from reaper.tags import Journal, TagRules, claim, new_run_id, run_tags

SMALL, LARGE = 10_000, 100_000
ROUNDS = 3
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
CELL = Cell(provider="docker", scope="ENGINE", label="an engine")
CONTAINER, NETWORK, VOLUME = "docker:container", "docker:network", "docker:volume"
KINDS: Mapping[str, Kind] = {
    CONTAINER: Kind(name=CONTAINER),
    NETWORK: Kind(name=NETWORK, after=(CONTAINER,)),
    VOLUME: Kind(name=VOLUME, after=(CONTAINER,)),
}
RULES, JOURNAL, POLICY = TagRules(realm="default"), Journal.of(()), Policy()


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What one size took.

    Attributes:
        resource_bytes: What a resource itself takes, as the scan hands it over.
        decided_bytes: What claim, verdict and place in the plan take on top, a resource.
        peak_bytes: The most that was in use on top while deciding, a resource.
    """

    size: int
    seconds: float
    resource_bytes: float
    decided_bytes: float
    peak_bytes: float
    going: int

    @property
    def microseconds(self) -> float:
        """How long one resource took."""
        return self.seconds / self.size * 1e6


def main() -> int:
    """Measure both sizes and print them; the exit code is always 0, for there is no bound."""
    decide(*world(1_000))  # imports and caches
    measured = [measure(size) for size in (SMALL, LARGE)]
    print(
        f"{'resources':>10} {'CPU s':>8} {'µs each':>8} {'bytes each':>11} {'of the scan':>12} "
        f"{'peak':>6} {'to go':>8}"
    )
    for each in measured:
        print(
            f"{each.size:>10,} {each.seconds:>8.2f} {each.microseconds:>8.1f} "
            f"{each.decided_bytes:>11.0f} {each.resource_bytes:>12.0f} {each.peak_bytes:>6.0f} "
            f"{each.going:>8,}"
        )
    small, large = measured
    ratio = large.microseconds / small.microseconds
    print(f"linearity: a resource takes {ratio:.2f} times as long among ten times as many")
    return 0


def measure(size: int) -> Measured:
    """Measure the CPU's time (the best of some rounds), then the memory, which takes longer."""
    runs, resources = world(size)
    seconds = min(_timed(runs, resources) for _ in range(ROUNDS))
    del runs, resources
    gc.collect()
    tracemalloc.start()
    runs, resources = world(size)
    scanned, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    plan = decide(runs, resources)
    decided, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Measured(
        size=size,
        seconds=seconds,
        resource_bytes=scanned / size,
        decided_bytes=(decided - scanned) / size,
        peak_bytes=(peak - scanned) / size,
        going=sum(item.wave is not None for item in plan.items),
    )


def _timed(runs: Mapping[str, Run], resources: Mapping[str, Resource]) -> float:
    gc.collect()
    began = time.process_time()
    decide(runs, resources)
    return time.process_time() - began


def decide(runs: Mapping[str, Run], resources: Mapping[str, Resource]) -> Plan:
    """Tell whose each is, judge it, and order all that is to go, as a survey does."""
    judged: list[Judged] = []
    for resource in resources.values():
        found = claim(resource, RULES, JOURNAL)
        if found.foreign:
            continue
        case = Case(
            resource=resource,
            claim=found,
            run=runs[found.run] if found.run else None,
            first_seen=resource.created,
            now=NOW,
            kind=KINDS[resource.ref.kind],
        )
        judged.append(Judged(resource=resource, claim=found, verdict=judge(case, POLICY)))
    return order(CELL, NOW, judged, world=resources, kinds=KINDS)


def world(size: int) -> tuple[dict[str, Run], dict[str, Resource]]:
    """Make runs and this many resources: of each twenty, a network, three volumes, a stranger."""
    runs = [_run(number) for number in range(max(2, size // 1000))]
    tags = [run_tags(run) for run in runs]
    resources: dict[str, Resource] = {}
    for number in range(size):
        first = number - number % 20
        place = number % 20
        of_run = {} if place == 19 else tags[first // 20 % len(runs)]
        resource = _resource(number, place, first, of_run)
        resources[resource.ref.key] = resource
    return {run.id: run for run in runs}, resources


def _run(number: int) -> Run:
    started = NOW - timedelta(hours=3, milliseconds=number)
    ended = NOW - timedelta(hours=1) if number % 2 else None
    return Run(
        id=new_run_id("nightly", at=started),
        realm="default",
        started=started,
        expires=started + timedelta(hours=24),
        lease=Lease(length=timedelta(minutes=10), until=NOW + timedelta(minutes=5)),
        beats=Beats.DIRECTORY,
        owner="somebody@example.com",
        ended=ended,
        ending=Ending.FINISHED if ended else None,
    )


def _resource(number: int, place: int, first: int, tags: Mapping[str, str]) -> Resource:
    edges: tuple[Edge, ...] = ()
    if place == 0:
        ref = _ref(NETWORK, number)
    elif place <= 3:
        ref = _ref(VOLUME, number)
    elif place == 19:
        ref = _ref(CONTAINER, number)  # a stranger that uses nothing of a run
    else:
        ref = _ref(CONTAINER, number)
        edges = (
            Edge(relation=Relation.USES, other=_ref(NETWORK, first), name="backend"),
            Edge(relation=Relation.USES, other=_ref(VOLUME, first + 1 + place % 3), name="data"),
        )
    return Resource(
        ref=ref,
        name=f"nightly-{number}",
        tags=tags,
        created=NOW - timedelta(hours=2),
        state="running",
        edges=edges,
    )


def _ref(kind: str, number: int) -> Ref:
    return Ref(kind=kind, scope=CELL.scope, id=f"{number:064x}")


if __name__ == "__main__":
    sys.exit(main())
