"""A deletion goes by the read of the look that found it clear, and by no other."""

from __future__ import annotations

from dataclasses import replace

from reaper.model import Ref, Resource
from reaper.providers.evidence import Evidence
from reaper.providers.protocol import Absent, Answer, Reading, Reply

REF = Ref(kind="cloud:disk", scope="here", id="a")


def kept(evidence: Evidence[str], source: str) -> Resource:
    reading = evidence.keep(REF, Resource(ref=REF), source)
    assert isinstance(reading, Resource)
    return reading


def refusal(found: str | Answer) -> tuple[Reply, str]:
    assert isinstance(found, Answer)
    return found.reply, found.detail


def test_what_a_resource_was_read_from_is_known_whatever_else_is_told_of_it() -> None:
    evidence: Evidence[str] = Evidence()
    seen = kept(evidence, "etag 1")

    assert evidence.of(seen) == "etag 1"
    assert evidence.of(replace(seen, edges=(), tags={"a": "b"})) == "etag 1"


def test_a_later_read_does_not_stand_in_for_the_look() -> None:
    evidence: Evidence[str] = Evidence()
    judged, later = kept(evidence, "etag 1"), kept(evidence, "etag 2")

    reply, detail = refusal(evidence.of(judged))
    assert reply is Reply.IN_USE
    assert "was read again since it was looked at" in detail
    assert evidence.of(later) == evidence.last(REF) == "etag 2"
    assert judged == later, "the number of a read is no part of what was seen"


def test_of_what_was_not_read_or_is_not_there_nothing_is_known() -> None:
    evidence: Evidence[str] = Evidence()
    judged = kept(evidence, "etag 1")
    gone: Reading = evidence.keep(REF, Absent(), None)

    assert gone == Absent()
    assert evidence.last(REF) is None
    for each in (judged, Resource(ref=REF)):
        reply, detail = refusal(evidence.of(each))
        assert reply is Reply.FAILED
        assert "was not read before" in detail
