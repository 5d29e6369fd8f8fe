"""What OCI's errors mean: a 404 proves nothing, and what may have been done has not failed."""

from __future__ import annotations

import pytest

from reaper.providers.failures import Unanswered
from reaper.providers.oci.answers import (
    OciError,
    absent,
    classify,
    explain,
    passing,
    refusal,
    throttled,
    users_in,
)
from reaper.providers.protocol import Answer, Reply

SUBNET = (
    "The Subnet ocid1.subnet.oc1.iad.s references the VNIC ocid1.vnic.oc1.iad.v. You must remove "
    "the reference to proceed with this operation."
)


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (OciError(404, "NotAuthorizedOrNotFound", "not authorized or not found"), Reply.DENIED),
        (OciError(401, "NotAuthenticated", "no"), Reply.DENIED),
        (OciError(403, "NotAllowed", "go to your home region"), Reply.DENIED),
        (OciError(409, "Conflict", SUBNET), Reply.IN_USE),
        (
            OciError(409, "IncorrectState", "is associated with Gateway that is in use"),
            Reply.IN_USE,
        ),
        (OciError(409, "IncorrectState", "it has delete protection enabled"), Reply.PROTECTED),
        (OciError(409, "Conflict", "there is a resource lock on it"), Reply.PROTECTED),
        (OciError(409, "RetentionRuleActive", "no"), Reply.PROTECTED),
        (OciError(409, "BucketNotEmpty", "no"), Reply.IN_USE),
        (OciError(412, "NoEtagMatch", "no"), Reply.IN_USE),
        (OciError(429, "TooManyRequests", "no"), Reply.THROTTLED),
        (OciError(400, "InvalidParameter", "no"), Reply.FAILED),
        (OciError(500, "InternalServerError", "no"), Reply.UNCERTAIN),
        (OciError(503, "", "no"), Reply.UNCERTAIN),
        (Unanswered("no answer", sent=True), Reply.UNCERTAIN),
        (Unanswered("nobody answers", sent=False), Reply.FAILED),
    ],
)
def test_a_refused_deletion_is_classified(error: Exception, reply: Reply) -> None:
    answer = classify(error, doing="deleting it")

    assert answer.reply is reply
    assert answer.detail.removeprefix("nothing was sent: ").startswith("deleting it: ")


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (OciError(429, "TooManyRequests", "no"), True),
        (OciError(503, "ServiceUnavailable", "no"), True),
        (OciError(501, "NotImplemented", "no"), False),
        (OciError(404, "NotAuthorizedOrNotFound", "no"), False),
        (OciError(409, "IncorrectState", "no"), False),
        (Unanswered("no answer", sent=True), True),
        (Unanswered("nobody answers", sent=False), False),
    ],
)
def test_only_what_may_pass_is_asked_again(error: Exception, again: bool) -> None:  # noqa: FBT001 - a case
    assert passing(error) is again


def test_a_404_is_told_from_throttling() -> None:
    missing = OciError(404, "NotAuthorizedOrNotFound", "no")
    slow = OciError(429, "TooManyRequests", "no", retry_after_s=7.0)

    assert absent(missing)
    assert not throttled(missing)
    assert not absent(slow)
    assert classify(slow, doing="it").retry_after_s == 7.0


def test_who_is_in_the_way_is_read_from_the_sentence() -> None:
    assert users_in(SUBNET) == ("ocid1.vnic.oc1.iad.v",)
    assert users_in("it is in use by ocid1.subnet.oc1.iad.s.") == ("ocid1.subnet.oc1.iad.s",)
    assert users_in("is associated with Gateway that is in use") == ()


def test_a_work_request_that_failed_late_is_read_like_a_refusal() -> None:
    told = refusal("ResourceInUse", "it is in use by ocid1.vcn.oc1.iad.v", "late")

    assert told == Answer(reply=Reply.IN_USE, detail="late", blockers=("ocid1.vcn.oc1.iad.v",))


def test_an_error_without_a_code_is_told_by_its_status() -> None:
    assert explain(OciError(502, "", "bad gateway")) == "HTTP 502: bad gateway"
