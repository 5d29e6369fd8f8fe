"""Who we are at OCI: credentials, the SDK's clients, and calls whose answers stay plain JSON.

The SDK signs and speaks; it retries nothing, breaks no circuits, and its models are not filled
(`skip_deserialization`): they drop what they do not know, and cost more than the call.
"""

from __future__ import annotations

import importlib
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import oci

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.errors import PlaceUnreachable, ReadOnlyViolation
from reaper.providers.failures import Unanswered
from reaper.providers.oci.answers import CALL_ERRORS, OciError, passing
from reaper.providers.oci.services import SERVICES

if TYPE_CHECKING:
    from reaper.config.places import OciPlace

_TIMEOUT_S = (5, 60)
_READ_ATTEMPTS = 6
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 8.0
_HOSTS = 4
_POOL = 32
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# How operations begin that change nothing.
_READING = ("get_", "head_", "list_", "search_")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What a call was answered.

    Attributes:
        body: As JSON has it; None: nothing.
        etag: Of the thing that was read; None: none was told.
        next_page: The token of a list's next page.
        work: The work request that the call began.
    """

    body: Any
    etag: str | None = None
    next_page: str | None = None
    work: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What clients are made with.

    Attributes:
        config: As the SDK wants it; for a signer of its own, next to nothing.
        signer: Which signs each request.
        tenancy: Whose they are; None: they do not tell.
        user: As whom; None: it is no user.
    """

    config: Mapping[str, Any]
    signer: Any
    tenancy: str | None
    user: str | None


class Connection:
    """The connection to OCI of one configured tenancy, opened when it is first needed.

    Reads are tried again by themselves; what changes something is sent once.

    Args:
        read_only: A call that changes something raises before it is sent.
        clock: By which it waits.
    """

    def __init__(self, place: OciPlace, *, read_only: bool, clock: Clock = SYSTEM_CLOCK) -> None:
        self.place = place
        self.clock = clock
        self._read_only = read_only
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None
        self._clients: dict[tuple[str, str, str], Any] = {}

    @property
    def who(self) -> str:
        """As whom, for a sentence."""
        place = self.place
        if place.credentials in {"file", "security-token"}:
            where = f" of {place.config_file}" if place.config_file else ""
            return f"the profile {place.profile}{where}"
        return f"the {place.credentials.replace('-', ' ')}"

    @property
    def credentials(self) -> Credentials:
        """What clients are made with.

        Raises:
            PlaceUnreachable: There are none.
        """
        with self._lock:
            if self._credentials is None:
                self._credentials = load_credentials(self.place)
            return self._credentials

    @property
    def start(self) -> str:
        """The region to ask first, before it is known which there are.

        Raises:
            PlaceUnreachable: There are no credentials.
        """
        told = str(self.credentials.config.get("region") or "")
        if told:
            return told
        regions = self.place.regions
        return str(self.credentials.signer.region) if regions == "all" else regions[0]

    def read(
        self, service: str, region: str, operation: str, *, at: str = "", **arguments: Any
    ) -> Answered:
        """Ask something.

        Args:
            service: As `SERVICES` calls the client.
            region: Where.
            operation: The client's method.
            at: Another endpoint than the region's own.
            arguments: The method's.

        Raises:
            OciError, Unanswered: It was refused, or not answered, so often as it was tried.
        """
        if not operation.startswith(_READING):
            raise ReadOnlyViolation(f"{operation} is no reading call")
        pause = _FIRST_PAUSE_S
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return self._call(service, region, operation, at, arguments)
            except CALL_ERRORS as error:
                if attempt == _READ_ATTEMPTS or not passing(error):
                    raise
                wait = getattr(error, "retry_after_s", None) or pause
            jitter = random.uniform(0.8, 1.2)  # noqa: S311 - not for secrets
            self.clock.sleep(min(wait, _LONGEST_PAUSE_S) * jitter)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    def change(
        self, service: str, region: str, operation: str, *, at: str = "", **arguments: Any
    ) -> Answered:
        """Change something, once.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
            OciError, Unanswered: It was refused, or not answered.
        """
        if self._read_only:
            raise ReadOnlyViolation(f"{operation} on a read-only place")
        return self._call(service, region, operation, at, arguments)

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.base_client.session.close()

    def _call(
        self, service: str, region: str, operation: str, at: str, arguments: Mapping[str, Any]
    ) -> Answered:
        client = self._client(service, region, at)
        try:
            answer = getattr(client, operation)(**arguments)
        except oci.exceptions.ServiceError as error:
            after = str((error.headers or {}).get("retry-after") or "")
            raise OciError(
                int(error.status),
                str(error.code or ""),
                str(error.message or "no message"),
                retry_after_s=float(after) if after.isdigit() else None,
            ) from error
        except oci.exceptions.ConnectTimeout as error:
            raise Unanswered(f"nobody answers for {service} in {region}", sent=False) from error
        except oci.exceptions.RequestException as error:
            raise Unanswered(f"no answer of {service} in {region}", sent=True) from error
        except oci.exceptions.ClientError as error:
            raise Unanswered(f"{operation} was not sent: {error}", sent=False) from error
        headers = answer.headers
        return Answered(
            body=answer.data,
            etag=headers.get("etag"),
            next_page=headers.get("opc-next-page"),
            work=headers.get("opc-work-request-id"),
        )

    def _client(self, service: str, region: str, at: str) -> Any:
        credentials = self.credentials
        with self._lock:
            key = (service, region, at)
            if key not in self._clients:
                self._clients[key] = self._opened(credentials, service, region, at)
            return self._clients[key]

    def _opened(self, credentials: Credentials, service: str, region: str, at: str) -> Any:
        declared = SERVICES[service]
        more: dict[str, Any] = {}
        if self.place.endpoint is not None:
            more["service_endpoint"] = self.place.endpoint.replace("{region}", region).rstrip("/")
        elif at:
            more["service_endpoint"] = at
        client = getattr(importlib.import_module(declared.module), declared.name)(
            {**credentials.config, "region": region},
            signer=credentials.signer,
            timeout=_TIMEOUT_S,
            retry_strategy=oci.retry.NoneRetryStrategy(),
            circuit_breaker_strategy=oci.circuit_breaker.NoCircuitBreakerStrategy(),
            skip_deserialization=True,
            **more,
        )
        for prefix in ("http://", "https://"):
            client.base_client.session.get_adapter(prefix).init_poolmanager(_HOSTS, _POOL)
        if urlsplit(self.place.endpoint or "").hostname in _LOOPBACK:
            client.base_client.session.trust_env = False  # no proxy leads to this machine
        return client


