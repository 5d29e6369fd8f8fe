"""What is there: index first, then authoritative reads of all that a deletion would touch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reaper.model import Gap, Ref, Relation, Resource, Scan
from reaper.providers.protocol import Absent, Query, Unreadable
from reaper.sweep.keeping import kept
from reaper.sweep.reading import covers, read, together
from reaper.sweep.recall import Memory, ledger_now
from reaper.sweep.site import Site, gap
from reaper.tags import marker_keys

# Whatever stands at the other end of these must be read before anything is decided.
FAMILY = (
    Relation.TAKES,
    Relation.ALTERS,
    Relation.MADE,
    Relation.CONTROLLED_BY,
    Relation.USED_BY,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a scan found, and what it did not find.

    Attributes:
        absent: What was named by the index or the ledger, and was not found.
        gone: Those of them, by `ref.key`, that are gone beyond doubt.
    """

    scan: Scan
    absent: tuple[Ref, ...]
    gone: frozenset[str]


def scan(site: Site, memory: Memory) -> Found:
    """Ask the index, then read each candidate and what it depends on; the absent ones too."""
    asked = ledger_now(site, memory)
    query = Query(
        keys=marker_keys(site.settings.rules),
        runs=site.settings.narrowing.runs,
        full=site.settings.full,
    )
    with kept(site):
        index = site.provider.index(site.cell, query)
    answered = ledger_now(site, memory)
    site.keep()
    site.at("indexed")
    wanted = {ref.key: ref for ref in (*memory.unsettled, *memory.journaled, *index.candidates)}
    with together(site, preview=True):
        found, absent, gaps = read_closure(site, wanted.values())
        gone = proved(site, absent)
    return Found(
        scan=Scan(
            cell=site.cell,
            at=asked,
            resources=tuple(without_controllers(gone, found.values())),
            gaps=(*index.gaps, *memory.gaps, *gaps),
            skew=_skew(asked, index.clock, answered),
        ),
        absent=absent,
        gone=gone,
    )


def _skew(asked: datetime, clock: datetime | None, answered: datetime) -> timedelta:
    """How far the provider's clock is from the ledger's, beyond the time the asking took."""
    if clock is None or asked <= clock <= answered:
        return timedelta(0)
    return clock - asked if clock < asked else clock - answered


def read_closure(
    site: Site, refs: Iterable[Ref]
) -> tuple[dict[str, Resource], tuple[Ref, ...], list[Gap]]:
    """Read these and, until nothing new appears, whatever their deletion would touch."""
    found: dict[str, Resource] = {}
    absent: list[Ref] = []
    gaps: list[Gap] = []
    asked: set[str] = set()
    wanted = list(refs)
    while wanted:
        asked.update(ref.key for ref in wanted)
        readings = read(site, wanted)
        further: dict[str, Ref] = {}
        for ref in wanted:
            reading = readings[ref.key]
            if isinstance(reading, Absent):
                absent.append(ref)
            elif isinstance(reading, Unreadable):
                gaps.append(
                    gap(site.cell, ref.kind, f"{ref.id} could not be read: {reading.reason}")
                )
            else:
                found[ref.key] = reading
                for edge in reading.others(*FAMILY):
                    if edge.other.key not in asked and covers(site.cell, edge.other):
                        further[edge.other.key] = edge.other
        wanted = list(further.values())
        site.keep()
    return found, tuple(absent), gaps


def proved(site: Site, absent: Iterable[Ref]) -> frozenset[str]:
    """Which of these are gone beyond doubt: a control in the same scope succeeds."""
    by_kind: dict[str, list[str]] = {}
    for ref in absent:
        by_kind.setdefault(ref.kind, []).append(ref.key)
    return frozenset(
        key
        for kind, keys in by_kind.items()
        if site.provider.control(site.cell, kind) is None
        for key in keys
    )


def without_controllers(gone: frozenset[str], resources: Iterable[Resource]) -> Iterable[Resource]:
    """Leave out controllers that are gone: their names outlive them on what they made.

    Other edges stay: whoever says that it is used, or that it takes something along, is believed,
    even if that something is not found.
    """
    for resource in resources:
        edges = tuple(
            edge
            for edge in resource.edges
            if edge.relation is not Relation.CONTROLLED_BY or edge.other.key not in gone
        )
        yield resource if len(edges) == len(resource.edges) else replace(resource, edges=edges)
