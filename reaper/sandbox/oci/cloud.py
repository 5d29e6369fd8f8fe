"""The emulated OCI as a whole: which service a request is for, and who answers it."""

from __future__ import annotations

from reaper.sandbox.faults import Fault, Operation
from reaper.sandbox.kernel.gateway import Asked, Strike
from reaper.sandbox.kernel.requests import Reply, Request
from reaper.sandbox.oci import asking, calls, objects, policies, searching, signing, special
from reaper.sandbox.oci.asking import Target
from reaper.sandbox.oci.calls import Call
from reaper.sandbox.oci.dialect import Refused, befallen, not_found, render
from reaper.sandbox.oci.estate import Estate

_OPERATIONS = {
    "list": Operation.INDEX,
    "search": Operation.INDEX,
    "get": Operation.READ,
    "delete": Operation.DELETE,
    "scheduleDeletion": Operation.DELETE,
}


class OracleCloud:
    """Implements `reaper.sandbox.kernel.gateway.Cloud`."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def recognise(self, request: Request) -> Asked:
        """Tell what a request asks for: `core.instances.get` and the like."""
        at = asking.target(request)
        service, method = asking.method(at, request)
        return Asked(
            service=service,
            method=method,
            operation=operation(method),
            scope=f"{at.region}/{self._compartment(at, request)}",
        )

    def refuse(self, asked: Asked, request: Request, fault: Fault) -> Reply:  # noqa: ARG002 - the protocol's
        """Say in OCI's words that this befell it."""
        return render(befallen(fault), self._request_id())

    def answer(self, asked: Asked, request: Request, strike: Strike) -> Reply:
        """Carry a request out, if it is signed and allowed."""
        self._estate.timetable.settle()
        try:
            user = signing.check(request, request.target, self._estate.keys).split("/")[1]
            at = asking.target(request)
            where = self._compartment(at, request)
            if where and not policies.may(self._estate, user, asked.method, where):
                raise not_found()
            return self._answer(
                Call(estate=self._estate, request=request, strike=strike, at=at, user=user)
            )
        except Refused as refused:
            return render(refused, self._request_id())

    def beyond(self, asked: Asked, error: Exception) -> Reply:
        """Say that the emulator cannot do this."""
        message = f"The sandbox cannot carry out {asked.method} ({type(error).__name__}: {error})"
        return render(Refused(501, "NotImplemented", message), self._request_id())

    def _answer(self, call: Call) -> Reply:
        at, verb = call.at, call.request.method
        if at.root == "/n":
            return objects.asked(call)
        searches = {
            ("POST", "resources"): searching.search,
            ("GET", "resourceTypes"): searching.types,
        }
        if at.root == "/20180409" and (verb, *at.parts) in searches:
            return searches[verb, at.parts[0]](call)
        if at.sort is None:
            return special.asked(call)
        if at.rest:
            return special.below(call, at.sort)
        if not at.id:
            answer = {"GET": calls.listed, "POST": calls.created}
        else:
            answer = {"GET": calls.read, "PUT": calls.updated, "DELETE": calls.deleted}
        if verb not in answer:
            raise call.not_served()
        return answer[verb](call, at.sort)

    def _compartment(self, at: Target, request: Request) -> str:
        """Where something is, as far as the request says or the estate knows."""
        if told := request.parameter("compartmentId"):
            return told
        if at.parts[:1] == ("tenancies",):
            return self._estate.tenancy
        body = asking.told(request) if request.method == "POST" else {}
        if made := not at.id and body.get("compartmentId"):
            return str(made)
        named = body.get("instanceId") if not at.id else ""  # what is attached is where that is
        path = at.id or request.parameter("vnicId") or request.parameter("subnetId") or str(named)
        if at.id == "actions":
            path = self._meant(at, request)
        if at.root == "/n" and len(at.parts) > 2:  # noqa: PLR2004 - a bucket's name
            path = f"b/{at.region}/{at.parts[2]}"
        node = self._estate.shown(path) if path else None
        return "" if node is None else str(node.body.get("compartmentId", ""))

    def _meant(self, at: Target, request: Request) -> str:
        """What an action without an ID is about, such as the address that a private one has."""
        private = str(asking.told(request).get("privateIpId") or "")
        kind = "" if at.sort is None else at.sort.kind
        borne = (
            each.path
            for each in self._estate.graph.of(kind)
            if each.body.get("assignedEntityId") == private
        )
        return next(borne, private)

    def _request_id(self) -> str:
        return self._estate.digits(32).upper()


def operation(method: str) -> Operation:
    """Tell what sort of call a method is; a look at a work request is a POLL."""
    if method.startswith("workrequests."):
        return Operation.POLL
    if method.startswith("identity.tenancies."):
        return Operation.IDENTITY
    return _OPERATIONS.get(method.rpartition(".")[2], Operation.CREATE)
