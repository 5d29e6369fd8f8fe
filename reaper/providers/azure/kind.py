"""How an Azure kind is declared: data that the verbs of this package read.

Every resource type can be read and deleted by its ID, declared or not (`unknown.py`). What needs
more is declared: who uses what, what goes along, what forbids it, what is to be done before. Paths
are JMESPath, relative to the resource; a function stands only where Azure is irregular. One
parametrized test holds every path to the models of Azure's own SDKs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reaper.model import Edge, Kind, Ref, Relation, Resource

if TYPE_CHECKING:
    from reaper.providers.azure.api import Api
    from reaper.providers.azure.reading import Reader
    from reaper.providers.azure.typed import Compute
    from reaper.providers.protocol import Answer

# One resource as Azure describes it; what reaper adds stands under keys that begin with `+`.
Item = Mapping[str, Any]
Items = MutableMapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Link:
    """An edge that the resource itself tells of: `path` has the IDs of the others.

    An ID of a part (a subnet, an address of an interface) means what it is a part of.

    Attributes:
        only: Of which kinds; None: of any.
        but: Of which kinds not.
    """

    relation: Relation
    path: str
    only: frozenset[str] | None = None
    but: frozenset[str] = frozenset()


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
        force: The configuration wants machines to be deleted without being shut down.
        purge: It wants vaults that are deleted to be purged.
        item_of: Tells what was read last of another resource that this deletion takes along.
    """

    api: Api
    compute: Compute
    ref: Ref
    item: Item
    resource: Resource
    force: bool
    purge: bool
    item_of: Callable[[Ref], Item | None]

    @property
    def edges(self) -> tuple[Edge, ...]:
        """As the second look saw them."""
        return self.resource.edges


# What must be undone before the deletion; an answer of its own ends the deletion there.
Step = Callable[[Deed], "Answer | None"]
# Adds to items what further calls tell, under keys that begin with `+`.
Completion = Callable[["Reader", Items], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class AzureKind:
    """An Azure kind, as data.

    Attributes:
        kind: Its name, order and pace; the name is its type in lower case.
        type: As Azure writes it.
        version: The API version that its paths are of; None: Azure's newest stable one.
        incarnation: What tells it from a later one of the same ID; None where Azure has nothing.
        created: A creation time that never changes; None: as ARM's own list tells it.
        complete: Adds what further calls tell. Where they fail, the item was not read wholly.
        nested: How it stands to resources of its own that are below it; None: it has none such.
        before: What is undone before it is deleted.
        delete: The deletion, where it is not a DELETE by its ID.
        gone: Told where it is not found: whether it can still be had back, and until when.
        actions: What it needs beyond reading and deleting it.
        changes: What of that changes something.
    """

    kind: Kind
    type: str
    version: str | None = None
    incarnation: str | None = None
    created: str | None = None
    complete: tuple[Completion, ...] = ()
    links: tuple[Link, ...] = ()
    guards: tuple[Guard, ...] = ()
    nested: Relation | None = None
    before: tuple[Step, ...] = ()
    delete: Callable[[Deed], Answer] | None = None
    gone: Callable[[Reader, str], dict[str, Any] | None] | None = None
    actions: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Such as `azure:microsoft.compute/disks`."""
        return self.kind.name


def search(path: str, item: Any) -> Any:
    """Read a JMESPath."""
    return _compiled(path).search(item)


@lru_cache(maxsize=1024)
def _compiled(path: str) -> Any:
    import jmespath  # noqa: PLC0415 - an import that only a place of this provider needs

    return jmespath.compile(path)


def found(path: str, item: Any) -> Sequence[Any]:
    """Read a JMESPath as a list: of what is there, once each."""
    value = search(path, item)
    values = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(each for each in values if each not in (None, "")))
