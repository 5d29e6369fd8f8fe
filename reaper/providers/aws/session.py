"""Who we are at AWS: credentials by profile or role, the account, its regions, and clients."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import botocore.config
import botocore.session
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import create_loader

from reaper.errors import ConfigurationError, IdentityMismatch, PlaceUnreachable, ReadOnlyViolation
from reaper.providers.aws.answers import READING, explain

if TYPE_CHECKING:
    from reaper.config.places import AwsPlace

_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 60
_READ_ATTEMPTS = 6
_POOL = 32
# How old a list of users may be when a resource itself is read; the sweep allows ten seconds.
_SHARED_FOR_S = 3.0
_SESSION_NAME = "reaper"
_FALLBACK_REGION = "us-east-1"

T = TypeVar("T")


class Clients:
    """The clients of one configured account, made when they are first needed.

    Readers try again by themselves, at a pace that adapts to what AWS throttles (one limiter for
    each account, region and service); those that delete never do.

    Attributes:
        regions: Where the account is looked at; set once they are known.

    Args:
        read_only: A call that is not named as a reading one raises before it is sent.
    """

    def __init__(self, place: AwsPlace, *, read_only: bool) -> None:
        self.place = place
        self._read_only = read_only
        self._lock = threading.Lock()
        self._session: boto3.Session | None = None
        self._made: dict[tuple[str, str, bool], Any] = {}
        self._shared: dict[str, tuple[float, Any]] = {}
        self._sharing = threading.Lock()
        self.regions: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """As whom, for a sentence: the profile or the role of the configuration."""
        place = self.place
        if place.role_arn is not None:
            return f"role {place.role_arn}"
        return f"profile {place.profile}" if place.profile else "the SDK's own credentials"

    def reader(self, service: str, region: str) -> Any:
        """A client whose reads are tried again."""
        return self._client(service, region, deleting=False)

    def deleter(self, service: str, region: str) -> Any:
        """A client that sends each call once.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
        """
        if self._read_only:
            raise ReadOnlyViolation(f"a deletion by {service} in {region} on a read-only place")
        return self._client(service, region, deleting=True)

    def shared(self, what: str, ask: Callable[[], T]) -> T:
        """Ask once for what several resources are held against, for reads of the same seconds."""
        with self._sharing:
            at, known = self._shared.get(what, (0.0, None))
            if time.monotonic() - at > _SHARED_FOR_S:
                known = ask()
                self._shared[what] = (time.monotonic(), known)
            found: T = known
            return found

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            made, self._made = self._made, {}
        for client in made.values():
            client.close()

    def _client(self, service: str, region: str, *, deleting: bool) -> Any:
        key = (service, region, deleting)
        with self._lock:  # a session is not made for threads, and clients share its loaders
            client = self._made.get(key)
            if client is None:
                client = self._made[key] = self._make(service, region, deleting=deleting)
        return client

    def _make(self, service: str, region: str, *, deleting: bool) -> Any:
        retries: Mapping[str, Any] = (
            {"mode": "standard", "total_max_attempts": 1}
            if deleting
            else {"mode": "adaptive", "total_max_attempts": _READ_ATTEMPTS}
        )
        client = self._opened().client(
            service,
            region_name=region,
            endpoint_url=self.place.endpoint,
            config=botocore.config.Config(
                retries=retries,
                connect_timeout=_CONNECT_TIMEOUT_S,
                read_timeout=_READ_TIMEOUT_S,
                max_pool_connections=_POOL,
                user_agent_extra="leak-reaper",
                s3={"addressing_style": "path"} if self.place.endpoint else None,
                parameter_validation=True,
            ),
        )
        if self._read_only or not deleting:
            client.meta.events.register_first("before-call.*", _refuse_mutations)
        return client

    def _opened(self) -> boto3.Session:
        if self._session is None:
            self._session = _open(self.place)
        return self._session


def _refuse_mutations(model: Any, **_: Any) -> None:
    if not model.name.startswith(READING):
        raise ReadOnlyViolation(f"{model.service_model.service_name}:{model.name} on a reader")


def _open(place: AwsPlace) -> boto3.Session:
    core = _session(place.profile)
    if place.role_arn is not None:
        _assume(core, place, place.role_arn)
    return boto3.Session(botocore_session=core, region_name=_FALLBACK_REGION)


def _session(profile: str | None = None) -> botocore.session.Session:
    """Make a session; all share the services' models, which take their time to read."""
    core = botocore.session.Session(profile=profile)
    core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    return core


@cache
def _loader(data_path: str | None) -> Any:
    return create_loader(data_path)


def _assume(core: botocore.session.Session, place: AwsPlace, role_arn: str) -> None:
    """Let a session act as a role, whose credentials are renewed before they run out."""
    extra = {"RoleSessionName": _SESSION_NAME}
    if place.external_id is not None:
        extra["ExternalId"] = place.external_id
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=_sts_by(core, place.endpoint),
        source_credentials=core.get_credentials(),
        role_arn=role_arn,
        extra_args=extra,
    )
    core._credentials = DeferredRefreshableCredentials(  # noqa: SLF001 - botocore has no setter
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )


def _sts_by(core: botocore.session.Session, endpoint: str | None) -> Callable[..., Any]:
    def create(service: str, **named: Any) -> Any:
        named.setdefault("region_name", _FALLBACK_REGION)
        return core.create_client(service, endpoint_url=endpoint, **named)

    return create


def check_account(clients: Clients) -> str:
    """Ask STS whose account these credentials are of; the caller's ARN.

    Raises:
        PlaceUnreachable: There are no credentials, or they are not accepted, or nobody answers.
        IdentityMismatch: They are of another account than the configured one.
    """
    place = clients.place
    try:
        told = clients.reader("sts", _FALLBACK_REGION).get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        raise PlaceUnreachable(
            f"account {place.account} ({clients.who}): sts:GetCallerIdentity failed: "
            f"{explain(error)}"
        ) from error
    if told["Account"] != place.account:
        raise IdentityMismatch(
            f"{clients.who} is of the AWS account {told['Account']}, and the configuration wants "
            f"{place.account}: correct the place's account, or its profile or role"
        )
    return str(told["Arn"])


def regions_of(clients: Clients) -> tuple[str, ...]:
    """The regions to look at: those listed, or all that are enabled for the account.

    Raises:
        PlaceUnreachable: AWS did not tell which are enabled.
        ConfigurationError: A listed region is none.
    """
    listed = clients.place.regions
    if listed != "all":
        check_regions(tuple(listed))
        return tuple(listed)
    try:
        told = clients.reader("ec2", _FALLBACK_REGION).describe_regions(AllRegions=False)
    except (ClientError, BotoCoreError) as error:
        raise PlaceUnreachable(
            f"account {clients.place.account} ({clients.who}): ec2:DescribeRegions failed: "
            f"{explain(error)}; list the place's regions instead of `all`"
        ) from error
    return tuple(sorted(str(region["RegionName"]) for region in told["Regions"]))


def check_regions(listed: Sequence[str]) -> None:
    """Refuse what is no region.

    Raises:
        ConfigurationError: The message names the nearest one.
    """
    session = _session()
    known = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition_name=partition)
    }
    for region in listed:
        if region not in known:
            near = get_close_matches(region, sorted(known), n=1)
            meant = f": did you mean {near[0]}?" if near else ""
            raise ConfigurationError(f"providers.aws: {region!r} is no AWS region{meant}")


def partition_of(region: str) -> str:
    """The partition of a region, such as `aws` or `aws-cn`, with which ARNs begin."""
    return str(_session().get_partition_for_region(region))
