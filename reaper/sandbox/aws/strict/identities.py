"""IAM: what still has something attached to it stays, and lists leave tags out."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.iam.exceptions import DeleteConflictException, NotFoundException
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse
from moto.moto_api._internal import mock_random

from reaper.sandbox.aws.patching import Rules

RULES = Rules()


@RULES.around(IAMBackend, "delete_user")
def a_user_with_credentials_or_groups_stays(original: Any, backend: Any, user_name: str) -> Any:
    user = backend.get_user(user_name)
    held = {
        "remove users from group": backend.get_groups_for_user(user_name),
        "delete access keys": user.access_keys,
        "delete login profile": user.password,
        "deactivate MFA devices": user.mfa_devices,
        "delete SSH public keys": user.ssh_public_keys,
        "delete signing certificates": user.signing_certificates,
        "delete service specific credentials": _credentials(user),
    }
    for remedy, things in held.items():
        if things:
            raise DeleteConflictException(f"Cannot delete entity, must {remedy} first.")
    return original(backend, user_name)


@RULES.around(IAMBackend, "delete_group")
def a_group_with_users_or_policies_stays(original: Any, backend: Any, group_name: str) -> Any:
    group = backend.get_group(group_name)
    if group.users:
        raise DeleteConflictException("Cannot delete entity, must remove users from group first.")
    if group.managed_policies or group.policies:
        raise DeleteConflictException("Cannot delete entity, must detach all policies first.")
    return original(backend, group_name)


@RULES.around(IAMBackend, "delete_policy")
def an_attached_or_versioned_policy_stays(original: Any, backend: Any, policy_arn: str) -> Any:
    policy = backend.get_policy(policy_arn)
    if policy.attachment_count:
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise DeleteConflictException(
            "This policy has more than one version. Before you delete a policy, you must delete"
            " the policy's versions. The default version is deleted with the policy."
        )
    return original(backend, policy_arn)


@RULES.around(IamResponse, "list_instance_profiles")
def a_list_of_profiles_shows_no_tags(original: Any, response: Any) -> Any:
    answer = original(response)
    answer.result["InstanceProfiles"] = profiles = [
        copy.copy(profile) for profile in answer.result["InstanceProfiles"]
    ]
    for profile in profiles:
        profile.tags = None
        profile.roles = [copy.copy(role) for role in profile.roles]
        for role in profile.roles:
            role.tags = None
    return answer


@RULES.add(IamResponse, "list_instance_profile_tags")
def a_profile_s_tags_are_listed(response: Any) -> Any:
    profile = response.backend.get_instance_profile(response._get_param("InstanceProfileName"))
    return ActionResult({"Tags": profile.tags, "IsTruncated": False})


@RULES.add(IamResponse, "create_service_specific_credential")
def a_user_gets_credentials_for_a_service(response: Any) -> Any:
    name, service = response._get_param("UserName"), response._get_param("ServiceName")
    credential_id = f"ACCA{mock_random.get_random_hex(17).upper()}"
    credential = {
        "UserName": name,
        "ServiceName": service,
        "ServiceSpecificCredentialId": credential_id,
        "Status": "Active",
        "CreateDate": utcnow(),
    }
    _credentials(response.backend.get_user(name))[credential_id] = credential
    return ActionResult({"ServiceSpecificCredential": credential})


@RULES.add(IamResponse, "list_service_specific_credentials")
def a_user_s_credentials_for_services_are_listed(response: Any) -> Any:
    user = response.backend.get_user(response._get_param("UserName"))
    return ActionResult({"ServiceSpecificCredentials": list(_credentials(user).values())})


@RULES.add(IamResponse, "delete_service_specific_credential")
def a_credential_for_a_service_is_deleted(response: Any) -> Any:
    user = response.backend.get_user(response._get_param("UserName"))
    credential_id = response._get_param("ServiceSpecificCredentialId")
    if _credentials(user).pop(credential_id, None) is None:
        raise NotFoundException(f"Service specific credential {credential_id} not found")
    return EmptyResult()


def _credentials(user: Any) -> dict[str, Any]:
    credentials: dict[str, Any] = vars(user).setdefault("service_specific_credentials", {})
    return credentials
