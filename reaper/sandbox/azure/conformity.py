"""The models of Azure's SDKs, to which requests and answers can be held.

Models of two generations: the newer ones are mappings whose fields and types are told by rest
fields and annotations, the older ones tell them in `_attribute_map`. Neither validates by itself.
The SDKs are needed by the strict mode and the tests only.
"""

from __future__ import annotations

import enum
import inspect
import sys
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from types import UnionType
from typing import Any

from reaper.sandbox.azure.arm.ids import GROUP, SUBSCRIPTION

# Type -> the module and class of its model.
MODELS: Mapping[str, tuple[str, str]] = {
    "microsoft.compute/virtualmachines": ("compute", "VirtualMachine"),
    "microsoft.compute/virtualmachinescalesets": ("compute", "VirtualMachineScaleSet"),
    "microsoft.compute/disks": ("compute", "Disk"),
    "microsoft.compute/snapshots": ("compute", "Snapshot"),
    "microsoft.compute/images": ("compute", "Image"),
    "microsoft.compute/galleries": ("compute", "Gallery"),
    "microsoft.compute/galleries/images": ("compute", "GalleryImage"),
    "microsoft.compute/galleries/images/versions": ("compute", "GalleryImageVersion"),
    "microsoft.network/networkinterfaces": ("network", "NetworkInterface"),
    "microsoft.network/publicipaddresses": ("network", "PublicIPAddress"),
    "microsoft.network/networksecuritygroups": ("network", "NetworkSecurityGroup"),
    "microsoft.network/virtualnetworks": ("network", "VirtualNetwork"),
    "microsoft.network/loadbalancers": ("network", "LoadBalancer"),
    "microsoft.network/natgateways": ("network", "NatGateway"),
    "microsoft.network/routetables": ("network", "RouteTable"),
    "microsoft.network/privateendpoints": ("network", "PrivateEndpoint"),
    "microsoft.network/applicationgateways": ("network", "ApplicationGateway"),
    "microsoft.network/privatednszones": ("privatedns", "PrivateZone"),
    "microsoft.network/privatednszones/virtualnetworklinks": ("privatedns", "VirtualNetworkLink"),
    "microsoft.storage/storageaccounts": ("storage", "StorageAccount"),
    "microsoft.storage/storageaccounts/blobservices/containers": ("storage", "ListContainerItem"),
    "microsoft.keyvault/vaults": ("keyvault", "Vault"),
    "microsoft.keyvault/deletedvaults": ("keyvault", "DeletedVault"),
    "microsoft.managedidentity/userassignedidentities": ("msi.v2024_11_30", "Identity"),
    "microsoft.containerservice/managedclusters": ("containerservice", "ManagedCluster"),
    "microsoft.authorization/locks": ("resource.locks", "ManagementLockObject"),
    "microsoft.authorization/roleassignments": ("authorization.v2022_04_01", "RoleAssignment"),
    "microsoft.authorization/permissions": ("authorization.v2022_04_01", "Permission"),
    "microsoft.resources/resources": ("resource.resources", "GenericResourceExpanded"),
    "microsoft.resources/providers": ("resource.resources", "Provider"),
    "microsoft.resourcegraph/resources": ("resourcegraph", "QueryResponse"),
    "question": ("resourcegraph", "QueryRequest"),
    GROUP: ("resource.resources", "ResourceGroup"),
    SUBSCRIPTION: ("resource.subscriptions", "Subscription"),
}
_OLD_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "bool": bool,
    "int": int,
    "long": int,
    "float": (int, float),
    "iso-8601": str,
    "object": object,
}


def model(kind: str) -> type | None:
    """The model of a type; None: there is none.

    Raises:
        ModuleNotFoundError: Its SDK is not installed.
    """
    if kind not in MODELS:
        return None
    module, name = MODELS[kind]
    found: type = getattr(import_module(f"azure.mgmt.{module}.models"), name)
    return found


def faults(kind: str, body: Any) -> Iterator[str]:
    """Say what in a body its model does not know, or knows otherwise."""
    found = model(kind)
    if found is not None:
        yield from _of_model(found, body, "")


def _of_model(cls: Any, body: Any, at: str) -> Iterator[str]:
    if not isinstance(body, Mapping):
        yield f"{at}: {body!r} is no object"
        return
    if getattr(cls, "_attribute_map", None):
        yield from _of_older_model(cls, body, at)
        return
    cls = _discriminated(cls, body)
    known = fields(cls)
    for key, value in body.items():
        if key not in known:
            yield f"{at}.{key} is not known to {cls.__name__}"
        else:
            yield from _of_type(known[key], value, f"{at}.{key}")


