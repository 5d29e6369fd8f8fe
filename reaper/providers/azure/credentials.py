"""Credentials by azure-identity, and the clouds that there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reaper.providers.azure.answers import NoCredentials

if TYPE_CHECKING:
    from reaper.config.places import AzurePlace
    from reaper.providers.azure.session import Connection

# How long `az` may take to give a token.
_PROCESS_TIMEOUT_S = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloud:
    """One of Microsoft's clouds: where its Resource Manager and its directory answer."""

    manager: str
    authority: str


CLOUDS: Mapping[str, Cloud] = {
    "public": Cloud(
        manager="https://management.azure.com", authority="https://login.microsoftonline.com"
    ),
    "usgov": Cloud(
        manager="https://management.usgovcloudapi.net",
        authority="https://login.microsoftonline.us",
    ),
    "china": Cloud(
        manager="https://management.chinacloudapi.cn", authority="https://login.chinacloudapi.cn"
    ),
}


def authorising(connection: Connection) -> list[Any]:
    """The policy that adds our token to each request; none to an emulator's plain HTTP.

    Raises:
        NoCredentials: The credentials that the place names cannot be used here.
    """
    if connection.anonymous:
        return []
    from azure.mgmt.core.policies import (  # noqa: PLC0415 - not for an emulator
        ARMChallengeAuthenticationPolicy,
    )

    scope = f"{CLOUDS[connection.place.cloud].manager}/.default"
    return [ARMChallengeAuthenticationPolicy(credential_of(connection.place), scope)]


def credential_of(place: AzurePlace) -> Any:
    """Make the credential that a place names; no token is asked for yet.

    Raises:
        NoCredentials: What it needs from the environment is not there.
    """
    from azure import identity  # noqa: PLC0415 - a second, and not for an emulator

    authority = CLOUDS[place.cloud].authority
    tenant = place.tenant or ""
    try:
        match place.credentials:
            case "environment":
                return identity.EnvironmentCredential(authority=authority)
            case "workload-identity":
                more = {"client_id": place.client_id} if place.client_id else {}
                return identity.WorkloadIdentityCredential(authority=authority, **more)
            case "managed-identity":
                more = {"client_id": place.client_id} if place.client_id else {}
                return identity.ManagedIdentityCredential(**more)
            case "cli":
                return identity.AzureCliCredential(
                    tenant_id=tenant, process_timeout=_PROCESS_TIMEOUT_S
                )
        more = {"managed_identity_client_id": place.client_id} if place.client_id else {}
        return identity.DefaultAzureCredential(
            authority=authority,
            process_timeout=_PROCESS_TIMEOUT_S,
            exclude_shared_token_cache_credential=True,
            exclude_visual_studio_code_credential=True,
            exclude_powershell_credential=True,
            exclude_developer_cli_credential=True,
            **more,
        )
    except ValueError as error:
        raise NoCredentials(f"{place.credentials} gives no credentials: {error}") from error
