"""The actions that each kind needs, read from the kinds' own declarations."""

from __future__ import annotations

from dataclasses import dataclass

from reaper.providers.azure.kind import AzureKind
from reaper.providers.azure.names import GROUP

# Who and where it is, what is there, what is locked, and in which API versions.
ALWAYS = (
    "Microsoft.Authorization/locks/read",
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Resources/subscriptions/providers/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
    "Microsoft.Resources/subscriptions/resources/read",
)
GRAPH = "Microsoft.ResourceGraph/resources/read"
PURGE = "Microsoft.KeyVault/locations/deletedVaults/purge/action"
_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a kind needs: for looking, and for deleting."""

    reads: frozenset[str]
    changes: frozenset[str]


def needs_of(kind: AzureKind) -> Needs:
    """What a kind's declaration calls for."""
    path = _GROUPS if kind.name == GROUP else kind.type
    return Needs(
        reads=frozenset({f"{path}/read", *kind.actions}),
        changes=frozenset({f"{path}/delete", *kind.changes}),
    )


def is_reading(action: str) -> bool:
    """Whether an action lets nothing be changed."""
    return action.endswith("/read")
