"""GKE: clusters, and what they make in Compute for their node pools."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from reaper.sandbox.faults import Effect
from reaper.sandbox.gce.compute.asking import ROOT, Ask, target
from reaper.sandbox.gce.compute.links import link, whole
from reaper.sandbox.gce.compute.making import make
from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import REGIONS, ZONES, Estate, fingerprint, path_of
from reaper.sandbox.gce.services.calls import Call, method
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.operations import Failure, LongOperation
from reaper.sandbox.kernel.requests import Request

_CLUSTER = "container.clusters"
_HOST = "https://container.googleapis.com/v1/"
_SORTS = {"create": "CREATE_CLUSTER", "delete": "DELETE_CLUSTER"}


def _place(call: Call) -> str:
    """Tell where clusters of a location are, in the paths that the API shows."""
    where = call.parts["location"]
    if where not in (*ZONES, *REGIONS):
        raise Refused(400, "invalid", f"Location {where!r} does not exist.")
    return f"projects/{call.project}/{'regions' if where in REGIONS else 'zones'}/{where}"


def _path(call: Call, name: str) -> str:
    _place(call)
    return f"projects/{call.project}/locations/{call.parts['location']}/clusters/{name}"


def _found(call: Call) -> Node:
    path = _path(call, call.parts["cluster"])
    return call.found(path, f"Not found: {path}.")


def _list(call: Call) -> dict[str, Any]:
    where = call.parts["location"]
    if where != "-":
        _place(call)
    base = f"projects/{call.project}/locations/{'' if where == '-' else where + '/'}"
    rows = [body for _, _, body in call.seen(_CLUSTER, base)]
    partial = call.strike(Effect.PARTIAL)
    if partial is not None:
        missing = rows[0]["location"] if rows else ZONES[0]
        rows = [row for row in rows if row["location"] != missing]
        return ({"clusters": rows} if rows else {}) | {"missingZones": [missing]}
    return {"clusters": rows} if rows else {}


def _create(call: Call) -> dict[str, Any]:
    asked, where, estate = call.body()["cluster"], call.parts["location"], call.estate
    place = _place(call)
    name = asked["name"]
    path = _path(call, name)
    call.free(path, f"Already exists: {path}.")
    network = whole(f"global/networks/{asked.get('network', 'default')}", call.project)
    call.found(path_of(network), f"Network {network} does not exist.")
    pools = asked.get("nodePools") or [
        {"name": "default-pool", "initialNodeCount": asked.get("initialNodeCount", 1)}
    ]
    node = estate.node(
        _CLUSTER,
        path,
        {
            **asked,
            "id": estate.digits(64),
            "selfLink": f"{_HOST}{place}/clusters/{name}",
            "network": asked.get("network", "default"),
            "subnetwork": asked.get("subnetwork", "default"),
            "location": where,
            "zone": where,
            "locations": list(REGIONS[where][:1] if where in REGIONS else (where,)),
            "status": "PROVISIONING",
            "createTime": estate.clock.now().astimezone(UTC).isoformat(timespec="seconds"),
            "labelFingerprint": fingerprint(asked.get("resourceLabels")),
            "endpoint": estate.address(internal=False),
            "nodePools": [dict(pool) for pool in pools],
        },
    )
    _make_members(estate, node, call.project, network)
    return _begin(call, node, "create", lambda: _set_status(estate, node, "RUNNING"))


def _make_members(estate: Estate, cluster: Node, project: str, network: str) -> None:
    body, short = cluster.body, cluster.body["id"][:8]
    asked = Request(method="POST", path=ROOT + project, query={}, headers={}, body=b"")
    ask = Ask(request=asked, target=target(asked))
    tag = f"gke-{body['name']}-{short}-node"
    allowed = {"all": [{"IPProtocol": "tcp"}], "vms": [{"IPProtocol": "icmp"}]}
    for name, rule in allowed.items():
        path = f"projects/{project}/global/firewalls/gke-{body['name']}-{short}-{name}"
        firewall = {"network": network, "allowed": rule, "targetTags": [tag]}
        make(estate, ask, path, firewall, cluster=cluster.path)
    for pool in body["nodePools"]:
        template = f"gke-{body['name']}-{pool['name']}-{short}"
        labels = {
            **body.get("resourceLabels", {}),
            "goog-gke-cluster-id-base32": base32_of(body["id"]),
            "goog-gke-node": "",
            "goog-k8s-cluster-name": body["name"],
            "goog-k8s-cluster-location": body["location"],
            "goog-k8s-node-pool-name": pool["name"],
        }
        boot = {"boot": True, "autoDelete": True, "initializeParams": {"labels": labels}}
        properties = {
            "machineType": "e2-medium",
            "labels": labels,
            "tags": {"items": [tag]},
            "networkInterfaces": [{"network": network}],
            "disks": [boot],
        }
        of_template = f"projects/{project}/global/instanceTemplates/{template}"
        make(estate, ask, of_template, {"properties": properties}, cluster=cluster.path)
        pool |= {"instanceGroupUrls": [], "status": "RUNNING", "selfLink": ""}
        pool["selfLink"] = f"{body['selfLink']}/nodePools/{pool['name']}"
        for zone in body["locations"]:
            manager = f"projects/{project}/zones/{zone}/instanceGroupManagers/{template}-grp"
            size = pool.get("initialNodeCount", 1)
            of_manager = {
                "instanceTemplate": link(of_template),
                "targetSize": size,
                "baseInstanceName": template,
            }
            make(estate, ask, manager, of_manager, cluster=cluster.path)
            pool["instanceGroupUrls"].append(link(manager))
    body["currentNodeCount"] = len(body["locations"]) * sum(
        pool.get("initialNodeCount", 1) for pool in body["nodePools"]
    )
    estate.graph.touch(cluster)


def _delete(call: Call) -> dict[str, Any]:
    node, estate = _found(call), call.estate
    if node.going:
        message = f"Cluster is running incompatible operation {node.facts['operation']}."
        raise Refused(400, "failedPrecondition", message, status="FAILED_PRECONDITION")
    before = node.body["status"]
    node.going = True
    _set_status(estate, node, "STOPPING")

    def finish() -> None:
        for each in estate.graph.going_with(node):
            estate.graph.remove(each)

    def undo() -> None:
        node.going = False
        _set_status(estate, node, before)

    return _begin(call, node, "delete", finish, undo)


def base32_of(cluster_id: str) -> str:
    """Write a cluster's ID as labels have it, as on nodes and on the disks of claims."""
    return b32encode(bytes.fromhex(cluster_id)).decode().rstrip("=").lower()


