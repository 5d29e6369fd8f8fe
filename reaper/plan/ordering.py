"""The plan of one cell: what goes and in which wave, what does not, and why not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from reaper.model import (
    Basis,
    Cell,
    Decision,
    Gap,
    Item,
    Judged,
    Kind,
    Outcome,
    Plan,
    Resource,
    Status,
)
from reaper.plan.blocking import Need, Needs, needs, spread, unmet
from reaper.plan.stay import Stay, listed, stay
from reaper.plan.waves import Waves, arrange

# What is there now and will go without another deletion, or after one: others wait for it.
_ON_ITS_WAY = frozenset({Status.PENDING, Status.SCHEDULED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Brake:
    """When a plan is held until a person releases it.

    Attributes:
        max_deletions: The most deletions in a scope within 24 hours.
        max_share: The largest part, from 0 to 1, of what is tagged that one plan may delete.
        min_tagged: Where less than this is tagged, `max_share` says nothing.
    """

    max_deletions: int = 500
    max_share: float = 0.5
    min_tagged: int = 50


def order(
    cell: Cell,
    at: datetime,
    judged: Sequence[Judged],
    *,
    world: Mapping[str, Resource],
    kinds: Mapping[str, Kind],
    gaps: Sequence[Gap] = (),
    brake: Brake | None = None,
    recent_deletions: int = 0,
    released: frozenset[str] = frozenset(),
    parked: Mapping[str, Outcome] = MappingProxyType({}),
) -> Plan:
    """Order the verdicts of one scan into waves, and say of all else why it does not go now.

    Args:
        cell: The cell that was scanned.
        at: When; what is parked until later waits.
        judged: Everything that bears a run of our realm, each once.
        world: Everything that the scan saw, strangers too, by `ref.key`.
        kinds: The provider's kinds, by name.
        gaps: What the scan could not see; told in the plan.
        brake: None where nothing is to be held.
        recent_deletions: How many the scope has seen within the brake's 24 hours.
        released: The keys that a person released from the brake, with or without `#incarnation`.
        parked: What waits for its next attempt, by `ref.key`.

    Raises:
        ValueError: A resource was judged twice.
    """
    by_key = {each.resource.ref.key: each for each in judged}
    if len(by_key) != len(judged):
        raise ValueError("a resource was judged twice: which verdict counts is not known")
    resources = {**world, **{key: each.resource for key, each in by_key.items()}}
    stays = _stays(by_key, at, parked)
    heirs = {key for key, each in by_key.items() if each.claim.basis is Basis.DERIVED}
    every = needs(_reaped(by_key) - stays.keys(), resources, heirs)
    stays |= _blocked(every, stays, by_key, resources)
    held, why = _held(every.keys() - stays.keys(), by_key, brake, recent_deletions, released)
    stays |= _hold(held, why, every, stays)
    going = {key: resources[key] for key in every if key not in stays}
    waves = arrange(going, kinds)
    items = [_item(each, stays.get(key), waves, resources) for key, each in by_key.items()]
    return Plan(
        cell=cell,
        at=at,
        items=tuple(sorted(items, key=_place)),
        gaps=tuple(gaps),
        held=why,
        notes=waves.notes,
    )


def reviewed(plan: Plan) -> list[Any]:
    """What a person reviews, as plain data: which resources, of which runs, go in which wave.

    No time is part of it: the same plan a minute later has the same.
    """
    items = [
        [
            item.ref.key,
            item.ref.incarnation,
            item.judged.claim.run,
            item.judged.verdict.decision,
            item.judged.verdict.rule,
            item.wave,
        ]
        for item in sorted(plan.items, key=lambda item: item.ref.key)
    ]
    return [plan.cell.provider, plan.cell.scope, items]


def digest(plan: Plan) -> str:
    """The SHA-256 of what a person reviews."""
    return digest_of(reviewed(plan))


def digest_of(content: Any) -> str:
    """The SHA-256 of what a person reviewed, as `reviewed` gave it, perhaps through a file."""
    text = json.dumps(content, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def plan_id(plan: Plan) -> str:
    """The first twelve digits of the digest: what a person types."""
    return digest(plan)[:12]


def _reaped(by_key: Mapping[str, Judged]) -> set[str]:
    return {key for key, each in by_key.items() if each.verdict.decision is Decision.REAP}


def _stays(
    by_key: Mapping[str, Judged], at: datetime, parked: Mapping[str, Outcome]
) -> dict[str, Stay]:
    """What does not go for its own sake: protected, on its way out already, or parked."""
    stays: dict[str, Stay] = {}
    for key in _reaped(by_key):
        resource = by_key[key].resource
        outcome = parked.get(key)
        own = stay(resource, at)
        if own is not None:
            stays[key] = own
        elif (
            outcome is not None
            and outcome.until is not None
            and outcome.until > at
            and outcome.ref.incarnation in (None, resource.ref.incarnation)
        ):
            detail = f"it is tried again at {outcome.until:%Y-%m-%d %H:%M:%S %Z}: {outcome.detail}"
            stays[key] = Stay(status=Status.PENDING, detail=detail)
    return stays


def _blocked(
    every: Needs,
    stays: Mapping[str, Stay],
    by_key: Mapping[str, Judged],
    resources: Mapping[str, Resource],
) -> dict[str, Stay]:
    """What would harm something that stays; or only has to wait for something that goes already."""
    pending = {key for key, stay in stays.items() if stay.status in _ON_ITS_WAY}
    possible = every.keys() | pending
    stuck = {key for key, each in every.items() if unmet(each, possible)}
    stuck |= spread(stuck, every)
    waiting = spread(pending, every) - stuck
    together = every.keys() - stuck - waiting
    found: dict[str, Stay] = {}
    for key in stuck:
        blockers = unmet(every[key], together | waiting | pending)
        told = listed([f"{need}{_why(need, by_key, resources, stays)}" for need in blockers])
        found[key] = Stay(status=Status.BLOCKED, detail=told, blocked_by=_names(blockers))
    for key in waiting:
        blockers = unmet(every[key], together)
        told = f"it waits for what goes before: {listed([str(need) for need in blockers])}"
        found[key] = Stay(status=Status.PENDING, detail=told, blocked_by=_names(blockers))
    return found


def _why(
    need: Need,
    by_key: Mapping[str, Judged],
    resources: Mapping[str, Resource],
    stays: Mapping[str, Stay],
) -> str:
    """Why the other does not go, in a clause."""
    key = need.other.key
    judged = by_key.get(key)
    if key not in resources:
        why = "which this scan did not see"
    elif not need.fulfillable:
        why = "which is another by now"
    elif judged is None:
        why = "which is no run's, or not asked for"
    elif judged.verdict.decision is not Decision.REAP:
        why = f"which is not to go ({judged.verdict.rule}: {judged.verdict.reason})"
    elif key in stays:
        why = f"which is {stays[key].status}: {stays[key].detail}"
    else:
        why = "which is blocked itself"
    return f", {why}"


def _held(
    going: set[str],
    by_key: Mapping[str, Judged],
    brake: Brake | None,
    recent: int,
    released: frozenset[str],
) -> tuple[set[str], str | None]:
    """What the brake holds, and why, in words."""
    if brake is None:
        return set(), None
    counted = {key for key in going if not _exempt(key, by_key[key], released)}
    count, tagged = len(counted), len(by_key)
    if count == 0:
        return set(), None
    if recent + count > brake.max_deletions:
        most = (
            f"with the {recent} of the last 24 hours that is more than max_deletions, "
            f"{brake.max_deletions}"
        )
    elif tagged >= brake.min_tagged and count > brake.max_share * tagged:
        most = f"of {tagged} that are tagged that is more than max_share, {brake.max_share:g}"
    else:
        return set(), None
    return counted, (
        f"{count} would be deleted: {most}; look at the plan, and let it go by `reaper release`"
    )


def _exempt(key: str, judged: Judged, released: frozenset[str]) -> bool:
    return judged.named or key in released or f"{key}#{judged.resource.ref.incarnation}" in released


def _hold(
    held: set[str], why: str | None, every: Needs, stays: Mapping[str, Stay]
) -> dict[str, Stay]:
    """Hold these, and what cannot go without them."""
    if why is None:
        return {}
    free = {key: each for key, each in every.items() if key not in stays}
    bound = spread(held, free) - held
    together = free.keys() - held - bound
    found = {key: Stay(status=Status.HELD, detail=f"the brake holds it: {why}") for key in held}
    for key in bound:
        blockers = unmet(free[key], together)
        told = f"the brake holds what goes before: {listed([str(need) for need in blockers])}"
        found[key] = Stay(status=Status.HELD, detail=told, blocked_by=_names(blockers))
    return found


def _item(
    judged: Judged, stay: Stay | None, waves: Waves, resources: Mapping[str, Resource]
) -> Item:
    key = judged.resource.ref.key
    if stay is not None:
        return Item(
            judged=judged,
            status=stay.status,
            detail=stay.detail,
            blocked_by=stay.blocked_by,
            until=stay.until,
        )
    taker = waves.taken.get(key)
    return Item(
        judged=judged,
        wave=waves.wave.get(key),
        taken_by=None if taker is None else resources[taker].ref,
    )


def _place(item: Item) -> tuple[bool, int, str]:
    return item.wave is None, item.wave or 0, item.ref.key


def _names(blockers: Sequence[Need]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(need.other) for need in blockers))
