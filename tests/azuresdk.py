"""Azure's own client libraries behind the plain client with which a world is built.

What creates something goes through them, each as it is called in its documentation; everything
else is asked plainly.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import pytest

from reaper.client import ENDPOINTS_VARIABLE
from reaper.fixtures.hooks import install
from reaper.sandbox.azure.arm.ids import GROUP, Target, target
from reaper.sandbox.azure.arm.kinds import TYPES
from reaper.sandbox.azure.world.rest import Rest

policies = pytest.importorskip("azure.core.pipeline.policies")
pytest.importorskip("azure.mgmt.network", reason="Azure's SDKs are not there")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """How a type is created: by which library, client, group of operations and method."""

    module: str
    client: str
    group: str
    method: str = "begin_create_or_update"

    def of(self, client: Any) -> Callable[..., Any]:
        """The method of an opened client, also of one that is awaited."""
        found: Callable[..., Any] = getattr(getattr(client, self.group), self.method)
        return found


_ROLES = "microsoft.authorization/roleassignments"
_COMPUTE = ("compute", "ComputeManagementClient")
_NETWORK = ("network", "NetworkManagementClient")
_ZONES = ("privatedns", "PrivateDnsManagementClient")
_RESOURCES = ("resource.resources", "ResourceManagementClient")
_ANY = Way(*_RESOURCES, "resources", "begin_create_or_update_by_id")
_WAYS: Mapping[str, Way] = {
    GROUP: Way(*_RESOURCES, "resource_groups", "create_or_update"),
    "microsoft.compute/virtualmachines": Way(*_COMPUTE, "virtual_machines"),
    "microsoft.compute/virtualmachinescalesets": Way(*_COMPUTE, "virtual_machine_scale_sets"),
    "microsoft.compute/disks": Way(*_COMPUTE, "disks"),
    "microsoft.compute/snapshots": Way(*_COMPUTE, "snapshots"),
    "microsoft.compute/images": Way(*_COMPUTE, "images"),
    "microsoft.compute/galleries": Way(*_COMPUTE, "galleries"),
    "microsoft.compute/galleries/images": Way(*_COMPUTE, "gallery_images"),
    "microsoft.compute/galleries/images/versions": Way(*_COMPUTE, "gallery_image_versions"),
    "microsoft.network/networkinterfaces": Way(*_NETWORK, "network_interfaces"),
    "microsoft.network/publicipaddresses": Way(*_NETWORK, "public_ip_addresses"),
    "microsoft.network/networksecuritygroups": Way(*_NETWORK, "network_security_groups"),
    "microsoft.network/virtualnetworks": Way(*_NETWORK, "virtual_networks"),
    "microsoft.network/loadbalancers": Way(*_NETWORK, "load_balancers"),
    "microsoft.network/natgateways": Way(*_NETWORK, "nat_gateways"),
    "microsoft.network/routetables": Way(*_NETWORK, "route_tables"),
    "microsoft.network/privateendpoints": Way(*_NETWORK, "private_endpoints"),
    "microsoft.network/privatednszones": Way(*_ZONES, "private_zones"),
    "microsoft.network/privatednszones/virtualnetworklinks": Way(*_ZONES, "virtual_network_links"),
    "microsoft.storage/storageaccounts": Way(
        "storage", "StorageManagementClient", "storage_accounts", "begin_create"
    ),
    "microsoft.keyvault/vaults": Way("keyvault", "KeyVaultManagementClient", "vaults"),
    "microsoft.managedidentity/userassignedidentities": Way(
        "msi", "ManagedServiceIdentityClient", "user_assigned_identities", "create_or_update"
    ),
    "microsoft.containerservice/managedclusters": Way(
        "containerservice", "ContainerServiceClient", "managed_clusters"
    ),
    _ROLES: Way("authorization", "AuthorizationManagementClient", "role_assignments", "create"),
}


class SdkRest(Rest):
    """Creates by Azure's libraries: by the type's own client, or by its ID where it has none.

    Attributes:
        created: How many of each type were created by them.
    """

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.endpoint = endpoint
        self.created: Counter[str] = Counter()

    def ask(self, method: str, path: str, body: Any = None, **parameters: object) -> Json:
        if method != "PUT":
            return super().ask(method, path, body, **parameters)
        self.created[target(path).kind] += 1
        return put(self.endpoint, path, body)


@contextmanager
def hooked(endpoint: str) -> Iterator[Callable[[str], SdkRest]]:
    """Azure's libraries, to be treated as if they spoke with Azure."""
    install()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENDPOINTS_VARIABLE, endpoint)
        yield SdkRest


def put(endpoint: str, path: str, body: Json) -> Json:
    """Create or update something, and hand back what is there then."""
    at = target(path)
    way = way_of(at)
    told = way.of(_client(endpoint, at.subscription or "", way))(
        *names_of(at), body, **more_for(at), cls=_shown
    )
    found: Json = told.result() if hasattr(told, "result") else told
    return found


def way_of(at: Target) -> Way:
    """How something is created."""
    return _WAYS.get(at.kind, _ANY)


def names_of(at: Target) -> tuple[str, ...]:
    """By which arguments a method is told what it is about."""
    if at.kind not in _WAYS:
        return (at.id,)
    if at.kind == _ROLES:
        return (at.scope, at.name)
    return (at.group or "", *at.names)


def more_for(at: Target) -> Json:
    """What a method is to be told besides."""
    return {} if at.kind in _WAYS else {"api_version": TYPES[at.kind].version}


def options(endpoint: str, subscription: str) -> Json:
    """What every client of Azure's is to be given here, which speaks no TLS."""
    return {
        "credential": object(),  # the policy below asks for no token
        "subscription_id": subscription,
        "base_url": endpoint,
        "authentication_policy": policies.SansIOHTTPPolicy(),
    }


@cache
def _client(endpoint: str, subscription: str, way: Way) -> Any:
    sort = getattr(import_module(f"azure.mgmt.{way.module}"), way.client)
    return sort(**options(endpoint, subscription))


def _shown(answered: Any, *_: object) -> Json:
    """The answer as it came, as the emulator's own client has it."""
    found: Json = json.loads(answered.http_response.text())
    return found
