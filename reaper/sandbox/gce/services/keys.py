"""KMS: rings, keys and versions; only versions go, and only after a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import REGIONS, zulu
from reaper.sandbox.gce.filters import BadFilter, read
from reaper.sandbox.gce.services.calls import Call, masked, method
from reaper.sandbox.kernel.graph import Node

_RING, _KEY, _VERSION = "cloudkms.keyRings", "cloudkms.cryptoKeys", "cloudkms.cryptoKeyVersions"
_ALGORITHM = "GOOGLE_SYMMETRIC_ENCRYPTION"
_MONTH = "2592000s"


def _location(call: Call) -> str:
    where = call.parts["location"]
    if where not in (*REGIONS, "global"):
        message = f"Location '{where}' is not supported."  # also `-`: there is no list of all
        raise Refused(400, "invalid", message)
    return f"projects/{call.project}/locations/{where}"


def _list_locations(call: Call) -> dict[str, Any]:
    base = f"projects/{call.project}/locations"
    names = sorted((*REGIONS, "global"))
    rows = ((name, {"name": f"{base}/{name}", "locationId": name}) for name in names)
    return call.listing("locations", rows)


def _path(call: Call) -> str:
    path = _location(call)
    for part, noun in (
        ("ring", "keyRings"),
        ("key", "cryptoKeys"),
        ("version", "cryptoKeyVersions"),
    ):
        if part in call.parts:
            path += f"/{noun}/{call.parts[part]}"
    return path


def _found(call: Call, noun: str) -> Node:
    return call.found(_path(call), f"{noun} {_path(call)} not found.")


def _create_ring(call: Call) -> dict[str, Any]:
    path = f"{_location(call)}/keyRings/{call.request.parameter('keyRingId')}"
    call.free(path, f"KeyRing {path} already exists.")
    made = {"name": path, "createTime": zulu(call.estate.clock.now(), digits=9)}
    return call.estate.node(_RING, path, made).body


def _create_key(call: Call) -> dict[str, Any]:
    ring = _found(call, "KeyRing")
    path = f"{ring.path}/cryptoKeys/{call.request.parameter('cryptoKeyId')}"
    call.free(path, f"CryptoKey {path} already exists.")
    body = call.body()
    made = {
        "purpose": "ENCRYPT_DECRYPT",
        "destroyScheduledDuration": _MONTH,
        "versionTemplate": {"protectionLevel": "SOFTWARE", "algorithm": _ALGORITHM},
        **body,
        "name": path,
        "createTime": zulu(call.estate.clock.now(), digits=9),
    }
    node = call.estate.node(_KEY, path, made)
    if not call.request.flag("skipInitialVersionCreation"):
        node.facts["primary"] = _add_version(call, node).path
    return _show_key(call, node)


def _show_key(call: Call, node: Node) -> dict[str, Any]:
    primary = call.estate.graph.find(str(node.facts.get("primary")))
    symmetric = node.body["purpose"] == "ENCRYPT_DECRYPT"
    return {**node.body, **({"primary": primary.body} if primary and symmetric else {})}


def _patch_key(call: Call) -> dict[str, Any]:
    node = _found(call, "CryptoKey")
    tuple(masked(call, node))
    return _show_key(call, node)


def _add_version(call: Call, key: Node) -> Node:
    key.facts["versions"] = number = key.facts.get("versions", 0) + 1
    now = zulu(call.estate.clock.now(), digits=9)
    path = f"{key.path}/cryptoKeyVersions/{number}"
    template = key.body["versionTemplate"]
    body = {
        "name": path,
        "state": "ENABLED",
        "createTime": now,
        "protectionLevel": template.get("protectionLevel", "SOFTWARE"),
        "algorithm": template.get("algorithm", _ALGORITHM),
        "generateTime": now,
    }
    return call.estate.node(_VERSION, path, body)


def _list(call: Call, kind: str, name: str, prefix: str) -> dict[str, Any]:
    text = call.request.parameter("filter")
    try:
        passes = read(text)
    except BadFilter as error:
        raise Refused(400, "invalid", f"Invalid filter: {text}") from error
    rows = [
        (path, _show_key(call, node) if kind == _KEY and not node.gone else body)
        for path, node, body in call.seen(kind, prefix)
    ]
    passing = [row for row in rows if passes(row[1])]
    total = {"totalSize": len(passing)} if passing else {}
    return call.listing(name, passing) | total


def _destroy(call: Call) -> dict[str, Any]:
    node = _found(call, "CryptoKeyVersion")
    if node.body["state"] not in {"ENABLED", "DISABLED"}:
        message = f"{node.path} has value {node.body['state']} in field crypto_key_version.state."
        raise Refused(400, "failedPrecondition", message, status="FAILED_PRECONDITION")
    key = call.estate.graph.find(node.path.partition("/cryptoKeyVersions/")[0])
    assert key is not None
    wait_s = float(key.body["destroyScheduledDuration"].removesuffix("s"))
    due = call.estate.clock.now() + timedelta(seconds=wait_s)
    node.body |= {"state": "DESTROY_SCHEDULED", "destroyTime": zulu(due, digits=9)}
    call.estate.graph.touch(node)

    def destroy() -> None:
        if node.body["state"] == "DESTROY_SCHEDULED":
            node.body.pop("destroyTime")
            node.body |= {"state": "DESTROYED", "destroyEventTime": zulu(due, digits=9)}
            call.estate.graph.touch(node)

    call.estate.timetable.after(wait_s, destroy)
    return node.body


def _restore(call: Call) -> dict[str, Any]:
    node = _found(call, "CryptoKeyVersion")
    if node.body["state"] != "DESTROY_SCHEDULED":
        message = f"{node.path} has value {node.body['state']} in field crypto_key_version.state."
        raise Refused(400, "failedPrecondition", message, status="FAILED_PRECONDITION")
    node.body.pop("destroyTime")
    node.body["state"] = "DISABLED"
    call.estate.graph.touch(node)
    return node.body


_L = "/v1/projects/{project}/locations"
_RINGS = f"{_L}/{{location}}/keyRings"
_ONE_RING = f"{_RINGS}/{{ring}}"
_KEYS = f"{_ONE_RING}/cryptoKeys"
_ONE_KEY = f"{_KEYS}/{{key}}"
_VERSIONS = f"{_ONE_KEY}/cryptoKeyVersions"
_ONE = f"{_VERSIONS}/{{version}}"
_K = "cloudkms.projects.locations."
_V = f"{_K}keyRings.cryptoKeys.cryptoKeyVersions."

METHODS = (
    method(f"{_K}list", "GET", _L, _list_locations),
    method(f"{_K}keyRings.create", "POST", _RINGS, _create_ring),
    method(f"{_K}keyRings.get", "GET", _ONE_RING, lambda call: _found(call, "KeyRing").body),
    method(
        f"{_K}keyRings.list",
        "GET",
        _RINGS,
        lambda call: _list(call, _RING, "keyRings", f"{_location(call)}/keyRings/"),
    ),
    method(f"{_K}keyRings.cryptoKeys.create", "POST", _KEYS, _create_key),
    method(
        f"{_K}keyRings.cryptoKeys.get",
        "GET",
        _ONE_KEY,
        lambda call: _show_key(call, _found(call, "CryptoKey")),
    ),
    method(f"{_K}keyRings.cryptoKeys.patch", "PATCH", _ONE_KEY, _patch_key),
    method(
        f"{_K}keyRings.cryptoKeys.list",
        "GET",
        _KEYS,
        lambda call: _list(call, _KEY, "cryptoKeys", f"{_found(call, 'KeyRing').path}/cryptoKeys/"),
    ),
    method(
        f"{_V}create",
        "POST",
        _VERSIONS,
        lambda call: _add_version(call, _found(call, "CryptoKey")).body,
    ),
    method(
        f"{_V}list",
        "GET",
        _VERSIONS,
        lambda call: _list(
            call,
            _VERSION,
            "cryptoKeyVersions",
            f"{_found(call, 'CryptoKey').path}/cryptoKeyVersions/",
        ),
    ),
    method(f"{_V}get", "GET", _ONE, lambda call: _found(call, "CryptoKeyVersion").body),
    method(f"{_V}destroy", "POST", f"{_ONE}:destroy", _destroy),
    method(f"{_V}restore", "POST", f"{_ONE}:restore", _restore),
)
