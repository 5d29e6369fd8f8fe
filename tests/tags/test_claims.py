from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper.model import FOREVER, Basis, Claim, JournalEntry, Phase, Resource
from reaper.tags import (
    BUILT_IN,
    EXPIRES,
    IMAGE_RUN,
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
    image_tags,
    run_tags,
)
from tests.examples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    OTHER_RUN,
    RUN_ID,
    STARTED,
    a_claim,
    a_ref,
    a_resource,
    a_run,
)

OURS = TagRules()
TAGS = run_tags(a_run(owner="alice@example.com"))
NOTHING = Journal.of()
SCT = Profile(
    name="sct",
    run="TestId",
    owner="RunByUser",
    keep=KeepReader(key="keep", read=Read.HOURS),
)
REAPING = Profile(
    name="ci", run="ci-build", reap=True, expires=ExpiryReader(key="ttl", after=14 * HOUR)
)
PROFILES = TagRules(profiles=(SCT, REAPING))


def created(resource: Resource, **changes: Any) -> JournalEntry:
    values: dict[str, Any] = {
        "run": RUN_ID,
        "writer": "host-1-1",
        "seq": 1,
        "at": resource.created,
        "phase": Phase.CREATED,
        "kind": resource.ref.kind,
        "scope": resource.ref.scope,
        "ref": resource.ref,
    }
    return JournalEntry(**{**values, **changes})


def tagged(changes: Mapping[str, str | None], **more: Any) -> Resource:
    """A resource with a run's tags, changed; None leaves one out."""
    tags = {**TAGS, **changes}
    return a_resource(tags={key: value for key, value in tags.items() if value is not None}, **more)


def test_a_resource_is_a_runs_by_its_own_tag() -> None:
    found = claim(a_resource(tags=TAGS), OURS, NOTHING)

    assert found == Claim(
        run=RUN_ID,
        reason=f"it bears reaper-run={RUN_ID}",
        basis=Basis.TAG,
        expires=STARTED + DAY,
        owner="alice@example.com",
    )


def test_a_resource_without_a_run_is_nobodys() -> None:
    assert claim(a_resource(), OURS, NOTHING).foreign


@given(st.dictionaries(st.sampled_from([REALM, EXPIRES, OWNER, KEEP, "TestId "]), st.text()))
def test_no_other_tag_makes_a_resource_a_runs(tags: dict[str, str]) -> None:
    found = claim(a_resource(tags=tags), PROFILES, NOTHING)

    assert found.foreign
    assert found.run is None


def test_an_images_key_makes_nothing_but_an_image_a_runs() -> None:
    assert claim(a_resource(tags=image_tags(a_run())), OURS, NOTHING).foreign


@pytest.mark.parametrize(
    ("realm", "ours"),
    [("other", "default"), ("other", "mine"), (None, "mine"), ("default", "mine")],
)
def test_another_realms_resource_is_never_ours(realm: str | None, ours: str) -> None:
    found = claim(tagged({REALM: realm}), TagRules(realm=ours), NOTHING)

    assert found.foreign
    assert f"realm {realm or 'default'!r}, and ours is {ours!r}" in found.reason


def test_another_realms_resource_is_foreign_also_where_its_other_tags_are_garbled() -> None:
    found = claim(tagged({REALM: "other", RUN: "", EXPIRES: "soon"}), OURS, NOTHING)

    assert found.foreign


@pytest.mark.parametrize(("realm", "ours"), [(None, "default"), ("mine", "mine")])
def test_our_realm_is_ours(realm: str | None, ours: str) -> None:
    found = claim(tagged({REALM: realm}), TagRules(realm=ours), NOTHING)

    assert (found.run, found.basis) == (RUN_ID, Basis.TAG)


@pytest.mark.parametrize(
    ("key", "value", "run"),
    [
        (RUN, "", None),
        (RUN, "None!", None),
        (RUN, RUN_ID.upper(), None),
        (RUN, f" {RUN_ID}", None),
        (RUN, "r" * 64, None),
        (REALM, "", RUN_ID),
        (REALM, "Default", RUN_ID),
        (EXPIRES, "", RUN_ID),
        (EXPIRES, "24", RUN_ID),
        (EXPIRES, "9" * 40, RUN_ID),
        (KEEP, "", RUN_ID),
        (KEEP, "Forever", RUN_ID),
        (KEEP, "7d", RUN_ID),
        (OWNER, "Alice Smith", RUN_ID),
    ],
)
def test_a_tag_that_does_not_parse_is_garbled_and_named(
    key: str, value: str, run: str | None
) -> None:
    found = claim(tagged({key: value}), OURS, NOTHING)

    assert found.garbled is not None
    assert f"{key}={value!r}" in found.garbled
    assert found.run == run
    assert not found.foreign


