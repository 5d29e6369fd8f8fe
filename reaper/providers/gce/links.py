"""Links and names: what Google calls a resource, as this package calls it.

A resource's ID is its path below its project, as Google's own names and links end:
`zones/us-central1-a/instances/vm`, `global/networks/net`, `topics/t`. A bucket has no such path:
its ID is its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reaper.model import Ref
from reaper.providers.gce.kind import GceKind

_BELOW_PROJECT = re.compile(r"(?:^|/)projects/(?P<project>[^/]+)/(?P<rest>.+)$")
_PARTIAL = re.compile(
    r"^(?:https?://[^/]+/compute/[^/]+/)?(?P<rest>(?:zones|regions|global|locations)/.+)$"
)
_OLDER_CLUSTER = re.compile(r"^(?:zones|regions)/([^/]+)/clusters/")
_BUCKET = re.compile(
    r"^(?://storage\.googleapis\.com/|https?://[^/]+/storage/v1/b/)(?P<name>[^/]+)$"
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a link leads to.

    Attributes:
        project: The ID or number of its project; None where the link does not say.
    """

    project: str | None
    id: str


def target_of(link: str) -> Target | None:
    """Read a link, a full or partial resource name; None where it is neither."""
    if match := _BELOW_PROJECT.search(link):
        # GKE's own links and Asset Inventory have the words of an older API for where a cluster is.
        rest = _OLDER_CLUSTER.sub(r"locations/\1/clusters/", match["rest"])
        return Target(match["project"], rest)
    if match := _BUCKET.match(link):
        return Target(None, match["name"])
    if match := _PARTIAL.match(link):
        return Target(None, match["rest"])
    return None


class Names:
    """Tells what is meant in one project.

    Args:
        project: Its ID.
        number: Its number, by which some services name it.
        kinds: Those that there are.
    """

    def __init__(self, project: str, number: str | None, kinds: Iterable[GceKind]) -> None:
        self.project = project
        self._own = frozenset({project, number, None})
        self._kinds = tuple(kinds)

    def is_own(self, target: Target) -> bool:
        """Whether it is in this project."""
        return target.project in self._own

    def kind_of(self, resource_id: str) -> GceKind | None:
        """The kind whose IDs look so; None for one that reaper does not know."""
        parts = resource_id.split("/")
        collection = parts[-2] if len(parts) > 1 else "b"
        return next(
            (
                kind
                for kind in self._kinds
                if kind.collection == collection and kind.is_id(resource_id)
            ),
            None,
        )

    def ref(self, kind: str, resource_id: str, incarnation: str | None = None) -> Ref:
        """Address a resource of this project."""
        return Ref(kind=kind, scope=self.project, id=resource_id, incarnation=incarnation)

    def find(self, link: str) -> Ref | None:
        """Address what a link leads to; None where it is elsewhere, or of no kind we know."""
        target = target_of(link)
        if target is None or not self.is_own(target):
            return None
        kind = self.kind_of(target.id)
        return None if kind is None else self.ref(kind.name, target.id)
