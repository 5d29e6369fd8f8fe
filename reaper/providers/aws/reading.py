"""Authoritative reads: what a declaration says, put to AWS in batches, as resources with edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from reaper.model import Edge, Ref, Resource
from reaper.providers.aws.answers import CALL_ERRORS, is_any, tell
from reaper.providers.aws.api import Api, at_once, batches, found_all
from reaper.providers.aws.arns import arn_of, id_in
from reaper.providers.aws.kind import Also, AwsKind, Item, Many, One, Users, found, search
from reaper.providers.protocol import Absent, Reading, Unreadable

# Beyond this, in the year 5138, a number is of milliseconds.
_LATEST_S = 1e11
_MALFORMED = (KeyError, TypeError, AttributeError, ValueError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """One resource as it was read, and the item that it was read from."""

    reading: Reading
    item: Item | None = None


class Reader:
    """Reads the resources of one scope."""

    def __init__(self, api: Api, kinds: Mapping[str, AwsKind], partition: str = "aws") -> None:
        self.api = api
        self.kinds = kinds
        self.partition = partition

    def read(self, kind: AwsKind, ids: Sequence[str]) -> dict[str, Read]:
        """Read these; the result has an entry for each."""
        try:
            items, failed = self._items(kind, ids)
            self._complete(kind, items, failed)
            edges = self._used(kind, items, failed)
        except _MALFORMED as error:
            why = f"AWS's answer is not as documented ({type(error).__name__}: {error})"
            return {each: Read(reading=Unreadable(reason=why)) for each in ids}
        return {each: self._result(kind, each, items, failed, edges) for each in ids}

    def _result(
        self,
        kind: AwsKind,
        resource_id: str,
        items: Mapping[str, dict[str, Any]],
        failed: Mapping[str, str],
        edges: Mapping[str, list[Edge]],
    ) -> Read:
        if resource_id in failed:
            return Read(reading=Unreadable(reason=failed[resource_id]))
        item = items.get(resource_id)
        if item is None:
            return Read(reading=Absent())
        try:
            reading = self.resource(kind, resource_id, item, edges.get(resource_id, ()))
        except CALL_ERRORS as error:
            return Read(reading=Unreadable(reason=tell(error)))
        except _MALFORMED as error:
            why = f"AWS's answer is not as documented ({type(error).__name__}: {error})"
            return Read(reading=Unreadable(reason=why))
        return Read(reading=reading, item=item)

    # --- items ----------------------------------------------------------------------------------

    def _items(
        self, kind: AwsKind, ids: Sequence[str]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        """What AWS says of each that is there, and why some could not be read."""
        items: dict[str, dict[str, Any]] = {}
        failed: dict[str, str] = {}
        if isinstance(kind.read, Many):
            many = kind.read
            asked = batches(ids, many.size)
            results = at_once(lambda batch: self._many(kind, many, batch), asked)
        else:
            one = kind.read
            results = at_once(lambda each: self._one(kind, one, each), ids)
        for there, broken in results:
            items.update(there)
            failed.update(broken)
        return items, failed

    def _many(
        self, kind: AwsKind, many: Many, ids: Sequence[str]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        wanted = set(ids)
        try:
            answer = self._listed(kind, many, ids)
        except CALL_ERRORS as error:
            if not is_any(error, many.missing):
                return {}, dict.fromkeys(ids, tell(error))
            return self._halves(kind, many, ids)
        there: dict[str, dict[str, Any]] = {}
        for item in answer:
            told = id_in(kind, str(search(kind.id, item) or ""))
            if told is None or not told:
                raise ValueError(f"{many.call.operation} names something without its ID")
            if told in wanted:
                there[told] = dict(item)
        return there, {}

    def _listed(self, kind: AwsKind, many: Many, ids: Sequence[str]) -> list[Any]:
        """Read a whole list, in which each page must have one: what it leaves out is not there.

        Raises:
            KeyError, TypeError: A page has no such list, as where another answered than AWS.
        """
        answer: list[Any] = []
        for page in self.api.pages(kind.service, many.call, ids=ids, id=ids[0]):
            listed = page[many.call.items.partition("[")[0]]
            if not isinstance(listed, list) or None in listed:
                raise TypeError(f"{many.call.operation} gave no list")
            answer += found_all(many.call.items, page)
        return answer

    def _halves(
        self, kind: AwsKind, many: Many, ids: Sequence[str]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        """One is not there, and the call says no more than that."""
        if len(ids) == 1:
            return {}, {}
        middle = len(ids) // 2
        there, failed = self._many(kind, many, ids[:middle])
        more, also_failed = self._many(kind, many, ids[middle:])
        return there | more, failed | also_failed

    def _one(
        self, kind: AwsKind, one: One, resource_id: str
    ) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        arn = arn_of(kind, self.api.scope, resource_id, self.partition)
        try:
            answer = self.api.items(kind.service, one.call, id=resource_id, arn=arn)
        except CALL_ERRORS as error:
            if is_any(error, one.absent):
                return {}, {}
            return {}, {resource_id: tell(error)}
        if not answer:
            why = f"{self.api.describe(kind.service, one.call)}: the answer has no {one.call.items}"
            return {}, {resource_id: why}
        return {resource_id: dict(answer[0])}, {}

    # --- what further calls tell ----------------------------------------------------------------

    def _complete(
        self, kind: AwsKind, items: dict[str, dict[str, Any]], failed: dict[str, str]
    ) -> None:
        """Add to each item what further calls tell; where one fails, the item is not read."""
        for resource_id, item in items.items():
            item["+id"] = resource_id
            item["+arn"] = arn_of(kind, self.api.scope, resource_id, self.partition)
        for also in kind.also:
            alive = {key: each for key, each in items.items() if not _is_over(kind, each)}
            if also.by is None:
                ask = partial(self._ask_one, kind, also)
                answers = dict(zip(alive, at_once(ask, alive.values()), strict=True))
            else:
                answers = self._ask_many(kind, also, alive)
            for key, answer in answers.items():
                if isinstance(answer, Exception):
                    failed[key] = tell(answer)
                else:
                    items[key][also.into] = answer

    def _ask_one(self, kind: AwsKind, also: Also, item: Item) -> Any:
        try:
            answer = self.api.items(
                kind.service, also.call, id=item["+id"], arn=item["+arn"], item=item
            )
        except CALL_ERRORS as error:
            return [] if is_any(error, also.absent) else error
        return search(also.take, answer)

    def _ask_many(
        self, kind: AwsKind, also: Also, items: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        assert also.by is not None
        by_arn = {item["+arn"]: key for key, item in items.items()}
        result: dict[str, Any] = {}
        for batch in batches(list(by_arn), also.size):
            try:
                answer = self.api.items(kind.service, also.call, ids=batch)
            except CALL_ERRORS as error:
                result.update({by_arn[arn]: error for arn in batch})
                continue
            told = {search(also.by, each): each for each in answer}
            for arn in batch:
                result[by_arn[arn]] = (
                    search(also.take, told[arn]) if arn in told else ValueError(f"{arn} left out")
                )
        return result

    # --- edges ----------------------------------------------------------------------------------

    def _used(
        self, kind: AwsKind, items: Mapping[str, Item], failed: dict[str, str]
    ) -> dict[str, list[Edge]]:
        """The edges that only others tell of."""
        edges: dict[str, list[Edge]] = {}
        alive = {key: item for key, item in items.items() if not _is_over(kind, item)}
        for users in kind.users:
            try:
                for key, edge in self.users(kind, users, alive):
                    edges.setdefault(key, []).append(edge)
            except CALL_ERRORS as error:
                failed.update(dict.fromkeys(alive, tell(error)))
        return edges

    def users(
        self, kind: AwsKind, users: Users, items: Mapping[str, Item]
    ) -> list[tuple[str, Edge]]:
        """Ask who uses these: (the key of the used, the edge to its user).

        Raises:
            ClientError, BotoCoreError: AWS refused.
        """
        by_value: dict[str, list[str]] = {}
        for key, item in items.items():
            for value in found(users.key, item):
                by_value.setdefault(str(value), []).append(key)
        result: list[tuple[str, Edge]] = []
        for batch in batches(sorted(by_value), users.size):
            for user in self.api.items(kind.service, users.call, ids=batch, id=batch[0]):
                other = self.ref(users.kind, str(search(users.id, user)))
                for value in found(users.of, user):
                    for key in by_value.get(str(value), ()):
                        if other is not None and (users.kind, key) != (kind.name_of_kind, other.id):
                            result += [
                                (key, Edge(relation=relation, other=other))
                                for relation in users.relations
                            ]
        return result

    def _linked(self, kind: AwsKind, item: Item) -> Iterable[Edge]:
        for link in kind.links:
            for value in found(link.path, item):
                other = self.ref(link.kind, str(value))
                if other is not None:
                    yield Edge(relation=link.relation, other=other)

    def ref(self, kind: str, told: str) -> Ref | None:
        """Address what AWS calls so; None where it is no resource of that kind here."""
        declared = self.kinds.get(kind)
        resource_id = told if declared is None else id_in(declared, told)
        if not resource_id:
            return None
        return Ref(kind=kind, scope=self.api.scope, id=resource_id)

    # --- resources ------------------------------------------------------------------------------

    def resource(
        self, kind: AwsKind, resource_id: str, item: dict[str, Any], edges: Iterable[Edge]
    ) -> Reading:
        """Describe an item in the words of the sweep."""
        state = None if kind.state is None else search(kind.state, item)
        if _is_over(kind, item):
            return Absent(detail=f"it is {state}")
        tags = read_tags(search(kind.tags, item))
        item["+tags"] = tags
        if kind.refine is not None:
            kind.refine(item)
        held = tuple(kind.held(self.api, item)) if kind.held is not None else ()
        return Resource(
            ref=Ref(
                kind=kind.name_of_kind,
                scope=self.api.scope,
                id=resource_id,
                incarnation=_text(kind.incarnation, item),
            ),
            name=_text(kind.name, item) or tags.get("Name") or None,
            tags=tags,
            created=None if kind.created is None else read_time(search(kind.created, item)),
            used=_used_at(kind, item),
            state=None if state is None else str(state),
            going=state in kind.going,
            purge=None if kind.purge is None else read_time(search(kind.purge, item)),
            edges=tuple(dict.fromkeys((*self._linked(kind, item), *edges))),
            held_by=held,
            protection=next((guard.why for guard in kind.guards if search(guard.path, item)), None),
        )


def read_tags(value: Any) -> dict[str, str]:
    """Read tags as AWS writes them: a mapping, or a list of keys and values.

    Raises:
        ValueError: They are neither: what they say is unknown.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {str(key): str(each) for key, each in value.items()}
    if not isinstance(value, list):
        raise ValueError(f"tags are {type(value).__name__}")  # noqa: TRY004 - as a malformed answer
    tags: dict[str, str] = {}
    for each in value:
        key = each["Key"] if "Key" in each else each["TagKey"]
        tags[str(key)] = str(each["Value"] if "Value" in each else each.get("TagValue", ""))
    return tags


def read_time(value: Any) -> datetime | None:
    """Read a time as AWS writes it: a time, a text, or milliseconds since 1970."""
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    text = str(value)
    if text.replace(".", "", 1).isdigit():
        seconds = float(text)
        if seconds > _LATEST_S:
            seconds /= 1000
        return datetime.fromtimestamp(seconds, tz=UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _text(path: str | None, item: Item) -> str | None:
    value = None if path is None else search(path, item)
    if value in (None, ""):
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _used_at(kind: AwsKind, item: Item) -> datetime | None:
    if kind.used is None:
        return None
    return kind.used(item) if callable(kind.used) else read_time(search(kind.used, item))


def _is_over(kind: AwsKind, item: Item) -> bool:
    return kind.state is not None and search(kind.state, item) in kind.over
