"""The permissions that each kind needs, read from the kinds' own declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reaper.providers.gce.kind import GceKind
from reaper.providers.gce.names import KMS_KEY

# Which project it is, and what became of long operations.
IDENTITY = "resourcemanager.projects.get"
INVENTORY = "cloudasset.assets.searchAllResources"
_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "compute": (
        "compute.globalOperations.get",
        "compute.regionOperations.get",
        "compute.zoneOperations.get",
    ),
    "container": ("container.operations.get",),
}
_READING = ("get", "list", "search")
# As permissions call a collection that paths call otherwise.
_NOUNS = {"b": "buckets"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a kind needs: for looking, and for deleting."""

    reads: frozenset[str]
    changes: frozenset[str]


def needs_of(kind: GceKind, kinds: Mapping[str, GceKind]) -> Needs:
    """What a kind's declaration calls for."""
    wanted = {*_own(kind), *kind.permissions, *_of_users(kind, kinds)}
    reads = frozenset(each for each in wanted if is_reading(each))
    changes = frozenset(wanted - reads)
    return Needs(
        reads=reads,
        changes=changes | frozenset(_OPERATIONS.get(kind.service, ()) if changes else ()),
    )


def is_reading(permission: str) -> bool:
    """Whether a permission lets nothing be changed."""
    return permission.rpartition(".")[2].startswith(_READING)


def _own(kind: GceKind) -> Iterator[str]:
    verbs = ("get", "list") if kind.name == KMS_KEY else ("get", "list", "delete")
    for noun in _nouns(kind):
        for verb in verbs:
            yield f"{kind.api.permission}.{noun}.{verb}"


def _of_users(kind: GceKind, kinds: Mapping[str, GceKind]) -> Iterator[str]:
    for users in kind.users:
        other = kinds[users.kind]
        for noun in _nouns(other):
            yield f"{other.api.permission}.{noun}.list"


def _nouns(kind: GceKind) -> Iterable[str]:
    """The collection's words: some have others for what is global or in a region."""
    noun = _NOUNS.get(kind.collection, kind.collection)
    return dict.fromkeys(kind.noun.get(place, noun) for place in kind.places) or (noun,)
