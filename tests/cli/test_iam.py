"""`reaper iam` writes a policy that can be attached as it is, and asks nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("boto3")

from typer.testing import CliRunner, Result

from reaper.cli.main import app


def iam(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["iam", *arguments])


def configured(tmp_path: Path, text: str) -> tuple[str, str]:
    path = tmp_path / "reaper.yaml"
    path.write_text(text)
    return "--config", str(path)


def actions(document: dict[str, Any], sid: str) -> list[str]:
    return [
        action
        for statement in document["Statement"]
        if statement["Sid"] == sid
        for action in statement["Action"]
    ]


def test_the_policy_is_plain_json_and_the_rest_goes_elsewhere(tmp_path: Path) -> None:
    told = iam("aws", *configured(tmp_path, "realm: default\n"))

    document = json.loads(told.stdout)
    assert told.exit_code == 0
    assert document["Version"] == "2012-10-17"
    assert "ec2:TerminateInstances" in actions(document, "DeleteByRunTag")
    assert "s3:DeleteBucket" in told.stderr


def test_a_kind_that_is_only_reported_is_not_to_be_deleted(tmp_path: Path) -> None:
    told = json.loads(iam("aws", *configured(tmp_path, "realm: default\n")).stdout)
    text = "policy: {enable: ['aws:kms:key']}\n"
    enabled = json.loads(iam("aws", *configured(tmp_path, text)).stdout)

    assert "kms:DescribeKey" in actions(told, "Look")
    assert "kms:ScheduleKeyDeletion" not in actions(told, "DeleteByRunTag")
    assert "kms:ScheduleKeyDeletion" in actions(enabled, "DeleteByRunTag")


def test_a_kind_that_is_never_touched_is_not_to_be_deleted(tmp_path: Path) -> None:
    text = "policy: {protect: ['kind:aws:iam:*', {kind: 'aws:s3:bucket', name: 'prod-*'}]}\n"
    document = json.loads(iam("aws", *configured(tmp_path, text)).stdout)

    assert "iam:ListRoles" in actions(document, "Look")
    assert "iam:DeleteRole" not in actions(document, "DeleteByRunTag")
    assert "s3:DeleteBucket" in actions(document, "NotConditionedOnTagsS3")


def test_one_kind_needs_little(tmp_path: Path) -> None:
    text = "providers: {aws: [{account: '123456789012', regions: [cn-north-1]}]}\n"
    config = configured(tmp_path, text)
    told = iam("aws", "--kind", "aws:lambda:function", "--kind", "aws:logs:log-group", *config)
    document = json.loads(told.stdout)

    assert actions(document, "DeleteByRunTag") == ["lambda:DeleteFunction", "logs:DeleteLogGroup"]
    assert "ec2:DescribeRegions" not in actions(document, "Look")  # they are listed
    assert document["Statement"][-1]["Resource"].startswith("arn:aws-cn:logs:")


def test_looking_only_and_asking_the_simulator() -> None:
    looking = json.loads(iam("aws", "--read-only").stdout)
    asking = json.loads(iam("aws", "--read-only", "--simulate").stdout)

    assert [each["Sid"] for each in looking["Statement"]] == ["Look"]
    assert set(actions(asking, "Look")) - set(actions(looking, "Look")) == {
        "iam:SimulatePrincipalPolicy"
    }


def test_a_policy_in_parts_is_asked_for_by_part(tmp_path: Path) -> None:
    profiles = "".join(
        f"    - {{name: p{n}, run: Key{n}, reap: true, expires: {{after: 1d}}}}\n" for n in range(4)
    )
    config = configured(tmp_path, f"tags:\n  profiles:\n{profiles}")

    whole = iam("aws", *config)
    first = json.loads(iam("aws", "--part", "1", *config).stdout)
    every = json.loads(iam("aws", "--json", *config).stdout)

    assert whole.exit_code == 2
    assert not whole.stdout
    assert "2 parts" in whole.stderr
    assert every["policies"][0] == first
    assert len(every["policies"]) == 2
    assert {each["action"] for each in every["unconditioned"]} >= {"s3:DeleteBucket"}
    assert iam("aws", "--part", "3", *config).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["docker"], "docker knows no policies"),
        (["asw"], "no provider 'asw'"),
        (["aws", "--kind", "aws:ec2:volum"], "did you mean aws:ec2:volume?"),
        (["aws", "--kind", "docker:volume"], "has no kind 'docker:volume'"),
    ],
)
def test_what_there_is_no_policy_for_is_said(arguments: list[str], said: str) -> None:
    told = iam(*arguments)

    assert told.exit_code == 2
    assert said in told.stderr
    assert not told.stdout
