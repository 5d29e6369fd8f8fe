"""Calls in one region: every page of an answer, in batches, and several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from reaper.providers.aws.answers import CALL_ERRORS
from reaper.providers.aws.kind import Call, fill, search
from reaper.providers.aws.names import GLOBAL
from reaper.providers.aws.permissions import actions_of
from reaper.providers.aws.session import Clients

T = TypeVar("T")
U = TypeVar("U")

_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """One region's (or the global) services of one account."""

    clients: Clients
    scope: str

    @property
    def account(self) -> str:
        """The account's number."""
        return self.scope.partition("/")[0]

    @property
    def region(self) -> str:
        """The region that calls go to."""
        region = self.scope.partition("/")[2]
        return self.clients.home if region == GLOBAL else region

    def in_region(self, region: str) -> Api:
        """The same account, elsewhere."""
        return Api(clients=self.clients, scope=f"{self.account}/{region}")

    def pages(self, service: str, call: Call, **given: Any) -> Iterator[Mapping[str, Any]]:
        """Make a reading call, and give every page of its answer.

        Raises:
            ClientError, BotoCoreError: AWS refused; what came before is not the whole answer.
        """
        with self._noting(call.service or service, call.operation):
            client = self.clients.reader(call.service or service, self.region)
            arguments = fill(call.arguments, region=self.region, **given)
            if client.can_paginate(call.operation):
                yield from client.get_paginator(call.operation).paginate(**arguments)
            else:
                yield getattr(client, call.operation)(**arguments)

    def items(self, service: str, call: Call, **given: Any) -> list[Any]:
        """Make a reading call, and give what it was asked for, of all pages."""
        return [each for page in self.pages(service, call, **given) for each in _listed(call, page)]

    def read(self, service: str, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """Make one reading call."""
        with self._noting(service, operation):
            client = self.clients.reader(service, self.region)
            answer: Mapping[str, Any] = getattr(client, operation)(**arguments)
        return answer

    def change(self, service: str, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """Make one mutating call, once.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
        """
        with self._noting(service, operation):
            client = self.clients.deleter(service, self.region)
            answer: Mapping[str, Any] = getattr(client, operation)(**arguments)
        return answer

    def describe(self, service: str, call: Call) -> str:
        """Name a call for a sentence: action, region and as whom."""
        return self.action(call.service or service, call.operation)

    def action(self, service: str, operation: str) -> str:
        """Name an operation for a sentence, as a policy would write it."""
        action = actions_of(service, operation)[0]
        where = GLOBAL if self.scope.endswith(f"/{GLOBAL}") else self.region
        return f"{action} in {where} ({self.clients.who})"

    @contextmanager
    def _noting(self, service: str, operation: str) -> Iterator[None]:
        """Let an error tell which call ended in it, wherever it is caught."""
        try:
            yield
        except CALL_ERRORS as error:
            error.add_note(self.action(service, operation))
            raise


def at_once(job: Callable[[T], U], each: Iterable[T]) -> list[U]:
    """Do a job for each, several at once; results in order."""
    work = list(each)
    if len(work) < 2:  # noqa: PLR2004 - one needs no threads
        return [job(item) for item in work]
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(work))) as pool:
        return list(pool.map(job, work))


def batches(ids: Sequence[T], size: int) -> list[Sequence[T]]:
    """Cut into pieces of at most this size."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _listed(call: Call, page: Mapping[str, Any]) -> list[Any]:
    if call.items == "@":
        return [page]
    return found_all(call.items, page)


def found_all(path: str, page: Any) -> list[Any]:
    """What a path finds in a page, unhashable things too."""
    value = search(path, page)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