def load_credentials(place: OciPlace) -> Credentials:
    """Load what a place's configuration names.

    Raises:
        PlaceUnreachable: There is nothing that can be used; the message says how to get some.
    """
    try:
        return _load(place)
    except (oci.exceptions.ClientError, OSError, ValueError, KeyError) as error:
        raise PlaceUnreachable(
            f"tenancy {place.tenancy}: there are no credentials ({type(error).__name__}: {error}): "
            "run `oci setup config`, or name a profile or other credentials for the place"
        ) from error


def _load(place: OciPlace) -> Credentials:
    if place.credentials == "instance-principal":
        signer = oci.auth.signers.InstancePrincipalsSecurityTokenSigner()
        return Credentials(config={}, signer=signer, tenancy=signer.tenancy_id, user=None)
    if place.credentials == "resource-principal":
        signer = oci.auth.signers.get_resource_principals_signer()
        tenancy = signer.get_claim("res_tenant")
        return Credentials(config={}, signer=signer, tenancy=tenancy, user=None)
    path = oci.config.DEFAULT_LOCATION if place.config_file is None else str(place.config_file)
    config = oci.config.from_file(path, place.profile)
    if place.credentials == "file":
        oci.config.validate_config(config)
        # One for all clients: each would read the key anew, which takes 30 ms.
        signer = oci.signer.Signer(
            config["tenancy"],
            config["user"],
            config["fingerprint"],
            config.get("key_file"),
            pass_phrase=config.get("pass_phrase"),
            private_key_content=config.get("key_content"),
        )
        return Credentials(
            config=config, signer=signer, tenancy=config["tenancy"], user=config["user"]
        )
    with open(config["security_token_file"], encoding="utf-8") as file:  # noqa: PTH123 - may begin with ~
        token = file.read()
    key = oci.signer.load_private_key_from_file(config["key_file"], config.get("pass_phrase"))
    signer = oci.auth.signers.SecurityTokenSigner(token, key)
    return Credentials(config=config, signer=signer, tenancy=config["tenancy"], user=None)
