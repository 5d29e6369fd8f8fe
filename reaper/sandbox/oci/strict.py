"""The strict mode: what does not conform to the SDK's models is noted, and refused."""

from __future__ import annotations

import json

from reaper.sandbox.faults import Fault
from reaper.sandbox.kernel.gateway import Asked, Cloud, Strike
from reaper.sandbox.kernel.requests import Reply, Request
from reaper.sandbox.oci.asking import body_of
from reaper.sandbox.oci.conformity import faults_of_reply, faults_of_request
from reaper.sandbox.oci.dialect import NOT_SERVED, Refused, render

_GOOD = range(200, 300)


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
        """Say in OCI's words that this befell it."""
        return self._cloud.refuse(asked, request, fault)

    def answer(self, asked: Asked, request: Request, strike: Strike) -> Reply:
        """Carry a request out, if it is one that OCI would read."""
        if wrong := _faults(asked, request):
            self._note(asked, "asked", wrong)
            return render(Refused(400, "InvalidParameter", "; ".join(wrong)), "STRICT")
        reply = self._cloud.answer(asked, request, strike)
        if reply.status == NOT_SERVED:
            self._note(asked, "answered", [str(json.loads(reply.body)["message"])])
        if reply.status in _GOOD and reply.body:
            self._note(
                asked, "answered", list(faults_of_reply(asked.method, json.loads(reply.body)))
            )
        return reply

    def beyond(self, asked: Asked, error: Exception) -> Reply:
        """Say that the emulator cannot do this."""
        self.violations.append(f"{asked.method}: {type(error).__name__}: {error}")
        return self._cloud.beyond(asked, error)

    def _note(self, asked: Asked, when: str, wrong: list[str]) -> None:
        self.violations += [f"{asked.method} {when}: {each}" for each in dict.fromkeys(wrong)]


def _faults(asked: Asked, request: Request) -> list[str]:
    """What a body lacks that makes something; none where it cannot be read: the cloud says that."""
    if request.method != "POST" or not request.body:
        return []
    try:
        body = body_of(request)
    except Refused:
        return []
    return list(faults_of_request(asked.method, body))
