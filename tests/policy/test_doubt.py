from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from reaper.model import (
    Basis,
    Claim,
    Rule,
    Unavailable,
    Unknown,
    Verdict,
)
from reaper.policy import judge
from tests.examples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    OTHER_RUN,
    RUN_ID,
    SECOND,
    STARTED,
    a_claim,
    a_run,
)
from tests.policy.cases import (
    MICROSECOND,
    POLICY,
    QUARANTINE,
    REAP,
    UNKNOWN,
    a_case,
    a_mark,
    ruled,
)


def test_what_a_finished_run_left_is_reaped() -> None:
    verdict = judge(a_case(), POLICY)

    assert verdict == Verdict(
        decision=REAP,
        rule=Rule.FINISHED,
        reason=f"its run {RUN_ID} is over since 2026-10-01 08:00:00 UTC",
    )


def test_now_must_have_a_time_zone() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        a_case(now=NOW.replace(tzinfo=None))


# --- foreign -------------------------------------------------------------------------------------


def test_what_is_no_runs_is_not_ours_to_decide() -> None:
    claim = Claim(run=None, reason="it bears no run")

    assert judge(a_case(claim=claim, run=None), POLICY) == Verdict(
        decision=None, rule=Rule.FOREIGN, reason="it bears no run"
    )


def test_a_claim_without_a_run_is_nobodys_whatever_it_says_of_its_ground() -> None:
    claim = Claim(run=None, reason="its tag", basis=Basis.TAG)

    assert ruled(a_case(claim=claim, run=None)) == (None, Rule.FOREIGN)


# --- unsure --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"run": Unavailable(reason="the database did not answer")},
            "the ledger could not say whether its run is over: the database did not answer",
        ),
        ({"run": None}, f"the ledger was not asked about run {RUN_ID}"),
        ({"run": Unknown(id=OTHER_RUN)}, f"the ledger was not asked about run {RUN_ID}"),
        ({"run": a_run(id=OTHER_RUN)}, f"the ledger was not asked about run {RUN_ID}"),
        ({"unread": "its mounts"}, "it could not be read whole: its mounts"),
        (
            {"skew": timedelta(seconds=61)},
            "the provider's clock and ours are 1m 1s apart, and 1m is the most allowed",
        ),
        (
            {"skew": timedelta(seconds=-61)},
            "the provider's clock and ours are 1m 1s apart, and 1m is the most allowed",
        ),
        (
            {"created": NOW + 2 * MINUTE},
            "its creation, 2026-10-01 12:02:00 UTC, is 2m in the future",
        ),
        (
            {"used": NOW + 2 * MINUTE},
            "its last use, 2026-10-01 12:02:00 UTC, is 2m in the future",
        ),
        (
            {"first_seen": NOW + 2 * MINUTE},
            "its first sighting, 2026-10-01 12:02:00 UTC, is 2m in the future",
        ),
        (
            {"run": a_run(started=NOW + 2 * MINUTE)},
            "its run's start, 2026-10-01 12:02:00 UTC, is 2m in the future",
        ),
        (
            {"run": a_run(ended=NOW + 2 * MINUTE)},
            "its run's end, 2026-10-01 12:02:00 UTC, is 2m in the future",
        ),
    ],
)
def test_what_this_look_did_not_tell_is_in_question(change: Mapping[str, Any], reason: str) -> None:
    verdict = judge(a_case(named=True, **change), POLICY)

    assert verdict == Verdict(decision=QUARANTINE, rule=Rule.UNSURE, reason=reason)


def test_an_unknown_run_whose_id_is_of_the_future_is_in_question() -> None:
    case = a_case(run=UNKNOWN, now=STARTED - HOUR, created=None)

    assert ruled(case) == (QUARANTINE, Rule.UNSURE)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"created": STARTED.replace(tzinfo=None)}, "its creation"),
        ({"used": NOW.replace(tzinfo=None)}, "its last use"),
        ({"first_seen": STARTED.replace(tzinfo=None)}, "its first sighting"),
        ({"claim": a_claim(expires=NOW.replace(tzinfo=None))}, "its expiry"),
        ({"claim": a_claim(keep=NOW.replace(tzinfo=None))}, "its keep tag"),
        ({"mark": a_mark(keep_until=NOW.replace(tzinfo=None))}, "its mark"),
        ({"run": a_run(started=STARTED.replace(tzinfo=None))}, "its run's start"),
        ({"run": a_run(ended=NOW.replace(tzinfo=None))}, "its run's end"),
        ({"run": a_run(lease_until=NOW.replace(tzinfo=None))}, "its run's lease"),
        ({"run": a_run(expires=NOW.replace(tzinfo=None))}, "its run's expiry"),
    ],
)
def test_a_time_without_a_zone_is_in_question(change: Mapping[str, Any], what: str) -> None:
    verdict = judge(a_case(**change), POLICY)

    assert verdict.rule is Rule.UNSURE
    assert verdict.reason.startswith(f"{what}, ")
    assert verdict.reason.endswith("has no time zone")


@pytest.mark.parametrize(
    "change",
    [
        {"skew": timedelta(seconds=60)},
        {"skew": timedelta(seconds=-60)},
        {"first_seen": NOW + MINUTE},
        {"used": NOW + MINUTE},
        {"run": a_run(ended=NOW + MINUTE)},
    ],
)
def test_clocks_may_be_apart_by_as_much_as_is_allowed(change: Mapping[str, Any]) -> None:
    assert ruled(a_case(**change))[1] is not Rule.UNSURE


# --- garbled -------------------------------------------------------------------------------------


def test_garbled_tags_are_in_question_and_say_why() -> None:
    verdict = judge(a_case(claim=a_claim(garbled="reaper-keep='x' is no time")), POLICY)

    assert verdict == Verdict(
        decision=QUARANTINE, rule=Rule.GARBLED, reason="reaper-keep='x' is no time"
    )


@pytest.mark.parametrize("run", [a_run(promised=False), UNKNOWN])
def test_an_expiry_beyond_a_runs_reach_is_garbled(run: Any) -> None:
    reach = STARTED + POLICY.max_run + POLICY.max_skew + SECOND

    at_most = ruled(a_case(run=run, claim=a_claim(expires=reach)))
    beyond = ruled(a_case(run=run, claim=a_claim(expires=reach + MICROSECOND)))

    assert at_most[1] is not Rule.GARBLED
    assert beyond == (QUARANTINE, Rule.GARBLED)


@pytest.mark.parametrize("run", [a_run(), UNKNOWN])
def test_an_expiry_before_its_runs_start_is_garbled(run: Any) -> None:
    before = a_case(run=run, claim=a_claim(expires=STARTED - SECOND))

    assert ruled(before) == (QUARANTINE, Rule.GARBLED)


def test_a_profiles_expiry_is_counted_from_the_creation_and_may_be_beyond_a_runs_reach() -> None:
    claim = a_claim(expires=STARTED + 3 * DAY, profile="ci")

    assert ruled(a_case(claim=claim)) == (REAP, Rule.FINISHED)
