"""The emulated Azure as a whole: which service a request is for, and in whose words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from reaper.sandbox.azure.arm import lists
from reaper.sandbox.azure.arm.asking import Ask, ask
from reaper.sandbox.azure.arm.deleting import LOCKS, delete
from reaper.sandbox.azure.arm.ids import GROUP, SUBSCRIPTION
from reaper.sandbox.azure.arm.kinds import TYPES
from reaper.sandbox.azure.arm.operating import begin, look
from reaper.sandbox.azure.arm.putting import missing, patch, put, put_group
from reaper.sandbox.azure.arm.rules import CONTAINERS
from reaper.sandbox.azure.arm.views import show
from reaper.sandbox.azure.dialect import (
    Refused,
    action_of,
    befallen,
    denied,
    group_not_found,
    render,
)
from reaper.sandbox.azure.estate import Estate, reused
from reaper.sandbox.azure.services import extending, graphing, storage, vaults
from reaper.sandbox.faults import Effect, Fault, Operation
from reaper.sandbox.kernel.gateway import Asked, Strike
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.operations import Failure
from reaper.sandbox.kernel.requests import Reply, Request, as_json

# The API versions of what is ARM's own; others are in the table of types.
_OWN = frozenset({"2021-04-01", "2022-12-01", "2024-04-01", "2025-04-01", "2022-10-01"})
_READS = frozenset({"get", "list", "query"})


class AzureCloud:
    """Implements `reaper.sandbox.kernel.gateway.Cloud`."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def recognise(self, request: Request) -> Asked:
        """Tell what a request asks for: its method is a type and a verb."""
        found = ask(request)
        return Asked(
            service=found.kind.partition("/")[0],
            method=found.method,
            operation=operation(found.method),
            scope=found.target.subscription or "",
        )

    def refuse(self, asked: Asked, request: Request, fault: Fault) -> Reply:
        """Say in Azure's words that this befell it."""
        return render(befallen(asked, request, fault), self._estate.guid())

    def answer(self, asked: Asked, request: Request, strike: Strike) -> Reply:
        """Carry a request out."""
        estate = self._estate
        estate.timetable.settle()
        found = ask(request)
        try:
            if action_of(asked.method) in estate.lacking:
                raise denied(asked, request)
            _refuse_stranger(estate, found)
            _refuse_version(found)
            asking = Ask(request=request, target=found.target, method=found.method, strike=strike)
            return _answer(estate, asking)
        except Refused as refused:
            return render(refused, estate.guid())

    def beyond(self, asked: Asked, error: Exception) -> Reply:
        """Say that the emulator cannot do this."""
        message = f"The sandbox cannot carry out {asked.method} ({type(error).__name__}: {error})"
        return render(Refused(501, "NotImplemented", message), self._estate.guid())


def operation(method: str) -> Operation:
    """Tell what sort of call a method is."""
    kind, _, verb = method.rpartition(".")
    if kind.endswith("/operations"):
        return Operation.POLL
    if verb in {"list", "query"}:
        return Operation.INDEX
    if verb == "get":
        return Operation.READ
    return Operation.DELETE if verb in {"delete", "purge"} else Operation.CREATE


def _answer(estate: Estate, asking: Ask) -> Reply:
    special = _SPECIAL.get(asking.method)
    if special is not None:
        return special(estate, asking)
    if asking.kind == "microsoft.keyvault/deletedvaults":
        return vaults.answer(estate, asking)
    if asking.method.endswith("/operations.get"):
        return look(estate, asking)
    if asking.verb == "list":
        return lists.of_type(estate, asking)
    if asking.verb == "put":
        return put(estate, asking)
    return _of_one(estate, asking)


def _of_one(estate: Estate, asking: Ask) -> Reply:
    at = asking.target
    group = "/".join(at.path.split("/")[:5])
    if at.group is not None and estate.graph.find(group) is None:
        raise group_not_found(at.group)
    node = estate.graph.find(at.path)
    if node is not None and _hidden(estate, node, asking.strike):
        node = None
    if node is None:
        if asking.verb == "delete":
            return Reply(status=204)
        raise missing(at)
    if asking.strike(Effect.REUSED) is not None:
        node = reused(estate, node)
    match asking.verb:
        case "get":
            return as_json(200, show(estate, node))
        case "delete":
            return delete(estate, asking, node)
        case "patch":
            return patch(estate, asking, node)
        case "begingetaccess" | "endgetaccess":
            return _access(estate, asking, node)
        case verb:
            raise NotImplementedError(f"{at.kind}.{verb}")


def _access(estate: Estate, asking: Ask, node: Node) -> Reply:
    """Give out a shared access signature of a disk or snapshot, or revoke it."""
    state = "ActiveSAS" if asking.verb == "begingetaccess" else "Unattached"

    def finish() -> Failure | None:
        node.body["properties"]["diskState"] = state
        estate.graph.touch(node)
        return None

    return begin(estate, asking, node, takes_s=0, finish=finish)


