"""What must be undone before an identity of IAM goes."""

from __future__ import annotations

from reaper.providers.aws.answers import CALL_ERRORS, is_any
from reaper.providers.aws.kind import Arg, Call, Deed
from reaper.providers.aws.names import USER
from reaper.providers.protocol import Answer

# The codes of «there is no such identity, or nothing such on it».
NONE = ("NoSuchEntity", "NoSuchEntityException")
_NO_LOGIN = (*NONE, "PasswordPolicyViolation")


def strip_role(deed: Deed) -> Answer | None:
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


def strip_user(deed: Deed) -> Answer | None:
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


def empty_profile(deed: Deed) -> Answer | None:
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
            if not is_any(error, NONE):
                raise
    return None


def strip_policy(deed: Deed) -> Answer | None:
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


def _each(deed: Deed, listing: str, items: str, undo: str, **arguments: str) -> None:
    """Undo each thing that a list names; `arguments` say where an entry has each argument."""
    own = {_own_argument(deed): deed.ref.id.rpartition("/")[2]}
    for entry in deed.api.items("iam", Call(operation=listing, arguments=own, items=items)):
        given = {name: entry if path == "@" else entry[path] for name, path in arguments.items()}
        try:
            deed.api.change("iam", undo, **own, **given)
        except CALL_ERRORS as error:
            if not is_any(error, NONE):
                raise


def _own_argument(deed: Deed) -> str:
    return "UserName" if deed.ref.kind == USER else "RoleName"
