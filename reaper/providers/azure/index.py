"""What bears a run's tags: by Resource Graph, or by ARM's own list of all resources.

ARM's list is not asked with a filter by tag: such a one leaves the tags themselves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reaper.model import Gap, Ref
from reaper.providers.azure.answers import CALL_ERRORS, explain
from reaper.providers.azure.api import ARM, Api
from reaper.providers.azure.graph import ask
from reaper.providers.azure.ids import Names, canonical, read_id
from reaper.providers.azure.kinds.vaults import deleted_vaults
from reaper.providers.azure.names import GROUP, VAULT
from reaper.providers.azure.reading import Reader, read_tags
from reaper.providers.protocol import Query
from reaper.tags import IMAGE_RUN

# More runs than that are not named in a query: then all are asked for.
_MOST_RUNS = 50
# What can stand in a query as it is.
_PLAIN = re.compile(r"[^'\\<>%&?/]{1,128}")
_MALFORMED = (KeyError, TypeError, AttributeError, ValueError)
_GROUPS = (
    "union (resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups')"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What was named, and what could not be asked.

    Attributes:
        notes: How it was asked, where that was not as configured.
    """

    candidates: dict[Ref, None] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Indexer:
    """Asks one subscription.

    Args:
        reader: By which deleted vaults are listed.
        graph: Whether Resource Graph is asked; else, and where it does not answer, ARM's list is.
        purge: Whether vaults that are deleted already are to be purged too.
    """

    def __init__(
        self, api: Api, names: Names, reader: Reader, query: Query, *, graph: bool, purge: bool
    ) -> None:
        self.api = api
        self.names = names
        self.reader = reader
        self.query = query
        self.graph = graph and not query.full
        self.purge = purge
        keys = (key for key in query.keys if key != IMAGE_RUN)
        self.keys = tuple(key for key in keys if _PLAIN.fullmatch(key))

    def name(self) -> Named:
        """Name the candidates; what could not be asked is a gap."""
        named = Named()
        if not self.graph or not self._by_graph(named):
            self._by_lists(named)
        if self.purge:
            self._deleted(named)
        return named

    def _by_graph(self, named: Named) -> bool:
        """Ask Resource Graph; false where it does not answer, and the lists are to be asked."""
        found: dict[Ref, None] = {}
        try:
            for row in ask(self.api.connection, self._question(), [self.api.subscription]):
                self._add(found, row["id"])
        except CALL_ERRORS as error:
            named.notes.append(f"Resource Graph did not answer: {explain(error)}")
            return False
        except _MALFORMED as error:
            named.notes.append(f"Resource Graph's answer is not as documented ({error})")
            return False
        named.candidates.update(found)
        return True

    def _question(self) -> str:
        runs = sorted(each for each in self.query.runs or () if _PLAIN.fullmatch(each))
        if self.query.runs is not None and 0 < len(runs) <= _MOST_RUNS:
            values = ", ".join(f"'{run}'" for run in runs)
            tests = [f"tostring(tags['{key}']) in ({values})" for key in self.keys]
        else:
            tests = [f"isnotempty(tags['{key}'])" for key in self.keys]
        return (
            f"resources | {_GROUPS} | where {' or '.join(tests)} | project id, type, tags"
            " | order by id asc"
        )

    def _by_lists(self, named: Named) -> None:
        for what, path, parameters in (
            ("resource groups", "resourcegroups", None),
            (
                "resources",
                "resources",
                {"$expand": "createdTime,changedTime,provisioningState"},
            ),
        ):
            try:
                listed = self.api.listed(f"{self.api.base}/{path}", ARM, parameters)
                self._take(named, listed)
            except CALL_ERRORS as error:
                told = "; ".join([*named.notes, f"the list of {what}: {explain(error)}"])
                named.gaps.append(self._gap(GROUP if what != "resources" else None, told))
            except _MALFORMED as error:
                told = f"the list of {what} is not as documented ({error})"
                named.gaps.append(self._gap(GROUP if what != "resources" else None, told))

    def _deleted(self, named: Named) -> None:
        try:
            for vault in deleted_vaults(self.reader):
                told = vault["properties"]
                if self.query.full or self._bears(told.get("tags")):
                    self._add(named.candidates, told["vaultId"])
        except CALL_ERRORS as error:
            named.gaps.append(self._gap(VAULT, f"the list of deleted vaults: {explain(error)}"))
        except _MALFORMED as error:
            why = f"the list of deleted vaults is not as documented ({error})"
            named.gaps.append(self._gap(VAULT, why))

    def _take(self, named: Named, listed: Iterable[Mapping[str, Any]]) -> None:
        for item in listed:
            if self.query.full or self._bears(item.get("tags")):
                self._add(named.candidates, item["id"])

    def _add(self, candidates: dict[Ref, None], identity: str) -> None:
        at = read_id(identity)
        if at is None or at.subscription != self.names.subscription:
            raise ValueError(f"{identity!r} is no resource of {self.names.subscription}")
        if self.query.kinds is None or at.kind in self.query.kinds:
            if canonical(identity) != identity:
                self.api.spell(identity)
            candidates[self.names.ref(at)] = None

    def _bears(self, tags: Any) -> bool:
        if tags is not None and not isinstance(tags, Mapping):
            return True  # it cannot be told: the read says so
        held = read_tags(tags)
        if not any(key in held for key in self.keys):
            return False
        runs = self.query.runs
        return runs is None or any(held.get(key) in runs for key in self.keys)

    def _gap(self, kind: str | None, reason: str) -> Gap:
        scope = self.names.subscription
        return Gap(provider="azure", scope=scope, kind=kind, reason=reason)
