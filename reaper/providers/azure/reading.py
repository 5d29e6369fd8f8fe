"""Authoritative reads: each resource by its ID, with what forbids its deletion and who uses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from reaper.model import Edge, Ref, Relation, Resource
from reaper.providers.azure.answers import CALL_ERRORS, absent, explain, group_absent
from reaper.providers.azure.api import LOCKS, Api, at_once
from reaper.providers.azure.ids import ArmId, Names, canonical, is_below, read_id
from reaper.providers.azure.kind import AzureKind, Item, Link, found, search
from reaper.providers.azure.names import GROUP
from reaper.providers.protocol import Absent, Reading, Unreadable

T = TypeVar("T")

_MALFORMED = (KeyError, TypeError, AttributeError, ValueError)
# What these lead to must be known: where it is not, the resource stays.
_WEIGHTY = frozenset({Relation.USED_BY, Relation.TAKES, Relation.ALTERS, Relation.CONTROLLED_BY})
_DELETING = frozenset({"deleting", "deprovisioning"})
# Azure writes up to seven digits of a second.
_FRACTION = re.compile(r"(\.\d{6})\d+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """One resource as it was read, and the item that it was read from."""

    reading: Reading
    item: Item | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What Azure says of some: those that are there, and why some could not be read."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class Reader:
    """Reads the resources of one subscription.

    Args:
        kind_of: Tells how a kind is declared.
        purge: Whether the configuration wants deleted vaults to be purged.
        born: Creation times that are known already, by ID and incarnation.
    """

    def __init__(
        self,
        api: Api,
        names: Names,
        kind_of: Callable[[str], AzureKind],
        *,
        purge: bool = False,
        born: dict[tuple[str, str], datetime] | None = None,
    ) -> None:
        self.api = api
        self.names = names
        self.kind_of = kind_of
        self.purge = purge
        self._born = {} if born is None else born
        self._once: dict[str, Any] = {}

    def once(self, what: str, ask: Callable[[], T]) -> T:
        """Ask for something once in the life of this reader, which is one read."""
        if what not in self._once:
            self._once[what] = ask()
        found: T = self._once[what]
        return found

    def read(self, refs: Sequence[Ref]) -> dict[str, Read]:
        """Read these; the result has an entry for each `ref.id`."""
        wanted = dict.fromkeys((ref.kind, ref.id) for ref in refs)
        there = self.fetch(wanted)
        by_kind: dict[str, dict[str, dict[str, Any]]] = {}
        for kind, identity in wanted:
            if identity in there.items:
                by_kind.setdefault(kind, {})[identity] = there.items[identity]
        for kind, items in by_kind.items():
            self._complete(self.kind_of(kind), items)
        self._lock(there.items)
        results = at_once(lambda key: self._result(self.kind_of(key[0]), key[1], there), wanted)
        return {identity: result for (_, identity), result in zip(wanted, results, strict=True)}

    # --- items ----------------------------------------------------------------------------------

    def fetch(self, wanted: Iterable[tuple[str, str]]) -> Fetched:
        """Ask Azure for these, by kind and ID; what is in a group that is gone is gone as well."""
        fetched = Fetched()
        by_group: dict[str, list[tuple[str, str]]] = {}
        for kind, identity in wanted:
            at = read_id(identity)
            inside = at.group if at is not None and at.group and kind != GROUP else identity
            by_group.setdefault(inside, []).append((kind, identity))
        groups = list(by_group.values())
        for group, answer in zip(
            groups, at_once(lambda of: self._one(*of[0]), groups), strict=True
        ):
            self._take(fetched, group[0][1], answer)
            if isinstance(answer, Gone) and answer.with_group:
                for kind, identity in group[1:]:
                    declared = self.kind_of(kind)
                    self._take(fetched, identity, self._had_back(declared, identity) or answer)
                group.clear()
        rest = [each for group in groups for each in group[1:]]
        for each, answer in zip(rest, at_once(lambda of: self._one(*of), rest), strict=True):
            self._take(fetched, each[1], answer)
        return fetched

    def _take(self, fetched: Fetched, identity: str, answer: Answered) -> None:
        if isinstance(answer, str):
            fetched.failed[identity] = answer
        elif not isinstance(answer, Gone):
            fetched.items[identity] = answer

    def _one(self, kind: str, identity: str) -> Answered:
        """The item; a text where it could not be read."""
        declared = self.kind_of(kind)
        try:
            item = self.api.get(identity, kind, declared.version)
        except CALL_ERRORS as error:
            if absent(error):
                return self._had_back(declared, identity) or Gone(with_group=group_absent(error))
            return f"{identity} ({self.api.connection.who}): {explain(error)}"
        told = item.get("id")
        if not isinstance(told, str) or canonical(told) != identity:
            return f"{identity}: Azure answered with another resource, {told!r}"
        return item

    def _had_back(self, declared: AzureKind, identity: str) -> dict[str, Any] | str | None:
        """What is deleted, and can still be had back for a while."""
        if declared.gone is None:
            return None
        try:
            return declared.gone(self, identity)
        except CALL_ERRORS as error:
            return f"{identity}: whether it can be had back is not known: {explain(error)}"
        except _MALFORMED as error:
            return _malformed(error)

    # --- what further calls tell ----------------------------------------------------------------

    def _complete(self, kind: AzureKind, items: dict[str, dict[str, Any]]) -> None:
        """Add to each item what further calls tell; where one fails, it was not read wholly."""
        alive = {key: item for key, item in items.items() if "+deleted" not in item}
        jobs = (*kind.complete, _tell_controller, _tell_members(kind))
        for complete in jobs if alive else ():
            try:
                complete(self, alive)
            except CALL_ERRORS as error:
                _spoil(alive.values(), explain(error))
            except _MALFORMED as error:
                _spoil(alive.values(), _malformed(error))

    def _lock(self, items: Mapping[str, dict[str, Any]]) -> None:
        """Tell of each which locks forbid its deletion: its own, those above it and below it."""
        if not items:
            return
        try:
            locks = self.api.all_of(
                f"{self.api.base}/providers/Microsoft.Authorization/locks", LOCKS
            )
            scopes = [_scope_of(lock) for lock in locks]
        except CALL_ERRORS as error:
            _spoil(items.values(), f"whether it is locked cannot be told: {explain(error)}")
            return
        except _MALFORMED as error:
            _spoil(items.values(), _malformed(error))
            return
        for identity, item in items.items():
            for scope, told in scopes:
                if is_below(identity, scope) or is_below(scope, identity):
                    item.setdefault("+locked", told)

    def born(self, identity: str, incarnation: str | None, item: Item) -> datetime | None:
        """When it was created, by ARM's own list, where the service keeps no time itself."""
        known = self._born.get((identity, incarnation)) if incarnation else None
        if known is not None:
            return known
        created = read_time(item.get("+createdTime"))
        if created is not None and incarnation:
            self._born[identity, incarnation] = created
        return created

    def knows_birth(self, kind: AzureKind, identity: str, item: Item) -> bool:
        """Whether the creation time needs no further call."""
        incarnation = _text(kind.incarnation, item)
        if incarnation and (identity, incarnation) in self._born:
            return True
        return _own_time(kind, item) is not None

    # --- resources ------------------------------------------------------------------------------

    def _result(self, kind: AzureKind, identity: str, there: Fetched) -> Read:
        if identity in there.failed:
            return Read(reading=Unreadable(reason=there.failed[identity]))
        item = there.items.get(identity)
        if item is None:
            return Read(reading=Absent())
        try:
            return Read(reading=self.resource(kind, identity, item), item=item)
        except CALL_ERRORS as error:
            return Read(reading=Unreadable(reason=explain(error)))
        except _MALFORMED as error:
            return Read(reading=Unreadable(reason=_malformed(error)))

    def resource(self, kind: AzureKind, identity: str, item: dict[str, Any]) -> Resource:
        """Describe an item in the words of the sweep."""
        incarnation = _text(kind.incarnation, item)
        at = read_id(identity)
        if at is None:
            raise ValueError(f"{identity} is no ID")
        state = search("properties.provisioningState || properties.state", item)
        linked, beyond = self._linked(kind, identity, item)
        purge = read_time(item.get("+purge"))
        return Resource(
            ref=self.names.ref(ArmId(identity, kind.name, at.subscription, at.group), incarnation),
            name=str(item.get("name") or at.name),
            tags=read_tags(item.get("tags")),
            created=_own_time(kind, item) or self.born(identity, incarnation, item),
            state=None if state is None else str(state),
            going=purge is not None or str(state).lower() in _DELETING,
            purge=purge,
            used=read_time(item.get("+used")),
            edges=tuple(dict.fromkeys(linked)),
            held_by=tuple(dict.fromkeys(beyond)),
            unread=item.get("+unread"),
            protection=item.get("+locked") or _protection(kind, item),
        )

    def _linked(self, kind: AzureKind, identity: str, item: Item) -> tuple[list[Edge], list[str]]:
        """The edges that an item tells of, and what it names that is beyond this subscription."""
        edges: list[Edge] = []
        beyond: list[str] = []
        for link in (*kind.links, *_ADDED):
            for value in found(link.path, item):
                edge = self._edge(link, str(value))
                if isinstance(edge, str):
                    beyond.append(edge)
                elif edge is not None and edge.other.id != identity:
                    edges.append(edge)
        return edges, beyond

    def _edge(self, link: Link, value: str) -> Edge | str | None:
        """The edge; a text where a weighty one leads to what reaper cannot look at."""
        owner = self.names.owner(value)
        weighty = link.relation in _WEIGHTY
        if owner is None:
            return value if weighty else None
        if (link.only is not None and owner.kind not in link.only) or owner.kind in link.but:
            return None
        if owner.subscription != self.names.subscription:
            return value if weighty else None
        return Edge(relation=link.relation, other=self.names.ref(owner))


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone:
    """It is not there; perhaps its whole group is not."""

    with_group: bool = False


