"""How an OCI kind is declared: data that the verbs of this package read.

Paths are JMESPath, relative to one item as the API has it. A function stands only where the API is
irregular. One parametrized test holds every declaration to the SDK's own operations and models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reaper.model import Edge, Kind, Ref, Relation

if TYPE_CHECKING:
    from reaper.providers.oci.reach import Reach
    from reaper.providers.protocol import Answer

# One resource as OCI describes it; what reaper adds stands under keys that begin with `+`.
Item = Mapping[str, Any]
Items = MutableMapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Link:
    """An edge that the item itself tells of: `path` has the OCIDs of the others.

    Attributes:
        kind: Of the others.
    """

    relation: Relation
    path: str
    kind: str


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
    """One deletion: of what, as the second look saw it.

    Attributes:
        etag: Of what was seen; None: it has none.
    """

    reach: Reach
    ref: Ref
    item: Item
    etag: str | None
    edges: tuple[Edge, ...]

    def others(self, *relations: Relation) -> frozenset[str]:
        """The IDs at the other ends of these edges, as the second look saw them."""
        return frozenset(edge.other.id for edge in self.edges if edge.relation in relations)


# What must be undone before the deletion; an answer of its own ends the deletion there.
Step = Callable[[Deed], "Answer | None"]
# Adds to items what further calls tell, under keys that begin with `+`.
Completion = Callable[["Reach", Items], None]


@dataclass(frozen=True, kw_only=True)
class OciKind:
    """An OCI kind, as data.

    Attributes:
        kind: Its name, order and pace.
        client: As `services.SERVICES` calls it.
        noun: How its OCIDs begin: `ocid1.{noun}.`.
        get: The operation that reads one.
        own: The argument by which one is named.
        list: The operation that lists a compartment's; empty: there is none.
        listing: Its further arguments.
        lists: Several such, where one does not do: it gives the arguments of each.
        whole: The list shows all that `get` does.
        fixed: Nothing of it can be changed but its name, its tags and where it is.
        delete: The operation that deletes one; empty: it only goes with something else.
        options: Further arguments of the deletion.
        conditional: The deletion takes the etag that was read.
        searched: As Resource Search calls it; None: it bears no tags, or is not found by them.
        family: The resource-type by which policies speak of it.
        home: It has no region, and is asked for and changed in the home region.
        rooted: It is in the root compartment always, and is listed nowhere else.
        title: Where an item has its name.
        created: Its creation time, which never changes.
        incarnation: What tells it from a later one of the same ID; None: IDs are never used again.
        state: Its state; one of `going` is on its way out already, one of `over` is no more,
            though it is still listed.
        refine: Adds what no path can read out of an item.
        complete: Adds what further calls tell. Where they fail, the item was not read wholly.
        usage: The same of who would miss it, which lists of all compartments tell. What is on its
            way out already is not asked for that.
        used: When it was last used, where OCI tells.
        purge: When OCI will purge it.
        held: Names of what uses it from elsewhere: it does not go while there are any.
        before: What is undone before it is deleted.
        deletion: The deletion, where it is more than one call.
        proof: The list that must answer before a 404 counts, where its own does not do.
        at: Another endpoint than the region's own, by its ID.
    """

    kind: Kind
    client: str
    noun: str
    get: str
    own: str
    list: str = ""
    listing: Mapping[str, Any] = field(default_factory=dict)
    lists: Callable[[Reach, str], Iterable[Mapping[str, Any]]] | None = None
    whole: bool = True
    fixed: bool = False
    delete: str = ""
    options: Callable[[Deed], Mapping[str, Any]] | None = None
    conditional: bool = True
    searched: str | None = None
    family: str = ""
    home: bool = False
    rooted: bool = False
    title: str = "displayName"
    created: str = "timeCreated"
    incarnation: str | None = None
    state: str = "lifecycleState"
    over: frozenset[str] = frozenset({"TERMINATED"})
    going: frozenset[str] = frozenset({"TERMINATING"})
    refine: Callable[[dict[str, Any]], None] | None = None
    complete: tuple[Completion, ...] = ()
    usage: tuple[Completion, ...] = ()
    used: Callable[[Item], datetime | None] | None = None
    purge: str | None = None
    links: tuple[Link, ...] = ()
    guards: tuple[Guard, ...] = ()
    held: Callable[[Item], Iterable[str]] | None = None
    before: tuple[Step, ...] = ()
    deletion: Callable[[Deed], Answer] | None = None
    proof: Callable[[Reach, str], None] | None = None
    at: Callable[[str, str], str] | None = None

    @property
    def name(self) -> str:
        """Such as `oci:core:instance`."""
        return self.kind.name

    def is_id(self, text: str) -> bool:
        """Whether a text can be the ID of one of these."""
        return text.startswith("ocid1.") if self.noun else bool(text)

    def key(self, item: Item) -> str:
        """The ID that an item tells."""
        return str(item["id"] if self.noun else item["name"])


def search(path: str, item: Any) -> Any:
    """Read a JMESPath."""
    return _compiled(path).search(item)


@lru_cache(maxsize=1024)
def _compiled(path: str) -> Any:
    import jmespath  # noqa: PLC0415 - an import that only a place of this provider needs

    return jmespath.compile(path)


def found(path: str, item: Any) -> Iterator[str]:
    """Read a JMESPath as texts: of what is there, once each."""
    value = search(path, item)
    values = value if isinstance(value, list) else [value]
    yield from dict.fromkeys(each for each in values if isinstance(each, str) and each)
