"""What is asked of an emulated cloud and what it answers, as HTTP has it; and a count of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request.

    Attributes:
        path: Not decoded.
        query: Each parameter with all its values, decoded.
        headers: Their names are in lower case.
        target: Path and query as they came: what signatures are made over.
    """

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str]
    body: bytes
    target: str = ""

    def parameter(self, name: str, otherwise: str = "") -> str:
        """Tell a parameter's last value."""
        values = self.query.get(name, ())
        return values[-1] if values else otherwise

    def flag(self, name: str, *, otherwise: bool = False) -> bool:
        """Tell a parameter that is true or false, in whichever case it is written."""
        return self.parameter(name, str(otherwise)).lower() == "true"

    @property
    def text(self) -> str:
        """Path, parameters and body, in which its names stand."""
        query = "&".join(f"{name}={each}" for name, values in self.query.items() for each in values)
        return f"{self.path}?{query}\n{self.body.decode(errors='replace')}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def as_json(status: int, body: Any) -> Reply:
    """Answer with JSON."""
    text = json.dumps(body, ensure_ascii=False).encode()
    headers = (("Content-Type", "application/json; charset=UTF-8"),)
    return Reply(status=status, body=text, headers=headers)


class RequestLog:
    """Counts requests by place, service and operation; may be used from any thread."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = Lock()

    def add(self, *, place: str, service: str, operation: str) -> None:
        """Count one request."""
        with self._lock:
            self._counts[place, service, operation] += 1

    @property
    def counts(self) -> Counter[tuple[str, str, str]]:
        """How many requests there were, by place, service and operation."""
        with self._lock:
            return self._counts.copy()

    @property
    def total(self) -> int:
        """How many requests there were."""
        with self._lock:
            return self._counts.total()

    def count(self, *, service: str | None = None, operation: str | None = None) -> int:
        """How many requests there were to a service, for an operation; None: any."""
        return sum(
            number
            for (_, asked, done), number in self.counts.items()
            if service in {None, asked} and operation in {None, done}
        )

    def reset(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._counts.clear()
