"""A plain client of Google's REST APIs at an endpoint on loopback, without any of Google's SDKs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from time import sleep
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

_GOOD = range(200, 300)


class Refusal(Exception):
    """Google said no.

    Attributes:
        reason: Of the first of `errors`, or the `status`.
        error: The whole of it.
    """

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {error.get('message')}")
        self.status = status
        self.error = error
        self.reason = (error.get("errors") or [{}])[0].get("reason") or error.get("status", "")


class OperationFailed(Exception):
    """A long operation failed in the end.

    Attributes:
        operation: As it was shown last.
    """

    def __init__(self, operation: Mapping[str, Any]) -> None:
        super().__init__(json.dumps(operation.get("error")))
        self.operation = operation


class Rest:
    """Asks one endpoint, over a connection that stays open; a context manager that closes it."""

    def __init__(self, endpoint: str) -> None:
        self._connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: Any = None, **parameters: object) -> dict[str, Any]:
        """Ask, and hand back the answer; parameters that are a list are repeated.

        Raises:
            Refusal: The answer is an error.
        """
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if sent is not None else {}
        return self.send(method, path, sent, headers, **parameters)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        **parameters: object,
    ) -> dict[str, Any]:
        """Ask with a body that need not be JSON.

        Raises:
            Refusal: The answer is an error.
        """
        query = urlencode({key: _text(each) for key, each in parameters.items()}, doseq=True)
        self._connection.request(method, path + (f"?{query}" if query else ""), body, dict(headers))
        with self._connection.getresponse() as response:
            text = response.read()
        answer: dict[str, Any] = json.loads(text) if text else {}
        if response.status not in _GOOD:
            raise Refusal(response.status, answer.get("error", {}))
        return answer

    def pages(self, path: str, **parameters: object) -> Iterator[dict[str, Any]]:
        """Ask for a list, page by page.

        Raises:
            Refusal: The answer is an error.
        """
        token = ""
        while True:
            page = self.ask("GET", path, **parameters, **({"pageToken": token} if token else {}))
            yield page
            token = page.get("nextPageToken", "")
            if not token:
                return

    def done(self, operation: Mapping[str, Any]) -> dict[str, Any]:
        """Wait until a Compute operation is done, and hand back how it is then.

        Raises:
            OperationFailed: It failed in the end.
        """
        shown = dict(operation)
        while shown["status"] != "DONE":
            shown = self.ask("GET", urlsplit(shown["selfLink"]).path)
            if shown["status"] != "DONE":
                sleep(0.01)
        if "error" in shown:
            raise OperationFailed(shown)
        return shown


def _text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
