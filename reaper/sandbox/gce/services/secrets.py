"""Secret Manager: secrets and their versions, whose names have the project's number."""

from __future__ import annotations

from typing import Any

from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import fingerprint, zulu
from reaper.sandbox.gce.filters import BadFilter, read
from reaper.sandbox.gce.services.calls import Call, masked, method
from reaper.sandbox.kernel.graph import Node

_SECRET = "secretmanager.secrets"  # noqa: S105 - a kind's name
_VERSION = "secretmanager.versions"


def _base(call: Call) -> str:
    where = f"/locations/{call.parts['location']}" if "location" in call.parts else ""
    return f"projects/{call.number}{where}/secrets/"


def _secret(call: Call) -> Node:
    path = _base(call) + call.parts["secret"]
    return call.found(path, f"Secret [{path}] not found.")


def _create(call: Call) -> dict[str, Any]:
    name = call.request.parameter("secretId")
    path = _base(call) + name
    call.free(path, f"Secret [{path}] already exists.")
    body = call.body()
    if "replication" not in body and "location" not in call.parts:
        raise Refused(400, "invalid", "Missing required field: secret.replication")
    now = zulu(call.estate.clock.now(), digits=6)
    made = {**body, "name": path, "createTime": now, "etag": f'"{fingerprint(path + now)}"'}
    return call.estate.node(_SECRET, path, made).body


def _list(call: Call) -> dict[str, Any]:
    text = call.request.parameter("filter")
    try:
        passes = read(text, anywhere=True)
    except BadFilter as error:
        raise Refused(400, "invalid", f"Invalid filter: {text}") from error
    rows = [row for row in call.seen(_SECRET, _base(call)) if passes(row[2])]
    return call.listing("secrets", ((path, body) for path, _, body in rows), most=25000) | (
        {"totalSize": len(rows)} if rows else {}
    )


def _patch(call: Call) -> dict[str, Any]:
    node = _secret(call)
    tuple(masked(call, node))
    return node.body


def _delete(call: Call) -> dict[str, Any]:
    node = _secret(call)
    etag = call.request.parameter("etag")
    if etag and etag != node.body["etag"]:
        message = "The etag provided in the request does not match the etag of the resource."
        raise Refused(400, "failedPrecondition", message, status="FAILED_PRECONDITION")
    for each in call.estate.graph.going_with(node):
        call.estate.graph.remove(each)
    return {}


def _add_version(call: Call) -> dict[str, Any]:
    node = _secret(call)
    node.facts["versions"] = number = node.facts.get("versions", 0) + 1
    path = f"{node.path}/versions/{number}"
    now = zulu(call.estate.clock.now(), digits=6)
    made = {"name": path, "createTime": now, "state": "ENABLED", "etag": f'"{fingerprint(path)}"'}
    return call.estate.node(_VERSION, path, made, facts={"secret": node.path}).body


def _list_versions(call: Call) -> dict[str, Any]:
    rows = call.seen(_VERSION, f"{_secret(call).path}/versions/")
    return call.listing("versions", ((path, body) for path, _, body in rows)) | (
        {"totalSize": len(rows)} if rows else {}
    )


METHODS = tuple(
    method(f"secretmanager.projects.{places}secrets.{verb}", http, f"{base}/secrets{path}", does)
    for places, base in (
        ("", "/v1/projects/{project}"),
        ("locations.", "/v1/projects/{project}/locations/{location}"),
    )
    for verb, http, path, does in (
        ("create", "POST", "", _create),
        ("list", "GET", "", _list),
        ("get", "GET", "/{secret}", lambda call: _secret(call).body),
        ("patch", "PATCH", "/{secret}", _patch),
        ("delete", "DELETE", "/{secret}", _delete),
        ("addVersion", "POST", "/{secret}:addVersion", _add_version),
        ("versions.list", "GET", "/{secret}/versions", _list_versions),
    )
)
