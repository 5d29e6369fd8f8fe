"""IAM: roles, users, policies, instance profiles, and what holds each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.aws.answers import CALL_ERRORS, is_any
from reaper.providers.aws.api import Api, at_once
from reaper.providers.aws.kind import Also, Arg, AwsKind, Call, Deed, Guard, Item, Link, One, search
from reaper.providers.aws.names import (
    FUNCTION,
    INSTANCE,
    INSTANCE_PROFILE,
    POLICY,
    ROLE,
    STACK,
    USER,
)
from reaper.providers.protocol import Answer

_NONE = ("NoSuchEntity", "NoSuchEntityException")
_NO_LOGIN = (*_NONE, "PasswordPolicyViolation")
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
        if is_any(error, _NONE):
            return []
        raise


def _each(deed: Deed, listing: str, items: str, undo: str, **arguments: str) -> None:
    """Undo each thing that a list names; `arguments` say where an entry has each argument."""
    own = {_own_argument(deed): deed.ref.id.rpartition("/")[2]}
    for entry in deed.api.items("iam", Call(operation=listing, arguments=own, items=items)):
        given = {name: entry if path == "@" else entry[path] for name, path in arguments.items()}
        try:
            deed.api.change("iam", undo, **own, **given)
        except CALL_ERRORS as error:
            if not is_any(error, _NONE):
                raise


def _own_argument(deed: Deed) -> str:
    return "UserName" if deed.ref.kind == USER else "RoleName"


def _strip_role(deed: Deed) -> Answer | None:
    """Take off a role its policies."""
    _each(
        deed,
        "list_attached_role_policies",
        "AttachedPolicies[]",
        "detach_role_policy",
        PolicyArn="PolicyArn",
    )
    _each(deed, "list_role_policies", "PolicyNames[]", "delete_role_policy", PolicyName="@")
    return None


def _strip_user(deed: Deed) -> Answer | None:
    """Take off a user everything without which IAM lets it go."""
    for listing, items, undo, arguments in (
        (
            "list_attached_user_policies",
            "AttachedPolicies[]",
            "detach_user_policy",
            {"PolicyArn": "PolicyArn"},
        ),
        ("list_user_policies", "PolicyNames[]", "delete_user_policy", {"PolicyName": "@"}),
        (
            "list_access_keys",
            "AccessKeyMetadata[]",
            "delete_access_key",
            {"AccessKeyId": "AccessKeyId"},
        ),
        (
            "list_groups_for_user",
            "Groups[]",
            "remove_user_from_group",
            {"GroupName": "GroupName"},
        ),
        (
            "list_mfa_devices",
            "MFADevices[]",
            "deactivate_mfa_device",
            {"SerialNumber": "SerialNumber"},
        ),
        (
            "list_signing_certificates",
            "Certificates[]",
            "delete_signing_certificate",
            {"CertificateId": "CertificateId"},
        ),
        (
            "list_ssh_public_keys",
            "SSHPublicKeys[]",
            "delete_ssh_public_key",
            {"SSHPublicKeyId": "SSHPublicKeyId"},
        ),
        (
            "list_service_specific_credentials",
            "ServiceSpecificCredentials[]",
            "delete_service_specific_credential",
            {"ServiceSpecificCredentialId": "ServiceSpecificCredentialId"},
        ),
    ):
        _each(deed, listing, items, undo, **arguments)
    name = deed.ref.id.rpartition("/")[2]
    try:
        deed.api.change("iam", "delete_login_profile", UserName=name)
    except CALL_ERRORS as error:
        if not is_any(error, _NO_LOGIN):
            raise
    return None


def _empty_profile(deed: Deed) -> Answer | None:
    """Take its role out of an instance profile."""
    for role in deed.item.get("Roles") or []:
        try:
            deed.api.change(
                "iam",
                "remove_role_from_instance_profile",
                InstanceProfileName=deed.item["InstanceProfileName"],
                RoleName=role["RoleName"],
            )
        except CALL_ERRORS as error:
            if not is_any(error, _NONE):
                raise
    return None


def _strip_policy(deed: Deed) -> Answer | None:
    """Delete a policy's older versions; what has it attached goes before it."""
    call = Call(
        operation="list_policy_versions", arguments={"PolicyArn": Arg.ARN}, items="Versions[]"
    )
    for version in deed.api.items("iam", call, arn=deed.arn):
        if not version["IsDefaultVersion"]:
            deed.api.change(
                "iam",
                "delete_policy_version",
                PolicyArn=deed.arn,
                VersionId=version["VersionId"],
            )
    return None


def _named(operation: str, argument: str, items: str) -> One:
    return One(
        call=Call(operation=operation, arguments={argument: Arg.ID}, items=items), absent=_NONE
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
        before=(_empty_profile,),
        delete=Call(operation="delete_instance_profile", arguments={"InstanceProfileName": Arg.ID}),
        gone=_NONE,
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
                absent=_NONE,
            ),
        ),
        name="RoleName",
        created="CreateDate",
        incarnation="RoleId",
        used="RoleLastUsed.LastUsedDate",
        guards=(Guard("starts_with(Path, '/aws-service-role/')", "a service of AWS owns it"),),
        links=(Link(Relation.USED_BY, INSTANCE_PROFILE, '"+profiles"'),),
        held=_users_of_role,
        before=(_strip_role,),
        delete=Call(operation="delete_role", arguments={"RoleName": Arg.ID}),
        gone=_NONE,
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
        before=(_strip_user,),
        delete=Call(operation="delete_user", arguments={"UserName": Arg.ID}),
        gone=_NONE,
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
            absent=_NONE,
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
                absent=_NONE,
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
        before=(_strip_policy,),
        delete=Call(operation="delete_policy", arguments={"PolicyArn": Arg.ARN}),
        gone=_NONE,
        indexed=False,
        candidates=one_by_one,
        everywhere=False,
        actions=("iam:DeletePolicyVersion", "iam:ListPolicyTags", "iam:ListPolicyVersions"),
    ),
)
