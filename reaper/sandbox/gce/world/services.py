"""A world's other services: a bucket, a key, a cluster, an account, a topic and a secret."""

from __future__ import annotations

import json
from base64 import b32encode
from typing import Any

from reaper.sandbox.gce.world.builder import Builder
from reaper.sandbox.gce.world.network import Network


def add_bucket(builder: Builder, *, objects: int) -> str:
    """Create a bucket that keeps older generations, with two of each object, and tell its name."""
    name = f"{builder.name}-bucket"
    body = {"name": name, "versioning": {"enabled": True}, **_labels(builder)}
    made = builder.rest.ask("POST", "/storage/v1/b", body, project=builder.project)
    upload = f"/upload/storage/v1/b/{name}/o"
    headers = {"Content-Type": "text/plain"}
    for number in range(objects):
        for content in (b"older", b"newer"):
            builder.rest.send(
                "POST",
                upload,
                content,
                headers,
                uploadType="media",
                name=f"object-{number:06}",
            )
    number_of_it = str(made.get("generation", ""))
    return builder.note("gce:storage:bucket", name, number_of_it, labelled=bool(builder.labels))


def add_services(builder: Builder, network: Network) -> None:
    """Create one of each."""
    _add_key(builder)
    _add_account(builder)
    _add_messages(builder)
    _add_secret(builder)
    _add_cluster(builder, network)


def _labels(builder: Builder) -> dict[str, Any]:
    return {"labels": builder.labels} if builder.labels else {}


def _add_key(builder: Builder) -> None:
    where = f"locations/{builder.region.partition('/')[2]}"
    base = f"/v1/{builder.link(where)}/keyRings"
    builder.rest.ask("POST", base, {}, keyRingId=builder.name)
    ring = f"{where}/keyRings/{builder.name}"
    body = {"purpose": "ENCRYPT_DECRYPT", **_labels(builder)}
    path = f"/v1/{builder.link(ring)}/cryptoKeys"
    builder.rest.ask("POST", path, body, cryptoKeyId=builder.name)
    key = f"{ring}/cryptoKeys/{builder.name}"
    builder.rest.ask("POST", f"/v1/{builder.link(key)}/cryptoKeyVersions", {})
    builder.note("gce:kms:key", key, "", labelled=bool(builder.labels))


def _add_account(builder: Builder) -> None:
    asked = {"accountId": f"{builder.name}-account"[:30]}
    path = f"/v1/{builder.link('serviceAccounts')}"
    made = builder.rest.ask("POST", path, asked)
    builder.rest.ask("POST", f"/v1/{made['name']}/keys", {})
    builder.note("gce:iam:service-account", f"serviceAccounts/{made['email']}", made["uniqueId"])


def _add_messages(builder: Builder) -> None:
    topic, subscription = f"topics/{builder.name}", f"subscriptions/{builder.name}"
    labelled = bool(builder.labels)
    builder.rest.ask("PUT", f"/v1/{builder.link(topic)}", _labels(builder))
    body = {"topic": builder.link(topic), **_labels(builder)}
    builder.rest.ask("PUT", f"/v1/{builder.link(subscription)}", body)
    builder.note("gce:pubsub:topic", topic, "", labelled=labelled)
    builder.note("gce:pubsub:subscription", subscription, "", labelled=labelled)


def _add_secret(builder: Builder) -> None:
    body = {"replication": {"automatic": {}}, **_labels(builder)}
    path = f"/v1/{builder.link('secrets')}"
    made = builder.rest.ask("POST", path, body, secretId=builder.name)
    builder.rest.ask("POST", f"/v1/{made['name']}:addVersion", {"payload": {"data": "eA=="}})
    labelled = bool(builder.labels)
    builder.note("gce:secretmanager:secret", f"secrets/{builder.name}", "", labelled=labelled)


def _add_cluster(builder: Builder, network: Network) -> None:
    where = f"locations/{builder.zone.partition('/')[2]}"
    asked = {
        "name": f"{builder.name}-cluster",
        "initialNodeCount": 1,
        "network": network.network.rpartition("/")[2],
        "subnetwork": network.subnet.rpartition("/")[2],
        **({"resourceLabels": builder.labels} if builder.labels else {}),
    }
    base = f"/v1/{builder.link(where)}"
    builder.rest.ask("POST", f"{base}/clusters", {"cluster": asked})
    path = f"{where}/clusters/{asked['name']}"
    cluster = builder.rest.ask("GET", f"/v1/{builder.link(path)}")
    builder.note("gce:container:cluster", path, cluster["id"], labelled=bool(builder.labels))
    _add_leftovers_of_kubernetes(builder, network, cluster)


def _add_leftovers_of_kubernetes(
    builder: Builder, network: Network, cluster: dict[str, Any]
) -> None:
    """Create what controllers inside a cluster make, in their way, and no deletion takes along.

    A firewall rule for a Service of type LoadBalancer aims at the nodes' tag, a claimed disk has
    the cluster's ID in a label, an endpoint group holds nodes. None bears the owner's labels.
    """
    short = cluster["id"][:8]
    _note_beside(
        builder,
        "global/firewalls",
        f"k8s-fw-a{short}",
        network=network.network,
        allowed=[{"IPProtocol": "tcp", "ports": ["80"]}],
        targetTags=[f"gke-{cluster['name']}-{short}-node"],
        description=json.dumps({"kubernetes.io/service-name": "default/web"}),
    )
    claimed = {
        "kubernetes.io/created-for/pvc/name": "data",
        "storage.gke.io/created-by": "pd.csi.storage.gke.io",
    }
    _note_beside(
        builder,
        f"{builder.zone}/disks",
        f"pvc-{short}",
        sizeGb="1",
        labels={
            "goog-gke-cluster-id-base32": _base32_of(cluster["id"]),
            "goog-gke-volume": "",
            "goog-k8s-cluster-name": cluster["name"],
            "goog-k8s-cluster-location": cluster["location"],
        },
        description=json.dumps(claimed),
    )
    group = f"{builder.zone}/networkEndpointGroups"
    path = _note_beside(
        builder,
        group,
        f"k8s1-{short}-default-web-80",
        network=network.network,
        networkEndpointType="GCE_VM_IP_PORT",
        description=json.dumps({"namespace": "default", "service-name": "web", "port": "80"}),
    )
    nodes = builder.rest.ask(
        "GET", f"{builder.base}{builder.zone}/instances", filter=f"name=gke-{cluster['name']}-*"
    )
    endpoints = [{"instance": node["name"], "port": 80} for node in nodes["items"]]
    builder.change(path, "attachNetworkEndpoints", networkEndpoints=endpoints)


def _base32_of(cluster_id: str) -> str:
    return b32encode(bytes.fromhex(cluster_id)).decode().rstrip("=").lower()


def _note_beside(builder: Builder, collection: str, name: str, **body: Any) -> str:
    builder.wait(builder.rest.ask("POST", builder.base + collection, {"name": name, **body}))
    return builder.see(f"{collection}/{name}", "of kubernetes")
