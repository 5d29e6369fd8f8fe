"""The proof of a chapter in a cloud must fail where something is not as it has to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reaper.model import (
    Cell,
    Claim,
    Decision,
    Item,
    Judged,
    Outcome,
    Plan,
    Ref,
    Resource,
    Rule,
    Status,
    Verdict,
)
from reaper.sandbox.demo.checks import Check
from reaper.sandbox.demo.cloud import CloudStage
from reaper.sandbox.demo.lists import blocked, scheduled
from reaper.sandbox.demo.parts import CORE_DUMP, DEBUGGER, GARBLED, Part, Seen, Thing
from reaper.sandbox.demo.runs import Runs
from reaper.sandbox.demo.stopping import Stopping

AT = datetime(2030, 1, 1, tzinfo=UTC)
CELL = Cell(provider="cloud", scope="here", label="here")
NETWORK, KEY, DISK = "cloud:net:network", "cloud:kms:key", "cloud:compute:disk"


def thing(part: Part, kind: str, name: str) -> Thing:
    return Thing(part=part, kind=kind, id=f"id-of-{name}", name=name, about="")


LIVE = thing(Part.LIVE, DISK, "smoke")
THEIRS = thing(Part.STRANGER, DISK, "payments")
GONE = thing(Part.KILLED, DISK, "nightly")
SHARED = thing(Part.KILLED, NETWORK, "nightly-network")
DYING = thing(Part.KILLED, KEY, "nightly-key")
KEPT = thing(Part.KILLED, DISK, CORE_DUMP)
DEBUGGING = thing(Part.STRANGER, NETWORK, DEBUGGER)
HANDMADE = thing(Part.STRANGER, DISK, GARBLED)
OF_KILLED = (GONE, SHARED, DYING, KEPT)


def listed(*things: Thing) -> dict[Seen, str]:
    return {(each.kind, "here", each.id): "as it was" for each in things}


BEFORE = listed(LIVE, THEIRS)
FULL = listed(LIVE, THEIRS, *OF_KILLED, DEBUGGING, HANDMADE)
AFTER = listed(LIVE, THEIRS, SHARED, DYING, KEPT, DEBUGGING, HANDMADE)


class Cloud(CloudStage):
    name = "Cloud"
    closing = ""
    shown: Mapping[Seen, str] = AFTER

    def providers(self) -> Mapping[str, Any]:
        return {}

    def look(self) -> dict[Seen, str]:
        return dict(self.shown)

    def let_strangers_build(self) -> Sequence[Thing]:
        return ()

    def let_colleagues_intrude(self) -> Sequence[Thing]:
        return ()

    def held_back(self, left: frozenset[str], outcomes: Mapping[str, Outcome]) -> Sequence[Check]:
        return [
            blocked("the network", SHARED.id, DEBUGGING, left, outcomes),
            scheduled("The key is over on", self.killed_ones(KEY), outcomes),
        ]


class Alive(Runs):
    def lives(self, part: Part) -> Check:
        return Check(claim=f"The {part} is at work", wrong=())


def outcome(of: Thing, status: Status, **more: Any) -> Outcome:
    return Outcome(
        ref=Ref(kind=of.kind, scope="here", id=of.id),
        run="nightly",
        status=status,
        detail="",
        at=AT,
        **more,
    )


BLOCKED = outcome(SHARED, Status.BLOCKED, blocked_by=(f"{NETWORK}@here/{DEBUGGING.id}",))
SCHEDULED = outcome(DYING, Status.SCHEDULED, until=AT)
OUTCOMES = {SHARED.id: BLOCKED, DYING.id: SCHEDULED}


def judged(of: Thing, decision: Decision, rule: Rule) -> Item:
    return Item(
        judged=Judged(
            resource=Resource(ref=Ref(kind=of.kind, scope="here", id=of.id)),
            claim=Claim(run=None, reason=""),
            verdict=Verdict(decision=decision, rule=rule, reason="because"),
        )
    )


ITEMS = (
    judged(KEPT, Decision.KEEP, Rule.KEPT),
    judged(HANDMADE, Decision.QUARANTINE, Rule.GARBLED),
)


def wrong(
    after: Mapping[Seen, str] = AFTER,
    outcomes: Mapping[str, Outcome] = OUTCOMES,
    items: tuple[Item, ...] = ITEMS,
    full: Mapping[Seen, str] = FULL,
) -> list[str]:
    runs = Alive(worker="", directory=Path(), realm="demo", stopping=Stopping())
    runs.things += [LIVE, THEIRS, *OF_KILLED, DEBUGGING, HANDMADE]
    stage = Cloud(endpoint="", place="here", runs=runs)
    stage.divide(BEFORE, full, [DEBUGGING, HANDMADE])
    stage.shown = after
    proof = stage.prove([Plan(cell=CELL, at=AT, items=items)], outcomes)
    assert len(proof.checks) == 9
    return [each for check in proof.checks for each in check.wrong]


def test_a_sweep_that_did_everything_right_passes_every_check() -> None:
    assert wrong() == []


def without(of: Thing) -> dict[Seen, str]:
    return {seen: told for seen, told in AFTER.items() if seen[2] != of.id}


@pytest.mark.parametrize("whose", [LIVE, THEIRS, DEBUGGING, HANDMADE])
def test_what_had_to_stay_and_is_gone_or_changed_fails(whose: Thing) -> None:
    called = f"{whose.kind} {whose.id}"

    assert wrong(without(whose)) == [f"{called}: it is gone"]
    changed = {**AFTER, (whose.kind, "here", whose.id): "otherwise"}
    assert wrong(changed) == [f"{called}: it was as it was and is otherwise"]


def test_a_leftover_without_a_reason_fails() -> None:
    assert wrong(AFTER | listed(GONE)) == [f"{GONE.id} is still there: no reason told"]


def test_a_leftover_that_failed_fails() -> None:
    failed = {**OUTCOMES, GONE.id: outcome(GONE, Status.FAILED)}

    assert wrong(AFTER | listed(GONE), failed) == [f"{GONE.id} is still there: failed"]


def test_what_was_never_made_proves_nothing() -> None:
    full = {seen: told for seen, told in FULL.items() if seen[2] != GONE.id}

    assert wrong(full=full) == [f"{GONE.kind} {GONE.name} was not"]


def test_a_network_that_went_though_a_stranger_uses_it_fails() -> None:
    assert wrong(without(SHARED)) == ["it is gone, though somebody uses it"]


def test_a_block_that_names_nobody_fails() -> None:
    told = {**OUTCOMES, SHARED.id: replace(BLOCKED, blocked_by=())}

    assert wrong(outcomes=told) == ["named instead: nobody"]


def test_a_network_that_merely_failed_is_not_blocked() -> None:
    told = {**OUTCOMES, SHARED.id: replace(BLOCKED, status=Status.FAILED)}

    assert "its outcome is failed" in wrong(outcomes=told)


def test_a_key_that_is_not_scheduled_fails() -> None:
    told = {**OUTCOMES, DYING.id: replace(SCHEDULED, status=Status.BLOCKED)}

    assert len(wrong(outcomes=told)) == 1


def test_no_key_at_all_is_none_that_is_scheduled() -> None:
    assert scheduled("It is over on", [], OUTCOMES).wrong == ("there was none",)


def test_what_was_only_overlooked_fails() -> None:
    assert wrong(items=()) == ["the plan does not have it"] * 2


def test_what_was_to_go_fails() -> None:
    reaped = tuple(judged(each, Decision.REAP, Rule.FINISHED) for each in (KEPT, HANDMADE))

    assert wrong(items=reaped) == ["the verdict is reap by finished: because"] * 2
