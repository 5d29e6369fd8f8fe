"""Auto Scaling: a group with instances stays unless forced, and takes them along when it goes."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.timetable import TIMETABLE

RULES = Rules()

_GOING = "Delete in progress"


@RULES.around(AutoScalingResponse, "delete_auto_scaling_group")
def a_group_with_instances_stays_unless_forced(_: Any, response: Any) -> Any:
    name = response._get_param("AutoScalingGroupName")
    backend = response.autoscaling_backend
    group = backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError(f"AutoScalingGroup name not found - '{name}' not found")
    forced = response._get_bool_param("ForceDelete", if_none=False)
    if group.instance_states and not forced:
        raise AutoscalingClientError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot"
            " instance request(s) still in the group.",
        )
    group.status = _GOING
    TIMETABLE.after(
        TIMETABLE.lags.group_s,
        lambda: (
            backend.delete_auto_scaling_group(name)
            if backend.autoscaling_groups.get(name) is group
            else None
        ),
    )
    return EmptyResult()


@RULES.around(AutoScalingBackend, "delete_auto_scaling_group")
def a_group_s_instances_go_with_it_protected_or_not(
    original: Any, backend: Any, group_name: str
) -> Any:
    if group := backend.autoscaling_groups.get(group_name):
        for state in group.instance_states:
            state.instance.disable_api_termination = False
    return original(backend, group_name)


@RULES.around(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def a_group_that_goes_launches_nothing(original: Any, group: Any, *args: Any, **kwargs: Any) -> Any:
    if getattr(group, "status", None) != _GOING:
        original(group, *args, **kwargs)


class _Attached(InstanceState):
    """An instance that the group did not launch."""

    launch_template = None
    launch_configuration_name = None


@RULES.around(AutoScalingBackend, "attach_instances")
def an_attached_instance_names_no_template(
    original: Any, backend: Any, group_name: str, instance_ids: list[str]
) -> Any:
    original(backend, group_name, instance_ids)
    for state in backend.autoscaling_groups[group_name].instance_states:
        if state.instance.id in instance_ids:
            state.__class__ = _Attached
