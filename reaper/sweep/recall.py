"""What the ledger knows that bears on a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reaper.errors import LedgerError
from reaper.ledger import identity
from reaper.model import Claim, Gap, JournalEntry, Mark, Outcome, Ref
from reaper.providers.protocol import Unreadable
from reaper.sweep.site import Site, gap
from reaper.tags import Journal


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """What the ledger knows that bears on a cell.

    Attributes:
        unavailable: Why the ledger could not be asked; None where it could.
        remembered: Derived claims from before the parent went, by `key#incarnation`.
        marks: What people said of single resources, by `key#incarnation`.
        unsettled: What has an unfinished intent or an open outcome, or lost the parent that made
            it a run's.
        outcomes: The open outcomes, by `ref.key`.
        under_way: The `ref.key` of what a long operation is at work on.
        unfound: Intents without a result, of which nothing was found.
        fresh: Runs whose directory was read just now.
    """

    unavailable: str | None = None
    journal: Journal = field(default_factory=lambda: Journal.of(()))
    journaled: tuple[Ref, ...] = ()
    remembered: Mapping[str, Claim] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)
    unsettled: tuple[Ref, ...] = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    under_way: frozenset[str] = frozenset()
    unfound: tuple[JournalEntry, ...] = ()
    fresh: frozenset[str] = frozenset()
    gaps: tuple[Gap, ...] = ()


def recall(site: Site) -> Memory:
    """Ask the ledger what it knows of this cell; a ledger out of reach is said, not raised."""
    scope = site.cell.scope
    try:
        fresh = site.directories.take_in(site.ledger)
        entries = site.ledger.entries(scope)
        settled = site.ledger.settled(scope)
        journal = Journal.of(entries)
        lookups, unfound, gaps = _look_up(site, journal)
        outcomes = site.ledger.open_outcomes(str(site.cell))
        intents = site.ledger.open_intents(str(site.cell))
        return Memory(
            journal=journal,
            journaled=(
                *(ref for ref in _sought(site, journal) if identity(ref) not in settled),
                *lookups,
            ),
            remembered=site.ledger.remembered(scope),
            marks=site.ledger.marks(scope),
            unsettled=(
                *(ref for ref in site.ledger.heirs(scope) if identity(ref) not in settled),
                *(outcome.ref for outcome in outcomes),
                *(intent.ref for intent in intents),
            ),
            outcomes={outcome.ref.key: outcome for outcome in outcomes},
            under_way=frozenset(intent.ref.key for intent in intents if intent.handle is not None),
            unfound=unfound,
            fresh=fresh,
            gaps=gaps,
        )
    except LedgerError as error:
        return Memory(unavailable=str(error))


def _sought(site: Site, journal: Journal) -> list[Ref]:
    return [entry.ref for entry in _concerned(site, journal.sought) if entry.ref is not None]


def _concerned(site: Site, entries: Iterable[JournalEntry]) -> list[JournalEntry]:
    """Leave out what other runs created, where a command is about some only."""
    runs = site.settings.narrowing.runs
    return [entry for entry in entries if runs is None or entry.run in runs]


def _look_up(
    site: Site, journal: Journal
) -> tuple[tuple[Ref, ...], tuple[JournalEntry, ...], tuple[Gap, ...]]:
    refs: list[Ref] = []
    unfound: list[JournalEntry] = []
    gaps: list[Gap] = []
    for entry in _concerned(site, journal.unresolved()):
        found = site.provider.lookup(site.cell, entry)
        if isinstance(found, Unreadable):
            gaps.append(
                gap(
                    site.cell,
                    entry.kind,
                    f"looking for what {entry.run} meant to create failed: {found.reason}",
                )
            )
        elif found:
            refs.extend(found)
        else:
            unfound.append(entry)
    return tuple(refs), tuple(unfound), tuple(gaps)


def ledger_now(site: Site, memory: Memory) -> datetime:
    """The time to judge by: the ledger's, since leases are on its clock; else this host's."""
    return site.clock.now() if memory.unavailable is not None else site.ledger.now()
