"""One Azure subscription as a provider: a single cell, as Resource Graph and the lists have it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from reaper.errors import IdentityMismatch, PlaceUnreachable
from reaper.model import Cell, JournalEntry, Kind, Ref, Resource
from reaper.policy import Policy
from reaper.providers.azure.answers import CALL_ERRORS, ArmError, absent, explain
from reaper.providers.azure.api import ARM, SUBSCRIPTIONS, Api
from reaper.providers.azure.checking import ask
from reaper.providers.azure.deleting import delete
from reaper.providers.azure.granting import granted
from reaper.providers.azure.ids import Names, read_id
from reaper.providers.azure.index import Indexer
from reaper.providers.azure.kind import AzureKind, Deed, Item
from reaper.providers.azure.kinds import KINDS
from reaper.providers.azure.names import GROUP
from reaper.providers.azure.operations import poll
from reaper.providers.azure.reading import Reader
from reaper.providers.azure.session import Connection
from reaper.providers.azure.typed import Compute
from reaper.providers.azure.unknown import of_unknown
from reaper.providers.evidence import Evidence
from reaper.providers.failures import Unanswered
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
    from reaper.config.places import AzurePlace

# Resource Manager lets a subscription's caller delete ten a second.
_PARALLEL = 8
_BATCH = 50


class Subscription:
    """One configured subscription. It connects when it is first asked something."""

    name = "azure"
    parallel = _PARALLEL
    batch = _BATCH

    def __init__(self, place: AzurePlace, *, read_only: bool) -> None:
        self._place = place
        self._connection = Connection(place, read_only=read_only)
        self._api = Api(self._connection, place.subscription)
        self._compute = Compute(self._api)
        self._names = Names(
            place.subscription, lambda kind: kind in KINDS or self._api.is_nested(kind)
        )
        self._lock = threading.Lock()
        self._evidence: Evidence[Item] = Evidence()
        self._unknown: dict[str, AzureKind] = {}
        self._born: dict[tuple[str, str], datetime] = {}

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds that are declared, and those that were met so far, by name."""
        with self._lock:
            known = {**KINDS, **self._unknown}
        if not self._connection.emulated:
            return {name: each.kind for name, each in known.items()}
        return {name: replace(each.kind, takes=timedelta(0)) for name, each in known.items()}

    def identity(self) -> Identity:
        """Ask Resource Manager which subscription this is, and of which tenant.

        Raises:
            PlaceUnreachable: The credentials are missing or not accepted, the subscription cannot
                be read, or it is not enabled.
            IdentityMismatch: It is another than the configuration names, or of another tenant.
        """
        place = self._place
        try:
            told = self._connection.read(self._api.base, SUBSCRIPTIONS).body
        except CALL_ERRORS as error:
            raise self._unreachable(error) from error
        subscription = str(told.get("subscriptionId", "")).lower()
        tenant = str(told.get("tenantId", "")).lower()
        if subscription != place.subscription or place.tenant not in {None, tenant}:
            raise IdentityMismatch(
                f"{self._connection.who}: the subscription is {subscription} of the tenant "
                f"{tenant}, and the configuration wants {place.subscription}"
                f"{f' of {place.tenant}' if place.tenant else ''}: correct the place's "
                "subscription, tenant or endpoint"
            )
        if told.get("state") not in {"Enabled", None}:
            raise PlaceUnreachable(
                f"subscription {subscription}: it is {told.get('state')}: take it out of the "
                "configuration"
            )
        endpoint = {"endpoint": place.endpoint} if place.endpoint else {}
        return Identity(
            place=place.subscription,
            id=subscription,
            pin=False,  # the configuration names it, and its ID is never used again
            notes={
                "as": self._connection.who,
                "subscription": str(told.get("displayName", "")),
                "tenant": tenant,
                **endpoint,
            },
        )

    def cells(self) -> Sequence[Cell]:
        """The subscription."""
        scope = self._place.subscription
        return (Cell(provider=self.name, scope=scope, label=self._place.name or scope),)

    def index(self, cell: Cell, query: Query) -> Index:  # noqa: ARG002 - the protocol's
        """Ask for what bears a run's tags; with `full`, for everything."""
        named = Indexer(
            self._api,
            self._names,
            self._reader(),
            query,
            graph=self._place.resource_graph,
            purge=self._place.purge,
        ).name()
        return Index(candidates=tuple(named.candidates), gaps=tuple(named.gaps))

    def read(self, cell: Cell, refs: Sequence[Ref]) -> Mapping[str, Reading]:
        """Read each by its ID, with who uses it and what forbids its deletion."""
        readings: dict[str, Reading] = {}
        wanted: list[Ref] = []
        for ref in refs:
            at = read_id(ref.id)
            if ref.scope != cell.scope or at is None or (at.kind, at.id) != (ref.kind, ref.id):
                readings[ref.key] = Unreadable(reason=f"{ref} is nothing that {cell} can have")
            elif at.subscription != self._place.subscription:
                readings[ref.key] = Unreadable(reason=f"{ref} is of another subscription")
            else:
                wanted.append(ref)
        results = self._reader().read(wanted)
        for ref in wanted:
            result = results[ref.id]
            readings[ref.key] = self._evidence.keep(ref, result.reading, result.item)
        return readings

    def delete(self, cell: Cell, resource: Resource) -> Answer:
        """Send what this one's deletion takes, each call once.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
        """
        ref = resource.ref
        if ref.scope != cell.scope or ref.scope != self._place.subscription:
            return Answer(reply=Reply.FAILED, detail=f"nothing was sent: {ref} is not of {cell}")
        item = self._evidence.of(resource)
        if isinstance(item, Answer):
            return item
        self._connection.refuse_change(f"DELETE {ref.id}")
        deed = Deed(
            api=self._api,
            compute=self._compute,
            ref=ref,
            item=item,
            resource=resource,
            force=self._place.force,
            purge=self._place.purge,
            item_of=self._evidence.last,
        )
        return delete(self._kind(ref.kind), deed, self._names)

    def poll(self, cell: Cell, handle: str) -> Answer:  # noqa: ARG002 - the protocol's
        """Ask what became of a long operation of Azure's."""
        return poll(self._connection, handle, self._names)

    def control(self, cell: Cell, kind: str) -> str | None:  # noqa: ARG002 - the protocol's
        """Make a list answer that what is of this kind would be in; None if it did.

        ARM asks for permissions before it looks whether something is there: who may not read a
        resource is told «AuthorizationFailed», also of one that is gone.
        """
        where = "resourcegroups" if kind == GROUP else "resources"
        filtered = {"$top": "1"}
        if kind != GROUP:
            filtered["$filter"] = f"resourceType eq '{kind.removeprefix('azure:')}'"
        path = f"{self._api.base}/{where}"
        try:
            self._api.shared.get(
                f"control {kind}", lambda: self._connection.read(path, ARM, filtered)
            )
        except CALL_ERRORS as error:
            return f"{where} of {self._place.subscription}: {explain(error)}"
        return None

    def lookup(self, cell: Cell, entry: JournalEntry) -> Sequence[Ref] | Unreadable:  # noqa: ARG002 - the protocol's
        """Find what an intent without a result may have created: its ID is known beforehand."""
        ref = entry.ref
        at = None if ref is None else read_id(ref.id)
        if ref is None or at is None or at.subscription != self._place.subscription:
            return ()
        try:
            self._api.get(at.id, at.kind, self._kind(at.kind).version)
        except CALL_ERRORS as error:
            return () if absent(error) else Unreadable(reason=f"{ref}: {explain(error)}")
        return (self._names.ref(at),)

    def allowances(self, cell: Cell, policy: Policy, rules: TagRules) -> Sequence[Allowance]:  # noqa: ARG002 - the protocol's
        """Ask for each action that a sweep of the subscription needs."""
        wanted = granted(
            policy, KINDS.values(), graph=self._place.resource_graph, purge=self._place.purge
        )
        return ask(self._api, wanted)

    def close(self) -> None:
        """Give the connections back."""
        self._connection.close()

    def _unreachable(self, error: Exception) -> PlaceUnreachable:
        sent = not isinstance(error, Unanswered) or error.sent
        who = f" ({self._connection.who})" if sent else ""
        told = explain(error)
        if isinstance(error, ArmError) and error.status == HTTPStatus.UNAUTHORIZED:
            told += ": sign in with `az login`, or name other credentials by the place"
        return PlaceUnreachable(f"subscription {self._place.subscription}{who}: {told}")

    def _kind(self, name: str) -> AzureKind:
        """How a kind is declared, or may be where nobody knows more of it."""
        declared = KINDS.get(name)
        if declared is not None:
            return declared
        with self._lock:
            return self._unknown.setdefault(name, of_unknown(name))

    def _reader(self) -> Reader:
        return Reader(self._api, self._names, self._kind, purge=self._place.purge, born=self._born)
