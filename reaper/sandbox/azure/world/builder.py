"""Builds a world: puts things, and notes what was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reaper.sandbox.azure.arm.ids import GROUP, target
from reaper.sandbox.azure.world.rest import Rest


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One thing that was made.

    Attributes:
        kind: As reaper calls it.
        id: As ARM writes it.
        part: What it is in its world.
        tagged: It bears the owner's tags.
    """

    kind: str
    id: str
    part: str
    tagged: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What was made for one owner."""

    subscription: str
    group: str
    made: tuple[Made, ...]

    def id(self, part: str) -> str:
        """The ID of one part."""
        [found] = [each.id for each in self.made if each.part == part]
        return found


class Builder:
    """Makes the things of one owner in one group.

    Args:
        group: One that is there already; None: one of their own is made.
    """

    def __init__(
        self,
        rest: Rest,
        tags: Mapping[str, str],
        *,
        subscription: str,
        location: str,
        name: str,
        group: str | None = None,
    ) -> None:
        self.rest = rest
        self.tags = dict(tags)
        self.subscription = subscription
        self.location = location
        self.name = name
        self._made: list[Made] = []
        self.group = f"/subscriptions/{subscription}/resourceGroups/{group or f'{name}-rg'}"
        if group is None:
            rest.put(self.group, {"location": location, **self._tags()})
            self.note(self.group, "group")

    def id(self, kind: str, name: str) -> str:
        """The ID of a resource in the group: of `Microsoft.Network/virtualNetworks` and its name.

        Of nested types the names are divided by `/`, too.
        """
        namespace, *types = kind.split("/")
        pairs = [part for pair in zip(types, name.split("/"), strict=True) for part in pair]
        return "/".join([self.group, "providers", namespace, *pairs])

    def add(
        self, kind: str, properties: Mapping[str, Any], /, *, part: str, name: str = "", **more: Any
    ) -> str:
        """Put a resource, and hand back its ID."""
        identity = self.id(kind, name or f"{self.name}-{part}")
        body = {"location": self.location, **self._tags(), **more, "properties": dict(properties)}
        made = self.rest.put(identity, body)
        self.note(made["id"], part)
        return str(made["id"])

    def note(self, identity: str, part: str, *, tagged: bool = True) -> None:
        """Note that something was made."""
        at = target(identity)
        kind = GROUP if at.namespace is None else at.kind
        made = Made(kind=f"azure:{kind}", id=identity, part=part, tagged=tagged)
        self._made.append(made)

    def world(self) -> World:
        """All that was made."""
        return World(subscription=self.subscription, group=self.group, made=tuple(self._made))

    def _tags(self) -> dict[str, Any]:
        return {"tags": dict(self.tags)} if self.tags else {}
