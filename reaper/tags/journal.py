"""The journal as it is asked: which run's call created this resource."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reaper.model import JournalEntry, Phase, Ref, Resource

# How far a creation may be from the entry that tells of it, where only the time can tell.
WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """The entries of one scope, found by what they tell of. Build it with `Journal.of`.

    Attributes:
        sought: The creates of which no sweep has seen yet that nothing of them is left.
    """

    results: Mapping[str, tuple[JournalEntry, ...]]
    intents: Mapping[tuple[str, str], tuple[JournalEntry, ...]]
    sought: tuple[JournalEntry, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[JournalEntry] = ()) -> Journal:
        """Index the entries; their order does not matter, and one given twice counts once."""
        unique = dict.fromkeys(entries)
        answered = {_call(entry) for entry in unique if entry.phase is not Phase.INTENT}
        gone = {_call(entry) for entry in unique if entry.phase is Phase.GONE}
        results: dict[str, list[JournalEntry]] = defaultdict(list)
        intents: dict[tuple[str, str], list[JournalEntry]] = defaultdict(list)
        for entry in unique:
            if entry.phase in (Phase.CREATED, Phase.EXISTED) and entry.ref is not None:
                results[entry.ref.key].append(entry)
            elif not entry.taggable and _call(entry) not in answered:
                intents[entry.kind, entry.scope].append(entry)
        return cls(
            results={key: tuple(each) for key, each in results.items()},
            intents={key: tuple(each) for key, each in intents.items()},
            sought=tuple(
                entry
                for each in results.values()
                for entry in each
                if entry.phase is Phase.CREATED and _call(entry) not in gone
            ),
        )

    def unresolved(self) -> tuple[JournalEntry, ...]:
        """The intents of kinds that cannot bear tags, of which no result is known."""
        return tuple(entry for entries in self.intents.values() for entry in entries)

    def creators(self, resource: Resource) -> tuple[JournalEntry, ...]:
        """Every entry that tells of this resource's creation, the oldest first.

        A create's result, by ID and incarnation, comes before intents whose result is not known:
        these count only where there is none, for kinds that cannot bear tags.
        """
        found = [
            entry
            for entry in self.results.get(resource.ref.key, ())
            if entry.phase is Phase.CREATED and _same(entry, resource)
        ] or [
            entry
            for entry in self.intents.get((resource.ref.kind, resource.ref.scope), ())
            if _intended(entry, resource)
        ]
        return tuple(sorted(found, key=_order))

    def creator(self, resource: Resource) -> JournalEntry | None:
        """The oldest entry that tells of this resource's creation; None where none does."""
        return next(iter(self.creators(resource)), None)

    def users(self, resource: Resource) -> tuple[JournalEntry, ...]:
        """Every entry of a call that succeeded because this resource was there already."""
        found = (
            entry
            for entry in self.results.get(resource.ref.key, ())
            if entry.phase is Phase.EXISTED and _not_another(entry, resource)
        )
        return tuple(sorted(found, key=_order))


def _call(entry: JournalEntry) -> tuple[str, str, int]:
    return entry.run, entry.writer, entry.seq


def _order(entry: JournalEntry) -> tuple[str, str, str, int]:
    # As text, so that a time without a zone, from a broken writer, cannot stop the sorting.
    return entry.at.isoformat(), *_call(entry)


def _same(entry: JournalEntry, resource: Resource) -> bool:
    """Whether a create's response named this very resource, not an earlier one of the same ID."""
    told, seen = _incarnations(entry, resource)
    if told == seen:
        return True
    return told is None and _near(entry.at, resource.created, before=WINDOW)


def _not_another(entry: JournalEntry, resource: Resource) -> bool:
    told, seen = _incarnations(entry, resource)
    return told is None or seen is None or told == seen


def _incarnations(entry: JournalEntry, resource: Resource) -> tuple[str | None, str | None]:
    told = entry.ref.incarnation if isinstance(entry.ref, Ref) else None
    return told, resource.ref.incarnation


def _intended(entry: JournalEntry, resource: Resource) -> bool:
    """Whether an intent asked for this resource: by the ID or the name, and just before it."""
    if entry.ref is not None:
        asked = entry.ref.key == resource.ref.key and _not_another(entry, resource)
    else:
        asked = entry.name is not None and entry.name in (resource.name, resource.ref.id)
    # Some clouds keep whole seconds, which would put the creation before its intent.
    return asked and _near(entry.at.replace(microsecond=0), resource.created)


def _near(at: datetime, created: datetime | None, *, before: timedelta = timedelta(0)) -> bool:
    if created is None or created.tzinfo is None or at.tzinfo is None:
        return False
    return -before <= created - at <= WINDOW
