"""The files of a run's directory say what was written, or why they cannot be read."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper.client.moment import Host, Moment
from reaper.client.record import (
    BEAT_BYTES,
    decode_beat,
    decode_end,
    decode_entry,
    decode_run,
    encode_beat,
    encode_end,
    encode_entry,
    encode_run,
)
from reaper.model import Ending, JournalEntry, Lease, Phase, Ref, Run

TIMES = st.datetimes(timezones=st.just(UTC))
TEXTS = st.text()
MAYBE = st.none() | TEXTS
REFS = st.builds(Ref, kind=TEXTS, scope=TEXTS, id=TEXTS, incarnation=MAYBE)
ENTRIES = st.builds(
    JournalEntry,
    run=TEXTS,
    writer=TEXTS,
    seq=st.integers(min_value=1),
    at=TIMES,
    phase=st.sampled_from(Phase),
    kind=TEXTS,
    scope=TEXTS,
    ref=st.none() | REFS,
    name=MAYBE,
    taggable=st.booleans(),
    test=MAYBE,
    detail=MAYBE,
)
LENGTHS = st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=3000))
NAMES = st.text(max_size=60)
MOMENTS = st.builds(
    Moment,
    wall=TIMES,
    awake_s=st.floats(allow_nan=False, allow_infinity=False),
    host=st.builds(Host, name=NAMES, machine=st.none() | NAMES, boot=st.none() | NAMES),
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    started = draw(TIMES)
    return Run(
        id=draw(TEXTS),
        realm=draw(TEXTS),
        started=started,
        expires=draw(TIMES),
        lease=Lease(length=draw(LENGTHS), until=started),
        promised=draw(st.booleans()),
        owner=draw(MAYBE),
        origin=draw(MAYBE),
        host=draw(MAYBE),
    )


@given(ENTRIES)
def test_an_entry_reads_as_it_was_written(entry: JournalEntry) -> None:
    assert decode_entry(encode_entry(entry)) == entry


@given(ENTRIES)
def test_an_entry_is_one_line(entry: JournalEntry) -> None:
    assert len(encode_entry(entry).encode().splitlines()) == 1


@given(runs())
def test_a_run_reads_as_it_was_written(run: Run) -> None:
    assert decode_run(encode_run(run)) == run


@given(TIMES, st.sampled_from(Ending))
def test_an_end_reads_as_it_was_written(at: datetime, ending: Ending) -> None:
    assert decode_end(encode_end(at, ending)) == (at, ending)


@given(MOMENTS)
def test_a_beat_reads_as_it_was_written(beat: Moment) -> None:
    assert decode_beat(encode_beat(beat)) == beat


@given(MOMENTS.filter(lambda beat: beat.host.name.isascii()), MOMENTS, st.integers(0, BEAT_BYTES))
def test_a_half_overwritten_beat_is_one_of_both_or_none(
    old: Moment, new: Moment, written: int
) -> None:
    torn = encode_beat(new)[:written] + encode_beat(old)[written:]

    try:
        found = decode_beat(torn)
    except ValueError:
        return

    assert found in {old, new}


@given(ENTRIES, st.data())
def test_a_line_that_was_cut_off_is_never_an_entry(
    entry: JournalEntry, data: st.DataObject
) -> None:
    line = encode_entry(entry)
    cut = data.draw(st.integers(0, len(line) - 1))

    with pytest.raises(ValueError, match=r".+"):
        decode_entry(line[:cut])


RUN = Run(
    id="r-1",
    realm="default",
    started=datetime(2026, 1, 1, tzinfo=UTC),
    expires=datetime(2026, 1, 2, tzinfo=UTC),
    lease=Lease(length=timedelta(minutes=10), until=datetime(2026, 1, 1, tzinfo=UTC)),
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": 2}, "its schema is 2"),
        ({"id": 7}, "«id» is no text"),
        ({"realm": None}, "«realm» is no text"),
        ({"started": "2026-01-01T00:00:00"}, "«started» has no time zone"),
        ({"started": "0001-01-01T00:00:00+14:00"}, "«started» is beyond all times"),
        ({"expires": "soon"}, "soon"),
        ({"lease_s": 0}, "«lease_s» is no duration"),
        ({"lease_s": True}, "«lease_s» is no number"),
        ({"lease_s": 10**400}, "«lease_s» is beyond all numbers"),
        ({"promised": "yes"}, "«promised» is neither true nor false"),
        ({"owner": ["alice"]}, "«owner» is no text"),
    ],
)
def test_what_a_run_misses_is_told_and_not_guessed(change: dict[str, object], told: str) -> None:
    record = json.loads(encode_run(RUN)) | change

    with pytest.raises(ValueError, match=told):
        decode_run(json.dumps(record))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "[" * 100_000])
def test_what_is_no_object_is_no_run(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_run(text)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 0},
        {"seq": "1"},
        {"seq": True},
        {"phase": "perhaps"},
        {"ref": ["docker:volume", "engine"]},
        {"ref": "docker:volume@engine/v"},
        {"taggable": None},
    ],
)
def test_a_strange_entry_is_not_read(change: dict[str, object]) -> None:
    entry = JournalEntry(
        run="r-1",
        writer="w",
        seq=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        phase=Phase.CREATED,
        kind="docker:volume",
        scope="engine",
    )
    record = json.loads(encode_entry(entry)) | change

    with pytest.raises(ValueError, match=r".+"):
        decode_entry(json.dumps(record))


def test_a_time_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="time zone"):
        encode_end(datetime(2026, 1, 1), Ending.FINISHED)  # noqa: DTZ001 - that is the point
