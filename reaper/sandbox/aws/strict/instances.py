"""EC2's instances: how they come with their parts, and what goes and what stays when they end."""

from __future__ import annotations

import copy
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance
from moto.ec2.responses import EC2Response
from moto.ec2.utils import convert_tag_spec

from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.strict.interfaces import take_back
from reaper.sandbox.aws.timetable import TIMETABLE

RULES = Rules()

_ENDING = frozenset({"shutting-down", "terminated"})


def living(backend: Any) -> list[Any]:
    """List the instances that still hold something."""
    return [instance for instance in backend.all_instances() if instance.state != "terminated"]


@RULES.around(EC2Response, "run_instances")
def an_instance_is_what_was_asked_for(original: Any, response: Any) -> Any:
    group = response._get_param("Placement.GroupName")
    if group and group not in response.ec2_backend.placement_groups:
        raise EC2ClientError(
            "InvalidPlacementGroup.Unknown", f"The Placement Group '{group}' is unknown."
        )
    answer = original(response)
    protected = response._get_param("DisableApiTermination")
    tags = response._parse_tag_specification().get("network-interface", {})
    first, *others = answer.result.instances
    profile = response.ec2_backend.iam_instance_profile_associations.get(first.id)
    for instance in answer.result.instances:
        instance.placement.group_name = group or ""
        instance.disable_api_termination = bool(protected)
        for interface in instance.nics.values():
            interface.add_tags(tags)
    for instance in others:
        if profile:
            response.ec2_backend.associate_iam_instance_profile(
                instance_id=instance.id,
                iam_instance_profile_arn=profile.iam_instance_profile.arn,
            )
    return answer


@RULES.around(EC2Backend, "run_instances")
def an_instance_has_a_boot_volume_and_its_template_s_tags(
    original: Any, backend: Any, *args: Any, **kwargs: Any
) -> Any:
    tags: dict[str, dict[str, str]] = {}
    if template := kwargs.get("launch_template"):
        found = backend._get_template_from_args(template)
        tags = convert_tag_spec(found.data.get("TagSpecifications", {}))
    volume_tags = dict(tags.get("volume", {})) | kwargs.get("tags", {}).get("volume", {})
    reservation = original(backend, *args, **kwargs)
    for instance in reservation.instances:
        if instance.root_device_name not in instance.block_device_mapping:
            instance.setup_defaults()
        for device in instance.block_device_mapping.values():
            backend.get_volume(device.volume_id).add_tags(volume_tags)
        for interface in instance.nics.values():
            interface.add_tags(tags.get("network-interface", {}))
    return reservation


@RULES.around(Instance, "prep_nics")
def an_interface_made_with_an_instance_goes_with_it(
    original: Any, instance: Any, nic_spec: list[dict[str, Any]], *args: Any, **kwargs: Any
) -> None:
    asked = {int(each.get("DeviceIndex", 0)): dict(each) for each in nic_spec}
    original(instance, nic_spec, *args, **kwargs)
    for index, interface in instance.nics.items():
        spec = asked.get(index, {})
        brought_along = "NetworkInterfaceId" in spec
        interface.delete_on_termination = bool(spec.get("DeleteOnTermination", not brought_along))


@RULES.around(EC2Backend, "terminate_instances")
def a_protected_instance_ends_none_of_those_named_with_it(
    original: Any, backend: Any, instance_ids: list[str]
) -> Any:
    for instance in backend.get_multi_instances_by_id(instance_ids):
        if instance.disable_api_termination and instance.state not in _ENDING:
            raise EC2ClientError(
                "OperationNotPermitted",
                f"The instance '{instance.id}' may not be terminated. Modify its"
                " 'disableApiTermination' instance attribute and try again.",
            )
    return original(backend, instance_ids)


@RULES.around(Instance, "terminate")
def an_instance_ends_in_steps(original: Any, instance: Any) -> Any:
    previous = copy.copy(instance.instance_state)
    if instance.state not in _ENDING:
        instance.instance_state.name, instance.instance_state.code = "shutting-down", 32
        TIMETABLE.after(TIMETABLE.lags.instance_s, lambda: _finish(original, instance))
    return previous


def _finish(original: Any, instance: Any) -> None:
    backend = instance.ec2_backend
    interfaces = list(instance.nics.values())
    for address in backend.addresses:
        if address.instance is instance or (address.eni and address.eni in interfaces):
            backend.disassociate_address(address=address.public_ip)
    going = [interface for interface in interfaces if interface.delete_on_termination]
    for interface in interfaces:
        interface.delete_on_termination = False  # moto would delete, which is refused while in use
    original(instance)
    for interface in interfaces:
        instance.detach_eni(interface)
        if interface in going:
            take_back(backend, interface)
    instance.security_groups = []
    instance._subnet_id = None
    TIMETABLE.after(TIMETABLE.lags.listed_s, lambda: _forget(backend, instance))


def _forget(backend: Any, instance: Any) -> None:
    for reservation_id, reservation in list(backend.reservations.items()):
        if instance in reservation.instances:
            reservation.instances.remove(instance)
            if not reservation.instances:
                del backend.reservations[reservation_id]
    backend.tags.pop(instance.id, None)


@RULES.around(
    Instance,
    "private_ip",
    "private_ip_address",
    "public_ip",
    "public_ip_address",
    "private_dns_name",
)
def an_ended_instance_has_no_addresses(original: Any, instance: Any) -> Any:
    return original(instance) if instance.nics else None
