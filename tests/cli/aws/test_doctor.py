"""`reaper doctor` says what an account's caller may do, and changes nothing to find out."""

from __future__ import annotations

import json
from typing import Any

from reaper.providers.aws.kinds import KINDS
from reaper.sandbox.aws.gateway import operation
from reaper.sandbox.aws.world import everything
from reaper.sandbox.faults import Effect, Fault, Operation
from tests.cli.aws.conftest import REGION, Desk

GLOBAL = "aws 123456789012/global"
REGIONAL = f"aws 123456789012/{REGION}"
REGIONAL_KINDS = sum(kind.everywhere for kind in KINDS.values())
# Each kind of EC2 is deleted by one call, which is rehearsed.
OF_EC2 = sum(kind.service == "ec2" for kind in KINDS.values())


def findings(desk: Desk, *, code: int = 0) -> dict[tuple[str, str, str], dict[str, Any]]:
    told = desk.told("doctor", code=code)
    return {(each["subject"], each["check"], each["health"]): each for each in told["findings"]}


def without(policies: list[Any], *actions: str) -> list[Any]:
    for policy in policies:
        for statement in policy["Statement"]:
            statement["Action"] = [each for each in statement["Action"] if each not in actions]
        policy["Statement"] = [each for each in policy["Statement"] if each["Action"]]
    return policies


def test_the_printed_policy_is_found_complete(desk: Desk) -> None:
    desk.leftovers()
    desk.become(desk.own_policies("--simulate"))

    with desk.sandbox.enforcing():
        found = findings(desk)

    rehearsed = found[REGIONAL, "permissions", "ok"]["names"]
    assert len(rehearsed) == OF_EC2
    assert "ec2:TerminateInstances" in rehearsed
    assert {"iam:DeleteRole", "s3:DeleteObjectVersion", "kms:DeleteAlias"} <= set(
        found[GLOBAL, "permissions", "ok"]["names"]
    )
    assert not [key for key in found if key[2] != "ok"]


def test_without_anything_to_try_it_on_the_simulation_counts(desk: Desk) -> None:
    desk.become(without(desk.own_policies("--simulate"), "ec2:DeleteVpc"))

    with desk.sandbox.enforcing():
        found = findings(desk, code=1)

    assert len(found[REGIONAL, "permissions", "ok"]["names"]) == OF_EC2 - 1
    missing = found[REGIONAL, "permissions of ec2", "bad"]
    assert missing["names"] == ["ec2:DeleteVpc"]
    assert missing["detail"] == "missing: DeleteVpc: no policy allows it"
    assert "reaper iam aws" in missing["remedy"]


def test_what_is_missing_is_named_by_service(desk: Desk) -> None:
    desk.leftovers()
    lacking = ("ec2:DeleteVolume", "ec2:DeleteSnapshot", "sqs:DeleteQueue", "iam:DetachRolePolicy")
    desk.become(without(desk.own_policies("--simulate"), *lacking))

    with desk.sandbox.enforcing():
        found = findings(desk, code=1)

    assert found[REGIONAL, "permissions of ec2", "bad"]["detail"] == (
        "missing: DeleteVolume, DeleteSnapshot: EC2 refuses a dry run of it"
    )
    assert found[GLOBAL, "permissions of sqs", "bad"]["names"] == ["sqs:DeleteQueue"]
    assert found[GLOBAL, "permissions of iam", "bad"]["names"] == ["iam:DetachRolePolicy"]


def test_what_cannot_be_asked_is_said_and_is_no_fault(desk: Desk) -> None:
    desk.leftovers()
    desk.become(desk.own_policies())

    with desk.sandbox.enforcing():
        found = findings(desk)

    assert len(found[REGIONAL, "permissions", "ok"]["names"]) == OF_EC2 - 1
    assert found[REGIONAL, "permissions", "unknown"]["names"] == ["ec2:DeletePlacementGroup"]
    unasked = found[GLOBAL, "permissions", "unknown"]
    assert "iam:SimulatePrincipalPolicy in global (the SDK's own credentials)" in unasked["detail"]
    assert "--simulate" in unasked["remedy"]
    assert "iam:DeleteRole" in unasked["names"]
    assert len(unasked["detail"]) < 600


