"""IAM: what still has something attached to it stays, and lists leave tags out."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse

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
