"""How values stand in a column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from reaper.ledger.columns import Labels, Length, Listing, Moment, MomentOrForever, Words, ticks
from reaper.model import FOREVER

DIALECT = sqlite.dialect()

zones = st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes)))
any_text = st.text(st.characters() | st.sampled_from("\\\0xud\udc80\ud800"))


@given(st.datetimes(timezones=zones))
def test_a_time_comes_back_exactly(moment: datetime) -> None:
    column = Moment()

    back = column.process_result_value(column.process_bind_param(moment, DIALECT), DIALECT)

    assert back == moment
    assert back.tzinfo is UTC


@given(st.datetimes(timezones=zones), st.datetimes(timezones=zones))
def test_times_compare_in_a_column_as_they_do_here(one: datetime, other: datetime) -> None:
    assert (ticks(one) < ticks(other)) == (one < other)


@given(st.timedeltas(timedelta(0), timedelta(days=9999)))
def test_a_length_comes_back_exactly(length: timedelta) -> None:
    column = Length()

    back = column.process_result_value(column.process_bind_param(length, DIALECT), DIALECT)

    assert back == length


@given(any_text)
def test_any_text_comes_back_exactly(text: str) -> None:
    column = Words()

    stored = column.process_bind_param(text, DIALECT)

    assert stored is not None
    assert "\0" not in stored
    stored.encode()  # nothing is left that UTF-8 lacks
    assert column.process_result_value(stored, DIALECT) == text


@given(st.dictionaries(any_text, any_text), st.lists(any_text).map(tuple))
def test_tags_and_lists_come_back_exactly(tags: dict[str, str], texts: tuple[str, ...]) -> None:
    labels, listing = Labels(), Listing()

    assert labels.process_result_value(labels.process_bind_param(tags, DIALECT), DIALECT) == tags
    stored = listing.process_bind_param(texts, DIALECT)
    assert listing.process_result_value(stored, DIALECT) == texts


def test_what_is_neither_a_time_nor_for_ever_is_refused() -> None:
    with pytest.raises(ValueError, match="'soon' is neither a time nor 'forever'"):
        MomentOrForever().process_bind_param("soon", DIALECT)

    assert MomentOrForever().process_bind_param(FOREVER, DIALECT) == 2**63 - 1


@pytest.fixture(params=[Moment(), MomentOrForever()])
def column(request: pytest.FixtureRequest) -> Moment | MomentOrForever:
    made: Moment | MomentOrForever = request.param
    return made


def test_a_naive_time_is_refused(column: Moment | MomentOrForever) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        column.process_bind_param(datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None), DIALECT)
