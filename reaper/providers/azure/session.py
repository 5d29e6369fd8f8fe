"""Who we are at Azure: credentials, the connection, and calls that are answered in JSON.

Resources are listed, read and deleted by their IDs through azure-core's pipeline, not by the typed
clients. That was measured on one machine (Python 3.11, azure-core 1.41, azure-mgmt-compute 39,
azure-mgmt-network 33, azure-mgmt-resource 26): the import of azure-core's pipeline took 0.3 s and
26 MB, of azure-identity 0.9 s and 44 MB, of the resources client 0.4 s and 39 MB, of the compute
client 0.9 s and 141 MB, of the network client 1.9 s and 308 MB; on disk they have 1, 1, 1, 7 and
16 MB. One call by ID serves every type, and the typed clients would take one library for each
service. So azure-mgmt-compute is loaded only where Compute has calls with parameters of its own
(`typed.py`), and azure-mgmt-network by tests only, which hold paths to the SDKs' models.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest

from reaper.errors import ReadOnlyViolation
from reaper.providers.azure.answers import CALL_ERRORS, NoCredentials, passing, read_error
from reaper.providers.azure.credentials import CLOUDS, authorising
from reaper.providers.failures import Unanswered

if TYPE_CHECKING:
    from reaper.config.places import AzurePlace

_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 60
_READ_ATTEMPTS = 6
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 8.0
# Azure says how long it wants no calls; more than that is for the next sweep.
_LONGEST_WAIT_S = 30.0
_POOL = 32
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# The POST that changes nothing.
_ASKING = "/providers/microsoft.resourcegraph/resources"


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What Azure answered.

    Attributes:
        headers: Their names are in lower case.
    """

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]


