"""Holds bodies to the SDK's models: which properties there are, which are required, their types."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from reaper.sandbox.oci.sorts import SORTS

_LIST = re.compile(r"list\[(.+)\]")
_DICT = re.compile(r"dict\(str, (.+)\)")
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
}
_REQUIRED = "**[Required]**"
# What a creation is asked with, where it is not called `Create…Details`.
_DRAFTS: Mapping[str, str] = {
    "core.instances": "core.LaunchInstanceDetails",
    "core.volumeAttachments": "core.AttachVolumeDetails",
    "core.bootVolumeAttachments": "core.AttachBootVolumeDetails",
    "core.vnicAttachments": "core.AttachVnicDetails",
    "core.instanceConfigurations": "core.CreateInstanceConfigurationBase",
    "core.dhcps": "core.CreateDhcpDetails",
    "identity.userGroupMemberships": "identity.AddUserToGroupDetails",
}
# Of lists that are no collection of `sorts`.
_LISTED: Mapping[str, str] = {
    "core.dedicatedVmHosts.instances.list": "core.DedicatedVmHostInstanceSummary",
    "core.instancePools.instances.list": "core.InstanceSummary",
    "core.networkSecurityGroups.securityRules.list": "core.SecurityRule",
    "core.networkSecurityGroups.vnics.list": "core.NetworkSecurityGroupVnic",
    "identity.availabilityDomains.list": "identity.AvailabilityDomain",
    "identity.tagNamespaces.tags.list": "identity.TagSummary",
    "identity.tenancies.regionSubscriptions.list": "identity.RegionSubscription",
    "identity.users.apiKeys.list": "identity.ApiKey",
    "identity.users.authTokens.list": "identity.AuthToken",
    "identity.users.customerSecretKeys.list": "identity.CustomerSecretKeySummary",
    "identity.users.smtpCredentials.list": "identity.SmtpCredentialSummary",
    "objectstorage.buckets.list": "object_storage.BucketSummary",
    "objectstorage.multipartUploads.list": "object_storage.MultipartUpload",
    "objectstorage.objectVersions.list": "object_storage.ObjectVersionSummary",
    "objectstorage.preauthenticatedRequests.list": (
        "object_storage.PreauthenticatedRequestSummary"
    ),
    "objectstorage.retentionRules.list": "object_storage.RetentionRule",
    "search.resourceTypes.list": "resource_search.ResourceType",
    "search.resources.search": "resource_search.ResourceSummary",
}
_ONE: Mapping[str, str] = {
    "identity.tenancies.get": "identity.Tenancy",
    "objectstorage.buckets.get": "object_storage.Bucket",
}
_WORK: Mapping[str, str] = {
    "loadbalancerworkrequest": "load_balancer.WorkRequest",
    "networkloadbalancerworkrequest": "network_load_balancer.WorkRequest",
    "identityworkrequest": "identity.WorkRequest",
    "coreservicesworkrequest": "work_requests.WorkRequest",
}


def faults_of_request(method: str, body: Any) -> Iterator[str]:
    """Tell what of a creation's body the SDK could not have sent."""
    kind, _, verb = method.rpartition(".")
    if verb != "create" or kind not in SORTS:
        return
    sort = SORTS[kind]
    package = sort.model.partition(".")[0]
    name = _DRAFTS.get(kind, f"{package}.Create{sort.words}Details")
    yield from _faults(_class(name), body, name, required=True)


def faults_of_reply(method: str, body: Any) -> Iterator[str]:
    """Tell what of an answer's body is not as the SDK reads it."""
    kind, _, verb = method.rpartition(".")
    if verb in {"list", "search"}:
        sort = SORTS.get(kind)
        name = _LISTED.get(method) or (sort.summary or sort.model if sort else "")
        items = body["items"] if isinstance(body, Mapping) else body
        for item in items if name else ():
            yield from _faults(_class(name), item, name, required=True)
        return
    name = _ONE.get(method, "")
    if method == "workrequests.workRequests.get":
        name = _WORK[str(body["id"]).split(".")[1]]
    elif kind in SORTS and verb in {"get", "create", "update", "scheduleDeletion"}:
        name = SORTS[kind].model
    if name:
        yield from _faults(_class(name), body, name, required=True)


@lru_cache(maxsize=512)
def _class(name: str) -> Any:
    package, _, model = name.partition(".")
    return getattr(importlib.import_module(f"oci.{package}.models"), model)


@lru_cache(maxsize=512)
def _shape(model: Any) -> tuple[Mapping[str, str], frozenset[str], frozenset[str]]:
    """A model's properties with their types, those that are required, and the states it knows."""
    empty = model()
    names = empty.attribute_map
    required = {
        names[name]
        for each in model.__mro__
        for name, value in vars(each).items()
        if isinstance(value, property) and name in names and _REQUIRED in (value.__doc__ or "")
    }
    states = {
        str(getattr(model, name)) for name in dir(model) if name.startswith("LIFECYCLE_STATE_")
    }
    types = {names[name]: str(each) for name, each in empty.swagger_types.items()}
    return types, frozenset(required), frozenset(states)


def _faults(model: Any, body: Any, where: str, *, required: bool) -> Iterator[str]:
    if not isinstance(body, Mapping):
        yield f"{where}: no object"
        return
    subtype = getattr(model, "get_subtype", None)
    if subtype is not None:
        named = subtype(body)
        module = importlib.import_module(".".join(model.__module__.split(".")[:3]))
        model = getattr(module, named, model)
    types, wanted, states = _shape(model)
    for name in sorted(wanted - body.keys()) if required else ():
        yield f"{where} lacks {name}"
    for name, value in body.items():
        if name not in types:
            yield f"{where} has no {name}"
        elif value is not None:
            yield from _wrong(model, types[name], value, f"{where}.{name}")
    state = body.get("lifecycleState")
    if states and state is not None and state not in states:
        yield f"{where} knows no lifecycleState {state}"


def _wrong(model: Any, kind: str, value: Any, where: str) -> Iterator[str]:
    listed = _LIST.fullmatch(kind)
    inner = listed or _DICT.fullmatch(kind)
    if inner is not None:
        if not isinstance(value, list if listed else dict):
            yield f"{where} is {type(value).__name__}, no {kind}"
            return
        for each in value if isinstance(value, list) else value.values():
            yield from _wrong(model, inner[1], each, f"{where}[]")
    elif kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]) or (kind == "int" and isinstance(value, bool)):
            yield f"{where} is {type(value).__name__}, no {kind}"
    elif kind == "datetime":
        if not _is_time(value):
            yield f"{where} is no time: {value!r}"
    elif kind != "object":
        module = importlib.import_module(".".join(model.__module__.split(".")[:3]))
        yield from _faults(getattr(module, kind), value, where, required=True)


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False
