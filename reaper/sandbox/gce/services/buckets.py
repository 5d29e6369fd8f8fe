"""Cloud Storage's JSON API: buckets, which are the world's and not a project's."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from reaper.sandbox.faults import Effect
from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import HOST, zulu
from reaper.sandbox.gce.services.calls import Call, without
from reaper.sandbox.kernel.graph import Node

KIND = "storage.buckets"
_NAME = re.compile(r"[a-z0-9][-_.a-z0-9]{1,61}[a-z0-9]")
_WEEK = "604800"
_READ_ONLY = ("kind", "id", "selfLink", "timeCreated", "metageneration", "etag", "generation")


def project_of(call: Call) -> str:
    """Tell the ID of the project that the request asks about.

    Raises:
        Refused: It names none that there is.
    """
    asked = call.request.parameter("project")
    for project, number in call.estate.projects.items():
        if asked in {project, number}:
            return project
    raise Refused(400, "invalid", f"Unknown project id: {asked}")


def found(call: Call) -> Node:
    """Find the request's bucket.

    Raises:
        Refused: It is not there, or not as `ifMetagenerationMatch` wants it.
    """
    node = call.found(f"b/{call.parts['bucket']}", "The specified bucket does not exist.")
    meets(call, node.body, "Metageneration")
    return node


def meets(call: Call, body: dict[str, Any], *fields: str) -> None:
    """Check the request's conditions on generations.

    Raises:
        Refused: One of them is not met.
    """
    for each in fields:
        wanted = call.request.parameter(f"if{each}Match")
        unwanted = call.request.parameter(f"if{each}NotMatch")
        has = body[each.lower()]
        if (wanted and wanted != has) or (unwanted and unwanted == has):
            message = "At least one of the pre-conditions you specified did not hold."
            raise Refused(412, "conditionNotMet", message)


def insert(call: Call) -> dict[str, Any]:
    """Create a bucket."""
    project, asked, estate = project_of(call), call.body(), call.estate
    name = str(asked.get("name", ""))
    if not _NAME.fullmatch(name):
        raise Refused(400, "invalid", f"Invalid bucket name: '{name}'")
    message = (
        "The requested bucket name is not available. The bucket namespace is shared by all users"
        " of the system. Please select a different name and try again."
    )
    if estate.graph.find(f"b/{name}") is not None:
        raise Refused(409, "conflict", message)
    now = estate.clock.now()
    body = {
        "kind": "storage#bucket",
        "id": name,
        "selfLink": f"{HOST}/storage/v1/b/{name}",
        "projectNumber": estate.projects[project],
        "timeCreated": zulu(now),
        "updated": zulu(now),
        "generation": estate.number(),
        "metageneration": "1",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "etag": "CAE=",
        "softDeletePolicy": {"retentionDurationSeconds": _WEEK, "effectiveTime": zulu(now)},
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}},
        **without(asked, *_READ_ONLY),
        "name": name,
        "location": str(asked.get("location", "US")).upper(),
    }
    _with_times(body, now)
    facts = {"project": project, "objects": {}}
    return estate.node(KIND, f"b/{name}", body, facts=facts).body


def listed(call: Call) -> dict[str, Any]:
    """List a project's buckets; a list that is not whole says so only to those who asked for it."""
    project, prefix = project_of(call), call.request.parameter("prefix")
    rows = [
        (path, body)
        for path, node, body in call.seen(KIND, f"b/{prefix}")
        if node.facts["project"] == project
    ]
    lost: list[str] = []
    if call.strike(Effect.PARTIAL) is not None:
        if not call.request.flag("returnPartialSuccess"):
            raise Refused(503, "backendError", "Backend Error")
        lost = [f"projects/_/buckets/{path[2:]}" for path, _ in rows[len(rows) // 2 :]]
        rows = rows[: len(rows) // 2]
    page = call.listing("items", rows, size="maxResults")
    unreachable = {"unreachable": lost or ["projects/_/buckets/-"]} if lost else {}
    return {"kind": "storage#buckets", **page, **unreachable}


def get(call: Call) -> dict[str, Any]:
    """Show a bucket."""
    return found(call).body


def patch(call: Call) -> dict[str, Any]:
    """Change a bucket; labels are merged one by one, and None takes something away."""
    node = found(call)
    body, asked = node.body, without(call.body(), *_READ_ONLY, "name")
    if body.get("retentionPolicy", {}).get("isLocked") and "retentionPolicy" in asked:
        message = f"Cannot reduce retention duration of a locked Retention Policy for {node.path}."
        raise Refused(403, "forbidden", message)
    labels = asked.pop("labels", {})
    merged = {**body.get("labels", {}), **labels} if labels is not None else {}
    body["labels"] = {key: each for key, each in merged.items() if each is not None}
    for key, each in asked.items():
        if each is None:
            body.pop(key, None)
        else:
            body[key] = each
    if not body["labels"]:
        del body["labels"]
    now = call.estate.clock.now()
    _with_times(body, now)
    body |= {"metageneration": str(int(body["metageneration"]) + 1), "updated": zulu(now)}
    call.estate.graph.touch(node)
    return body


def lock_retention(call: Call) -> dict[str, Any]:
    """Lock a bucket's retention policy for good."""
    node = found(call)
    node.body["retentionPolicy"] = {**node.body["retentionPolicy"], "isLocked": True}
    call.estate.graph.touch(node)
    return node.body


def delete(call: Call) -> None:
    """Delete a bucket that is empty; what is deleted softly does not count."""
    node = found(call)
    if any(node.facts["objects"].values()):
        raise Refused(409, "conflict", "The bucket you tried to delete is not empty.")
    call.estate.graph.remove(node)


def retained_until(bucket: Node, body: dict[str, Any]) -> datetime | None:
    """Tell until when an object must stay, by its bucket's retention policy or its own."""
    until = []
    if period := bucket.body.get("retentionPolicy", {}).get("retentionPeriod"):
        created = datetime.fromisoformat(body["timeCreated"])
        until.append(created + timedelta(seconds=int(period)))
    if own := body.get("retention", {}).get("retainUntilTime"):
        until.append(datetime.fromisoformat(own))
    return max(until, default=None)


def _with_times(body: dict[str, Any], now: datetime) -> None:
    if "retentionPolicy" in body:
        body["retentionPolicy"].setdefault("effectiveTime", zulu(now))
    policy = body.get("softDeletePolicy", {})
    if policy.get("retentionDurationSeconds", "0") != "0":
        policy.setdefault("effectiveTime", zulu(now))