def test_every_tag_that_does_not_parse_is_told() -> None:
    found = claim(tagged({EXPIRES: "x", KEEP: "y"}), OURS, NOTHING)

    assert found.garbled == (
        "reaper-expires='x' is no epoch seconds; "
        "reaper-keep='y' is neither forever nor epoch seconds"
    )


def test_an_owner_that_was_hashed_is_told_as_it_stands() -> None:
    assert claim(tagged({OWNER: "alice_smith"}), OURS, NOTHING).owner == "alice_smith"


def test_a_person_can_ask_to_keep_it() -> None:
    assert claim(tagged({KEEP: "forever"}), OURS, NOTHING).keep == FOREVER
    assert claim(tagged({KEEP: "1790924400"}), OURS, NOTHING).keep == STARTED + DAY


# --- labels that its image bears too -------------------------------------------------------------


def test_a_run_that_the_image_bears_too_need_not_be_its_own() -> None:
    found = claim(a_resource(tags=TAGS, inherited=frozenset({RUN})), OURS, NOTHING)

    assert found.garbled == (
        "its image bears the same label reaper-run, and the journal has not its ID"
    )
    assert found.run == RUN_ID


def test_a_run_that_the_image_bears_too_is_its_own_where_the_journal_has_its_id() -> None:
    resource = a_resource(tags=TAGS, inherited=frozenset({RUN}))

    found = claim(resource, OURS, Journal.of([created(resource)]))

    assert found.garbled is None
    assert found.journaled


def test_an_intent_does_not_tell_whose_an_inherited_label_is() -> None:
    resource = a_resource(tags=TAGS, inherited=frozenset({RUN}))
    intent = created(resource, phase=Phase.INTENT, taggable=False)

    found = claim(resource, OURS, Journal.of([intent]))

    assert found.garbled is not None
    assert not found.journaled


def test_an_expiry_inherited_from_another_runs_image_says_nothing() -> None:
    strange = tagged({IMAGE_RUN: OTHER_RUN}, inherited=frozenset({EXPIRES, REALM}))
    own = tagged({IMAGE_RUN: RUN_ID}, inherited=frozenset({EXPIRES, REALM}))

    assert claim(strange, OURS, NOTHING).expires is None
    assert claim(own, OURS, NOTHING).expires == STARTED + DAY


# --- the journal ---------------------------------------------------------------------------------


def test_the_journal_makes_an_untagged_resource_a_runs() -> None:
    resource = a_resource()

    found = claim(resource, OURS, Journal.of([created(resource)]))

    assert (found.run, found.basis, found.journaled) == (RUN_ID, Basis.JOURNAL, True)
    assert "created it" in found.reason


def test_an_intent_makes_what_cannot_bear_tags_a_runs() -> None:
    resource = a_resource()
    intent = created(resource, phase=Phase.INTENT, taggable=False, ref=None, name="web")

    found = claim(resource, OURS, Journal.of([intent]))

    assert (found.run, found.basis, found.journaled) == (RUN_ID, Basis.JOURNAL, False)
    assert "meant to create it" in found.reason


def test_a_tag_and_a_journal_that_disagree_are_garbled() -> None:
    resource = a_resource(tags=TAGS)

    found = claim(resource, OURS, Journal.of([created(resource, run=OTHER_RUN)]))

    assert found.garbled == (
        f"the sources disagree: its tag reaper-run says {RUN_ID}, the journal says {OTHER_RUN}"
    )


def test_two_runs_that_both_created_it_are_garbled() -> None:
    resource = a_resource()
    journal = Journal.of([created(resource), created(resource, run=OTHER_RUN)])

    found = claim(resource, OURS, journal)

    assert found.garbled is not None
    assert found.run is not None


