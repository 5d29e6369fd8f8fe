"""Calls in one subscription: reads by ID, whole lists, and the API version of each type."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from reaper.providers.azure.ids import canonical
from reaper.providers.azure.names import GROUP
from reaper.providers.azure.session import Connection, Response
from reaper.providers.azure.shared import Shared
from reaper.providers.failures import Incomplete, Unanswered

T = TypeVar("T")
U = TypeVar("U")

# Of ARM's own calls.
ARM = "2021-04-01"
GRAPH = "2022-10-01"
SUBSCRIPTIONS = "2022-12-01"
LOCKS = "2020-05-01"
ROLES = "2022-04-01"

_AT_ONCE = 16
_TYPES_FOR_S = 3600.0
_STABLE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Api:
    """Resource Manager's calls in one subscription."""

    def __init__(self, connection: Connection, subscription: str) -> None:
        self.connection = connection
        self.subscription = subscription
        self.base = f"/subscriptions/{subscription}"
        self.shared = Shared()
        self._types = Types(self)
        self._spelt: dict[str, str] = {}

    # --- lists ----------------------------------------------------------------------------------

    def listed(
        self, path: str, version: str, parameters: Mapping[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Read a list, as the pages come.

        Raises:
            ArmError, Unanswered: A page was refused; what came before is not the whole list.
            Incomplete: It would never end.
        """
        answer = self.connection.read(path, version, parameters)
        seen: set[str] = set()
        while True:
            for each in answer.body.get("value") or ():
                if isinstance(each.get("id"), str):
                    self.spell(each["id"])
                yield dict(each)
            link = answer.body.get("nextLink")
            if not link:
                return
            if link in seen:
                raise Incomplete(f"{path}: the same page is named as the next one again")
            seen.add(link)
            answer = self.connection.follow(link)

    def all_of(
        self, path: str, version: str, parameters: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Read a whole list, once for all who ask in the same seconds."""
        what = f"{path}?{sorted((parameters or {}).items())}"
        return self.shared.get(what, lambda: list(self.listed(path, version, parameters)))

    def groups(self) -> dict[str, dict[str, Any]]:
        """The subscription's resource groups, by ID."""
        found = self.all_of(f"{self.base}/resourcegroups", ARM)
        return {canonical(each["id"]): each for each in found}

    def members(self, group: str) -> dict[str, dict[str, Any]]:
        """What is in a resource group, by ID: without properties, with the time of creation."""
        parameters = {"$expand": "createdTime,changedTime,provisioningState"}
        found = self.all_of(f"{self.spelt(group)}/resources", ARM, parameters)
        return {canonical(each["id"]): each for each in found}

    # --- one resource ---------------------------------------------------------------------------

    def get(self, identity: str, kind: str, wanted: str | None) -> dict[str, Any]:
        """Read one resource.

        Raises:
            ArmError, Unanswered: It could not be read; `absent` tells whether it is not there.
        """
        version = self.version(kind, wanted)
        found = self.connection.read(self.spelt(identity), version).body
        if isinstance(found.get("id"), str) and canonical(found["id"]) == identity:
            self.spell(found["id"])
        return found

    def delete(
        self,
        identity: str,
        kind: str,
        wanted: str | None,
        parameters: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one deletion.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
            ArmError, Unanswered: It was refused, or not answered.
        """
        version = self.version(kind, wanted)
        return self.connection.change("DELETE", self.spelt(identity), version, parameters)

    def version(self, kind: str, wanted: str | None) -> str:
        """The API version for a type: the wanted one if Azure has it, else its newest stable one.

        Raises:
            ArmError, Unanswered: The provider list could not be had, or does not have the type.
        """
        return ARM if kind == GROUP else self._types.version(kind, wanted)

    def is_nested(self, kind: str) -> bool:
        """Whether a type below another one is that of resources with tags of their own."""
        return self._types.is_nested(kind)

    # --- spelling -------------------------------------------------------------------------------

    def spell(self, identity: str) -> None:
        """Keep how Azure writes an ID: some services care, though none should."""
        self._spelt[canonical(identity)] = identity

    def spelt(self, identity: str) -> str:
        """How Azure writes an ID, as far as it is known."""
        return self._spelt.get(identity, identity)


class Types:
    """The provider list: which types there are, in which API versions. It is asked for once."""

    def __init__(self, api: Api, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._clock = clock
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._versions: dict[str, tuple[str, ...]] = {}
        self._nested: set[str] = set()

    def version(self, kind: str, wanted: str | None) -> str:
        """As `Api.version`."""
        offered = self._known().get(kind)
        if not offered:
            raise Unanswered(
                f"Azure's provider list does not have {kind.removeprefix('azure:')}", sent=False
            )
        if wanted in offered:
            return str(wanted)
        stable = [each for each in offered if _STABLE.fullmatch(each)]
        return max(stable or offered)

    def is_nested(self, kind: str) -> bool:
        """As `Api.is_nested`."""
        return kind in self._known() and kind in self._nested

    def _known(self) -> Mapping[str, tuple[str, ...]]:
        with self._lock:
            if self._clock() - self._asked > _TYPES_FOR_S:
                self._load()
            return self._versions

    def _load(self) -> None:
        versions: dict[str, tuple[str, ...]] = {}
        nested: set[str] = set()
        for provider in self._api.listed(f"{self._api.base}/providers", ARM):
            for each in provider.get("resourceTypes") or ():
                kind = f"azure:{provider['namespace']}/{each['resourceType']}".lower()
                versions[kind] = tuple(each.get("apiVersions") or ())
                if kind.count("/") > 1 and "SupportsTags" in str(each.get("capabilities")):
                    nested.add(kind)
        self._versions, self._nested, self._asked = versions, nested, self._clock()


def at_once(job: Callable[[T], U], each: Iterable[T]) -> list[U]:
    """Do a job for each, several at once; results in order."""
    work = list(each)
    if len(work) < 2:  # noqa: PLR2004 - one needs no threads
        return [job(item) for item in work]
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(work))) as pool:
        return list(pool.map(job, work))
