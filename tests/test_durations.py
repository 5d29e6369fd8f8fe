from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper.durations import describe_duration, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", timedelta(0)),
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("6h", timedelta(hours=6)),
        (" 7d ", timedelta(days=7)),
    ],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "15", "m", "1.5h", "-1h", "1h 2m", "15M", "\uff115m", "9999999999s"]
)
def test_anything_else_is_refused_and_says_what_was_wanted(text: str) -> None:
    with pytest.raises(ValueError, match="write a whole number and a unit, such as 90s"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**9 - 1))
def test_a_written_duration_reads_as_what_it_was(seconds: int) -> None:
    duration = timedelta(seconds=seconds)

    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=59, milliseconds=900), "59s"),
        (timedelta(minutes=90), "90m"),
        (timedelta(days=2), "2d"),
        (timedelta(minutes=-90), "-90m"),
    ],
)
def test_a_duration_is_written_in_its_largest_whole_unit(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(milliseconds=400), "0s"),
        (timedelta(seconds=3725), "1h 2m"),
        (timedelta(days=2, minutes=5), "2d"),
        (timedelta(days=1, hours=1, minutes=1), "1d 1h"),
        (timedelta(seconds=61), "1m 1s"),
        (timedelta(hours=-2), "-2h"),
    ],
)
def test_a_duration_is_described_in_its_two_largest_units(duration: timedelta, text: str) -> None:
    assert describe_duration(duration) == text
