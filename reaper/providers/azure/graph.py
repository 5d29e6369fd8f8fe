"""Resource Graph: one paged query for all subscriptions, under a quota that its answers tell.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reaper.providers.azure.api import GRAPH
from reaper.providers.azure.session import Connection
from reaper.providers.failures import Incomplete

_PATH = "/providers/Microsoft.ResourceGraph/resources"
_PAGE = 1000
_CLOCK = re.compile(r"(\d+):(\d+):(\d+)")
_LONGEST_WAIT_S = 15.0


def ask(
    connection: Connection, query: str, subscriptions: Sequence[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Read every row, as the pages come; of all subscriptions that can be seen, or of these.

    A query must order by `id` and show it, else its pages overlap.

    Raises:
        ArmError, Unanswered: A page was refused; what came before is not all.
        Incomplete: The answer says that it is not whole.
    """
    body: dict[str, Any] = {
        "query": query,
        "options": {"$top": _PAGE, "resultFormat": "objectArray"},
    }
    if subscriptions is not None:
        body["subscriptions"] = list(subscriptions)
    seen: set[str] = set()
    while True:
        answer = connection.read(_PATH, GRAPH, body=body)
        rows = answer.body.get("data")
        if not isinstance(rows, list):
            raise Incomplete("Resource Graph's answer has no rows")
        yield from rows
        token = answer.body.get("$skipToken")
        if not token:
            if str(answer.body.get("resultTruncated")).lower() == "true":
                raise Incomplete("Resource Graph's answer was cut off")
            return
        if token in seen:
            raise Incomplete("Resource Graph names the same page as the next one again")
        seen.add(token)
        body["options"]["$skipToken"] = token
        time.sleep(wait_s(answer.headers))


def wait_s(headers: Mapping[str, str]) -> float:
    """How long to wait before the next query, by what the answer says of the quota."""
    if headers.get("x-ms-user-quota-remaining", "") != "0":
        return 0.0
    match = _CLOCK.match(headers.get("x-ms-user-quota-resets-after", ""))
    if match is None:
        return 1.0
    hours, minutes, seconds = map(int, match.groups())
    return min(hours * 3600.0 + minutes * 60.0 + seconds, _LONGEST_WAIT_S)
