"""ARM's IDs, which are compared without regard to case: reaper writes them in lower case.

A resource's ID in reaper is its whole ARM ID: `/subscriptions/S/resourcegroups/G/providers/…`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from reaper.model import Ref
from reaper.providers.azure.names import GROUP

_GROUP = re.compile(r"/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)")


@dataclass(frozen=True, slots=True)
class ArmId:
    """One resource's ID, in lower case.

    Attributes:
        kind: As reaper calls its type.
        subscription: None for what is above all subscriptions.
        group: The ID of its group; None for what is in none, of a group its own.
    """

    id: str
    kind: str
    subscription: str | None
    group: str | None

    @property
    def name(self) -> str:
        """Its last name."""
        return self.id.rpartition("/")[2]


def canonical(text: str) -> str:
    """Write an ID as reaper does."""
    return "/" + text.strip().strip("/").lower()


def read_id(text: str) -> ArmId | None:
    """Read an ID of a resource or a group; None where it is neither."""
    whole = canonical(text)
    match = _GROUP.match(whole)
    group = match.group() if match else None
    subscription = whole.split("/")[2] if whole.startswith("/subscriptions/") else None
    if whole == group:
        return ArmId(whole, GROUP, subscription, group)
    _, found, rest = whole.rpartition("/providers/")
    namespace, *pairs = rest.split("/")
    if not found or not namespace or not pairs or len(pairs) % 2 or not all(pairs):
        return None
    return ArmId(whole, f"azure:{'/'.join([namespace, *pairs[::2]])}", subscription, group)


def is_below(inner: str, outer: str) -> bool:
    """Whether one ID is another one's, or of something in it."""
    return inner == outer or inner.startswith(f"{outer}/")


class Names:
    """Tells what is meant in one subscription.

    Args:
        nested: Tells whether a kind whose type has several parts is a resource of its own; else it
            is a part of what it is in, such as a subnet.
    """

    def __init__(self, subscription: str, nested: Callable[[str], bool]) -> None:
        self.subscription = subscription
        self._nested = nested

    def owner(self, link: str) -> ArmId | None:
        """The resource that a link leads to, or whose part it leads to; None: to neither."""
        found = read_id(link)
        while found is not None and found.kind.count("/") > 1 and not self._nested(found.kind):
            found = read_id(found.id.rsplit("/", 2)[0])
        return found

    def ref(self, identity: ArmId, incarnation: str | None = None) -> Ref:
        """Address a resource of this subscription."""
        return Ref(
            kind=identity.kind,
            scope=self.subscription,
            id=identity.id,
            incarnation=incarnation,
        )

    def find(self, link: str) -> Ref | None:
        """Address what a link leads to; None where it is elsewhere, or no resource."""
        found = self.owner(link)
        if found is None or found.subscription != self.subscription:
            return None
        return self.ref(found)
