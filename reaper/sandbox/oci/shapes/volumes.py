"""Block Storage: volumes, groups of them, and their backups."""

from __future__ import annotations

from collections.abc import Mapping

from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.oci.making import Making, Shape, make

_GB = 1024


def _volume(making: Making) -> None:
    making.wanted("availabilityDomain")
    size = int(making.asked.get("sizeInGBs") or 50)
    making.body |= {"sizeInGBs": size, "sizeInMBs": size * _GB, "isHydrated": True}
    making.hide("backupPolicyId", "volumeBackupId")


def _backup(making: Making) -> None:
    volume = making.other(making.wanted("volumeId"), "core.volumes")
    making.body.setdefault("compartmentId", volume.body["compartmentId"])
    making.body |= {
        "type": making.asked.get("type", "FULL"),
        "sourceType": "MANUAL",
        "sizeInGBs": volume.body["sizeInGBs"],
        "sizeInMBs": volume.body["sizeInMBs"],
    }


def _boot_backup(making: Making) -> None:
    volume = making.other(making.wanted("bootVolumeId"), "core.bootVolumes")
    making.body.setdefault("compartmentId", volume.body["compartmentId"])
    making.body |= {
        "type": making.asked.get("type", "FULL"),
        "sourceType": "MANUAL",
        "sizeInGBs": volume.body["sizeInGBs"],
    }


def _group(making: Making) -> None:
    source = making.wanted("sourceDetails")
    members = [making.other(each, "core.volumes") for each in source["volumeIds"]]
    size = sum(int(each.body["sizeInGBs"]) for each in members)
    making.body |= {
        "volumeIds": [each.path for each in members],
        "sizeInGBs": size,
        "sizeInMBs": size * _GB,
    }
    making.hide("backupPolicyId")

    def join(node: Node) -> None:
        for each in members:
            each.body["volumeGroupId"] = node.path
            making.estate.changed(each)

    making.then.append(join)


def _group_backup(making: Making) -> None:
    group = making.other(making.wanted("volumeGroupId"), "core.volumeGroups")
    making.body.setdefault("compartmentId", group.body["compartmentId"])
    making.body |= {
        "type": making.asked.get("type", "FULL"),
        "sourceType": "MANUAL",
        "sizeInGBs": group.body["sizeInGBs"],
        "sizeInMBs": group.body["sizeInMBs"],
        "volumeBackupIds": [],
    }

    def back_up(node: Node) -> None:
        for volume in group.body["volumeIds"]:
            asked = {"volumeId": volume, "displayName": node.body["displayName"]}
            made = make(
                making.estate,
                "core.volumeBackups",
                asked,
                region=making.region,
                shapes=SHAPES,
            )
            made.body["volumeGroupBackupId"] = node.path
            node.body["volumeBackupIds"].append(made.path)
            making.estate.graph.touch(made)
        making.estate.graph.touch(node)

    making.then.append(back_up)


SHAPES: Mapping[str, Shape] = {
    "core.volumes": _volume,
    "core.bootVolumes": _volume,
    "core.volumeBackups": _backup,
    "core.bootVolumeBackups": _boot_backup,
    "core.volumeGroups": _group,
    "core.volumeGroupBackups": _group_backup,
}
