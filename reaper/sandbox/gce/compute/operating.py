"""Compute's operations: how they begin, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reaper.sandbox.faults import Effect
from reaper.sandbox.gce.compute.asking import Ask
from reaper.sandbox.gce.compute.links import link
from reaper.sandbox.gce.estate import Estate, pacific
from reaper.sandbox.kernel.gateway import Strike
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.operations import Failure, LongOperation

USER = "sandbox@example.iam.gserviceaccount.com"


def begin(
    estate: Estate,
    ask: Ask,
    strike: Strike,
    node: Node,
    *,
    takes_s: float,
    finish: Callable[[], Failure | None] = lambda: None,
    undo: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Begin what the request asks for, and show it; a LATE fault lets it fail, and undoes it."""
    late = strike(Effect.LATE)

    def end() -> Failure | None:
        failure = finish() if late is None else _befallen(late.detail)
        if failure is not None:
            undo()
        return failure

    moment = estate.clock.now()
    name = f"operation-{int(moment.timestamp() * 1000)}-{estate.digits(13)}-{estate.digits(8)}"
    operation = estate.operations.begin(
        LongOperation(
            name=name,
            number=estate.number(),
            scope=ask.target.place,
            verb=ask.target.verb,
            target=node.path,
            target_number=node.number,
            inserted=moment,
        ),
        takes_s=takes_s + (late.delay.total_seconds() if late else 0),
        remembered_s=estate.lags.remembered_s,
        finish=end,
    )
    if token := ask.request.parameter("requestId"):
        estate.answered[ask.request.path, token] = name
    return show(operation)


def begun_before(estate: Estate, ask: Ask) -> dict[str, Any] | None:
    """Show the operation that the same request, by its `requestId`, began before, if any."""
    name = estate.answered.get((ask.request.path, ask.request.parameter("requestId")))
    known = estate.operations.find(ask.target.place, name) if name else None
    return show(known) if known else None


def show(operation: LongOperation) -> dict[str, Any]:
    """Show an operation as it stands."""
    path = f"{operation.scope}/operations/{operation.name}"
    shown: dict[str, Any] = {
        "kind": "compute#operation",
        "id": operation.number,
        "name": operation.name,
        "operationType": operation.verb,
        "targetLink": link(operation.target),
        "targetId": operation.target_number,
        "status": "PENDING",
        "user": USER,
        "progress": 0,
        "insertTime": pacific(operation.inserted),
        "selfLink": link(path),
    }
    _, _, sort, *where = operation.scope.split("/")
    if where:
        shown[sort.removesuffix("s")] = link(operation.scope)
    if operation.started:
        shown |= {"status": "RUNNING", "startTime": pacific(operation.started)}
    if operation.ended:
        shown |= {"status": "DONE", "progress": 100, "endTime": pacific(operation.ended)}
    if failure := operation.failure:
        shown |= {
            "error": {"errors": [{"code": failure.code, "message": failure.message}]},
            "httpErrorStatusCode": failure.status,
            "httpErrorMessage": failure.phrase,
        }
    return shown


def _befallen(detail: str | None) -> Failure:
    words = detail or "Internal error. Please try again or contact Google Support. (Code: '-1')"
    return Failure(code="INTERNAL_ERROR", message=words, status=500, phrase="INTERNAL SERVER ERROR")
