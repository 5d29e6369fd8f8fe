"""How an AWS kind is declared: data that the verbs of this package read.

Paths are JMESPath, relative to one item of an answer. A function stands only where the cloud is
irregular. One parametrized test holds every declaration to botocore's own model of the API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reaper.model import Edge, Kind, Ref, Relation

if TYPE_CHECKING:
    from reaper.providers.aws.api import Api
    from reaper.providers.protocol import Answer

# One resource as AWS describes it; what further calls added stands under keys that begin with `+`.
Item = Mapping[str, Any]


class Arg(Enum):
    """What is put into a call's arguments."""

    ID = "the resource's ID"
    IDS = "the IDs of a batch"
    ARN = "the resource's ARN"
    REGION = "the region"
    KEY = "a tag's key"


@dataclass(frozen=True, slots=True)
class At:
    """An argument that is read from the item at this path."""

    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One API operation, such as `describe_volumes`; every page of its answer is read.

    Attributes:
        items: Where its answer (or each page of it) has what it was asked for.
        service: Whose operation it is; None: the kind's own.
    """

    operation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    items: str = "@"
    service: str | None = None


def by_filter(name: str) -> dict[str, Any]:
    """Arguments of an EC2 call that asks for many: a filter tolerates what is not there."""
    return {"Filters": [{"Name": name, "Values": Arg.IDS}]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Many:
    """Reads up to `size` with one call, which leaves out what is not there.

    Its success proves by itself that what it left out is not there: no other control is asked.

    Attributes:
        missing: Codes by which the call fails as a whole because one is not there; the batch is
            halved then until those that are there are known.
    """

    call: Call
    size: int = 200
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class One:
    """Reads one with one call; `absent` are the codes of «there is no such thing»."""

    call: Call
    absent: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Also:
    """A further call for what the first does not tell.

    Attributes:
        call: For one item each, or with `Arg.IDS` for up to `size` at once.
        into: The key of the item under which its answer is put.
        take: Of what `call.items` found, what is put there.
        by: Where a batch's answers tell which item they are about.
        absent: Codes that mean there is nothing to tell.
    """

    call: Call
    into: str
    take: str = "@"
    by: str | None = None
    size: int = 20
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """An edge that the item itself tells of: `path` has the IDs or ARNs of the others.

    A reserved tag's value is at `+tags."aws:…"`, since tags are read into a mapping first.
    """

    relation: Relation
    kind: str
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Users:
    """Edges that only others tell of: one filtered call for a batch names them.

    Attributes:
        kind: Of the others; None where `call` asks for their own kind.
        id: Where each of the found has its ID.
        of: Where each of the found names what it uses: IDs, ARNs, or names as in `named_by`.
        key: What `of` is compared with: the path in the item of this kind.
    """

    relations: tuple[Relation, ...]
    kind: str
    call: Call
    id: str
    of: str
    key: str = '"+id"'
    size: int = 200


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that forbids its deletion: where `path` is true, for the reason `why`."""

    path: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deed:
    """One deletion: of what, as the second look saw it, and by which clients."""

    api: Api
    ref: Ref
    arn: str
    item: Item
    edges: tuple[Edge, ...]

    def others(self, *relations: Relation) -> frozenset[str]:
        """The IDs at the other ends of these edges, as the second look saw them."""
        return frozenset(edge.other.id for edge in self.edges if edge.relation in relations)


