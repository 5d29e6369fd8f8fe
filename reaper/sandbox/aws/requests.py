"""Whose request it is: service, region and operation of a request to AWS, read from its wire form.

Nothing here is a list of operations: in AWS's RPC protocols the request names its own, and those of
the REST protocols are found by method and path in botocore's service models.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs

# What a request is signed for is not always how IAM (and we) call the service.
_SERVICES = {"tagging": "tag"}

# Services of which there is one for all regions, whatever region a client signs for.
_GLOBAL = frozenset({"iam"})

# The models of REST services that botocore keeps under another name than they are signed with.
_MODELS = {"elasticfilesystem": "efs", "es": "opensearch"}

_UNSIGNED = ("", "unsigned", "us-east-1")


class Protocol(StrEnum):
    """How a service speaks: it decides what its errors look like."""

    EC2 = "ec2"
    QUERY = "query"
    JSON = "json"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request, as far as it matters who is asked what.

    Attributes:
        service: As IAM calls it: `ec2`, `tag`, `elasticloadbalancing`.
        region: `global` for services that have no regions.
        operation: As the API names it; `METHOD /path` where no model knows it.
        text: Path, query and body, in which its IDs stand.
        access_key: Whose request it is; empty where it is not signed.
        dry_run: It only asks whether it would be carried out.
    """

    service: str
    region: str
    operation: str
    protocol: Protocol
    text: str
    access_key: str = ""
    dry_run: bool = False


def read(environ: dict[str, Any]) -> Request:
    """Read a WSGI request; its body is then in memory, to be read again."""
    body = _read_body(environ)
    access_key, signed_for, region = _credential_scope(environ)
    service = _SERVICES.get(signed_for, signed_for)
    protocol, operation = _spoken(environ, body, signed_for)
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    return Request(
        service=service,
        region="global" if service in _GLOBAL else region,
        operation=operation,
        protocol=protocol,
        text=f"{path}?{query}\n{body.decode(errors='replace')}",
        access_key=access_key,
        dry_run=protocol is Protocol.EC2 and b"DryRun=true" in body,
    )


def _read_body(environ: dict[str, Any]) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    if length:
        body: bytes = environ["wsgi.input"].read(int(length))
    else:  # chunked, which the server ends by itself, or none
        body = environ["wsgi.input"].read() if environ.get("wsgi.input_terminated") else b""
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _credential_scope(environ: Mapping[str, Any]) -> tuple[str, str, str]:
    """Tell by which key a request is signed, and for what, in its header or its address."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    _, found, credential = header.partition("Credential=")
    if not found:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        credential = query.get("X-Amz-Credential", [""])[0]
    match credential.split(",")[0].split("/"):
        case [access_key, _, region, service, "aws4_request"]:
            return access_key.rpartition(" ")[2], service, region
    return _UNSIGNED


def _spoken(environ: dict[str, Any], body: bytes, signed_for: str) -> tuple[Protocol, str]:
    """Tell the protocol of a request, and which operation it asks for."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return Protocol.JSON, target.rpartition(".")[2]
    is_form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    if is_form and (action := parse_qs(body.decode(errors="replace")).get("Action")):
        return Protocol.EC2 if signed_for == "ec2" else Protocol.QUERY, action[0]
    return _rest_operation(environ, _MODELS.get(signed_for, signed_for))


def _rest_operation(environ: dict[str, Any], model: str) -> tuple[Protocol, str]:
    from botocore.exceptions import UnknownServiceError  # noqa: PLC0415 - once it is started
    from moto.core.request import Request as MotoRequest  # noqa: PLC0415 - once it is started
    from moto.core.routing import get_service_router  # noqa: PLC0415 - once it is started
    from werkzeug.exceptions import NotFound  # noqa: PLC0415 - once it is started

    try:
        operation, _ = get_service_router(model).match(MotoRequest(dict(environ)))
    except (UnknownServiceError, NotFound, NotImplementedError):
        return Protocol.REST_XML, f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
    return Protocol(operation.service_model.protocol), str(operation.name)
