"""Why something that is to go does not go now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reaper.model import Resource, Status

# How many blockers a sentence names; `blocked_by` has them all.
_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Stay:
    """Why something that is to go does not go now.

    Attributes:
        until: When the cloud purges it, where that is scheduled.
    """

    status: Status
    detail: str
    blocked_by: tuple[str, ...] = ()
    until: datetime | None = None


def stay(resource: Resource, at: datetime) -> Stay | None:
    """Why it does not go now for its own sake, whatever else is planned; None: it may go."""
    return _leaving(resource, at) or forbidden(resource)


def forbidden(resource: Resource) -> Stay | None:
    """Why nobody may delete it, not even along with something else; None: nothing forbids it."""
    if resource.protection is not None:
        return Stay(status=Status.PROTECTED, detail=resource.protection)
    if resource.held_by:
        told = f"used from elsewhere by {listed(resource.held_by)}"
        return Stay(status=Status.BLOCKED, detail=told, blocked_by=resource.held_by)
    return None


def listed(parts: Sequence[str]) -> str:
    """Join names for a reader; the tail of a long list is counted."""
    unique = list(dict.fromkeys(parts))
    more = len(unique) - _NAMED
    return "; ".join(unique[:_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _leaving(resource: Resource, at: datetime) -> Stay | None:
    """What is to be said of one that is on its way out already; None where it is not."""
    if resource.purge is not None:
        when = f"{resource.purge:%Y-%m-%d %H:%M:%S %Z}"
        if resource.purge > at:
            detail = f"the cloud will purge it at {when}"
            return Stay(status=Status.SCHEDULED, detail=detail, until=resource.purge)
        detail = f"it should have been purged at {when}, and is still there"
        return Stay(status=Status.PENDING, detail=detail)
    if resource.going:
        state = f" ({resource.state})" if resource.state else ""
        return Stay(status=Status.PENDING, detail=f"it is on its way out already{state}")
    return None
