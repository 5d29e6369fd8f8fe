"""Resource Manager: which project it is; and tokens, which any credentials are changed for."""

from __future__ import annotations

from typing import Any

from reaper.sandbox.gce.estate import zulu
from reaper.sandbox.gce.services.calls import Call, method


def _get(call: Call) -> dict[str, Any]:
    return {
        "projectNumber": call.number,
        "projectId": call.project,
        "name": call.project,
        "lifecycleState": "ACTIVE",
        "createTime": zulu(call.estate.began),
    }


def _get_newer(call: Call) -> dict[str, Any]:
    return {
        "name": f"projects/{call.number}",
        "projectId": call.project,
        "displayName": call.project,
        "state": "ACTIVE",
        "createTime": zulu(call.estate.began),
    }


def _test_permissions(call: Call) -> dict[str, Any]:
    asked = call.body().get("permissions", [])
    held = [each for each in asked if each not in call.estate.lacking]
    return {"permissions": held} if held else {}


def _token(_: Call) -> dict[str, Any]:
    return {"access_token": "sandbox", "expires_in": 3600, "token_type": "Bearer"}


METHODS = (
    method("oauth2.token", "POST", "/token", _token),
    method("cloudresourcemanager.projects.get", "GET", "/v1/projects/{project}", _get),
    method("cloudresourcemanager.projects.get", "GET", "/v3/projects/{project}", _get_newer),
    *(
        method(
            "cloudresourcemanager.projects.testIamPermissions",
            "POST",
            f"/{version}/projects/{{project}}:testIamPermissions",
            _test_permissions,
        )
        for version in ("v1", "v3")
    ),
)
