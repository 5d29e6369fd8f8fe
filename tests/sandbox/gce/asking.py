"""Asking Compute in few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reaper.sandbox.gce.world.rest import OperationFailed, Refusal, Rest

ZONE = "zones/us-central1-a"
REGION = "regions/us-central1"
GLOBAL = "global"


class Project:
    """Compute of one project."""

    def __init__(self, rest: Rest, name: str) -> None:
        self.rest = rest
        self.name = name
        self.base = f"/compute/v1/projects/{name}/"

    def ask(self, method: str, path: str, body: Any = None, **parameters: object) -> dict[str, Any]:
        return self.rest.ask(method, self.base + path, body, **parameters)

    def get(self, path: str, **parameters: object) -> dict[str, Any]:
        return self.ask("GET", path, **parameters)

    def make(self, collection: str, name: str, **body: Any) -> dict[str, Any]:
        """Create something, and show it when it is there."""
        done = self.ask("POST", collection, {"name": name, **body})
        self.rest.done(done)
        return self.get(f"{collection}/{name}")

    def drop(self, path: str) -> Mapping[str, Any]:
        return self.rest.done(self.ask("DELETE", path))

    def names(self, collection: str, **parameters: object) -> list[str]:
        """List what is in one place, or with `aggregated/` in all."""
        listed = self.get(collection, **parameters)
        if not collection.startswith("aggregated/"):
            return [each["name"] for each in listed.get("items", ())]
        noun = collection.rpartition("/")[2]
        return [
            each["name"] for scoped in listed["items"].values() for each in scoped.get(noun, ())
        ]


def refused(status: int, reason: str, ask: Callable[[], object]) -> str:
    """Check that Google says no, and hand back its words."""
    with pytest.raises(Refusal) as caught:
        ask()
    assert (caught.value.status, caught.value.reason) == (status, reason)
    return str(caught.value.error["message"])


def fails(code: str, do: Callable[[], object]) -> str:
    """Check that an operation fails in the end, and hand back why."""
    with pytest.raises(OperationFailed) as caught:
        do()
    error = caught.value.operation["error"]["errors"][0]
    assert error["code"] == code
    return str(error["message"])
