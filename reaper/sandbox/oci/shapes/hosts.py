"""Compute: instances with what comes along, attachments, images, pools, hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.oci.dialect import Refused
from reaper.sandbox.oci.making import Making, Shape, make
from reaper.sandbox.oci.shapes import networks, volumes

_DETACHED = ("freeformTags", "definedTags")


def _instance(making: Making) -> None:
    making.wanted("availabilityDomain")
    making.wanted("shape")
    source = dict(making.asked.get("sourceDetails") or {"sourceType": "image"})
    if source.get("sourceType") == "image":
        source.setdefault("imageId", making.asked.get("imageId") or "ocid1.image.oc1..platform")
    making.body |= {
        "region": making.region,
        "faultDomain": "FAULT-DOMAIN-1",
        "launchMode": "PARAVIRTUALIZED",
        "metadata": making.asked.get("metadata") or {},
        "extendedMetadata": {},
        "sourceDetails": source,
    }
    if source.get("sourceType") == "image":
        making.body["imageId"] = source["imageId"]
    making.hide("createVnicDetails", "launchVolumeAttachments", "subnetId", "hostnameLabel")
    if making.asked.get("dedicatedVmHostId"):
        making.other(making.asked["dedicatedVmHostId"], "core.dedicatedVmHosts")
    vnic = dict(making.asked.get("createVnicDetails") or {})
    vnic.setdefault("subnetId", making.asked.get("subnetId"))
    making.other(vnic["subnetId"], "core.subnets")

    def furnish(node: Node) -> None:
        _add_boot_volume(making, node, source)
        _add_vnic(making, node, vnic, primary=True)
        for launched in making.asked.get("launchVolumeAttachments") or ():
            _add_data_volume(making, node, launched)

    making.then.append(furnish)


def _add_boot_volume(making: Making, node: Node, source: Mapping[str, Any]) -> None:
    """Give an instance the volume it boots from: a new one, which bears no tags, or one given."""
    body = node.body
    given = source.get("bootVolumeId")
    if given is None:
        asked = {
            "compartmentId": body["compartmentId"],
            "availabilityDomain": body["availabilityDomain"],
            "displayName": f"{body['displayName']} (Boot Volume)",
            "imageId": source.get("imageId"),
        }
        boot = make(
            making.estate, "core.bootVolumes", asked, region=making.region, shapes=volumes.SHAPES
        )
        node.facts["boot"] = given = boot.path
    node.facts |= {"bootVolume": given, "takes": [given]}
    making.estate.graph.touch(node)
    _attach(making, "core.bootVolumeAttachments", node, {"bootVolumeId": given})


def _add_data_volume(making: Making, node: Node, launched: Mapping[str, Any]) -> None:
    """Give an instance a data volume that its launch asks for: by default it outlives it."""
    details = dict(launched.get("launchCreateVolumeDetails") or {})
    asked = {
        "compartmentId": details.get("compartmentId") or node.body["compartmentId"],
        "availabilityDomain": node.body["availabilityDomain"],
        "displayName": details.get("displayName") or f"{node.body['displayName']} (Volume)",
        "sizeInGBs": int(details.get("sizeInGBs") or 50),
    }
    volume = make(making.estate, "core.volumes", asked, region=making.region, shapes=volumes.SHAPES)
    node.facts.setdefault("launched", []).append(volume.path)
    _attach(
        making,
        "core.volumeAttachments",
        node,
        {
            "volumeId": volume.path,
            "attachmentType": launched.get("type", "paravirtualized"),
            "isVolumeCreatedDuringLaunch": True,
        },
    )


def _attach(making: Making, kind: str, node: Node, more: Mapping[str, Any]) -> Node:
    asked = {
        "compartmentId": node.body["compartmentId"],
        "availabilityDomain": node.body["availabilityDomain"],
        "instanceId": node.path,
        **more,
    }
    return make(making.estate, kind, asked, region=making.region, shapes=SHAPES)


def _add_vnic(
    making: Making, host: Node, details: Mapping[str, Any], *, primary: bool
) -> tuple[Node, Node]:
    """Give an instance a VNIC, with its attachment and its addresses."""
    estate, region = making.estate, making.region
    subnet = making.other(details.get("subnetId"), "core.subnets")
    asked = {
        "compartmentId": details.get("compartmentId") or host.body["compartmentId"],
        "availabilityDomain": host.body["availabilityDomain"],
        "displayName": details.get("displayName") or host.body["displayName"],
        "freeformTags": details.get("freeformTags") or {},
        "definedTags": details.get("definedTags") or {},
        "subnetId": subnet.path,
        "nsgIds": list(details.get("nsgIds") or ()),
        "isPrimary": primary,
    }
    vnic = make(estate, "core.vnics", asked, region=region, shapes=networks.SHAPES)
    attachment = _attach(
        making,
        "core.vnicAttachments",
        host,
        {"subnetId": subnet.path, "vnicId": vnic.path, "nicIndex": 0},
    )
    attachment.facts["primary"] = primary
    vnic.facts |= {"attachment": attachment.path, "instance": host.path}
    estate.graph.touch(vnic)
    first = {"vnicId": vnic.path, "isPrimary": True, "ipAddress": vnic.body["privateIp"]}
    address = make(estate, "core.privateIps", first, region=region, shapes=networks.SHAPES)
    if details.get("assignPublicIp"):
        asked = {
            "compartmentId": vnic.body["compartmentId"],
            "lifetime": "EPHEMERAL",
            "privateIpId": address.path,
        }
        public = make(estate, "core.publicIps", asked, region=region, shapes=networks.SHAPES)
        vnic.body["publicIp"] = public.body["ipAddress"]
        estate.graph.touch(vnic)
    return vnic, attachment


def _attachment(making: Making) -> None:
    """Shape an attachment, which somebody asks for by instance and volume, or comes along."""
    host = making.other(making.wanted("instanceId"), "core.instances")
    making.hide(*_DETACHED, "type")
    making.body.setdefault("compartmentId", host.body["compartmentId"])
    making.body.setdefault("availabilityDomain", host.body["availabilityDomain"])


def _volume_attachment(making: Making) -> None:
    _attachment(making)
    making.body.setdefault("attachmentType", making.asked.get("type", "paravirtualized"))
    _refuse_attached(making, making.other(making.wanted("volumeId"), "core.volumes"))


def _boot_volume_attachment(making: Making) -> None:
    _attachment(making)
    _refuse_attached(making, making.other(making.wanted("bootVolumeId"), "core.bootVolumes"))


def _refuse_attached(making: Making, volume: Node) -> None:
    held = making.estate.graph.holders(volume)
    if any(each.by.kind == making.sort.kind for each in held):
        raise Refused(409, "IncorrectState", f"Volume {volume.path} is attached already.")


def _vnic_attachment(making: Making) -> None:
    """Shape a VNIC's attachment; one that somebody asks for makes a secondary VNIC."""
    _attachment(making)
    details = making.body.pop("createVnicDetails", None)
    making.hide("isPrimary")
    if details is None:
        return
    making.body["subnetId"] = making.other(details["subnetId"], "core.subnets").path

    def furnish(node: Node) -> None:
        host = making.estate.graph.find(str(node.body["instanceId"]))
        if host is None:
            return
        vnic, twin = _add_vnic(making, host, details, primary=False)
        making.estate.graph.remove(twin)
        node.body["vnicId"] = vnic.path
        node.facts["primary"] = False
        vnic.facts["attachment"] = node.path
        making.estate.graph.touch(vnic)
        making.estate.graph.touch(node)

    making.then.append(furnish)


