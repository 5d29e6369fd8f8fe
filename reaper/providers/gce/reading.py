"""Authoritative reads: what a declaration says, put to Google, as resources with edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from reaper.model import Edge, Relation, Resource
from reaper.providers.gce.answers import CALL_ERRORS, absent, explain
from reaper.providers.gce.api import Api, at_once
from reaper.providers.gce.kind import GceKind, Item, Link, Users, found, listed, search
from reaper.providers.gce.links import Names, Target, target_of
from reaper.providers.gce.told import Told
from reaper.providers.protocol import Absent, Reading, Unreadable

# So many of a kind are read one by one; more, by their names in one list.
_FEW = 3
# The names in one filter: with the longest names, some 4 KB of an address.
_PER_LIST = 50
_MALFORMED = (KeyError, TypeError, AttributeError, ValueError)
# What these lead to must be known: where it is not, the resource stays.
_WEIGHTY = frozenset({Relation.USED_BY, Relation.TAKES, Relation.ALTERS, Relation.CONTROLLED_BY})


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """One resource as it was read, and the item that it was read from."""

    reading: Reading
    item: Item | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What Google says of some: those that are there, and why some could not be read."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class Reader:
    """Reads the resources of one project."""

    def __init__(
        self, api: Api, kinds: Mapping[str, GceKind], names: Names, told: Told | None = None
    ) -> None:
        self.api = api
        self.kinds = kinds
        self.names = names
        self.told = told or Told()

    def read(
        self, kind: GceKind, ids: Sequence[str], known: Mapping[str, dict[str, Any]]
    ) -> dict[str, Read]:
        """Read these; the result has an entry for each.

        Args:
            kind: Of them all.
            ids: Which.
            known: What a list has told of some of them in this moment.
        """
        there = self.fetch(kind, [each for each in ids if each not in known])
        there.items.update({each: dict(known[each]) for each in ids if each in known})
        self._complete(kind, there.items)
        edges = self._used(kind, there.items)
        return {each: self._result(kind, each, there, edges.get(each, ())) for each in ids}

    # --- items ----------------------------------------------------------------------------------

    def fetch(self, kind: GceKind, ids: Sequence[str]) -> Fetched:
        """Ask Google for these; what its list leaves out is asked for by itself."""
        fetched = Fetched()
        if kind.places and len(ids) > _FEW:
            batches = [ids[at : at + _PER_LIST] for at in range(0, len(ids), _PER_LIST)]
            for items in at_once(lambda batch: self._by_names(kind, batch), batches):
                fetched.items.update(items)
        left = [each for each in ids if each not in fetched.items]
        for resource_id, answer in zip(
            left, at_once(lambda i: self._one(kind, i), left), strict=True
        ):
            if isinstance(answer, str):
                fetched.failed[resource_id] = answer
            elif answer is not None:
                fetched.items[resource_id] = answer
        return fetched

    def _by_names(self, kind: GceKind, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What the list of these names has; a list that fails has nothing to tell."""
        wanted = set(ids)
        names = sorted({kind.title(each) for each in ids})
        filtered = " OR ".join(f'(name = "{name}")' for name in names)
        try:
            return {
                each: item
                for each, item in self.api.items(kind, filtered=filtered)
                if each in wanted
            }
        except (*CALL_ERRORS, *_MALFORMED):
            return {}  # each is asked for by itself then

    def _one(self, kind: GceKind, resource_id: str) -> dict[str, Any] | str | None:
        """The item; None where it is not there, a text where it could not be read."""
        try:
            return self.api.get(kind, resource_id)
        except CALL_ERRORS as error:
            if absent(error):
                return None
            return f"{kind.service} {resource_id} ({self.api.connection.who}): {explain(error)}"

    def all_of(self, kind: GceKind) -> list[tuple[str, dict[str, Any]]]:
        """The whole list of a kind, asked for once in the same seconds.

        Raises:
            GoogleError, Unanswered, Incomplete: It is not whole.
        """
        return self.told.shared(kind.name, lambda: list(self.api.items(kind)))

    # --- what further calls tell ----------------------------------------------------------------

    def _complete(self, kind: GceKind, items: dict[str, dict[str, Any]]) -> None:
        """Add to each item what further calls tell; where one fails, it was not read wholly."""
        for resource_id, item in items.items():
            item["+id"] = resource_id
        alive = {key: item for key, item in items.items() if not _is_over(kind, item)}
        for complete in kind.complete if alive else ():
            try:
                complete(self, alive)
            except CALL_ERRORS as error:
                _spoil(alive.values(), explain(error))
            except _MALFORMED as error:
                _spoil(alive.values(), _malformed(error))

    def _used(self, kind: GceKind, items: Mapping[str, dict[str, Any]]) -> dict[str, list[Edge]]:
        """The edges that only others tell of."""
        edges: dict[str, list[Edge]] = {}
        alive = {key: item for key, item in items.items() if not _is_over(kind, item)}
        for users in kind.users if alive else ():
            try:
                for key, edge in self._users(users, alive):
                    edges.setdefault(key, []).append(edge)
            except CALL_ERRORS as error:
                asked = self.api.describe(self.kinds[users.kind])
                _spoil(alive.values(), f"who uses it cannot be told: {asked}: {explain(error)}")
            except _MALFORMED as error:
                _spoil(alive.values(), _malformed(error))
        return edges

    def _users(self, users: Users, items: Mapping[str, Item]) -> Iterable[tuple[str, Edge]]:
        keys: dict[str, list[str]] = {}
        for resource_id, item in items.items():
            texts = [resource_id] if users.key is None else found(users.key, item)
            for text in texts:
                keys.setdefault(str(text), []).append(resource_id)
        for user_id, user in self.all_of(self.kinds[users.kind]):
            for text in found(users.of, user):
                for used in keys.get(self._meant(str(text)), ()):
                    if used != user_id:
                        other = self.names.ref(users.kind, user_id)
                        yield used, Edge(relation=users.relation, other=other)

    def _meant(self, text: str) -> str:
        """The ID that a link of this project has; another text as it is."""
        target = target_of(text)
        if target is None:
            return text
        return target.id if self.names.is_own(target) else ""

    def _linked(self, kind: GceKind, item: Item) -> tuple[list[Edge], list[str]]:
        """The edges that an item tells of, and what it names that is beyond this project."""
        edges: list[Edge] = []
        beyond: list[str] = []
        for link in kind.links:
            values = listed(link.path, item)
            incarnations = listed(link.incarnation, item) if link.incarnation else ()
            for number, value in enumerate(values):
                if value in (None, ""):
                    continue
                incarnation = str(incarnations[number]) if number < len(incarnations) else None
                edge = self._edge(link, str(value), incarnation)
                if isinstance(edge, str):
                    beyond.append(edge)
                elif edge is not None:
                    edges.append(edge)
        return edges, beyond

    def _edge(self, link: Link, value: str, incarnation: str | None) -> Edge | str | None:
        """The edge; a text where a weighty one leads to what reaper cannot look at."""
        target = Target(None, link.form.format(value)) if link.form else target_of(value)
        weighty = link.relation in _WEIGHTY
        if target is None or not self.names.is_own(target):
            return value if weighty else None
        kind = self.names.kind_of(target.id)
        if link.only is not None and (kind is None or kind.name not in link.only):
            return None
        if kind is None:
            return value if weighty else None
        other = self.names.ref(kind.name, target.id, incarnation)
        return Edge(relation=link.relation, other=other)

    # --- resources ------------------------------------------------------------------------------

    def _result(
        self, kind: GceKind, resource_id: str, there: Fetched, edges: Iterable[Edge]
    ) -> Read:
        if resource_id in there.failed:
            return Read(reading=Unreadable(reason=there.failed[resource_id]))
        item = there.items.get(resource_id)
        if item is None:
            return Read(reading=Absent())
        try:
            return Read(reading=self.resource(kind, resource_id, item, edges), item=item)
        except _MALFORMED as error:
            return Read(reading=Unreadable(reason=_malformed(error)))

    def resource(
        self, kind: GceKind, resource_id: str, item: dict[str, Any], edges: Iterable[Edge]
    ) -> Reading:
        """Describe an item in the words of the sweep."""
        state = None if kind.state is None else search(kind.state, item)
        if _is_over(kind, item):
            return Absent(detail=f"it is {state}")
        if kind.refine is not None:
            kind.refine(item)
        incarnation = _text(kind.incarnation, item)
        if kind.incarnation is not None and incarnation is None:
            raise ValueError(f"it tells no {kind.incarnation}")
        linked, beyond = self._linked(kind, item)
        own = self.names.ref(kind.name, resource_id).key
        held = () if kind.held is None else kind.held(item)
        return Resource(
            ref=self.names.ref(kind.name, resource_id, incarnation),
            name=kind.title(resource_id),
            tags=read_labels(None if kind.labels is None else search(kind.labels, item)),
            created=None if kind.created is None else read_time(search(kind.created, item)),
            used=None if kind.used is None else kind.used(item),
            state=None if state is None else str(state),
            going=state in kind.going,
            purge=None if kind.purge is None else read_time(search(kind.purge, item)),
            edges=tuple(dict.fromkeys(edge for edge in (*linked, *edges) if edge.other.key != own)),
            held_by=tuple(dict.fromkeys((*held, *beyond))),
            unread=item.get("+unread"),
            protection=_protection(kind, item),
        )


def read_labels(value: Any) -> dict[str, str]:
    """Read labels; without any, Google leaves the mapping out.

    Raises:
        ValueError: They are no mapping: what they say is unknown.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"labels are {type(value).__name__}")  # noqa: TRY004 - as a malformed answer
    return {str(key): str(each) for key, each in value.items()}


def read_time(value: Any) -> datetime | None:
    """Read a time as Google writes it: RFC 3339, with up to nine digits of a second.

    Raises:
        ValueError: It is none.
    """
    if value in (None, ""):
        return None
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _spoil(items: Iterable[dict[str, Any]], why: str) -> None:
    for item in items:
        item.setdefault("+unread", why)


def _malformed(error: Exception) -> str:
    return f"Google's answer is not as documented ({type(error).__name__}: {error})"


def _text(path: str | None, item: Item) -> str | None:
    value = None if path is None else search(path, item)
    return None if value in (None, "") else str(value)


def _protection(kind: GceKind, item: Item) -> str | None:
    for guard in kind.guards:
        value = search(guard.path, item)
        if value:
            return guard.why or str(value)
    return None


def _is_over(kind: GceKind, item: Item) -> bool:
    return kind.state is not None and search(kind.state, item) in kind.over
