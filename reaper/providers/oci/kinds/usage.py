"""Who would miss a thing that OCI lets go all the same, and who is in the way where it does not.

Only what the place's compartments hold can be seen: what is elsewhere may use a thing unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reaper.model import Relation
from reaper.providers.oci.answers import OciError, absent
from reaper.providers.oci.kind import Item, Items, Link
from reaper.providers.oci.names import (
    BOOT_VOLUME,
    BOOT_VOLUME_BACKUP,
    BUCKET,
    CONFIGURATION,
    INSTANCE,
    LOAD_BALANCER,
    NETWORK_LOAD_BALANCER,
    POOL,
    PUBLIC_IP,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SUBNET,
    VOLUME,
    VOLUME_BACKUP,
)
from reaper.providers.oci.reach import Reach, at_once

# What instance configurations and pools name: they break silently without it.
LAUNCHED = (
    Link(Relation.USED_BY, '"+configurations"', CONFIGURATION),
    Link(Relation.USED_BY, '"+pools"', POOL),
)
# What leads to an address: it leads nowhere without it, and OCI does not mind.
ADDRESSED = (
    Link(Relation.ALTERS, '"+routes"', ROUTE_TABLE),
    Link(Relation.ALTERS, '"+balancers"', LOAD_BALANCER),
    Link(Relation.ALTERS, '"+network_balancers"', NETWORK_LOAD_BALANCER),
    Link(Relation.ALTERS, '"+reserved"', PUBLIC_IP),
)
_ENCRYPTED = (VOLUME, BOOT_VOLUME, VOLUME_BACKUP, BOOT_VOLUME_BACKUP)


def alive(reach: Reach, kind: str) -> list[dict[str, Any]]:
    """What there is of a kind in all the compartments that are looked at.

    Raises:
        OciError, Unanswered: A list is not whole.
    """
    declared = reach.kinds[kind]
    return [
        each for each in reach.everywhere(declared) if each.get(declared.state) not in declared.over
    ]


def whole(reach: Reach, kind: str) -> list[dict[str, Any]]:
    """The same, each as it is read by itself: its list does not show all of it.

    What is gone meanwhile is left out.
    """
    declared = reach.kinds[kind]

    def ask(summary: Item) -> dict[str, Any] | None:
        key = declared.key(summary)
        once = reach.told.constant if declared.fixed else reach.told.shared
        try:
            return once(f"{kind} {reach.region} {key}", lambda: reach.get(declared, key)[0])
        except OciError as error:
            if not absent(error) or _listed(reach, kind, summary):
                raise
            return None

    return [each for each in at_once(ask, alive(reach, kind)) if each is not None]


def _listed(reach: Reach, kind: str, summary: Item) -> bool:
    """Whether its list, asked anew, has it still."""
    declared = reach.kinds[kind]
    key = declared.key(summary)
    items = reach.items(declared, str(summary["compartmentId"]))
    return any(declared.key(each) == key for each in items)


def tell_launches(reach: Reach, items: Items) -> None:
    """Tell which instance configurations and pools name a thing, in whichever field."""
    for kind, key in ((CONFIGURATION, "+configurations"), (POOL, "+pools")):
        for user in whole(reach, kind):
            for other in dict.fromkeys(_texts(user)):
                if other in items and other != user["id"]:
                    items[other].setdefault(key, []).append(user["id"])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def tell_addressed(reach: Reach, items: Items) -> None:
    """Tell what leads to the private addresses of a VNIC, or to one by itself."""
    routes = {
        (str(rule.get("networkEntityId")), str(table["id"]))
        for table in alive(reach, ROUTE_TABLE)
        for rule in table.get("routeRules") or ()
    }
    targets = [*_targets(reach)]

    def ask(item: dict[str, Any]) -> None:
        for address in item.get("+ips") or [item]:
            item.setdefault("+routes", []).extend(
                table for target, table in routes if target == address["id"]
            )
            named = {address["id"], *item.get("+instance", ())}
            for kind, balancer, backend in targets:
                by_address = backend.get("ipAddress") == address.get("ipAddress")
                if backend.get("targetId") in named or (
                    by_address and _meet(reach, balancer, item)
                ):
                    key = "+balancers" if kind == LOAD_BALANCER else "+network_balancers"
                    item.setdefault(key, []).append(balancer["id"])
            item.setdefault("+reserved", []).extend(_reserved(reach, address))

    at_once(ask, items.values())


def _targets(reach: Reach) -> Iterator[tuple[str, dict[str, Any], Mapping[str, Any]]]:
    """Each backend of each load balancer."""
    for kind in (LOAD_BALANCER, NETWORK_LOAD_BALANCER):
        for balancer in alive(reach, kind):
            for group in (balancer.get("backendSets") or {}).values():
                for backend in group.get("backends") or ():
                    yield kind, balancer, backend


def _meet(reach: Reach, balancer: Item, item: Item) -> bool:
    """Whether they are in the same VCN: addresses are used again in each."""
    subnets = balancer.get("subnetIds") or [balancer.get("subnetId")]
    return _vcn(reach, item["subnetId"]) in {_vcn(reach, each) for each in subnets if each}


def _vcn(reach: Reach, subnet: str) -> str:
    kind = reach.kinds[SUBNET]
    item = reach.told.shared(f"subnet {subnet}", lambda: reach.get(kind, subnet)[0])
    return str(item["vcnId"])


def _reserved(reach: Reach, address: Item) -> Iterator[str]:
    """The reserved public address that is assigned to a private one: it outlives it.

    That there is none counts only where public addresses can be listed.
    """
    kind = reach.kinds[PUBLIC_IP]
    try:
        public = reach.connection.read(
            "network",
            reach.region,
            "get_public_ip_by_private_ip_id",
            get_public_ip_by_private_ip_id_details={"privateIpId": address["id"]},
        ).body
    except OciError as error:
        if not absent(error):
            raise
        listed = reach.all_of(kind, str(address["compartmentId"]))
        found = [each for each in listed if each.get("assignedEntityId") == address["id"]]
    else:
        reach.note(kind, public)
        found = [public]
    yield from (str(each["id"]) for each in found if each.get("lifetime") == "RESERVED")


def tell_members(reach: Reach, groups: Items) -> None:
    """Tell whose VNICs are in a security group, and which other groups' rules name it.

    Rules can name groups of the same VCN only.
    """
    vcns = {each["vcnId"] for each in groups.values()}
    others = [each for each in alive(reach, SECURITY_GROUP) if each["vcnId"] in vcns]

    def ask(group: dict[str, Any]) -> None:
        own = {"network_security_group_id": group["id"]}
        vnics = list(reach.pages("network", "list_network_security_group_vnics", **own))
        group["+users"] = [str(each.get("resourceId") or each["vnicId"]) for each in vnics]

    def rules(group: Item) -> tuple[str, set[str]]:
        own = {"network_security_group_id": group["id"]}
        found = reach.pages("network", "list_network_security_group_security_rules", **own)
        return group["id"], {
            str(each.get(end)) for each in found for end in ("source", "destination")
        }

    at_once(ask, groups.values())
    for other, named in at_once(rules, others):
        for group in named & groups.keys() - {other}:
            groups[group].setdefault("+rules", []).append(other)


MEMBERS = (
    Link(Relation.USED_BY, "\"+users\"[?contains(@, '.instance.')]", INSTANCE),
    Link(Relation.USED_BY, "\"+users\"[?contains(@, '.loadbalancer.')]", LOAD_BALANCER),
    Link(
        Relation.USED_BY, "\"+users\"[?contains(@, '.networkloadbalancer.')]", NETWORK_LOAD_BALANCER
    ),
    Link(Relation.ALTERS, '"+rules"', SECURITY_GROUP),
)
_KNOWN_MEMBERS = (".instance.", ".loadbalancer.", ".networkloadbalancer.")


def strange_members(group: Item) -> Iterable[str]:
    """Name those members of a security group that are of kinds that reaper does not know."""
    users: list[str] = group.get("+users") or []
    return [each for each in users if not any(noun in each for noun in _KNOWN_MEMBERS)]


def tell_tenants(reach: Reach, hosts: Items) -> None:
    """Tell which instances are on a dedicated host."""

    def ask(place: tuple[str, str]) -> tuple[str, list[str]]:
        host, compartment = place
        listed = reach.pages(
            "compute",
            "list_dedicated_vm_host_instances",
            compartment_id=compartment,
            dedicated_vm_host_id=host,
        )
        return host, [str(each["instanceId"]) for each in listed]

    where = reach.worth_asking(reach.kinds[INSTANCE], reach.compartments)
    places = [(host, each) for host in hosts for each in where]
    for host, instances in at_once(ask, places):
        hosts[host].setdefault("+instances", []).extend(instances)


ENCRYPTED = (
    *(
        Link(Relation.USED_BY, f"\"+encrypted\"[?contains(@, '.{noun}.')]", kind)
        for kind, noun in zip(
            _ENCRYPTED, ("volume", "bootvolume", "volumebackup", "bootvolumebackup"), strict=True
        )
    ),
    Link(Relation.USED_BY, '"+buckets"', BUCKET),
)


def tell_encrypted(reach: Reach, keys: Items) -> None:
    """Tell which volumes, backups and buckets are encrypted with a key, as far as they tell."""
    using = [each for kind in _ENCRYPTED for each in alive(reach, kind)]
    for key, user, field in (
        *((str(each.get("kmsKeyId")), each["id"], "+encrypted") for each in using),
        *((str(each.get("kmsKeyId")), each["name"], "+buckets") for each in whole(reach, BUCKET)),
    ):
        if key in keys:
            keys[key].setdefault(field, []).append(user)