def test_permissions_for_some_buckets_only_are_not_called_missing(desk: Desk) -> None:
    policies = desk.own_policies("--simulate")
    for statement in policies[0]["Statement"]:
        if statement["Sid"] == "NotConditionedOnTagsS3":
            statement["Resource"] = ["arn:aws:s3:::ci-*", "arn:aws:s3:::ci-*/*"]
    desk.become(policies)

    with desk.sandbox.enforcing():
        found = findings(desk)

    assert "narrowed" in found[GLOBAL, "permissions", "unknown"]["detail"]
    assert set(found[GLOBAL, "permissions", "unknown"]["names"]) == {
        "s3:AbortMultipartUpload",
        "s3:DeleteBucket",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
    }


def test_permissions_for_another_realm_are_not_enough(desk: Desk) -> None:
    policies = desk.own_policies("--simulate")
    desk.config.write_text("realm: shop\n" + desk.config.read_text())
    desk.become(policies)

    with desk.sandbox.enforcing():
        found = findings(desk, code=1)

    assert "ec2:DeleteVpc" in found[REGIONAL, "permissions of ec2", "bad"]["names"]
    assert "sqs:DeleteQueue" in found[GLOBAL, "permissions of sqs", "bad"]["names"]


def test_a_role_s_own_policies_count(desk: Desk) -> None:
    iam = desk.client("iam")
    role = iam.create_role(RoleName="reaper", Path="/ci/", AssumeRolePolicyDocument="{}")["Role"]
    [policy] = without(desk.own_policies("--simulate"), "sns:DeleteTopic")
    iam.put_role_policy(RoleName="reaper", PolicyName="own", PolicyDocument=json.dumps(policy))
    desk.configure(more=f"role_arn: {role['Arn']}")

    found = findings(desk, code=1)

    assert found[GLOBAL, "permissions of sns", "bad"]["names"] == ["sns:DeleteTopic"]
    assert not [key for key in found if key[2] == "unknown"]


def test_looking_changes_nothing(desk: Desk) -> None:
    desk.leftovers()
    before = everything(desk.sandbox.endpoint, [REGION])
    desk.sandbox.requests.reset()

    findings(desk)

    assert everything(desk.sandbox.endpoint, [REGION]) == before
    asked = {(service, name) for _, service, name in desk.sandbox.requests.counts}
    changing = {
        (service, name)
        for service, name in asked
        if operation(f"{service}:{name}") in {Operation.DELETE, Operation.CREATE}
    }
    assert {service for service, _ in changing} == {"ec2"}  # by dry runs


def test_many_kinds_are_told_by_service(desk: Desk) -> None:
    found = findings(desk)

    listed = found[REGIONAL, "list", "ok"]
    assert listed["detail"].startswith(
        f"{REGIONAL_KINDS} kinds: autoscaling, cloudformation, dynamodb, ec2 {OF_EC2},"
    )
    assert "aws:ec2:volume" in listed["names"]


def test_a_service_that_cannot_be_listed_is_one_line(desk: Desk) -> None:
    desk.sandbox.faults.add(
        Fault(
            effect=Effect.DENY,
            operations=frozenset({Operation.READ, Operation.INDEX}),
            kind="ec2:Describe*",
        )
    )

    found = findings(desk, code=1)

    line = found[REGIONAL, "list ec2", "bad"]
    assert len(line["names"]) == OF_EC2
    assert "in eu-west-1 (the SDK's own credentials): UnauthorizedOperation" in line["detail"]
    assert line["detail"].endswith(f"(and {OF_EC2 - 1} more)")
    assert "aws:ec2:volume" not in found[REGIONAL, "list", "ok"]["names"]


def test_it_reads_well(desk: Desk) -> None:
    told = desk.say("doctor")

    assert told.exit_code == 0
    assert f"{OF_EC2} of {OF_EC2} are there" in told.stdout
    assert f"{REGIONAL_KINDS} kinds" in told.stdout
    assert max(map(len, told.stdout.splitlines())) < 400
