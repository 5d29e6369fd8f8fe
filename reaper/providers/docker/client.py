"""The connection to an engine: docker-py's low-level client with time-outs, or read-only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from docker import APIClient
from docker.tls import TLSConfig
from docker.utils import version_gte, version_lt
from requests.exceptions import TooManyRedirects

from reaper.errors import ReadOnlyViolation
from reaper.providers.docker.address import Address
from reaper.providers.docker.ssh import SshAdapter

OLDEST_API = "1.30"  # before it some engines ignored label filters, and listed everything
NEWEST_API = "1.45"  # what a later one changes we have not seen
CONNECT_S = 10
READ_S = 30
# Killing and unmounting takes seconds, and with several at once each waits for the others.
DELETE_S = 90
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_SSH_BASE = "http://engine-over-ssh:2375"  # docker-py wants an address; the adapter ignores it


class EngineClient(APIClient):
    """docker-py's client; it follows no redirects, retries nothing, and never waits for ever."""

    def __init__(self, *, read_only: bool, **kwargs: Any) -> None:
        self.read_only = read_only
        super().__init__(timeout=READ_S, **kwargs)

    def request(self, method: str | bytes, url: str | bytes, **kwargs: Any) -> requests.Response:  # type: ignore[override]  # all else goes by keyword, here as in docker-py
        """Send one request, unless it would change something and that is forbidden."""
        self._guard(method)
        patience = DELETE_S if _name(method) == "DELETE" else READ_S
        kwargs["timeout"] = (CONNECT_S, patience)
        kwargs["allow_redirects"] = False
        # Said here, because requests prefers REQUESTS_CA_BUNDLE to what a session says.
        kwargs["verify"] = self.verify
        response = super().request(method, url, **kwargs)
        if response.status_code in range(300, 400):
            # docker-py takes whatever is no 4xx or 5xx for a success.
            raise TooManyRedirects(f"{url!s} answered with a redirect, as no engine does")
        return response

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request, under the same guard: one may come here directly."""
        self._guard(request.method or "")
        kwargs.setdefault("timeout", (CONNECT_S, READ_S))
        return super().send(request, **kwargs)

    def _guard(self, method: str | bytes) -> None:
        if self.read_only and _name(method) not in _SAFE_METHODS:
            raise ReadOnlyViolation(
                f"{_name(method)} was about to be sent to the engine by a read-only client"
            )


def connect(address: Address, *, read_only: bool) -> tuple[EngineClient, Mapping[str, Any]]:
    """Connect, in a version of the API that both ends speak, and pass on what /version told.

    Raises:
        UnsupportedApi: The engine is too old.
        DockerException, RequestException, OSError: It did not answer.
    """
    parts = urlsplit(address.url)
    if parts.scheme == "unix" and not Path(parts.path).exists():
        # docker-py would say so too, but leave a socket open behind it.
        raise FileNotFoundError(f"there is no socket {parts.path}")
    client = _client(address, read_only=read_only, version=OLDEST_API)
    try:
        told: Any = client.version(api_version=False)
        told = told if isinstance(told, dict) else {}
        version = choose_version(told)
    finally:
        client.close()
    return _client(address, read_only=read_only, version=version), told


class UnsupportedApi(Exception):
    """The engine speaks only versions of the API that reaper cannot rely on."""


def choose_version(told: Mapping[str, Any]) -> str:
    """The newest version of the API that the engine speaks and reaper knows.

    An engine that speaks none that we know is asked in its oldest.

    >>> choose_version({"ApiVersion": "1.52", "MinAPIVersion": "1.44"})
    '1.45'
    """
    newest, oldest = str(told.get("ApiVersion") or "0"), str(told.get("MinAPIVersion") or "0")
    if version_lt(newest, OLDEST_API):
        raise UnsupportedApi(
            f"it speaks version {newest} of Docker's API; reaper needs {OLDEST_API} "
            "(Docker 17.06), because older engines may ignore label filters"
        )
    if version_gte(NEWEST_API, newest):
        return newest
    return oldest if version_lt(NEWEST_API, oldest) else NEWEST_API


def _client(address: Address, *, read_only: bool, version: str) -> EngineClient:
    if urlsplit(address.url).scheme == "ssh":
        client = EngineClient(read_only=read_only, base_url=_SSH_BASE, version=version)
        client.mount(_SSH_BASE, SshAdapter(address.url))
        return client
    tls: TLSConfig | bool = False
    if address.tls is not None:
        tls = TLSConfig(
            client_cert=address.tls.cert,
            ca_cert=address.tls.ca,
            verify=address.tls.verify,
        )
    return EngineClient(read_only=read_only, base_url=address.url, version=version, tls=tls)


def _name(method: str | bytes) -> str:
    return (method.decode() if isinstance(method, bytes) else method).upper()
