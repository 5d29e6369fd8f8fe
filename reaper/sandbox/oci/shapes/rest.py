"""Load balancers, identities, vaults and keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reaper.sandbox.oci.dialect import Refused, not_found
from reaper.sandbox.oci.making import Making, Shape
from reaper.sandbox.oci.shapes.networks import assigned_to


def _balancer(making: Making) -> None:
    making.wanted("displayName")
    making.wanted("shapeName")
    for each in making.wanted("subnetIds"):
        making.other(each, "core.subnets")
    making.body |= {
        "ipAddresses": _addresses(making),
        "isPrivate": bool(making.asked.get("isPrivate")),
        "listeners": {
            name: {"name": name, **each}
            for name, each in (making.asked.get("listeners") or {}).items()
        },
        "backendSets": {
            name: _backend_set(name, each)
            for name, each in (making.asked.get("backendSets") or {}).items()
        },
    }


def _addresses(making: Making) -> list[dict[str, Any]]:
    """Give it the reserved address that it asks for: the private one behind it is Oracle's own."""
    made: dict[str, Any] = {"ipAddress": making.estate.address(internal=False), "isPublic": True}
    for each in making.asked.get("reservedIps") or ():
        public = making.other(each["id"], "core.publicIps")
        if public.body.get("assignedEntityId"):
            raise Refused(409, "Conflict", f"The public IP {public.path} is assigned already")
        public.body |= assigned_to(making.estate.ocid("privateip", making.region))
        making.estate.changed(public)
        making.facts.setdefault("reservedIps", []).append(public.path)
        made = {
            "ipAddress": public.body["ipAddress"],
            "isPublic": True,
            "reservedIp": {"id": public.path},
        }
    making.hide("reservedIps")
    return [made]


def _backend_set(name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Show a load balancer's backends with what they are by default."""
    usual = {"backup": False, "drain": False, "offline": False, "weight": 1}
    backends = [
        {**usual, "name": f"{each['ipAddress']}:{each['port']}", **each}
        for each in asked.get("backends") or ()
    ]
    checker = {"responseBodyRegex": "", **asked["healthChecker"]}
    return {"name": name, **asked, "backends": backends, "healthChecker": checker}


def _network_balancer(making: Making) -> None:
    making.wanted("displayName")
    making.other(making.wanted("subnetId"), "core.subnets")
    making.body |= {
        "ipAddresses": _addresses(making),
        "isPrivate": bool(making.asked.get("isPrivate")),
        "backendSets": {
            name: {"name": name, "backends": [], **each}
            for name, each in (making.asked.get("backendSets") or {}).items()
        },
    }


def _identity(making: Making) -> None:
    """Shape what has a name that no other of its sort in the same compartment has."""
    name, where = making.wanted("name"), making.wanted("compartmentId")
    for each in making.estate.graph.of(making.sort.kind):
        if (each.body.get("name"), each.body["compartmentId"]) == (name, where):
            code = f"{making.sort.words}AlreadyExists"
            raise Refused(409, code, f"{making.sort.words} {name} already exists.")
    making.body.setdefault("description", name)


def _user(making: Making) -> None:
    _identity(making)
    making.body["isMfaActivated"] = False


def _namespace(making: Making) -> None:
    _identity(making)
    making.body["isRetired"] = False


def _membership(making: Making) -> None:
    user = making.other(making.wanted("userId"), "identity.users")
    making.other(making.wanted("groupId"), "identity.groups")
    making.body["compartmentId"] = user.body["compartmentId"]
    making.hide("freeformTags", "definedTags")


def _vault(making: Making) -> None:
    making.wanted("vaultType")
    start, _, unique = making.id.rpartition(".")
    making.id = f"{start}.{unique[:13]}.{unique[13:]}"
    where = f"{making.estate.endpoint}/{making.region}/{unique[:13]}"
    making.body |= {
        "id": making.id,
        "wrappingkeyId": making.estate.ocid("key", making.region),
        "managementEndpoint": where,
        "cryptoEndpoint": where,
    }


def _key(making: Making) -> None:
    """Shape a key, of the vault at whose own endpoint it is asked for."""
    within = str(making.facts.get("vault"))
    vaults = [each for each in making.estate.graph.of("kms.vaults") if f".{within}." in each.path]
    if not vaults or vaults[0].going:
        raise not_found(within)
    start, _, unique = making.id.rpartition(".")
    making.id = f"{start}.{within}.{unique}"
    making.body |= {
        "id": making.id,
        "vaultId": vaults[0].path,
        "currentKeyVersion": making.estate.ocid("keyversion", making.region),
        "keyShape": making.wanted("keyShape"),
        "protectionMode": making.asked.get("protectionMode", "HSM"),
    }


SHAPES: Mapping[str, Shape] = {
    "loadbalancer.loadBalancers": _balancer,
    "networkloadbalancer.networkLoadBalancers": _network_balancer,
    "identity.compartments": _identity,
    "identity.policies": _identity,
    "identity.dynamicGroups": _identity,
    "identity.groups": _identity,
    "identity.users": _user,
    "identity.userGroupMemberships": _membership,
    "identity.tagNamespaces": _namespace,
    "kms.vaults": _vault,
    "kms.keys": _key,
}
