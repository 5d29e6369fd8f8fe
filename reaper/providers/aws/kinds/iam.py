"""IAM: roles, users, policies, instance profiles, and what holds each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.aws.answers import CALL_ERRORS, is_any
from reaper.providers.aws.api import Api, at_once
from reaper.providers.aws.kind import Also, Arg, AwsKind, Call, Guard, Item, Link, One, search
from reaper.providers.aws.kinds.stripping import (
    NONE,
    empty_profile,
    strip_policy,
    strip_role,
    strip_user,
)
from reaper.providers.aws.names import (
    FUNCTION,
    INSTANCE,
    INSTANCE_PROFILE,
    POLICY,
    ROLE,
    STACK,
    USER,
)

# All of a kind with their tags, a thousand in a page, where a tag read for each would cost a call.
_BULK = {
    ROLE: ("Role", "RoleDetailList"),
    USER: ("User", "UserDetailList"),
}
_TAGS_OF = {
    INSTANCE_PROFILE: ("list_instance_profile_tags", "InstanceProfileName"),
    POLICY: ("list_policy_tags", "PolicyArn"),
}


def _from_stack(item: Item) -> Iterator[str]:
    """A stack's member goes with its stack, which lives in a region."""
    stack = item["+tags"].get("aws:cloudformation:stack-id")
    if stack is not None:
        yield f"{STACK} {stack}"


def _users_of_profile(api: Api, item: Item) -> Iterable[str]:
    """The machines that have the profile, in every region that this account is looked at in."""
    yield from _from_stack(item)
    call = Call(
        operation="describe_instances",
        arguments={
            "Filters": [
                {"Name": "iam-instance-profile.arn", "Values": [Arg.ARN]},
                {
                    "Name": "instance-state-name",
                    "Values": ["pending", "running", "stopping", "stopped"],
                },
            ]
        },
        items="Reservations[].Instances[].InstanceId",
    )

    def machines(region: str) -> list[str]:
        there = api.in_region(region)
        return [
            f"{INSTANCE}@{there.scope}/{machine}"
            for machine in there.items("ec2", call, arn=item["Arn"])
        ]

    for found in at_once(machines, api.clients.regions):
        yield from found


def _users_of_role(api: Api, item: Item) -> Iterable[str]:
    """The functions that act as the role; machines do so by a profile, which goes first."""
    yield from _from_stack(item)
    for function, arn in api.clients.shared("functions by role", lambda: _functions(api)):
        if arn == item["Arn"]:
            yield function


def _functions(api: Api) -> list[tuple[str, str]]:
    """Every function of every region that is looked at, with its role."""
    call = Call(operation="list_functions", items="Functions[]")

    def functions(region: str) -> list[tuple[str, str]]:
        there = api.in_region(region)
        return [
            (f"{FUNCTION}@{there.scope}/{each['FunctionName']}", str(each.get("Role")))
            for each in there.items("lambda", call)
        ]

    return [each for found in at_once(functions, api.clients.regions) for each in found]


def bulk(api: Api, kind: AwsKind) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every role or user with its tags, by one paged call."""
    filtered, listed = _BULK[kind.name_of_kind]
    call = Call(
        operation="get_account_authorization_details",
        arguments={"Filter": [filtered]},
        items=f"{listed}[]",
    )
    for each in api.items("iam", call):
        yield each["Arn"], {tag["Key"]: tag["Value"] for tag in each.get("Tags") or []}


def one_by_one(api: Api, kind: AwsKind) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every instance profile or policy with its tags: no call lists those, so each is asked for."""
    operation, argument = _TAGS_OF[kind.name_of_kind]
    found = api.items("iam", kind.listing)

    def tagged(listed: Item) -> Mapping[str, str]:
        told = listed.get("Tags")
        if told is None:
            named = search(kind.id, listed)
            call = Call(operation=operation, arguments={argument: named}, items="Tags[]")
            told = _or_none(api, call)
        return {tag["Key"]: tag["Value"] for tag in told}

    for listed, told in zip(found, at_once(tagged, found), strict=True):
        yield listed["Arn"], told


def _or_none(api: Api, call: Call) -> list[Any]:
    try:
        return api.items("iam", call)
    except CALL_ERRORS as error:
        if is_any(error, NONE):
            return []
        raise


def _named(operation: str, argument: str, items: str) -> One:
    return One(
        call=Call(operation=operation, arguments={argument: Arg.ID}, items=items), absent=NONE
    )


