"""The strict mode: what does not conform to Google's discovery documents is noted, and refused."""

from __future__ import annotations

from reaper.sandbox.faults import Fault
from reaper.sandbox.gce.conformity import faults_of_reply, faults_of_request, method_of
from reaper.sandbox.gce.dialect import Refused, render
from reaper.sandbox.kernel.gateway import Asked, Cloud, Strike
from reaper.sandbox.kernel.requests import Reply, Request

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
        """Say in Google's words that this befell it."""
        return self._cloud.refuse(asked, request, fault)

    def answer(self, asked: Asked, request: Request, strike: Strike) -> Reply:
        """Carry a request out, if it is one that Google would read."""
        if asked.service == "oauth2":  # of which there is no document
            return self._cloud.answer(asked, request, strike)
        method = method_of(asked.service, request)
        if method is None or method.id != asked.method:
            called = method.id if method else f"no method ({request.method} {request.path})"
            self.violations.append(f"{asked.method} is taken for what is {called}")
            return self._cloud.answer(asked, request, strike)
        wrong = list(faults_of_request(method, request))
        if wrong:
            self._note(asked, "asked", wrong)
            message = f"Invalid JSON payload received or invalid parameter. {'; '.join(wrong)}"
            return render(asked.service, Refused(400, "invalid", message))
        reply = self._cloud.answer(asked, request, strike)
        if reply.status in _GOOD:
            self._note(asked, "answered", list(faults_of_reply(method, reply)))
        return reply

    def beyond(self, asked: Asked, error: Exception) -> Reply:
        """Say that the emulator cannot do this."""
        self.violations.append(f"{asked.method}: {type(error).__name__}: {error}")
        return self._cloud.beyond(asked, error)

    def _note(self, asked: Asked, when: str, wrong: list[str]) -> None:
        self.violations += [f"{asked.method} {when}: {each}" for each in wrong]