# The item, why it could not be read, or that it is not there.
Answered = dict[str, Any] | str | Gone

# What completions add, whatever the kind.
_ADDED = (
    Link(Relation.CONTROLLED_BY, '"+controller"'),
    Link(Relation.TAKES, '"+takes"'),
    Link(Relation.USED_BY, '"+users"'),
    Link(Relation.MADE, '"+made"'),
)


def _tell_controller(reader: Reader, items: dict[str, dict[str, Any]]) -> None:
    """Tell who manages the groups that things are in: they would be made anew by it."""
    ids = [at for each in items if (at := read_id(each)) is not None]
    if not any(at.group for at in ids):
        return
    groups = reader.api.groups()
    for at in ids:
        manager = groups.get(at.group or "", {}).get("managedBy")
        if manager:
            items[at.id]["+controller"] = manager


def _tell_members(kind: AzureKind) -> Callable[[Reader, dict[str, dict[str, Any]]], None]:
    """Tell what ARM's list of the group says: when each was made, and what is below each."""

    def tell(reader: Reader, items: dict[str, dict[str, Any]]) -> None:
        for identity, item in items.items():
            at = read_id(identity)
            if at is None or at.group is None or kind.name == GROUP:
                continue
            if kind.nested is None and reader.knows_birth(kind, identity, item):
                continue
            members = reader.api.members(at.group)
            told = members.get(identity, {}).get("createdTime")
            if told is not None:
                item["+createdTime"] = told
            below = [each for each in members if each.startswith(f"{identity}/")]
            if kind.nested is Relation.TAKES and below:
                item["+takes"] = [*item.get("+takes", ()), *below]
            elif kind.nested is Relation.USED_BY and below:
                item["+users"] = [*item.get("+users", ()), *below]

    return tell


