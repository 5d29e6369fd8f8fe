"""A call of one of the services beside Compute, and what their methods have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from reaper.sandbox.faults import Effect
from reaper.sandbox.gce.compute.asking import json_of
from reaper.sandbox.gce.dialect import Refused
from reaper.sandbox.gce.estate import Estate, reused
from reaper.sandbox.kernel.gateway import Strike
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.pages import BadToken, page
from reaper.sandbox.kernel.requests import Reply, Request, as_json

_NO_TIME = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call.

    Attributes:
        parts: What stands in the path's places, by the names that the method gives them.
    """

    estate: Estate
    request: Request
    strike: Strike
    parts: Mapping[str, str]

    @property
    def project(self) -> str:
        """The project's ID, also where its number stands.

        Raises:
            Refused: There is no such project.
        """
        asked = self.parts["project"]
        for project, number in self.estate.projects.items():
            if asked in {project, number}:
                return project
        message = f"Permission denied on resource project {asked}."
        raise Refused(403, "forbidden", message)

    @property
    def number(self) -> str:
        """The project's number."""
        return self.estate.projects[self.project]

    def body(self) -> dict[str, Any]:
        """Read the request's body.

        Raises:
            Refused: It is no JSON object.
        """
        return json_of(self.request)

    def found(self, path: str, words: str) -> Node:
        """Find what has this path.

        Raises:
            Refused: It is not there, or still hidden; `words` says so.
        """
        node = self.estate.graph.find(path)
        if node is None or self._hidden(node):
            raise Refused(404, "notFound", words)
        return node if self.strike(Effect.REUSED) is None else reused(self.estate, node)

    def free(self, path: str, words: str) -> None:
        """Check that nothing has this path.

        Raises:
            Refused: Something has; `words` says so.
        """
        if self.estate.graph.find(path) is not None:
            raise Refused(409, "alreadyExists", words)

    def seen(self, kind: str, prefix: str) -> list[tuple[str, Node, Mapping[str, Any]]]:
        """List what there is of a kind below a path, as the service's index has it, in order."""
        lag, ghost = self.strike(Effect.LAG), self.strike(Effect.GHOST)
        graph = self.estate.graph
        found: Iterable[tuple[Node, Mapping[str, Any]]]
        if lag is None and ghost is None:
            found = ((node, node.body) for node in graph.of(kind))
        else:
            late = lag.delay if lag else _NO_TIME
            found = graph.seen((kind,), lag=late, ghost=ghost.delay if ghost else _NO_TIME)
        rows = [(each.path, each, body) for each, body in found if each.path.startswith(prefix)]
        return sorted(rows, key=lambda row: row[0])

    def listing(
        self,
        name: str,
        rows: Iterable[tuple[str, object]],
        *,
        size: str = "pageSize",
        most: int = 1000,
    ) -> dict[str, Any]:
        """Answer with a page of a list, whose rows come with what they are sorted by.

        Raises:
            Refused: The page's token is not good (any more).
        """
        token = self.request.parameter("pageToken")
        query = f"{self.request.path}?{self.request.parameter('filter')}"
        if token and self.strike(Effect.EXPIRED) is not None:
            raise Refused(400, "invalid", "The page token is invalid or has expired.")
        try:
            cut = page(
                list(rows),
                key=lambda row: row[0],
                size=min(int(self.request.parameter(size, "0")) or most, most),
                token=token,
                query=query,
                now=self.estate.timetable.now(),
                lasts_s=self.estate.lags.token_s,
            )
        except BadToken as error:
            message = "The page token is invalid or has expired."
            raise Refused(400, "invalid", message) from error
        shown: dict[str, Any] = {name: [body for _, body in cut.items]} if cut.items else {}
        return shown | ({"nextPageToken": cut.token} if cut.token else {})

    def _hidden(self, node: Node) -> bool:
        hidden = self.strike(Effect.HIDDEN)
        age = timedelta(seconds=self.estate.clock.elapsed() - node.born)
        return hidden is not None and age < hidden.delay


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One method.

    Attributes:
        id: As the discovery document has it.
        path: With named groups; `project` and `location` are among them where there are any.
    """

    id: str
    http: str
    path: re.Pattern[str]
    carry_out: Callable[[Call], Any]

    @property
    def service(self) -> str:
        """The service it is of."""
        return self.id.partition(".")[0]

    def parts(self, request: Request) -> dict[str, str] | None:
        """Read the places of the path; None: it is not a call of this method."""
        found = self.path.fullmatch(request.path) if request.method == self.http else None
        return {key: unquote(each) for key, each in found.groupdict().items()} if found else None


def method(id_: str, http: str, path: str, carry_out: Callable[[Call], Any]) -> Method:
    """Make a method; `{name}` in the path stands for whatever stands there."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", path)
    return Method(id=id_, http=http, path=re.compile(pattern), carry_out=carry_out)


def named(methods: Iterable[Method], request: Request) -> tuple[Method, dict[str, str]] | None:
    """Find the method that a request calls, and read its path."""
    for each in methods:
        parts = each.parts(request)
        if parts is not None:
            return each, parts
    return None


def reply(answer: Any) -> Reply:
    """Answer with what a method hands back: JSON, or None for no content."""
    if isinstance(answer, Reply):
        return answer
    return Reply(status=204) if answer is None else as_json(200, answer)


def without(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Leave out what a request may not set."""
    return {key: each for key, each in body.items() if key not in names}


def masked(call: Call, node: Node) -> Iterator[str]:
    """Change what the request's `updateMask` names, and tell what that was."""
    asked = call.body()
    for name in call.request.parameter("updateMask", ",".join(asked)).split(","):
        if name in asked:
            node.body[name] = asked[name]
        else:
            node.body.pop(name, None)
        yield name
    call.estate.graph.touch(node)
