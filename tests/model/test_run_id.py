import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ulid import ULID

from reaper.errors import InvalidRunId
from reaper.model.run_id import check_run_id, is_value, new_run_id, run_started, safe_prefix
from tests.examples import NOW, RUN_ID, STARTED

ALPHABET = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")

moments = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone itself
    max_value=datetime(9999, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(moments)
def test_an_id_tells_to_the_millisecond_when_its_run_began(at: datetime) -> None:
    started = run_started(new_run_id("nightly", at=at))

    assert started is not None
    assert timedelta(0) <= at - started < timedelta(milliseconds=1)


def test_an_id_is_of_now_unless_told_otherwise() -> None:
    before = datetime.now(UTC)

    started = run_started(new_run_id())

    assert started is not None
    assert abs(started - before) < timedelta(seconds=5)


def test_ids_of_the_same_moment_differ() -> None:
    ids = {new_run_id(at=NOW) for _ in range(100)}

    assert len(ids) == 100


def test_an_id_is_what_another_reader_of_ulids_reads() -> None:
    ulid = ULID.from_str(RUN_ID.removeprefix("r-").upper())

    assert ulid.datetime == STARTED == run_started(RUN_ID)


@given(st.text())
def test_any_text_becomes_a_prefix_that_makes_an_id(text: str) -> None:
    prefix = safe_prefix(text)

    assert len(prefix) <= 36
    assert check_run_id(new_run_id(prefix, at=NOW)).startswith(f"{prefix}-")


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("Nightly Tests (x86/64)", "nightly-tests-x86-64"),
        ("--a--", "a"),
        ("feature_x", "feature_x"),
        ("!!!", "r"),
        ("", "r"),
        ("a" * 35 + "-b", "a" * 35),
    ],
)
def test_a_jobs_name_stays_readable_in_its_prefix(text: str, prefix: str) -> None:
    assert safe_prefix(text) == prefix


@given(st.text(max_size=70) | st.from_regex(ALPHABET, fullmatch=True))
def test_an_id_is_accepted_exactly_if_every_cloud_can_bear_it(text: str) -> None:
    bearable = ALPHABET.fullmatch(text) is not None

    assert is_value(text) is bearable
    if bearable:
        assert check_run_id(text) == text
    else:
        with pytest.raises(InvalidRunId):
            check_run_id(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "is empty"),
        ("a" * 64, "has 64 characters"),
        ("My Run", "has ' ', 'M', 'R'"),
        ("r-1\n", r"has '\\n'"),
        ("-run", "begins or ends with - or _"),
        ("run_", "begins or ends with - or _"),
    ],
)
def test_a_refused_id_says_what_is_wrong_and_what_is_wanted(text: str, wrong: str) -> None:
    with pytest.raises(InvalidRunId, match=f"because it {wrong}: write 1 to 63 of a-z"):
        check_run_id(text)


def test_a_prefix_that_no_cloud_can_bear_is_refused() -> None:
    with pytest.raises(InvalidRunId):
        new_run_id("My Job")


def test_a_moment_without_a_time_zone_starts_no_run() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        new_run_id(at=datetime(2026, 10, 1))  # noqa: DTZ001 - the example


@pytest.mark.parametrize(
    "run_id",
    [
        "nightly",
        "",
        "8a2f9d9e-0f43-4f4e-9c56-1f2a3b4c5d6e",
        "r-01m3v46jc08w4mb5f55r2v48p",
        "r-01m3v46jc08w4mb5f55r2v48pxx",
        "r-01m3v46jc08w4mb5f55r2v48pu",
        "r-81m3v46jc08w4mb5f55r2v48px",
        "R-01M3V46JC08W4MB5F55R2V48PX",
        "01m3v46jc08w4mb5f55r2v48px-r",
    ],
)
def test_an_id_without_a_ulid_tells_no_start(run_id: str) -> None:
    assert run_started(run_id) is None


def test_a_ulid_beyond_the_calendar_tells_no_start() -> None:
    assert run_started("r-7zzzzzzzzzzzzzzzzzzzzzzzzz") is None


def test_a_ulid_without_a_prefix_tells_its_start_too() -> None:
    assert run_started(RUN_ID.removeprefix("r-")) == STARTED