def _scope_of(lock: Mapping[str, Any]) -> tuple[str, str]:
    """What a lock is about, and how it is told."""
    identity = canonical(lock["id"])
    scope = identity.partition("/providers/microsoft.authorization/locks/")[0]
    level = lock["properties"]["level"]
    name = identity.rpartition("/")[2]
    return scope, f"the {level} lock {name} at {scope}"


def read_tags(value: Any) -> dict[str, str]:
    """Read tags; without any, Azure leaves the mapping out. Case does not matter in their names.

    Raises:
        ValueError: They are no mapping: what they say is unknown.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"tags are {type(value).__name__}")  # noqa: TRY004 - as a malformed answer
    return {_tag_name(str(key)): str(each) for key, each in value.items()}


def _tag_name(name: str) -> str:
    """Our own names are in lower case, however a service keeps them."""
    return name.lower() if name.lower().startswith("reaper-") else name


def read_time(value: Any) -> datetime | None:
    """Read a time as Azure writes it.

    Raises:
        ValueError: It is none.
    """
    if value in (None, ""):
        return None
    moment = datetime.fromisoformat(_FRACTION.sub(r"\1", str(value)))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _own_time(kind: AzureKind, item: Item) -> datetime | None:
    path = kind.created or "systemData.createdAt"
    return read_time(search(path, item))


def _spoil(items: Iterable[dict[str, Any]], why: str) -> None:
    for item in items:
        item.setdefault("+unread", why)


def _malformed(error: Exception) -> str:
    return f"Azure's answer is not as documented ({type(error).__name__}: {error})"


def _text(path: str | None, item: Item) -> str | None:
    value = None if path is None else search(path, item)
    return None if value in (None, "") else str(value)


def _protection(kind: AzureKind, item: Item) -> str | None:
    for guard in kind.guards:
        value = search(guard.path, item)
        if value:
            return guard.why or str(value)
    return None


def ids_in(values: Iterable[Any]) -> Iterator[str]:
    """The IDs of references such as `{"id": "…"}`."""
    for value in values:
        if isinstance(value, Mapping) and value.get("id"):
            yield str(value["id"])
