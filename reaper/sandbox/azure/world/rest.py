"""A plain client of Resource Manager at an endpoint on loopback, without any of Azure's SDKs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from time import sleep
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from reaper.sandbox.azure.arm.ids import target
from reaper.sandbox.azure.arm.kinds import TYPES

_GOOD = range(200, 300)
_ARM = "2021-04-01"


class Refusal(Exception):
    """Azure said no.

    Attributes:
        code: Azure's word for why.
        error: The whole of it.
    """

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {error.get('code')}: {error.get('message')}")
        self.status = status
        self.error = error
        self.code = str(error.get("code"))


class OperationFailed(Exception):
    """A long operation failed in the end, for this reason."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(json.dumps(dict(error)))
        self.error = error
        self.code = str(error.get("code"))


class Rest:
    """Asks one endpoint, over a connection that stays open; a context manager that closes it."""

    def __init__(self, endpoint: str) -> None:
        self._connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=30)
        self.headers: Mapping[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: Any = None, **parameters: object) -> dict[str, Any]:
        """Ask, with the API version of what the path leads to, and hand back the answer.

        `headers` are those of the last answer.

        Raises:
            Refusal: The answer is an error.
        """
        given = {"api-version": version_of(path), **parameters}
        return self.send(method, f"{quote(path)}?{urlencode(given)}", body)

    def send(self, method: str, address: str, body: Any = None) -> dict[str, Any]:
        """Ask at an address as it is.

        Raises:
            Refusal: The answer is an error.
        """
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if sent is not None else {}
        self._connection.request(method, address, sent, headers)
        with self._connection.getresponse() as response:
            text = response.read()
            self.headers = {name.lower(): value for name, value in response.getheaders()}
        answer: dict[str, Any] = json.loads(text) if text else {}
        if response.status not in _GOOD:
            raise Refusal(response.status, answer.get("error", {}))
        return {**answer, "+status": response.status} if method == "DELETE" else answer

    def listed(self, path: str, **parameters: object) -> Iterator[dict[str, Any]]:
        """Ask for a list, page by page.

        Raises:
            Refusal: The answer is an error.
        """
        page = self.ask("GET", path, **parameters)
        while True:
            yield from page["value"]
            if not page.get("nextLink"):
                return
            parts = urlsplit(page["nextLink"])
            page = self.send("GET", f"{parts.path}?{parts.query}")

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Put something."""
        return self.ask("PUT", path, dict(body))

    def drop(self, path: str) -> None:
        """Delete something, and wait until that is done.

        Raises:
            Refusal: It is refused at once.
            OperationFailed: It failed in the end.
        """
        self.done(self.ask("DELETE", path))

    def done(self, answer: Mapping[str, Any]) -> None:
        """Wait for the operation that the last answer began.

        Raises:
            OperationFailed: It failed in the end.
        """
        if answer.get("+status") != 202:  # noqa: PLR2004 - accepted
            return
        link = self.headers.get("azure-asyncoperation") or self.headers["location"]
        parts = urlsplit(link)
        while True:
            try:
                told = self.send("GET", f"{parts.path}?{parts.query}")
            except Refusal as refused:
                raise OperationFailed(refused.error) from refused
            if told.get("status") == "Failed":
                raise OperationFailed(told["error"])
            still = told.get("status") == "InProgress" or (
                not told and self.headers.get("location")
            )
            if not still:
                return
            sleep(0.01)


def version_of(path: str) -> str:
    """The API version of what a path leads to."""
    at = target(path)
    kind = at.kind
    if at.namespace is not None and at.rest:
        kind = at.collection if at.collection in TYPES else at.kind
    return TYPES[kind].version if kind in TYPES else _ARM