def test_another_realms_tag_on_what_our_journal_has_is_garbled_rather_than_passed_over() -> None:
    resource = tagged({REALM: "other"})

    found = claim(resource, OURS, Journal.of([created(resource)]))

    assert found.garbled is not None
    assert "realm 'other'" in found.garbled


def test_a_journaled_resource_whose_keep_tag_cannot_be_read_is_garbled() -> None:
    resource = a_resource(tags={KEEP: "a week"})

    assert claim(resource, OURS, Journal.of([created(resource)])).garbled is not None


def test_what_another_run_found_there_and_relies_on_is_in_question() -> None:
    resource = a_resource(tags=TAGS)
    same = created(resource, phase=Phase.EXISTED)
    other = created(resource, phase=Phase.EXISTED, run=OTHER_RUN)

    assert claim(resource, OURS, Journal.of([same])).garbled is None
    assert claim(resource, OURS, Journal.of([other])).garbled == (
        f"a call of run {OTHER_RUN} relies on it, which found it there"
    )


# --- images --------------------------------------------------------------------------------------


def an_image(**changes: Any) -> Resource:
    values: dict[str, Any] = {
        "kind": "docker:image",
        "tags": image_tags(a_run()),
        "indirect": True,
    }
    return a_resource("sha256:f00d", **{**values, **changes})


def test_an_image_is_nobodys_by_its_labels_alone() -> None:
    assert claim(an_image(), OURS, NOTHING).foreign
    assert claim(an_image(tags=TAGS), OURS, NOTHING).foreign


def test_an_image_is_a_runs_by_the_journal_of_its_engine() -> None:
    image = an_image()

    found = claim(image, OURS, Journal.of([created(image)]))

    assert (found.run, found.journaled, found.garbled) == (RUN_ID, True, None)
    assert found.expires == STARTED + DAY


def test_an_unlabelled_image_is_a_runs_by_the_journal_too() -> None:
    image = an_image(tags={})

    found = claim(image, TagRules(realm="mine"), Journal.of([created(image)]))

    assert (found.run, found.basis, found.garbled) == (RUN_ID, Basis.JOURNAL, None)


def test_an_image_is_nobodys_by_an_intent_or_a_parent() -> None:
    image = an_image()
    intent = created(image, phase=Phase.INTENT, taggable=False)

    assert claim(image, OURS, Journal.of([intent])).foreign
    assert claim(image, OURS, NOTHING, (a_ref(), a_claim()), a_claim()).foreign


def test_an_image_that_somebody_gave_another_name_is_garbled() -> None:
    image = replace(an_image(), name="mine:1")

    found = claim(image, OURS, Journal.of([created(image, name="app:1")]))

    assert found.garbled == "it is called mine:1 now, and its run made it as app:1"


@pytest.mark.parametrize(
    ("name", "given"),
    [("app:1", "app:1"), ("app:latest", "app"), (None, "app:1"), ("app:1", None)],
)
def test_an_image_under_its_runs_name_or_none_is_the_runs(
    name: str | None, given: str | None
) -> None:
    image = replace(an_image(), name=name)

    found = claim(image, OURS, Journal.of([created(image, name=given)]))

    assert (found.run, found.garbled) == (RUN_ID, None)


def test_an_image_whose_label_names_another_run_than_the_journal_is_garbled() -> None:
    image = an_image(tags={IMAGE_RUN: OTHER_RUN})

    assert claim(image, OURS, Journal.of([created(image)])).garbled is not None


def test_an_images_other_run_label_is_not_read() -> None:
    image = an_image(tags={**image_tags(a_run()), RUN: OTHER_RUN})

    assert claim(image, OURS, Journal.of([created(image)])).garbled is None


# --- parents -------------------------------------------------------------------------------------


def test_what_a_runs_resource_made_is_the_runs_too() -> None:
    parent = a_claim(owner="alice", keep=FOREVER)

    found = claim(a_resource(), OURS, NOTHING, parent=(a_ref("vm"), parent))

    assert found == Claim(
        run=RUN_ID,
        reason="docker:container@ENGINE/vm made it: it bears the run's tag",
        basis=Basis.DERIVED,
        expires=STARTED + DAY,
        owner="alice",
        keep=FOREVER,
    )


