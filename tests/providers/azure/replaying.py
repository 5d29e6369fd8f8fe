"""Serves responses that were recorded from Azure's real API, on loopback.

They lie beside the project, in `../shared/recordings/azure`, or where REAPER_TEST_RECORDINGS says:
a cassette a file, exchanges in order. Calls are matched by method and path, without regard to case.
What was not recorded is made of what was: one resource from the list that it stands in, ARM's list
from the lists of types, and the provider list from the types that occur. Resource Graph
knows of nobody.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reaper.providers.azure.ids import read_id
from reaper.providers.azure.kinds import KINDS
from reaper.sandbox.kernel.requests import Reply, Request, as_json
from reaper.sandbox.kernel.serving import serve

SUBSCRIPTION = "ea42f556-5106-4743-99b0-c129bfa71a47"
_BESIDE = Path(__file__).parents[3].parent / "shared" / "recordings"
FOLDER = Path(os.environ.get("REAPER_TEST_RECORDINGS", _BESIDE)) / "azure"
MISSING = f"there are no recorded responses at {FOLDER}"
BASE = f"/subscriptions/{SUBSCRIPTION}"
GRAPH = "/providers/microsoft.resourcegraph/resources"
_KEPT = ("azure-asyncoperation", "location", "retry-after", "content-type")
_SUMMARY = ("id", "name", "type", "location", "tags", "managedBy", "sku", "kind")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One recorded exchange."""

    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def values(self) -> list[dict[str, Any]]:
        """The items, where it is a list."""
        found: list[dict[str, Any]] = (
            self.body.get("value", []) if isinstance(self.body, dict) else []
        )
        return found


def exchanges(*cassettes: str) -> list[Exchange]:
    """Read cassettes."""
    found = []
    for name in cassettes:
        for each in json.loads((FOLDER / f"{name}.json").read_text())["interactions"]:
            response = each["response"]
            headers = {
                key.lower(): values[0]
                for key, values in response["headers"].items()
                if key.lower() in _KEPT
            }
            found.append(
                Exchange(
                    method=each["request"]["method"],
                    path=urlsplit(each["request"]["uri"]).path.lower(),
                    status=response["status"]["code"],
                    headers=headers,
                    body=response["body"].get("data"),
                )
            )
    return found


@dataclass
class Replay:
    """What answers: the recorded exchanges, and what follows from them."""

    recorded: list[Exchange]
    address: str = ""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.by_call: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
        for each in self.recorded:
            self.by_call[each.method, each.path].append(each)
        self.items = {
            item["id"].lower(): item
            for each in self.recorded
            for item in each.values
            if "id" in item and read_id(item["id"]) is not None
        }

    def answer(self, request: Request) -> Reply:
        key = request.method, request.path.lower()
        told = self.by_call.get(key)
        if told:
            exchange = told[min(self.asked[key], len(told) - 1)]
            self.asked[key] += 1
            return self._reply(exchange)
        return self._derived(request)

    def _reply(self, exchange: Exchange) -> Reply:
        shown = as_json(exchange.status, exchange.body) if exchange.body is not None else None
        moved = tuple(
            (
                name,
                value.replace("https://management.azure.com:443", self.address).replace(
                    "https://management.azure.com", self.address
                ),
            )
            for name, value in exchange.headers.items()
            if name != "content-type"
        )
        if shown is None:
            return Reply(status=exchange.status, headers=moved)
        return Reply(status=shown.status, body=shown.body, headers=(*shown.headers, *moved))

    def _derived(self, request: Request) -> Reply:
        path = request.path.lower()
        if path in self.items:
            return as_json(200, self.items[path])
        if path == BASE:
            shown = {"subscriptionId": SUBSCRIPTION, "tenantId": "t", "state": "Enabled"}
            return as_json(200, shown)
        if path == f"{BASE}/providers":
            return as_json(200, {"value": self._providers()})
        if path == GRAPH:
            return as_json(200, {"totalRecords": 0, "count": 0, "data": []})
        if path.endswith("/resources"):
            inside = path.removesuffix("/resources") + "/"
            found = [
                {key: item[key] for key in _SUMMARY if key in item}
                for identity, item in self.items.items()
                if identity.startswith(inside) and "/providers/" in identity
            ]
            return as_json(200, {"value": found})
        if path == f"{BASE}/resourcegroups" or path.endswith(("/locks", "/containers")):
            return as_json(200, {"value": []})
        code = "ResourceNotFound" if request.method == "GET" else "NotImplemented"
        status = 404 if request.method == "GET" else 501
        return as_json(status, {"error": {"code": code, "message": f"not recorded: {path}"}})

    def _providers(self) -> list[dict[str, Any]]:
        kinds = {at.kind for item in self.items if (at := read_id(item)) is not None} | set(KINDS)
        return [
            {
                "namespace": kind.removeprefix("azure:").partition("/")[0],
                "resourceTypes": [
                    {"resourceType": kind.partition("/")[2], "apiVersions": ["2018-06-01"]}
                ],
            }
            for kind in sorted(kinds)
        ]


@contextmanager
def replay(*cassettes: str) -> Iterator[Replay]:
    """Serve cassettes in order, the last one of each call for ever."""
    found = Replay(exchanges(*cassettes))
    with ExitStack() as exits:
        found.address = serve(found.answer, port=0, name="azure-replay", exits=exits)
        yield found
