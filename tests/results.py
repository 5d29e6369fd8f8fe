"""What the command line said, and how the world looks after it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Kind, place and ID.
Seen = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one command said."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stdout)
        return found

    @property
    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["items"]
        return found

    def outcomes(self) -> dict[str, set[str]]:
        """The kinds that came to each outcome."""
        found: dict[str, set[str]] = {}
        for item in self.items:
            if item["outcome"] is not None:
                found.setdefault(item["outcome"], set()).add(item["kind"])
        return found

    @property
    def left(self) -> dict[str, str]:
        """What should have gone and is neither gone nor scheduled, and why."""
        left = [
            item
            for item in self.items
            if item["verdict"] not in {None, "keep"}
            and item["outcome"] not in {"gone", "scheduled"}
        ]
        return {
            f"{item['kind']} {item['name'] or item['id']}": item["detail"] or item["reason"]
            for item in left
        }

    def item(self, kind: str, resource_id: str) -> dict[str, Any]:
        """The one item of this kind and ID."""
        [found] = [item for item in self.items if (item["kind"], item["id"]) == (kind, resource_id)]
        return found

    @property
    def gaps(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["gaps"]
        return found


def without(after: Mapping[Seen, str], before: Mapping[Seen, str]) -> set[str]:
    """The kinds of what has come since."""
    return {kind for kind, _, _ in after.keys() - before.keys()}


def same(after: Mapping[Seen, str], before: Mapping[Seen, str]) -> dict[Seen, str | None]:
    """What of `before` is lost or altered: nothing, one hopes."""
    return {each: after.get(each) for each in before if after.get(each) != before[each]}