def test_what_a_strangers_resource_made_is_nobodys() -> None:
    stranger = Claim(run=None, reason="it bears no run")

    assert claim(a_resource(), OURS, NOTHING, parent=(a_ref("vm"), stranger)).foreign


def test_a_garbled_parents_children_are_garbled() -> None:
    known = claim(a_resource(), OURS, NOTHING, (a_ref("vm"), a_claim(garbled="a bad tag")))
    unknown = Claim(run=None, reason="unreadable", garbled="a bad tag")
    unread = claim(a_resource(), OURS, NOTHING, (a_ref("vm"), unknown))

    assert known.garbled == "of docker:container@ENGINE/vm: a bad tag"
    assert known.run == RUN_ID
    assert (unread.run, unread.basis) == (None, None)
    assert not unread.foreign


def test_a_child_whose_own_tag_names_another_run_is_garbled() -> None:
    found = claim(a_resource(tags=TAGS), OURS, NOTHING, (a_ref("vm"), a_claim(run=OTHER_RUN)))

    assert found.garbled is not None


def test_a_child_is_kept_for_as_long_as_any_source_asks() -> None:
    found = claim(
        tagged({KEEP: "1790924400"}), OURS, NOTHING, (a_ref("vm"), a_claim(keep=NOW + 9 * DAY))
    )

    assert found.keep == NOW + 9 * DAY
    assert found.basis is Basis.TAG


def test_a_child_of_what_only_a_profile_claims_is_only_reported() -> None:
    parent = a_claim(report_only=True, profile="sct")

    found = claim(a_resource(), OURS, NOTHING, (a_ref("vm"), parent))

    assert (found.report_only, found.profile) == (True, "sct")


def test_what_a_parent_made_is_still_the_runs_when_the_parent_is_gone() -> None:
    found = claim(a_resource(), OURS, NOTHING, remembered=a_claim())

    assert (found.run, found.basis) == (RUN_ID, Basis.DERIVED)


def test_a_remembered_claim_that_was_none_makes_nothing_a_runs() -> None:
    nothing = Claim(run=None, reason="it bears no run")

    assert claim(a_resource(), OURS, NOTHING, remembered=nothing).foreign


@pytest.mark.parametrize("now", [a_claim(run=OTHER_RUN), Claim(run=None, reason="no run")])
def test_a_parent_that_has_changed_hands_is_garbled(now: Claim) -> None:
    found = claim(a_resource(), OURS, NOTHING, (a_ref("vm"), now), remembered=a_claim())

    assert found.garbled is not None
    assert f"and was run {RUN_ID}'s" in found.garbled


def test_a_parent_that_is_as_it_was_is_trusted() -> None:
    found = claim(a_resource(), OURS, NOTHING, (a_ref("vm"), a_claim()), remembered=a_claim())

    assert found.garbled is None


# --- profiles ------------------------------------------------------------------------------------


def test_a_profile_reads_the_tags_that_a_team_has() -> None:
    tags = {"TestId": "8a2f9d9e-0f43-4f4e-9c56-1f2a3b4c5d6e", "RunByUser": "Alice", "keep": "120"}

    found = claim(a_resource(tags=tags), PROFILES, NOTHING)

    assert found == Claim(
        run="8a2f9d9e-0f43-4f4e-9c56-1f2a3b4c5d6e",
        reason="it bears TestId=8a2f9d9e-0f43-4f4e-9c56-1f2a3b4c5d6e",
        basis=Basis.TAG,
        owner="Alice",
        keep=STARTED + 30 * MINUTE + 120 * HOUR,
        report_only=True,
        profile="sct",
    )


def test_a_profile_that_may_reap_tells_when() -> None:
    found = claim(a_resource(tags={"ci-build": "4711"}), PROFILES, NOTHING)

    assert found.expires == STARTED + 30 * MINUTE + 14 * HOUR
    assert (found.report_only, found.owner) == (False, None)


def test_a_profiles_value_that_is_no_identity_makes_nothing_a_runs() -> None:
    assert claim(a_resource(tags={"TestId": "None"}), PROFILES, NOTHING).foreign


@pytest.mark.parametrize("value", ["two words", "caf\u00e9", "x" * 129, "a\nb"])
def test_a_profiles_value_that_cannot_be_an_identity_is_garbled(value: str) -> None:
    found = claim(a_resource(tags={"TestId": value}), PROFILES, NOTHING)

    assert found.garbled is not None
    assert found.run is None