# What must be undone before the deletion; an answer of its own ends the deletion there.
Step = Callable[[Deed], "Answer | None"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsKind:
    """An AWS kind, as data.

    Attributes:
        kind: Its name, order and pace.
        service: As boto3 calls it.
        arn: How its ARN goes on after the partition, with `{id}`, `{region}`, `{account}`.
        id_form: What `{id}` looks like, as a regular expression.
        id_is_arn: Its ID is the whole ARN.
        listing: Names all there are; the source of a full scan, and by its success the control.
        id: Where an item of `listing` and of `read` has its ID.
        read: How it is read authoritatively.
        also: Further calls that complete an item.
        refine: Adds what no path can read out of an item, under keys that begin with `+`.
        tags: Where an item has its tags: a list of keys and values, or a mapping.
        created: A creation time that never changes; None where AWS keeps none.
        incarnation: What tells it from a later one of the same ID; None where IDs are never
            used again.
        used: When it was last used or written to, where AWS tells: a path, or a function.
        over: States in which it is no more, though it is still described.
        going: States in which it is on its way out already.
        purge: Where its item has the time at which AWS will purge it.
        held: Names of what uses it from another cell; while there are any, it does not go.
        before: What is undone before it is deleted.
        delete: The deletion.
        gone: Codes by which a deletion says that it is gone already.
        slow: A deletion that AWS accepts and carries out later.
        answer: Reads the deletion's answer, where it says more than that it was taken on.
        blockers: Who may be in the way of a deletion that was refused: asked only then.
        indexed: The Resource Groups Tagging API tells of it.
        tag_filter: The arguments by which `listing` asks for what bears a tag (`Arg.KEY`), where
            the index does not tell of the kind.
        candidates: Names what may be a run's, where neither the index nor a filter tells.
        listed: Where an item of `listing` has its ID, if not where `read` has it.
        everywhere: It lives in the regions; else it has no region.
        actions: The permissions it needs beyond what its calls tell.
    """

    kind: Kind
    service: str
    arn: str
    listing: Call
    id: str
    read: Many | One
    delete: Call
    gone: tuple[str, ...]
    also: tuple[Also, ...] = ()
    id_form: str = ".+"
    id_is_arn: bool = False
    refine: Callable[[dict[str, Any]], None] | None = None
    tags: str = "Tags"
    name: str | None = None
    created: str | None = None
    incarnation: str | None = None
    used: str | Callable[[Item], datetime | None] | None = None
    state: str | None = None
    over: frozenset[str] = frozenset()
    going: frozenset[str] = frozenset()
    purge: str | None = None
    guards: tuple[Guard, ...] = ()
    links: tuple[Link, ...] = ()
    users: tuple[Users, ...] = ()
    held: Callable[[Api, Item], Iterable[str]] | None = None
    before: tuple[Step, ...] = ()
    slow: bool = False
    answer: Callable[[Mapping[str, Any]], Answer] | None = None
    blockers: tuple[Users, ...] = ()
    indexed: bool = True
    tag_filter: Mapping[str, Any] | None = None
    candidates: Callable[[Api, AwsKind], Iterable[tuple[str, Mapping[str, str]]]] | None = None
    listed: str | None = None
    everywhere: bool = True
    actions: tuple[str, ...] = ()

    @property
    def name_of_kind(self) -> str:
        """Such as `aws:ec2:volume`."""
        return self.kind.name

    @property
    def listed_id(self) -> str:
        """Where an item of `listing` has its ID."""
        return self.listed or self.id


def fill(value: Any, **given: Any) -> Any:
    """Put what is given (`id`, `ids`, `arn`, `region`, `key`, `item`) into a call's arguments."""
    match value:
        case Arg.IDS:
            return list(given["ids"])
        case Arg():
            return given[value.name.lower()]
        case At(path):
            return search(path, given["item"])
        case Mapping():
            return {key: fill(each, **given) for key, each in value.items()}
        case list() | tuple():
            return [fill(each, **given) for each in value]
        case _:
            return value


def search(path: str, item: Any) -> Any:
    """Read a JMESPath."""
    return _compiled(path).search(item)


@lru_cache(maxsize=1024)
def _compiled(path: str) -> Any:
    import jmespath  # noqa: PLC0415 - comes with boto3, which only this provider needs

    return jmespath.compile(path)


def found(path: str, item: Any) -> list[Any]:
    """Read a JMESPath as a list: of what is there, once each."""
    value = search(path, item)
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(each for each in values if each not in (None, "")))
