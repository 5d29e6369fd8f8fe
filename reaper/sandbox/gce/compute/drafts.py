"""What is to be created in Compute: asked for, then shaped, then there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reaper.sandbox.gce.compute.asking import Ask
from reaper.sandbox.gce.compute.kinds import COLLECTIONS, Collection
from reaper.sandbox.gce.compute.links import whole
from reaper.sandbox.gce.dialect import not_found
from reaper.sandbox.gce.estate import REGIONS, Estate, path_of
from reaper.sandbox.kernel.graph import Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """What comes into being with something else, without being asked for by name."""

    path: str
    body: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Draft:
    """What is to be created.

    Attributes:
        body: As it was asked for, and then as it is to be.
        facts: What is known of it and not shown.
        beside: What comes into being with it.
    """

    estate: Estate
    ask: Ask
    path: str
    body: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    beside: list[Beside] = field(default_factory=list)

    @property
    def collection(self) -> Collection:
        """Where it is to be."""
        return COLLECTIONS[self.path.split("/")[-2]]

    @property
    def project(self) -> str:
        """The project's ID."""
        return self.path.split("/")[1]

    @property
    def place(self) -> str:
        """The path of its zone or region."""
        return "/".join(self.path.split("/")[:4])

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.rpartition("/")[2]

    def found(self, value: str) -> Node:
        """Find what it names.

        Raises:
            Refused: It is not there.
        """
        path = path_of(whole(value, self.project))
        node = self.estate.graph.find(path)
        if node is None:
            raise not_found(path)
        return node


def region_of(place: str) -> str:
    """Tell the region of a zone's or region's path."""
    name = place.rpartition("/")[2]
    return name if name in REGIONS else name.rpartition("-")[0]