@pytest.mark.parametrize(
    "tags", [{"TestId": "1", "keep": "soon"}, {"ci-build": "1", "ttl": "soon"}]
)
def test_a_profiles_value_that_cannot_be_read_is_garbled(tags: dict[str, str]) -> None:
    assert claim(a_resource(tags=tags), PROFILES, NOTHING).garbled is not None


def test_two_profiles_that_name_different_runs_are_garbled() -> None:
    different = claim(a_resource(tags={"TestId": "1", "ci-build": "2"}), PROFILES, NOTHING)
    same = claim(a_resource(tags={"TestId": "1", "ci-build": "1"}), PROFILES, NOTHING)

    assert different.garbled == "TestId and ci-build name different runs"
    assert same.garbled is None


def test_our_own_tag_comes_before_every_profiles() -> None:
    found = claim(tagged({"TestId": "1"}), PROFILES, NOTHING)

    assert (found.run, found.profile, found.report_only) == (RUN_ID, None, False)


def test_a_profiles_keep_tag_counts_on_what_bears_our_own_tag_too() -> None:
    found = claim(tagged({"keep": "alive"}), PROFILES, NOTHING)

    assert found.keep == FOREVER


def test_a_profiles_resource_of_another_realm_is_foreign() -> None:
    tags = {"TestId": "1", REALM: "other"}

    assert claim(a_resource(tags=tags), PROFILES, NOTHING).foreign


def test_a_profiles_resource_needs_no_realm() -> None:
    rules = TagRules(realm="mine", profiles=(SCT,))

    assert claim(a_resource(tags={"TestId": "1"}), rules, NOTHING).run == "1"


def test_what_the_journal_has_needs_no_profiles_permission() -> None:
    resource = a_resource(tags={"TestId": RUN_ID})

    found = claim(resource, PROFILES, Journal.of([created(resource)]))

    assert (found.report_only, found.garbled) == (False, None)


@pytest.mark.parametrize("profile", [each for group in BUILT_IN.values() for each in group])
def test_every_built_in_profile_claims_what_bears_its_key(profile: Profile) -> None:
    found = claim(a_resource(tags={profile.run: "f00d"}), TagRules(profiles=(profile,)), NOTHING)

    assert (found.run, found.report_only, found.profile) == ("f00d", True, profile.name)


# --- whatever the tags ---------------------------------------------------------------------------

KEYS = [REALM, RUN, EXPIRES, OWNER, KEEP, IMAGE_RUN, "TestId", "ci-build", "keep", "ttl"]
VALUES = (
    st.text(max_size=20)
    | st.sampled_from([RUN_ID, OTHER_RUN, "default", "other", "forever", "1790924400", "None"])
    | st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,20}[a-z0-9])?", fullmatch=True)
)


@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES),
    st.frozensets(st.sampled_from(KEYS)),
    st.sampled_from(["default", "mine"]),
    st.booleans(),
)
def test_whatever_the_tags_a_claim_names_a_run_a_doubt_or_nobody(
    tags: dict[str, str],
    inherited: frozenset[str],
    realm: str,
    indirect: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    resource = a_resource(tags=tags, inherited=inherited, indirect=indirect)
    rules = TagRules(realm=realm, profiles=PROFILES.profiles)

    found = claim(resource, rules, NOTHING)

    if found.foreign:
        assert found.run is None
    else:
        assert found.garbled is not None or found.run is not None
        assert tags.get(REALM, realm) == realm or found.garbled is not None
        assert not indirect
        assert {RUN, "TestId", "ci-build"} & tags.keys()
        assert found.garbled is not None or RUN in tags or found.profile is not None


def test_an_emptied_label_of_its_image_claims_nothing() -> None:
    tags = {**image_tags(a_run()), RUN: ""}

    inherited = claim(a_resource(tags=tags, inherited=frozenset(tags)), OURS, NOTHING)
    own = claim(a_resource(tags=tags, inherited=frozenset({IMAGE_RUN})), OURS, NOTHING)

    assert inherited.foreign
    assert inherited.garbled is None
    assert own.garbled is not None
