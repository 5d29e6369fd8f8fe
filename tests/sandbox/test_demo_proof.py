"""The demo's proof must fail where something is not as it has to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("docker")

from docker import APIClient

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
from reaper.sandbox.demo.checks import Check, Facts, compare
from reaper.sandbox.demo.parts import DEBUGGER, GARBLED, Part, Thing
from reaper.sandbox.demo.runs import Runs
from reaper.sandbox.demo.stopping import Stopping
from reaper.sandbox.demo_docker.proof import checks
from reaper.sandbox.demo_docker.things import CONTAINER, NETWORK
from reaper.sandbox.demo_docker.worker import SHARED_NETWORK
from reaper.sandbox.demo_docker.world import World

AT = datetime(2030, 1, 1, tzinfo=UTC)
CELL = Cell(provider="docker", scope="ENGINE", label="here")


def _thing(part: Part, kind: str, name: str) -> Thing:
    return Thing(part=part, kind=kind, id=f"id-of-{name}", name=f"{name}-abc", about="")


SHARED = _thing(Part.KILLED, NETWORK, SHARED_NETWORK)
LEFTOVER = _thing(Part.KILLED, CONTAINER, "nightly-db")
LIVE = _thing(Part.LIVE, CONTAINER, "smoke-db")
DEBUGGING = _thing(Part.STRANGER, CONTAINER, DEBUGGER)
HANDMADE = _thing(Part.STRANGER, CONTAINER, GARBLED)
FACTS: Facts = {"ID": "1", "started": "2030-01-01T00:00:00Z", "state": "running"}
BEFORE: Mapping[Thing, Facts | None] = {LIVE: FACTS, DEBUGGING: FACTS, HANDMADE: FACTS}
SWEPT: Mapping[Thing, Facts | None] = {SHARED: FACTS, LEFTOVER: None}


def test_what_is_as_it_was_is_untouched() -> None:
    findings = compare(BEFORE, dict(BEFORE))

    assert [finding.differences for finding in findings] == [(), (), ()]


def test_a_container_that_was_started_anew_is_not_untouched() -> None:
    after = {**BEFORE, LIVE: {**FACTS, "started": "2030-01-01T00:00:09Z"}}

    (live, *_) = compare(BEFORE, after)

    assert live.differences == ("started was 2030-01-01T00:00:00Z and is 2030-01-01T00:00:09Z",)


def test_what_is_gone_is_not_untouched() -> None:
    (live, *_) = compare(BEFORE, {**BEFORE, LIVE: None})

    assert live.differences == ("it is gone",)


def test_what_was_never_there_proves_nothing() -> None:
    (live, *_) = compare({LIVE: None}, {LIVE: FACTS})

    assert live.differences == ("it was not there before",)


def test_a_sweep_that_did_everything_right_passes_every_check() -> None:
    assert [check.wrong for check in _checks()] == [()] * 5


def test_a_live_run_that_lost_something_fails() -> None:
    wrong = _wrong(_checks(after={**BEFORE, LIVE: None}))

    assert wrong == [f"{CONTAINER} {LIVE.name}: it is gone"]


def test_a_stranger_that_was_touched_fails() -> None:
    wrong = _wrong(_checks(after={**BEFORE, DEBUGGING: {**FACTS, "state": "exited"}}))

    assert wrong == [f"{CONTAINER} {DEBUGGING.name}: state was running and is exited"]


def test_a_leftover_of_the_killed_run_fails() -> None:
    wrong = _wrong(_checks(swept={**SWEPT, LEFTOVER: FACTS}))

    assert wrong == [f"{CONTAINER} {LEFTOVER.name} is still there"]


def test_a_network_that_went_though_a_stranger_uses_it_fails() -> None:
    wrong = _wrong(_checks(swept={**SWEPT, SHARED: None}))

    assert wrong == ["it is gone, though somebody uses it"]


def test_a_block_that_names_nobody_fails() -> None:
    wrong = _wrong(_checks(outcome=replace(_blocked(), blocked_by=())))

    assert wrong == ["named instead: nobody"]


def test_a_network_that_merely_failed_is_not_blocked() -> None:
    wrong = _wrong(_checks(outcome=replace(_blocked(), status=Status.FAILED)))

    assert wrong == ["its outcome is failed"]


def test_a_garbled_tag_that_was_only_overlooked_fails() -> None:
    wrong = _wrong(_checks(plan=Plan(cell=CELL, at=AT, items=())))

    assert wrong == ["the plan does not have it"]


def test_a_garbled_tag_that_was_to_go_fails() -> None:
    wrong = _wrong(_checks(plan=_plan(Decision.REAP, Rule.EXPIRED)))

    assert wrong == ["the verdict is reap by expired: because"]


def _checks(
    *,
    after: Mapping[Thing, Facts | None] = BEFORE,
    swept: Mapping[Thing, Facts | None] = SWEPT,
    outcome: Outcome | None = None,
    plan: Plan | None = None,
) -> tuple[Check, ...]:
    world = World(
        client=APIClient(base_url="tcp://127.0.0.1:9", version="1.41"),  # it connects to nothing
        mark="abc",
        scope="ENGINE",
        runs=Runs(
            worker="",
            directory=Path(),
            realm="demo-abc",
            stopping=Stopping(),
            things=[SHARED, LEFTOVER, LIVE, DEBUGGING, HANDMADE],
        ),
    )
    return checks(
        world,
        [plan or _plan(Decision.QUARANTINE, Rule.GARBLED)],
        {SHARED.id: outcome or _blocked()},
        compare(BEFORE, after),
        swept,
    )


def _wrong(found: tuple[Check, ...]) -> list[str]:
    return [wrong for check in found for wrong in check.wrong]


def _blocked() -> Outcome:
    return Outcome(
        ref=Ref(kind=NETWORK, scope="ENGINE", id=SHARED.id),
        run="nightly",
        status=Status.BLOCKED,
        detail="in use",
        at=AT,
        blocked_by=(f"{CONTAINER}@ENGINE/{DEBUGGING.id}",),
    )


def _plan(decision: Decision, rule: Rule) -> Plan:
    resource = Resource(ref=Ref(kind=CONTAINER, scope="ENGINE", id=HANDMADE.id))
    verdict = Verdict(decision=decision, rule=rule, reason="because")
    claim = Claim(run=None, reason="")
    judged = Judged(resource=resource, claim=claim, verdict=verdict)
    return Plan(cell=CELL, at=AT, items=(Item(judged=judged),))
