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
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

from reaper.errors import ConfigurationError, IdentityMismatch, PlaceUnreachable, ReadOnlyViolation
from reaper.providers.aws.answers import READING, code_of, explain

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
_RENEW = "they are out of date: sign in again, or renew them"
_GIVE = "give the place a profile or a role_arn, or set what the SDK reads (AWS_PROFILE, for one)"
_WRONG = "AWS knows no such key: see whether it was deleted or is of another partition"
# What to do, by AWS's code or the SDK's error.
_REMEDIES: Mapping[str, str] = {
    "ExpiredToken": _RENEW,
    "ExpiredTokenException": _RENEW,
    "InvalidClientTokenId": _WRONG,
    "NoCredentialsError": _GIVE,
    "PartialCredentialsError": _GIVE,
    "RequestExpired": _RENEW,
    "SignatureDoesNotMatch": "the secret key is not that of the access key",
    "SSOTokenLoadError": _RENEW,
    "TokenRetrievalError": _RENEW,
    "UnauthorizedSSOTokenError": _RENEW,
    "UnrecognizedClientException": _WRONG,
}

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
    def home(self) -> str:
        """The region to ask what has none; botocore knows where in its partition IAM answers."""
        return _FALLBACK_REGION if self.place.regions == "all" else self.place.regions[0]

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


def _refuse_mutations(model: Any, params: Mapping[str, Any], **_: Any) -> None:
    if not model.name.startswith(READING) and not _is_rehearsal(model, params["body"]):
        raise ReadOnlyViolation(f"{model.service_model.service_name}:{model.name} on a reader")


def _is_rehearsal(model: Any, body: Any) -> bool:
    """Whether EC2 is only asked if it would carry the call out."""
    return (
        model.service_model.service_name == "ec2"
        and isinstance(body, Mapping)
        and body.get("DryRun") == "true"
    )


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
    own = core.get_credentials()
    if own is None:
        raise NoCredentialsError
    extra = {"RoleSessionName": _SESSION_NAME}
    if place.external_id is not None:
        extra["ExternalId"] = place.external_id
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=_sts_by(core, place.endpoint),
        source_credentials=own,
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
        ConfigurationError: A configured region or the profile does not exist.
    """
    place = clients.place
    if place.regions != "all":
        check_regions(place.regions)
    try:
        told = clients.reader("sts", clients.home).get_caller_identity()
    except ProfileNotFound as error:
        raise ConfigurationError(_no_profile(clients)) from error
    except (ClientError, BotoCoreError) as error:
        raise _unreachable(clients, "sts:GetCallerIdentity", error) from error
    if told["Account"] != place.account:
        raise IdentityMismatch(
            f"the AWS account of {clients.who} is {told['Account']}, and the configuration wants "
            f"{place.account}: correct the place's account, or its profile or role"
        )
    return str(told["Arn"])


def regions_of(clients: Clients) -> tuple[str, ...]:
    """The regions to look at: those listed, or all that are enabled for the account.

    Raises:
        PlaceUnreachable: AWS did not tell which are enabled.
    """
    listed = clients.place.regions
    if listed != "all":
        return tuple(listed)
    try:
        told = clients.reader("ec2", clients.home).describe_regions(AllRegions=False)
    except (ClientError, BotoCoreError) as error:
        raise _unreachable(
            clients, "ec2:DescribeRegions", error, "list the place's regions instead of `all`"
        ) from error
    return tuple(sorted(str(region["RegionName"]) for region in told["Regions"]))


def _unreachable(
    clients: Clients, action: str, error: Exception, remedy: str | None = None
) -> PlaceUnreachable:
    """Say who could not do what where, and how to mend it."""
    place = clients.place
    if getattr(error, "operation_name", "") == "AssumeRole":
        action = "sts:AssumeRole"
        remedy = "the role's trust must name who asks, and who asks must be allowed sts:AssumeRole"
        if place.external_id is None:
            remedy += "; if the trust wants an external ID, give the place external_id"
        else:
            remedy += "; the trust must want the external ID that the place gives"
    remedy = _REMEDIES.get(code_of(error) or type(error).__name__, remedy)
    mend = f"; {remedy}" if remedy else ""
    return PlaceUnreachable(
        f"account {place.account}: {action} in {clients.home} ({clients.who}): "
        f"{explain(error)}{mend}"
    )


def _no_profile(clients: Clients) -> str:
    profile, core = clients.place.profile, botocore.session.Session()
    known = sorted(core.full_config.get("profiles", {}))
    if profile is None:
        return "providers.aws: AWS_PROFILE names a profile that the SDK's configuration has not"
    near = get_close_matches(profile, known, n=1)
    meant = f": did you mean {near[0]}?" if near else f"; it has {', '.join(known) or 'none'}"
    return f"providers.aws: the SDK's configuration has no profile {profile!r}{meant}"


def check_regions(listed: Sequence[str]) -> None:
    """Refuse what is no region.

    Raises:
        ConfigurationError: The message names the nearest one.
    """
    known = {
        region
        for partition in _regions().get_available_partitions()
        for region in _regions().get_available_endpoints("ec2", partition)
    }
    for region in listed:
        if region not in known:
            near = get_close_matches(region, sorted(known), n=1)
            meant = f": did you mean {near[0]}?" if near else ""
            raise ConfigurationError(f"providers.aws: {region!r} is no AWS region{meant}")


def partition_of(region: str) -> str:
    """The partition of a region, such as `aws` or `aws-cn`, with which ARNs begin."""
    return str(_regions().get_partition_for_region(region))


@cache
def _regions() -> Any:
    """What botocore knows of regions, whatever the user's configuration says."""
    return EndpointResolver(create_loader().load_data("endpoints"))
