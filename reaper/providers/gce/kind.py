"""How a Google Cloud kind is declared: data that the verbs of this package read.

Paths are JMESPath, relative to one item of an answer. A function stands only where the API is
irregular. One parametrized test holds every declaration to Google's own discovery documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from reaper.model import Edge, Kind, Ref, Relation
from reaper.model.instants import shortest
from reaper.providers.gce.services import SERVICES, Service

if TYPE_CHECKING:
    from reaper.providers.gce.api import Api
    from reaper.providers.gce.reading import Reader
    from reaper.providers.protocol import Answer

# One resource as Google describes it; what reaper adds stands under keys that begin with `+`.
Item = Mapping[str, Any]
Items = MutableMapping[str, dict[str, Any]]

# The path of what `tell_born` tells.
BORN = '"+born"'


class Place(StrEnum):
    """Where a resource of Compute is, as its path says."""

    ZONE = "zones"
    REGION = "regions"
    GLOBAL = "global"


class Filter(StrEnum):
    """How a kind's list is asked for what bears a label."""

    LABELS = "labels"  # by Google, with a filter
    OURSELVES = "ourselves"  # the list takes no filter of labels: all of it is read
    NONE = "none"  # it bears no labels: the journal names it


@dataclass(frozen=True, slots=True)
class Link:
    """An edge that the item itself tells of: `path` has the links (or names) of the others.

    Attributes:
        only: Of which kinds; None: of any.
        form: How an ID is made of what `path` finds, where that is no link: `topics/{}`.
        incarnation: Where a list of the others' incarnations is, beside that of their links.
    """

    relation: Relation
    path: str
    only: frozenset[str] | None = None
    form: str | None = None
    incarnation: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Users:
    """Edges that only others tell of: the list of their kind is read, and held against this one.

    Attributes:
        kind: Of the others.
        of: Where each of them names what it uses.
        key: What `of` is compared with: the path of a text in the item of this kind, or None for
            links to it.
    """

    kind: str
    of: str
    key: str | None = None
    relation: Relation = Relation.USED_BY


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that forbids its deletion: where `path` is true.

    Attributes:
        why: For what reason; None: what `path` finds says it.
    """

    path: str
    why: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Deed:
    """One deletion: of what, as the second look saw it."""

    api: Api
    ref: Ref
    item: Item
    edges: tuple[Edge, ...]

    def others(self, *relations: Relation) -> frozenset[str]:
        """The IDs at the other ends of these edges, as the second look saw them."""
        return frozenset(edge.other.id for edge in self.edges if edge.relation in relations)


# What must be undone before the deletion; an answer of its own ends the deletion there.
Step = Callable[[Deed], "Answer | None"]
# Adds to items what further calls tell, under keys that begin with `+`.
Completion = Callable[["Reader", Items], None]


@dataclass(frozen=True, kw_only=True)
class GceKind:
    """A Google Cloud kind, as data.

    Attributes:
        kind: Its name, order and pace.
        service: As `services.SERVICES` calls it.
        collection: As it stands in paths: `disks`.
        places: Where it is, for kinds of Compute.
        aggregated: Compute lists it for all places at once; else only the global ones.
        form: Its ID as a regular expression; None: as `places` say.
        lists: The paths of its lists, below the project; None: as `places` say. A function where
            they are to be asked for first.
        listed: Where a page of its list has the items.
        own_id: Where an item tells its ID, perhaps below `projects/…/`; None: its place and name.
        filter: How its list is asked for what bears a label.
        labels: Where an item has its labels, as a mapping.
        incarnation: What tells it from a later one of the same name; None where Google has none.
        created: A creation time that never changes; None where Google keeps none.
        state: Its state; one of `going` is on its way out already, one of `over` is no more,
            though it is still listed.
        refine: Adds what no path can read out of an item, under keys that begin with `+`.
        complete: Adds what further calls tell. Where they fail, the item was not read wholly.
        used: When it was last written to, where Google tells.
        purge: When Google will purge it.
        held: Names of what uses it from elsewhere: it does not go while there are any.
        before: What is undone before it is deleted.
        delete: The deletion, where it is not a DELETE at its path.
        condition: Parameters by which Google itself refuses to delete another incarnation.
        gone: The reasons by which a deletion says that it is gone already.
        permissions: What it needs beyond getting, listing and deleting it.
        noun: As its permissions call the collection, by place; where that is irregular.
    """

    kind: Kind
    service: str
    collection: str
    places: tuple[Place, ...] = ()
    aggregated: bool = True
    form: str | None = None
    lists: tuple[str, ...] | Callable[[Api], Iterable[str]] | None = None
    listed: str = "items"
    own_id: str | None = None
    filter: Filter = Filter.LABELS
    labels: str | None = "labels"
    incarnation: str | None = "id"
    created: str | None = "creationTimestamp"
    state: str | None = None
    over: frozenset[str] = frozenset()
    going: frozenset[str] = frozenset()
    refine: Callable[[dict[str, Any]], None] | None = None
    complete: tuple[Completion, ...] = ()
    used: Callable[[Item], datetime | None] | None = None
    purge: str | None = None
    links: tuple[Link, ...] = ()
    users: tuple[Users, ...] = ()
    guards: tuple[Guard, ...] = ()
    held: Callable[[Item], Iterable[str]] | None = None
    before: tuple[Step, ...] = ()
    delete: Callable[[Deed], Answer] | None = None
    condition: Callable[[Deed], Mapping[str, str]] | None = None
    permissions: tuple[str, ...] = ()
    noun: Mapping[Place, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Such as `gce:compute:disk`."""
        return self.kind.name

    @property
    def api(self) -> Service:
        """Where its service answers."""
        return SERVICES[self.service]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What its IDs look like."""
        if self.form is not None:
            return re.compile(self.form)
        where = "|".join(
            "global" if place is Place.GLOBAL else f"{place}/[^/]+" for place in self.places
        )
        return re.compile(f"(?:{where})/{self.collection}/[^/]+")

    def is_id(self, text: str) -> bool:
        """Whether a text is the ID of one of these."""
        return self.pattern.fullmatch(text) is not None

    def title(self, resource_id: str) -> str:
        """What a person calls it: the last part of its ID."""
        return resource_id.rpartition("/")[2]


def tell_born(item: dict[str, Any]) -> None:
    """Tell the creation time that is an incarnation, with the digits that it needs."""
    if item.get("createTime"):
        item[BORN.strip('"')] = shortest(str(item["createTime"]))


def search(path: str, item: Any) -> Any:
    """Read a JMESPath."""
    return _compiled(path).search(item)


@lru_cache(maxsize=1024)
def _compiled(path: str) -> Any:
    import jmespath  # noqa: PLC0415 - an import that only a place of this provider needs

    return jmespath.compile(path)


def found(path: str, item: Any) -> list[Any]:
    """Read a JMESPath as a list: of what is there, once each."""
    return list(dict.fromkeys(each for each in listed(path, item) if each not in (None, "")))


def listed(path: str, item: Any) -> Sequence[Any]:
    """Read a JMESPath as a list, as it is."""
    value = search(path, item)
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]
