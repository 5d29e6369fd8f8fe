from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from reaper.model import (
    FOREVER,
    Beats,
    Claim,
    Decision,
    Ending,
    Kind,
    Lease,
    Mark,
    Ref,
    Resource,
    Rule,
    Run,
    Unavailable,
    Unknown,
)
from reaper.policy import ADOPT, DISMISS, Case, Policy, Protection, evaluate, judge
from reaper.tags import (
    EXPIRES,
    KEEP,
    OWNER,
    REALM,
    RUN,
    ExpiryReader,
    Journal,
    KeepReader,
    Profile,
    Read,
    TagRules,
    claim,
)
from tests.examples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    OTHER_RUN,
    RUN_ID,
    STARTED,
    a_lapsed_run,
    a_live_run,
    a_run,
)


def mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what is usual, so that the later rules are reached, and now and then what is odd."""
    return st.integers(min_value=0, max_value=24).flatmap(lambda n: odd if n == 24 else usual)


BROKEN = st.sampled_from(
    [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        NOW.replace(tzinfo=None),
        NOW + DAY,
    ]
)
# Moments that lie close to what the rules compare, and now and then one from a broken clock.
MOMENTS = mostly(
    st.builds(
        lambda base, apart: min(base + apart, NOW),
        st.sampled_from([NOW, STARTED, NOW - 15 * MINUTE, NOW - HOUR, NOW - 4 * HOUR]),
        st.timedeltas(min_value=-MINUTE, max_value=2 * HOUR) | st.just(timedelta(0)),
    ),
    BROKEN,
)
LATER = mostly(st.sampled_from([NOW - HOUR, NOW - MINUTE, NOW, NOW + MINUTE]), MOMENTS)
STARTS = mostly(st.just(STARTED), MOMENTS)
SPANS = st.sampled_from([timedelta(0), MINUTE, 15 * MINUTE, HOUR, DAY])
IDS = mostly(
    st.just(RUN_ID), st.sampled_from([OTHER_RUN, "nightly", "r-7zzzzzzzzzzzzzzzzzzzzzzzzz"])
)
VALUES = st.text(max_size=5) | st.sampled_from(
    ["default", "other", "forever", "alive", "0", "24", "1790924400", "None", RUN_ID, OTHER_RUN]
)
RULES = TagRules(
    profiles=(
        Profile(
            name="sct",
            run="TestId",
            keep=KeepReader(key="keep", read=Read.HOURS),
            expires=ExpiryReader(after=HOUR),
            reap=True,
        ),
        Profile(name="ci", run="build"),
    )
)
LEASES = st.builds(
    Lease,
    length=SPANS,
    until=LATER,
    away=mostly(st.none(), st.just("the service is away")),
)
MARKS = st.builds(
    Mark,
    by=st.just("alice"),
    at=st.just(NOW),
    keep_until=mostly(st.none(), st.just(FOREVER) | MOMENTS),
    resolution=st.sampled_from([None, ADOPT, DISMISS]),
    rule=st.none() | st.sampled_from(Rule),
)
POLICIES = st.builds(
    Policy,
    grace=SPANS,
    max_keep=SPANS | st.just(timedelta.max),
    allow_forever=st.booleans(),
    max_skew=mostly(st.just(MINUTE), SPANS),
    reap_unknown_after=st.none() | SPANS,
    max_run=mostly(st.just(DAY), SPANS | st.just(timedelta.max - 3 * DAY)),
    protect=mostly(st.just(()), st.just((Protection(name="web"),))),
    enabled=st.sampled_from([frozenset(), frozenset({"docker:container"})]),
)
KEYS = [REALM, RUN, EXPIRES, OWNER, KEEP, "TestId", "build", "keep"]


def runs(id_: str) -> st.SearchStrategy[Run]:
    """A run of this ID: alive, finished, lapsed, forced, with the promise or without."""
    ends = st.tuples(LATER, st.sampled_from(Ending)) | st.just((None, None))
    return st.builds(
        lambda end, **values: Run(ended=end[0], ending=end[1], **values),
        ends,
        id=mostly(st.just(id_), IDS),
        realm=st.just("default"),
        started=STARTS,
        expires=LATER,
        lease=LEASES,
        beats=st.sampled_from(Beats),
        promised=st.booleans(),
    )


def resources() -> st.SearchStrategy[Resource]:
    """A container that mostly bears the tags of a run, and now and then anything."""
    usual = st.sampled_from(
        [
            {RUN: RUN_ID, EXPIRES: "1790924400"},
            {RUN: RUN_ID, EXPIRES: "1790850000"},
            {RUN: RUN_ID},
            {"TestId": "4711"},
            {"build": "4711"},
            {RUN: RUN_ID, KEEP: "a week"},
            {RUN: ""},
        ]
    )
    return st.builds(
        lambda tags, more, **values: Resource(
            ref=Ref(kind="docker:container", scope="ENGINE", id="web"),
            tags={**tags, **more},
            **values,
        ),
        usual,
        mostly(st.just({}), st.dictionaries(st.sampled_from(KEYS), VALUES)),
        name=st.sampled_from(["web", "db"]),
        created=mostly(MOMENTS, st.none()),
        used=st.none() | MOMENTS,
        inherited=mostly(st.just(frozenset()), st.frozensets(st.sampled_from(KEYS))),
        unread=mostly(st.none(), st.just("its mounts")),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A case as the sweep makes it: the claim from the tags, the run as the ledger knows it."""
    resource = draw(resources())
    found = claim(resource, RULES, Journal.of())
    known = st.none()
    if found.run is not None:
        known = mostly(runs(found.run) | st.just(Unknown(id=found.run)), st.none())
    kinds = st.builds(Kind, name=st.just("docker:container"), report_only=st.booleans())
    return Case(
        resource=resource,
        claim=found,
        run=draw(mostly(known, st.just(Unavailable(reason="the database did not answer")))),
        now=NOW,
        first_seen=draw(st.none() | MOMENTS),
        skew=draw(st.sampled_from([timedelta(0)] * 4 + [MINUTE, 2 * MINUTE, -HOUR])),
        named=draw(st.booleans()),
        mark=draw(st.none() | MARKS),
        kind=draw(mostly(st.none(), kinds)),
        controller_reaped=draw(st.booleans()),
    )


