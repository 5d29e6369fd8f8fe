"""Things of kinds that reaper does not know: shown to a person, as long as they are there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reaper.model import Ref, Resource
from reaper.providers.gce.answers import CALL_ERRORS, absent, explain
from reaper.providers.gce.api import Api
from reaper.providers.gce.reading import read_labels, read_time
from reaper.providers.protocol import Absent, Reading, Unreadable

# Whatever Compute has is read at its path: hooks journal all of it.
_OF_COMPUTE = re.compile(r"(?:zones/[^/]+|regions/[^/]+|global)/[A-Za-z]+/[^/]+")
_PREFIX = "gce:compute:"


def read_strange(api: Api, ref: Ref, labels: Mapping[str, str]) -> Reading:
    """Read it where that can be done without knowing its kind.

    Args:
        api: Of its project.
        ref: Which.
        labels: What Asset Inventory told of it.
    """
    why = f"reaper knows no {ref.kind}: remove it by hand"
    if not ref.kind.startswith(_PREFIX) or _OF_COMPUTE.fullmatch(ref.id) is None:
        return Resource(ref=ref, tags=labels, unread=why)
    try:
        item = api.connection.read("compute", api.at("compute", ref.id))
        return Resource(
            ref=Ref(kind=ref.kind, scope=ref.scope, id=ref.id, incarnation=str(item["id"])),
            name=ref.id.rpartition("/")[2],
            tags=read_labels(item.get("labels")),
            created=read_time(item.get("creationTimestamp")),
            unread=why,
        )
    except CALL_ERRORS as error:
        return Absent() if absent(error) else Unreadable(reason=f"{ref.id}: {explain(error)}")
    except (KeyError, ValueError) as error:
        return Unreadable(reason=f"{ref.id}: Google's answer is not as documented ({error})")


def control_strange(api: Api, kind: str) -> str | None:
    """Make Compute answer for the project; None if it did."""
    if not kind.startswith(_PREFIX):
        return f"reaper knows no kind {kind}"
    try:
        api.connection.read("compute", api.at("compute", "").rstrip("/"))
    except CALL_ERRORS as error:
        return f"compute in {api.project} ({api.connection.who}): {explain(error)}"
    return None
