"""Work requests: how long changes are told of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.operations import Failure, LongOperation
from reaper.sandbox.oci.dialect import not_found
from reaper.sandbox.oci.estate import Estate, zulu
from reaper.sandbox.oci.sorts import SORTS

_NOUNS = {
    "loadbalancer": "loadbalancerworkrequest",
    "networkloadbalancer": "networkloadbalancerworkrequest",
    "identity": "identityworkrequest",
}


def begin(
    estate: Estate,
    node: Node,
    verb: str,
    *,
    takes_s: float,
    finish: Callable[[], Failure | None] = lambda: None,
) -> LongOperation:
    """Begin one."""
    service = SORTS[node.kind].service
    noun = _NOUNS.get(service, "coreservicesworkrequest")
    # Of what has no region it is the home region's.
    name = f"ocid1.{noun}.oc1.iad.{estate.digits(30)}"
    return estate.operations.begin(
        LongOperation(
            name=name,
            number=name,
            scope=service,
            verb=verb,
            target=node.path,
            target_number=str(node.body.get("compartmentId")),
            inserted=estate.clock.now(),
        ),
        takes_s=takes_s,
        remembered_s=estate.lags.remembered_s,
        finish=finish,
    )


def show(estate: Estate, name: str, head: str, root: str) -> dict[str, Any]:
    """Show one as its service does.

    Raises:
        Refused: It is not known, or not any more.
    """
    noun = name.split(".")[1] if name.startswith("ocid1.") else ""
    service = {noun_: service for service, noun_ in _NOUNS.items()}.get(noun, "core")
    operation = estate.operations.find(service, name)
    if operation is None:
        raise not_found(name)
    status = "ACCEPTED" if operation.started is None else "IN_PROGRESS"
    if operation.ended is not None:
        status = "FAILED" if operation.failure else "SUCCEEDED"
    if head == "loadBalancerWorkRequests":
        return _of_balancer(operation, status)
    shown: dict[str, Any] = {
        "id": name,
        "operationType": f"{operation.verb}_{service.upper()}",
        "status": status,
        "timeAccepted": zulu(operation.inserted),
        "percentComplete": 100.0 if operation.ended else 0.0,
        "resources": [],
    }
    if service == "identity":
        shown["operationType"] = f"{operation.verb}_COMPARTMENT"
        failure = operation.failure
        shown["errors"] = (
            [{"code": failure.code, "message": failure.message, "timestamp": shown["timeAccepted"]}]
            if failure
            else []
        )
    else:
        shown["compartmentId"] = operation.target_number
    if root == "/20200501":
        shown["operationType"] = f"{operation.verb}_NETWORK_LOAD_BALANCER"
    return shown


def _of_balancer(operation: LongOperation, status: str) -> dict[str, Any]:
    failure = operation.failure
    return {
        "id": operation.name,
        "loadBalancerId": operation.target,
        "compartmentId": operation.target_number,
        "type": f"{operation.verb.title()}LoadBalancer",
        "lifecycleState": status,
        "message": failure.message if failure else "OK",
        "timeAccepted": zulu(operation.inserted),
        "errorDetails": [{"errorCode": "INTERNAL_ERROR", "message": failure.message}]
        if failure
        else [],
    }
