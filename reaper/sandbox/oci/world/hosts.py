"""Instances, volumes and what is made of them."""

from __future__ import annotations

from typing import Any

from reaper.sandbox.oci.world.builder import Builder
from reaper.sandbox.oci.world.clients import pages

SHAPE = "VM.Standard.E4.Flex"


def add_hosts(builder: Builder, network: dict[str, Any]) -> dict[str, Any]:
    """Add an instance with all that comes along, and what it can be given and made into."""
    clients = builder.clients
    compute = clients.compute
    host = builder.add(
        "core:dedicated-vm-host",
        compute.create_dedicated_vm_host(
            builder.body(
                availabilityDomain=builder.domain, dedicatedVmHostShape="DVH.Standard.E4.128"
            )
        ),
    )
    instance = launch(builder, network, dedicatedVmHostId=host["id"])
    volume = builder.add(
        "core:volume",
        clients.storage.create_volume(
            builder.body(availabilityDomain=builder.domain, sizeInGBs=50)
        ),
        part="data",
    )
    builder.add(
        "core:volume-attachment",
        compute.attach_volume(
            {"type": "paravirtualized", "instanceId": instance["id"], "volumeId": volume["id"]}
        ),
        tagged=False,
    )
    attached = compute.attach_vnic(
        {
            "instanceId": instance["id"],
            "createVnicDetails": {
                "subnetId": network["subnet"],
                "nsgIds": [network["group"]],
                **builder.tags,
            },
        }
    ).data
    vnic = compute.get_vnic_attachment(attached["id"]).data["vnicId"]
    builder.note("core:vnic", vnic, part="secondary")
    builder.add("core:image", compute.create_image(builder.body(instanceId=instance["id"])))
    _add_addresses(builder, vnic)
    _add_pool(builder, network)
    return {"instance": instance, "volume": volume}


def launch(builder: Builder, network: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Launch an instance with a data volume that would outlive it."""
    clients = builder.clients
    instance = builder.add(
        "core:instance",
        clients.compute.launch_instance(
            builder.body(
                availabilityDomain=builder.domain,
                shape=SHAPE,
                sourceDetails={"sourceType": "image", "imageId": "ocid1.image.oc1..platform"},
                createVnicDetails={
                    "subnetId": network["subnet"],
                    "assignPublicIp": True,
                    "nsgIds": [network["group"]],
                    **builder.tags,
                },
                launchVolumeAttachments=[
                    {
                        "type": "paravirtualized",
                        "launchCreateVolumeDetails": {
                            "volumeCreationType": "ATTRIBUTES",
                            "sizeInGBs": 50,
                        },
                    }
                ],
                **more,
            )
        ),
    )
    of_instance = {"instance_id": instance["id"]}
    where = builder.compartment
    compute = clients.compute
    for each in pages(compute.list_boot_volume_attachments, builder.domain, where, **of_instance):
        builder.note("core:boot-volume", each["bootVolumeId"], tagged=False, named=False)
    for each in pages(compute.list_volume_attachments, where, **of_instance):
        builder.note("core:volume", each["volumeId"], tagged=False, named=False, part="launched")
    for each in pages(compute.list_vnic_attachments, where, **of_instance):
        builder.note("core:vnic", each["vnicId"], part="primary")
    return instance


def _add_addresses(builder: Builder, vnic: str) -> None:
    network = builder.clients.network
    private = builder.add(
        "core:private-ip",
        network.create_private_ip({"vnicId": vnic, "displayName": builder.name, **builder.tags}),
    )
    builder.add(
        "core:public-ip",
        network.create_public_ip(builder.body(lifetime="RESERVED", privateIpId=private["id"])),
        part="assigned",
    )
    builder.add(
        "core:public-ip",
        network.create_public_ip(builder.body(lifetime="RESERVED")),
        part="free",
    )


def _add_pool(builder: Builder, network: dict[str, Any]) -> None:
    pools = builder.clients.pools
    launch_details = {
        "compartmentId": builder.compartment,
        "shape": SHAPE,
        "sourceDetails": {"sourceType": "image", "imageId": "ocid1.image.oc1..platform"},
    }
    configuration = builder.add(
        "core:instance-configuration",
        pools.create_instance_configuration(
            builder.body(
                source="NONE",
                instanceDetails={"instanceType": "compute", "launchDetails": launch_details},
            )
        ),
    )
    pool = builder.add(
        "core:instance-pool",
        pools.create_instance_pool(
            builder.body(
                instanceConfigurationId=configuration["id"],
                size=2,
                placementConfigurations=[
                    {
                        "availabilityDomain": builder.domain,
                        "primarySubnetId": network["subnet"],
                    }
                ],
            )
        ),
    )
    for each in pages(pools.list_instance_pool_instances, builder.compartment, pool["id"]):
        builder.note("core:instance", each["id"], tagged=False, named=False, part="member")


def add_backups(builder: Builder, hosts: dict[str, Any]) -> None:
    """Add backups of volumes, and a group of volumes with a backup of its own."""
    storage = builder.clients.storage
    builder.add(
        "core:volume-backup",
        storage.create_volume_backup(
            {"volumeId": hosts["volume"]["id"], "displayName": builder.name, **builder.tags}
        ),
    )
    boot = builder.world().ids("oci:core:boot-volume")[0]
    builder.add(
        "core:boot-volume-backup",
        storage.create_boot_volume_backup(
            {"bootVolumeId": boot, "displayName": builder.name, **builder.tags}
        ),
    )
    member = builder.add(
        "core:volume",
        storage.create_volume(builder.body(availabilityDomain=builder.domain)),
        part="grouped",
    )
    group = builder.add(
        "core:volume-group",
        storage.create_volume_group(
            builder.body(
                availabilityDomain=builder.domain,
                sourceDetails={"type": "volumeIds", "volumeIds": [member["id"]]},
            )
        ),
    )
    backup = builder.add(
        "core:volume-group-backup",
        storage.create_volume_group_backup(
            {"volumeGroupId": group["id"], "displayName": builder.name, **builder.tags}
        ),
    )
    for each in storage.get_volume_group_backup(backup["id"]).data["volumeBackupIds"]:
        builder.note("core:volume-backup", each, tagged=False, named=False, part="grouped")
