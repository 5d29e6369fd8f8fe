"""All that exists in subscriptions, described so that two looks at it can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from reaper.sandbox.azure.arm.ids import target
from reaper.sandbox.azure.world.rest import Rest

# Kind, subscription and ID.
Seen = tuple[str, str, str]


def everything(endpoint: str, subscriptions: Iterable[str]) -> dict[Seen, str]:
    """Describe all that exists in these subscriptions.

    Descriptions are JSON, equal as long as nothing about the thing has changed.

    Raises:
        Refusal: Something could not be listed: a look that is not whole is none.
    """
    seen: dict[Seen, str] = {}
    with Rest(endpoint) as rest:
        for subscription in subscriptions:
            for kind, told in _all_of(rest, f"/subscriptions/{subscription}"):
                described = json.dumps(told, sort_keys=True)
                seen[f"azure:{kind}", subscription, told["id"].lower()] = described
    return seen


def _all_of(rest: Rest, base: str) -> Iterator[tuple[str, Any]]:
    for group in rest.listed(f"{base}/resourcegroups"):
        yield "microsoft.resources/resourcegroups", group
    for each in rest.listed(f"{base}/resources"):
        told = rest.ask("GET", each["id"])
        told.pop("etag", None)
        yield target(each["id"]).kind, told
    for noun in ("locks", "roleAssignments"):
        for each in rest.listed(f"{base}/providers/Microsoft.Authorization/{noun}"):
            yield f"microsoft.authorization/{noun.lower()}", each
    for each in rest.listed(f"{base}/providers/Microsoft.KeyVault/deletedVaults"):
        yield "microsoft.keyvault/deletedvaults", each
