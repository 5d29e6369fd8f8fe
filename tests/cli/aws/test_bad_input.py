"""What is wrong with an account is one sentence, the right exit code, and no change anywhere."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reaper.sandbox.aws.world import everything
from reaper.sandbox.faults import Effect, Fault, Operation
from tests.cli.aws.conftest import REGION, Desk

OTHER = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/reaper"


def deny(desk: Desk, kind: str, *, scope: str = "*", code: str | None = None) -> None:
    every = frozenset(Operation)
    desk.sandbox.faults.add(
        Fault(effect=Effect.DENY, operations=every, kind=kind, scope=scope, code=code)
    )


# --- what cannot be reached is a gap ------------------------------------------------------------


def no_credentials(desk: Desk) -> None:
    desk.environment.delenv("AWS_ACCESS_KEY_ID")
    desk.environment.delenv("AWS_SECRET_ACCESS_KEY")


def no_credentials_for_the_role(desk: Desk) -> None:
    desk.configure(more=f"role_arn: {ROLE}")
    no_credentials(desk)


def half_a_credential(desk: Desk) -> None:
    desk.environment.delenv("AWS_SECRET_ACCESS_KEY")


def an_expired_credential(desk: Desk) -> None:
    deny(desk, "sts:GetCallerIdentity", code="ExpiredToken")


def an_expired_credential_of_a_profile(desk: Desk) -> None:
    text = "[ci]\naws_access_key_id = x\naws_secret_access_key = x\naws_session_token = x\n"
    (desk.directory / "aws-credentials").write_text(text)
    desk.configure(more="profile: ci")
    deny(desk, "sts:GetCallerIdentity", code="ExpiredToken")


def an_unknown_key(desk: Desk) -> None:
    deny(desk, "sts:GetCallerIdentity", code="InvalidClientTokenId")


def a_role_that_cannot_be_assumed(desk: Desk) -> None:
    desk.configure(more=f"role_arn: {ROLE}")
    deny(desk, "sts:AssumeRole")


def a_role_with_another_external_id(desk: Desk) -> None:
    desk.configure(more=f"role_arn: {ROLE}\nexternal_id: wrong")
    deny(desk, "sts:AssumeRole")


def an_expired_credential_for_the_role(desk: Desk) -> None:
    desk.configure(more=f"role_arn: {ROLE}")
    deny(desk, "sts:AssumeRole", code="ExpiredToken")


def an_endpoint_out_of_reach(desk: Desk) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        desk.configure(endpoint=f"http://127.0.0.1:{free.getsockname()[1]}")


def regions_that_may_not_be_asked_for(desk: Desk) -> None:
    desk.configure()
    desk.config.write_text(desk.config.read_text().replace(f"[{REGION}]", "all"))
    deny(desk, "ec2:DescribeRegions")


UNREACHABLE: list[tuple[Callable[[Desk], None], str, str]] = [
    (
        no_credentials,
        f"sts:GetCallerIdentity in {REGION} (the SDK's own credentials): Unable to locate",
        "give the place a profile or a role_arn",
    ),
    (
        no_credentials_for_the_role,
        f"in {REGION} (role {ROLE}): Unable to locate credentials",
        "give the place a profile or a role_arn",
    ),
    (half_a_credential, "Partial credentials found", "give the place a profile"),
    (
        an_expired_credential,
        f"sts:GetCallerIdentity in {REGION} (the SDK's own credentials): ExpiredToken",
        "out of date",
    ),
    (
        an_expired_credential_of_a_profile,
        f"sts:GetCallerIdentity in {REGION} (profile ci): ExpiredToken",
        "out of date",
    ),
    (an_unknown_key, "InvalidClientTokenId", "AWS knows no such key"),
    (
        a_role_that_cannot_be_assumed,
        f"sts:AssumeRole in {REGION} (role {ROLE}): AccessDenied",
        "give the place external_id",
    ),
    (
        a_role_with_another_external_id,
        f"sts:AssumeRole in {REGION} (role {ROLE}): AccessDenied",
        "must want the external ID that the place gives",
    ),
    (
        an_expired_credential_for_the_role,
        f"sts:AssumeRole in {REGION} (role {ROLE}): ExpiredToken",
        "out of date",
    ),
    (
        an_endpoint_out_of_reach,
        f"sts:GetCallerIdentity in {REGION} (the SDK's own credentials): Could not connect",
        "http://127.0.0.1:",
    ),
    (
        regions_that_may_not_be_asked_for,
        "ec2:DescribeRegions in us-east-1 (the SDK's own credentials): UnauthorizedOperation",
        "list the place's regions",
    ),
]


@pytest.mark.parametrize(
    ("mishap", "said", "remedy"), UNREACHABLE, ids=[each[0].__name__ for each in UNREACHABLE]
)
def test_what_cannot_be_reached_is_a_gap_and_changes_nothing(
    desk: Desk, mishap: Callable[[Desk], None], said: str, remedy: str
) -> None:
    desk.leftover()
    before = desk.volumes()
    mishap(desk)

    for command in (("plan",), ("ls",), ("sweep", "--yes")):
        told = desk.told(*command, code=4)
        assert not told["complete"]
        assert not told["items"]
        [gap] = told["gaps"]
        assert gap["reason"].startswith("account 123456789012: ")
        assert said in gap["reason"]
        assert remedy in gap["reason"]
        assert "\n" not in gap["reason"]

    desk.sandbox.faults.clear()
    assert desk.volumes() == before


@pytest.mark.parametrize("mishap", [an_expired_credential, a_role_that_cannot_be_assumed])
def test_the_doctor_says_it_too(desk: Desk, mishap: Callable[[Desk], None]) -> None:
    mishap(desk)

    told = desk.told("doctor", code=1)

    [bad] = [each for each in told["findings"] if each["health"] == "bad"]
    assert (bad["subject"], bad["check"]) == ("aws", "reachable")
    assert "in eu-west-1" in bad["detail"]


def test_nothing_that_was_seen_is_not_nothing_there(desk: Desk) -> None:
    an_expired_credential(desk)

    told = desk.say("plan")

    assert told.exit_code == 4
    assert "GAP" in told.stdout
    assert "nothing found where it could be looked" in told.stdout


def test_the_sentence_comes_without_the_sdk_s_own_traceback(desk: Desk) -> None:
    a_role_that_cannot_be_assumed(desk)

    done = subprocess.run(
        [sys.executable, "-m", "reaper", "plan", "--config", str(desk.config)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=desk.directory,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 4
    assert "sts:AssumeRole" in done.stdout
    assert "Traceback" not in done.stderr


# --- what is another place, or none, is wrong before any work -------------------------------------


def another_account(desk: Desk) -> None:
    desk.configure(account="210987654321")


def an_unknown_region(desk: Desk) -> None:
    desk.configure(regions="eu-wset-1")


def an_unknown_profile(desk: Desk) -> None:
    (desk.directory / "aws-config").write_text("[profile integration]\nregion = eu-west-1\n")
    desk.configure(more="profile: integraton")


def an_unknown_profile_of_the_environment(desk: Desk) -> None:
    desk.environment.setenv("AWS_PROFILE", "nobody")


def one_of_two_accounts_is_another(desk: Desk) -> None:
    text = desk.config.read_text()
    place = text[text.index("    - account") :]
    desk.config.write_text(text + place.replace("123456789012", "210987654321"))


WRONG: list[tuple[Callable[[Desk], None], str]] = [
    (
        another_account,
        "account of the SDK's own credentials is 123456789012, and the configuration wants 2109",
    ),
    (an_unknown_region, "'eu-wset-1' is no AWS region: did you mean eu-west-1?"),
    (an_unknown_profile, "no profile 'integraton': did you mean integration?"),
    (an_unknown_profile_of_the_environment, "AWS_PROFILE names a profile"),
    (one_of_two_accounts_is_another, "the configuration wants 210987654321"),
]


@pytest.mark.parametrize(("mishap", "said"), WRONG, ids=[each[0].__name__ for each in WRONG])
def test_another_place_or_none_is_refused_before_any_work(
    desk: Desk, mishap: Callable[[Desk], None], said: str
) -> None:
    desk.leftover()
    before = desk.volumes()
    mishap(desk)

    for command in (("plan",), ("sweep", "--yes")):
        told = desk.say(*command)
        assert told.exit_code == 2
        assert said in told.stderr
        assert len(told.stderr.splitlines()) == 1
        assert not told.stdout
    assert desk.say("doctor").exit_code == 2

    desk.environment.delenv("AWS_PROFILE", raising=False)
    assert desk.volumes() == before


# --- one part that is closed leaves the others --------------------------------------------------


def test_a_closed_region_is_a_gap_and_the_others_are_swept(desk: Desk) -> None:
    desk.configure(regions=f"{REGION}, {OTHER}")
    desk.leftovers()
    far = desk.leftovers(name="far", region=OTHER)
    before = everything(desk.sandbox.endpoint, [OTHER])
    deny(desk, "*", scope=f"*/{OTHER}", code="UnrecognizedClientException")

    told = desk.told("sweep", "--yes", code=4)

    assert f"123456789012/{OTHER}" in {gap["scope"] for gap in told["gaps"]}
    assert all(f"in {OTHER} (the SDK's own credentials)" in gap["reason"] for gap in told["gaps"])
    near = [item for item in told["items"] if item["scope"] == f"123456789012/{REGION}"]
    assert {item["outcome"] for item in near} == {"gone", "scheduled"}
    assert not [item for item in told["items"] if item["scope"] == f"123456789012/{OTHER}"]
    desk.sandbox.faults.clear()
    after = everything(desk.sandbox.endpoint, [OTHER])
    there = {key for key in before if key[1] == OTHER}
    assert {key[0] for key in there} >= {kind for kind in far.kinds if ":ec2:" in kind}
    assert {key: after.get(key) for key in there} == {key: before[key] for key in there}


def test_a_closed_service_is_a_gap_and_the_others_are_swept(desk: Desk) -> None:
    ours = desk.leftovers()
    deny(desk, "sqs:*")

    told = desk.told("sweep", "--yes", code=4)

    reasons = [gap["reason"] for gap in told["gaps"]]
    assert len(reasons) == 2  # the run's own queue, and the one in its stack
    assert all("sqs:GetQueueUrl in eu-west-1 (the SDK's own credentials): " in r for r in reasons)
    blocked = [item["kind"] for item in told["items"] if item["outcome"] == "blocked"]
    assert sorted(blocked) == ["aws:cloudformation:stack", "aws:sns:topic"]  # the stack's topic
    gone = {item["kind"] for item in told["items"] if item["outcome"] in {"gone", "scheduled"}}
    assert gone == ours.kinds - {"aws:sqs:queue", "aws:cloudformation:stack"}
    desk.sandbox.faults.clear()
    assert len(desk.client("sqs").list_queues()["QueueUrls"]) == 2


def test_a_denied_deletion_is_said_and_the_others_are_carried_out(desk: Desk) -> None:
    desk.leftovers()
    deny(desk, "sns:DeleteTopic")

    told = desk.told("sweep", "--yes", code=1)

    [denied] = [item for item in told["items"] if item["outcome"] == "denied"]
    assert denied["kind"] == "aws:sns:topic"
    assert denied["detail"].startswith(
        "sns:DeleteTopic in eu-west-1 (the SDK's own credentials): AuthorizationError"
    ) or denied["detail"].startswith(
        "sns:DeleteTopic in eu-west-1 (the SDK's own credentials): AccessDenied"
    )


# --- roles --------------------------------------------------------------------------------------


def test_a_role_is_assumed_with_its_external_id_and_not_without(desk: Desk) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:user/ci"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "agreed"}},
            }
        ],
    }
    iam = desk.client("iam")
    iam.create_role(RoleName="reaper", AssumeRolePolicyDocument=json.dumps(trust))
    [policy] = desk.own_policies()
    made = iam.create_policy(PolicyName="reaper", PolicyDocument=json.dumps(policy))["Policy"]
    iam.attach_role_policy(RoleName="reaper", PolicyArn=made["Arn"])
    assuming = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}
    desk.become([{"Version": "2012-10-17", "Statement": [assuming]}], name="ci")

    with desk.sandbox.enforcing():
        desk.configure(more=f"role_arn: {ROLE}\nexternal_id: agreed")
        assert desk.told("plan")["complete"]
        desk.configure(more=f"role_arn: {ROLE}\nexternal_id: guessed")
        [gap] = desk.told("plan", code=4)["gaps"]

    assert f"sts:AssumeRole in {REGION} (role {ROLE}): AccessDenied" in gap["reason"]
