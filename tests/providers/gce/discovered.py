"""Google's discovery documents as a test needs them: methods by path, and whole items."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from reaper.providers.gce.api import Api
from reaper.providers.gce.kind import GceKind, Place
from reaper.sandbox.gce import conformity
from reaper.sandbox.gce.conformity import method_of
from reaper.sandbox.kernel.requests import Request

PROJECT = "my-project"
NUMBER = "123456789012"
HERE = {
    Place.ZONE: "zones/us-central1-a",
    Place.REGION: "regions/us-central1",
    Place.GLOBAL: "global",
}
IDS = {
    "b": "thing-1",
    "clusters": "locations/us-central1/clusters/thing-1",
    "cryptoKeys": "locations/us-central1/keyRings/ring-1/cryptoKeys/thing-1",
    "serviceAccounts": "serviceAccounts/thing-1@my-project.iam.gserviceaccount.com",
}


@cache
def document(service: str) -> Mapping[str, Any]:
    """Read a document once: Compute's has 5 MB."""
    return conformity.document(service)


def ids(kind: GceKind) -> list[str]:
    """An ID of the kind in each place where it can be."""
    if kind.places:
        return [f"{HERE[place]}/{kind.collection}/thing-1" for place in kind.places]
    return [IDS.get(kind.collection, f"{kind.collection}/thing-1")]


def method(kind: GceKind, verb: str, path: str) -> Mapping[str, Any]:
    """How Google describes a call; it fails where there is none."""
    asked = Request(method=verb, path=path, query={}, headers={}, body=b"")
    found = method_of(kind.service, asked)
    assert found is not None, f"{kind.name}: Google has no {verb} {path}"
    return {"id": found.id, **found.described}


def path(kind: GceKind, resource_id: str) -> str:
    return kind.api.path(PROJECT, resource_id)


def parameters(kind: GceKind, found: Mapping[str, Any]) -> set[str]:
    """What may be sent along: the method's own and the service's parameters."""
    common = document(kind.service).get("parameters", {})
    return {*common, *found.get("parameters", {})}


def whole_item(kind: GceKind) -> dict[str, Any]:
    """An item with everything that Google can tell of it."""
    answer = method(kind, "GET", path(kind, ids(kind)[0]))["response"]["$ref"]
    return dict(_whole(kind.service, answer))


@cache
def _whole(service: str, schema: str) -> dict[str, Any]:
    item: dict[str, Any] = _example(service, {"$ref": schema}, ())
    return item


def _example(service: str, schema: Mapping[str, Any], above: tuple[str, ...]) -> Any:
    name = schema.get("$ref")
    if name is not None:
        if name in above:
            return None
        return _example(service, document(service)["schemas"][name], (*above, name))
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {
                key: _example(service, each, above) for key, each in schema["properties"].items()
            }
        case "object":
            more = schema.get("additionalProperties")
            return {"key": _example(service, more, above)} if more else {}
        case "array":
            return [_example(service, schema["items"], above)]
        case "boolean":
            return True
        case "integer" | "number":
            return 1
    if schema.get("format") in {"date-time", "google-datetime"}:
        return "2026-01-02T03:04:05Z"
    return schema.get("enum", ["text"])[0]


def api() -> Api:
    from reaper.config.places import GcePlace  # noqa: PLC0415 - a path needs no connection
    from reaper.providers.gce.session import Connection  # noqa: PLC0415 - as above

    place = GcePlace(project=PROJECT, endpoint="http://127.0.0.1:1")
    return Api(connection=Connection(place, read_only=True), project=PROJECT)
