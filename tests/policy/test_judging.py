from collections.abc import Mapping
from typing import Any

import pytest

from reaper.model import (
    FOREVER,
    Claim,
    Rule,
    Verdict,
)
from reaper.policy import ADOPT, DISMISS, Policy, Protection, evaluate, judge
from tests.examples import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    STARTED,
    a_claim,
    a_lapsed_run,
    a_live_run,
)
from tests.policy.cases import (
    KEEP,
    KEY,
    MICROSECOND,
    POLICY,
    QUARANTINE,
    REAP,
    STARTLESS,
    a_case,
    a_mark,
    ruled,
)

# --- what a person said --------------------------------------------------------------------------


QUARANTINED: Mapping[Rule, Mapping[str, Any]] = {
    Rule.UNSURE: {"unread": "its mounts"},
    Rule.GARBLED: {"claim": a_claim(garbled="a bad tag")},
    Rule.KEPT: {"claim": a_claim(keep=FOREVER)},
    Rule.ELDER: {"created": STARTED - HOUR},
    Rule.COPY: {"created": NOW - HOUR},
    Rule.USED: {"used": NOW - 2 * HOUR},
    Rule.REPORTED: {"kind": KEY},
    Rule.AGELESS: STARTLESS,
}
UNREADABLE = {"claim": Claim(run=None, reason="unreadable", garbled="a bad tag"), "run": None}


@pytest.mark.parametrize("rule", QUARANTINED)
def test_a_quarantine_that_was_dismissed_is_kept_and_says_by_whom(rule: Rule) -> None:
    case = a_case(mark=a_mark(resolution=DISMISS, rule=rule), **QUARANTINED[rule])

    verdict = judge(case, POLICY)

    assert (verdict.decision, verdict.rule) == (KEEP, rule)
    assert verdict.reason.startswith("dismissed by alice on 2026-10-01: ")


@pytest.mark.parametrize("rule", QUARANTINED)
def test_a_resolution_of_another_rule_does_not_end_a_quarantine(rule: Rule) -> None:
    other = Rule.COPY if rule is Rule.ELDER else Rule.ELDER
    for resolution in (ADOPT, DISMISS, None, "something"):
        case = a_case(mark=a_mark(resolution=resolution, rule=other), **QUARANTINED[rule])

        assert ruled(case) == (QUARANTINE, rule)


@pytest.mark.parametrize("resolution", [None, "something"])
def test_what_is_no_resolution_ends_no_quarantine(resolution: str | None) -> None:
    mark = a_mark(resolution=resolution, rule=Rule.ELDER)

    assert ruled(a_case(mark=mark, created=STARTED - HOUR)) == (QUARANTINE, Rule.ELDER)


@pytest.mark.parametrize("rule", [Rule.KEPT, Rule.ELDER, Rule.COPY, Rule.USED, Rule.REPORTED])
def test_a_quarantine_that_was_adopted_is_passed_over(rule: Rule) -> None:
    case = a_case(mark=a_mark(resolution=ADOPT, rule=rule), **QUARANTINED[rule])

    evaluation = evaluate(case, POLICY)

    assert (evaluation.verdict.decision, evaluation.verdict.rule) == (REAP, Rule.FINISHED)
    passed = next(each for each in evaluation.considered if each.rule is rule)
    assert not passed.met
    assert passed.note.startswith("adopted by alice on 2026-10-01, so passed over: ")


@pytest.mark.parametrize("rule", [Rule.KEPT, Rule.ELDER, Rule.COPY, Rule.USED, Rule.REPORTED])
def test_what_was_adopted_and_is_used_again_is_in_question_again(rule: Rule) -> None:
    mark = a_mark(resolution=ADOPT, rule=rule)
    change = {**QUARANTINED[rule], "used": mark.at + MINUTE}

    decision, _ = ruled(a_case(mark=mark, **change))

    assert decision is QUARANTINE


def test_a_use_after_an_adoption_is_told_from_one_before_it_on_our_clock() -> None:
    mark = a_mark(resolution=ADOPT, rule=Rule.USED)
    behind = -30 * SECOND

    before = a_case(mark=mark, used=mark.at + behind, skew=behind)
    after = a_case(mark=mark, used=mark.at + behind + MICROSECOND, skew=behind)

    assert ruled(before) == (REAP, Rule.FINISHED)
    assert ruled(after) == (QUARANTINE, Rule.USED)


