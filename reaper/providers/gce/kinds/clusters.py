"""GKE: clusters, and what Kubernetes made in Compute for one and does not take along.

What is told apart by a cluster's ID is derived from it: disks and nodes bear it in a label, service
firewall rules aim at the tag of its nodes, endpoint groups hold its nodes. A name that begins with
`k8s-` proves nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.gce.api import at_once
from reaper.providers.gce.kind import Filter, GceKind, Item, Items, Link, found
from reaper.providers.gce.links import target_of
from reaper.providers.gce.names import (
    CLUSTER,
    DISK,
    ENDPOINT_GROUP,
    FIREWALL,
    GROUP_MANAGER,
    INSTANCE,
)
from reaper.providers.gce.reading import Reader

# On nodes and on the disks of claims: the cluster's ID, written with 32 digits instead of 16.
ID_LABEL = "goog-gke-cluster-id-base32"
_NODE_LABEL = "goog-gke-node"
# What the controllers of Services write into a firewall rule's description.
_SERVICE = "kubernetes.io/"
# What GKE calls its own rules of a cluster, after the beginning of the nodes' tag. It deletes them
# with the cluster: https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules
_OWN_RULES = ("all", "exkubelet", "inkubelet", "master", "mcsd", "ssh", "vms")


def id_label(cluster_id: str) -> str:
    """The label's value for a cluster's ID; empty where that is none.

    >>> id_label("00ff")
    'ad7q'
    """
    try:
        digits = binascii.unhexlify(cluster_id)
    except (binascii.Error, ValueError):
        return ""
    return base64.b32encode(digits).decode().rstrip("=").lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Nodes:
    """A cluster's machines, by their links' ends, and the network tags that all of them bear."""

    ids: frozenset[str]
    tags: frozenset[str]


def _tell_leftovers(reader: Reader, clusters: Items) -> None:
    """Tell what Kubernetes made for a cluster and nothing takes along."""
    for cluster in clusters.values():
        label = id_label(str(cluster.get("id", "")))
        if not label:
            cluster["+made"] = cluster["+taken"] = []
            continue
        filtered = f'labels.{ID_LABEL} = "{label}"'
        machines = [
            (key, item)
            for key, item in reader.api.items(reader.kinds[INSTANCE], filtered=filtered)
            if _labels(item).get(ID_LABEL) == label
        ]
        nodes = _nodes(cluster, machines)
        own, of_services = _firewalls(reader, cluster, nodes)
        cluster["+taken"] = own
        cluster["+made"] = [
            *_disks(reader, filtered, label),
            *of_services,
            *_endpoint_groups(reader, nodes),
        ]


def _labels(item: Item) -> Mapping[str, str]:
    return item.get("labels") or {}


def _nodes(cluster: Item, machines: Iterable[tuple[str, Item]]) -> _Nodes:
    beginning = f"gke-{cluster.get('name')}-"
    ids: set[str] = set()
    tags: list[set[str]] = []
    for key, machine in machines:
        ids.add(key)
        own = {str(each) for each in found("tags.items[]", machine)}
        tags.append({tag for tag in own if tag.startswith(beginning) and tag.endswith("-node")})
    return _Nodes(ids=frozenset(ids), tags=frozenset(set.intersection(*tags) if tags else ()))


def _disks(reader: Reader, filtered: str, label: str) -> Iterable[str]:
    """The disks of claims; a node's own goes with it."""
    for key, disk in reader.api.items(reader.kinds[DISK], filtered=filtered):
        labels = _labels(disk)
        if labels.get(ID_LABEL) == label and _NODE_LABEL not in labels:
            yield key


