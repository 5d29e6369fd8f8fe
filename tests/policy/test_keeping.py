from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from reaper.model import (
    FOREVER,
    Ending,
    Resource,
    Rule,
    Verdict,
)
from reaper.policy import Policy, Protection, judge
from tests.examples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    STARTED,
    a_claim,
    a_lapsed_run,
    a_live_run,
    a_ref,
    a_run,
)
from tests.policy.cases import (
    KEEP,
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

# --- protected -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "protection",
    [
        Protection(name="web"),
        Protection(name="WE*"),
        Protection(kind="docker:*"),
        Protection(scope="engine"),
        Protection(kind="docker:container", scope="ENGINE", name="w?b"),
        Protection(),
    ],
)
def test_what_the_configuration_protects_is_kept(protection: Protection) -> None:
    policy = Policy(protect=(Protection(name="else"), protection))

    assert ruled(a_case(), policy) == (KEEP, Rule.PROTECTED)


@pytest.mark.parametrize(
    "protection",
    [
        Protection(name="we"),
        Protection(kind="docker:volume"),
        Protection(scope="OTHER"),
        Protection(kind="docker:container", name="other"),
    ],
)
def test_a_protection_counts_only_where_all_of_it_matches(protection: Protection) -> None:
    assert ruled(a_case(), Policy(protect=(protection,))) == (REAP, Rule.FINISHED)


def test_a_protection_by_name_matches_the_id_of_what_has_no_name() -> None:
    policy = Policy(protect=(Protection(name="web"),))
    nameless = Resource(ref=a_ref("web"), created=STARTED)

    assert ruled(a_case(resource=nameless), policy) == (KEEP, Rule.PROTECTED)


def test_a_protection_by_name_matches_the_id_of_what_has_another_name() -> None:
    policy = Policy(protect=(Protection(name="web"),))
    renamed = Resource(ref=a_ref("web"), name="frontend", created=STARTED)

    assert ruled(a_case(resource=renamed), policy) == (KEEP, Rule.PROTECTED)


# --- kept ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keep", "kept"), [(NOW + SECOND, True), (NOW, True), (NOW - SECOND, False)]
)
def test_a_keep_tag_keeps_until_its_time(
    keep: Any,
    kept: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    decision, rule = ruled(a_case(claim=a_claim(keep=keep)))

    assert (decision, rule) == ((KEEP, Rule.KEPT) if kept else (REAP, Rule.FINISHED))


def test_a_keep_tag_keeps_no_longer_than_max_keep_after_the_creation() -> None:
    age = NOW - (STARTED + 30 * MINUTE)
    case = a_case(claim=a_claim(keep=NOW + 300 * DAY))

    assert ruled(case, Policy(max_keep=age)) == (KEEP, Rule.KEPT)
    assert ruled(case, Policy(max_keep=age - SECOND)) == (REAP, Rule.FINISHED)


def test_a_keep_tags_bound_counts_from_the_first_sighting_where_no_creation_is_known() -> None:
    case = a_case(claim=a_claim(keep=NOW + DAY), created=None, first_seen=NOW - 4 * HOUR)

    assert ruled(case, Policy(max_keep=3 * HOUR)) == (REAP, Rule.FINISHED)
    assert ruled(case, Policy(max_keep=4 * HOUR)) == (KEEP, Rule.KEPT)


def test_a_keep_tag_has_no_bound_where_no_age_is_known() -> None:
    case = a_case(claim=a_claim(keep=NOW + DAY), created=None)

    assert ruled(case, Policy(max_keep=timedelta(0))) == (KEEP, Rule.KEPT)


def test_an_endless_bound_bounds_nothing() -> None:
    case = a_case(claim=a_claim(keep=NOW + DAY))

    assert ruled(case, Policy(max_keep=timedelta.max)) == (KEEP, Rule.KEPT)


def test_a_tag_that_asks_to_keep_for_ever_is_put_to_a_person() -> None:
    case = a_case(claim=a_claim(keep=FOREVER))

    assert ruled(case) == (QUARANTINE, Rule.KEPT)
    assert ruled(case, Policy(allow_forever=True)) == (KEEP, Rule.KEPT)


@pytest.mark.parametrize("until", [FOREVER, NOW + 300 * DAY, NOW])
def test_a_persons_mark_keeps_without_a_bound(until: Any) -> None:
    case = a_case(mark=a_mark(keep_until=until), claim=a_claim(keep=FOREVER))

    assert ruled(case) == (KEEP, Rule.KEPT)


def test_a_persons_mark_ends_at_its_time() -> None:
    assert ruled(a_case(mark=a_mark(keep_until=NOW - SECOND))) == (REAP, Rule.FINISHED)


# --- alive ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run",
    [
        a_live_run(),
        a_live_run(lease_until=NOW),
        a_live_run(expires=NOW - HOUR),
        a_lapsed_run(away="the service is away since 11:00"),
    ],
)
def test_a_live_run_is_untouchable(run: Any) -> None:
    assert ruled(a_case(run=run, named=True)) == (KEEP, Rule.ALIVE)


