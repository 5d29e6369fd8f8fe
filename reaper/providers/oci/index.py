"""What Resource Search names in a region, and the native lists of what it does not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reaper.model import Gap, Ref
from reaper.providers.oci.answers import CALL_ERRORS, explain
from reaper.providers.oci.kind import OciKind, search
from reaper.providers.oci.reach import Reach, at_once
from reaper.providers.oci.reading import MALFORMED
from reaper.providers.oci.tags import TagReader
from reaper.providers.oci.told import Key
from reaper.providers.protocol import Query
from reaper.tags import IMAGE_RUN

# What is over in one of these states is in the index for hours still.
_OVER = ("TERMINATED", "DELETED", "DETACHED")


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What was named, and what could not be asked.

    Attributes:
        items: What lists told whole of the candidates.
        strange: The tags of what is of a kind that reaper does not know.
    """

    candidates: dict[Ref, None] = field(default_factory=dict)
    items: dict[Key, dict[str, Any]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    strange: dict[str, Mapping[str, str]] = field(default_factory=dict)


class Indexer:
    """Asks a region's index, and where that lacks a kind, the lists of its compartments.

    Args:
        kinds: Those that are looked at in this cell.
    """

    def __init__(
        self, reach: Reach, tags: TagReader, kinds: Iterable[OciKind], query: Query
    ) -> None:
        self.reach = reach
        self.tags = tags
        self.query = query
        self.kinds = [kind for kind in kinds if query.kinds is None or kind.name in query.kinds]
        self.keys = tuple(key for key in query.keys if key != IMAGE_RUN)

    def name(self) -> Named:
        """Name the candidates; what could not be asked is a gap."""
        named = Named()
        for answered in at_once(lambda ask: ask(), self._questions(named)):
            named.candidates.update(answered.candidates)
            named.items.update(answered.items)
            named.gaps.extend(answered.gaps)
            named.strange.update(answered.strange)
        return named

    def _questions(self, named: Named) -> list[Callable[[], Named]]:
        listed = [kind for kind in self.kinds if kind.list]
        if self.query.full:
            return [*self._listings(listed), self._search]
        bearing = [kind for kind in listed if kind.searched is not None]
        try:
            known = self.reach.types()
        except CALL_ERRORS as error:
            named.gaps.append(self._gap(None, f"which kinds the index has: {explain(error)}"))
            return [self._search]
        lacking = [kind for kind in bearing if str(kind.searched).lower() not in known]
        return [self._search, *self._listings(lacking)]

    def _listings(self, kinds: Iterable[OciKind]) -> list[Callable[[], Named]]:
        return [
            self._listing(kind, compartment)
            for kind in kinds
            for compartment in self.reach.compartments
            if not kind.rooted or compartment == self.reach.tenancy
        ]

    def _listing(self, kind: OciKind, compartment: str) -> Callable[[], Named]:
        return lambda: self._list(kind, compartment)

    def _list(self, kind: OciKind, compartment: str) -> Named:
        """Ask for the list of a kind in one compartment."""
        named = Named()
        try:
            for item in self.reach.items(kind, compartment):
                if search(kind.state, item) in kind.over or not self._bears(item):
                    continue
                if str(item.get("compartmentId") or compartment) != compartment:
                    continue  # of a list that shows what is below, too
                key = kind.key(item)
                named.candidates[self.reach.ref(kind.name, compartment, key)] = None
                if kind.whole:
                    named.items[kind.name, key] = item
        except CALL_ERRORS as error:
            where = self.reach.describe(kind, compartment)
            named.gaps.append(self._gap(kind.name, f"{where}: {explain(error)}"))
        except MALFORMED as error:
            where = self.reach.describe(kind, compartment)
            why = f"{where}: the list is not as documented ({error})"
            named.gaps.append(self._gap(kind.name, why))
        return named

    def _bears(self, item: Mapping[str, Any]) -> bool:
        """Whether it is asked for, as far as its tags say; all of it in a full scan."""
        if self.query.full or ("freeformTags" not in item and "definedTags" not in item):
            return True  # a summary without tags tells nothing: the read does
        tags, _ = self.tags.read(item)
        runs = self.query.runs
        return any(key in tags and (runs is None or tags[key] in runs) for key in self.keys)

    def _search(self) -> Named:
        """Ask the index for whatever bears one of the keys."""
        named = Named()
        query = self.tags.query(self.keys, self.query.runs)
        if query is None:
            return named
        alive = " && ".join(f"lifecycleState != '{each}'" for each in _OVER)
        head, _, conditions = query.partition(" where ")
        asked = {
            "type": "Structured",
            "query": f"{head} where ({conditions}) && {alive}",
            "matchingContextType": "NONE",
        }
        try:
            for row in self.reach.pages("search", "search_resources", search_details=asked):
                self._add(named, row)
        except CALL_ERRORS as error:
            named.gaps.append(
                self._gap(None, f"Resource Search in {self.reach.region}: {explain(error)}")
            )
        except MALFORMED as error:
            why = f"Resource Search in {self.reach.region}: not as documented ({error})"
            named.gaps.append(self._gap(None, why))
        return named

    def _add(self, named: Named, row: Mapping[str, Any]) -> None:
        compartment = str(row["compartmentId"])
        sort = str(row["resourceType"])
        kind = next(
            (
                each
                for each in self.reach.kinds.values()
                if each.searched is not None and each.searched.lower() == sort.lower()
            ),
            None,
        )
        if compartment not in self.reach.compartments:
            return
        if kind is not None:
            if kind in self.kinds:
                key = str(row["identifier"] if kind.noun else row["displayName"])
                self.reach.whereabouts.learn(key, compartment)
                named.candidates[self.reach.ref(kind.name, compartment, key)] = None
        elif self.query.kinds is None:
            ref = self.reach.ref(f"oci:other:{_dashed(sort)}", compartment, str(row["identifier"]))
            named.candidates[ref] = None
            named.strange[ref.key] = self.tags.read(row)[0]

    def _gap(self, kind: str | None, reason: str) -> Gap:
        return Gap(provider="oci", scope=self.reach.scope, kind=kind, reason=reason)


def _dashed(noun: str) -> str:
    """Write `AutonomousDatabase` as `autonomous-database`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", noun).lower() or "unknown"
