"""CloudFormation: protected stacks stay, members bear the stack's tags, and deletions fail late."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.parsing import ResourceMap
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.resource_tagging import iter_taggable_backends
from moto.core.responses import ActionResult
from moto.ec2.models.core import TaggedEC2Resource
from moto.iam.models import Role, iam_backends
from moto.utilities.utils import get_partition

from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.timetable import TIMETABLE, late

RULES = Rules()

# What says of a stack's members that they are being deleted.
_GOING = "reaper_going"
_ARNS = ("arn", "queue_arn", "topic_arn", "table_arn", "function_arn")


@RULES.around(ResourceMap, "__init__")
def a_stack_s_own_tags_are_not_its_members(
    original: Any,
    members: Any,
    stack_id: str,
    name: str,
    parameters: Any,
    tags: dict[str, str],
    **kwargs: Any,
) -> None:
    original(members, stack_id, name, parameters, dict(tags or {}), **kwargs)


@RULES.around(ResourceMap, "create")
def members_bear_the_stack_s_tags(original: Any, members: Any, template: Any) -> Any:
    ready = original(members, template)
    account, region = members._account_id, members._region_name
    for logical_id, member in list(members._parsed_resources.items()):
        tags = {**members.tags, "aws:cloudformation:logical-id": logical_id}
        if isinstance(member, TaggedEC2Resource):
            continue  # moto's own
        if isinstance(member, Role):
            iam = iam_backends[account][get_partition(region)]
            iam.tag_role(member.name, [{"Key": k, "Value": v} for k, v in tags.items()])
            continue
        arn = next((value for each in _ARNS if (value := getattr(member, each, None))), None)
        for backend in iter_taggable_backends(account, region):
            if arn and backend.owns_arn(arn):
                with suppress(NotImplementedError):  # a service whose members moto cannot tag so
                    backend.tag_resource(arn, tags)
    return ready


@RULES.around(ResourceMap, "__getitem__")
def what_a_stack_lost_is_not_made_anew(original: Any, members: Any, logical_id: str) -> Any:
    """Read a member: moto makes one that it does not have, also of a stack that is deleted."""
    if _is_going(members) and logical_id not in members._parsed_resources:
        return None
    return original(members, logical_id)


@RULES.around(ResourceMap, "__iter__")
def what_a_stack_lost_is_not_listed(original: Any, members: Any) -> Any:
    there = original(members)
    return (each for each in there if not _is_going(members) or each in members._parsed_resources)


def _is_going(members: Any) -> bool:
    return getattr(members, _GOING, False)


@RULES.around(CloudFormationBackend, "delete_stack")
def a_stack_goes_in_steps_with_its_members(_: Any, backend: Any, name_or_stack_id: str) -> None:
    stack = next(
        (
            each
            for each in backend.stacks.values()
            if name_or_stack_id in {each.stack_id, each.name}
        ),
        None,
    )
    if stack is None or stack.status == "DELETE_IN_PROGRESS":
        return
    if stack.enable_termination_protection:
        raise ValidationError(
            message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    _mark(stack, "DELETE_IN_PROGRESS", "User Initiated")
    if fault := late.get():
        reason = fault.detail or "The following resource(s) failed to delete."
        TIMETABLE.after(fault.delay.total_seconds(), lambda: _mark(stack, "DELETE_FAILED", reason))
        return
    TIMETABLE.after(TIMETABLE.lags.stack_s, lambda: _finish(backend, stack))


def _finish(backend: Any, stack: Any) -> None:
    exports = [export.name for export in stack.exports]
    setattr(stack.resource_map, _GOING, True)
    try:
        stack.resource_map.delete()
    except Exception as error:  # noqa: BLE001 - whatever a member's service refuses with
        _mark(stack, "DELETE_FAILED", f"The following resource(s) failed to delete: {error}")
        return
    _mark(stack, "DELETE_COMPLETE", None)
    for export in exports:
        backend.exports.pop(export, None)
    backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)


def _mark(stack: Any, status: str, reason: str | None) -> None:
    stack.status = status
    stack.stack_status_reason = reason
    stack._add_stack_event(status, resource_status_reason=reason)


@RULES.add(CloudFormationResponse, "update_termination_protection")
def termination_protection_can_be_changed(response: Any) -> Any:
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    stack.enable_termination_protection = response._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})
