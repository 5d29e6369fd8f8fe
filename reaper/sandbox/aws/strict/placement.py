"""EC2's placement groups, which moto has not."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses import EC2Response
from moto.ec2.utils import generic_filter
from moto.moto_api._internal import mock_random

from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.strict.instances import living

RULES = Rules()


class PlacementGroup(TaggedEC2Resource):
    """A placement group, with the attributes that moto's answers are written from."""

    def __init__(self, backend: Any, name: str, strategy: str) -> None:
        self.ec2_backend = backend
        self.id = self.group_id = f"pg-{mock_random.get_random_hex(17)}"
        self.group_name = name
        self.strategy = strategy
        self.state = "available"
        self.group_arn = (
            f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:placement-group/{name}"
        )

    @property
    def tags(self) -> list[dict[str, str]]:
        """Its tags."""
        return self.get_tags()


@RULES.around(EC2Backend, "__init__")
def a_region_has_placement_groups(original: Any, backend: Any, *args: Any, **kwargs: Any) -> None:
    original(backend, *args, **kwargs)
    backend.placement_groups = {}


@RULES.add(EC2Response, "create_placement_group")
def placement_groups_are_created(response: Any) -> Any:
    groups = response.ec2_backend.placement_groups
    name = response._get_param("GroupName")
    if name in groups:
        raise EC2ClientError(
            "InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists."
        )
    strategy = response._get_param("Strategy") or "cluster"
    groups[name] = group = PlacementGroup(response.ec2_backend, name, strategy)
    group.add_tags(response._parse_tag_specification().get("placement-group", {}))
    return ActionResult({"PlacementGroup": group})


@RULES.add(EC2Response, "describe_placement_groups")
def placement_groups_are_described(response: Any) -> Any:
    groups = response.ec2_backend.placement_groups
    names = response._get_param("GroupNames", [])
    ids = response._get_param("GroupIds", [])
    known = {*groups, *(group.id for group in groups.values())}
    for each in (*names, *ids):
        if each not in known:
            raise EC2ClientError(
                "InvalidPlacementGroup.Unknown", f"The Placement Group '{each}' is unknown."
            )
    found = [
        group
        for name, group in groups.items()
        if (not names or name in names) and (not ids or group.id in ids)
    ]
    filters = response._filters_from_querystring()
    return ActionResult({"PlacementGroups": generic_filter(filters, found)})


@RULES.add(EC2Response, "delete_placement_group")
def a_placement_group_in_use_stays(response: Any) -> Any:
    backend = response.ec2_backend
    name = response._get_param("GroupName")
    if name not in backend.placement_groups:
        raise EC2ClientError(
            "InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown."
        )
    if any(instance.placement.group_name == name for instance in living(backend)):
        raise EC2ClientError(
            "InvalidPlacementGroup.InUse",
            f"The placement group {name} is in use and may not be deleted.",
        )
    group = backend.placement_groups.pop(name)
    backend.tags.pop(group.id, None)
    return EmptyResult()
