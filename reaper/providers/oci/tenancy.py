"""One OCI tenancy as a provider: a cell is a region of it, with the compartments looked at."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.errors import IdentityMismatch, PlaceUnreachable
from reaper.model import Cell, JournalEntry, Kind, Ref, Resource
from reaper.policy import Policy
from reaper.providers.evidence import Evidence
from reaper.providers.oci.answers import CALL_ERRORS, explain
from reaper.providers.oci.checking import ask
from reaper.providers.oci.compartments import resolve
from reaper.providers.oci.deleting import delete
from reaper.providers.oci.index import Indexer
from reaper.providers.oci.kind import Deed, OciKind
from reaper.providers.oci.kinds import KINDS
from reaper.providers.oci.reach import Reach, at_once
from reaper.providers.oci.reading import MALFORMED, Read, Reader
from reaper.providers.oci.session import Connection
from reaper.providers.oci.tags import TagReader
from reaper.providers.oci.told import Told
from reaper.providers.oci.working import poll
from reaper.providers.protocol import (
    Absent,
    Allowance,
    Answer,
    Identity,
    Index,
    Query,
    Reading,
    Reply,
    Unreadable,
)
from reaper.tags import TagRules

if TYPE_CHECKING:
    from reaper.config.places import OciPlace

_READY = "READY"


class Tenancy:
    """One configured tenancy. It connects when it is first asked something."""

    name = "oci"
    parallel = 8
    batch = 32

    def __init__(self, place: OciPlace, *, read_only: bool, clock: Clock = SYSTEM_CLOCK) -> None:
        self._place = place
        self._clock = clock
        self._connection = Connection(place, read_only=read_only, clock=clock)
        self._tags = TagReader(place.tag_namespace)
        self._lock = threading.Lock()
        self._reaches: dict[str, Reach] = {}
        self._looked_at: tuple[str, ...] = ()
        self._evidence: Evidence[Read] = Evidence()
        self._absent: dict[str, set[str]] = {}
        self._strange: dict[str, Mapping[str, str]] = {}
        self._full: set[Cell] = set()

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds it knows, by name."""
        return {name: each.kind for name, each in KINDS.items()}

    def identity(self) -> Identity:
        """Ask Identity which tenancy this is, and which regions and compartments it has.

        Raises:
            PlaceUnreachable: The credentials are missing or not accepted, or a region or
                compartment that the configuration names is not there for them.
            IdentityMismatch: They are of another tenancy than the configuration names.
        """
        place = self._place
        credentials = self._connection.credentials
        if credentials.tenancy not in {None, place.tenancy}:
            raise IdentityMismatch(
                f"{self._connection.who}: the tenancy is {credentials.tenancy}, and the "
                f"configuration wants {place.tenancy}: correct the place's tenancy or profile"
            )
        start = self._connection.start
        try:
            told = self._connection.read(
                "identity", start, "get_tenancy", tenancy_id=place.tenancy
            ).body
            subscribed = self._connection.read(
                "identity", start, "list_region_subscriptions", tenancy_id=place.tenancy
            ).body
            regions, home = self._regions(subscribed)
            compartments = resolve(self._connection, place, home)
        except CALL_ERRORS as error:
            raise self._unreachable(error) from error
        if told.get("id") != place.tenancy:
            raise IdentityMismatch(
                f"{self._connection.who}: the tenancy that answers is {told.get('id')}, and the "
                f"configuration wants {place.tenancy}: correct the place's tenancy or endpoint"
            )
        every = tuple(str(each["regionName"]) for each in subscribed if each["status"] == _READY)
        self._looked_at = regions
        self._reaches = {
            region: Reach(
                connection=self._connection,
                tenancy=place.tenancy,
                region=region,
                home=home,
                compartments=compartments,
                regions=every,
                kinds=KINDS,
                told=Told(self._clock),
            )
            for region in dict.fromkeys((*regions, home))
        }
        endpoint = {"endpoint": place.endpoint} if place.endpoint else {}
        return Identity(
            place=place.tenancy,
            id=place.tenancy,
            caller=credentials.user,
            pin=False,  # the configuration names it, and no OCID is ever used again
            notes={
                "as": self._connection.who,
                "name": str(told.get("name") or ""),
                "home region": home,
                "regions": ", ".join(regions),
                "compartments": str(len(compartments)),
                **endpoint,
            },
        )

    def cells(self) -> Sequence[Cell]:
        """The regions, and the home region for what has none; that one is swept last.

        A compartment is empty only when all regions are clean.
        """
        called = self._place.name or self._place.tenancy
        return tuple(
            Cell(
                provider=self.name,
                scope=reach.scope,
                label=f"{called}/{region}",
                rank=1 if region == reach.home else 0,
            )
            for region, reach in self._reaches.items()
        )

    def index(self, cell: Cell, query: Query) -> Index:
        """Ask the region's index for what bears a run's tags; with `full`, the lists for all."""
        reach = self._reach(cell)
        (self._full.add if query.full else self._full.discard)(cell)
        here = [kind for kind in KINDS.values() if self._is_here(reach, kind)]
        named = Indexer(reach, self._tags, here, query).name()
        reach.told.listed(named.items)
        with self._lock:
            self._strange.update(named.strange)
        return Index(
            candidates=tuple(named.candidates),
            gaps=tuple(named.gaps),
            not_offered=frozenset(
                name for name, kind in KINDS.items() if not self._is_here(reach, kind)
            ),
        )

    def together(self, cell: Cell, *, preview: bool) -> AbstractContextManager[None]:
        """Ask once for each list that the reads within are held against: who uses each thing.

        For a preview only where the index knows of anything; after a full scan it is not asked.
        """
        return self._reach(cell).told.together(preview=preview and cell not in self._full)

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        """Read each authoritatively, several at once."""
        reach = self._reach(cell)
        by_kind: dict[str, list[Ref]] = {}
        readings: dict[str, Reading] = {}
        for ref in refs:
            why = self._no_reading(reach, ref)
            if why is not None:
                readings[ref.key] = why
            else:
                by_kind.setdefault(ref.kind, []).append(ref)
        groups = list(by_kind.values())
        known = reach.told.take((ref.kind, ref.id) for group in groups for ref in group)
        reader = Reader(reach, self._tags)

        def read(group: Sequence[Ref]) -> dict[str, Read]:
            kind = KINDS[group[0].kind]
            told = {
                ref.id: known[kind.name, ref.id] for ref in group if (kind.name, ref.id) in known
            }
            return reader.read(kind, group, told)

        for group, results in zip(groups, at_once(read, groups), strict=True):
            for ref in group:
                readings[ref.key] = self._remember(ref, results[ref.id])
        return readings

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        """Send what this one's deletion takes, each call once.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
        """
        ref = resource.ref
        kind = KINDS.get(ref.kind)
        reach = self._reach(cell)
        if kind is None or ref.scope.rpartition("/")[0] != cell.scope:
            return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {ref} is not of {cell}")
        read = self._evidence.of(resource)
        if isinstance(read, Answer):
            return read
        assert read.item is not None  # else it would be no evidence
        deed = Deed(reach=reach, ref=ref, item=read.item, etag=read.etag, edges=resource.edges)
        return delete(kind, deed)

    def poll(self, cell: Cell, handle: str) -> Answer:
        """Ask what became of a work request."""
        return poll(self._reach(cell), handle)

    def control(self, cell: Cell, kind: str) -> str | None:
        """Make the kind's list answer wherever something of it was not found; None if it did.

        Each «not found» was held against that list when it was read, too.
        """
        declared = KINDS.get(kind)
        if declared is None:
            return f"reaper knows no kind {kind}"
        reach = self._reach(cell)
        reader = Reader(reach, self._tags)
        with self._lock:
            compartments = self._absent.pop(f"{cell.scope} {kind}", set())
        for compartment in compartments or reach.compartments[:1]:
            try:
                reader.listed(declared, compartment)
            except CALL_ERRORS as error:
                return f"{reach.describe(declared, compartment)}: {explain(error)}"
            except MALFORMED as error:
                where = reach.describe(declared, compartment)
                return f"{where}: the list is not as documented ({error})"
        return None

    def lookup(self, cell: Cell, entry: JournalEntry) -> Sequence[Ref] | Unreadable:
        """Find what an intent without a result may have created, of kinds that bear no tags."""
        kind = KINDS.get(entry.kind)
        reach = self._reach(cell)
        if kind is None or kind.kind.taggable or not kind.list:
            return ()
        compartment = entry.scope.rpartition("/")[2]
        where = [compartment] if compartment in reach.compartments else reach.compartments
        try:
            items = [item for each in where for item in reach.items(kind, each)]
        except CALL_ERRORS as error:
            return Unreadable(reason=f"{kind.name} in {cell}: {explain(error)}")
        wanted = None if entry.ref is None else entry.ref.id
        return [
            reach.ref(kind.name, str(item["compartmentId"]), kind.key(item))
            for item in items
            if item.get("lifecycleState") not in kind.over
            and (kind.key(item) == wanted or entry.name in {item.get("displayName")} - {None})
        ]

    def allowances(self, cell: Cell, policy: Policy, rules: TagRules) -> Sequence[Allowance]:
        """Ask whether each list of the cell answers, and whether tags can be defined."""
        reach = self._reach(cell)
        here = [kind for kind in KINDS.values() if self._is_here(reach, kind)]
        return ask(reach, here, policy, rules, self._place.tag_namespace)

    def close(self) -> None:
        """Give the connections back."""
        self._connection.close()

    # --- the tenancy ----------------------------------------------------------------------------

    def _regions(self, subscribed: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], str]:
        """The regions to look at, and the home region.

        Raises:
            PlaceUnreachable: The tenancy is not subscribed to one that the configuration names.
        """
        ready = [str(each["regionName"]) for each in subscribed if each["status"] == _READY]
        home = next(str(each["regionName"]) for each in subscribed if each["isHomeRegion"])
        if self._place.regions == "all":
            return tuple(ready), home
        missing = [each for each in self._place.regions if each not in ready]
        if missing:
            raise PlaceUnreachable(
                f"tenancy {self._place.tenancy}: it is not subscribed to {', '.join(missing)}, "
                f"only to {', '.join(ready)}: correct the place's regions"
            )
        return tuple(self._place.regions), home

    def _unreachable(self, error: Exception) -> PlaceUnreachable:
        return PlaceUnreachable(
            f"tenancy {self._place.tenancy} ({self._connection.who}): {explain(error)}"
        )

    def _reach(self, cell: Cell) -> Reach:
        if not self._reaches:
            self.identity()
        return self._reaches[cell.scope.rpartition("/")[2]]

    def _remember(self, ref: Ref, read: Read) -> Reading:
        if isinstance(read.reading, Absent) and read.item is None:
            scope, _, compartment = ref.scope.rpartition("/")
            with self._lock:
                self._absent.setdefault(f"{scope} {ref.kind}", set()).add(compartment)
        return self._evidence.keep(ref, read.reading, None if read.item is None else read)

    def _is_here(self, reach: Reach, kind: OciKind) -> bool:
        """Whether a cell has things of a kind: without a region they are the home region's."""
        if kind.rooted and reach.tenancy not in reach.compartments:
            return False
        return reach.region == reach.home if kind.home else reach.region in self._looked_at

    def _no_reading(self, reach: Reach, ref: Ref) -> Reading | None:
        """Say why something cannot be read here at all; None where it can."""
        kind = KINDS.get(ref.kind)
        if kind is None:
            return Resource(
                ref=ref,
                tags=self._strange.get(ref.key, {}),
                unread=f"reaper knows no {ref.kind}: remove it by hand",
            )
        scope, _, compartment = ref.scope.rpartition("/")
        if scope != reach.scope or not kind.is_id(ref.id) or not self._is_here(reach, kind):
            return Unreadable(reason=f"{ref} is nothing that {reach.scope} can have")
        if compartment not in reach.compartments:
            return Unreadable(
                reason=f"the compartment {compartment} is none that the configuration names"
            )
        return None
