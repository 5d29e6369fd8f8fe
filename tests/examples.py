"""Plain examples of what reaper talks about; a test changes the part that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reaper.model import (
    Basis,
    Claim,
    Edge,
    Ending,
    Lease,
    Ref,
    Relation,
    Resource,
    Run,
)

NOW = datetime(2026, 10, 1, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# Its ULID is of 2026-10-01 07:00:00 UTC, five hours before NOW.
RUN_ID = "r-01m3v46jc08w4mb5f55r2v48px"
STARTED = NOW - 5 * HOUR
OTHER_RUN = "r-01m3v46jc0dtrxm6haaqfft3np"


def a_run(**changes: Any) -> Run:
    """A run of RUN_ID that finished four hours ago; `lease_until` sets its lease."""
    until = changes.pop("lease_until", NOW - 4 * HOUR + 10 * MINUTE)
    away = changes.pop("away", None)
    values: dict[str, Any] = {
        "id": RUN_ID,
        "realm": "default",
        "started": STARTED,
        "expires": STARTED + DAY,
        "lease": Lease(length=10 * MINUTE, until=until, away=away),
        "ended": NOW - 4 * HOUR,
        "ending": Ending.FINISHED,
    }
    return Run(**{**values, **changes})


def a_live_run(**changes: Any) -> Run:
    """A run of RUN_ID whose lease holds."""
    values: dict[str, Any] = {"ended": None, "ending": None, "lease_until": NOW + 5 * MINUTE}
    return a_run(**{**values, **changes})


def a_lapsed_run(**changes: Any) -> Run:
    """A run of RUN_ID that never finished, and whose lease lapsed three hours ago."""
    values: dict[str, Any] = {"ended": None, "ending": None, "lease_until": NOW - 3 * HOUR}
    return a_run(**{**values, **changes})


def a_ref(name: str = "web", kind: str = "docker:container", **changes: Any) -> Ref:
    values: dict[str, Any] = {"kind": kind, "scope": "ENGINE", "id": name}
    return Ref(**{**values, **changes})


def a_resource(
    name: str = "web", tags: Mapping[str, str] | None = None, **changes: Any
) -> Resource:
    """A container, created half an hour after its run began."""
    kind = changes.pop("kind", "docker:container")
    values: dict[str, Any] = {
        "ref": a_ref(name, kind),
        "name": name,
        "tags": {} if tags is None else tags,
        "created": STARTED + 30 * MINUTE,
    }
    return Resource(**{**values, **changes})


def a_claim(**changes: Any) -> Claim:
    values: dict[str, Any] = {
        "run": RUN_ID,
        "reason": "it bears the run's tag",
        "basis": Basis.TAG,
        "expires": STARTED + DAY,
    }
    return Claim(**{**values, **changes})


def an_edge(relation: Relation, other: Ref | Resource | str, name: str | None = None) -> Edge:
    """An edge to another; a text is the name of a container."""
    if isinstance(other, str):
        other = a_ref(other)
    return Edge(
        relation=relation, other=other.ref if isinstance(other, Resource) else other, name=name
    )
