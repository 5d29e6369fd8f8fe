"""IAM: service accounts and their keys; neither bears labels."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import Any

from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import Estate, zulu
from reaper.sandbox.gce.services.calls import Call, method
from reaper.sandbox.kernel.graph import Node

_ACCOUNT, _KEY = "iam.serviceAccounts", "iam.keys"
_ID = re.compile(r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])")
_NO_END = "9999-12-31T23:59:59Z"


def add_account(estate: Estate, project: str, email: str, shown: dict[str, Any]) -> Node:
    """Let a service account be there."""
    path = f"projects/{project}/serviceAccounts/{email}"
    unique = f"1{estate.random.randrange(10**20):020d}"
    body = {
        "name": path,
        "projectId": project,
        "uniqueId": unique,
        "email": email,
        **shown,
        "etag": "MDEwMjE5MjA=",
        "oauth2ClientId": unique,
    }
    return estate.node(_ACCOUNT, path, body)


def _account(call: Call) -> Node:
    """Find an account by its e-mail address or its unique ID; `-` stands for its project."""
    asked = call.parts["account"]
    found = None
    for node in call.estate.graph.of(_ACCOUNT):
        if asked in {node.body["email"], node.body["uniqueId"]}:
            found = node.path
    path = f"projects/{call.parts['project']}/serviceAccounts/{asked}"
    return call.found(found or path, f"Unknown service account: {path}")


def _create(call: Call) -> dict[str, Any]:
    asked = call.body()
    name = str(asked.get("accountId", ""))
    if not _ID.fullmatch(name):
        message = "Account ID must be between 6 and 30 lowercase letters, digits and hyphens."
        raise Refused(400, "invalid", message)
    email = f"{name}@{call.project}.iam.gserviceaccount.com"
    path = f"projects/{call.project}/serviceAccounts/{email}"
    call.free(path, f"Service account {name} already exists within project {path}.")
    return add_account(call.estate, call.project, email, asked.get("serviceAccount", {})).body


def _list(call: Call) -> dict[str, Any]:
    rows = call.seen(_ACCOUNT, f"projects/{call.project}/serviceAccounts/")
    return call.listing("accounts", ((path, body) for path, _, body in rows), most=100)


def _delete(call: Call) -> dict[str, Any]:
    for each in call.estate.graph.going_with(_account(call)):
        call.estate.graph.remove(each)
    return {}


def _create_key(call: Call) -> dict[str, Any]:
    account, now = _account(call), call.estate.clock.now()
    name = f"{account.path}/keys/{call.estate.digits(40)}"
    body = {
        "name": name,
        "validAfterTime": zulu(now, digits=0),
        "validBeforeTime": _NO_END,
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED",
    }
    call.estate.node(_KEY, name, body, facts={"account": account.path})
    private = {"type": "service_account", "client_email": account.body["email"]}
    return {
        **body,
        "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
        "privateKeyData": base64.b64encode(json.dumps(private).encode()).decode(),
    }


def _list_keys(call: Call) -> dict[str, Any]:
    account = _account(call)
    wanted = call.request.query.get("keyTypes", ())
    now = call.estate.clock.now()
    google_s = {
        "name": f"{account.path}/keys/{account.number:0>40}",
        "validAfterTime": zulu(account.created, digits=0),
        "validBeforeTime": zulu(now + timedelta(days=14), digits=0),
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "SYSTEM_MANAGED",
    }
    shown = [google_s, *(body for _, _, body in call.seen(_KEY, f"{account.path}/keys/"))]
    return {"keys": [each for each in shown if not wanted or each["keyType"] in wanted]}


def _key(call: Call) -> Node:
    path = f"{_account(call).path}/keys/{call.parts['key']}"
    return call.found(path, f"Service account key {path} does not exist.")


def _delete_key(call: Call) -> dict[str, Any]:
    call.estate.graph.remove(_key(call))
    return {}


_ALL = "/v1/projects/{project}/serviceAccounts"
_ONE = f"{_ALL}/{{account}}"
_I = "iam.projects.serviceAccounts."

METHODS = (
    method(f"{_I}create", "POST", _ALL, _create),
    method(f"{_I}list", "GET", _ALL, _list),
    method(f"{_I}get", "GET", _ONE, lambda call: _account(call).body),
    method(f"{_I}delete", "DELETE", _ONE, _delete),
    method(f"{_I}keys.create", "POST", f"{_ONE}/keys", _create_key),
    method(f"{_I}keys.list", "GET", f"{_ONE}/keys", _list_keys),
    method(f"{_I}keys.get", "GET", f"{_ONE}/keys/{{key}}", lambda call: _key(call).body),
    method(f"{_I}keys.delete", "DELETE", f"{_ONE}/keys/{{key}}", _delete_key),
)