def _set_status(estate: Estate, node: Node, status: str) -> None:
    if not node.gone:
        node.body["status"] = status
        estate.graph.touch(node)


def _begin(
    call: Call, node: Node, verb: str, finish: Any, undo: Any = lambda: None
) -> dict[str, Any]:
    estate, late = call.estate, call.strike(Effect.LATE)

    def end() -> Failure | None:
        if late is None:
            finish()
            return None
        undo()
        words = late.detail or "Internal error."
        return Failure(code="INTERNAL", message=words, status=13)

    moment = estate.clock.now()
    name = f"operation-{int(moment.timestamp() * 1000)}-{estate.digits(8)}"
    node.facts["operation"] = name
    operation = estate.operations.begin(
        LongOperation(
            name=name,
            number=node.number,
            scope=node.path.partition("/clusters/")[0],
            verb=verb,
            target=node.body["selfLink"],
            target_number=node.body["id"],
            inserted=moment,
        ),
        takes_s=estate.lags.cluster_s + (late.delay.total_seconds() if late else 0),
        remembered_s=estate.lags.remembered_s,
        finish=end,
    )
    return _show(call, operation)


def _show(call: Call, operation: LongOperation) -> dict[str, Any]:
    where = operation.scope.rpartition("/")[2]
    sort = "regions" if where in REGIONS else "zones"
    path = f"projects/{call.number}/{sort}/{where}/operations/{operation.name}"
    shown: dict[str, Any] = {
        "name": operation.name,
        "zone": where,
        "location": where,
        "operationType": _SORTS[operation.verb],
        "status": "RUNNING" if operation.started else "PENDING",
        "selfLink": f"{_HOST}{path}",
        "targetLink": operation.target,
        "startTime": operation.inserted.astimezone(UTC).isoformat(),
    }
    if operation.ended:
        shown |= {"status": "DONE", "endTime": operation.ended.astimezone(UTC).isoformat()}
    if failure := operation.failure:
        shown |= {
            "error": {"code": failure.status, "message": failure.message},
            "statusMessage": failure.message,
        }
    return shown


def _operations(call: Call) -> Iterator[LongOperation]:
    asked = call.parts["location"]
    for where in (*ZONES, *REGIONS) if asked == "-" else (asked,):
        yield from call.estate.operations.of(f"projects/{call.project}/locations/{where}")


def _list_operations(call: Call) -> dict[str, Any]:
    shown = [_show(call, each) for each in _operations(call)]
    return {"operations": shown} if shown else {}


def _get_operation(call: Call) -> dict[str, Any]:
    for each in _operations(call):
        if each.name == call.parts["operation"]:
            return _show(call, each)
    path = f"projects/{call.project}/locations/{call.parts['location']}/operations"
    raise Refused(404, "notFound", f"Not found: {path}/{call.parts['operation']}.")


def _methods(places: str, base: str) -> tuple[Any, ...]:
    name = f"container.projects.{places}."
    return (
        method(f"{name}clusters.list", "GET", f"{base}/clusters", _list),
        method(f"{name}clusters.create", "POST", f"{base}/clusters", _create),
        method(
            f"{name}clusters.get", "GET", f"{base}/clusters/{{cluster}}", lambda c: _found(c).body
        ),
        method(f"{name}clusters.delete", "DELETE", f"{base}/clusters/{{cluster}}", _delete),
        method(f"{name}operations.list", "GET", f"{base}/operations", _list_operations),
        method(f"{name}operations.get", "GET", f"{base}/operations/{{operation}}", _get_operation),
    )


METHODS = (
    *_methods("locations", "/v1/projects/{project}/locations/{location}"),
    *_methods("zones", "/v1/projects/{project}/zones/{location}"),
)
