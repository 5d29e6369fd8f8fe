"""What a command answers to programs: the JSON of its lists, and its exit code. Both a promise.

They change only together with `SCHEMA`. Pure functions over plans, outcomes and gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from reaper.model import (
    Claim,
    Decision,
    Gap,
    Item,
    Outcome,
    Plan,
    Ref,
    Resource,
    Rule,
    Status,
    Verdict,
)

SCHEMA = 1

# What is over and done with, or will be without anybody's doing.
_DONE = frozenset({Status.GONE, Status.SCHEDULED})
_BAD = frozenset({Status.FAILED, Status.DENIED})


class Exit(IntEnum):
    """What a command's exit code says; the first that applies, in this order."""

    USAGE = 2  # wrong usage, configuration or identity, before any work
    FAILED = 1  # something failed or was denied
    GAPS = 4  # the scan had gaps
    LEFT = 3  # orphans found (plan), or something is left or quarantined
    CLEAN = 0  # nothing of that; scheduled is clean


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One resource in a list: what it is, what was decided, and what became of it.

    Attributes:
        resource: None where only the ledger knows it any more.
        verdict: None where it is not known; its `decision` is None for what bears no run.
        outcome: What became of it, or what a plan says in advance; None: nothing (yet).
    """

    outcome: Outcome | None = None
    resource: Resource | None = None
    claim: Claim | None = None
    verdict: Verdict | None = None
    status: Status | None = None
    detail: str | None = None
    blocked_by: tuple[str, ...] = ()
    until: datetime | None = None

    @property
    def ref(self) -> Ref:
        """The resource's address."""
        if self.resource is not None:
            return self.resource.ref
        assert self.outcome is not None  # it has one of them
        return self.outcome.ref

    @property
    def key(self) -> str:
        """The address of the resource, without its incarnation."""
        return self.ref.key

    @property
    def name(self) -> str | None:
        """What a person calls it."""
        if self.resource is not None:
            return self.resource.name
        return self.outcome.name if self.outcome is not None else None

    @property
    def became(self) -> Status | None:
        """What became of it."""
        return self.outcome.status if self.outcome is not None else self.status


def entry_of(item: Item, outcome: Outcome | None = None) -> Entry:
    """List an item of a plan, with what became of it."""
    judged = item.judged
    return Entry(
        resource=judged.resource,
        claim=judged.claim,
        verdict=judged.verdict,
        outcome=outcome,
        status=item.status,
        detail=item.detail,
        blocked_by=item.blocked_by,
        until=item.until,
    )


def entries(plans: Iterable[Plan], outcomes: Iterable[Outcome] = ()) -> tuple[Entry, ...]:
    """List everything of these plans, and what became of it and of what earlier sweeps had left.

    An outcome of another incarnation than the plan's item is of another resource.
    """
    known = {(outcome.ref.key, outcome.ref.incarnation): outcome for outcome in outcomes}
    listed = [
        entry_of(item, known.pop((item.ref.key, item.ref.incarnation), None))
        for plan in plans
        for item in plan.items
    ]
    listed.extend(Entry(outcome=outcome) for outcome in known.values())
    return tuple(sorted(listed, key=lambda entry: entry.key))


def document(listed: Iterable[Entry], gaps: Sequence[Gap]) -> dict[str, Any]:
    """Write a list of resources as the JSON that all commands share."""
    return {
        "schema": SCHEMA,
        "complete": not gaps,
        "gaps": gap_records(gaps),
        "items": [record(entry) for entry in listed],
    }


def gap_records(gaps: Iterable[Gap]) -> list[dict[str, Any]]:
    """Write what could not be seen."""
    return [
        {"provider": gap.provider, "scope": gap.scope, "kind": gap.kind, "reason": gap.reason}
        for gap in gaps
    ]


def record(entry: Entry) -> dict[str, Any]:
    """Write one resource of a list; what is not known is null."""
    ref, resource, outcome = entry.ref, entry.resource, entry.outcome
    tags = resource.tags if resource is not None else outcome.tags if outcome is not None else {}
    created = resource.created if resource is not None else None
    run, owner = whose(entry)
    decision, rule, reason = decided(entry)
    return {
        "provider": ref.provider,
        "scope": ref.scope,
        "kind": ref.kind,
        "id": ref.id,
        "incarnation": ref.incarnation,
        "name": entry.name,
        "run": run,
        "owner": owner,
        "created": time_text(created),
        "tags": dict(sorted(tags.items())),
        "verdict": decision,
        "rule": rule,
        "reason": reason,
        "outcome": entry.became.value if entry.became is not None else None,
        "blocked_by": list(outcome.blocked_by if outcome is not None else entry.blocked_by),
        "until": time_text(outcome.until if outcome is not None else entry.until),
        "detail": (outcome.detail if outcome is not None else entry.detail) or None,
    }


def time_text(time: datetime | None) -> str | None:
    """Write a time by RFC 3339 in UTC, to the second where it is whole.

    >>> time_text(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05Z'
    """
    if time is None:
        return None
    return time.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def plan_code(listed: Iterable[Entry], gaps: Sequence[Gap]) -> Exit:
    """Say by exit code what a plan found."""
    if gaps:
        return Exit.GAPS
    return Exit.LEFT if any(_orphan(entry) for entry in listed) else Exit.CLEAN


def sweep_code(listed: Sequence[Entry], gaps: Sequence[Gap]) -> Exit:
    """Say by exit code what a sweep left."""
    if any(entry.became in _BAD for entry in listed):
        return Exit.FAILED
    if gaps:
        return Exit.GAPS
    return Exit.LEFT if any(left(entry) for entry in listed) else Exit.CLEAN


def left(entry: Entry) -> bool:
    """Whether a sweep left it although its run is over, or nobody could tell."""
    if entry.became is not None:
        return entry.became not in _DONE
    return _orphan(entry)


def _orphan(entry: Entry) -> bool:
    return entry.verdict is not None and entry.verdict.decision in {
        Decision.REAP,
        Decision.QUARANTINE,
    }


def whose(entry: Entry) -> tuple[str | None, str | None]:
    """Say whose it is: the run and its owner, as far as they are known."""
    if entry.claim is not None:
        return entry.claim.run, entry.claim.owner
    if entry.outcome is not None:
        return entry.outcome.run or None, entry.outcome.owner
    return None, None


def decided(entry: Entry) -> tuple[str | None, str | None, str | None]:
    """Say what was decided: the verdict, its rule and its reason."""
    if entry.verdict is not None:
        decision, rule = entry.verdict.decision, entry.verdict.rule
        return _value(decision), rule.value, entry.verdict.reason
    outcome = entry.outcome
    if outcome is None or outcome.rule is None:
        return None, None, None
    # Only what was to go has an outcome.
    return Decision.REAP.value, outcome.rule.value, outcome.reason or None


def _value(word: Decision | Rule | None) -> str | None:
    return None if word is None else word.value


def merged(plans: Mapping[str, Plan], later: Mapping[str, Plan]) -> dict[str, Plan]:
    """Lay the plans of a further sweep over those of the one before, cell by cell."""
    result = dict(plans)
    for cell, plan in later.items():
        items = {item.ref: item for item in result[cell].items} if cell in result else {}
        items.update({item.ref: item for item in plan.items})
        result[cell] = replace(plan, items=tuple(items.values()))
    return result
