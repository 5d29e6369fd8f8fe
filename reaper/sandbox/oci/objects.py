"""Object Storage: buckets, what is in them, and what else keeps them from going."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from reaper.sandbox.faults import Effect
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.requests import Reply
from reaper.sandbox.oci.calls import Call, check_etag, paged
from reaper.sandbox.oci.dialect import Refused, not_found
from reaper.sandbox.oci.estate import zulu

KIND = "objectstorage.buckets"
_LISTS = ("versions", "uploads", "requests", "retention")
_IN_SUMMARY = ("namespace", "name", "compartmentId", "createdBy", "timeCreated", "etag")
_BELOW_BUCKET = 3


def asked(call: Call) -> Reply:
    """Answer what is asked of Object Storage."""
    parts, verb = call.at.parts, call.request.method
    if not parts:
        return call.reply(200, call.estate.namespace)
    if parts[0] != call.estate.namespace:
        raise not_found(parts[0])
    if len(parts) < _BELOW_BUCKET:
        answers = {"GET": _list, "POST": _create}
        if verb not in answers:
            raise call.not_served()
        return answers[verb](call)
    if len(parts) == _BELOW_BUCKET:
        return _one(call, _find(call))
    answer = _BELOW.get((verb, parts[_BELOW_BUCKET]))
    if answer is None:
        raise call.not_served()
    return answer(call, _find(call))


def _path(call: Call, name: str) -> str:
    return f"b/{call.at.region}/{name}"


def _find(call: Call) -> Node:
    node = call.estate.graph.find(_path(call, call.at.parts[2]))
    if node is None:
        message = f"The bucket '{call.at.parts[2]}' does not exist in namespace"
        raise Refused(404, "BucketNotFound", message)
    if call.strike(Effect.REUSED):
        return reused(call, node)
    return node


def reused(call: Call, node: Node) -> Node:
    """Let somebody's new bucket, which bears no tags, take the name of another one."""
    estate = call.estate
    body = {
        **node.body,
        "id": estate.ocid("bucket", call.at.region),
        "timeCreated": zulu(estate.clock.now()),
        "freeformTags": {},
        "definedTags": {},
    }
    made = estate.graph.reuse(node, str(body["id"]), now=estate.clock.now(), body=body)
    estate.changed(made)
    made.body["etag"] = estate.etags[made.path]
    return made


def _list(call: Call) -> Reply:
    where = call.request.parameter("compartmentId")
    if not call.estate.is_compartment(where):
        raise not_found(where)
    fields = [*_IN_SUMMARY]
    if "tags" in call.request.parameter("fields"):
        fields += ["freeformTags", "definedTags"]
    items = [
        {name: node.body[name] for name in fields}
        for node in call.estate.graph.of(KIND)
        if node.facts["region"] == call.at.region and node.body["compartmentId"] == where
    ]
    return paged(call, items)


def _create(call: Call) -> Reply:
    body, estate = call.body(), call.estate
    name = str(body["name"])
    if not estate.is_compartment(str(body.get("compartmentId"))):
        raise not_found(str(body.get("compartmentId")))
    if estate.graph.find(_path(call, name)) is not None:
        raise Refused(409, "BucketAlreadyExists", f"Bucket '{name}' already exists")
    shown = {
        "id": estate.ocid("bucket", call.at.region),
        "namespace": estate.namespace,
        "name": name,
        "compartmentId": body["compartmentId"],
        "metadata": body.get("metadata") or {},
        "createdBy": estate.user,
        "timeCreated": zulu(estate.clock.now()),
        "freeformTags": body.get("freeformTags") or {},
        "definedTags": body.get("definedTags") or {},
        "publicAccessType": "NoPublicAccess",
        "storageTier": "Standard",
        "versioning": body.get("versioning", "Disabled"),
        "kmsKeyId": body.get("kmsKeyId"),
    }
    facts: dict[str, Any] = {each: [] for each in _LISTS}
    node = estate.add(KIND, _path(call, name), shown, region=call.at.region, facts=facts)
    node.body["etag"] = estate.etags[node.path]
    estate.graph.touch(node)
    return call.reply(200, node.body, ("etag", estate.etags[node.path]))


def _one(call: Call, node: Node) -> Reply:
    estate, verb = call.estate, call.request.method
    if verb in {"GET", "HEAD"}:
        return call.reply(200, node.body, ("etag", estate.etags[node.path]))
    check_etag(call, node)
    if verb == "POST":
        node.body.update(call.body())
        estate.changed(node)
        node.body["etag"] = estate.etags[node.path]
        return call.reply(200, node.body, ("etag", estate.etags[node.path]))
    if verb != "DELETE":
        raise call.not_served()
    name = node.body["name"]
    if node.facts["versions"]:
        raise Refused(409, "BucketNotEmpty", f"Bucket '{name}' is not empty. Delete all objects")
    if node.facts["uploads"]:
        raise Refused(409, "BucketNotEmpty", f"Bucket '{name}' has multipart uploads")
    if node.facts["requests"]:
        raise Refused(409, "BucketNotEmpty", f"Bucket '{name}' has pre-authenticated requests")
    estate.graph.remove(node)
    return call.reply(204)