def _image(making: Making) -> None:
    making.body |= {
        "createImageAllowed": True,
        "operatingSystem": "Oracle Linux",
        "operatingSystemVersion": "9",
        "listingType": "NONE",
    }
    making.hide("instanceId", "imageSourceDetails", "launchMode")


def _dedicated(making: Making) -> None:
    making.body |= {
        "faultDomain": "FAULT-DOMAIN-1",
        "totalOcpus": 64.0,
        "remainingOcpus": 64.0,
    }
    making.wanted("dedicatedVmHostShape")


def _configuration(making: Making) -> None:
    making.hide("source", "instanceId")
    making.body["instanceDetails"] = making.wanted("instanceDetails")


def _pool(making: Making) -> None:
    making.other(making.wanted("instanceConfigurationId"), "core.instanceConfigurations")
    places = making.wanted("placementConfigurations")
    domains = [each["availabilityDomain"] for each in places]
    making.facts["summary"] = {"availabilityDomains": domains}

    def furnish(node: Node) -> None:
        node.facts["making"] = making
        replenish(making, node)

    making.then.append(furnish)


def replenish(making: Making, pool: Node) -> None:
    """Let a pool make instances until it has as many as it is to have."""
    if pool.gone or pool.going:
        return
    configured = making.estate.graph.find(str(pool.body["instanceConfigurationId"]))
    launch = {} if configured is None else configured.body["instanceDetails"]["launchDetails"]
    place = pool.body["placementConfigurations"][0]
    there = [
        each
        for each in making.estate.graph.of("core.instances")
        if each.facts.get("pool") == pool.path and not each.going
    ]
    for _ in range(int(pool.body["size"]) - len(there)):
        asked = {
            **launch,
            "compartmentId": launch.get("compartmentId") or pool.body["compartmentId"],
            "availabilityDomain": place["availabilityDomain"],
            "subnetId": place["primarySubnetId"],
            "instanceConfigurationId": pool.body["instanceConfigurationId"],
        }
        make(
            making.estate,
            "core.instances",
            asked,
            region=making.region,
            shapes=SHAPES,
            facts={"pool": pool.path},
        )


SHAPES: Mapping[str, Shape] = {
    "core.instances": _instance,
    "core.bootVolumeAttachments": _boot_volume_attachment,
    "core.volumeAttachments": _volume_attachment,
    "core.vnicAttachments": _vnic_attachment,
    "core.images": _image,
    "core.dedicatedVmHosts": _dedicated,
    "core.instanceConfigurations": _configuration,
    "core.instancePools": _pool,
}
