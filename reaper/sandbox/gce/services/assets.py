"""Cloud Asset Inventory: one search over all kinds, which hears late of what happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.sandbox.gce.compute.kinds import COLLECTIONS
from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import zulu
from reaper.sandbox.gce.filters import BadFilter, read
from reaper.sandbox.gce.services.calls import Call, method
from reaper.sandbox.kernel.graph import Node

# Compute's types that are called otherwise outside the first scope of their collection.
_ELSEWHERE = {
    ("disks", "regions"): "RegionDisk",
    ("addresses", "global"): "GlobalAddress",
    ("forwardingRules", "global"): "GlobalForwardingRule",
    ("backendServices", "regions"): "RegionBackendService",
}
_OTHERS = {
    "storage.buckets": "storage.googleapis.com/Bucket",
    "cloudkms.keyRings": "cloudkms.googleapis.com/KeyRing",
    "cloudkms.cryptoKeys": "cloudkms.googleapis.com/CryptoKey",
    "cloudkms.cryptoKeyVersions": "cloudkms.googleapis.com/CryptoKeyVersion",
    "container.clusters": "container.googleapis.com/Cluster",
    "iam.serviceAccounts": "iam.googleapis.com/ServiceAccount",
    "iam.keys": "iam.googleapis.com/ServiceAccountKey",
    "pubsub.topics": "pubsub.googleapis.com/Topic",
    "pubsub.subscriptions": "pubsub.googleapis.com/Subscription",
    "secretmanager.secrets": "secretmanager.googleapis.com/Secret",
    "secretmanager.versions": "secretmanager.googleapis.com/SecretVersion",
}
_KINDS = (*(each.kind for each in COLLECTIONS.values()), *_OTHERS)


def _search(call: Call) -> dict[str, Any]:
    query = call.request.parameter("query")
    try:
        passes = read(query, values_too=True, anywhere=True)
    except BadFilter as error:
        raise Refused(400, "invalid", f"Request contains an invalid argument: {query}") from error
    types = call.request.query.get("assetTypes", ())
    rows = []
    for kind in _KINDS:
        for _, node, body in call.seen(kind, ""):
            shown = _shown(call, node, body)
            wanted = not types or shown["assetType"] in types
            if _project(node, body) in {call.project, call.number} and wanted and passes(shown):
                rows.append((shown["name"], shown))
    rows.sort(key=lambda row: row[0])
    return call.listing("results", rows, most=500)


def _project(node: Node, body: Mapping[str, Any]) -> str:
    return str(body.get("projectNumber") or node.path.split("/")[1])


def _shown(call: Call, node: Node, body: Mapping[str, Any]) -> dict[str, Any]:
    service = node.kind.partition(".")[0]
    host = f"//{service}.googleapis.com/"
    labels = body.get("labels") or body.get("resourceLabels")
    shown = {
        "name": host + _name(node),
        "assetType": asset_type(node),
        "project": f"projects/{call.number}",
        "displayName": str(body["name"]).rpartition("/")[2],
        "description": body.get("description"),
        "location": _location(node, body),
        "labels": labels,
        "networkTags": body.get("tags", {}).get("items") if service == "compute" else None,
        "createTime": zulu(node.created, digits=0) if service != "pubsub" else None,
        "state": body.get("status") or body.get("state"),
        "parentFullResourceName": f"//cloudresourcemanager.googleapis.com/projects/{call.project}",
        "parentAssetType": "cloudresourcemanager.googleapis.com/Project",
    }
    return {key: each for key, each in shown.items() if each}


def _name(node: Node) -> str:
    """Tell a resource's name, which is not always its path.

    https://cloud.google.com/asset-inventory/docs/asset-names
    """
    match node.kind:
        case "storage.buckets":
            return node.path.removeprefix("b/")
        case "iam.serviceAccounts":
            return f"{node.path.rpartition('/')[0]}/{node.body['uniqueId']}"
        case "container.clusters":
            return str(node.body["selfLink"]).partition("/v1/")[2]
        case _:
            return node.path


def asset_type(node: Node) -> str:
    """Tell what Asset Inventory calls a resource's type."""
    if node.kind in _OTHERS:
        return _OTHERS[node.kind]
    collection = COLLECTIONS[node.kind.partition(".")[2]]
    noun = collection.noun[0].upper() + collection.noun[1:]
    scope = node.path.split("/")[2]
    return f"compute.googleapis.com/{_ELSEWHERE.get((collection.name, scope), noun)}"


def _location(node: Node, body: Mapping[str, Any]) -> str:
    parts = node.path.split("/")
    if "location" in body:
        return str(body["location"]).lower()
    return parts[3] if parts[2] in {"zones", "regions", "locations"} else "global"


METHODS = (
    method(
        "cloudasset.searchAllResources", "GET", "/v1/projects/{project}:searchAllResources", _search
    ),
)
