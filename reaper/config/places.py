"""The part `providers`: the places where reaper looks."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import StringConstraints, model_validator

from reaper.config.section import Section
from reaper.config.values import LocalPath, Word

Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")]


class TlsSettings(Section):
    """How to talk to a Docker engine over TLS."""

    ca: LocalPath | None = None
    """The certificate authority's file (PEM); null: the system's."""

    cert: LocalPath | None = None
    """The client certificate's file (PEM); null: none is shown."""

    key: LocalPath | None = None
    """The client key's file (PEM)."""

    verify: bool = True
    """Whether the engine's certificate must be valid. Without that anybody may answer for it."""

    @model_validator(mode="after")
    def _cert_and_key_go_together(self) -> TlsSettings:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key go together: give both or neither")
        return self


def _has_password(address: str) -> bool:
    return ":" in urlsplit(address).netloc.rpartition("@")[0]


class DockerPlace(Section):
    """A Docker engine. Without `host` and `context`: what DOCKER_HOST or the current context
    names, else the local socket.
    """

    name: Word | None = None
    """What reports call it; null: its address."""

    host: Word | None = None
    """Its address: unix:///var/run/docker.sock, tcp://HOST:2376 or ssh://USER@HOST."""

    context: Word | None = None
    """The Docker context that names it, instead of `host`."""

    tls: TlsSettings | None = None
    """For tcp:// addresses: how to talk TLS; null: as the context says, else not at all."""

    engine_id: Word | None = None
    """The ID that the engine must have (`docker info` shows it); null: the one that it had when
    reaper first saw it."""

    @model_validator(mode="after")
    def _one_address(self) -> DockerPlace:
        if self.host is not None and self.context is not None:
            raise ValueError("host and context name one engine each: give only one of them")
        if self.host is not None and not self.host.startswith(
            ("unix:///", "tcp://", "ssh://", "http://", "https://")
        ):
            raise ValueError(
                f"{self.host!r} is no engine's address: write unix:///FILE, tcp://HOST:PORT or "
                "ssh://USER@HOST"
            )
        if self.host is not None and _has_password(self.host):
            raise ValueError(
                "host must not hold a password: no secret belongs in this file; use the key of an "
                "SSH agent, or tls"
            )
        if self.tls is not None and self.host is not None and not self.host.startswith("tcp://"):
            raise ValueError("tls needs a host of the form tcp://HOST:PORT")
        return self


class AwsPlace(Section):
    """An AWS account. Credentials come from the SDK's own chain, or by `profile` or `role_arn`."""

    name: Word | None = None
    """What reports call it; null: the account's number."""

    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    """The account's number, twelve digits in quotes. Credentials of another one are refused."""

    regions: tuple[Region, ...] | Literal["all"] = "all"
    """The regions to look at, or `all`: those that are enabled for the account. IAM, which has no
    region, is always looked at."""

    profile: Word | None = None
    """The profile of the SDK's configuration to use; null: the SDK's own choice."""

    role_arn: (
        Annotated[str, StringConstraints(pattern=r"^arn:[a-z-]+:iam::\d{12}:role/.+$")] | None
    ) = None
    """A role to assume, with the credentials that `profile` or the SDK's own chain give."""

    external_id: Word | None = None
    """The external ID that the role's trust asks for."""

    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^/]+/?$")] | None = None
    """An emulator's address, for all services; null: AWS."""

    @model_validator(mode="after")
    def _regions_and_role(self) -> AwsPlace:
        if not self.regions:
            raise ValueError("regions is empty: list some, or write all")
        if self.external_id is not None and self.role_arn is None:
            raise ValueError("external_id goes with role_arn: give both or neither")
        return self


GoogleService = Literal[
    "compute", "container", "iam", "cloudkms", "pubsub", "secretmanager", "storage"
]


class GcePlace(Section):
    """A Google Cloud project. Without `credentials`: Application Default Credentials."""

    name: Word | None = None
    """What reports call it; null: the project's ID."""

    project: Annotated[str, StringConstraints(pattern=r"^([a-z0-9.-]+:)?[a-z][a-z0-9-]*[a-z0-9]$")]
    """The project's ID (not its number, nor its display name)."""

    number: Annotated[str, StringConstraints(pattern=r"^\d+$")] | None = None
    """The number that the project must have, in quotes; null: whichever it has."""

    credentials: LocalPath | None = None
    """A file of credentials: of a service account, or for workload identity federation
    (`external_account`); null: Application Default Credentials."""

    impersonate: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    """The e-mail address of a service account to act as, with those credentials."""

    services: tuple[GoogleService, ...] | Literal["all"] = "all"
    """The services to look at, or `all`. One whose API the project has not enabled is a gap, not
    an empty answer: leave out what the project does not use."""

    asset_inventory: bool = False
    """Whether Cloud Asset Inventory names what bears labels, in one paged query instead of a list
    of each kind. It lags behind, so a `--full` scan asks the lists all the same."""

    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^/]+/?$")] | None = None
    """An emulator's address, for all services; null: Google. By http:// no credentials are
    sent."""

    @model_validator(mode="after")
    def _some_service(self) -> GcePlace:
        if not self.services:
            raise ValueError("services is empty: list some, or write all")
        return self


