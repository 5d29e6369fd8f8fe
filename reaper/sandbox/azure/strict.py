"""The strict mode: what does not conform to the models of Azure's SDKs is noted, and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reaper.sandbox.azure.arm.asking import ask
from reaper.sandbox.azure.conformity import faults
from reaper.sandbox.azure.dialect import Refused, render
from reaper.sandbox.faults import Fault
from reaper.sandbox.kernel.gateway import Asked, Cloud, Strike
from reaper.sandbox.kernel.requests import Reply, Request

_GOOD = range(200, 203)
_PUT = frozenset({"put", "patch"})
# What a PUT of a container asks for is what a list tells of it.
_NO_BODY = frozenset({"begingetaccess", "endgetaccess", "purge", "delete"})


class StrictCloud:
    """Implements `reaper.sandbox.kernel.gateway.Cloud` before another one.

    Attributes:
        violations: What did not conform: requests, which are refused, and answers.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.violations: list[str] = []

    def recognise(self, request: Request) -> Asked:
        """Tell what a request asks for."""
        return self._cloud.recognise(request)

    def refuse(self, asked: Asked, request: Request, fault: Fault) -> Reply:
        """Say in Azure's words that this befell it."""
        return self._cloud.refuse(asked, request, fault)

    def answer(self, asked: Asked, request: Request, strike: Strike) -> Reply:
        """Carry a request out, if it is one that Azure would read."""
        wrong = list(_faults_of_request(request))
        if wrong:
            self._note(asked, "asked", wrong)
            message = f"Could not find member on object. {'; '.join(wrong)}"
            return render(Refused(400, "InvalidRequestContent", message), "strict")
        reply = self._cloud.answer(asked, request, strike)
        if reply.status in _GOOD and reply.body:
            self._note(asked, "answered", list(_faults_of_reply(request, json.loads(reply.body))))
        return reply

    def beyond(self, asked: Asked, error: Exception) -> Reply:
        """Say that the emulator cannot do this."""
        self.violations.append(f"{asked.method}: {type(error).__name__}: {error}")
        return self._cloud.beyond(asked, error)

    def _note(self, asked: Asked, when: str, wrong: list[str]) -> None:
        self.violations += [f"{asked.method} {when}: {each}" for each in wrong]


def _faults_of_request(request: Request) -> Iterator[str]:
    asking = ask(request)
    if asking.verb in _PUT:
        yield from faults(asking.kind, json.loads(request.body or b"{}"))
    elif asking.verb == "query":
        yield from faults("question", json.loads(request.body or b"{}"))


def _faults_of_reply(request: Request, body: Any) -> Iterator[str]:
    asking = ask(request)
    if asking.verb in _NO_BODY or asking.kind.endswith("/operations"):
        return
    if asking.verb == "list":
        for number, each in enumerate(body["value"]):
            yield from (f"[{number}]{fault}" for fault in faults(asking.kind, each))
    else:
        yield from faults(asking.kind, body)