def test_a_lease_that_cannot_lapse_says_why() -> None:
    verdict = judge(a_case(run=a_lapsed_run(away="the service is away")), POLICY)

    assert verdict.reason.endswith("cannot lapse: the service is away")


def test_a_lease_that_has_lapsed_protects_no_more() -> None:
    run = a_live_run(lease_until=NOW - MICROSECOND)

    assert ruled(a_case(run=run)) == (KEEP, Rule.WAITING)


# --- elder ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [a_run(), UNKNOWN])
def test_what_was_created_before_its_run_is_in_question(run: Any) -> None:
    before = a_case(run=run, created=STARTED - SECOND)
    together = a_case(run=run, created=STARTED)

    assert ruled(before) == (QUARANTINE, Rule.ELDER)
    assert ruled(together)[1] is not Rule.ELDER


def test_a_creation_within_the_second_of_the_start_is_not_before_it() -> None:
    run = a_run(started=STARTED + timedelta(milliseconds=900))

    assert ruled(a_case(run=run, created=STARTED)) == (REAP, Rule.FINISHED)
    assert ruled(a_case(run=run, created=STARTED - MICROSECOND)) == (QUARANTINE, Rule.ELDER)


def test_what_was_seen_before_its_run_began_is_in_question() -> None:
    assert ruled(a_case(first_seen=STARTED - MICROSECOND)) == (QUARANTINE, Rule.ELDER)
    assert ruled(a_case(first_seen=STARTED)) == (REAP, Rule.FINISHED)


def test_the_creation_is_compared_on_our_clock() -> None:
    skew = timedelta(seconds=30)

    assert ruled(a_case(created=STARTED + skew, skew=skew)) == (REAP, Rule.FINISHED)
    assert ruled(a_case(created=STARTED + skew - SECOND, skew=skew)) == (QUARANTINE, Rule.ELDER)


def test_a_creation_at_the_beginning_of_the_calendar_is_before_the_run() -> None:
    beginning = STARTED.replace(year=1, month=1, day=1, hour=0)

    assert ruled(a_case(created=beginning, skew=SECOND)) == (QUARANTINE, Rule.ELDER)


# --- copy ----------------------------------------------------------------------------------------


# What is known of a run, and when it counts as over by that.
ENDS: Sequence[tuple[Any, Any]] = (
    (a_run(), NOW - 4 * HOUR),
    (a_run(ending=Ending.FORCED), NOW - 4 * HOUR),
    (a_lapsed_run(), NOW - 3 * HOUR),
    (a_run(ending=Ending.LAPSED, lease_until=NOW - 5 * HOUR), NOW - 5 * HOUR),
    (a_lapsed_run(promised=False, expires=NOW - 2 * HOUR), NOW - 2 * HOUR),
    (UNKNOWN, NOW - 2 * HOUR),
)


