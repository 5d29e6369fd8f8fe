"""One Google Cloud project as a provider: a single cell, as its lists are of all places at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from reaper.errors import IdentityMismatch, PlaceUnreachable
from reaper.model import Cell, JournalEntry, Kind, Ref, Resource
from reaper.policy import Policy
from reaper.providers.evidence import Evidence
from reaper.providers.failures import Unanswered
from reaper.providers.gce.answers import CALL_ERRORS, GoogleError, disabled, explain
from reaper.providers.gce.api import Api, at_once
from reaper.providers.gce.checking import ask
from reaper.providers.gce.deleting import delete
from reaper.providers.gce.granting import granted
from reaper.providers.gce.index import Indexer, look_up
from reaper.providers.gce.kind import Deed, Filter, GceKind, Item
from reaper.providers.gce.kinds import KINDS
from reaper.providers.gce.links import Names
from reaper.providers.gce.operations import poll
from reaper.providers.gce.reading import Read, Reader
from reaper.providers.gce.session import Connection
from reaper.providers.gce.strange import control_strange, read_strange
from reaper.providers.gce.told import Told
from reaper.providers.protocol import (
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
    from reaper.config.places import GcePlace


class Project:
    """One configured project. It connects when it is first asked something."""

    name = "gce"
    parallel = 8
    batch = 50

    def __init__(self, place: GcePlace, *, read_only: bool) -> None:
        self._place = place
        self._connection = Connection(place, read_only=read_only)
        self._api = Api(connection=self._connection, project=place.project)
        self._names = Names(place.project, None, KINDS.values())
        self._told = Told()
        self._lock = threading.Lock()
        self._evidence: Evidence[Item] = Evidence()
        self._strange: dict[str, Mapping[str, str]] = {}

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds it knows, by name."""
        return {name: each.kind for name, each in KINDS.items()}

    def identity(self) -> Identity:
        """Ask Resource Manager which project this is.

        Raises:
            PlaceUnreachable: The credentials are missing or not accepted, the project cannot be
                read, or it is being deleted.
            IdentityMismatch: It is another than the configuration names.
        """
        place = self._place
        told, notes = self._who()
        number = told.get("number")
        if told["project"] != place.project or (place.number or number) != number:
            raise IdentityMismatch(
                f"{self._connection.who}: the project is {told['project']} with the number "
                f"{number}, and the configuration wants {place.project}"
                f"{f' with {place.number}' if place.number else ''}: correct the place's project, "
                "number or endpoint"
            )
        self._names = Names(place.project, number, KINDS.values())
        endpoint = {"endpoint": place.endpoint} if place.endpoint else {}
        services = "all" if place.services == "all" else ", ".join(place.services)
        return Identity(
            place=place.project,
            id=number or place.project,
            caller=place.impersonate,
            pin=False,  # the configuration names it, and no project's ID is ever used again
            notes={"as": self._connection.who, "services": services, **notes, **endpoint},
        )

    def cells(self) -> Sequence[Cell]:
        """The project."""
        scope = self._place.project
        return (Cell(provider=self.name, scope=scope, label=self._place.name or scope),)

    def index(self, cell: Cell, query: Query) -> Index:  # noqa: ARG002 - the protocol's
        """Ask each kind's list for what bears a run's labels; with `full`, for everything."""
        looked_at = [kind for kind in KINDS.values() if self._looked_at(kind)]
        named = Indexer(
            self._api,
            self._names,
            looked_at,
            query,
            inventory=self._place.asset_inventory,
        ).name()
        self._told.listed(named.items)
        with self._lock:
            self._strange.update(named.strange)
        return Index(
            candidates=tuple(named.candidates),
            gaps=tuple(named.gaps),
            not_offered=frozenset(
                name for name, kind in KINDS.items() if not self._looked_at(kind)
            ),
        )

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        """Read each authoritatively, a kind's together, the kinds side by side."""
        by_kind: dict[str, list[Ref]] = {}
        readings: dict[str, Reading] = {}
        for ref in refs:
            if ref.kind not in KINDS:
                labels = self._strange.get(ref.key, {})
                readings[ref.key] = read_strange(self._api, ref, labels)
            elif ref.scope != cell.scope or not KINDS[ref.kind].is_id(ref.id):
                readings[ref.key] = Unreadable(reason=f"{ref} is nothing that {cell} can have")
            else:
                by_kind.setdefault(ref.kind, []).append(ref)
        groups = list(by_kind.values())
        known = self._told.take((ref.kind, ref.id) for group in groups for ref in group)

        def read(group: Sequence[Ref]) -> dict[str, Read]:
            kind = KINDS[group[0].kind]
            ids = list(dict.fromkeys(ref.id for ref in group))
            told = {each: known[kind.name, each] for each in ids if (kind.name, each) in known}
            return self._reader().read(kind, ids, told)

        for group, results in zip(groups, at_once(read, groups), strict=True):
            for ref in group:
                result = results[ref.id]
                readings[ref.key] = self._evidence.keep(ref, result.reading, result.item)
        return readings

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        """Send what this one's deletion takes, each call once.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
        """
        ref = resource.ref
        kind = KINDS.get(ref.kind)
        if kind is None or ref.scope != cell.scope:
            return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {ref} is not of {cell}")
        item = self._evidence.of(resource)
        if isinstance(item, Answer):
            return item
        deed = Deed(api=self._api, ref=ref, item=item, edges=resource.edges)
        return delete(kind, deed, self._names)

    def poll(self, cell: Cell, handle: str) -> Answer:  # noqa: ARG002 - the protocol's
        """Ask what became of a long operation of Google's."""
        return poll(self._connection, handle, self._names)

    def control(self, cell: Cell, kind: str) -> str | None:  # noqa: ARG002 - the protocol's
        """Make the kind's own list answer; None if it did."""
        declared = KINDS.get(kind)
        if declared is None:
            return control_strange(self._api, kind)
        try:
            next(iter(self._api.items(declared, size=1)), None)
        except CALL_ERRORS as error:
            return f"{self._api.describe(declared)}: {explain(error)}"
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            return f"{self._api.describe(declared)}: the list is not as documented ({error})"
        return None

    def lookup(self, cell: Cell, entry: JournalEntry) -> Sequence[Ref] | Unreadable:  # noqa: ARG002 - the protocol's
        """Find what an intent without a result may have created, for kinds without labels."""
        kind = KINDS.get(entry.kind)
        if kind is None or kind.filter is not Filter.NONE:
            return ()
        return look_up(self._api, self._names, kind, entry)

    def allowances(self, cell: Cell, policy: Policy, rules: TagRules) -> Sequence[Allowance]:  # noqa: ARG002 - the protocol's
        """Ask for each permission that a sweep of the project needs."""
        looked_at = [kind for kind in KINDS.values() if self._looked_at(kind)]
        inventory = self._place.asset_inventory
        return ask(self._api, granted(policy, looked_at, inventory=inventory))

    def close(self) -> None:
        """Give the connections back."""
        self._connection.close()

    # --- the project ----------------------------------------------------------------------------

    def _who(self) -> tuple[dict[str, str], dict[str, str]]:
        """The project that answers (`project`, perhaps `number`), and notes about the asking."""
        project = self._place.project
        try:
            told = self._connection.read("cloudresourcemanager", f"/v3/projects/{project}")
        except CALL_ERRORS as error:
            if disabled(error):
                return self._as_compute_knows()
            if (
                self._connection.emulated
                and isinstance(error, GoogleError)
                and _knows_no_projects(error)
            ):
                return {"project": project}, {"identity": "the emulator tells none"}
            raise self._unreachable(error) from error
        if told.get("state") != "ACTIVE":
            raise PlaceUnreachable(
                f"project {project}: it is {told.get('state')}: take it out of the configuration"
            )
        number = str(told.get("name", "")).rpartition("/")[2]
        return {"project": str(told.get("projectId")), "number": number}, {}

    def _as_compute_knows(self) -> tuple[dict[str, str], dict[str, str]]:
        """Ask Compute, where Resource Manager's API is not enabled: it knows no number."""
        path = self._api.at("compute", "").rstrip("/")
        try:
            told = self._connection.read("compute", path)
        except CALL_ERRORS as error:
            raise self._unreachable(error) from error
        note = "as Compute tells; Resource Manager's API is not enabled"
        found: dict[str, Any] = {"project": str(told.get("name"))}
        if self._place.number is not None:
            raise PlaceUnreachable(
                f"project {self._place.project}: its number cannot be compared, as the API of "
                "Resource Manager is not enabled: enable cloudresourcemanager.googleapis.com"
            )
        return found, {"identity": note}

    def _unreachable(self, error: Exception) -> PlaceUnreachable:
        sent = not isinstance(error, Unanswered) or error.sent
        who = f" ({self._connection.who})" if sent else ""
        return PlaceUnreachable(f"project {self._place.project}{who}: {explain(error)}")

    # --- what is remembered ---------------------------------------------------------------------

    def _looked_at(self, kind: GceKind) -> bool:
        return self._place.services == "all" or kind.service in self._place.services

    def _reader(self) -> Reader:
        return Reader(self._api, KINDS, self._names, self._told)


def _knows_no_projects(error: GoogleError) -> bool:
    """Whether an emulator has no such call; that there is no such project it would say itself."""
    unknown = error.status == HTTPStatus.NOT_FOUND and not error.reason
    return unknown or error.status == HTTPStatus.NOT_IMPLEMENTED
