from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from reaper.model import (
    Basis,
    Ending,
    Kind,
    Rule,
)
from reaper.policy import ADOPT, DISMISS, Policy, judge
from tests.examples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    RUN_ID,
    SECOND,
    STARTED,
    a_claim,
    a_lapsed_run,
    a_ref,
    a_resource,
    a_run,
)
from tests.policy.cases import (
    KEEP,
    KEY,
    MICROSECOND,
    POLICY,
    QUARANTINE,
    REAP,
    STARTLESS,
    UNKNOWN,
    a_case,
    a_mark,
    ruled,
)

# --- reported ------------------------------------------------------------------------------------


def test_a_kind_whose_users_nobody_can_enumerate_is_only_reported() -> None:
    verdict = judge(a_case(kind=KEY), POLICY)

    assert (verdict.decision, verdict.rule) == (QUARANTINE, Rule.REPORTED)
    assert "who uses a aws:kms:key cannot be enumerated" in verdict.reason
    assert f"its run {RUN_ID} is over" in verdict.reason


def test_a_kind_that_is_enabled_is_reaped() -> None:
    policy = Policy(enabled=frozenset({"aws:kms:key"}))

    assert ruled(a_case(kind=KEY), policy) == (REAP, Rule.FINISHED)
    assert ruled(a_case(kind=Kind(name="docker:container"))) == (REAP, Rule.FINISHED)


def test_a_name_that_can_be_used_again_is_no_proof_that_it_is_what_the_journal_has() -> None:
    kind = Kind(name="aws:s3:bucket", reused=True)
    journaled = a_claim(basis=Basis.JOURNAL, journaled=True)
    bucket = a_resource()
    told = a_resource(ref=a_ref("web", incarnation="1"))

    verdict = judge(a_case(kind=kind, claim=journaled, resource=bucket), POLICY)

    assert (verdict.decision, verdict.rule) == (QUARANTINE, Rule.REPORTED)
    assert verdict.reason.startswith(
        "only the journal has it, by a name that somebody may have used again; otherwise: "
    )
    assert ruled(a_case(kind=kind, claim=a_claim(), resource=bucket)) == (REAP, Rule.FINISHED)
    assert ruled(a_case(kind=kind, claim=journaled, resource=told)) == (REAP, Rule.FINISHED)
    assert ruled(a_case(claim=journaled, resource=bucket)) == (REAP, Rule.FINISHED)


def test_what_only_the_journal_has_by_a_name_is_no_ones_by_enabling_its_kind() -> None:
    kind = Kind(name="aws:s3:bucket", reused=True)
    case = a_case(kind=kind, claim=a_claim(basis=Basis.JOURNAL, journaled=True))
    mark = a_mark(resolution=ADOPT, rule=Rule.REPORTED)

    assert ruled(case, Policy(enabled=frozenset({kind.name}))) == (QUARANTINE, Rule.REPORTED)
    assert ruled(replace(case, mark=mark)) == (REAP, Rule.FINISHED)


@pytest.mark.parametrize(
    ("profile", "told"), [("sct", "the profile sct"), (None, "the profile of its parent")]
)
def test_what_only_a_profile_claims_is_only_reported(profile: str | None, told: str) -> None:
    verdict = judge(a_case(claim=a_claim(report_only=True, profile=profile)), POLICY)

    assert (verdict.decision, verdict.rule) == (QUARANTINE, Rule.REPORTED)
    assert verdict.reason.startswith(told)


@pytest.mark.parametrize(
    "change",
    [
        {"run": a_lapsed_run()},
        {"run": UNKNOWN, "claim": a_claim(expires=NOW - HOUR)},
        {"run": UNKNOWN, "claim": a_claim(expires=None)},
    ],
)
def test_whichever_rule_would_reap_it_is_reported_instead(change: Mapping[str, Any]) -> None:
    policy = Policy(reap_unknown_after=HOUR)

    assert ruled(a_case(**change), policy)[0] is REAP
    assert ruled(a_case(kind=KEY, **change), policy) == (QUARANTINE, Rule.REPORTED)


def test_what_would_not_be_reaped_is_not_reported() -> None:
    case = a_case(kind=KEY, run=a_lapsed_run(lease_until=NOW - MINUTE))

    assert ruled(case) == (KEEP, Rule.WAITING)


def test_a_report_that_was_dismissed_stays_so_when_its_kind_is_enabled() -> None:
    mark = a_mark(resolution=DISMISS, rule=Rule.REPORTED)
    policy = Policy(enabled=frozenset({"aws:kms:key"}))

    assert ruled(a_case(kind=KEY, mark=mark)) == (KEEP, Rule.REPORTED)
    assert ruled(a_case(kind=KEY, mark=mark), policy) == (KEEP, Rule.REPORTED)


# --- finished, lapsed, expired -------------------------------------------------------------------


@pytest.mark.parametrize("ending", [Ending.FINISHED, Ending.FORCED])
def test_a_finished_runs_things_go_once_the_grace_is_over(ending: Ending) -> None:
    just = a_run(ended=NOW - POLICY.grace, ending=ending)
    longer = a_run(ended=NOW - POLICY.grace - MICROSECOND, ending=ending)

    assert ruled(a_case(run=just)) == (KEEP, Rule.WAITING)
    assert ruled(a_case(run=just, named=True)) == (REAP, Rule.FINISHED)
    assert ruled(a_case(run=longer)) == (REAP, Rule.FINISHED)


