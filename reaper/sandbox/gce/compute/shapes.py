"""What Compute makes of a request to create something: defaults, and what comes with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from reaper.sandbox.gce.compute.drafts import Beside, Draft, region_of
from reaper.sandbox.gce.compute.links import link, whole
from reaper.sandbox.gce.dialect import not_found
from reaper.sandbox.gce.estate import REGIONS, Estate, fingerprint, pacific, path_of


def _instance(draft: Draft) -> None:
    body = draft.body
    template = draft.ask.request.parameter("sourceInstanceTemplate")
    if template and draft.ask.target.collection is draft.collection:
        body.update(deepcopy(draft.found(template).body["properties"]) | body)
    body["machineType"] = whole(
        f"{draft.place}/machineTypes/" + body.get("machineType", "e2-micro").rpartition("/")[2],
        draft.project,
    )
    nics = body.get("networkInterfaces") or [{}]
    body["networkInterfaces"] = [_nic(draft, nic, i) for i, nic in enumerate(nics)]
    body["disks"] = [_attached(draft, d, i) for i, d in enumerate(body.get("disks", ()))]
    body.setdefault("deletionProtection", False)
    body.setdefault("startRestricted", False)
    body.setdefault("canIpForward", False)
    body["tags"] = {**body.get("tags", {}), "fingerprint": fingerprint(body.get("tags"))}
    metadata = body.get("metadata", {})
    body["metadata"] = {
        "kind": "compute#metadata",
        "fingerprint": fingerprint(metadata),
        **metadata,
    }
    body["cpuPlatform"] = "Intel Haswell"
    body["lastStartTimestamp"] = pacific(draft.estate.clock.now())


def _nic(draft: Draft, nic: dict[str, Any], number: int) -> dict[str, Any]:
    estate = draft.estate
    if nic.get("subnetwork"):
        nic.setdefault("network", draft.found(nic["subnetwork"]).body["network"])
    network = draft.found(nic.get("network") or "global/networks/default")
    region = region_of(draft.place)
    if "subnetwork" not in nic:
        for held in estate.graph.holders(network):
            at = f"projects/{draft.project}/regions/{region}/subnetworks/"
            if held.by.kind == "compute.subnetworks" and held.by.path.startswith(at):
                nic["subnetwork"] = link(held.by.path)
    configs = [
        {
            "kind": "compute#accessConfig",
            "type": "ONE_TO_ONE_NAT",
            "name": "External NAT",
            **config,
            "natIP": config.get("natIP") or estate.address(internal=False),
        }
        for config in nic.get("accessConfigs", ())
    ]
    nic = {
        "kind": "compute#networkInterface",
        "name": f"nic{number}",
        "fingerprint": fingerprint(draft.path),
        **nic,
        "network": link(network.path),
        "networkIP": _literal(draft, nic.get("networkIP")) or estate.address(internal=True),
    }
    return {**nic, "accessConfigs": configs} if configs else nic


def _attached(draft: Draft, disk: dict[str, Any], number: int) -> dict[str, Any]:
    asked = disk.pop("initializeParams", {}) or {}
    name = asked.get("diskName") or (
        draft.name if number == 0 else f"{draft.name}-{disk.get('deviceName') or number}"
    )
    shown = {
        "kind": "compute#attachedDisk",
        "index": number,
        "type": "PERSISTENT",
        "mode": "READ_WRITE",
        "interface": "SCSI",
        "boot": False,
        "autoDelete": False,
        "deviceName": name if number == 0 else f"persistent-disk-{number}",
        **disk,
    }
    if "source" in shown:
        shown["source"] = link(draft.found(shown["source"]).path)
        return shown
    sort = whole(
        f"{draft.place}/diskTypes/{_last(asked, 'diskType', 'pd-balanced')}", draft.project
    )
    body = {
        "sizeGb": str(asked.get("diskSizeGb", "10")),
        "type": sort,
        "labels": asked.get("labels", {}),
        "description": asked.get("description", ""),
    }
    if image := asked.get("sourceImage"):
        body["sourceImage"] = image
    path = f"{draft.place}/disks/{name}"
    shown["source"] = link(path)
    draft.beside.append(Beside(path=path, body=body))
    return shown


def _last(asked: Mapping[str, Any], key: str, otherwise: str) -> str:
    return str(asked.get(key) or otherwise).rpartition("/")[2]


def _literal(draft: Draft, address: str | None) -> str | None:
    """Tell the address itself where a link to a reserved one may stand."""
    if address and "/" in address:
        return str(draft.found(address).body["address"])
    return address


def _disk(draft: Draft) -> None:
    body = draft.body
    sort = body.get("type") or f"{draft.place}/diskTypes/pd-standard"
    body["type"] = whole(sort, draft.project)
    if snapshot := body.get("sourceSnapshot"):
        source = draft.found(snapshot)
        body.setdefault("sizeGb", source.body["diskSizeGb"])
        body["sourceSnapshotId"] = source.number
    body["sizeGb"] = str(body.get("sizeGb", "10"))
    body["physicalBlockSizeBytes"] = "4096"


def _snapshot(draft: Draft) -> None:
    if source := draft.body.get("sourceDisk"):
        disk = draft.found(source)
        draft.body |= {"sourceDiskId": disk.number, "diskSizeGb": disk.body["sizeGb"]}
    draft.body |= {"storageBytes": "0", "storageBytesStatus": "UP_TO_DATE"}


def _image(draft: Draft) -> None:
    if source := draft.body.get("sourceDisk"):
        disk = draft.found(source)
        draft.body |= {"sourceDiskId": disk.number, "diskSizeGb": disk.body["sizeGb"]}
    draft.body |= {"sourceType": "RAW", "archiveSizeBytes": "0"}


def _machine_image(draft: Draft) -> None:
    source = draft.found(draft.body["sourceInstance"] or "")
    draft.body["sourceInstance"] = link(source.path)
    draft.body["totalStorageBytes"] = "0"


def _address(draft: Draft) -> None:
    internal = draft.body.setdefault("addressType", "EXTERNAL") == "INTERNAL"
    draft.body.setdefault("address", draft.estate.address(internal=internal))
    if internal and "subnetwork" not in draft.body and "network" not in draft.body:
        region = region_of(draft.place)
        draft.body["subnetwork"] = link(
            f"projects/{draft.project}/regions/{region}/subnetworks/default"
        )
    if not internal:
        draft.body.setdefault("networkTier", "PREMIUM")


def _forwarding_rule(draft: Draft) -> None:
    body = draft.body
    internal = str(body.setdefault("loadBalancingScheme", "EXTERNAL")).startswith("INTERNAL")
    address = _literal(draft, body.get("IPAddress"))
    body["IPAddress"] = address or draft.estate.address(internal=internal)
    body.setdefault("IPProtocol", "TCP")
    body["fingerprint"] = fingerprint(draft.path)


def _firewall(draft: Draft) -> None:
    body = draft.body
    body.setdefault("network", whole("global/networks/default", draft.project))
    body.setdefault("direction", "INGRESS")
    body.setdefault("priority", 1000)
    body.setdefault("disabled", False)
    body.setdefault("logConfig", {"enable": False})


def _route(draft: Draft) -> None:
    draft.body.setdefault("priority", 1000)


def _network(draft: Draft) -> None:
    body = draft.body
    body.setdefault("autoCreateSubnetworks", True)
    body.setdefault("routingConfig", {"routingMode": "REGIONAL"})
    base, network = f"projects/{draft.project}", link(draft.path)
    way_out = {
        "description": "Default route to the Internet.",
        "network": network,
        "destRange": "0.0.0.0/0",
        "nextHopGateway": link(f"{base}/global/gateways/default-internet-gateway"),
    }
    name = f"default-route-{draft.estate.digits(16)}"
    draft.beside.append(Beside(path=f"{base}/global/routes/{name}", body=way_out))
    for number, region in enumerate(REGIONS if body["autoCreateSubnetworks"] else ()):
        path = f"{base}/regions/{region}/subnetworks/{draft.name}"
        subnet = {"network": network, "ipCidrRange": f"10.{128 + 4 * number}.0.0/20"}
        draft.beside.append(Beside(path=path, body=subnet, facts={"network": network}))


def _subnetwork(draft: Draft) -> None:
    body = draft.body
    body.setdefault("privateIpGoogleAccess", False)
    body.setdefault("purpose", "PRIVATE")
    body["fingerprint"] = fingerprint(draft.path)
    body["gatewayAddress"] = body["ipCidrRange"].partition("/")[0].rpartition(".")[0] + ".1"
    name = f"default-route-r-{draft.estate.digits(16)}"
    way_in = {
        "description": f"Default local route to the subnetwork {body['ipCidrRange']}.",
        "network": body["network"],
        "destRange": body["ipCidrRange"],
        "nextHopNetwork": body["network"],
        "priority": 0,
    }
    path = f"projects/{draft.project}/global/routes/{name}"
    draft.beside.append(Beside(path=path, body=way_in, facts={"subnetwork": draft.path}))


def _vpn_tunnel(draft: Draft) -> None:
    draft.body.pop("sharedSecret", None)
    draft.body["sharedSecretHash"] = draft.estate.digits(20)
    draft.body["detailedStatus"] = "Waiting for full configuration."


def _certificate(draft: Draft) -> None:
    draft.body.pop("privateKey", None)
    draft.body.setdefault("type", "SELF_MANAGED")


def _reservation(draft: Draft) -> None:
    draft.body.setdefault("specificReservationRequired", False)


def _with_fingerprint(draft: Draft) -> None:
    draft.body["fingerprint"] = fingerprint(draft.path)


def _group(draft: Draft) -> None:
    _with_fingerprint(draft)
    draft.facts.setdefault("instances", [])


def _manager(draft: Draft) -> None:
    body, estate = draft.body, draft.estate
    _with_fingerprint(draft)
    body.setdefault("baseInstanceName", draft.name)
    body.setdefault("targetSize", 0)
    if "versions" in body:
        body.setdefault("instanceTemplate", body["versions"][0]["instanceTemplate"])
    else:
        body["versions"] = [{"instanceTemplate": body["instanceTemplate"]}]
    group = f"{draft.place}/instanceGroups/{draft.name}"
    body["instanceGroup"] = link(group)
    members = [member(estate, draft.path, body) for _ in range(int(body["targetSize"]))]
    draft.beside += members
    links = [link(each.path) for each in members]
    network = members[0].body["networkInterfaces"][0].get("network") if members else None
    held = {"network": network} if network else {}
    draft.beside.append(Beside(path=group, body=held, facts={"instances": links}))


def member(estate: Estate, manager: str, body: Mapping[str, Any]) -> Beside:
    """Draft one more instance of a managed group."""
    place = "/".join(manager.split("/")[:4])
    where = place.rpartition("/")[2]
    if where in REGIONS:
        place = f"projects/{place.split('/')[1]}/zones/{estate.random.choice(REGIONS[where])}"
    template = estate.graph.find(path_of(body["instanceTemplate"]))
    if template is None:
        raise not_found(path_of(body["instanceTemplate"]))
    made = deepcopy(template.body["properties"])
    made.setdefault("networkInterfaces", [{}])
    number = estate.projects[place.split("/")[1]]
    by = manager.replace(place.split("/")[1], number, 1)
    metadata = made.setdefault("metadata", {})
    metadata["items"] = [*metadata.get("items", ()), {"key": "created-by", "value": by}]
    path = f"{place}/instances/{body['baseInstanceName']}-{estate.digits(4)}"
    return Beside(path=path, body=made, facts={"manager": manager})


def _template(draft: Draft) -> None:
    properties = draft.body.setdefault("properties", {})
    for nic in properties.get("networkInterfaces", ()):
        if "network" not in nic and "subnetwork" not in nic:
            nic["network"] = whole("global/networks/default", draft.project)


def _endpoint_group(draft: Draft) -> None:
    draft.body["size"] = 0
    draft.facts["endpoints"] = []


SHAPES: dict[str, Callable[[Draft], None]] = {
    "instances": _instance,
    "disks": _disk,
    "snapshots": _snapshot,
    "images": _image,
    "machineImages": _machine_image,
    "instanceTemplates": _template,
    "instanceGroupManagers": _manager,
    "instanceGroups": _group,
    "reservations": _reservation,
    "addresses": _address,
    "forwardingRules": _forwarding_rule,
    "backendServices": _with_fingerprint,
    "urlMaps": _with_fingerprint,
    "networkEndpointGroups": _endpoint_group,
    "sslCertificates": _certificate,
    "firewalls": _firewall,
    "routes": _route,
    "vpnTunnels": _vpn_tunnel,
    "subnetworks": _subnetwork,
    "networks": _network,
}
