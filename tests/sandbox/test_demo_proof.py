"""The demo's proof must fail where something is not as it has to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

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
from reaper.sandbox.demo.proof import Check, Told, checks, compare
from reaper.sandbox.demo.stage import Ground, Look
from reaper.sandbox.demo.stopping import Stopping
from reaper.sandbox.demo.things import Facts, Part, Role, Tell, Thing
from reaper.sandbox.demo.world import World

AT = datetime(2030, 1, 1, tzinfo=UTC)
CELL = Cell(provider="docker", scope="ENGINE", label="here")


class NoStage:
    """A stage where nothing is: the looks are made up."""

    name = "docker"
    enables: Sequence[str] = ()
    inspection = "docker inspect"
    errors: tuple[type[Exception], ...] = ()

    def set_up(self, ground: Ground) -> None:
        pass

    def introduce(self) -> str:
        return ""

    def place(self) -> str:
        return "{}"

    def arguments(self) -> Mapping[str, str]:
        return {}

    def make_strangers(self, tell: Tell) -> None:
        pass

    def look(self, things: Iterable[Thing]) -> Look:
        return Look(things=dict.fromkeys(things))

    def same(self, _facts: Facts) -> str:
        return ""

    def take_down(self, things: Sequence[Thing]) -> None:
        pass


def _thing(part: Part, noun: str, name: str, role: Role | None = None) -> Thing:
    kind = f"docker:{noun}"
    return Thing(part=part, kind=kind, id=f"id-of-{name}", name=name, about="", role=role)


SHARED = _thing(Part.KILLED, "network", "shared", Role.BLOCKED)
EVIDENCE = _thing(Part.KILLED, "volume", "evidence", Role.KEPT)
KEY = _thing(Part.KILLED, "key", "key", Role.SCHEDULED)
LEFTOVER = _thing(Part.KILLED, "container", "nightly-db")
LIVE = _thing(Part.LIVE, "container", "smoke-db")
DEBUGGING = _thing(Part.STRANGER, "container", "debugging", Role.BLOCKER)
HANDMADE = _thing(Part.STRANGER, "container", "handmade", Role.GARBLED)
ALL = [SHARED, EVIDENCE, KEY, LEFTOVER, LIVE, DEBUGGING, HANDMADE]
FACTS: Facts = {"ID": "1", "started": "2030-01-01T00:00:00Z", "state": "running"}
BEFORE: Mapping[Thing, Facts | None] = dict.fromkeys(ALL, FACTS)
AFTER: Mapping[Thing, Facts | None] = {**BEFORE, LEFTOVER: None}
REST: Facts = {"network bridge": "as ever"}


def test_what_is_as_it_was_is_untouched() -> None:
    findings = compare(Look(things=BEFORE), Look(things=AFTER))

    assert {finding.thing: finding.differences for finding in findings} == {
        EVIDENCE: (),
        LIVE: (),
        DEBUGGING: (),
        HANDMADE: (),
    }


def test_a_container_that_was_started_anew_is_not_untouched() -> None:
    wrong = _wrong(after={**AFTER, LIVE: {**FACTS, "started": "2030-01-01T00:00:09Z"}})

    assert wrong == [
        "docker:container smoke-db: started was 2030-01-01T00:00:00Z and is 2030-01-01T00:00:09Z"
    ]


def test_a_sweep_that_did_everything_right_passes_every_check() -> None:
    assert [check.wrong for check in _checks()] == [()] * 9


def test_what_was_never_there_proves_nothing() -> None:
    wrong = _wrong(before={**BEFORE, LIVE: None, LEFTOVER: None})

    assert wrong == [
        "docker:container nightly-db was not",
        "docker:container smoke-db: it was not there before",
    ]


def test_a_live_run_that_lost_something_fails() -> None:
    assert _wrong(after={**AFTER, LIVE: None}) == ["docker:container smoke-db: it is gone"]


def test_a_stranger_that_was_touched_fails() -> None:
    wrong = _wrong(after={**AFTER, DEBUGGING: {**FACTS, "state": "exited"}})

    assert wrong == ["docker:container debugging: state was running and is exited"]


def test_what_nobody_made_for_the_demo_must_stay_too() -> None:
    assert _wrong(rest={}) == ["network bridge: it is gone"]
    assert _wrong(rest={"network bridge": "other"}) == ["network bridge: it is not what it was"]


def test_a_leftover_of_the_killed_run_fails() -> None:
    wrong = _wrong(after={**AFTER, LEFTOVER: FACTS})

    assert wrong == ["docker:container nightly-db is still there"]


def test_a_network_that_went_though_a_stranger_uses_it_fails() -> None:
    wrong = _wrong(after={**AFTER, SHARED: None})

    assert wrong == ["it is gone, though somebody uses it"]


def test_a_block_that_names_nobody_fails() -> None:
    wrong = _wrong(outcomes=[replace(_blocked(), blocked_by=()), _scheduled()])

    assert wrong == ["named instead: nobody"]


def test_a_network_that_merely_failed_is_not_blocked() -> None:
    wrong = _wrong(outcomes=[replace(_blocked(), status=Status.FAILED), _scheduled()])

    assert wrong == ["its outcome is failed"]


def test_what_somebody_asked_to_keep_and_is_gone_fails() -> None:
    wrong = _wrong(after={**AFTER, EVIDENCE: None})

    assert wrong == ["it is gone, though somebody asked to keep it"]


def test_what_stays_for_another_reason_than_that_fails() -> None:
    wrong = _wrong(plan=_plan(kept=(Decision.KEEP, Rule.ALIVE)))

    assert wrong == ["the verdict is keep by alive: because"]


def test_a_key_that_is_purged_at_no_known_time_fails() -> None:
    wrong = _wrong(outcomes=[_blocked(), replace(_scheduled(), until=None)])

    assert wrong == ["its outcome is scheduled, until None"]


def test_a_key_that_nothing_was_done_about_fails() -> None:
    assert _wrong(outcomes=[_blocked()]) == ["its outcome is none"]


def test_a_garbled_tag_that_was_only_overlooked_fails() -> None:
    plan = _plan()

    wrong = _wrong(plan=replace(plan, items=plan.items[:1]))

    assert wrong == ["the plan does not have it"]


def test_a_garbled_tag_that_was_to_go_fails() -> None:
    wrong = _wrong(plan=_plan(garbled=(Decision.REAP, Rule.EXPIRED)))

    assert wrong == ["the verdict is reap by expired: because"]


def _checks(
    *,
    before: Mapping[Thing, Facts | None] = BEFORE,
    after: Mapping[Thing, Facts | None] = AFTER,
    rest: Facts = REST,
    outcomes: Sequence[Outcome] | None = None,
    plan: Plan | None = None,
) -> tuple[Check, ...]:
    stage = NoStage()
    world = World(
        ground=Ground(mark="abc", directory=Path(), stopping=Stopping()),
        stages=[stage],
        things=ALL,
    )
    became = [_blocked(), _scheduled()] if outcomes is None else outcomes
    told = Told(
        plans=[plan or _plan()],
        outcomes={(outcome.ref.kind, outcome.ref.id): outcome for outcome in became},
    )
    looks = Look(things=before, rest=REST), Look(things=after, rest=rest)
    return tuple(checks(world, stage, *looks, told))


def _wrong(
    *,
    before: Mapping[Thing, Facts | None] = BEFORE,
    after: Mapping[Thing, Facts | None] = AFTER,
    rest: Facts = REST,
    outcomes: Sequence[Outcome] | None = None,
    plan: Plan | None = None,
) -> list[str]:
    found = _checks(before=before, after=after, rest=rest, outcomes=outcomes, plan=plan)
    return [wrong for check in found for wrong in check.wrong]


def _ref(thing: Thing) -> Ref:
    return Ref(kind=thing.kind, scope="ENGINE", id=thing.id)


def _blocked() -> Outcome:
    return Outcome(
        ref=_ref(SHARED),
        run="nightly",
        status=Status.BLOCKED,
        detail="in use",
        at=AT,
        blocked_by=(str(_ref(DEBUGGING)),),
    )


def _scheduled() -> Outcome:
    return Outcome(
        ref=_ref(KEY), run="nightly", status=Status.SCHEDULED, detail="later", at=AT, until=AT
    )


def _plan(
    *,
    kept: tuple[Decision, Rule] = (Decision.KEEP, Rule.KEPT),
    garbled: tuple[Decision, Rule] = (Decision.QUARANTINE, Rule.GARBLED),
) -> Plan:
    items = []
    for thing, (decision, rule) in ((EVIDENCE, kept), (HANDMADE, garbled)):
        judged = Judged(
            resource=Resource(ref=_ref(thing)),
            claim=Claim(run=None, reason=""),
            verdict=Verdict(decision=decision, rule=rule, reason="because"),
        )
        items.append(Item(judged=judged))
    return Plan(cell=CELL, at=AT, items=tuple(items))
