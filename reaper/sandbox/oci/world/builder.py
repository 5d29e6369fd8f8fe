"""What a world is built with: clients, one owner's tags, and a record of what was created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reaper.sandbox.oci.world.clients import Clients


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One thing that was created.

    Attributes:
        kind: As the OCI provider calls it: `oci:core:instance`.
        id: Its OCID; of a bucket, its name.
        compartment: Where it is.
        part: Which one of its kind: `data`, `boot`; empty where it is the only one.
        tagged: It bears the owner's tags.
        named: A call of the owner's own made it, and nothing that was made along with it.
    """

    kind: str
    id: str
    compartment: str
    part: str = ""
    tagged: bool = True
    named: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What one owner has in one region."""

    region: str
    made: tuple[Made, ...]

    def ids(self, kind: str, part: str | None = None) -> tuple[str, ...]:
        """List the IDs of a kind; None: of all its parts."""
        return tuple(
            each.id for each in self.made if each.kind == kind and part in {None, each.part}
        )

    @property
    def kinds(self) -> frozenset[str]:
        """Which kinds there are."""
        return frozenset(each.kind for each in self.made)


class Builder:
    """Creates things for one owner in one compartment, and writes down what it created.

    Args:
        defined: The namespace of defined tags in which the owner's stand; None: freeform tags.
    """

    def __init__(
        self,
        clients: Clients,
        tags: Mapping[str, str],
        *,
        compartment: str,
        tenancy: str,
        name: str,
        defined: str | None = None,
    ) -> None:
        self.clients = clients
        self.compartment = compartment
        self.tenancy = tenancy
        self.name = name
        self._tags: dict[str, Any] = (
            {"definedTags": {defined: dict(tags)}} if defined else {"freeformTags": dict(tags)}
        )
        self._made: list[Made] = []

    @property
    def tags(self) -> dict[str, Any]:
        """The owner's tags, as a body has them."""
        return dict(self._tags)

    @property
    def domain(self) -> str:
        """The first availability domain of the region."""
        return f"SbOx:{self.clients.region.upper()}-AD-1"

    def body(self, **more: Any) -> dict[str, Any]:
        """Write a creation's body, with the tags."""
        return {
            "compartmentId": self.compartment,
            "displayName": self.name,
            **self.tags,
            **more,
        }

    def add(self, kind: str, answer: Any, **more: Any) -> dict[str, Any]:
        """Write down what was created, and show it."""
        body: dict[str, Any] = answer.data
        self.note(kind, str(body["id"]), compartment=str(body["compartmentId"]), **more)
        return body

    def note(self, kind: str, resource_id: str, **more: Any) -> None:
        """Write down what is there."""
        given = {"compartment": self.compartment, **more}
        self._made.append(Made(kind=f"oci:{kind}", id=resource_id, **given))

    def world(self) -> World:
        """What there is."""
        return World(region=self.clients.region, made=tuple(self._made))
