import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reaper.model import FOREVER
from reaper.tags import (
    EXPIRES,
    IMAGE_RUN,
    OWNER,
    REALM,
    RUN,
    decode_owner,
    encode_owner,
    image_tags,
    run_tags,
)
from reaper.tags.values import read_epoch, read_keep, write_epoch
from tests.examples import NOW, RUN_ID, a_run

VALUE = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")

# Hypothesis makes no lone surrogates unless asked to; a login name from a broken locale has them.
any_text = st.text(st.characters(codec=None, exclude_categories=[]), min_size=1)


@given(any_text)
@example("x--alice")
@example("-")
@example("_")
@example("\udcff\ud800\udc00")
@example("alice-")
def test_an_owner_reads_as_what_was_written_unless_it_was_too_long(owner: str) -> None:
    value = encode_owner(owner)

    assert VALUE.fullmatch(value)
    assert decode_owner(value) in (owner, None)
    if len(owner.encode(errors="surrogatepass")) <= 20:
        assert decode_owner(value) == owner


def test_an_owner_stays_readable_in_a_console() -> None:
    assert encode_owner("alice@example.com") == "alice_40example_2ecom"
    assert encode_owner("Bob") == "x--_42ob"


def test_a_long_owner_keeps_its_beginning_and_is_told_from_others_by_a_hash() -> None:
    first, second = encode_owner("a" * 70 + "1"), encode_owner("a" * 70 + "2")

    assert first.startswith("a" * 45)
    assert len(first) == 63
    assert first != second
    assert decode_owner(first) is None


def test_an_owner_of_just_the_length_of_a_value_is_not_hashed() -> None:
    owner = "a" * 63

    assert encode_owner(owner) == owner
    assert decode_owner(owner) == owner


@given(st.from_regex(VALUE, fullmatch=True))
def test_what_an_owner_cannot_be_written_as_is_not_read_as_one(value: str) -> None:
    owner = decode_owner(value)

    assert owner is None or encode_owner(owner) == value


@pytest.mark.parametrize("value", ["alice_smith", "a_4", "a_ff", "_41", "x--alice", "", "Alice"])
def test_what_somebody_else_wrote_is_no_encoded_owner(value: str) -> None:
    assert decode_owner(value) is None


def test_nobody_is_no_owner() -> None:
    with pytest.raises(ValueError, match="at least one character"):
        encode_owner("")


@given(
    st.datetimes(
        min_value=datetime(2001, 9, 10),  # noqa: DTZ001 - Hypothesis adds the zone itself
        max_value=datetime(5138, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    )
)
def test_an_expiry_is_never_written_as_too_early(moment: datetime) -> None:
    read = read_epoch(write_epoch(moment))

    assert read is not None
    assert timedelta(0) <= read - moment < timedelta(seconds=1)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "24",
        "999999999",
        "-1790924400",
        "+1790924400",
        " 1790924400",
        "1790924400\n",
        "1790924400.5",
        "1790924400000",
        "01790924400",
        "1e10",
        "\u0661\u0667\u0669\u0660\u0669\u0662\u0664\u0664\u0660\u0660",
        "9" * 400,
        "None",
        "2026-10-01T12:00:00Z",
    ],
)
def test_what_is_no_epoch_seconds_is_no_time(value: str) -> None:
    assert read_epoch(value) is None


@given(st.text(st.sampled_from("0123456789-+. eE"), max_size=30))
def test_reading_a_time_never_fails(value: str) -> None:
    moment = read_epoch(value)

    assert moment is None or moment.tzinfo is UTC


def test_a_keep_tag_is_forever_or_a_time() -> None:
    assert read_keep("forever") == FOREVER
    assert read_keep("1790924400") == datetime(2026, 10, 2, 7, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", "FOREVER", "yes", "7d", "24"])
def test_what_is_neither_is_no_keep_tag(value: str) -> None:
    assert read_keep(value) is None


def test_a_runs_tags_name_its_realm_run_expiry_and_owner() -> None:
    tags = run_tags(a_run(owner="alice@example.com"))

    assert tags == {
        REALM: "default",
        RUN: RUN_ID,
        EXPIRES: "1790924400",
        OWNER: "alice_40example_2ecom",
    }


@pytest.mark.parametrize("owner", [None, ""])
def test_a_run_of_nobody_known_has_no_owner_tag(owner: str | None) -> None:
    assert OWNER not in run_tags(a_run(owner=owner))


@given(any_text)
def test_every_value_of_a_runs_tags_is_one_that_every_cloud_bears(owner: str) -> None:
    tags = {**run_tags(a_run(owner=owner)), **image_tags(a_run(owner=owner))}

    assert all(VALUE.fullmatch(value) for value in tags.values())


def test_tags_are_the_same_whatever_has_become_of_the_run() -> None:
    assert run_tags(a_run(ended=NOW)) == run_tags(a_run(ended=None))


def test_an_image_bears_its_run_under_another_key() -> None:
    tags = image_tags(a_run())

    assert tags[IMAGE_RUN] == RUN_ID
    assert RUN not in tags