def _hidden(estate: Estate, node: Node, strike: Strike) -> bool:
    hidden = strike(Effect.HIDDEN)
    if hidden is None:
        return False
    return timedelta(seconds=estate.clock.elapsed() - node.born) < hidden.delay


def _refuse_stranger(estate: Estate, found: Ask) -> None:
    subscription = found.target.subscription
    if subscription is not None and subscription not in estate.subscriptions:
        raise Refused(
            404,
            "SubscriptionNotFound",
            f"The subscription '{subscription}' could not be found.",
        )


def _refuse_version(found: Ask) -> None:
    version = found.request.parameter("api-version")
    if not version:
        raise Refused(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    at = found.target
    kind = at.collection if found.verb == "list" and at.namespace else found.kind
    if found.method.endswith("/operations.get") or kind.startswith(
        ("microsoft.resources/", "microsoft.resourcegraph/")
    ):
        return
    known = TYPES.get(kind)
    if known is None:
        namespace = (at.namespace or "").lower()
        if not any(each.startswith(f"{namespace}/") for each in TYPES):
            message = f"The resource namespace '{at.namespace}' is invalid."
            raise Refused(404, "InvalidResourceNamespace", message)
        message = (
            f"The resource type could not be found in the namespace '{at.namespace}' for api"
            f" version '{version}'."
        )
        raise Refused(404, "InvalidResourceType", message)
    if version not in known.versions:
        message = (
            f"No registered resource provider found for API version '{version}' for type"
            f" '{known.name.partition('/')[2]}'. The supported api-versions are"
            f" '{', '.join(known.versions)}'."
        )
        raise Refused(400, "NoRegisteredProviderFound", message)


# --- what is ARM's own ----------------------------------------------------------------------------


def _subscription(estate: Estate, asking: Ask) -> Reply:
    return as_json(200, _shown_subscription(estate, asking.target.subscription or ""))


def _subscriptions(estate: Estate, _: Ask) -> Reply:
    return as_json(
        200, {"value": [_shown_subscription(estate, each) for each in estate.subscriptions]}
    )


def _shown_subscription(estate: Estate, identity: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{identity}",
        "subscriptionId": identity,
        "tenantId": estate.tenant,
        "displayName": estate.subscriptions[identity],
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


def _providers(_: Estate, asking: Ask) -> Reply:
    wanted = (asking.target.namespace or "").lower()
    by_namespace: dict[str, list[dict[str, Any]]] = {}
    for each in TYPES.values():
        by_namespace.setdefault(each.namespace, []).append(
            {
                "resourceType": each.name.partition("/")[2],
                "locations": ["West Europe"],
                "apiVersions": list(each.versions),
                "capabilities": "SupportsTags, SupportsLocation" if each.tracked else "None",
            }
        )
    shown = [
        {
            "id": f"/subscriptions/{asking.target.subscription}/providers/{namespace}",
            "namespace": namespace,
            "registrationState": "Registered",
            "resourceTypes": types,
        }
        for namespace, types in by_namespace.items()
        if wanted in {"", namespace.lower()}
    ]
    if not wanted:
        return as_json(200, {"value": shown})
    if not shown:
        message = f"The resource namespace '{asking.target.namespace}' is invalid."
        raise Refused(404, "InvalidResourceNamespace", message)
    return as_json(200, shown[0])


def _permissions(estate: Estate, _: Ask) -> Reply:
    """What the caller may do: all but what it lacks."""
    allowed = {
        "actions": ["*"],
        "notActions": sorted(estate.lacking),
        "dataActions": [],
        "notDataActions": [],
    }
    return as_json(200, {"value": [allowed]})


_SPECIAL: Mapping[str, Callable[[Estate, Ask], Reply]] = {
    f"{SUBSCRIPTION}.get": _subscription,
    f"{SUBSCRIPTION}.list": _subscriptions,
    f"{GROUP}.list": lists.groups,
    f"{GROUP}.put": put_group,
    "microsoft.resources/resources.list": lists.all_resources,
    "microsoft.resources/providers.list": _providers,
    "microsoft.resources/providers.get": _providers,
    "microsoft.resourcegraph/resources.query": graphing.query,
    f"{LOCKS}.list": extending.listed,
    f"{LOCKS}.put": extending.put_lock,
    f"{extending.ROLE_ASSIGNMENTS}.list": extending.listed,
    f"{extending.ROLE_ASSIGNMENTS}.put": extending.put_assignment,
    "microsoft.authorization/permissions.list": _permissions,
    f"{CONTAINERS}.put": storage.put_container,
}
