"""Azure's errors are told apart by their code, whatever status they come with."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("azure.core")

from reaper.providers.azure.answers import (
    ArmError,
    NoCredentials,
    absent,
    classify,
    explain,
    group_absent,
    passing,
    read_error,
    throttled,
)
from reaper.providers.failures import Unanswered
from reaper.providers.protocol import Reply
from reaper.sandbox.azure.arm.rules import SAYINGS

VM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"


def error(status: int, code: str, message: str = "words", **more: Any) -> ArmError:
    return read_error(status, {"error": {"code": code, "message": message, **more}})


@pytest.mark.parametrize(
    ("status", "code", "reply"),
    [
        # One status, many meanings.
        (409, "ScopeLocked", Reply.PROTECTED),
        (409, "AnotherOperationInProgress", Reply.IN_USE),
        (409, "OperationNotAllowed", Reply.IN_USE),
        (409, "CannotDeleteResource", Reply.IN_USE),
        (409, "RequestDisallowedByPolicy", Reply.PROTECTED),
        (409, "MissingSubscriptionRegistration", Reply.FAILED),
        (400, "NicInUse", Reply.IN_USE),
        (400, "InUseSubnetCannotBeDeleted", Reply.IN_USE),
        (400, "PublicIPAddressCannotBeDeleted", Reply.IN_USE),
        (400, "CannotDeleteNatGatewayAssociatedToSubnet", Reply.IN_USE),
        (400, "LoadBalancerInUseByVirtualMachineScaleSet", Reply.IN_USE),
        (400, "NoRegisteredProviderFound", Reply.FAILED),
        (404, "ResourceNotFound", Reply.ABSENT),
        (404, "ResourceGroupNotFound", Reply.ABSENT),
        (404, "ManagementPolicyNotFound", Reply.ABSENT),
        (404, "SubscriptionNotFound", Reply.DENIED),
        (404, "InvalidResourceType", Reply.FAILED),
        (404, "InvalidResourceNamespace", Reply.FAILED),
        (403, "AuthorizationFailed", Reply.DENIED),
        (403, "DenyAssignmentAuthorizationFailed", Reply.PROTECTED),
        (401, "ExpiredAuthenticationToken", Reply.DENIED),
        (429, "TooManyRequests", Reply.THROTTLED),
        (429, "RetryableError", Reply.IN_USE),
        (429, "ReferencedResourceNotProvisioned", Reply.IN_USE),
        (500, "InternalServerError", Reply.UNCERTAIN),
        (200, "NicInUse", Reply.IN_USE),
    ],
)
def test_the_code_decides(status: int, code: str, reply: Reply) -> None:
    answer = classify(error(status, code), doing="deleting it")

    assert answer.reply is reply
    assert code in answer.detail


def test_a_404_without_a_code_proves_nothing() -> None:
    found = read_error(404, None, text="<html>not found</html>")

    assert not absent(found)
    assert classify(found, doing="it").reply is Reply.FAILED


@pytest.mark.parametrize("key", SAYINGS, ids="-".join)
def test_whatever_the_sandbox_says_is_in_use_is_read_so(key: tuple[str, str]) -> None:
    said = SAYINGS[key]
    words = said.words.format(thing=VM, name="thing", user=VM)

    answer = classify(error(said.status, said.code, words), doing="it")

    protecting = "immutability" in words
    assert answer.reply is (Reply.PROTECTED if protecting else Reply.IN_USE)
    if "{user}" in said.words and not protecting:
        assert VM in answer.blockers


def test_what_uses_it_is_read_from_the_sentence() -> None:
    words = f"Network Interface /subscriptions/s/x is used by existing resource {VM}. In order"

    answer = classify(error(400, "NicInUse", words), doing="it")

    assert answer.blockers == ("/subscriptions/s/x", VM)


def test_a_groups_failure_is_read_from_its_innermost_errors() -> None:
    inner = json.dumps({"error": {"code": "ScopeLocked", "message": "locked", "details": []}})
    details = [{"Code": None, "Target": VM, "Message": inner, "Details": None}]

    found = error(409, "ResourceGroupDeletionBlocked", details=details)

    assert classify(found, doing="it").reply is Reply.PROTECTED
    assert "ScopeLocked: locked" in explain(found)


def test_a_detail_that_is_no_json_is_read_as_it_is() -> None:
    details = [{"code": "NicInUse", "message": "{ not json"}, "text"]

    found = error(409, "Conflict", details=details)

    assert found.details == (("NicInUse", "{ not json"),)


@pytest.mark.parametrize(
    "body",
    [
        {"code": "NicInUse", "message": "words"},
        {"odata.error": {"code": "NicInUse", "message": {"value": "words"}}},
        {"error": {"code": "NicInUse", "message": "words"}},
    ],
)
def test_an_error_is_found_nested_or_not(body: dict[str, Any]) -> None:
    found = read_error(400, body)

    assert (found.code, found.message) == ("NicInUse", "words")


def test_what_may_have_been_carried_out_is_uncertain() -> None:
    broken = classify(Unanswered("the connection broke", sent=True), doing="it")
    unsent = classify(Unanswered("nobody answers", sent=False), doing="it")

    assert broken.reply is Reply.UNCERTAIN
    assert unsent.reply is Reply.FAILED
    assert "nothing was sent" in unsent.detail


def test_only_what_passes_is_asked_again() -> None:
    assert passing(Unanswered("broken", sent=True))
    assert passing(error(503, "ServiceUnavailable"))
    assert passing(error(429, "TooManyRequests"))
    assert not passing(NoCredentials("none"))
    assert not passing(error(501, "NotImplemented"))
    assert not passing(error(403, "AuthorizationFailed"))


def test_a_whole_group_that_is_gone_is_told_from_one_resource() -> None:
    assert group_absent(error(404, "ResourceGroupNotFound"))
    assert not group_absent(error(404, "ResourceNotFound"))


def test_a_limit_without_a_code_is_a_limit() -> None:
    found = read_error(429, None, text="slow down", retry_after_s=7.0)

    assert throttled(found)
    assert classify(found, doing="it").retry_after_s == 7.0
