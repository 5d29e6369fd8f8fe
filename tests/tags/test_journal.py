from datetime import datetime, timedelta
from typing import Any

import pytest

from reaper.model import JournalEntry, Phase, Ref, Resource
from reaper.tags import Journal
from tests.examples import HOUR, MINUTE, NOW, OTHER_RUN, RUN_ID, SECOND, a_ref, a_resource

VOLUME = a_ref("data", "docker:volume", incarnation="1")


def entry(**changes: Any) -> JournalEntry:
    values: dict[str, Any] = {
        "run": RUN_ID,
        "writer": "host-1-1",
        "seq": 1,
        "at": NOW,
        "phase": Phase.CREATED,
        "kind": "docker:volume",
        "scope": "ENGINE",
        "ref": VOLUME,
    }
    return JournalEntry(**{**values, **changes})


def intent(**changes: Any) -> JournalEntry:
    values: dict[str, Any] = {"phase": Phase.INTENT, "ref": None, "name": "data", "taggable": False}
    return entry(**{**values, **changes})


def volume(ref: Ref = VOLUME, created: datetime | None = NOW, name: str = "data") -> Resource:
    return a_resource(ref=ref, created=created, name=name)


def test_what_a_call_created_is_its_runs() -> None:
    journal = Journal.of([entry()])

    assert journal.creator(volume()) == entry()


@pytest.mark.parametrize("phase", [Phase.EXISTED, Phase.FAILED, Phase.INTENT])
def test_nothing_but_a_create_makes_a_taggable_thing_a_runs(phase: Phase) -> None:
    journal = Journal.of([entry(phase=phase)])

    assert journal.creator(volume()) is None


def test_another_incarnation_of_the_same_id_is_another_thing() -> None:
    journal = Journal.of([entry()])

    assert journal.creator(volume(a_ref("data", "docker:volume", incarnation="2"))) is None


def test_a_thing_whose_incarnation_cannot_be_read_is_not_known_to_be_the_one_created() -> None:
    journal = Journal.of([entry()])

    assert journal.creator(volume(a_ref("data", "docker:volume"))) is None


@pytest.mark.parametrize(
    ("apart", "same"),
    [
        (timedelta(0), True),
        (10 * MINUTE, True),
        (-10 * MINUTE, True),
        (10 * MINUTE + SECOND, False),
        (-10 * MINUTE - SECOND, False),
    ],
)
def test_where_the_entry_knows_no_incarnation_the_time_must_tell(
    apart: timedelta,
    same: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    journal = Journal.of([entry(ref=a_ref("data", "docker:volume"))])

    assert (journal.creator(volume(created=NOW + apart)) is not None) is same


def test_without_incarnation_and_creation_time_nothing_tells() -> None:
    journal = Journal.of([entry(ref=a_ref("data", "docker:volume"))])

    assert journal.creator(volume(created=None)) is None


def test_an_id_that_is_never_used_again_needs_no_incarnation() -> None:
    journal = Journal.of([entry(ref=a_ref("f00d"), kind="docker:container")])

    assert journal.creator(a_resource("f00d", created=None)) is not None


def test_times_without_a_zone_tell_nothing() -> None:
    naive = NOW.replace(tzinfo=None)
    by_entry = Journal.of([entry(ref=a_ref("data", "docker:volume"), at=naive)])
    by_resource = Journal.of([entry(ref=a_ref("data", "docker:volume"))])

    assert by_entry.creator(volume()) is None
    assert by_resource.creator(volume(created=naive)) is None


def test_every_run_that_claims_the_creation_is_told_the_oldest_first() -> None:
    late = entry(run=OTHER_RUN, at=NOW + SECOND)
    journal = Journal.of([late, entry()])

    assert journal.creators(volume()) == (entry(), late)


def test_an_intent_counts_for_a_thing_that_cannot_bear_tags_created_just_after_it() -> None:
    journal = Journal.of([intent()])

    assert journal.creator(volume(created=NOW + 10 * MINUTE)) == intent()
    assert journal.creator(volume(created=NOW + 10 * MINUTE + SECOND)) is None
    assert journal.creator(volume(created=NOW - SECOND)) is None
    assert journal.creator(volume(created=None)) is None


def test_a_creation_in_the_same_second_as_its_intent_is_not_before_it() -> None:
    journal = Journal.of([intent(at=NOW + timedelta(milliseconds=900))])

    assert journal.creator(volume(created=NOW)) is not None


@pytest.mark.parametrize("phase", [Phase.CREATED, Phase.EXISTED, Phase.FAILED])
def test_an_intent_with_a_result_counts_no_more(phase: Phase) -> None:
    journal = Journal.of([intent(), entry(phase=phase, ref=None)])

    assert journal.creator(volume()) is None
    assert journal.unresolved() == ()


def test_the_result_of_another_call_leaves_an_intent_open() -> None:
    journal = Journal.of([intent(), entry(phase=Phase.FAILED, seq=2)])

    assert journal.unresolved() == (intent(),)


def test_an_intent_without_id_and_name_is_nobodys() -> None:
    journal = Journal.of([intent(name=None)])

    assert journal.creator(volume()) is None


def test_an_intent_for_something_else_is_not_for_this() -> None:
    journal = Journal.of(
        [
            intent(name="other"),
            intent(seq=2, kind="docker:network"),
            intent(seq=3, scope="ELSEWHERE"),
            intent(seq=4, ref=a_ref("other", "docker:volume")),
        ]
    )

    assert journal.creator(volume()) is None


def test_an_intent_that_knows_the_id_counts_for_that_id_only() -> None:
    journal = Journal.of([intent(ref=a_ref("data", "docker:volume"), name="something")])

    assert journal.creator(volume()) is not None


def test_an_intents_name_may_be_the_id() -> None:
    journal = Journal.of([intent()])

    assert journal.creator(volume(name="")) is not None


def test_a_result_comes_before_any_intent() -> None:
    journal = Journal.of([intent(seq=2, run=OTHER_RUN), entry()])

    assert journal.creators(volume()) == (entry(),)


def test_an_entry_read_twice_counts_once() -> None:
    assert Journal.of([entry(), entry()]).creators(volume()) == (entry(),)


def test_who_found_a_thing_there_is_its_user() -> None:
    found = entry(run=OTHER_RUN, phase=Phase.EXISTED)
    vague = entry(run=OTHER_RUN, phase=Phase.EXISTED, ref=a_ref("data", "docker:volume"), seq=2)
    earlier = entry(phase=Phase.EXISTED, ref=a_ref("data", "docker:volume", incarnation="0"), seq=3)
    journal = Journal.of([found, vague, earlier, entry(seq=4)])

    assert journal.users(volume()) == (found, vague)


def test_what_was_created_and_what_is_open_is_told() -> None:
    journal = Journal.of(
        [
            entry(),
            entry(phase=Phase.EXISTED, ref=a_ref("shared", "docker:volume"), seq=2),
            entry(ref=None, seq=3),
            intent(seq=4, at=NOW - HOUR),
        ]
    )

    assert [entry.ref for entry in journal.sought] == [VOLUME]
    assert journal.unresolved() == (intent(seq=4, at=NOW - HOUR),)