def _firewalls(reader: Reader, cluster: Item, nodes: _Nodes) -> tuple[list[str], list[str]]:
    """The rules that aim at this cluster's nodes only: GKE's own, and those of Services."""
    own: list[str] = []
    of_services: list[str] = []
    names = {f"{tag.removesuffix('node')}{rule}" for tag in nodes.tags for rule in _OWN_RULES}
    network = str(cluster.get("network", "")).rpartition("/")[2]
    for key, rule in reader.all_of(reader.kinds[FIREWALL]) if nodes.tags else ():
        aims = set(found("targetTags[]", rule))
        in_it = str(rule.get("network", "")).rpartition("/")[2] == network
        if not aims or not aims <= nodes.tags or not in_it:
            continue
        if rule["name"] in names:
            own.append(key)
        elif any(word.startswith(_SERVICE) for word in _described(rule)):
            of_services.append(key)
    return own, of_services


def _endpoint_groups(reader: Reader, nodes: _Nodes) -> Iterable[str]:
    """The groups that hold this cluster's nodes, and no other machine."""
    made_by_kubernetes = [
        (key, group)
        for key, group in reader.all_of(reader.kinds[ENDPOINT_GROUP])
        if key.startswith("zones/") and {"namespace", "service-name"} <= _described(group).keys()
    ]

    def holds(key: str) -> bool:
        kind = reader.kinds[ENDPOINT_GROUP]
        path = f"{reader.api.path(kind, key)}/listNetworkEndpoints"
        page = reader.api.connection.read("compute", path, body={})
        machines = {
            _machine(key, str(each["networkEndpoint"]["instance"]))
            for each in page.get("items") or ()
            if each.get("networkEndpoint", {}).get("instance")
        }
        return bool(machines) and machines <= nodes.ids

    holding = at_once(holds, [key for key, _ in made_by_kubernetes])
    proved = {
        uid
        for (_, group), own in zip(made_by_kubernetes, holding, strict=True)
        if own and (uid := _described(group).get("cluster-uid"))
    }
    for (key, group), own in zip(made_by_kubernetes, holding, strict=True):
        if own or _described(group).get("cluster-uid") in proved:
            yield key


def _machine(group: str, told: str) -> str:
    """The ID of a machine that an endpoint group of the same zone names."""
    target = target_of(told)
    place = group.rpartition("/networkEndpointGroups/")[0]
    return f"{place}/instances/{told}" if target is None else target.id


def _described(item: Item) -> Mapping[str, Any]:
    """What a controller wrote into a description, which is JSON then."""
    try:
        told = json.loads(item.get("description") or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _tell_network(cluster: dict[str, Any]) -> None:
    """Tell its network and subnet as links: the short names say which, not where."""
    config = cluster.get("networkConfig") or {}
    where = str(cluster.get("location", ""))
    region = where if where.count("-") == 1 else where.rpartition("-")[0]
    network, subnet = cluster.get("network"), cluster.get("subnetwork")
    cluster["+networks"] = [
        config.get("network") or (f"global/networks/{network}" if network else ""),
        config.get("subnetwork") or (f"regions/{region}/subnetworks/{subnet}" if subnet else ""),
    ]


KINDS = (
    GceKind(
        kind=Kind(
            name=CLUSTER,
            service="container",
            deadline=timedelta(hours=3),
        ),
        service="container",
        collection="clusters",
        form="locations/[^/]+/clusters/[^/]+",
        lists=("locations/-/clusters",),
        listed="clusters",
        own_id="join('/', ['locations', location || zone, 'clusters', name])",
        filter=Filter.OURSELVES,
        labels="resourceLabels",
        created="createTime",
        state="status",
        going=frozenset({"STOPPING"}),
        refine=_tell_network,
        complete=(_tell_leftovers,),
        links=(
            Link(Relation.TAKES, "nodePools[].instanceGroupUrls[]", frozenset({GROUP_MANAGER})),
            Link(Relation.MADE, "nodePools[].instanceGroupUrls[]", frozenset({GROUP_MANAGER})),
            Link(Relation.TAKES, '"+taken"'),
            Link(Relation.MADE, '"+taken"'),
            Link(Relation.MADE, '"+made"'),
            Link(Relation.USES, '"+networks"'),
        ),
        permissions=(
            "compute.disks.list",
            "compute.firewalls.list",
            "compute.instances.list",
            "compute.networkEndpointGroups.get",
            "compute.networkEndpointGroups.list",
        ),
    ),
)
