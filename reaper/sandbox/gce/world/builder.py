"""What a world is built with: a client, one owner's labels, and a record of what was created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reaper.sandbox.gce.world.kinds import COMPUTE, LABELLED
from reaper.sandbox.gce.world.rest import Rest


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One thing that was created.

    Attributes:
        kind: As the Google provider calls it: `gce:compute:disk`.
        id: Its path below the project: `zones/us-central1-a/disks/data`; of a bucket, its name.
        number: The ID that is never used again; empty where the kind has none.
        part: Which one of its kind: `data`, `boot`, `member`; empty where it is the only one.
        labelled: It bears the owner's labels.
    """

    kind: str
    id: str
    number: str
    part: str = ""
    labelled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What one owner has."""

    project: str
    labels: Mapping[str, str]
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
    """Creates things for one owner in one project, and writes down what it created."""

    def __init__(
        self, rest: Rest, labels: Mapping[str, str], *, project: str, zone: str, name: str
    ) -> None:
        self.rest = rest
        self.labels = dict(labels)
        self.project = project
        self.name = name
        self.zone = f"zones/{zone}"
        self.region = f"regions/{zone.rpartition('-')[0]}"
        self.base = f"/compute/v1/projects/{project}/"
        self._made: list[Made] = []

    def link(self, path: str) -> str:
        """Link to what has this path below the project."""
        return f"projects/{self.project}/{path}"

    def add(self, place: str, collection: str, part: str = "", **body: Any) -> str:
        """Create something in Compute, wait for it, and hand back its path below the project.

        It is called by the world's name and, where it is one of several, by `part`.
        """
        name = f"{self.name}-{part.replace(' ', '-')}" if part else self.name
        path = f"{place}/{collection}/{name}"
        labels = self.labels if collection in LABELLED else {}
        sent = {"name": name, **({"labels": labels} if labels else {}), **body}
        self.wait(self.rest.ask("POST", f"{self.base}{place}/{collection}", sent))
        return self.see(path, part)

    def see(self, path: str, part: str = "") -> str:
        """Write down what came into being in Compute, and hand back its path."""
        shown = self.show(path)
        collection = path.split("/")[-2]
        bears = bool(self.labels) and self.labels.items() <= shown.get("labels", {}).items()
        self.note(COMPUTE[collection], path, shown["id"], part, labelled=bears)
        return path

    def show(self, path: str) -> dict[str, Any]:
        """Show what is in Compute."""
        return self.rest.ask("GET", self.base + path)

    def change(self, path: str, verb: str, **body: Any) -> None:
        """Change something in Compute, and wait until it is done."""
        self.wait(self.rest.ask("POST", f"{self.base}{path}/{verb}", body))

    def wait(self, operation: Mapping[str, Any]) -> None:
        """Wait for an operation of Compute, wherever its link leads."""
        self.rest.done({**operation, "selfLink": urlsplit(operation["selfLink"]).path})

    def note(
        self, kind: str, path: str, number: str, part: str = "", *, labelled: bool = False
    ) -> str:
        """Write down what was created, and hand back its path."""
        self._made.append(Made(kind=kind, id=path, number=number, part=part, labelled=labelled))
        return path

    def world(self) -> World:
        """Tell what was created."""
        return World(project=self.project, labels=self.labels, made=tuple(self._made))
