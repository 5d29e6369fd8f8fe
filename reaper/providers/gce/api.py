"""Calls in one project: single reads, and whole lists, whose warnings are never passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from reaper.providers.failures import Incomplete, Unanswered
from reaper.providers.gce.kind import GceKind, Place, search
from reaper.providers.gce.services import SERVICES, Service
from reaper.providers.gce.session import Connection

T = TypeVar("T")
U = TypeVar("U")

_AT_ONCE = 16
# The one warning that says nothing about what is missing: a place has none of the kind.
_NOTHING_HERE = "NO_RESULTS_ON_PAGE"
_UNREAD = ("unreachable", "unreachables", "missingZones")
_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """The services of one project."""

    connection: Connection
    project: str

    def path(self, kind: GceKind, resource_id: str) -> str:
        """The path of a resource."""
        return kind.api.path(self.project, resource_id)

    def at(self, service: str, rest: str) -> str:
        """The path of something else below the project."""
        return SERVICES[service].path(self.project, rest)

    def get(self, kind: GceKind, resource_id: str) -> dict[str, Any]:
        """Read one resource.

        Raises:
            GoogleError, Unanswered: It could not be read; `absent` tells whether it is not there.
        """
        return self.connection.read(kind.service, self.path(kind, resource_id))

    def items(
        self, kind: GceKind, *, filtered: str = "", size: int | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Read a kind's lists: each item with its ID, as the pages come.

        Raises:
            GoogleError, Unanswered: A page was refused.
            Incomplete: All pages were read, and Google said that they are not all there is.
        """
        missing: list[str] = []
        for path in self.lists(kind):
            yield from self._listed(kind, path, filtered, size, missing)
        if missing:
            told = "; ".join(dict.fromkeys(missing[:_NAMED]))
            raise Incomplete(f"the list is not whole: {told}")

    def lists(self, kind: GceKind) -> Iterable[str]:
        """The paths of a kind's lists.

        Raises:
            GoogleError, Unanswered, Incomplete: What has them could not be listed.
        """
        if callable(kind.lists):
            return [self.path(kind, each) for each in kind.lists(self)]
        paths = kind.lists
        if paths is None:
            where = "aggregated" if kind.aggregated else "global"
            paths = (f"{where}/{kind.collection}",)
        return [self.path(kind, each).rstrip("/") for each in paths]

    def pages(
        self, service: Service, path: str, parameters: Mapping[str, str], missing: list[str]
    ) -> Iterator[dict[str, Any]]:
        """Read every page of a list; what it says of being incomplete is added to `missing`.

        Raises:
            GoogleError, Unanswered: A page was refused; what came before is not the whole list.
        """
        asked = dict(parameters)
        seen: set[str] = set()
        while True:
            page = self.connection.read(service.name, path, asked)
            missing += _missing(page)
            yield page
            token = page.get("nextPageToken")
            if not token:
                return
            if token in seen:  # it would never end
                raise Unanswered(f"{path}: the same page is named as the next one again", sent=True)
            seen.add(token)
            asked["pageToken"] = str(token)

    def all_of(self, service: str, path: str, listed: str) -> list[Any]:
        """Read a whole list that is no kind's.

        Raises:
            GoogleError, Unanswered: A page was refused.
            Incomplete: It is not whole.
        """
        missing: list[str] = []
        each = SERVICES[service]
        found = [
            item
            for page in self.pages(each, path, _page_size(each, None), missing)
            for item in page.get(listed) or ()
        ]
        if missing:
            raise Incomplete(f"{path}: the list is not whole: {missing[0]}")
        return found

    def describe(self, kind: GceKind) -> str:
        """Name a kind's lists for a sentence: what, where and as whom."""
        return f"{kind.service} {kind.collection} in {self.project} ({self.connection.who})"

    def _listed(
        self, kind: GceKind, path: str, filtered: str, size: int | None, missing: list[str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        parameters = _page_size(kind.api, size)
        if filtered:
            parameters["filter"] = filtered
        if kind.service == "storage":
            parameters |= {"project": self.project, "projection": "noAcl"}
        for page in self.pages(kind.api, path, parameters, missing):
            if kind.places and kind.aggregated:
                yield from _aggregated(kind, page)
            elif kind.places:
                for item in page.get("items") or ():
                    yield f"{Place.GLOBAL}/{kind.collection}/{item['name']}", dict(item)
            else:
                for item in page.get(kind.listed) or ():
                    yield own_id(kind, item), dict(item)


def own_id(kind: GceKind, item: Mapping[str, Any]) -> str:
    """The ID that an item of a service other than Compute tells.

    Raises:
        ValueError: It tells none.
    """
    told = str(search(kind.own_id or "name", item) or "")
    if told.startswith("projects/"):
        told = told.split("/", 2)[2]
    if not kind.is_id(told):
        raise ValueError(f"{told!r} is no ID of {kind.name}")
    return told


def _aggregated(kind: GceKind, page: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, there in (page.get("items") or {}).items():
        for item in there.get(kind.collection) or ():
            found = f"{where}/{kind.collection}/{item['name']}"
            if kind.is_id(found):
                yield found, dict(item)


def _missing(page: Mapping[str, Any]) -> Iterator[str]:
    """What a page says is not in it."""
    for key in _UNREAD:
        for place in page.get(key) or ():
            yield f"{place} could not be reached"
    yield from _warned(page)
    items = page.get("items")
    if isinstance(items, Mapping):
        for where, there in items.items():
            for warned in _warned(there):
                yield f"{where}: {warned}"


def _warned(part: Mapping[str, Any]) -> Iterator[str]:
    warning = part.get("warning")
    if warning and warning.get("code") != _NOTHING_HERE:
        yield f"{warning.get('code')}: {warning.get('message')}"


def _page_size(service: Service, size: int | None) -> dict[str, str]:
    name, most = service.page_size
    return {name: str(min(size or most, most))} if name else {}


def at_once(job: Callable[[T], U], each: Iterable[T]) -> list[U]:
    """Do a job for each, several at once; results in order."""
    work = list(each)
    if len(work) < 2:  # noqa: PLR2004 - one needs no threads
        return [job(item) for item in work]
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(work))) as pool:
        return list(pool.map(job, work))
