"""Google's long operations: the handle of one, and what became of it.

They are polled here, with our own calls: the SDK's poller asks googleapis.com whatever the client's
endpoint is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reaper.providers.gce.answers import CALL_ERRORS, explain, refusal
from reaper.providers.gce.links import Names, target_of
from reaper.providers.gce.services import SERVICES
from reaper.providers.gce.session import Connection
from reaper.providers.protocol import Answer, Reply

# How long a step before a deletion is waited for, and how often it is asked after.
_STEP_S = 20.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
# google.rpc.Code, of those that say more than «failed».
_RPC: Mapping[Any, str] = {
    5: "NOT_FOUND",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
}


def started(
    service: str, project: str, operation: Mapping[str, Any], *, meant: str | None, doing: str
) -> Answer:
    """Read the operation that a call began.

    Args:
        service: Which has it.
        project: Where.
        operation: As it was answered.
        meant: The immutable ID of what was to be deleted; None where it has none.
        doing: What was tried, for the sentence.
    """
    target = str(operation.get("targetId") or "")
    if meant is not None and target and target != meant:
        detail = (
            f"{doing}: Google deletes another resource, {target}, which took the name of {meant} "
            "between the last look and the call"
        )
        return Answer(reply=Reply.FAILED, detail=detail)
    if operation.get("status") == "DONE":
        return ended(operation, doing=doing)
    rest = _place(service, operation)
    if rest is None:
        return Answer(reply=Reply.STARTED)
    return Answer(reply=Reply.STARTED, handle=f"{service} {SERVICES[service].path(project, rest)}")


def _place(service: str, operation: Mapping[str, Any]) -> str | None:
    """The path of an operation below its project; None where it does not tell."""
    if service == "container":  # its own link has the words of an older API in it
        where = operation.get("location") or operation.get("zone")
        name = operation.get("name")
        return f"locations/{where}/operations/{name}" if where and name else None
    link = target_of(str(operation.get("selfLink") or ""))
    return None if link is None else link.id


def poll(connection: Connection, handle: str, names: Names) -> Answer:
    """Ask what became of an operation; one that Google has forgotten tells nothing."""
    return named(_ask(connection, handle), names)


def _ask(connection: Connection, handle: str) -> Answer:
    service, _, path = handle.partition(" ")
    if service not in SERVICES or not path.startswith("/"):
        return Answer(reply=Reply.UNCERTAIN, detail=f"{handle!r} is no operation of Google's")
    doing = f"operation {path.rpartition('/')[2]}"
    try:
        operation = connection.read(service, path)
    except CALL_ERRORS as error:
        return Answer(reply=Reply.UNCERTAIN, detail=f"{doing}: {explain(error)}")
    if operation.get("status") != "DONE":
        return Answer(reply=Reply.STARTED, detail=doing, handle=handle)
    return ended(operation, doing=doing)


def settled(connection: Connection, answer: Answer) -> Answer:
    """Wait a little for the operation of a step: most are done in seconds.

    One that takes longer is answered STARTED: the next attempt takes the next step.
    """
    deadline = time.monotonic() + _STEP_S
    pause = _FIRST_PAUSE_S
    while answer.reply is Reply.STARTED and answer.handle and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
        answer = _ask(connection, answer.handle)
    return answer


def named(answer: Answer, names: Names) -> Answer:
    """Call those in the way as the rest of reaper does, where Google named them."""
    if not answer.blockers:
        return answer
    refs = [(names.find(path), path) for path in answer.blockers]
    blockers = tuple(path if ref is None else str(ref) for ref, path in refs)
    return replace(answer, blockers=blockers)


def ended(operation: Mapping[str, Any], *, doing: str) -> Answer:
    """Read an operation that is over: it can have failed late."""
    code, message = _failure(operation)
    if not code and not message:
        return Answer(reply=Reply.DONE, detail=doing)
    return refusal(code, message, f"{doing}: {code}: {message}")


def _failure(operation: Mapping[str, Any]) -> tuple[str, str]:
    """The code and sentence of a failure: Compute has a list of them, GKE one by number."""
    error = operation.get("error") or {}
    errors = error.get("errors") or []
    if errors:
        told = [str(each.get("message") or each.get("code")) for each in errors]
        return str(errors[0].get("code") or "failed"), "; ".join(told)
    if error:
        code = error.get("code")
        return _RPC.get(code, str(code or "failed")), str(error.get("message") or "no message")
    if operation.get("httpErrorStatusCode"):
        message = operation.get("httpErrorMessage") or "no message"
        return f"HTTP {operation['httpErrorStatusCode']}", str(message)
    return "", ""
