"""What the caller may do: the statements of the tenancy's policies, and what each method needs.

The tenancy's own user is its administrator, and may do everything.
https://docs.oracle.com/iaas/Content/Identity/Reference/policyreference.htm
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reaper.sandbox.oci.estate import Estate

_VERBS = ("inspect", "read", "use", "manage")
_STATEMENT = re.compile(
    r"allow\s+group\s+(?P<group>\S+)\s+to\s+(?P<verb>inspect|read|use|manage)\s+(?P<type>\S+)\s+"
    r"in\s+(?:tenancy|compartment\s+id\s+(?P<where>\S+))",
    re.IGNORECASE,
)
_NETWORK = (
    *("dhcp-options", "drg-attachments", "drgs", "internet-gateways", "local-peering-gateways"),
    *("nat-gateways", "network-security-groups", "private-ips", "public-ips", "route-tables"),
    *("security-lists", "service-gateways", "subnets", "vcns", "vnic-attachments", "vnics"),
)
_VOLUMES = (
    *("boot-volume-backups", "volume-attachments", "volume-backups", "volume-group-backups"),
    *("volume-groups", "volumes"),
)
# What each aggregate covers, of what is here.
_FAMILIES: Mapping[str, frozenset[str]] = {
    "compute-management-family": frozenset({"instance-configurations", "instance-pools"}),
    "instance-family": frozenset({"instance-images", "instances", "volume-attachments"}),
    "object-family": frozenset({"buckets", "objects"}),
    "virtual-network-family": frozenset(_NETWORK),
    "volume-family": frozenset(_VOLUMES),
}
# Resource-types that are not called as their collections.
_TYPES: Mapping[str, str] = {
    "core.bootVolumeAttachments": "volume-attachments",
    "core.bootVolumes": "volumes",
    "core.dhcps": "dhcp-options",
    "core.images": "instance-images",
    "objectstorage.multipartUploads": "objects",
    "objectstorage.objectVersions": "objects",
    "objectstorage.preauthenticatedRequests": "buckets",
    "objectstorage.retentionRules": "buckets",
}
_IDENTITIES = frozenset(
    {"compartments", "dynamic-groups", "groups", "policies", "tag-namespaces", "tenancies", "users"}
)
# Of these `inspect` lets one be read wholly.
_SHOWN = _IDENTITIES | frozenset((*_NETWORK, *_VOLUMES))
_INSTANCE = ("use vnics", "use subnets", "use volumes", "manage volume-attachments")
_DETACHED = ("use instances", "use volumes")
# What a deletion needs beyond managing the thing itself.
_ALONG: Mapping[str, tuple[str, ...]] = {
    "core.bootVolumeAttachments": _DETACHED,
    "core.drgAttachments": ("manage vcns", "manage drgs"),
    "core.instancePools": (*_INSTANCE, "manage instances"),
    "core.instances": _INSTANCE,
    "core.vnics": ("use subnets",),
    "core.volumeAttachments": _DETACHED,
    "identity.userGroupMemberships": ("use groups", "use users"),
    "loadbalancer.loadBalancers": ("use vnics", "use subnets", "use network-security-groups"),
    "networkloadbalancer.networkLoadBalancers": (
        *("use vnics", "use subnets", "use network-security-groups"),
    ),
}
# Methods that are irregular.
_METHODS: Mapping[str, tuple[str, ...]] = {
    "core.networkSecurityGroups.securityRules.list": ("use network-security-groups",),
    "core.networkSecurityGroups.vnics.list": ("use network-security-groups",),
    "core.publicIps.get": ("read public-ips",),
    "core.publicIps.list": ("read public-ips",),
    "identity.availabilityDomains.list": ("inspect compartments",),
    "identity.tenancies.regionSubscriptions.list": ("inspect tenancies",),
    "identity.userGroupMemberships.list": ("inspect groups", "inspect users"),
    "identity.userGroupMemberships.delete": ("use groups", "use users"),
    "objectstorage.multipartUploads.list": ("read buckets",),
    "objectstorage.namespaces.get": (),
    "objectstorage.preauthenticatedRequests.list": ("manage buckets",),
    "objectstorage.retentionRules.list": ("read buckets",),
}
# Everybody may ask these; what a search shows is only what the caller may inspect.
_FREE = frozenset({"search", "workrequests"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What a statement allows.

    Attributes:
        type: Such as `instances` or `instance-family`.
        where: The compartment, with all below it; None: the tenancy.
    """

    verb: str
    type: str
    where: str | None


def needs_of(method: str) -> tuple[str, ...]:
    """What a method needs: such as `manage volumes`."""
    service, _, rest = method.partition(".")
    if service in _FREE:
        return ()
    told = _METHODS.get(method)
    if told is not None:
        return told
    collection, *_, verb = rest.split(".")
    kind = f"{service}.{collection}"
    own = _TYPES.get(kind) or _dashed(collection)
    if verb in {"list", "get"}:
        shown = verb == "list" and rest.count(".") == 1
        return (f"{'inspect' if shown or own in _SHOWN else 'read'} {own}",)
    along = _ALONG.get(kind, ()) if verb == "delete" else ()
    return (f"manage {own}", *along)


def may(estate: Estate, user: str, method: str, compartment: str) -> bool:
    """Whether a user may use a method on what is in a compartment."""
    if user == estate.user:
        return True
    grants = list(_grants(estate, user))
    above = set(_above(estate, compartment))
    return all(any(_allows(grant, need, above) for grant in grants) for need in needs_of(method))


def _allows(grant: Grant, need: str, above: set[str]) -> bool:
    verb, _, wanted = need.partition(" ")
    return (
        _VERBS.index(grant.verb) >= _VERBS.index(verb)
        and (grant.type in {wanted, "all-resources"} or wanted in _FAMILIES.get(grant.type, ()))
        and (grant.where is None or grant.where in above)
    )


def _grants(estate: Estate, user: str) -> Iterator[Grant]:
    """What policies grant to the groups in which a user is."""
    groups = {
        str(group.body["name"]).lower()
        for each in estate.graph.of("identity.userGroupMemberships")
        if each.body["userId"] == user
        if (group := estate.graph.find(each.body["groupId"])) is not None
    }
    for policy in estate.graph.of("identity.policies"):
        for statement in policy.body["statements"]:
            match = _STATEMENT.fullmatch(statement)
            if match is not None and match["group"].lower() in groups:
                yield Grant(
                    verb=match["verb"].lower(), type=match["type"].lower(), where=match["where"]
                )


def _above(estate: Estate, compartment: str) -> Iterator[str]:
    """A compartment, and those above it."""
    at: Any = compartment
    while at:
        yield at
        node = estate.graph.find(at)
        at = node.body["compartmentId"] if node is not None and at != estate.tenancy else None


def _dashed(collection: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", collection).lower()
