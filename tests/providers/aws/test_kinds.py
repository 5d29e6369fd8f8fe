"""Every declaration of a kind is true of AWS's own description of its API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reaper.model import SCOPE_PARTS, Ref
from reaper.providers.aws import names
from reaper.providers.aws.arns import arn_of, id_in, kind_of
from reaper.providers.aws.kind import At, AwsKind, Call, Guard, Link, Many, found, search
from reaper.providers.aws.kinds import KINDS
from reaper.providers.aws.reading import read_tags, read_time
from tests.providers.aws.model import (
    answer,
    operations,
    paths,
    refuse_unknown_arguments,
)

EVERY = [pytest.param(kind, id=name) for name, kind in KINDS.items()]
SCOPE = "123456789012/eu-west-1"


def whole_item(kind: AwsKind) -> dict[str, Any]:
    """An item with everything that AWS can tell of it, completed by the further calls."""
    call = kind.read.call
    item = dict(_items(call, answer(kind, call))[0])
    item |= {"+id": "string", "+arn": "arn:string"}
    for also in kind.also:
        items = _items(also.call, answer(kind, also.call))
        item[also.into] = search(also.take, items if also.by is None else items[0])
    item["+tags"] = {
        "aws:cloudformation:stack-id": "string",
        "aws:autoscaling:groupName": "string",
        **read_tags(search(kind.tags, item)),
    }
    if kind.refine is not None:
        kind.refine(item)
    return item


def _items(call: Call, page: Any) -> list[Any]:
    value = search(call.items, page)
    assert value, f"{call.operation}: nothing at {call.items}"
    return value if isinstance(value, list) else [value]


def hold_to_the_model(kind: AwsKind) -> None:
    """Refuse a declaration that names what AWS does not have."""
    calls = [kind.listing, kind.read.call, kind.delete]
    calls += [also.call for also in kind.also]
    calls += [users.call for users in (*kind.users, *kind.blockers)]
    for call in calls:
        assert call.operation in operations(call.service or kind.service), call.operation
        refuse_unknown_arguments(kind, call)
    item = whole_item(kind)
    assert found(kind.id, item), kind.id
    assert read_tags(search(kind.tags, item))
    if kind.created is not None:
        assert read_time(_told(kind.created, item)) is not None
    for path in (kind.name, kind.incarnation, kind.purge):
        assert path is None or found(path, item), path
    if kind.state is not None:
        assert search(kind.state, item), kind.state
    for guard in kind.guards:
        search(guard.path, item)
    for users in (*kind.users, *kind.blockers):
        others = _items(users.call, _without_conditions(kind, users.call))
        assert found(users.id, others[0]), users.id
        assert found(users.of, others[0]), users.of
        assert found(users.key, item), users.key
    for call in (kind.read.call, kind.delete, *(also.call for also in kind.also)):
        for path in paths(call.arguments):
            assert found(path, item), path


def _told(path: str, item: dict[str, Any]) -> Any:
    """A creation time, which some services give as a text: then any text stands for one."""
    value = search(path, item)
    return "2026-01-01T00:00:00Z" if value == "string" else value


def _without_conditions(kind: AwsKind, call: Call) -> Any:
    """An answer in which nothing is managed by AWS, nor a default or main one."""
    page = answer(kind, call)
    for key in ("NetworkInterfaces", "RouteTables", "NetworkAcls"):
        for each in page.get(key, ()):
            each.pop("RequesterManaged", None)
            each.pop("Associations", None)
            each.pop("IsDefault", None)
    return page


@pytest.mark.parametrize("kind", EVERY)
def test_a_kind_is_true_of_the_service_model(kind: AwsKind) -> None:
    hold_to_the_model(kind)


@pytest.mark.parametrize("kind", EVERY)
def test_a_kinds_links_name_what_its_items_have(kind: AwsKind) -> None:
    item = whole_item(kind)

    for link in kind.links:
        value = search(link.path, item)
        assert value is not None or link.kind == names.STACK or "+by-kind" in link.path, link


@pytest.mark.parametrize("kind", EVERY)
def test_a_kinds_order_and_links_name_declared_kinds(kind: AwsKind) -> None:
    named = {*kind.kind.after, *(link.kind for link in kind.links)}
    named |= {users.kind for users in (*kind.users, *kind.blockers)}

    assert named - {"aws:iam:group"} <= set(KINDS)


@pytest.mark.parametrize("kind", EVERY)
def test_a_kinds_arn_is_read_as_it_is_written(kind: AwsKind) -> None:
    resource_id = _an_id(kind)
    arn = resource_id if kind.id_is_arn else arn_of(kind, SCOPE, resource_id)

    assert kind_of(KINDS.values(), arn.replace("*", "uuid")) is kind
    assert id_in(kind, arn.replace("*", "uuid")) == resource_id


def _an_id(kind: AwsKind) -> str:
    if kind.kind.name == names.LOAD_BALANCER:
        return "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/lb/0123abcd"
    return arn_of(kind, SCOPE, "thing-1") if kind.id_is_arn else "thing-1"


def test_every_name_of_a_kind_is_declared_and_in_place() -> None:
    declared = {name for name in vars(names).values() if str(name).startswith("aws:")}

    assert declared == set(KINDS)
    assert SCOPE_PARTS["aws"] == SCOPE.count("/") + 1
    assert Ref.parse(f"{names.BUCKET}@{SCOPE}/a/b").id == "a/b"


def test_no_two_kinds_claim_the_same_arn() -> None:
    arns = [arn_of(kind, SCOPE, _an_id(kind)).replace("*", "uuid") for kind in KINDS.values()]

    assert [kind_of(KINDS.values(), arn) for arn in arns] == list(KINDS.values())


@pytest.mark.parametrize(
    "mistake",
    [
        {"created": "createTime"},
        {"id": "VolumeID"},
        {"delete": Call(operation="delete_volumes")},
        {"delete": Call(operation="delete_volume", arguments={"VolumeID": At("VolumeId")})},
        {"delete": Call(operation="delete_volume")},
        {"tags": "TagSet"},
        {
            "read": Many(
                call=Call(
                    operation="describe_volumes",
                    arguments={"Filters": [{"Name": "volumeid", "Values": []}]},
                    items="Volumes[]",
                )
            )
        },
    ],
)
def test_a_misspelt_declaration_is_caught(mistake: dict[str, Any]) -> None:
    with pytest.raises((AssertionError, AttributeError)):
        hold_to_the_model(replace(KINDS[names.VOLUME], **mistake))


# What AWS itself names, each time anew: with a random ID, or an ARN that ends in one.
NAMED_BY_AWS = frozenset(
    {
        names.STACK,
        names.INSTANCE,
        names.VOLUME,
        names.SNAPSHOT,
        names.IMAGE,
        names.KEY_PAIR,
        names.LAUNCH_TEMPLATE,
        names.LISTENER,
        names.LOAD_BALANCER,
        names.TARGET_GROUP,
        names.NAT_GATEWAY,
        names.NETWORK_ACL,
        names.VPC_ENDPOINT,
        names.INTERFACE,
        names.ADDRESS,
        names.SECURITY_GROUP,
        names.ROUTE_TABLE,
        names.SUBNET,
        names.INTERNET_GATEWAY,
        names.VPC,
        names.SECRET,
        names.KMS_KEY,
    }
)


def test_whatever_people_name_has_an_incarnation_or_says_that_it_has_none() -> None:
    people_name = {name: kind for name, kind in KINDS.items() if name not in NAMED_BY_AWS}

    assert {name for name, kind in people_name.items() if kind.incarnation is None} == {
        name for name, kind in KINDS.items() if kind.kind.reused
    }


def test_a_misspelt_link_is_caught() -> None:
    links = (Link(KINDS[names.VOLUME].links[0].relation, names.INSTANCE, "Attachment[].Id"),)

    with pytest.raises(AssertionError):
        test_a_kinds_links_name_what_its_items_have(replace(KINDS[names.VOLUME], links=links))


def test_a_guard_forbids_only_where_it_holds() -> None:
    guard = next(iter(KINDS[names.SECURITY_GROUP].guards))

    assert isinstance(guard, Guard)
    assert search(guard.path, {"GroupName": "default"})
    assert not search(guard.path, {"GroupName": "mine"})


def test_a_function_whose_tags_lambda_keeps_back_is_not_taken_for_a_stranger() -> None:
    function = {
        "Configuration": {"FunctionName": "f"},
        "TagsError": {"ErrorCode": "AccessDeniedException", "Message": "not lambda:ListTags"},
    }
    refine = KINDS[names.FUNCTION].refine
    assert refine is not None

    with pytest.raises(ValueError, match="lambda:ListTags"):
        refine(function)