class Connection:
    """The connection to Azure of one configured subscription, opened when it is first needed.

    Reads are tried again by themselves; what changes something is sent once.

    Args:
        read_only: A call that changes something raises before it is sent.
    """

    def __init__(self, place: AzurePlace, *, read_only: bool) -> None:
        self.place = place
        self._read_only = read_only
        self._lock = threading.Lock()
        self._pipeline: Any = None
        self._policies: list[Any] = []
        self._transport: Any = None

    @property
    def base(self) -> str:
        """Where Resource Manager answers."""
        return (self.place.endpoint or CLOUDS[self.place.cloud].manager).rstrip("/")

    @property
    def who(self) -> str:
        """As whom, for a sentence."""
        if self.anonymous:
            return "no credentials"
        if self.place.credentials == "auto":
            return "the credentials that azure-identity found"
        return f"the credentials of {self.place.credentials}"

    @property
    def anonymous(self) -> bool:
        """Whether no credentials are sent: never to an emulator's plain HTTP."""
        return self.base.startswith("http://")

    @property
    def emulated(self) -> bool:
        """Whether all calls go to this machine."""
        return urlsplit(self.base).hostname in _LOOPBACK

    def read(
        self,
        path: str,
        version: str,
        parameters: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
    ) -> Response:
        """Ask something; with a body, by the one POST that changes nothing.

        Raises:
            ArmError, Unanswered: It was refused, or not answered, so often as it was tried.
        """
        if body is not None and path.lower() != _ASKING:
            raise ReadOnlyViolation(f"POST {path} is no reading call")
        method = "GET" if body is None else "POST"
        return self._tried(method, self._address(path, version, parameters), body)

    def follow(self, link: str) -> Response:
        """Ask at a link that Azure gave: a list's next page, or an operation.

        Raises:
            ArmError, Unanswered: As `read`; also where the link leads away from Azure, to where
                no credentials of ours belong.
        """
        if not self.leads_here(link):
            raise Unanswered(f"{link!r} leads away from {self.base}", sent=False)
        parts = urlsplit(link)
        host = urlsplit(self.base)
        address = f"{host.scheme}://{host.netloc}{parts.path}"
        return self._tried("GET", f"{address}?{parts.query}" if parts.query else address, None)

    def leads_here(self, link: str) -> bool:
        """Whether a link is Resource Manager's own, of any of its regions."""
        own, other = urlsplit(self.base), urlsplit(link)
        here, there = own.hostname or "", other.hostname or ""
        same = there == here or there.endswith(f".{here}")
        return same and (own.scheme == other.scheme) and (other.port or 443) == (own.port or 443)

    def change(
        self, method: str, path: str, version: str, parameters: Mapping[str, str] | None = None
    ) -> Response:
        """Change something, once.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
            ArmError, Unanswered: It was refused, or not answered.
        """
        self.refuse_change(f"{method} {path}")
        return self._send(method, self._address(path, version, parameters), None)

    def refuse_change(self, what: str) -> None:
        """Refuse what would change something in a place that was opened read-only.

        Raises:
            ReadOnlyViolation: It was.
        """
        if self._read_only:
            raise ReadOnlyViolation(f"{what} on a read-only place")

    def parts(self) -> tuple[list[Any], Any]:
        """The policies and the transport, for a typed client: it sends as we do.

        Raises:
            Unanswered: There are no credentials that can be used.
        """
        self._opened()
        return self._policies, self._transport

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            transport, self._transport, self._pipeline = self._transport, None, None
        if transport is not None:
            transport.close()

    # --- sending --------------------------------------------------------------------------------

    def _address(self, path: str, version: str, parameters: Mapping[str, str] | None) -> str:
        query = urlencode({"api-version": version, **(parameters or {})}, quote_via=quote)
        return f"{self.base}{quote(path)}?{query}"

    def _tried(self, method: str, address: str, body: Mapping[str, Any] | None) -> Response:
        pause = _FIRST_PAUSE_S
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return self._send(method, address, body)
            except CALL_ERRORS as error:
                if attempt == _READ_ATTEMPTS or not passing(error):
                    raise
                wait = getattr(error, "retry_after_s", None) or pause
            time.sleep(min(wait, _LONGEST_WAIT_S) * random.uniform(1.0, 1.2))  # noqa: S311 - jitter
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    def _send(self, method: str, address: str, body: Mapping[str, Any] | None) -> Response:
        request = HttpRequest(method, address, json=body, headers={"Accept": "application/json"})
        try:
            answered = self._opened().run(request).http_response
        except ClientAuthenticationError as error:
            raise NoCredentials(f"the credentials are not accepted: {error}") from error
        except ServiceRequestError as error:
            raise Unanswered(
                f"nobody answers at {self.base}: {_short(error)}", sent=False
            ) from error
        except AzureError as error:
            raise Unanswered(f"the connection broke: {_short(error)}", sent=True) from error
        return read_response(answered)

    def _opened(self) -> Any:
        with self._lock:
            if self._pipeline is None:
                session = requests.Session()
                adapter = requests.adapters.HTTPAdapter(pool_connections=_POOL, pool_maxsize=_POOL)
                session.mount("https://", adapter)
                session.mount("http://", adapter)
                session.trust_env = not self.emulated
                self._transport = RequestsTransport(
                    session=session,
                    session_owner=True,
                    connection_timeout=_CONNECT_TIMEOUT_S,
                    read_timeout=_READ_TIMEOUT_S,
                )
                # None of the SDK's retries, redirects, logs, or registrations of providers.
                self._policies = [UserAgentPolicy("leak-reaper"), *authorising(self)]
                self._pipeline = Pipeline(self._transport, policies=self._policies)
                self._transport.open()
            return self._pipeline


def read_response(answered: Any) -> Response:
    """Read an answer of azure-core's.

    Raises:
        ArmError: It is a refusal.
        Unanswered: It is not as documented.
    """
    status = int(answered.status_code)
    headers = {str(name).lower(): str(value) for name, value in answered.headers.items()}
    content = _content(answered)
    try:
        body = json.loads(content) if content.strip() else {}
    except ValueError as error:
        if status < HTTPStatus.BAD_REQUEST:
            raise Unanswered("the answer is no JSON", sent=True) from error
        body = None
    if status >= HTTPStatus.BAD_REQUEST:
        after = headers.get("retry-after", "")
        raise read_error(
            status,
            body,
            text=content,
            retry_after_s=float(after) if after.isdigit() else None,
        )
    if status >= HTTPStatus.MULTIPLE_CHOICES or not isinstance(body, dict):
        raise Unanswered(f"the answer is not as documented ({status})", sent=True)
    return Response(status=status, body=body, headers=headers)


def _content(answered: Any) -> str:
    if hasattr(answered, "read"):
        answered.read()
    return str(answered.text())


def _short(error: Exception) -> str:
    inner = getattr(error, "inner_exception", None)
    return type(inner or error).__name__
