"""Google's own discovery documents, to which requests and answers can be held.

They come with google-api-python-client, which only the strict mode and the tests need.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

from reaper.sandbox.kernel.requests import Reply, Request

# Those whose methods the emulator offers, by version.
DOCUMENTS = {
    "compute": ("v1",),
    "storage": ("v1",),
    "cloudkms": ("v1",),
    "container": ("v1",),
    "iam": ("v1",),
    "cloudasset": ("v1",),
    "pubsub": ("v1",),
    "secretmanager": ("v1",),
    "cloudresourcemanager": ("v1", "v3"),
}

_RANGES = {"int32": 31, "uint32": 32}
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "array": list,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One method of a service, as its document describes it."""

    id: str
    http: str
    path: re.Pattern[str]
    described: Mapping[str, Any]
    document: Mapping[str, Any]


def document(service: str, version: str = "v1") -> Mapping[str, Any]:
    """Read a service's discovery document.

    Raises:
        ModuleNotFoundError: google-api-python-client is not installed.
    """
    folder = files("googleapiclient.discovery_cache.documents")
    text = folder.joinpath(f"{service}.{version}.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


@cache
def methods(service: str) -> tuple[Method, ...]:
    """List a service's methods, of all its versions."""
    found: list[Method] = []
    for version in DOCUMENTS.get(service, ()):
        described = document(service, version)
        found += _methods(described, described)
    return tuple(found)


def method_of(service: str, request: Request) -> Method | None:
    """Find the method that a request calls; None: there is none, or another service's."""
    path = unquote(request.path) if service != "storage" else request.path
    matching = (
        each
        for each in methods(service)
        if each.http == request.method and each.path.fullmatch(path)
    )
    return next(matching, None)


def faults_of_request(method: Method, request: Request) -> Iterator[str]:
    """Say what is wrong with a request's parameters and body."""
    known = {**method.document.get("parameters", {}), **method.described.get("parameters", {})}
    for name, values in request.query.items():
        if name == "$alt":  # a system parameter, which SDKs send and the documents do not have
            continue
        if name not in known:
            yield f"unknown parameter {name}"
            continue
        for value in values:
            yield from _faults_of_parameter(known[name], value, name)
    for name, parameter in known.items():
        missing = parameter.get("required") and parameter["location"] == "query"
        if missing and name not in request.query:
            yield f"parameter {name} is missing"
    if "request" not in method.described:
        if request.body.strip() not in {b"", b"{}"}:
            yield "a body that the method does not take"
    elif request.headers.get("content-type", "").startswith("application/json"):
        body = json.loads(request.body or b"{}")
        yield from _Checker(method.document, method.id).faults(method.described["request"], body)


def faults_of_reply(method: Method, reply: Reply) -> Iterator[str]:
    """Say what is wrong with the answer to a call of a method."""
    if reply.status == 204:  # noqa: PLR2004 - no content
        return
    if "response" not in method.described:
        if reply.body:
            yield "an answer where there is none"
    elif dict(reply.headers).get("Content-Type", "").startswith("application/json"):
        body = json.loads(reply.body)
        yield from _Checker(method.document, "").faults(method.described["response"], body)


class _Checker:
    """Checks values against a document's schemas: all that is not described is a fault.

    Args:
        request: The method whose request is checked; empty: it is an answer.
    """

    def __init__(self, described: Mapping[str, Any], request: str) -> None:
        self._schemas = described["schemas"]
        self._request = request

    def faults(self, schema: Mapping[str, Any], value: Any, at: str = "") -> Iterator[str]:
        """Say what is wrong with a value."""
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"]]
        sort = schema.get("type", "any")
        if sort == "any" or (value is None and self._request):  # which unsets what it stands for
            return
        wrong_bool = isinstance(value, bool) and sort in {"integer", "number"}
        if not isinstance(value, _TYPES[sort]) or wrong_bool:
            yield f"{at}: {value!r} is no {sort}"
        elif isinstance(value, dict):
            yield from self._faults_of_object(schema, value, at)
        elif isinstance(value, list):
            for number, each in enumerate(value):
                yield from self.faults(schema["items"], each, f"{at}[{number}]")
        else:
            yield from _faults_of_scalar(schema, value, at)

    def _faults_of_object(
        self, schema: Mapping[str, Any], value: Mapping[str, Any], at: str
    ) -> Iterator[str]:
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for name, each in value.items():
            described = properties.get(name, others)
            if described is None:
                yield f"{at}.{name} is not known"
            else:
                yield from self.faults(described, each, f"{at}.{name}")
        for name, described in properties.items():
            required = described.get("annotations", {}).get("required", ())
            if self._request in required and name not in value:
                yield f"{at}.{name} is missing"
        kind = properties.get("kind", {}).get("default")
        if not self._request and kind and "kind" in value and value["kind"] != kind:
            yield f"{at}.kind is {value['kind']}, not {kind}"


def _faults_of_scalar(schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
    form = schema.get("format", "")
    if isinstance(value, str):
        if form in {"int64", "uint64"} and not re.fullmatch(r"-?\d+", value):
            yield f"{at}: {value!r} is no {form}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at}: {value!r} is none of {', '.join(schema['enum'])}"
        if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
            yield f"{at}: {value!r} does not match {schema['pattern']}"
    elif form in _RANGES and not -(2 ** _RANGES[form]) <= value < 2 ** _RANGES[form]:
        yield f"{at}: {value!r} is no {form}"


def _faults_of_parameter(parameter: Mapping[str, Any], value: str, name: str) -> Iterator[str]:
    match parameter.get("type"):
        case "integer" if not re.fullmatch(r"-?\d+", value):
            yield f"parameter {name}: {value!r} is no integer"
        case "boolean" if value.lower() not in {"true", "false"}:
            yield f"parameter {name}: {value!r} is no boolean"
        case "string":
            yield from _faults_of_scalar(parameter, value, f"parameter {name}")


def _methods(described: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[Method]:
    base = described["servicePath"]
    for each in part.get("methods", {}).values():
        paths = [base + each.get("flatPath", each["path"])]
        protocols = each.get("mediaUpload", {}).get("protocols", {})
        paths += [protocol["path"].lstrip("/") for protocol in protocols.values()]
        for path in paths:
            yield Method(
                id=each["id"],
                http=each["httpMethod"],
                path=re.compile("/" + re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))),
                described=each,
                document=described,
            )
    for each in part.get("resources", {}).values():
        yield from _methods(described, each)