@pytest.mark.parametrize(("run", "end"), ENDS)
def test_what_appeared_after_its_runs_end_is_in_question(run: Any, end: Any) -> None:
    claim = a_claim(expires=NOW - 2 * HOUR)

    late = a_case(run=run, claim=claim, created=end + POLICY.grace + MICROSECOND)
    in_time = a_case(run=run, claim=claim, created=end + POLICY.grace)

    assert ruled(late) == (QUARANTINE, Rule.COPY)
    assert ruled(in_time)[1] is not Rule.COPY


def test_what_a_controller_made_late_goes_with_the_controller() -> None:
    case = a_case(created=NOW - HOUR, controller_reaped=True)

    assert ruled(case) == (REAP, Rule.FINISHED)


# --- used ----------------------------------------------------------------------------------------


def test_what_somebody_used_after_its_runs_end_is_in_question() -> None:
    end = NOW - 4 * HOUR

    late = a_case(used=end + POLICY.grace + MICROSECOND)
    in_time = a_case(used=end + POLICY.grace)

    assert ruled(late) == (QUARANTINE, Rule.USED)
    assert ruled(in_time) == (REAP, Rule.FINISHED)
    assert judge(late, POLICY).reason == (
        "it was used or written to at 2026-10-01 08:15:00 UTC, after its run's end at "
        "2026-10-01 08:00:00 UTC: somebody else may rely on it"
    )


@pytest.mark.parametrize(("run", "end"), ENDS)
def test_a_use_counts_from_the_end_that_is_known_of_its_run(run: Any, end: Any) -> None:
    claim = a_claim(expires=NOW - 2 * HOUR)

    late = a_case(run=run, claim=claim, created=STARTED, used=end + POLICY.grace + MICROSECOND)
    in_time = a_case(run=run, claim=claim, created=STARTED, used=end + POLICY.grace)

    assert ruled(late) == (QUARANTINE, Rule.USED)
    assert ruled(in_time)[1] is not Rule.USED


def test_what_a_live_run_uses_is_its_own() -> None:
    assert ruled(a_case(run=a_live_run(), used=NOW)) == (KEEP, Rule.ALIVE)


def test_a_use_of_what_nobody_knows_the_end_of_is_none_after_it() -> None:
    assert ruled(a_case(used=NOW, **STARTLESS))[1] is not Rule.USED


def test_what_was_used_after_its_runs_end_stays_in_question_when_asked_for_by_name() -> None:
    assert ruled(a_case(used=NOW, named=True)) == (QUARANTINE, Rule.USED)


def test_a_use_after_the_runs_end_is_none_where_the_clocks_are_so_far_apart() -> None:
    late = NOW - 4 * HOUR + POLICY.grace + SECOND

    assert ruled(a_case(used=late, skew=SECOND)) == (REAP, Rule.FINISHED)


# --- young ---------------------------------------------------------------------------------------


def test_what_is_younger_than_the_grace_is_kept() -> None:
    run = a_run(ended=NOW - 20 * MINUTE)

    young = a_case(run=run, created=NOW - POLICY.grace + SECOND)
    old = a_case(run=run, created=NOW - POLICY.grace)

    assert ruled(young) == (KEEP, Rule.YOUNG)
    assert ruled(old) == (REAP, Rule.FINISHED)


def test_what_was_asked_for_by_name_needs_no_age() -> None:
    run = a_run(ended=NOW - SECOND)

    assert ruled(a_case(run=run, created=NOW - MINUTE, named=True)) == (REAP, Rule.FINISHED)


def test_without_a_creation_the_age_counts_from_the_runs_end() -> None:
    just_over = a_case(run=a_run(ended=NOW - MINUTE), created=None)

    verdict = judge(just_over, POLICY)

    assert verdict == Verdict(
        decision=KEEP,
        rule=Rule.YOUNG,
        reason="its run is over for 1m, less than the grace of 15m",
    )
