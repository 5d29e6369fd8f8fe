from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reaper.model import FOREVER
from reaper.tags import (
    BUILT_IN,
    IMAGE_RUN,
    RUN,
    ExpiryReader,
    KeepReader,
    Profile,
    Read,
    TagRules,
    marker_keys,
)
from reaper.tags.profiles import Garbled, read_expiry_by, read_keep_by
from tests.examples import HOUR, MINUTE, STARTED, a_resource

CREATED = STARTED + 30 * MINUTE
HOURS = KeepReader(key="keep", read=Read.HOURS)
EPOCH = KeepReader(key="keep", read=Read.EPOCH)
WORDS = KeepReader(key="keep", read=Read.WORDS)


def test_hours_are_counted_from_the_creation() -> None:
    resource = a_resource(tags={"keep": "120"})

    assert read_keep_by(HOURS, resource) == CREATED + 120 * HOUR


def test_no_hours_are_over_at_once() -> None:
    assert read_keep_by(HOURS, a_resource(tags={"keep": "0"})) == CREATED


@pytest.mark.parametrize("reader", [HOURS, EPOCH, WORDS])
@pytest.mark.parametrize("value", ["alive", "ALIVE", " forever "])
def test_alive_asks_to_keep_for_ever_however_else_the_value_is_read(
    reader: KeepReader, value: str
) -> None:
    assert read_keep_by(reader, a_resource(tags={"keep": value})) == FOREVER


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (HOURS, "24h"),
        (HOURS, "-1"),
        (HOURS, ""),
        (HOURS, "1.5"),
        (HOURS, "9999999"),
        (EPOCH, "24"),
        (EPOCH, ""),
        (WORDS, "perhaps"),
        (WORDS, "24"),
    ],
)
def test_what_cannot_be_read_is_told(reader: KeepReader, value: str) -> None:
    read = read_keep_by(reader, a_resource(tags={"keep": value}))

    assert isinstance(read, Garbled)
    assert f"keep={value!r}" in read.why


@pytest.mark.parametrize("created", [None, CREATED.replace(tzinfo=None)])
def test_hours_since_a_creation_that_is_not_known_cannot_be_read(created: datetime | None) -> None:
    read = read_keep_by(HOURS, a_resource(tags={"keep": "24"}, created=created))

    assert read == Garbled(why="keep='24' counts from a creation that is not known")


def test_hours_beyond_the_calendar_last_to_its_end() -> None:
    late = datetime(9999, 1, 1, tzinfo=UTC)

    read = read_keep_by(HOURS, a_resource(tags={"keep": "999999"}, created=late))

    assert read == datetime.max.replace(tzinfo=UTC)


def test_epoch_seconds_are_a_time() -> None:
    read = read_keep_by(EPOCH, a_resource(tags={"keep": "1790924400"}))

    assert read == datetime(2026, 10, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize("value", ["no", "false", "terminate", "", "0"])
def test_a_word_can_ask_for_nothing(value: str) -> None:
    assert read_keep_by(WORDS, a_resource(tags={"keep": value})) is None


def test_without_its_tag_nothing_is_asked() -> None:
    assert read_keep_by(HOURS, a_resource()) is None


def test_an_expiry_is_read_from_its_tag_before_the_age_counts() -> None:
    reader = ExpiryReader(key="ttl", read=Read.HOURS, after=14 * HOUR)

    assert read_expiry_by(reader, a_resource(tags={"ttl": "2"})) == CREATED + 2 * HOUR
    assert read_expiry_by(reader, a_resource()) == CREATED + 14 * HOUR


def test_without_a_tag_and_an_age_nothing_expires() -> None:
    assert read_expiry_by(ExpiryReader(key="ttl"), a_resource()) is None
    assert read_expiry_by(ExpiryReader(after=HOUR), a_resource(created=None)) is None
    naive = a_resource(created=CREATED.replace(tzinfo=None))
    assert read_expiry_by(ExpiryReader(after=HOUR), naive) is None


def test_an_expiry_in_words_cannot_be_read() -> None:
    read = read_expiry_by(ExpiryReader(key="ttl", read=Read.WORDS), a_resource(tags={"ttl": "no"}))

    assert isinstance(read, Garbled)


def test_an_expiry_that_is_no_number_cannot_be_read() -> None:
    read = read_expiry_by(ExpiryReader(key="ttl"), a_resource(tags={"ttl": "soon"}))

    assert isinstance(read, Garbled)


@pytest.mark.parametrize("value", ["None", "none", "NULL", "", "  ", "unknown", "undefined"])
def test_what_a_program_writes_without_an_identity_names_no_run(value: str) -> None:
    profile = Profile(name="sct", run="TestId")

    assert profile.identity({"TestId": value}) is None


def test_a_profile_can_name_more_values_that_are_no_identity_but_not_fewer() -> None:
    profile = Profile(name="ci", run="build", no_identity=("Local",))

    assert profile.identity({"build": "local"}) is None
    assert profile.identity({"build": "None"}) is None
    assert profile.identity({"build": "4711"}) == "4711"
    assert profile.identity({}) is None


@pytest.mark.parametrize(
    ("reap", "expires", "report_only"),
    [
        (False, None, True),
        (False, ExpiryReader(after=HOUR), True),
        (True, None, True),
        (True, ExpiryReader(after=HOUR), False),
    ],
)
def test_a_profile_only_reports_until_it_may_reap_and_knows_when(
    reap: bool,  # noqa: FBT001 - a parameter of the table
    expires: ExpiryReader | None,
    report_only: bool,  # noqa: FBT001
) -> None:
    profile = Profile(name="sct", run="TestId", reap=reap, expires=expires)

    assert profile.report_only is report_only


def test_every_built_in_profile_only_reports() -> None:
    profiles = [profile for each in BUILT_IN.values() for profile in each]

    assert all(profile.report_only for profile in profiles)
    assert {profile.name for profile in profiles} == set(BUILT_IN)


def test_the_name_of_every_unnamed_kind_cluster_names_no_run() -> None:
    (profile,) = BUILT_IN["kind"]

    assert profile.identity({"io.x-k8s.kind.cluster": "kind"}) is None
    assert profile.identity({"io.x-k8s.kind.cluster": "pr-7-a41f"}) == "pr-7-a41f"


def test_an_index_is_asked_for_our_keys_and_each_profiles_once() -> None:
    rules = TagRules(profiles=(*BUILT_IN["sct"], *BUILT_IN["sct"], *BUILT_IN["testcontainers"]))

    assert marker_keys(rules) == (
        RUN,
        IMAGE_RUN,
        "TestId",
        "org.testcontainers.session-id",
        "org.testcontainers.sessionId",
        "org.testcontainers.resource-reaper-session",
    )
    assert marker_keys(TagRules()) == (RUN, IMAGE_RUN)


@given(st.sampled_from(Read), st.text())
@example(Read.HOURS, "0\x1f")
def test_reading_any_value_gives_a_time_forever_nothing_or_a_complaint(
    read: Read, value: str
) -> None:
    keep = read_keep_by(KeepReader(key="keep", read=read), a_resource(tags={"keep": value}))

    assert keep is None or keep == FOREVER or isinstance(keep, datetime | Garbled)
    if isinstance(keep, datetime):
        assert keep - CREATED >= timedelta(0) or read is Read.EPOCH
