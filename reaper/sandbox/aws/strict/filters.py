"""Filters of EC2's lists that AWS has and moto has not."""

from __future__ import annotations

from typing import Any

import moto.ec2.utils
from moto.ec2.models.amis import Ami
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.network_acls import NetworkAcl
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.utils import instance_value_in_filter_values

from reaper.sandbox.aws.patching import Rules

RULES = Rules()


_GROUP_NAME = "placement-group-name"
_PROFILE_ARN = "iam-instance-profile.arn"


@RULES.around(VPCEndPoint, "get_filter_value")
def endpoints_are_listed_by_their_id(original: Any, endpoint: Any, name: str, *args: Any) -> Any:
    return endpoint.id if name == "vpc-endpoint-id" else original(endpoint, name, *args)


@RULES.around(NetworkAcl, "get_filter_value")
def access_lists_are_listed_by_their_id(original: Any, acl: Any, name: str, *args: Any) -> Any:
    return acl.id if name == "network-acl-id" else original(acl, name, *args)


@RULES.around(Ami, "get_filter_value")
def images_are_listed_by_the_snapshots_they_are_of(
    original: Any, image: Any, name: str, *args: Any
) -> Any:
    if name != "block-device-mapping.snapshot-id":
        return original(image, name, *args)
    return [
        mapping["Ebs"]["SnapshotId"]
        for mapping in image.block_device_mappings
        if "SnapshotId" in mapping.get("Ebs", {})
    ]


@RULES.around(NetworkInterface, "get_filter_value")
def interfaces_are_listed_by_their_address(
    original: Any, interface: Any, name: str, *args: Any
) -> Any:
    if name != "association.allocation-id":
        return original(interface, name, *args)
    return [
        address.allocation_id
        for address in interface.ec2_backend.addresses
        if address.eni is interface
        or (address.instance is not None and address.instance is interface.instance)
    ]


@RULES.around(moto.ec2.utils, "passes_filter_dict")
def instances_are_listed_by_their_placement_group_and_profile(
    original: Any, instance: Any, filters: dict[str, Any]
) -> bool:
    associations = instance.ec2_backend.iam_instance_profile_associations.values()
    own = {
        _GROUP_NAME: instance.placement.group_name,
        _PROFILE_ARN: [
            each.iam_instance_profile.arn for each in associations if each.instance is instance
        ],
    }
    rest = {name: values for name, values in filters.items() if name not in own}
    return all(
        instance_value_in_filter_values(own[name], filters[name]) for name in own.keys() & filters
    ) and bool(original(instance, rest))