def _discriminated(cls: Any, body: Mapping[str, Any]) -> Any:
    for key, subclasses in getattr(cls, "__mapping__", {}).items():
        if any(key == value for value in body.values() if isinstance(value, str)):
            return subclasses
    return cls


@cache
def fields(cls: Any) -> Mapping[str, Any]:
    """The types of a newer model's fields, by their names in JSON."""
    cls({})  # the fields are told once one was made
    module = sys.modules[cls.__module__]
    package = sys.modules[cls.__module__.rpartition(".")[0]]
    names = {**vars(module), "_models": package, "_types": package, "_model_base": module}
    hints = typing.get_type_hints(cls, names)
    return {
        told._rest_name: hints.get(name, Any)  # noqa: SLF001 - there is no public way to ask
        for name, told in cls._attr_to_rest_field.items()
    }


def _of_type(wanted: Any, value: Any, at: str) -> Iterator[str]:
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if value is None or wanted is Any:
        return
    if origin in {typing.Union, UnionType}:
        yield from _of_union(arguments, value, at)
    elif origin is list:
        if not isinstance(value, list):
            yield f"{at}: {value!r} is no list"
            return
        for number, each in enumerate(value):
            yield from _of_type(arguments[0], each, f"{at}[{number}]")
    elif origin is dict:
        if not isinstance(value, Mapping):
            yield f"{at}: {value!r} is no object"
            return
        for key, each in value.items():
            yield from _of_type(arguments[1], each, f"{at}.{key}")
    elif inspect.isclass(wanted):
        yield from _of_class(wanted, value, at)


def _of_union(arguments: tuple[Any, ...], value: Any, at: str) -> Iterator[str]:
    enums = [each for each in arguments if inspect.isclass(each) and issubclass(each, enum.Enum)]
    if enums and isinstance(value, str):  # extensible by name only: a value must be known
        known = {member.value for each in enums for member in each}
        if value not in known:
            yield f"{at}: {value!r} is none of {', '.join(sorted(map(str, known)))}"
        return
    tried = [list(_of_type(each, value, at)) for each in arguments if each is not type(None)]
    if tried and all(tried):
        yield from min(tried, key=len)


def _of_class(wanted: Any, value: Any, at: str) -> Iterator[str]:
    if hasattr(wanted, "_attribute_map") or hasattr(wanted, "_is_model"):
        yield from _of_model(wanted, value, at)
    elif wanted is datetime:
        if not isinstance(value, str) or "T" not in value:
            yield f"{at}: {value!r} is no time"
    elif wanted in {str, int, bool, float}:
        right = (int, float) if wanted is float else wanted
        if not isinstance(value, right) or (wanted is not bool and isinstance(value, bool)):
            yield f"{at}: {value!r} is no {wanted.__name__}"
    elif any(base.__name__ == "Model" for base in wanted.__mro__):
        yield from _of_model(wanted, value, at)


def _of_older_model(cls: Any, body: Mapping[str, Any], at: str) -> Iterator[str]:
    known: dict[str, Any] = {}
    for told in cls._attribute_map.values():
        place = known
        *above, last = str(told["key"]).replace("\\.", "\0").split(".")
        for part in above:
            place = place.setdefault(part, {})
        place[last.replace("\0", ".")] = told["type"]
    yield from _of_older(known, body, at, sys.modules[cls.__module__])


def _of_older(known: Mapping[str, Any], body: Any, at: str, module: Any) -> Iterator[str]:
    for key, value in body.items():
        if key not in known:
            yield f"{at}.{key} is not known"
        elif isinstance(known[key], Mapping):
            yield from _of_older(known[key], value, f"{at}.{key}", module)
        else:
            yield from _of_older_type(known[key], value, f"{at}.{key}", module)


def _of_older_type(wanted: str, value: Any, at: str, module: Any) -> Iterator[str]:
    if value is None:
        return
    if wanted.startswith(("[", "{")):
        if not isinstance(value, list if wanted.startswith("[") else dict):
            yield f"{at}: {value!r} is no {wanted}"
            return
        for each in value.values() if isinstance(value, dict) else value:
            yield from _of_older_type(wanted[1:-1], each, at, module)
    elif wanted in _OLD_TYPES:
        if not isinstance(value, _OLD_TYPES[wanted]):
            yield f"{at}: {value!r} is no {wanted}"
    elif inspect.isclass(found := getattr(module, wanted, None)) and hasattr(
        found, "_attribute_map"
    ):
        yield from _of_model(found, value, at)
