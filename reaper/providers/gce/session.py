"""Who we are at Google: credentials, the connection, and calls that are answered in JSON.

Google's REST APIs are called by google-auth and requests, not by its typed client libraries. That
was measured on one machine (google-cloud-compute 1.57, google-auth 2.63): the import of
`compute_v1` took 7.4 s and 150 MB, of google-auth with requests 0.8 s and 31 MB; a page of 500
instances was read in 0.66 s and 0.04 s. The typed client also drops fields that it does not know,
hides a list's warnings behind its pager and asks googleapis.com after an operation whatever its
endpoint is; and the project's other services would take six more libraries. What types would
guard, a test holds to Google's discovery documents.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import google.auth
import google.auth.exceptions
import google.auth.transport.requests
import requests
from google.auth import external_account, impersonated_credentials
from google.auth.credentials import AnonymousCredentials, Credentials
from google.oauth2 import service_account

from reaper.errors import PlaceUnreachable, ReadOnlyViolation
from reaper.providers.failures import Unanswered
from reaper.providers.gce.answers import CALL_ERRORS, passing, read_error
from reaper.providers.gce.services import SERVICES

if TYPE_CHECKING:
    from pathlib import Path

    from reaper.config.places import GcePlace

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 60
_READ_ATTEMPTS = 6
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 8.0
_POOL = 32
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Calls that are POSTs and change nothing.
_ASKING = (
    "/listManagedInstances",
    "/listInstances",
    "/listNetworkEndpoints",
    ":testIamPermissions",
)


class Connection:
    """The connection to Google of one configured project, opened when it is first needed.

    Reads are tried again by themselves; what changes something is sent once.

    Args:
        read_only: A call that changes something raises before it is sent.
    """

    def __init__(self, place: GcePlace, *, read_only: bool) -> None:
        self.place = place
        self._read_only = read_only
        self._lock = threading.Lock()
        self._http: requests.Session | None = None
        self._credentials: Credentials | None = None

    @property
    def who(self) -> str:
        """As whom, for a sentence."""
        place = self.place
        if place.impersonate is not None:
            return place.impersonate
        if place.credentials is not None:
            return f"the credentials of {place.credentials}"
        return "no credentials" if self.anonymous else "Application Default Credentials"

    @property
    def anonymous(self) -> bool:
        """Whether no credentials are sent: never to an emulator's plain HTTP."""
        return (self.place.endpoint or "").startswith("http://")

    @property
    def emulated(self) -> bool:
        """Whether all calls go to this machine."""
        return urlsplit(self.place.endpoint or "").hostname in _LOOPBACK

    def read(
        self,
        service: str,
        path: str,
        parameters: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Ask something; with a body, by one of the POSTs that change nothing.

        Raises:
            GoogleError, Unanswered: It was refused, or not answered, so often as it was tried.
        """
        if body is not None and not path.endswith(_ASKING):
            raise ReadOnlyViolation(f"POST {path} is no reading call")
        method = "GET" if body is None else "POST"
        pause = _FIRST_PAUSE_S
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return self._send(method, service, path, parameters, body)
            except CALL_ERRORS as error:
                if attempt == _READ_ATTEMPTS or not passing(error):
                    raise
                wait = getattr(error, "retry_after_s", None) or pause
            time.sleep(min(wait, _LONGEST_PAUSE_S) * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    def change(
        self,
        method: str,
        service: str,
        path: str,
        parameters: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Change something, once.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
            GoogleError, Unanswered: It was refused, or not answered.
        """
        if self._read_only:
            raise ReadOnlyViolation(f"{method} {path} on a read-only place")
        return self._send(method, service, path, parameters, body)

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def _send(
        self,
        method: str,
        service: str,
        path: str,
        parameters: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        http = self._opened()
        base = (self.place.endpoint or SERVICES[service].host).rstrip("/")
        headers = {"User-Agent": "leak-reaper", "Accept": "application/json"}
        try:
            self._authorise(method, base + path, headers)
            response = http.request(
                method,
                base + path,
                params=dict(parameters or {}),
                json=body,
                headers=headers,
                timeout=(_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S),
                allow_redirects=False,
            )
        except google.auth.exceptions.GoogleAuthError as error:
            raise Unanswered(f"the credentials are not accepted: {error}", sent=False) from error
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise Unanswered(f"nobody answers at {base}: {_short(error)}", sent=False) from error
        except requests.RequestException as error:
            raise Unanswered(f"no answer from {base}: {_short(error)}", sent=True) from error
        return _read(response)

    def _authorise(self, method: str, url: str, headers: dict[str, str]) -> None:
        credentials = self._credentials
        if credentials is None:
            raise google.auth.exceptions.DefaultCredentialsError("none were loaded")
        if isinstance(credentials, AnonymousCredentials):
            return
        with self._lock:  # it may be renewed, by one thread
            request = google.auth.transport.requests.Request()
            credentials.before_request(request, method, url, headers)

    def _opened(self) -> requests.Session:
        with self._lock:
            if self._http is None:
                if self._credentials is None:
                    self._credentials = self._load()
                self._http = requests.Session()
                adapter = requests.adapters.HTTPAdapter(pool_maxsize=_POOL, max_retries=0)
                self._http.mount("https://", adapter)
                self._http.mount("http://", adapter)
                self._http.trust_env = not self.emulated
            return self._http

    def _load(self) -> Credentials:
        if self.anonymous:
            return AnonymousCredentials()
        try:
            credentials = load_credentials(self.place.credentials)
        except (google.auth.exceptions.GoogleAuthError, OSError, ValueError) as error:
            raise PlaceUnreachable(
                f"project {self.place.project}: there are no credentials ({error}): run `gcloud "
                "auth application-default login`, or name a file by the place's `credentials`"
            ) from error
        if self.place.impersonate is None:
            return credentials
        return impersonated_credentials.Credentials(
            source_credentials=credentials,
            target_principal=self.place.impersonate,
            target_scopes=list(_SCOPES),
        )


def load_credentials(path: Path | None) -> Credentials:
    """Load credentials from a file, or as Application Default Credentials do.

    Raises:
        GoogleAuthError, OSError, ValueError: There are none that can be used.
    """
    if path is None:
        found: Credentials = google.auth.default(scopes=list(_SCOPES))[0]
        return found
    content = json.loads(path.read_text(encoding="utf-8"))
    sort = content.get("type") if isinstance(content, dict) else None
    if sort == "service_account":
        key: Credentials = service_account.Credentials.from_service_account_info(
            content, scopes=list(_SCOPES)
        )
        return key
    if sort == "external_account":
        return _external(content)
    raise ValueError(
        f"{path} is of the type {sort!r}: give a key of a service account, or a configuration of "
        "workload identity federation"
    )


def _external(content: Mapping[str, Any]) -> external_account.Credentials:
    """Workload identity federation: by AWS's credentials, a program, or a file or URL of tokens."""
    from google.auth import aws, identity_pool, pluggable  # noqa: PLC0415 - rarely needed

    source = content.get("credential_source") or {}
    sort: Any = identity_pool.Credentials
    if str(content.get("subject_token_type", "")).endswith("aws4_request"):
        sort = aws.Credentials
    elif "executable" in source:
        sort = pluggable.Credentials
    found: external_account.Credentials = sort.from_info(content, scopes=list(_SCOPES))
    return found


def _read(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json() if response.content else {}
    except ValueError as error:
        if response.status_code < HTTPStatus.BAD_REQUEST:
            raise Unanswered("the answer is no JSON", sent=True) from error
        body = None
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        after = response.headers.get("Retry-After", "")
        raise read_error(
            response.status_code,
            body,
            text=response.text,
            retry_after_s=float(after) if after.isdigit() else None,
        )
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES or not isinstance(body, dict):
        raise Unanswered(f"the answer is not as documented ({response.status_code})", sent=True)
    return body


def _short(error: Exception) -> str:
    return type(error).__name__
