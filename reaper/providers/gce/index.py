"""What the lists name, by a filter of labels where Google takes one; and Asset Inventory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reaper.model import Gap, JournalEntry, Ref
from reaper.providers.gce.answers import CALL_ERRORS, explain
from reaper.providers.gce.api import Api, at_once
from reaper.providers.gce.kind import Filter, GceKind, search
from reaper.providers.gce.links import Names, target_of
from reaper.providers.gce.services import SERVICES
from reaper.providers.gce.told import Key
from reaper.providers.protocol import Query, Unreadable
from reaper.tags import IMAGE_RUN, RUN

# More runs than that are not named in a filter: then all are asked for.
_MOST_RUNS = 20
# What can be the key of a label at all.
_LABEL = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_MALFORMED = (KeyError, TypeError, AttributeError, ValueError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What was named, and what could not be asked.

    Attributes:
        items: What the lists told of the candidates.
        strange: The labels of what is of a kind that reaper does not know.
    """

    candidates: dict[Ref, None] = field(default_factory=dict)
    items: dict[Key, dict[str, Any]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    strange: dict[str, Mapping[str, str]] = field(default_factory=dict)


class Indexer:
    """Asks every list of one project.

    Args:
        kinds: Those of the services that are looked at.
        inventory: Whether Cloud Asset Inventory stands for the lists of what bears labels.
    """

    def __init__(
        self,
        api: Api,
        names: Names,
        kinds: Iterable[GceKind],
        query: Query,
        *,
        inventory: bool = False,
    ) -> None:
        self.api = api
        self.names = names
        self.query = query
        self.kinds = [kind for kind in kinds if query.kinds is None or kind.name in query.kinds]
        self.inventory = inventory and not query.full
        keys = (key for key in query.keys if key != IMAGE_RUN)
        self.keys = tuple(key for key in keys if _LABEL.fullmatch(key))

    def name(self) -> Named:
        """Name the candidates; what could not be asked is a gap."""
        named = Named()
        for answered in at_once(lambda ask: ask(), self._questions()):
            named.candidates.update(answered.candidates)
            named.items.update(answered.items)
            named.gaps.extend(answered.gaps)
            named.strange.update(answered.strange)
        return named

    def _questions(self) -> list[Callable[[], Named]]:
        if self.query.full:
            return [self._asking(kind) for kind in self.kinds]
        bearing = [kind for kind in self.kinds if kind.filter is not Filter.NONE]
        if not self.inventory:
            return [self._asking(kind) for kind in bearing]
        # What the inventory's search is not asked by: labels that are below `properties`.
        beside = [kind for kind in bearing if kind.labels not in {"labels", "resourceLabels"}]
        return [self._assets, *(self._asking(kind) for kind in beside)]

    def _asking(self, kind: GceKind) -> Callable[[], Named]:
        return lambda: self._list(kind)

    def _list(self, kind: GceKind) -> Named:
        """Ask a kind's own list."""
        named = Named()
        by_google = kind.filter is Filter.LABELS and not self.query.full
        try:
            for resource_id, item in self.api.items(
                kind, filtered=self._filter() if by_google else ""
            ):
                if self.query.full or self._bears(kind, item):
                    ref = self.names.ref(kind.name, resource_id)
                    named.candidates[ref] = None
                    named.items[kind.name, resource_id] = item
        except CALL_ERRORS as error:
            named.gaps.append(self._gap(kind.name, f"{self.api.describe(kind)}: {explain(error)}"))
        except _MALFORMED as error:
            why = f"{self.api.describe(kind)}: the list is not as documented ({error})"
            named.gaps.append(self._gap(kind.name, why))
        return named

    def _bears(self, kind: GceKind, item: Mapping[str, Any]) -> bool:
        labels = search(kind.labels, item) if kind.labels is not None else None
        if not isinstance(labels, Mapping):
            return labels is not None  # it cannot be told: the read says so
        if not any(key in labels for key in self.keys):
            return False
        runs = self.query.runs
        return runs is None or any(labels.get(key) in runs for key in self.keys)

    def _filter(self) -> str:
        """Ask for what bears one of the keys."""
        runs = sorted(self.query.runs or ())
        if not runs or len(runs) > _MOST_RUNS:
            return " OR ".join(f"(labels.{key}:*)" for key in self.keys)
        return " OR ".join(f'(labels.{key} = "{run}")' for key in self.keys for run in runs)

    def _assets(self) -> Named:
        """Ask Cloud Asset Inventory for whatever bears one of the keys."""
        named = Named()
        service = SERVICES["cloudasset"]
        parameters = {
            "query": " OR ".join(f"labels.{key}:*" for key in self.keys),
            service.page_size[0]: str(service.page_size[1]),
        }
        path = service.path(self.api.project, f"{self.api.project}:searchAllResources")
        missing: list[str] = []
        try:
            for page in self.api.pages(service, path, parameters, missing):
                for asset in page.get("results") or ():
                    self._add_asset(named, asset)
        except CALL_ERRORS as error:
            named.gaps.append(self._gap(None, f"Cloud Asset Inventory: {explain(error)}"))
        named.gaps.extend(self._gap(None, f"Cloud Asset Inventory: {each}") for each in missing)
        return named

    def _add_asset(self, named: Named, asset: Mapping[str, Any]) -> None:
        full = str(asset["name"])
        target = target_of(full)
        kind = None if target is None else self.names.kind_of(target.id)
        if kind is not None and target is not None:
            if kind in self.kinds:
                named.candidates[self.names.ref(kind.name, target.id)] = None
        elif self.query.kinds is None:
            service, _, noun = str(asset.get("assetType", "unknown/unknown")).partition("/")
            unknown = f"gce:{service.removesuffix('.googleapis.com')}:{_dashed(noun)}"
            ref = self.names.ref(unknown, full if target is None else target.id)
            named.candidates[ref] = None
            named.strange[ref.key] = dict(asset.get("labels") or {RUN: ""})

    def _gap(self, kind: str | None, reason: str) -> Gap:
        return Gap(provider="gce", scope=self.api.project, kind=kind, reason=reason)


def look_up(api: Api, names: Names, kind: GceKind, entry: JournalEntry) -> list[Ref] | Unreadable:
    """Find what an intent without a result may have created: by its ID, or by its name."""
    wanted = entry.name if entry.ref is None else kind.title(entry.ref.id)
    if wanted is None:
        return []
    filtered = f'name = "{wanted}"' if kind.places else ""
    try:
        return [
            names.ref(kind.name, resource_id)
            for resource_id, _ in api.items(kind, filtered=filtered)
            if kind.title(resource_id) == wanted
            and (entry.ref is None or entry.ref.id == resource_id)
        ]
    except CALL_ERRORS as error:
        return Unreadable(reason=f"{api.describe(kind)}: {explain(error)}")
    except _MALFORMED as error:
        return Unreadable(reason=f"{api.describe(kind)}: the list is not as documented ({error})")


def _dashed(noun: str) -> str:
    """Write `CryptoKey` as `crypto-key`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", noun).lower() or "unknown"
