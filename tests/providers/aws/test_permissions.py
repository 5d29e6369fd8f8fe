"""Permissions are IAM's own words, complete for what kinds call, and conditioned where AWS can."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import Session

from reaper.providers.aws import kinds, names
from reaper.providers.aws.granting import MOST_CHARACTERS, Grant, characters, documents
from reaper.providers.aws.kinds import KINDS
from reaper.providers.aws.permissions import (
    BARE,
    INDEX,
    REGIONS,
    SIMULATE,
    Bare,
    actions_of,
    is_reading,
    needs_of,
)
from reaper.tags import ExpiryReader, Profile, TagRules

EVERY = tuple(KINDS.values())
AUTHORIZATION = json.loads((Path(__file__).parent / "authorization.json").read_text())["actions"]
WHOLE = Grant(looks=EVERY, deletes=EVERY, rules=TagRules(), simulate=True)

# boto3's names of the services whose operations kinds call.
SERVICES = sorted(
    {kind.service for kind in EVERY}
    | {call.service for kind in EVERY for call in (kind.read.call,) if call.service}
    | {"autoscaling", "resourcegroupstaggingapi"}
)


@cache
def operations(service: str) -> Mapping[str, str]:
    """The operations of a service as botocore's model names them, by boto3's names."""
    model = Session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def statements(*grants: Grant) -> dict[str, Any]:
    return {
        each["Sid"]: each
        for grant in grants
        for document in documents(grant)
        for each in document["Statement"]
    }


@cache
def called() -> frozenset[tuple[str, str]]:
    """What kinds name as an operation, also within functions, and the service that has it."""
    return frozenset(_named_in_texts())


def _named_in_texts() -> Iterator[tuple[str, str]]:
    for module in pkgutil.iter_modules(kinds.__path__):
        source = inspect.getsource(importlib.import_module(f"{kinds.__name__}.{module.name}"))
        texts = {
            node.value
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        own = {kind.service for kind in EVERY if kind in _kinds_of(module.name)}
        for text in texts:
            for service in SERVICES:
                if text in operations(service) and (service in own or not _ambiguous(text)):
                    yield service, text


def _kinds_of(module: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] = getattr(
        importlib.import_module(f"{kinds.__name__}.{module}"), "KINDS", ()
    )
    return found


def _ambiguous(operation: str) -> bool:
    return sum(operation in operations(service) for service in SERVICES) > 1


def hold_to_authorization(
    changes: frozenset[str], bare: Mapping[str, Bare], data: Mapping[str, Any]
) -> None:
    """Refuse a condition that AWS cannot evaluate, and a lack of one where it could."""
    for action in changes:
        asked = data[action]["resources"]
        required = [each for each in asked.values() if each["required"]] or list(asked.values())
        everywhere = all(each["tag"] for each in required)
        if action not in bare:
            assert everywhere, f"{action} is asked about something that bears no tags"
            continue
        stated = bare[action]
        on_bucket = action.startswith("s3:")
        made_bare = action == "logs:DeleteLogGroup"
        assert on_bucket or made_bare or not everywhere, f"{action} can be conditioned"
        for pattern in stated.resources:
            assert any(_same(pattern, each["arn"]) for each in asked.values()), pattern


def _same(pattern: str, arn: str) -> bool:
    """Whether ARNs of this form can match the pattern."""
    rest = arn.removeprefix("arn:${Partition}:")
    given = pattern.replace("/aws/lambda/", "")
    plain = rest
    for hole in ("Region", "Account", "BucketName", "GroupNameWithPath", "Alias", "LogGroupName"):
        plain = plain.replace(f"${{{hole}}}", "x")
    return fnmatchcase(plain.replace("${ObjectName}", "x"), given)


def test_every_action_is_one_that_aws_asks_about() -> None:
    assert WHOLE.reads | WHOLE.changes <= set(AUTHORIZATION)


def test_a_misspelt_action_would_be_found() -> None:
    kind = replace(KINDS[names.VOLUME], actions=("ec2:DeleteVolumes",))

    assert not Grant(looks=(kind,), deletes=(kind,), rules=TagRules()).changes <= set(AUTHORIZATION)


@pytest.mark.parametrize("service", SERVICES)
def test_actions_are_named_as_the_model_names_operations(service: str) -> None:
    for operation, name in operations(service).items():
        action = actions_of(service, operation)[0]
        if (service, operation) in called() and not action.startswith("s3:"):
            assert action.partition(":")[2] == name


def test_what_kinds_functions_call_is_granted() -> None:
    granted = WHOLE.reads | WHOLE.changes
    lacking = {
        action
        for service, operation in called()
        for action in actions_of(service, operation)
        if action not in granted
    }

    assert ("iam", "detach_role_policy") in called()
    assert ("s3", "delete_objects") in called()
    assert not lacking


def test_what_functions_call_would_be_missed_if_it_were_not_declared() -> None:
    role = replace(KINDS[names.ROLE], actions=())

    assert "iam:DetachRolePolicy" not in needs_of(role).changes


def test_looking_is_reading_and_deleting_is_not() -> None:
    levels = {action: each["level"] for action, each in AUTHORIZATION.items()}

    assert {levels[action] for action in WHOLE.reads} == {"List", "Read"}
    assert not {levels[action] for action in WHOLE.changes} & {"List", "Read", "Tagging"}
    assert all(is_reading(action) for action in WHOLE.reads)


def test_a_deletion_is_conditioned_on_the_tag_wherever_aws_evaluates_it() -> None:
    hold_to_authorization(WHOLE.changes, BARE, AUTHORIZATION)


@pytest.mark.parametrize(
    "mistaken",
    [
        {key: each for key, each in BARE.items() if key != "iam:RemoveUserFromGroup"},
        {key: each for key, each in BARE.items() if key != "kms:DeleteAlias"},
        {**BARE, "ec2:DeleteVolume": Bare(resources=("ec2:*:*:volume/*",), why="")},
        {**BARE, "s3:DeleteBucket": Bare(resources=("s3:*:*:bucket/*",), why="")},
    ],
)
def test_a_mistaken_condition_would_be_found(mistaken: Mapping[str, Bare]) -> None:
    with pytest.raises(AssertionError):
        hold_to_authorization(WHOLE.changes, mistaken, AUTHORIZATION)


def test_a_deletion_wants_the_run_s_tag_and_the_realm() -> None:
    own = statements(WHOLE)["DeleteByRunTag"]
    other = statements(replace(WHOLE, rules=TagRules(realm="shop")))["DeleteByRunTag"]

    assert own["Condition"] == {
        "StringLike": {"aws:ResourceTag/reaper-run": "*"},
        "StringEqualsIfExists": {"aws:ResourceTag/reaper-realm": "default"},
    }
    assert other["Condition"]["StringEquals"] == {"aws:ResourceTag/reaper-realm": "shop"}
    assert "StringEqualsIfExists" not in other["Condition"]


def test_a_profile_that_reaps_has_a_condition_of_its_own() -> None:
    reaping = Profile(name="sct", run="TestId", reap=True, expires=ExpiryReader(key="expires"))
    told = Profile(name="other", run="OtherId")
    written = statements(replace(WHOLE, rules=TagRules(profiles=(reaping, told))))

    assert written["DeleteByTagTestId"]["Condition"] == {
        "StringLike": {"aws:ResourceTag/TestId": "*"}
    }
    assert written["DeleteByTagTestId"]["Action"] == written["DeleteByRunTag"]["Action"]
    assert "DeleteByTagOtherId" not in written


def test_what_cannot_be_conditioned_stands_apart_and_says_so() -> None:
    written = statements(WHOLE)
    apart = {sid: each for sid, each in written.items() if sid.startswith("NotConditionedOnTags")}

    assert {action for each in apart.values() for action in each["Action"]} == set(BARE)
    assert all(each["Resource"] != "*" for each in apart.values())
    assert all("Condition" not in each for each in apart.values())
    assert "Condition" in written["DeleteByRunTag"]
    assert set(written["DeleteByRunTag"]["Action"]) & set(BARE) == {
        "kms:DeleteAlias",
        "logs:DeleteLogGroup",
    }


def test_looking_alone_allows_no_change() -> None:
    written = statements(replace(WHOLE, deletes=(), simulate=False))

    assert set(written) == {"Look"}
    assert SIMULATE not in written["Look"]["Action"]
    assert {*INDEX, REGIONS} <= set(written["Look"]["Action"])


def test_a_kind_alone_needs_its_own_and_the_index() -> None:
    volume = (KINDS[names.VOLUME],)
    written = statements(Grant(looks=volume, deletes=volume, rules=TagRules(), regions=False))

    assert written["Look"]["Action"] == sorted(["ec2:DescribeVolumes", *INDEX])
    assert written["DeleteByRunTag"]["Action"] == ["ec2:DeleteVolume"]


def test_a_large_policy_is_divided_and_says_the_same() -> None:
    profiles = tuple(
        Profile(name=f"p{number}", run=f"Key{number}", reap=True, expires=ExpiryReader(key="e"))
        for number in range(5)
    )
    grant = replace(WHOLE, rules=TagRules(profiles=profiles))
    parts = documents(grant)

    assert len(parts) > 1
    assert all(characters(part) <= MOST_CHARACTERS for part in parts)
    pairs = [
        (each["Sid"], action)
        for part in parts
        for each in part["Statement"]
        for action in each["Action"]
    ]
    assert len(pairs) == len(set(pairs))
    assert sum(sid == "Look" for sid, _ in pairs) == len(grant.reads)
    assert sum(sid == "DeleteByTagKey4" for sid, _ in pairs) == len(
        statements(WHOLE)["DeleteByRunTag"]["Action"]
    )
    for part in parts:
        sids = [each["Sid"] for each in part["Statement"]]
        assert len(sids) == len(set(sids))
        assert all(sid.isalnum() for sid in sids)
        assert all(each["Action"] for each in part["Statement"])


def test_the_whole_policy_is_one_managed_policy() -> None:
    assert len(documents(WHOLE)) == 1


def test_arns_are_of_the_partitions_where_the_accounts_are() -> None:
    written = statements(replace(WHOLE, partitions=("aws-cn",)))

    assert written["NotConditionedOnTagsS3"]["Resource"] == [
        "arn:aws-cn:s3:::*",
        "arn:aws-cn:s3:::*/*",
    ]