_Guid = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", to_lower=True
    ),
]


class AzurePlace(Section):
    """An Azure subscription. Without `credentials`: those that azure-identity finds."""

    name: Word | None = None
    """What reports call it; null: the subscription's ID."""

    subscription: _Guid
    """The subscription's ID (not its name)."""

    tenant: _Guid | None = None
    """The ID of the tenant that it must be of; null: whichever it is of."""

    cloud: Literal["public", "usgov", "china"] = "public"
    """Which of Microsoft's clouds it is in."""

    credentials: Literal["auto", "environment", "workload-identity", "managed-identity", "cli"] = (
        "auto"
    )
    """Where credentials come from: `environment` (AZURE_CLIENT_ID and the like), a federated
    token (`workload-identity`), the machine's own identity, `az login` (`cli`), or `auto`: the
    first of these that gives any."""

    client_id: _Guid | None = None
    """The client ID of a user-assigned identity, for `managed-identity`, `workload-identity` and
    `auto`; null: the machine's or the environment's own."""

    resource_graph: bool = True
    """Whether Resource Graph names what bears tags, in one paged query instead of a list of all
    resources. It lags behind by minutes, so a `--full` scan asks the list all the same."""

    force: bool = False
    """Whether machines are deleted without being shut down, which is quicker."""

    purge: bool = False
    """Whether deleted Key Vaults are purged as well, which nobody can undo; otherwise their names
    stay taken until Azure purges them."""

    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^/]+/?$")] | None = None
    """An emulator's address; null: Azure. By http:// no credentials are sent."""


_Compartment = Annotated[
    str, StringConstraints(pattern=r"^ocid1\.(compartment|tenancy)\.[a-z0-9-]+\.\.[A-Za-z0-9_-]+$")
]


class OciPlace(Section):
    """An OCI tenancy, or some of its compartments and regions."""

    name: Word | None = None
    """What reports call it; null: the tenancy's OCID."""

    tenancy: Annotated[
        str, StringConstraints(pattern=r"^ocid1\.tenancy\.[a-z0-9-]+\.\.[A-Za-z0-9_-]+$")
    ]
    """The tenancy's OCID. Credentials of another one are refused."""

    compartments: tuple[_Compartment, ...]
    """The OCIDs of the compartments to look at. The tenancy's own is the root compartment, in
    which users and groups are: without it these are not looked at."""

    subtree: bool = False
    """Whether all compartments below these are looked at, too."""

    regions: tuple[Region, ...] | Literal["all"] = "all"
    """The regions to look at, or `all`: those that the tenancy is subscribed to. What has no
    region, such as policies, is looked at in the home region always."""

    credentials: Literal["file", "instance-principal", "resource-principal", "security-token"] = (
        "file"
    )
    """Where credentials come from: a profile of the SDK's configuration (`file`), the session
    token that it names (`security-token`), the machine's own identity, or the resource's."""

    config_file: LocalPath | None = None
    """The SDK's configuration, for `file` and `security-token`; null: ~/.oci/config."""

    profile: Word = "DEFAULT"
    """The profile of that configuration."""

    tag_namespace: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")] | None = "reaper"
    """The namespace of defined tags that stand for freeform ones of the same key; null: only
    freeform tags are read as ours. Both are read otherwise: a policy's condition needs the
    former, and the latter need nobody to define them."""

    endpoint: (
        Annotated[str, StringConstraints(pattern=r"^https?://[^/]+(/\{region\})?/?$")] | None
    ) = None
    """An emulator's address, for all services, in which `{region}` stands for the region; null:
    OCI."""

    @model_validator(mode="after")
    def _compartments_and_regions(self) -> OciPlace:
        if not self.compartments:
            raise ValueError("compartments is empty: list some, or the tenancy's OCID")
        if not self.regions:
            raise ValueError("regions is empty: list some, or write all")
        return self


class ProviderSettings(Section):
    """Where reaper looks, and nowhere else: each provider is a list of places."""

    docker: tuple[DockerPlace, ...] = ()
    """Docker engines."""

    aws: tuple[AwsPlace, ...] = ()
    """AWS accounts."""

    gce: tuple[GcePlace, ...] = ()
    """Google Cloud projects: Compute Engine and the project's other services."""

    azure: tuple[AzurePlace, ...] = ()
    """Azure subscriptions."""

    oci: tuple[OciPlace, ...] = ()
    """OCI tenancies, with the compartments and regions to look at."""

    @model_validator(mode="after")
    def _each_once(self) -> ProviderSettings:
        named = {
            "gce": ("project", [each.project for each in self.gce]),
            "azure": ("subscription", [each.subscription for each in self.azure]),
            "oci": ("tenancy", [each.tenancy for each in self.oci]),
        }
        for provider, (key, values) in named.items():
            for value, times in Counter(values).items():
                if times > 1:
                    raise ValueError(
                        f"{provider} has two places with the {key} {value}, and only one would be "
                        "looked at: make one of them"
                    )
        return self
