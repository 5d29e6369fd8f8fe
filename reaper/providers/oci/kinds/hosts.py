"""Compute: instances with what comes along, attachments, pools and what they are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.oci.kind import Deed, Item, Items, Link, OciKind, found
from reaper.providers.oci.kinds.usage import (
    ADDRESSED,
    LAUNCHED,
    alive,
    tell_addressed,
    tell_launches,
    tell_tenants,
)
from reaper.providers.oci.names import (
    BOOT_VOLUME,
    BOOT_VOLUME_ATTACHMENT,
    CONFIGURATION,
    DEDICATED_HOST,
    IMAGE,
    INSTANCE,
    POOL,
    PRIVATE_IP,
    SECURITY_GROUP,
    SUBNET,
    VNIC,
    VOLUME,
    VOLUME_ATTACHMENT,
)
from reaper.providers.oci.reach import Reach, at_once
from reaper.providers.oci.reading import read_time

# What is made by an instance's launch is made in the same moment.
_AT_LAUNCH = timedelta(seconds=90)
_DETACHED = frozenset({"DETACHED", "DETACHING"})
_STATES: dict[str, Any] = {
    "over": frozenset({"DETACHED"}),
    "going": frozenset({"DETACHING"}),
}


def domains(reach: Reach, compartment: str) -> Iterable[Mapping[str, Any]]:
    """The lists of what is listed by availability domain."""
    return [{"availability_domain": each} for each in reach.domains(compartment)]


def _attached(reach: Reach, operation: str, instance: Item, **more: Any) -> list[dict[str, Any]]:
    """What is attached to an instance, of one sort."""
    listed = reach.pages(
        "compute",
        operation,
        compartment_id=instance["compartmentId"],
        instance_id=instance["id"],
        **more,
    )
    return [each for each in listed if each.get("lifecycleState") not in _DETACHED]


def _tell_attached(reach: Reach, instances: Items) -> None:
    """Tell what is attached to an instance, and which of that its launch made.

    A boot volume that was there before is somebody's own: it is preserved.
    """

    def ask(instance: dict[str, Any]) -> None:
        domain = {"availability_domain": instance["availabilityDomain"]}
        boots = _attached(reach, "list_boot_volume_attachments", instance, **domain)
        volumes = _attached(reach, "list_volume_attachments", instance)
        vnics = _attached(reach, "list_vnic_attachments", instance)
        instance["+boots"] = [each["bootVolumeId"] for each in boots]
        instance["+own"] = [
            each for each in instance["+boots"] if _is_of_launch(reach, instance, each)
        ]
        instance["+kept"] = [each for each in instance["+boots"] if each not in instance["+own"]]
        instance["+volumes"] = [each["volumeId"] for each in volumes]
        instance["+launched"] = [
            each["volumeId"] for each in volumes if each.get("isVolumeCreatedDuringLaunch")
        ]
        instance["+vnics"] = [each["vnicId"] for each in vnics if each.get("vnicId")]
        if not boots:
            instance.setdefault("+unread", "which boot volume goes with it is not told")

    at_once(ask, instances.values())


def _is_of_launch(reach: Reach, instance: Item, boot: str) -> bool:
    source = instance.get("sourceDetails") or {}
    if source.get("sourceType") != "image":
        return False
    volume, _ = reach.get(reach.kinds[BOOT_VOLUME], boot)
    made, launched = read_time(volume["timeCreated"]), read_time(instance["timeCreated"])
    near = made is not None and launched is not None and abs(made - launched) <= _AT_LAUNCH
    return near and volume.get("imageId") == source.get("imageId")


def _tell_pool(reach: Reach, instances: Items) -> None:
    """Tell which pool keeps an instance up: only the pool's members say so.

    An instance that was attached to a pool later tells not even the pool's configuration.
    """
    for pool in alive(reach, POOL):
        for member in _members(reach, pool):
            if member in instances:
                instances[member]["+pool"] = pool["id"]


_OVER = frozenset({"TERMINATED"})


def _members(reach: Reach, pool: Item) -> list[str]:
    return reach.told.shared(
        f"members {pool['id']}",
        lambda: [
            str(each["id"])
            for each in reach.pages(
                "pools",
                "list_instance_pool_instances",
                compartment_id=pool["compartmentId"],
                instance_pool_id=pool["id"],
            )
        ],
    )


def _tell_members(reach: Reach, pools: Items) -> None:
    """Tell which instances a pool keeps up, and which of them it made: others were attached."""
    for pool in pools.values():
        members = [reach.get(reach.kinds[INSTANCE], each)[0] for each in _members(reach, pool)]
        there = [each for each in members if each["lifecycleState"] not in _OVER]
        pool["+members"] = [each["id"] for each in there]
        pool["+made"] = [each["id"] for each in there if _is_of_pool(pool, each)]


def _is_of_pool(pool: Item, instance: Item) -> bool:
    """Whether a pool made an instance: by its own configuration, and not before it was there."""
    made, began = read_time(instance["timeCreated"]), read_time(pool["timeCreated"])
    same = instance.get("instanceConfigurationId") == pool["instanceConfigurationId"]
    return same and made is not None and began is not None and made >= began


def _kept_up(instance: Item) -> Iterable[str]:
    """Name the node pool of Kubernetes that would make it anew, as its metadata tell."""
    return found('metadata."oke-pool-id"', instance)


def _preserving(deed: Deed) -> Mapping[str, Any]:
    """Let go only what was looked at: data volumes go by themselves, when the instance is gone."""
    taken = deed.others(Relation.TAKES)
    return {
        "preserve_boot_volume": not any(each in taken for each in deed.item.get("+own", ())),
        "preserve_data_volumes_created_at_launch": True,
    }


def _tell_attachment(reach: Reach, vnics: Items) -> None:
    """Tell to which instance a VNIC is attached, and which further addresses it has."""

    def ask(vnic: dict[str, Any]) -> None:
        attached = reach.pages(
            "compute",
            "list_vnic_attachments",
            compartment_id=vnic["compartmentId"],
            vnic_id=vnic["id"],
        )
        there = [each for each in attached if each.get("lifecycleState") not in _DETACHED]
        vnic["+instance"] = [each["instanceId"] for each in there]
        vnic["+ips"] = list(reach.pages("network", "list_private_ips", vnic_id=vnic["id"]))
        vnic["+addresses"] = [each["id"] for each in vnic["+ips"] if not each.get("isPrimary")]
        for each in vnic["+addresses"]:
            reach.whereabouts.learn(each, vnic["compartmentId"])
        if not there:
            vnic.setdefault("+unread", "no instance is told that it is attached to")

    at_once(ask, vnics.values())


def _vnic_proof(reach: Reach, compartment: str) -> None:
    """Let the attachments of a compartment be listed: VNICs by themselves cannot."""
    for _ in reach.pages("compute", "list_vnic_attachments", compartment_id=compartment):
        return


KINDS = (
    OciKind(
        kind=Kind(name=INSTANCE, service="compute", after=(POOL,)),
        client="compute",
        noun="instance",
        get="get_instance",
        own="instance_id",
        list="list_instances",
        delete="terminate_instance",
        options=_preserving,
        searched="Instance",
        family="instance-family",
        complete=(_tell_attached,),
        usage=(_tell_pool,),
        links=(
            Link(Relation.TAKES, '"+own"', BOOT_VOLUME),
            Link(Relation.MADE, '"+own"', BOOT_VOLUME),
            Link(Relation.USES, '"+boots"', BOOT_VOLUME),
            Link(Relation.MADE, '"+launched"', VOLUME),
            Link(Relation.USES, '"+volumes"', VOLUME),
            # These are detached, and stay.
            Link(Relation.ALTERS, '"+kept"', BOOT_VOLUME),
            Link(Relation.ALTERS, '"+volumes"', VOLUME),
            Link(Relation.TAKES, '"+vnics"', VNIC),
            Link(Relation.MADE, '"+vnics"', VNIC),
            Link(Relation.CONTROLLED_BY, '"+pool"', POOL),
            Link(Relation.USES, "dedicatedVmHostId", DEDICATED_HOST),
            Link(Relation.USES, "imageId", IMAGE),
        ),
        held=_kept_up,
    ),
    OciKind(
        kind=Kind(name=VNIC, service="compute", after=(INSTANCE,)),
        client="network",
        noun="vnic",
        get="get_vnic",
        own="vnic_id",
        searched="Vnic",
        family="virtual-network-family",
        complete=(_tell_attachment,),
        usage=(tell_addressed,),
        links=(
            Link(Relation.CONTROLLED_BY, '"+instance"', INSTANCE),
            Link(Relation.TAKES, '"+addresses"', PRIVATE_IP),
            Link(Relation.MADE, '"+addresses"', PRIVATE_IP),
            Link(Relation.USES, "subnetId", SUBNET),
            Link(Relation.USES, "nsgIds[]", SECURITY_GROUP),
            *ADDRESSED,
        ),
        proof=_vnic_proof,
    ),
    OciKind(
        kind=Kind(name=VOLUME_ATTACHMENT, service="compute", taggable=False),
        client="compute",
        noun="volumeattachment",
        get="get_volume_attachment",
        own="volume_attachment_id",
        list="list_volume_attachments",
        delete="detach_volume",
        family="volume-attachments",
        **_STATES,
        links=(
            Link(Relation.ALTERS, "instanceId", INSTANCE),
            Link(Relation.ALTERS, "volumeId", VOLUME),
        ),
    ),
    OciKind(
        kind=Kind(name=BOOT_VOLUME_ATTACHMENT, service="compute", taggable=False),
        client="compute",
        noun="bootvolumeattachment",
        get="get_boot_volume_attachment",
        own="boot_volume_attachment_id",
        list="list_boot_volume_attachments",
        lists=domains,
        delete="detach_boot_volume",
        family="volume-attachments",
        **_STATES,
        links=(
            Link(Relation.ALTERS, "instanceId", INSTANCE),
            Link(Relation.ALTERS, "bootVolumeId", BOOT_VOLUME),
        ),
    ),
    OciKind(
        kind=Kind(name=IMAGE, service="compute", after=(INSTANCE, CONFIGURATION)),
        client="compute",
        noun="image",
        get="get_image",
        own="image_id",
        list="list_images",
        delete="delete_image",
        searched="Image",
        family="instance-family",
        over=frozenset({"DELETED"}),
        going=frozenset(),
        usage=(tell_launches,),
        links=LAUNCHED,
    ),
    OciKind(
        kind=Kind(name=CONFIGURATION, service="compute", after=(POOL,)),
        client="pools",
        noun="instanceconfiguration",
        get="get_instance_configuration",
        own="instance_configuration_id",
        list="list_instance_configurations",
        whole=False,
        fixed=True,
        delete="delete_instance_configuration",
        searched="InstanceConfiguration",
        family="compute-management-family",
        usage=(tell_launches,),
        links=(
            *LAUNCHED,
            Link(
                Relation.USES,
                "instanceDetails.launchDetails.sourceDetails.imageId",
                IMAGE,
            ),
        ),
    ),
    OciKind(
        kind=Kind(name=POOL, service="compute", deadline=timedelta(hours=2)),
        client="pools",
        noun="instancepool",
        get="get_instance_pool",
        own="instance_pool_id",
        list="list_instance_pools",
        whole=False,
        delete="terminate_instance_pool",
        searched="InstancePool",
        family="compute-management-family",
        complete=(_tell_members,),
        links=(
            Link(Relation.TAKES, '"+members"', INSTANCE),
            Link(Relation.MADE, '"+made"', INSTANCE),
            Link(Relation.USES, "instanceConfigurationId", CONFIGURATION),
            Link(Relation.USES, "placementConfigurations[].primarySubnetId", SUBNET),
        ),
    ),
    OciKind(
        kind=Kind(name=DEDICATED_HOST, service="compute", after=(INSTANCE,)),
        client="compute",
        noun="dedicatedvmhost",
        get="get_dedicated_vm_host",
        own="dedicated_vm_host_id",
        list="list_dedicated_vm_hosts",
        whole=False,
        delete="delete_dedicated_vm_host",
        conditional=False,
        searched="DedicatedVmHost",
        family="dedicated-vm-hosts",
        usage=(tell_tenants, tell_launches),
        links=(Link(Relation.USED_BY, '"+instances"', INSTANCE), *LAUNCHED),
        over=frozenset({"DELETED"}),
        going=frozenset({"DELETING"}),
    ),
)