def _put(call: Call, node: Node) -> Reply:
    """Put an object: a version of it, where versions are kept."""
    versions, name = _versions_of(node), _name(call)
    if node.body["versioning"] != "Enabled":
        versions[:] = [each for each in versions if each["name"] != name]
    versions.append(_version(call, name, marker=False))
    return call.reply(200, None, ("etag", versions[-1]["etag"]))


def _delete(call: Call, node: Node) -> Reply:
    """Delete an object, or one version; where versions are kept, an object by a marker."""
    versions, name = _versions_of(node), _name(call)
    wanted = call.request.parameter("versionId")
    _refuse_retained(node, name)
    if not wanted and node.body["versioning"] == "Enabled":
        versions.append(_version(call, name, marker=True))
        return call.reply(204)
    there = [
        each for each in versions if each["name"] == name and wanted in {"", each["versionId"]}
    ]
    if not there:
        raise Refused(404, "ObjectNotFound", f"The object '{name}' was not found")
    versions[:] = [each for each in versions if each not in there]
    return call.reply(204)


def _name(call: Call) -> str:
    parts = call.at.parts[_BELOW_BUCKET + 1 :]
    if not parts:
        raise call.not_served()
    return parts[0]


def _versions_of(node: Node) -> list[dict[str, Any]]:
    versions: list[dict[str, Any]] = node.facts["versions"]
    return versions


def _refuse_retained(node: Node, name: str) -> None:
    if node.facts["retention"]:
        message = f"The object '{name}' is under a retention rule"
        raise Refused(403, "RetentionRuleActive", message)


def _version(call: Call, name: str, *, marker: bool) -> dict[str, Any]:
    return {
        "name": name,
        "size": len(call.request.body),
        "md5": "",
        "etag": call.estate.digits(16),
        "timeCreated": zulu(call.estate.clock.now()),
        "timeModified": zulu(call.estate.clock.now()),
        "versionId": call.estate.digits(24),
        "isDeleteMarker": marker,
    }


def _versions(call: Call, node: Node) -> Reply:
    listed = [
        {**each, "id": f"{each['name']} {each['versionId']}"} for each in node.facts["versions"]
    ]
    reply = paged(call, listed, enveloped=True)
    return _without_ids(reply)


def _without_ids(reply: Reply) -> Reply:
    """Take out what only sorted the page."""
    import json  # noqa: PLC0415 - for this one answer

    body = json.loads(reply.body)
    for each in body["items"]:
        each.pop("id")
    body["prefixes"] = []
    return Reply(status=reply.status, body=json.dumps(body).encode(), headers=reply.headers)


def _held(kind: str) -> Callable[[Call, Node], Reply]:
    """Show what a bucket has of a kind."""
    return lambda call, node: call.reply(200, node.facts[kind])


def _begin_upload(call: Call, node: Node) -> Reply:
    made = {
        "namespace": call.estate.namespace,
        "bucket": node.body["name"],
        "object": call.body()["object"],
        "uploadId": call.estate.digits(24),
        "timeCreated": zulu(call.estate.clock.now()),
        "storageTier": "Standard",
    }
    node.facts["uploads"].append(made)
    return call.reply(200, made)


def _abort_upload(call: Call, node: Node) -> Reply:
    return _drop(call, node.facts["uploads"], "uploadId", call.request.parameter("uploadId"))


def _share(call: Call, node: Node) -> Reply:
    body = call.body()
    made = {
        "id": f"{call.estate.digits(16)}=:{body['name']}",
        "name": body["name"],
        "accessType": body["accessType"],
        "timeExpires": body["timeExpires"],
        "timeCreated": zulu(call.estate.clock.now()),
    }
    node.facts["requests"].append(made)
    return call.reply(200, {**made, "accessUri": f"/p/{quote(str(made['id']))}"})


def _unshare(call: Call, node: Node) -> Reply:
    return _drop(call, node.facts["requests"], "id", _name(call))


def _drop(call: Call, held: list[dict[str, Any]], field: str, wanted: str) -> Reply:
    if not any(each[field] == wanted for each in held):
        raise not_found(wanted)
    held[:] = [each for each in held if each[field] != wanted]
    return call.reply(204)


def _rules(call: Call, node: Node) -> Reply:
    return call.reply(200, {"items": node.facts["retention"]})


# What is below a bucket, by method.
_BELOW: Mapping[tuple[str, str], Callable[[Call, Node], Reply]] = {
    ("PUT", "o"): _put,
    ("DELETE", "o"): _delete,
    ("GET", "objectversions"): _versions,
    ("GET", "u"): _held("uploads"),
    ("POST", "u"): _begin_upload,
    ("DELETE", "u"): _abort_upload,
    ("GET", "p"): _held("requests"),
    ("POST", "p"): _share,
    ("DELETE", "p"): _unshare,
    ("GET", "retentionRules"): _rules,
}
