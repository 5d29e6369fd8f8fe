"""Why something that is to go does not go now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reaper.model import Resource, Status


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


def leaving(resource: Resource, at: datetime) -> Stay | None:
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
