"""What Google's errors mean, call by call and operation by operation."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("google.auth")

from reaper.providers.failures import Incomplete, Unanswered
from reaper.providers.gce.answers import (
    GoogleError,
    absent,
    classify,
    denied,
    disabled,
    explain,
    passing,
    read_error,
    throttled,
    users_in,
)
from reaper.providers.gce.kinds import KINDS
from reaper.providers.gce.links import Names
from reaper.providers.gce.operations import ended, named, started
from reaper.providers.protocol import Answer, Reply

IN_USE = (
    "The network resource 'projects/p/global/networks/n' is already being used by "
    "'projects/p/global/firewalls/f'"
)


def compute(status: int, reason: str, message: str = "no") -> GoogleError:
    error = {"message": message, "domain": "global", "reason": reason}
    return read_error(status, {"error": {"code": status, "message": message, "errors": [error]}})


def newer(status: int, word: str, message: str = "no", reason: str | None = None) -> GoogleError:
    told: dict[str, Any] = {"code": status, "message": message, "status": word}
    if reason is not None:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}
        told["details"] = [info]
    return read_error(status, {"error": told})


PROTECTED = (
    "Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion.'."
)


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (compute(404, "notFound"), Reply.ABSENT),
        (compute(400, "resourceInUseByAnotherResource", IN_USE), Reply.IN_USE),
        (compute(400, "resourceNotReady"), Reply.IN_USE),
        (compute(400, "invalidResourceUsage", PROTECTED), Reply.PROTECTED),
        (compute(400, "invalid"), Reply.FAILED),
        (compute(403, "rateLimitExceeded"), Reply.THROTTLED),
        (compute(403, "userRateLimitExceeded"), Reply.THROTTLED),
        (compute(403, "forbidden"), Reply.DENIED),
        (compute(403, "accessNotConfigured"), Reply.DENIED),
        (compute(403, "retentionPolicyNotMet"), Reply.PROTECTED),
        (compute(403, "forbidden", "Object 'o' is under active Temporary hold"), Reply.PROTECTED),
        (compute(409, "conflict", "The bucket you tried to delete is not empty."), Reply.IN_USE),
        (compute(412, "conditionNotMet"), Reply.IN_USE),
        (compute(503, "backendError"), Reply.UNCERTAIN),
        (newer(404, "NOT_FOUND"), Reply.ABSENT),
        (newer(400, "FAILED_PRECONDITION"), Reply.IN_USE),
        (newer(403, "PERMISSION_DENIED"), Reply.DENIED),
        (newer(403, "PERMISSION_DENIED", reason="SERVICE_DISABLED"), Reply.DENIED),
        (newer(401, "UNAUTHENTICATED"), Reply.DENIED),
        (newer(409, "ABORTED"), Reply.IN_USE),
        (newer(429, "RESOURCE_EXHAUSTED"), Reply.THROTTLED),
        (newer(500, "INTERNAL"), Reply.UNCERTAIN),
        (read_error(502, None, text="<html>"), Reply.UNCERTAIN),
        (Unanswered("no answer", sent=True), Reply.UNCERTAIN),
        (Unanswered("nobody answers", sent=False), Reply.FAILED),
        (Incomplete("not whole"), Reply.FAILED),
    ],
)
def test_a_refused_deletion_is_classified(error: Exception, reply: Reply) -> None:
    answer = classify(error, doing="deleting it")

    assert answer.reply is reply
    assert answer.detail.removeprefix("nothing was sent: ").startswith("deleting it: ")


def test_a_rate_limit_is_no_missing_permission() -> None:
    limited, forbidden = compute(403, "rateLimitExceeded"), compute(403, "forbidden")

    assert throttled(limited)
    assert not denied(limited)
    assert denied(forbidden)
    assert not throttled(forbidden)


def test_a_disabled_api_says_what_to_do() -> None:
    for error in (
        compute(403, "accessNotConfigured"),
        newer(403, "PERMISSION_DENIED", reason="SERVICE_DISABLED"),
    ):
        assert disabled(error)
        assert not absent(error)
        assert not passing(error)
        assert "`services`" in explain(error)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (compute(503, "backendError"), True),
        (compute(403, "rateLimitExceeded"), True),
        (newer(429, "RESOURCE_EXHAUSTED"), True),
        (Unanswered("no answer", sent=True), True),
        (read_error(501, None), False),
        (compute(404, "notFound"), False),
        (compute(403, "forbidden"), False),
        (Incomplete("not whole"), False),
    ],
)
def test_only_what_passes_is_asked_again(error: Exception, again: bool) -> None:  # noqa: FBT001 - an expectation
    assert passing(error) is again


def test_retry_after_is_handed_on() -> None:
    error = read_error(429, {"error": {"code": 429, "message": "slow"}}, retry_after_s=7.0)

    assert classify(error, doing="x").retry_after_s == 7.0


@pytest.mark.parametrize(
    ("body", "text", "said"),
    [
        ({"error": {"code": 400}}, "", "HTTP 400: no message"),
        ({"error": "invalid_grant"}, "", "HTTP 400: invalid_grant"),
        ([], "", "HTTP 400: no message"),
        (None, "<html>", "HTTP 400: <html>"),
    ],
)
def test_an_error_in_no_known_form_is_told_as_it_is(body: Any, text: str, said: str) -> None:
    assert explain(read_error(400, body, text=text)) == said


def test_users_are_read_from_the_sentence() -> None:
    assert users_in(IN_USE) == ("projects/p/global/firewalls/f",)
    assert users_in("no such sentence") == ()


def test_users_are_called_as_the_plan_calls_them() -> None:
    known = Names("p", "1", KINDS.values())
    answer = Answer(
        reply=Reply.IN_USE, detail="x", blockers=("projects/p/global/firewalls/f", "elsewhere")
    )

    assert named(answer, known).blockers == (
        "gce:compute:firewall@p/global/firewalls/f",
        "elsewhere",
    )


# --- operations ---------------------------------------------------------------------------------

OPERATION = {
    "kind": "compute#operation",
    "status": "RUNNING",
    "targetId": "42",
    "selfLink": "https://www.googleapis.com/compute/v1/projects/p/zones/z/operations/o",
}


def begun(operation: dict[str, Any], meant: str | None = "42") -> Answer:
    return started("compute", "p", operation, meant=meant, doing="deleting it")


def test_an_operation_under_way_has_a_handle() -> None:
    answer = begun(OPERATION)

    assert answer.reply is Reply.STARTED
    assert answer.handle == "compute /compute/v1/projects/p/zones/z/operations/o"


def test_a_cluster_s_operation_is_asked_for_where_it_is() -> None:
    operation = {
        "name": "o",
        "location": "l",
        "status": "RUNNING",
        "selfLink": "projects/1/zones/l",
    }

    answer = started("container", "p", operation, meant=None, doing="deleting it")

    assert answer.handle == "container /v1/projects/p/locations/l/operations/o"


def test_an_operation_that_hits_another_resource_is_told() -> None:
    answer = begun(OPERATION, meant="41")

    assert answer.reply is Reply.FAILED
    assert "another resource, 42" in answer.detail


def test_an_operation_that_is_done_at_once_is_read() -> None:
    assert begun({**OPERATION, "status": "DONE"}).reply is Reply.DONE
    assert begun({"status": "RUNNING"}).handle is None


@pytest.mark.parametrize(
    ("failure", "reply"),
    [
        (
            {
                "error": {
                    "errors": [{"code": "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "message": IN_USE}]
                }
            },
            Reply.IN_USE,
        ),
        ({"error": {"errors": [{"code": "RESOURCE_NOT_FOUND", "message": "x"}]}}, Reply.ABSENT),
        ({"error": {"errors": [{"code": "PERMISSIONS_ERROR", "message": "x"}]}}, Reply.DENIED),
        ({"error": {"errors": [{"code": "INTERNAL_ERROR", "message": "x"}]}}, Reply.FAILED),
        ({"error": {"errors": [{"message": "x"}]}}, Reply.FAILED),
        ({"error": {"code": 9, "message": "x"}}, Reply.IN_USE),
        ({"error": {"code": 7, "message": "x"}}, Reply.DENIED),
        ({"error": {"code": 13, "message": "x"}}, Reply.FAILED),
        ({"httpErrorStatusCode": 500, "httpErrorMessage": "x"}, Reply.FAILED),
        ({}, Reply.DONE),
    ],
)
def test_an_operation_can_fail_late(failure: dict[str, Any], reply: Reply) -> None:
    answer = ended({**OPERATION, "status": "DONE", **failure}, doing="operation o")

    assert answer.reply is reply


def test_a_late_refusal_names_who_is_in_the_way() -> None:
    errors = [{"code": "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "message": IN_USE}]

    answer = ended({"status": "DONE", "error": {"errors": errors}}, doing="operation o")

    assert answer.blockers == ("projects/p/global/firewalls/f",)
