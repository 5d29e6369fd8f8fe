"""Work requests: what became of a deletion that takes long, and may fail late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.providers.oci.answers import CALL_ERRORS, explain, refusal
from reaper.providers.oci.deleting import named
from reaper.providers.oci.reach import Reach
from reaper.providers.protocol import Answer, Reply

_PARTS = 3
_OVER = frozenset({"SUCCEEDED", "COMPLETED"})
_FAILED = frozenset({"FAILED", "CANCELED", "CANCELLED"})


def poll(reach: Reach, handle: str) -> Answer:
    """Ask what became of a work request; one that OCI has forgotten tells nothing."""
    parts = handle.split(" ")
    if len(parts) != _PARTS:
        return Answer(reply=Reply.UNCERTAIN, detail=f"{handle!r} is no work request of OCI's")
    client, region, work = parts
    doing = f"work request {work}"
    try:
        body = reach.connection.read(client, region, "get_work_request", work_request_id=work).body
    except CALL_ERRORS as error:
        return Answer(reply=Reply.UNCERTAIN, detail=f"{doing}: {explain(error)}")
    status = str(body.get("status") or body.get("lifecycleState") or "")
    if status in _OVER:
        return Answer(reply=Reply.DONE, detail=doing)
    if status not in _FAILED:
        return Answer(reply=Reply.STARTED, detail=doing, handle=handle)
    code, message = _failure(body)
    return named(reach, refusal(code, message, f"{doing}: {code}: {message}"))


def _failure(body: Mapping[str, Any]) -> tuple[str, str]:
    errors = body.get("errors") or body.get("errorDetails") or [{}]
    code = errors[0].get("code") or errors[0].get("errorCode") or "failed"
    message = errors[0].get("message") or body.get("message") or "no message"
    return str(code), str(message)
