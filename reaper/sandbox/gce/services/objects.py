"""Cloud Storage's JSON API: objects in all their generations, and what keeps them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import HOST, zulu
from reaper.sandbox.gce.services import buckets
from reaper.sandbox.gce.services.calls import Call, Method, method
from reaper.sandbox.kernel.graph import Node

_HOLDS = {"temporaryHold": "Temporary", "eventBasedHold": "Event-Based"}


def _insert(call: Call) -> dict[str, Any]:
    bucket, estate = buckets.found(call), call.estate
    asked, content = _uploaded(call)
    name = asked.get("name") or call.request.parameter("name")
    if not name:
        raise Refused(400, "required", "Required parameter: name")
    now = estate.clock.now()
    estate.generations += 1
    generation = str(int(now.timestamp() * 10**6) + estate.generations)
    link = f"{HOST}/storage/v1/b/{bucket.body['name']}/o/{quote(name, safe='')}"
    body = {
        "kind": "storage#object",
        "id": f"{bucket.body['name']}/{name}/{generation}",
        "selfLink": link,
        "mediaLink": f"{link}?generation={generation}&alt=media",
        "bucket": bucket.body["name"],
        "contentType": "application/octet-stream",
        "storageClass": "STANDARD",
        "eventBasedHold": bucket.body.get("defaultEventBasedHold", False),
        **asked,
        "name": name,
        "generation": generation,
        "metageneration": "1",
        "size": str(len(content)),
        "timeCreated": zulu(now),
        "updated": zulu(now),
        "etag": "CAE=",
    }
    generations: list[dict[str, Any]] = bucket.facts["objects"].setdefault(name, [])
    for live in [each for each in generations if "timeDeleted" not in each]:
        _let_go(call, bucket, live)
    generations.append(body)
    return _shown(bucket, body)


def _uploaded(call: Call) -> tuple[dict[str, Any], bytes]:
    """Read the object's description and its content from an upload: `media` or `multipart`."""
    request = call.request
    if request.parameter("uploadType") != "multipart":
        return {}, request.body
    boundary = request.headers["content-type"].partition("boundary=")[2].strip('"').encode()
    _, described, content, *_ = request.body.split(b"--" + boundary)
    asked: dict[str, Any] = json.loads(described.partition(b"\r\n\r\n")[2] or b"{}")
    return asked, content.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _list(call: Call) -> dict[str, Any]:
    bucket, request = buckets.found(call), call.request
    if request.parameter("delimiter") or request.flag("softDeleted"):
        raise NotImplementedError("delimiter and softDeleted")
    every, prefix = request.flag("versions"), request.parameter("prefix")
    rows = [
        (f"{name}\0{int(each['generation']):020}", _shown(bucket, each))
        for name, generations in bucket.facts["objects"].items()
        if name.startswith(prefix)
        for each in generations
        if every or "timeDeleted" not in each
    ]
    page = call.listing("items", sorted(rows, key=lambda row: row[0]), size="maxResults")
    return {"kind": "storage#objects", **page}


def _found(call: Call, bucket: Node) -> dict[str, Any]:
    name, asked = call.parts["object"], call.request.parameter("generation")
    for each in bucket.facts["objects"].get(name, ()):
        if asked == each["generation"] or (not asked and "timeDeleted" not in each):
            buckets.meets(call, each, "Generation", "Metageneration")
            found: dict[str, Any] = each
            return found
    words = f"No such object: {bucket.body['name']}/{name}"
    raise Refused(404, "notFound", words)


def _get(call: Call) -> dict[str, Any]:
    bucket = buckets.found(call)
    return _shown(bucket, _found(call, bucket))


def _patch(call: Call) -> dict[str, Any]:
    bucket = buckets.found(call)
    body = _found(call, bucket)
    body.update(call.body())
    body["metageneration"] = str(int(body["metageneration"]) + 1)
    body["updated"] = zulu(call.estate.clock.now())
    return _shown(bucket, body)


def _delete(call: Call) -> None:
    bucket = buckets.found(call)
    body = _found(call, bucket)
    if call.request.parameter("generation"):
        _refuse_kept(call, bucket, body)
        _forget(bucket, body)
    else:
        _let_go(call, bucket, body)


def _let_go(call: Call, bucket: Node, body: dict[str, Any]) -> None:
    """Let the live generation be an older one where the bucket keeps these, else let it be gone."""
    if bucket.body.get("versioning", {}).get("enabled"):
        body["timeDeleted"] = zulu(call.estate.clock.now())
        return
    _refuse_kept(call, bucket, body)
    _forget(bucket, body)


def _refuse_kept(call: Call, bucket: Node, body: dict[str, Any]) -> None:
    name = f"{bucket.body['name']}/{body['name']}"
    for field, words in _HOLDS.items():
        if body.get(field):
            message = (
                f"Object '{name}' is under active {words} hold and cannot be deleted,"
                " overwritten or archived until hold is removed."
            )
            raise Refused(403, "objectUnderActiveHold", message)
    until = buckets.retained_until(bucket, body)
    if until is not None and until > call.estate.clock.now():
        message = (
            f"Object '{name}' is subject to bucket's retention policy or object retention and"
            f" cannot be deleted or overwritten until {zulu(until, digits=6)}"
        )
        raise Refused(403, "retentionPolicyNotMet", message)


def _forget(bucket: Node, body: dict[str, Any]) -> None:
    generations = bucket.facts["objects"][body["name"]]
    generations.remove(body)
    if not generations:
        del bucket.facts["objects"][body["name"]]


def _shown(bucket: Node, body: dict[str, Any]) -> dict[str, Any]:
    until = buckets.retained_until(bucket, body)
    more = {"retentionExpirationTime": zulu(until)} if until else {}
    return {key: each for key, each in body.items() if each is not False} | more


_B, _O = "/storage/v1/b", "/storage/v1/b/{bucket}/o"

METHODS: tuple[Method, ...] = (
    method("storage.buckets.list", "GET", _B, buckets.listed),
    method("storage.buckets.insert", "POST", _B, buckets.insert),
    method("storage.buckets.get", "GET", f"{_B}/{{bucket}}", buckets.get),
    method("storage.buckets.patch", "PATCH", f"{_B}/{{bucket}}", buckets.patch),
    method("storage.buckets.delete", "DELETE", f"{_B}/{{bucket}}", buckets.delete),
    method(
        "storage.buckets.lockRetentionPolicy",
        "POST",
        f"{_B}/{{bucket}}/lockRetentionPolicy",
        buckets.lock_retention,
    ),
    method("storage.objects.insert", "POST", f"/upload{_O}", _insert),
    method("storage.objects.list", "GET", _O, _list),
    method("storage.objects.get", "GET", f"{_O}/{{object}}", _get),
    method("storage.objects.patch", "PATCH", f"{_O}/{{object}}", _patch),
    method("storage.objects.delete", "DELETE", f"{_O}/{{object}}", _delete),
)