def test_a_lapsed_runs_things_go_once_the_grace_is_over() -> None:
    just = a_lapsed_run(lease_until=NOW - POLICY.grace)
    longer = a_lapsed_run(lease_until=NOW - POLICY.grace - MICROSECOND)

    assert ruled(a_case(run=just)) == (KEEP, Rule.WAITING)
    assert ruled(a_case(run=longer)) == (REAP, Rule.LAPSED)


def test_a_name_does_not_end_a_lapsed_run_that_a_beat_could_still_bring_back() -> None:
    run = a_lapsed_run(lease_until=NOW - SECOND)

    assert ruled(a_case(run=run, named=True)) == (KEEP, Rule.WAITING)


def test_a_lapsed_run_that_the_ledger_ended_can_be_asked_for_by_name() -> None:
    run = a_run(ending=Ending.LAPSED, ended=NOW, lease_until=NOW - SECOND)

    assert ruled(a_case(run=run, named=True)) == (REAP, Rule.LAPSED)
    assert ruled(a_case(run=run)) == (KEEP, Rule.WAITING)


@pytest.mark.parametrize("ended", [None, NOW - HOUR])
def test_a_lapse_says_nothing_where_the_client_did_not_promise_to_stop(ended: Any) -> None:
    run = a_lapsed_run(promised=False, ended=ended, ending=ended and Ending.LAPSED)

    assert ruled(a_case(run=run)) == (KEEP, Rule.WAITING)
    assert ruled(a_case(run=run, named=True)) == (KEEP, Rule.WAITING)


def test_without_the_promise_the_later_expiry_counts() -> None:
    grace = POLICY.grace
    over = a_lapsed_run(promised=False, expires=NOW - grace - MICROSECOND)
    just = a_lapsed_run(promised=False, expires=NOW - grace)
    claim = a_claim(expires=NOW - 2 * HOUR)

    assert ruled(a_case(run=over, claim=claim)) == (REAP, Rule.EXPIRED)
    assert ruled(a_case(run=just, claim=claim)) == (KEEP, Rule.WAITING)
    assert ruled(a_case(run=over, claim=a_claim(expires=NOW))) == (KEEP, Rule.WAITING)


def test_a_run_without_the_promise_that_finished_is_finished() -> None:
    assert ruled(a_case(run=a_run(promised=False))) == (REAP, Rule.FINISHED)
    just = a_run(promised=False, ended=NOW - MINUTE, expires=NOW - HOUR)
    assert ruled(a_case(run=just, claim=a_claim(expires=NOW - HOUR))) == (KEEP, Rule.WAITING)


def test_a_promised_run_never_goes_by_its_expiry() -> None:
    run = a_lapsed_run(lease_until=NOW - MINUTE, expires=NOW - HOUR)

    assert ruled(a_case(run=run, claim=a_claim(expires=NOW - HOUR))) == (KEEP, Rule.WAITING)


def test_an_unknown_runs_things_go_once_they_have_expired() -> None:
    just = a_claim(expires=NOW - POLICY.grace)
    longer = a_claim(expires=NOW - POLICY.grace - MICROSECOND)

    assert ruled(a_case(run=UNKNOWN, claim=just)) == (KEEP, Rule.WAITING)
    assert ruled(a_case(run=UNKNOWN, claim=just, named=True)) == (KEEP, Rule.WAITING)
    assert ruled(a_case(run=UNKNOWN, claim=longer)) == (REAP, Rule.EXPIRED)


# --- ageless -------------------------------------------------------------------------------------


def test_an_unknown_run_without_an_expiry_is_put_to_a_person() -> None:
    assert ruled(a_case(**STARTLESS)) == (QUARANTINE, Rule.AGELESS)


def test_an_unknown_run_without_an_expiry_goes_after_the_age_that_is_configured() -> None:
    age = NOW - (STARTED + 30 * MINUTE)

    assert ruled(a_case(**STARTLESS), Policy(reap_unknown_after=age)) == (
        QUARANTINE,
        Rule.AGELESS,
    )
    assert ruled(a_case(**STARTLESS), Policy(reap_unknown_after=age - SECOND)) == (
        REAP,
        Rule.AGELESS,
    )


def test_where_no_creation_is_known_the_age_counts_from_the_first_sighting() -> None:
    policy = Policy(reap_unknown_after=HOUR)

    seen = a_case(created=None, first_seen=NOW - 2 * HOUR, **STARTLESS)
    never = a_case(created=None, **STARTLESS)

    assert ruled(seen, policy) == (REAP, Rule.AGELESS)
    assert ruled(never, policy) == (QUARANTINE, Rule.AGELESS)


def test_the_age_of_what_is_used_counts_from_its_last_use() -> None:
    policy = Policy(reap_unknown_after=HOUR)
    ahead = 30 * SECOND

    late = a_case(used=NOW - HOUR, **STARTLESS)
    earlier = a_case(used=NOW - HOUR - SECOND, **STARTLESS)
    by_their_clock = a_case(used=NOW - HOUR - SECOND + ahead, skew=ahead, **STARTLESS)
    of_unknown_age = a_case(used=NOW - DAY, created=None, **STARTLESS)

    assert ruled(late, policy) == (QUARANTINE, Rule.AGELESS)
    assert ruled(earlier, policy) == (REAP, Rule.AGELESS)
    assert ruled(by_their_clock, policy) == (REAP, Rule.AGELESS)
    assert ruled(of_unknown_age, policy) == (QUARANTINE, Rule.AGELESS)
