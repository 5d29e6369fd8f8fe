"""A whole sweep may do all that it does by the policy that `reaper iam aws` writes."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from moto.iam.access_control import IAMRequestBase

from reaper.sandbox.aws.strict.authorization import decide
from reaper.sandbox.aws.world import build, everything
from tests.cli.aws.conftest import REGION, Desk

# Granted, and not asked about by moto in this world.
NOT_ASKED = {
    # AWS asks about these beside another action; moto does not.
    "cloudformation:ListStacks",
    "lambda:ListTags",
    "s3:DeleteObjectVersion",
    # For a full scan only.
    "kms:ListKeys",
    # The world has no such thing, or it is gone with something else.
    "ec2:DisassociateRouteTable",
    "ec2:RevokeSecurityGroupEgress",
    "elasticloadbalancing:DeleteListener",
    "iam:DeactivateMFADevice",
    "iam:DeleteSSHPublicKey",
    "iam:DeleteServiceSpecificCredential",
    "iam:DeleteSigningCertificate",
    "iam:DeleteUserPolicy",
    "iam:DetachUserPolicy",
    "iam:RemoveUserFromGroup",
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The actions that moto looked for in the caller's policies."""
    actions: set[str] = set()
    check = IAMRequestBase.check_action_permitted

    def noted(request: Any, resource: str) -> None:
        actions.add(request._action)
        check(request, resource)

    monkeypatch.setattr(IAMRequestBase, "check_action_permitted", noted)
    return actions


def without(policies: list[Any], *actions: str) -> list[Any]:
    left = copy.deepcopy(policies)
    for policy in left:
        for statement in policy["Statement"]:
            statement["Action"] = [each for each in statement["Action"] if each not in actions]
        policy["Statement"] = [each for each in policy["Statement"] if each["Action"]]
    return left


def granted(policies: list[Any]) -> set[str]:
    return {
        action for policy in policies for each in policy["Statement"] for action in each["Action"]
    }


def test_a_sweep_needs_no_more_than_its_policy_and_leaves_nothing(
    desk: Desk, asked: set[str]
) -> None:
    build(desk.sandbox.endpoint, {"owner": "bob"}, name="theirs", region=REGION)
    before = everything(desk.sandbox.endpoint, [REGION])
    ours = desk.leftovers()
    policies = desk.own_policies()
    desk.become(policies)

    with desk.sandbox.enforcing():
        swept = desk.told("sweep", "--yes")

    assert {item["kind"] for item in swept["items"]} >= ours.kinds
    assert {item["outcome"] for item in swept["items"]} == {"gone", "scheduled"}
    after = everything(desk.sandbox.endpoint, [REGION])
    assert {key: after.get(key) for key in before} == before
    assert granted(policies) - asked == NOT_ASKED


def test_what_bears_no_tag_of_this_realm_may_not_be_deleted(desk: Desk) -> None:
    policies = desk.own_policies()
    run, realm = "aws:ResourceTag/reaper-run", "aws:ResourceTag/reaper-realm"
    looked, deleted = (
        {
            action
            for policy in policies
            for each in policy["Statement"]
            if each["Sid"] == sid
            for action in each["Action"]
        }
        for sid in ("Look", "DeleteByRunTag")
    )

    def allowed(context: dict[str, list[str]]) -> set[str]:
        return {
            action
            for action in looked | deleted
            if decide(policies, action, "*", context) == "allowed"
        }

    assert allowed({}) == looked
    assert allowed({"aws:ResourceTag/owner": ["bob"]}) == looked
    assert allowed({run: ["r-1"], realm: ["shop"]}) == looked
    assert allowed({run: ["r-1"]}) == looked | deleted
    assert allowed({run: ["r-1"], realm: ["default"]}) == looked | deleted


def test_planning_needs_no_more_than_the_policy_that_reads(desk: Desk) -> None:
    desk.leftovers()
    desk.become(desk.own_policies("--read-only"))

    with desk.sandbox.enforcing():
        plan = desk.told("plan", code=3)

    assert plan["complete"]
    assert {item["verdict"] for item in plan["items"]} == {"reap"}


LACKING = {
    "aws:ec2:volume": "ec2:DeleteVolume",
    "aws:iam:user": "iam:DeleteAccessKey",
    "aws:kms:key": "kms:DeleteAlias",
    "aws:lambda:function": "lambda:DeleteFunction",
    "aws:s3:bucket": "s3:DeleteObject",
    "aws:sqs:queue": "sqs:DeleteQueue",
}


def test_a_deletion_that_the_policy_lacks_is_denied_by_name(desk: Desk) -> None:
    desk.leftovers()
    desk.become(without(desk.own_policies(), *LACKING.values()))

    with desk.sandbox.enforcing():
        swept = desk.told("sweep", "--yes", code=1)

    denied = {item["kind"]: item for item in swept["items"] if item["outcome"] == "denied"}
    assert set(denied) == set(LACKING)
    for kind, lacking in LACKING.items():
        assert f"not authorized to perform: {lacking}" in denied[kind]["detail"]
        assert "(the SDK's own credentials)" in denied[kind]["detail"]


@pytest.mark.parametrize(
    "lacking",
    [
        {
            "ec2:DescribeTags": REGION,
            "iam:GetAccountAuthorizationDetails": "global",
            "iam:ListPolicyTags": "global",
            "tag:GetResources": REGION,
        },
        {
            "ec2:DescribeVolumes": REGION,
            "lambda:ListFunctions": REGION,
            "s3:ListAllMyBuckets": REGION,
        },
    ],
)
def test_what_may_not_be_read_is_a_gap_by_name(desk: Desk, lacking: dict[str, str]) -> None:
    desk.leftovers()
    desk.become(without(desk.own_policies("--read-only"), *lacking))

    with desk.sandbox.enforcing():
        plan = desk.told("plan", code=4)

    reasons = [gap["reason"] for gap in plan["gaps"]]
    assert not plan["complete"]
    for action, where in lacking.items():
        assert any(f"{action} in {where} (the SDK's own credentials)" in said for said in reasons)
