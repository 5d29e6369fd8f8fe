"""What AWS calls a thing is read as what this package calls it, and the other way round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper.providers.aws import names
from reaper.providers.aws.arns import (
    account_of,
    arn_of,
    id_in,
    kind_of,
    region_of,
    scope_of,
    unknown_kind,
)
from reaper.providers.aws.kinds import KINDS

SCOPE = "123456789012/eu-west-1"
BY_NAME = sorted(
    name for name, kind in KINDS.items() if not kind.id_is_arn and name != names.AUTO_SCALING_GROUP
)
WORD = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789-_.", min_size=1, max_size=40)


@pytest.mark.parametrize("kind", BY_NAME)
@given(word=WORD)
def test_an_arn_is_read_back_as_its_id(kind: str, word: str) -> None:
    arn = arn_of(KINDS[kind], SCOPE, word)

    assert kind_of(KINDS.values(), arn) is KINDS[kind]
    assert id_in(KINDS[kind], arn) == word


@given(account=st.from_regex(r"[0-9]{12}", fullmatch=True), region=WORD)
def test_a_scope_has_its_account_and_its_region(account: str, region: str) -> None:
    scope = scope_of(account, region)

    assert (account_of(scope), region_of(scope)) == (account, region)


@pytest.mark.parametrize("name", ["one", "/a/hierarchical/one"])
def test_a_parameter_keeps_the_slash_that_its_arn_lacks(name: str) -> None:
    parameter = KINDS[names.PARAMETER]
    arn = arn_of(parameter, SCOPE, name)

    assert arn == f"arn:aws:ssm:eu-west-1:123456789012:parameter/{name.lstrip('/')}"
    assert id_in(parameter, arn) == name


@pytest.mark.parametrize(
    ("kind", "told", "resource_id"),
    [
        (names.QUEUE, "https://sqs.eu-west-1.amazonaws.com/123456789012/one", "one"),
        (names.ROLE, "arn:aws:iam::123456789012:role/a/path/one", "one"),
        (names.ROLE, "one", "one"),
        (names.LOG_GROUP, "arn:aws:logs:eu-west-1:123456789012:log-group:/a/one:*", "/a/one"),
        (names.VOLUME, "arn:aws-cn:ec2:cn-north-1:123456789012:volume/vol-1", "vol-1"),
        (names.SNAPSHOT, "arn:aws:ec2:eu-west-1::snapshot/snap-1", "snap-1"),
        (names.VOLUME, "arn:aws:ec2:eu-west-1:123456789012:instance/i-1", None),
        (
            names.AUTO_SCALING_GROUP,
            "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:0-1:autoScalingGroupName/one",
            "one",
        ),
    ],
)
def test_each_way_to_call_it_is_read(kind: str, told: str, resource_id: str | None) -> None:
    assert id_in(KINDS[kind], told) == resource_id


def test_what_is_an_arn_already_stays_one() -> None:
    arn = "arn:aws:sns:eu-west-1:123456789012:one"

    assert arn_of(KINDS[names.TOPIC], SCOPE, arn) == arn


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        ("arn:aws:ecs:eu-west-1:123456789012:cluster/one", "aws:ecs:cluster"),
        ("arn:aws:rds:eu-west-1:123456789012:db:one", "aws:rds:db"),
        ("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/classic", None),
        ("nonsense", "aws:unknown:nonsense"),
    ],
)
def test_a_kind_that_is_not_known_is_named_by_its_arn(arn: str, kind: str | None) -> None:
    assert kind_of(KINDS.values(), arn) is None
    assert unknown_kind(arn) == (kind or "aws:elasticloadbalancing:loadbalancer")


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_arns(told: str) -> None:
    for kind in KINDS.values():
        id_in(kind, told)
    kind_of(KINDS.values(), told)
    unknown_kind(told)
