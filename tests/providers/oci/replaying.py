"""Serves responses that were recorded from OCI's real API, on loopback.

They lie beside the project, in `../shared/recordings/oci`, or where REAPER_TEST_RECORDINGS says: a
cassette a file, exchanges in order. Every OCID's unique part was replaced by the same text: where
a thing tells its own, it gets one that is made of its name and time. What was not recorded is made
of what was: one thing from the list that it stands in; and who the tenancy is. All else is refused.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from reaper.providers.oci.kinds import KINDS
from reaper.sandbox.kernel.requests import Reply, Request, as_json
from reaper.sandbox.kernel.serving import serve
from reaper.sandbox.oci.sorts import AT

_BESIDE = Path(__file__).parents[3].parent / "shared" / "recordings"
FOLDER = Path(os.environ.get("REAPER_TEST_RECORDINGS", _BESIDE)) / "oci"
MISSING = f"there are no recorded responses at {FOLDER}"
REGION = "us-ashburn-1"
TENANCY = "ocid1.tenancy.oc1..same"
COMPARTMENT = "ocid1.compartment.oc1..same"
_UNIQUE = "<unique_ID>"
_OWN = ("id", "identifier")
_KEPT = ("etag", "opc-next-page", "opc-work-request-id")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One recorded exchange.

    Attributes:
        path: Without the thing's own ID, where it ends in one.
    """

    method: str
    path: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: Any

    @property
    def kind(self) -> str | None:
        """The kind that its list is of; None: it is no list of one."""
        if self.method != "GET" or not isinstance(self.body, list):
            return None
        if re.fullmatch(r"/n/[^/]+/b", self.path):
            return "oci:objectstorage:bucket"
        _, root, collection = self.path.split("/", 2)
        sort = AT.get((f"/{root}", collection))
        nouns = {kind.noun: name for name, kind in KINDS.items()}
        return None if sort is None else nouns.get(sort.noun)


def cassettes() -> list[str]:
    """The names of all that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def exchanges(cassette: str) -> list[Exchange]:
    """Read a cassette."""
    recorded = yaml.safe_load((FOLDER / f"{cassette}.yml").read_text())["interactions"]
    return [_exchange(each) for each in recorded]


def _exchange(recorded: Mapping[str, Any]) -> Exchange:
    response = recorded["response"]
    return Exchange(
        method=recorded["request"]["method"],
        path=_bare(urlsplit(recorded["request"]["uri"]).path),
        status=response["status"]["code"],
        headers=tuple(
            (name.lower(), values[0])
            for name, values in response["headers"].items()
            if name.lower() in _KEPT
        ),
        body=_minted(response["body"].get("data")),
    )


def _bare(path: str) -> str:
    """A path without what differs: IDs, and the namespace of Object Storage."""
    bare = re.sub(r"/ocid1\.[^/]+", "/*", unquote(path)).rstrip("/")
    return re.sub(r"^/n/[^/]+/", "/n/*/", bare)


def _minted(body: Any) -> Any:
    if isinstance(body, list):
        return [_minted(each) for each in body]
    if isinstance(body, dict):
        told = "".join(
            str(body.get(name)) for name in ("displayName", "name", "timeCreated") if name in body
        )
        digits = hashlib.sha256(told.encode()).hexdigest()[:20]
        return {
            name: each.replace(_UNIQUE, digits)
            if name in _OWN and isinstance(each, str)
            else _minted(each)
            for name, each in body.items()
        }
    return body.replace(_UNIQUE, "same") if isinstance(body, str) else body


@dataclass
class Replay:
    """What answers: the recorded exchanges, and what follows from them.

    Attributes:
        sent: What was asked that changes something, with its `if-match`.
    """

    recorded: list[Exchange]
    address: str = ""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    sent: list[tuple[str, str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_call: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
        self.items: dict[str, dict[str, Any]] = {}
        for each in self.recorded:
            self.by_call[each.method, each.path].append(each)
            for item in each.body if each.kind is not None else ():
                self.items[str(item.get("id") or item["name"])] = item

    def answer(self, request: Request) -> Reply:
        if request.method not in {"GET", "HEAD"} and not request.path.endswith("/resources"):
            self.sent.append((request.method, request.path, request.headers.get("if-match")))
        key = request.method, _bare(request.path)
        told = self.by_call.get(key)
        own = unquote(request.path).rpartition("/")[2]
        if told and (own not in self.items or self._is_of(told[-1], own)):
            exchange = told[min(self.asked[key], len(told) - 1)]
            self.asked[key] += 1
            shown = as_json(exchange.status, exchange.body)
            headers = (*shown.headers, *exchange.headers)
            return Reply(status=shown.status, body=shown.body, headers=headers)
        return self._derived(request, own)

    @staticmethod
    def _is_of(exchange: Exchange, own: str) -> bool:
        body = exchange.body
        return isinstance(body, dict) and own in {body.get("id"), body.get("name")}

    def _derived(self, request: Request, own: str) -> Reply:
        path = unquote(request.path)
        if request.method == "GET" and own in self.items:
            return as_json(200, self.items[own])
        if path.endswith(f"/tenancies/{TENANCY}"):
            return as_json(200, {"id": TENANCY, "name": "recorded", "homeRegionKey": "IAD"})
        if path.endswith("/regionSubscriptions"):
            shown = {
                "regionKey": "IAD",
                "regionName": REGION,
                "status": "READY",
                "isHomeRegion": True,
            }
            return as_json(200, [shown])
        if path.endswith(f"/compartments/{COMPARTMENT}"):
            return as_json(200, {"id": COMPARTMENT, "lifecycleState": "ACTIVE"})
        message = f"not recorded: {request.method} {request.path}"
        return as_json(501, {"code": "NotImplemented", "message": message})


@contextmanager
def replay(cassette: str) -> Iterator[Replay]:
    """Serve a cassette in order, the last one of each call for ever."""
    found = Replay(exchanges(cassette))
    with ExitStack() as exits:
        found.address = serve(found.answer, port=0, name="oci-replay", exits=exits)
        yield found
