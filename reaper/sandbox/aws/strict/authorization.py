"""Who may do what: moto's enforcement of policies, named and refused as AWS does, and simulated.

moto evaluates no conditions when it carries a call out; a dry run and the simulation here do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.iam.access_control import (
    CreateAccessKeyFailure,
    IAMRequest,
    IAMRequestBase,
    S3IAMRequest,
    create_access_key,
)
from moto.iam.exceptions import NotFoundException
from moto.iam.models import Policy
from moto.iam.responses import IamResponse

from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.refusing import Denied
from reaper.sandbox.aws.requests import Request

RULES = Rules()

_BODILESS = frozenset({"DELETE", "GET", "HEAD"})
_EC2_ID = re.compile(r"\b[a-z]+-[0-9a-f]{8,17}\b")
_TAG = "aws:ResourceTag/"


@RULES.around(IAMRequestBase, "__init__")
def the_tagging_api_s_actions_begin_with_tag(
    original: Any, request: Any, *args: Any, **kw: Any
) -> None:
    original(request, *args, **kw)
    request._action = request._action.replace("tagging:", "tag:", 1)


@RULES.around(IAMRequestBase, "_create_aws_request")
def a_request_without_a_body_is_signed_without_one(original: Any, request: Any) -> Any:
    signed = original(request)
    if not request._body and request._method in _BODILESS:
        signed.data = b""
    return signed


@RULES.around(IAMRequest, "_raise_access_denied")
@RULES.around(S3IAMRequest, "_raise_access_denied")
def a_denial_names_the_caller_and_the_action(_original: Any, request: Any) -> None:
    raise Denied(_sentence(request._access_key.arn, request._action))


@RULES.add(IamResponse, "simulate_principal_policy")
def a_principal_s_policies_are_simulated(response: Any) -> Any:
    account = response.current_account
    source = response._get_param("PolicySourceArn")
    context = {
        entry["ContextKeyName"]: entry["ContextKeyValues"]
        for entry in response._get_param("ContextEntries") or ()
    }
    policies = _policies_of(response.backend, account, source)
    return ActionResult(
        {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalResourceName": resource,
                    "EvalDecision": decide(policies, action, resource, context),
                    "MatchedStatements": [],
                    "MissingContextValues": sorted(_lacking(policies, action, context)),
                }
                for action in response._get_param("ActionNames")
                for resource in response._get_param("ResourceArns") or ["*"]
            ],
            "IsTruncated": False,
        }
    )


def refused_dry_run(account: str, request: Request) -> str | None:
    """Why a dry run of EC2's would be denied; None if it would not."""
    action = f"{request.service}:{request.operation}"
    try:
        key = create_access_key(account, "aws", request.access_key, {})
    except CreateAccessKeyFailure:
        return "AWS was not able to validate the provided access credentials"
    tags = ec2_backends[account][request.region].tags
    named = [tags.get(each, {}) for each in _EC2_ID.findall(request.text)] or [{}]
    policies = _documents(key.collect_policies())
    for own in named:
        context = {f"{_TAG}{name}": [value] for name, value in own.items()}
        if decide(policies, action, "*", context) != "allowed":
            return _sentence(key.arn, action)
    return None


def decide(
    policies: Iterable[Mapping[str, Any]],
    action: str,
    resource: str,
    context: Mapping[str, list[str]],
) -> str:
    """Decide as IAM does: what is denied is denied, and what nothing allows is, too."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in _listed(policy["Statement"])
        if _matches(statement.get("Action", ()), action.lower(), str.lower)
        and _matches(statement.get("Resource", "*"), resource, str)
        and _holds(statement.get("Condition", {}), context)
    }
    if "Deny" in effects:
        return "explicitDeny"
    return "allowed" if "Allow" in effects else "implicitDeny"


def _lacking(
    policies: Iterable[Mapping[str, Any]], action: str, context: Mapping[str, list[str]]
) -> set[str]:
    """The keys that conditions on this action ask for, and nobody gave."""
    return {
        key
        for policy in policies
        for statement in _listed(policy["Statement"])
        if _matches(statement.get("Action", ()), action.lower(), str.lower)
        for keys in statement.get("Condition", {}).values()
        for key in keys
        if key not in context
    }


def _sentence(caller: str, action: str) -> str:
    return (
        f"User: {caller} is not authorized to perform: {action} because no identity-based policy"
        f" allows the {action} action"
    )


def _policies_of(backend: Any, account: str, source: str) -> list[Mapping[str, Any]]:
    """A user's or role's policies; the sandbox's nameless caller may do everything."""
    noun, _, name = source.rpartition(":")[2].partition("/")
    name = name.rpartition("/")[2]
    if noun == "user" and name == "moto":
        return [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]
    if noun == "user":
        for key in backend.get_user(name).access_keys:
            return _documents(
                create_access_key(account, "aws", key.access_key_id, {}).collect_policies()
            )
    if noun == "role" and name in {role.name for role in backend.get_roles()}:
        inline = [
            {"policy_document": backend.get_role_policy(name, each)[1]}
            for each in backend.list_role_policies(name)
        ]
        return _documents([*inline, *backend.list_attached_role_policies(name)[0]])
    raise NotFoundException(f"The {noun} with name {name} cannot be found.")


def _documents(policies: Iterable[Any]) -> list[Mapping[str, Any]]:
    """The documents of inline and attached policies, as moto keeps them."""
    read: list[Mapping[str, Any]] = []
    for policy in policies:
        if isinstance(policy, Policy):
            text = next(each.document for each in policy.versions if each.is_default)
        else:
            text = policy["policy_document"]
        read.append(json.loads(text))
    return read


def _matches(patterns: Any, value: str, form: Callable[[str], str]) -> bool:
    if value == "*":  # asked of any resource: limited ones do not answer for it
        return "*" in _listed(patterns)
    return any(fnmatchcase(value, form(each)) for each in _listed(patterns))


def _holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, list[str]]) -> bool:
    """Whether every condition holds; an operator that is not known here never does."""
    return all(
        _compare(operator, _listed(wanted), context.get(key))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _compare(operator: str, wanted: list[str], given: list[str] | None) -> bool:
    name = operator.removesuffix("IfExists")
    if given is None:
        return name != operator
    if name == "StringEquals":
        return any(value in wanted for value in given)
    if name == "StringLike":
        return any(fnmatchcase(value, each) for value in given for each in wanted)
    return False


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
