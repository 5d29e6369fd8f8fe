"""What an index has shown over time, for one that lags behind or still shows what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

# An index's entry: what it is filtered by and shows.
Scope = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One tagged resource, as an index shows it.

    Attributes:
        type: As `ResourceTypeFilters` has it: `ec2:instance`.
        id: As EC2's DescribeTags has it; the ARN where it is not EC2's.
    """

    arn: str
    type: str
    id: str
    tags: tuple[tuple[str, str], ...]


class History:
    """Remembers each scope's entries and when they changed, from the first observation on.

    What was there at the first observation counts as having been there always.
    """

    def __init__(self) -> None:
        self._changes: dict[Scope, dict[str, list[tuple[float, Entry | None]]]] = {}

    def observe(self, scope: Scope, now: Mapping[str, Entry], at: float) -> None:
        """Take in what a scope's index shows now, by ARN."""
        first = scope not in self._changes
        changes = self._changes.setdefault(scope, {})
        for arn, entry in now.items():
            known = changes.setdefault(arn, [])
            if not known or known[-1][1] != entry:
                known.append((float("-inf") if first else at, entry))
        for arn, known in changes.items():
            if arn not in now and known[-1][1] is not None:
                known.append((at, None))

    def seen(
        self, scope: Scope, at: float, *, lag: timedelta, ghost: timedelta
    ) -> dict[str, Entry]:
        """Show a scope as an index does that hears of changes late, and of ends later still."""
        shown: dict[str, Entry] = {}
        for arn, changes in self._changes.get(scope, {}).items():
            ended = changes[-1][0] if changes[-1][1] is None else None
            if ended is not None and ended <= at - ghost.total_seconds():
                continue
            heard = [
                entry
                for since, entry in changes
                if entry is not None and since <= at - lag.total_seconds()
            ]
            if heard:
                shown[arn] = heard[-1]
        return shown

    def clear(self) -> None:
        """Forget everything."""
        self._changes.clear()
