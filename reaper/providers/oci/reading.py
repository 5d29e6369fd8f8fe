"""Authoritative reads: what is there, and why a «not found» is believed or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reaper.model import Edge, Ref, Relation, Resource
from reaper.providers.oci.answers import CALL_ERRORS, absent, explain
from reaper.providers.oci.kind import Item, Link, OciKind, found, search
from reaper.providers.oci.reach import Reach, at_once
from reaper.providers.oci.tags import TagReader
from reaper.providers.protocol import Absent, Reading, Unreadable

MALFORMED = (KeyError, TypeError, AttributeError, ValueError)
# What these lead to must be known: where it is not, the resource stays.
_WEIGHTY = frozenset(Relation) - {Relation.USES}
# What these lead to must be reapable itself.
_HOLDING = _WEIGHTY - {Relation.MADE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """One resource as it was read, and what it was read from.

    Attributes:
        etag: None: it was in a list, which tells none.
    """

    reading: Reading
    item: Item | None = None
    etag: str | None = None


@dataclass(eq=False, kw_only=True, slots=True)
class _Found:
    """What one read answered: an item, or why there is none."""

    item: dict[str, Any] | None = None
    etag: str | None = None
    reading: Reading | None = None


class Reader:
    """Reads the resources of one cell."""

    def __init__(self, reach: Reach, tags: TagReader) -> None:
        self.reach = reach
        self.tags = tags
        # What was listed before proves nothing of what is gone since.
        self.since = reach.told.now

    def read(
        self, kind: OciKind, refs: Sequence[Ref], known: Mapping[str, dict[str, Any]]
    ) -> dict[str, Read]:
        """Read these, all of one kind; the result has an entry for each `ref.id`.

        Args:
            kind: Of them all.
            refs: Which.
            known: What a list has told of some of them in this moment.
        """
        wanted = {ref.id: ref for ref in refs}
        answers = dict(
            zip(
                wanted,
                at_once(lambda ref: self._one(kind, ref, known), wanted.values()),
                strict=True,
            )
        )
        self._complete(kind, answers)
        return {key: self._result(kind, wanted[key], answer) for key, answer in answers.items()}

    # --- items ----------------------------------------------------------------------------------

    def _one(self, kind: OciKind, ref: Ref, known: Mapping[str, dict[str, Any]]) -> _Found:
        """Ask for one; a «not found» counts only with a positive control in its compartment."""
        if ref.id in known:
            return _Found(item=dict(known[ref.id]))
        try:
            item, etag = self.reach.get(kind, ref.id)
        except CALL_ERRORS as error:
            if absent(error):
                return _Found(reading=self._absent(kind, ref, explain(error)))
            why = f"{kind.name} {ref.id} ({self.reach.connection.who}): {explain(error)}"
            return _Found(reading=Unreadable(reason=why))
        except MALFORMED as error:
            return _Found(reading=Unreadable(reason=_malformed(error)))
        return _Found(item=item, etag=etag)

    def _absent(self, kind: OciKind, ref: Ref, told: str) -> Reading:
        """Tell whether it is gone: the list of its compartment answers, and does not have it."""
        compartment = ref.scope.rpartition("/")[2]
        try:
            listed = self.listed(kind, compartment)
        except CALL_ERRORS as error:
            why = f"{self.reach.describe(kind, compartment)}: {explain(error)}"
            return Unreadable(reason=f"{told}; it may be there, as nothing can be listed: {why}")
        except MALFORMED as error:
            return Unreadable(reason=f"{told}; {_malformed(error)}")
        item = listed.get(ref.id)
        if item is not None and not is_over(kind, item):
            return Unreadable(reason=f"{told}; it is listed still: the permission may be missing")
        return Absent()

    def listed(self, kind: OciKind, compartment: str) -> dict[str, dict[str, Any]]:
        """The positive control of a compartment: what its list has, by ID.

        A kind without such a list has another one that must answer.

        Raises:
            OciError, Unanswered: It did not.
        """
        if kind.proof is not None:
            kind.proof(self.reach, compartment)
            return {}
        items = self.reach.all_of(kind, compartment, since=self.since)
        return {kind.key(each): each for each in items}

    # --- what further calls tell ----------------------------------------------------------------

    def _complete(self, kind: OciKind, answers: Mapping[str, _Found]) -> None:
        """Add to each item what further calls tell; where one fails, it was not read wholly."""
        alive = {
            key: answer.item
            for key, answer in answers.items()
            if answer.item is not None and not is_over(kind, answer.item)
        }
        staying = {
            key: item for key, item in alive.items() if search(kind.state, item) not in kind.going
        }
        for complete, items in (
            *((each, alive) for each in kind.complete),
            *((each, staying) for each in kind.usage),
        ):
            if not items:
                continue
            try:
                complete(self.reach, items)
            except CALL_ERRORS as error:
                spoil(items.values(), f"what it is bound to cannot be told: {explain(error)}")
            except MALFORMED as error:
                spoil(items.values(), _malformed(error))

    # --- edges ----------------------------------------------------------------------------------

    def _edges(
        self, kind: OciKind, item: Item, missing: list[str], held: list[str]
    ) -> Iterator[Edge]:
        """The edges; what is in compartments that are not looked at holds it by its name."""
        for link in kind.links:
            for other in found(link.path, item):
                edge = self._edge(link, other, missing)
                if edge is None:
                    continue
                compartment = edge.other.scope.rpartition("/")[2]
                if compartment in self.reach.compartments:
                    yield edge
                elif link.relation in _HOLDING and other != item.get("id"):
                    held.append(f"{link.kind} {other} in {compartment}, which is not looked at")

    def _edge(self, link: Link, other: str, missing: list[str]) -> Edge | None:
        """The edge; one that only orders leads to what this scan has seen, and to nothing else."""
        kind = self.reach.kinds[link.kind]
        compartment = self.reach.whereabouts.of(other)
        if compartment is None:
            if link.relation not in _WEIGHTY:
                return None
            compartment = self._whereabouts(kind, other, missing)
            if compartment is None:
                return None
        return Edge(relation=link.relation, other=self.reach.ref(link.kind, compartment, other))

    def _whereabouts(self, kind: OciKind, other: str, missing: list[str]) -> str | None:
        try:
            item, _ = self.reach.get(kind, other)
        except CALL_ERRORS as error:
            missing.append(f"it is bound to {other}, of which nothing is known: {explain(error)}")
            return None
        return None if is_over(kind, item) else str(item.get("compartmentId") or "")

    # --- resources ------------------------------------------------------------------------------

    def _result(self, kind: OciKind, ref: Ref, answer: _Found) -> Read:
        if answer.item is None:
            assert answer.reading is not None  # either was answered
            return Read(reading=answer.reading)
        try:
            reading = self.resource(kind, ref, answer.item)
        except MALFORMED as error:
            reading = Unreadable(reason=_malformed(error))
        return Read(reading=reading, item=answer.item, etag=answer.etag)

    def resource(self, kind: OciKind, ref: Ref, item: dict[str, Any]) -> Reading:
        """Describe an item in the words of the sweep."""
        state = search(kind.state, item)
        if is_over(kind, item):
            return Absent(detail=f"it is {state}")
        compartment = str(item.get("compartmentId") or "")
        if f"{self.reach.scope}/{compartment}" != ref.scope:
            return Unreadable(reason=f"it is in the compartment {compartment} now")
        if kind.refine is not None:
            kind.refine(item)
        missing: list[str] = []
        held: list[str] = [] if kind.held is None else list(kind.held(item))
        edges = list(self._edges(kind, item, missing, held))
        tags, conflict = self.tags.read(item)
        untold = _untold(kind, item)
        unread = [each for each in (item.get("+unread"), conflict, untold, *missing) if each]
        # What tells nothing of which one it is, is taken for the one that was asked for: else it
        # would be another, and the one that was asked for gone.
        incarnation = _incarnation(kind, item) or ref.incarnation
        return Resource(
            ref=self.reach.ref(kind.name, compartment, ref.id, incarnation),
            name=str(search(kind.title, item) or ref.id),
            tags=tags,
            created=read_time(search(kind.created, item)),
            used=None if kind.used is None else kind.used(item),
            state=None if state is None else str(state),
            going=state in kind.going,
            purge=None if kind.purge is None else read_time(search(kind.purge, item)),
            edges=tuple(dict.fromkeys(each for each in edges if each.other.id != ref.id)),
            held_by=tuple(dict.fromkeys(held)),
            unread="; ".join(unread) or None,
            protection=_protection(kind, item),
        )


def read_time(value: Any) -> datetime | None:
    """Read a time as OCI writes it: RFC 3339.

    Raises:
        ValueError: It is none.
    """
    if value in (None, ""):
        return None
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def spoil(items: Iterable[dict[str, Any]], why: str) -> None:
    """Say of these that they were not read wholly."""
    for item in items:
        item.setdefault("+unread", why)


def is_over(kind: OciKind, item: Item) -> bool:
    """Whether it is no more, though it is told of still."""
    return search(kind.state, item) in kind.over


def _malformed(error: Exception) -> str:
    return f"OCI's answer is not as documented ({type(error).__name__}: {error})"


def _incarnation(kind: OciKind, item: Item) -> str | None:
    told = None if kind.incarnation is None else search(kind.incarnation, item)
    return None if told in (None, "") else str(told)


def _untold(kind: OciKind, item: Item) -> str | None:
    """Say what an answer lacks without which nothing can be judged; None: nothing."""
    wanted = (kind.created, *((kind.incarnation,) if kind.incarnation else ()))
    lacking = [path for path in dict.fromkeys(wanted) if search(path, item) in (None, "")]
    return f"OCI's answer tells no {', '.join(lacking)}" if lacking else None


def _protection(kind: OciKind, item: Item) -> str | None:
    for guard in kind.guards:
        value = search(guard.path, item)
        if value:
            return guard.why or str(value)
    return None
