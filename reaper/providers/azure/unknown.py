"""Types of which reaper knows nothing but their names."""

from __future__ import annotations

from reaper.model import Kind, Relation
from reaper.providers.azure.kind import AzureKind, Items
from reaper.providers.azure.mentions import by_id, used_by
from reaper.providers.azure.reading import Reader

# What is in use in these Azure itself refuses to delete; and their descriptions name each other.
_CAREFUL = frozenset({"microsoft.compute", "microsoft.network"})


def of_unknown(name: str) -> AzureKind:
    """Declare a type that reaper knows nothing of but its name.

    What it depends on is not known, so others are not ordered around it; what Azure refuses for
    that is tried again later. Who names it uses it. What is below it goes with it, and so must be
    the run's as well.
    """
    namespace = name.removeprefix("azure:").partition("/")[0]
    return AzureKind(
        kind=Kind(name=name, service=namespace, reused=True),
        type=name.removeprefix("azure:"),
        complete=() if namespace in _CAREFUL else (_tell_users,),
        nested=Relation.TAKES,
    )


def _tell_users(reader: Reader, items: Items) -> None:
    """Tell who names them: Azure would not ask."""
    users = used_by(reader, {identity: (by_id(identity),) for identity in items})
    for identity, item in items.items():
        item["+users"] = users[identity]
