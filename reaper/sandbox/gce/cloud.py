"""The emulated Google Cloud as a whole: which service a request is for, and in whose words."""

from __future__ import annotations

from reaper.sandbox.faults import Fault, Operation
from reaper.sandbox.gce.compute import asking, service
from reaper.sandbox.gce.dialect import Refused, befallen, denied, disabled, permission_of, render
from reaper.sandbox.gce.estate import Estate
from reaper.sandbox.gce.services import METHODS
from reaper.sandbox.gce.services.calls import Call, named, reply
from reaper.sandbox.kernel.gateway import Asked, Strike
from reaper.sandbox.kernel.requests import Reply, Request, as_json

_LISTS = frozenset({"list", "aggregatedList", "searchAllResources", "listInstances"})
_READS = frozenset(
    {
        "get",
        "wait",
        "listManagedInstances",
        "listNetworkEndpoints",
        "listReferrers",
        "testIamPermissions",
    }
)
_DELETES = frozenset({"delete", "destroy"})


class GoogleCloud:
    """Implements `reaper.sandbox.kernel.gateway.Cloud`."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def recognise(self, request: Request) -> Asked:
        """Tell what a request asks for: its method is called as in the discovery document."""
        if not request.path.startswith(asking.ROOT):
            return self._recognise_other(request)
        at = asking.target(request)
        where = f"{at.project}/{at.where}" if at.where else at.project
        return Asked(
            service="compute", method=at.method, operation=operation(at.method), scope=where
        )

    def refuse(self, asked: Asked, request: Request, fault: Fault) -> Reply:
        """Say in Google's words that this befell it."""
        return render(asked.service, befallen(asked, request, fault))

    def answer(self, asked: Asked, request: Request, strike: Strike) -> Reply:
        """Carry a request out."""
        estate = self._estate
        estate.timetable.settle()
        try:
            self._refuse_disabled(asked)
            if asked.service != "unknown" and permission_of(asked.method) in estate.lacking:
                raise denied(asked, request)
            if asked.service == "compute":
                return as_json(200, service.answer(estate, request, strike))
            return self._answer_other(asked, request, strike)
        except Refused as refused:
            return render(asked.service, refused)

    def beyond(self, asked: Asked, error: Exception) -> Reply:
        """Say that the emulator cannot do this."""
        message = f"The sandbox cannot carry out {asked.method} ({type(error).__name__}: {error})"
        return render(asked.service, Refused(501, "notImplemented", message))

    def _recognise_other(self, request: Request) -> Asked:
        found = named(METHODS, request)
        if found is None:
            words = f"{request.method} {request.path}"
            return Asked(service="unknown", method=words, operation=Operation.READ, scope="")
        method, parts = found
        project = parts.get("project") or request.parameter("project")
        bucket = self._estate.graph.find(f"b/{parts.get('bucket')}")
        where = (bucket.facts["project"] if bucket else project, parts.get("location", ""))
        return Asked(
            service=method.service,
            method=method.id,
            operation=operation(method.id),
            scope="/".join(each for each in where if each),
        )

    def _answer_other(self, asked: Asked, request: Request, strike: Strike) -> Reply:
        found = named(METHODS, request)
        if found is None:
            raise NotImplementedError(asked.method)
        method, parts = found
        call = Call(estate=self._estate, request=request, strike=strike, parts=parts)
        return reply(method.carry_out(call))

    def _refuse_disabled(self, asked: Asked) -> None:
        project = asked.scope.partition("/")[0]
        for each, number in self._estate.projects.items():
            if project in {each, number} and (each, asked.service) in self._estate.disabled:
                raise disabled(asked.service, number)


def operation(method: str) -> Operation:
    """Tell what sort of call a method is; a look at a long operation is a POLL."""
    *_, noun, verb = method.split(".")
    if verb in _LISTS:
        return Operation.INDEX
    if verb in _READS:
        return Operation.POLL if noun.lower().endswith("operations") else Operation.READ
    return Operation.DELETE if verb in _DELETES else Operation.CREATE