@given(cases(), POLICIES)
def test_the_verdict_is_the_last_rule_that_was_considered(case: Case, policy: Policy) -> None:
    evaluation = evaluate(case, policy)

    *passed, last = evaluation.considered
    assert judge(case, policy) == evaluation.verdict
    assert (last.rule, last.note) == (evaluation.verdict.rule, evaluation.verdict.reason)
    assert last.met
    assert not any(each.met for each in passed)
    assert [each.rule for each in evaluation.considered] == list(Rule)[: len(passed) + 1]


@given(cases(), POLICIES)
def test_no_rule_after_alive_is_ever_asked_about_a_live_run(case: Case, policy: Policy) -> None:
    evaluation = evaluate(case, policy)

    reached = [each.rule for each in evaluation.considered if each.rule is Rule.ALIVE]
    if reached and isinstance(case.run, Run) and case.run.alive(case.now):
        assert evaluation.verdict.rule is Rule.ALIVE
        assert evaluation.verdict.decision is Decision.KEEP


@given(cases(), POLICIES, st.none() | MOMENTS)
def test_no_use_ever_makes_anything_go_that_would_not_go_without(
    case: Case, policy: Policy, used: datetime | None
) -> None:
    unused = judge(with_use(case, None), policy)
    verdict = judge(with_use(case, used), policy)

    if verdict.decision is Decision.REAP:
        assert (unused.decision, unused.rule) == (verdict.decision, verdict.rule)


@given(cases(), POLICIES, MOMENTS, MOMENTS)
def test_what_stays_for_a_use_stays_for_a_later_one(
    case: Case, policy: Policy, one: datetime, other: datetime
) -> None:
    if one.tzinfo is None or other.tzinfo is None:
        return
    earlier = judge(with_use(case, min(one, other)), policy)
    later = judge(with_use(case, max(one, other)), policy)

    if later.decision is Decision.REAP:
        assert earlier.decision is Decision.REAP


def with_use(case: Case, used: datetime | None) -> Case:
    """The case, its resource used then."""
    return replace(case, resource=replace(case.resource, used=used))


