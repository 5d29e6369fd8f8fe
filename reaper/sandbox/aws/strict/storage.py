"""EC2's images and snapshots: an image holds the snapshots that it was registered from."""

from __future__ import annotations

from typing import Any

import moto.ec2.models.amis
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami
from moto.ec2.responses import EC2Response

from reaper.sandbox.aws.patching import Rules

RULES = Rules()


@RULES.around(moto.ec2.models.amis.AmiBackend, "_load_amis")
def an_account_begins_without_other_people_s_images(_: Any, __: Any) -> None:
    """Leave out the hundreds of public images, whose snapshots take seconds to make."""


@RULES.around(EC2Response, "register_image")
def an_image_is_registered_from_its_snapshots(original: Any, response: Any) -> Any:
    backend = response.ec2_backend
    mappings = response._get_param("BlockDeviceMappings", [])
    snapshots = [
        snapshot_id
        for mapping in mappings
        if (snapshot_id := mapping.get("Ebs", {}).get("SnapshotId"))
    ]
    for snapshot_id in snapshots:
        backend.get_snapshot(snapshot_id)
    answer = original(response)
    ami = backend.amis[answer.result["ImageId"]]
    ami.add_tags(response._parse_tag_specification().get("image", {}))
    ami.root_device_name = response._get_param("RootDeviceName") or ami.root_device_name
    ami.root_device_type = "ebs"
    if snapshots:
        backend.snapshots.pop(ami.ebs_snapshot.id)
        ami.ebs_snapshot = backend.get_snapshot(snapshots[0])
        ami.held_snapshots = tuple(snapshots)
        ami.held_mappings = mappings
    return answer


@RULES.around(EC2Response, "create_image")
def an_image_s_snapshots_can_be_tagged(original: Any, response: Any) -> Any:
    specifications = response._get_param("TagSpecifications", [])
    others = [each for each in specifications if each["ResourceType"] == "snapshot"]
    for each in others:
        specifications.remove(each)
    answer = original(response)
    ami = response.ec2_backend.amis[answer.result["ImageId"]]
    for each in others:
        ami.ebs_snapshot.add_tags({tag["Key"]: tag["Value"] for tag in each["Tags"]})
    return answer


@RULES.around(Ami, "block_device_mappings")
def an_image_shows_its_snapshots(original: Any, ami: Any) -> Any:
    return getattr(ami, "held_mappings", None) or original(ami)


@RULES.around(EC2Backend, "delete_snapshot")
def a_snapshot_of_a_registered_image_stays(original: Any, backend: Any, snapshot_id: str) -> Any:
    for ami in backend.amis.values():
        held = {ami.ebs_snapshot.id, *getattr(ami, "held_snapshots", ())}
        if snapshot_id in held and snapshot_id in backend.snapshots:
            raise EC2ClientError(
                "InvalidSnapshot.InUse",
                f"The snapshot {snapshot_id} is currently in use by {ami.id}",
            )
    return original(backend, snapshot_id)