KINDS = (
    AwsKind(
        kind=Kind(name=INSTANCE_PROFILE, service="iam"),
        service="iam",
        arn="iam::{account}:instance-profile/{id}",
        listing=Call(operation="list_instance_profiles", items="InstanceProfiles[]"),
        listed="Arn",
        id="InstanceProfileName",
        read=_named("get_instance_profile", "InstanceProfileName", "InstanceProfile"),
        name="InstanceProfileName",
        created="CreateDate",
        incarnation="InstanceProfileId",
        links=(Link(Relation.USES, ROLE, "Roles[].RoleName"),),
        held=_users_of_profile,
        before=(empty_profile,),
        delete=Call(operation="delete_instance_profile", arguments={"InstanceProfileName": Arg.ID}),
        gone=NONE,
        indexed=False,
        candidates=one_by_one,
        everywhere=False,
        actions=(
            "ec2:DescribeInstances",
            "iam:ListInstanceProfileTags",
            "iam:RemoveRoleFromInstanceProfile",
        ),
    ),
    AwsKind(
        kind=Kind(name=ROLE, service="iam", after=(INSTANCE_PROFILE,)),
        service="iam",
        arn="iam::{account}:role/{id}",
        listing=Call(operation="list_roles", items="Roles[]"),
        listed="Arn",
        id="RoleName",
        read=_named("get_role", "RoleName", "Role"),
        also=(
            Also(
                call=Call(
                    operation="list_instance_profiles_for_role",
                    arguments={"RoleName": Arg.ID},
                    items="InstanceProfiles[].InstanceProfileName",
                ),
                into="+profiles",
                absent=NONE,
            ),
        ),
        name="RoleName",
        created="CreateDate",
        incarnation="RoleId",
        used="RoleLastUsed.LastUsedDate",
        guards=(Guard("starts_with(Path, '/aws-service-role/')", "a service of AWS owns it"),),
        links=(Link(Relation.USED_BY, INSTANCE_PROFILE, '"+profiles"'),),
        held=_users_of_role,
        before=(strip_role,),
        delete=Call(operation="delete_role", arguments={"RoleName": Arg.ID}),
        gone=NONE,
        indexed=False,
        candidates=bulk,
        everywhere=False,
        actions=(
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:GetAccountAuthorizationDetails",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "lambda:ListFunctions",
        ),
    ),
    AwsKind(
        kind=Kind(name=USER, service="iam"),
        service="iam",
        arn="iam::{account}:user/{id}",
        listing=Call(operation="list_users", items="Users[]"),
        listed="Arn",
        id="UserName",
        read=_named("get_user", "UserName", "User"),
        name="UserName",
        created="CreateDate",
        incarnation="UserId",
        used="PasswordLastUsed",
        held=lambda _api, item: _from_stack(item),
        before=(strip_user,),
        delete=Call(operation="delete_user", arguments={"UserName": Arg.ID}),
        gone=NONE,
        indexed=False,
        candidates=bulk,
        everywhere=False,
        actions=(
            "iam:DeactivateMFADevice",
            "iam:DeleteAccessKey",
            "iam:DeleteLoginProfile",
            "iam:DeleteSSHPublicKey",
            "iam:DeleteServiceSpecificCredential",
            "iam:DeleteSigningCertificate",
            "iam:DeleteUserPolicy",
            "iam:DetachUserPolicy",
            "iam:GetAccountAuthorizationDetails",
            "iam:ListAccessKeys",
            "iam:ListAttachedUserPolicies",
            "iam:ListGroupsForUser",
            "iam:ListMFADevices",
            "iam:ListSSHPublicKeys",
            "iam:ListServiceSpecificCredentials",
            "iam:ListSigningCertificates",
            "iam:ListUserPolicies",
            "iam:RemoveUserFromGroup",
        ),
    ),
    AwsKind(
        kind=Kind(name=POLICY, service="iam", after=(ROLE, USER)),
        service="iam",
        arn="iam::{account}:policy/{id}",
        id_is_arn=True,
        listing=Call(operation="list_policies", arguments={"Scope": "Local"}, items="Policies[]"),
        id="Arn",
        read=One(
            call=Call(operation="get_policy", arguments={"PolicyArn": Arg.ARN}, items="Policy"),
            absent=NONE,
        ),
        also=(
            Also(
                call=Call(
                    operation="list_entities_for_policy",
                    arguments={"PolicyArn": Arg.ARN},
                    items="[{roles: PolicyRoles[].RoleName, users: PolicyUsers[].UserName, "
                    "groups: PolicyGroups[].GroupName}]",
                ),
                into="+entities",
                absent=NONE,
            ),
        ),
        name="PolicyName",
        created="CreateDate",
        incarnation="PolicyId",
        # Who has it attached would lose what it allows: those go first, or it stays.
        links=(
            Link(Relation.USED_BY, ROLE, '"+entities"[].roles[]'),
            Link(Relation.USED_BY, USER, '"+entities"[].users[]'),
            Link(Relation.USED_BY, "aws:iam:group", '"+entities"[].groups[]'),
        ),
        held=lambda _api, item: _from_stack(item),
        before=(strip_policy,),
        delete=Call(operation="delete_policy", arguments={"PolicyArn": Arg.ARN}),
        gone=NONE,
        indexed=False,
        candidates=one_by_one,
        everywhere=False,
        actions=("iam:DeletePolicyVersion", "iam:ListPolicyTags", "iam:ListPolicyVersions"),
    ),
)
