"""Azure's long operations: the headers by which they are followed, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from reaper.sandbox.azure.arm.asking import Ask
from reaper.sandbox.azure.arm.ids import GROUP
from reaper.sandbox.azure.arm.kinds import TYPES
from reaper.sandbox.azure.dialect import Refused
from reaper.sandbox.azure.estate import Estate, written
from reaper.sandbox.faults import Effect
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.operations import Failure, LongOperation
from reaper.sandbox.kernel.requests import Reply, as_json

_ASYNC, _LOCATION = "Azure-AsyncOperation", "Location"


def begin(
    estate: Estate,
    ask: Ask,
    node: Node,
    *,
    takes_s: float,
    finish: Callable[[], Failure | None] = lambda: None,
    undo: Callable[[], None] = lambda: None,
) -> Reply:
    """Begin what the request asks for; a LATE fault lets it fail, and undoes it."""
    late = ask.strike(Effect.LATE)

    def end() -> Failure | None:
        if late is None:
            failure = finish()
        else:
            words = late.detail or "The operation failed. Please retry."
            code = late.code or "InternalExecutionError"
            failure = Failure(code=code, message=words, status=409)
        if failure is not None:
            undo()
        return failure

    subscription = ask.target.subscription or ""
    operation = estate.operations.begin(
        LongOperation(
            name=estate.guid(),
            number=node.number,
            scope=subscription,
            verb=ask.verb,
            target=node.path,
            target_number=node.number,
            inserted=estate.clock.now(),
        ),
        takes_s=takes_s + (late.delay.total_seconds() if late else 0),
        remembered_s=estate.lags.remembered_s,
        finish=end,
    )
    return Reply(
        status=202,
        headers=(*_headers(estate, ask, node, operation.name), ("Retry-After", "0")),
    )


def _headers(estate: Estate, ask: Ask, node: Node, name: str) -> list[tuple[str, str]]:
    base = f"{estate.endpoint}/subscriptions/{ask.target.subscription}"
    version = ask.request.parameter("api-version")
    if node.kind == GROUP:
        return [(_LOCATION, f"{base}/operationresults/{name}?api-version={version}")]
    known = TYPES[node.kind]
    where = node.body.get("location", "global")
    place = f"{base}/providers/{known.namespace}/locations/{where}"
    offered = {
        _ASYNC: f"{place}/operations/{name}?api-version={version}",
        _LOCATION: f"{place}/operationResults/{name}?api-version={version}",
    }
    return [(header, offered[header]) for header in known.polled]


def look(estate: Estate, ask: Ask) -> Reply:
    """Show an operation as it stands: by its status, or by its result.

    Raises:
        Refused: Nobody knows it (any more), or its result is a failure.
    """
    name = ask.target.name if not ask.target.rest else ask.target.rest.rpartition("/")[2]
    operation = estate.operations.find(ask.target.subscription or "", name)
    if operation is None:
        raise Refused(404, "NotFound", f"The operation '{name}' could not be found.")
    failure = operation.failure
    if "operationresults" in ask.request.path.lower():
        if operation.ended is None:
            here = f"{estate.endpoint}{ask.request.path}"
            version = ask.request.parameter("api-version")
            link = f"{here}?api-version={version}"
            return Reply(status=202, headers=((_LOCATION, link), ("Retry-After", "0")))
        if failure is not None:
            details = json.loads(failure.phrase) if failure.phrase.startswith("[") else ()
            raise Refused(failure.status, failure.code, failure.message, details=details)
        return Reply(status=200)
    return as_json(200, _shown(operation))


def _shown(operation: LongOperation) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": operation.name, "startTime": written(operation.inserted)}
    if operation.ended is None:
        return {**shown, "status": "InProgress"}
    shown["endTime"] = written(operation.ended)
    failure = operation.failure
    if failure is None:
        return {**shown, "status": "Succeeded"}
    error = {"code": failure.code, "message": failure.message}
    return {**shown, "status": "Failed", "error": error}