@given(cases(), POLICIES)
def test_whatever_is_reaped_is_ours_and_its_run_is_over_beyond_doubt(
    case: Case, policy: Policy
) -> None:
    verdict = judge(case, policy)

    if verdict.decision is not Decision.REAP:
        return
    found, resource = case.claim, case.resource
    assert not found.foreign
    assert resource.unread is None
    assert abs(case.skew) <= policy.max_skew
    assert not isinstance(case.run, Unavailable)
    assert resource.tags.get(REALM, "default") == "default" or verdict.rule is Rule.GARBLED
    assert not found.report_only
    if verdict.rule is Rule.GARBLED:
        assert found.run is None
        assert case.mark is not None
        assert (case.mark.resolution, case.mark.rule) == (ADOPT, Rule.GARBLED)
        return
    assert found.garbled is None
    assert found.run is not None
    assert case.run is not None
    assert not isinstance(case.run, Run) or not case.run.alive(case.now)
    assert {RUN, "TestId", "build"} & resource.tags.keys()
    keeps = resource.tags.get(KEEP), resource.tags.get("keep")
    adopted = case.mark is not None and case.mark.rule is Rule.KEPT
    assert not {"forever", "alive"} & set(keeps) or adopted
    over = case.run.ended if isinstance(case.run, Run) and not lapsed(case.run) else None
    if resource.used is not None and over is not None and resource.used - case.skew > over:
        resolved = case.mark is not None and case.mark.rule is Rule.USED
        assert resolved or resource.used - case.skew <= over + policy.grace
    if not case.named and resource.created is not None:
        assert case.now - resource.created + case.skew >= policy.grace


def lapsed(run: Run) -> bool:
    return run.ending is Ending.LAPSED


# What each of these changes must keep a thing from being reaped, whatever else is known of it.
SPOILERS: Mapping[str, Mapping[str, Any]] = {
    "the ledger is out of reach": {"run": Unavailable(reason="the database did not answer")},
    "the ledger was not asked": {"run": None},
    "the read was incomplete": {"unread": "its mounts"},
    "the clocks are apart": {"skew": 3 * DAY},
    "it is of the future": {"created": NOW + 3 * DAY},
    "it is used in the future": {"used": NOW + 3 * DAY},
    "its use has no time zone": {"used": STARTED.replace(tzinfo=None)},
    "its creation has no time zone": {"created": STARTED.replace(tzinfo=None)},
    "it is older than its run": {"created": STARTED - DAY, "run": a_run(), "mark": None},
    "its tags are garbled": {"garbled": "a bad tag"},
    "nothing makes it a run's": {"basis": None},
    "its run is alive": {"run": a_live_run()},
    "its run cannot lapse": {"run": a_lapsed_run(away="the service is away")},
    "a profile only reports": {"report_only": True, "mark": None},
    "its tag keeps it for ever": {"keep": FOREVER, "mark": None},
    "a person keeps it": {"mark": Mark(by="alice", at=NOW, keep_until=FOREVER)},
}


def spoiled(case: Case, change: Mapping[str, Any]) -> Case:
    """The case with this change, in the resource, the claim or the case itself."""
    for part in (case.resource, case.claim):
        own = {field.name for field in fields(part)} & change.keys()
        if own:
            name = "resource" if part is case.resource else "claim"
            new: Any = replace(part, **{key: change[key] for key in own})
            case = replace(case, **{name: new})
    more = {key: change[key] for key in change.keys() & {"run", "skew", "mark"}}
    if isinstance(more.get("run"), Run):
        more["run"] = replace(more["run"], id=case.claim.run)
    return replace(case, **more)


@given(cases(), POLICIES)
def test_one_reason_for_doubt_is_enough_to_keep(case: Case, policy: Policy) -> None:
    if judge(case, policy).decision is not Decision.REAP or case.claim.run is None:
        return

    for doubt, change in SPOILERS.items():
        verdict = judge(spoiled(case, change), policy)
        assert verdict.decision is not Decision.REAP, (doubt, verdict)
    everything = replace(policy, protect=(Protection(),))
    assert judge(case, everything).decision is Decision.KEEP


@given(
    st.dictionaries(st.sampled_from([REALM, EXPIRES, OWNER, KEEP, "keep"]), VALUES), MARKS, POLICIES
)
@example({EXPIRES: "1790800000"}, Mark(by="alice", at=NOW), Policy())
def test_what_names_no_run_is_never_reaped(
    tags: dict[str, str], mark: Mark, policy: Policy
) -> None:
    resource = Resource(ref=Ref(kind="docker:container", scope="E", id="web"), tags=tags)
    found = claim(resource, RULES, Journal.of())

    verdict = judge(
        Case(resource=resource, claim=found, run=None, now=NOW, mark=mark, named=True), policy
    )

    assert isinstance(found, Claim)
    assert (verdict.decision, verdict.rule) == (None, Rule.FOREIGN)


@given(cases(), POLICIES)
def test_asking_by_name_reaps_nothing_of_a_run_that_is_not_over(case: Case, policy: Policy) -> None:
    verdict = judge(case, policy)

    if verdict.decision is Decision.REAP and isinstance(case.run, Run) and case.run.ended is None:
        assert case.now - case.run.lease.until > policy.grace or not case.run.promised
