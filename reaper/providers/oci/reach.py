"""One cell's calls: whole lists of each compartment, single reads, and where things are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reaper.model import Ref
from reaper.providers.failures import Unanswered
from reaper.providers.oci.answers import CALL_ERRORS
from reaper.providers.oci.kind import OciKind
from reaper.providers.oci.session import Connection
from reaper.providers.oci.told import Told

T = TypeVar("T")
U = TypeVar("U")

_AT_ONCE = 16
_ENDED = frozenset({"DELETED"})
_PAGE = 1000


class Whereabouts:
    """Remembers in which compartment things are: an OCID does not tell it, and it may change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}

    def learn(self, resource_id: str, compartment: str) -> None:
        """Take in where something was seen just now."""
        with self._lock:
            self._known[resource_id] = compartment

    def of(self, resource_id: str) -> str | None:
        """Tell where something was when it was last seen; None: it never was."""
        with self._lock:
            return self._known.get(resource_id)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What one cell can reach: a region of the tenancy, and some of its compartments.

    Attributes:
        home: The region in which what has no region is changed.
        compartments: Those that are looked at.
        regions: All that the tenancy is subscribed to.
        kinds: All that there are.
    """

    connection: Connection
    tenancy: str
    region: str
    home: str
    compartments: tuple[str, ...]
    regions: tuple[str, ...]
    kinds: Mapping[str, OciKind]
    told: Told = field(default_factory=Told)
    whereabouts: Whereabouts = field(default_factory=Whereabouts)

    @property
    def scope(self) -> str:
        """The cell's scope."""
        return f"{self.tenancy}/{self.region}"

    def ref(
        self, kind: str, compartment: str, resource_id: str, incarnation: str | None = None
    ) -> Ref:
        """Address something of this cell."""
        return Ref(
            kind=kind,
            scope=f"{self.scope}/{compartment}",
            id=resource_id,
            incarnation=incarnation,
        )

    def namespace(self) -> str:
        """The tenancy's namespace in Object Storage, which never changes.

        Raises:
            OciError, Unanswered: It could not be asked for.
        """
        return self.told.constant(
            "namespace",
            lambda: str(self.connection.read("objects", self.region, "get_namespace").body),
        )

    def domains(self, compartment: str) -> list[str]:
        """The region's availability domains.

        Raises:
            OciError, Unanswered: They could not be asked for.
        """
        return self.told.constant(
            f"domains {self.region}",
            lambda: [
                str(each["name"])
                for each in self.pages(
                    "identity", "list_availability_domains", compartment_id=compartment
                )
            ],
        )

    def get(self, kind: OciKind, resource_id: str) -> tuple[dict[str, Any], str | None]:
        """Read one: the item and its etag.

        Raises:
            OciError, Unanswered: It could not be read; `absent` tells whether it may be gone.
        """
        arguments = {kind.own: resource_id}
        if not kind.noun:
            arguments["namespace_name"] = self.namespace()
        answer = self.connection.read(
            kind.client, self.region, kind.get, at=self.at(kind, resource_id), **arguments
        )
        item = dict(answer.body)
        self.note(kind, item)
        return item, answer.etag

    def at(self, kind: OciKind, resource_id: str) -> str:
        """Where one is asked for, if not at the region's own endpoint."""
        return "" if kind.at is None else kind.at(resource_id, self.region)

    def note(self, kind: OciKind, item: Mapping[str, Any]) -> None:
        """Remember where it is."""
        self.whereabouts.learn(kind.key(item), str(item.get("compartmentId") or ""))

    def items(self, kind: OciKind, compartment: str) -> Iterator[dict[str, Any]]:
        """Read the whole list of a compartment's.

        Raises:
            OciError, Unanswered: A page was refused; what came before is not the whole list.
        """
        several = [kind.listing] if kind.lists is None else kind.lists(self, compartment)
        for arguments in several:
            yield from self.listed(kind, compartment, **arguments)

    def listed(self, kind: OciKind, compartment: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Read one list of a compartment's, with these further arguments.

        Raises:
            OciError, Unanswered: A page was refused; what came before is not the whole list.
        """
        given = {"compartment_id": compartment, **arguments}
        if not kind.noun:
            given["namespace_name"] = self.namespace()
        for item in self.pages(kind.client, kind.list, **given):
            self.note(kind, item)
            yield item

    def all_of(
        self, kind: OciKind, compartment: str, *, since: float = float("-inf")
    ) -> list[dict[str, Any]]:
        """The whole list of a compartment's, asked for once for reads that belong together.

        Raises:
            OciError, Unanswered: It is not whole.
        """
        what = f"{kind.name} {self.region} {compartment}"
        return self.told.shared(what, lambda: list(self.items(kind, compartment)), since=since)

    def tree(self) -> list[str]:
        """All compartments of the tenancy, the root one among them, also those not looked at.

        Raises:
            OciError, Unanswered: They could not be listed.
        """

        def ask() -> list[str]:
            listed = self.pages(
                "identity",
                "list_compartments",
                compartment_id=self.tenancy,
                compartment_id_in_subtree=True,
            )
            there = (str(each["id"]) for each in listed if each["lifecycleState"] not in _ENDED)
            return [self.tenancy, *there]

        return self.told.shared("compartments", ask)

    def everywhere(self, kind: OciKind) -> list[dict[str, Any]]:
        """The whole lists of all the compartments that are looked at.

        Raises:
            OciError, Unanswered: One is not whole.
        """
        where = self.worth_asking(kind, self.compartments)
        lists = at_once(lambda each: self.all_of(kind, each), where)
        return [item for items in lists for item in items]

    def worth_asking(self, kind: OciKind, compartments: Sequence[str]) -> Sequence[str]:
        """Of these compartments, in which a kind's list is to be asked for: in all.

        Only for a preview, where the index knows of something of the kind: it is late, so that
        nothing may be deleted by its word.
        """
        if not self.told.preview or kind.searched is None:
            return compartments
        known = self.told.shared(f"where {kind.name} {self.region}", lambda: self._where(kind))
        return compartments if known is None else [each for each in compartments if each in known]

    def _where(self, kind: OciKind) -> frozenset[str] | None:
        """Where the index knows of something of a kind; None: it cannot tell."""
        if str(kind.searched).lower() not in self.told.shared("index", self._indexed):
            return None
        asked = {
            "type": "Structured",
            "query": f"query {kind.searched} resources",
            "matchingContextType": "NONE",
        }
        try:
            rows = list(self.pages("search", "search_resources", search_details=asked))
        except CALL_ERRORS:
            return None
        return frozenset(str(row["compartmentId"]) for row in rows)

    def _indexed(self) -> frozenset[str]:
        try:
            return self.types()
        except CALL_ERRORS:
            return frozenset()

    def types(self) -> frozenset[str]:
        """What the region's index knows, in lower case.

        Raises:
            OciError, Unanswered: It could not be asked.
        """
        return self.told.shared(
            f"types {self.region}",
            lambda: frozenset(
                str(each["name"]).lower() for each in self.pages("search", "list_resource_types")
            ),
        )

    def pages(
        self, service: str, operation: str, *, region: str | None = None, **arguments: Any
    ) -> Iterator[dict[str, Any]]:
        """Read every page of a list: its items.

        Raises:
            OciError, Unanswered: A page was refused; what came before is not the whole list.
        """
        asked = {**arguments, **({} if operation in _UNPAGED else {"limit": _PAGE})}
        seen: set[str] = set()
        while True:
            answer = self.connection.read(service, region or self.region, operation, **asked)
            body = answer.body
            yield from body["items"] if isinstance(body, Mapping) else body
            token = answer.next_page
            if not token:
                return
            if token in seen:  # it would never end
                raise Unanswered(f"{operation}: the same page is named again", sent=True)
            seen.add(token)
            asked["page"] = token

    def describe(self, kind: OciKind, compartment: str) -> str:
        """Name a kind's list for a sentence: what, where and as whom."""
        what = kind.list.removeprefix("list_").replace("_", " ") or kind.name
        return f"{what} in {compartment}, {self.region} ({self.connection.who})"


# Lists that come whole, and take no size of a page.
_UNPAGED = frozenset(
    {
        "list_api_keys",
        "list_auth_tokens",
        "list_availability_domains",
        "list_customer_secret_keys",
        "list_region_subscriptions",
        "list_retention_rules",
        "list_smtp_credentials",
    }
)


def at_once(job: Callable[[T], U], each: Iterable[T]) -> list[U]:
    """Do a job for each, several at once; results in order."""
    work = list(each)
    if len(work) < 2:  # noqa: PLR2004 - one needs no threads
        return [job(item) for item in work]
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(work))) as pool:
        return list(pool.map(job, work))