@pytest.mark.parametrize("rule", [Rule.GARBLED, Rule.AGELESS])
def test_what_goes_by_an_adoption_alone_and_is_used_after_it_stays(rule: Rule) -> None:
    mark = a_mark(resolution=ADOPT, rule=rule)
    change = UNREADABLE if rule is Rule.GARBLED else STARTLESS

    before = judge(a_case(mark=mark, used=mark.at, **change), POLICY)
    after = judge(a_case(mark=mark, used=mark.at + MINUTE, **change), POLICY)

    assert (before.decision, before.rule) == (REAP, rule)
    assert (after.decision, after.rule) == (QUARANTINE, rule)
    assert after.reason.startswith(
        "adopted by alice on 2026-10-01, but it was used or written to at 2026-10-01 11:01:00 UTC"
    )


def test_a_use_that_was_dismissed_stays_so_when_its_traces_are_gone() -> None:
    mark = a_mark(resolution=DISMISS, rule=Rule.USED)

    for used in (NOW - 2 * HOUR, STARTED, None):
        assert ruled(a_case(mark=mark, used=used)) == (KEEP, Rule.USED)


@pytest.mark.parametrize("rule", [Rule.KEPT, Rule.ELDER])
def test_nobody_can_adopt_what_a_live_run_has(rule: Rule) -> None:
    change = {**QUARANTINED[rule], "run": a_live_run()}

    assert ruled(a_case(mark=a_mark(resolution=ADOPT, rule=rule), **change)) == (KEEP, Rule.ALIVE)


def test_nobody_can_adopt_what_was_not_read() -> None:
    mark = a_mark(resolution=ADOPT, rule=Rule.UNSURE)

    assert ruled(a_case(mark=mark, unread="its mounts")) == (QUARANTINE, Rule.UNSURE)


def test_what_is_ageless_goes_when_it_is_adopted() -> None:
    mark = a_mark(resolution=ADOPT, rule=Rule.AGELESS)

    assert ruled(a_case(mark=mark, **STARTLESS)) == (REAP, Rule.AGELESS)
    assert ruled(a_case(mark=mark, kind=KEY, **STARTLESS)) == (QUARANTINE, Rule.REPORTED)


def test_what_is_ageless_and_was_dismissed_stays_however_old_it_gets() -> None:
    mark = a_mark(resolution=DISMISS, rule=Rule.AGELESS)
    policy = Policy(reap_unknown_after=HOUR)

    assert ruled(a_case(mark=mark, **STARTLESS), policy) == (KEEP, Rule.AGELESS)


def test_garbled_tags_that_name_a_run_cannot_be_adopted() -> None:
    mark = a_mark(resolution=ADOPT, rule=Rule.GARBLED)

    assert ruled(a_case(mark=mark, claim=a_claim(garbled="x"))) == (QUARANTINE, Rule.GARBLED)


def test_garbled_tags_that_name_no_run_can_be_adopted() -> None:
    verdict = judge(a_case(mark=a_mark(resolution=ADOPT, rule=Rule.GARBLED), **UNREADABLE), POLICY)

    assert verdict == Verdict(
        decision=REAP, rule=Rule.GARBLED, reason="adopted by alice on 2026-10-01: a bad tag"
    )


def test_adopting_garbled_tags_lifts_nothing_else() -> None:
    mark = a_mark(resolution=ADOPT, rule=Rule.GARBLED)
    keep = a_mark(resolution=ADOPT, rule=Rule.GARBLED, keep_until=FOREVER)
    protect = Policy(protect=(Protection(name="web"),))

    assert ruled(a_case(mark=mark, **UNREADABLE), protect) == (KEEP, Rule.PROTECTED)
    assert ruled(a_case(mark=keep, **UNREADABLE)) == (KEEP, Rule.KEPT)
    assert ruled(a_case(mark=mark, kind=KEY, **UNREADABLE)) == (QUARANTINE, Rule.GARBLED)
    assert ruled(a_case(mark=mark, unread="it", **UNREADABLE)) == (QUARANTINE, Rule.UNSURE)


def test_a_mark_does_not_make_a_strangers_thing_ours() -> None:
    foreign = Claim(run=None, reason="it bears no run")
    for resolution in (ADOPT, DISMISS):
        mark = a_mark(resolution=resolution, rule=Rule.FOREIGN)

        assert ruled(a_case(claim=foreign, run=None, mark=mark)) == (None, Rule.FOREIGN)


# --- telling -------------------------------------------------------------------------------------


def test_an_evaluation_tells_every_rule_that_was_asked_in_order() -> None:
    evaluation = evaluate(a_case(run=a_lapsed_run(lease_until=NOW - MINUTE)), POLICY)

    assert [each.rule for each in evaluation.considered] == list(Rule)
    assert [each.met for each in evaluation.considered] == [False] * 15 + [True]
    assert all(each.note for each in evaluation.considered)


def test_an_evaluation_stops_at_the_rule_that_is_met() -> None:
    evaluation = evaluate(a_case(run=a_live_run()), POLICY)

    assert [each.rule for each in evaluation.considered][-1] is Rule.ALIVE
    assert len(evaluation.considered) == 6
