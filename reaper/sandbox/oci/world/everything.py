"""All that exists in compartments, described so that two looks at it can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reaper.sandbox.oci.world.clients import Clients, pages

# Kind, compartment (and for what has a region, that before it), and ID.
Seen = tuple[str, str, str]

# States in which a thing is over, though it is listed still.
_OVER = frozenset({"TERMINATED", "DELETED", "DETACHED"})

_LISTS: Mapping[str, tuple[str, str]] = {
    "core:instance": ("compute", "list_instances"),
    "core:volume-attachment": ("compute", "list_volume_attachments"),
    "core:image": ("compute", "list_images"),
    "core:dedicated-vm-host": ("compute", "list_dedicated_vm_hosts"),
    "core:instance-configuration": ("pools", "list_instance_configurations"),
    "core:instance-pool": ("pools", "list_instance_pools"),
    "core:vcn": ("network", "list_vcns"),
    "core:subnet": ("network", "list_subnets"),
    "core:internet-gateway": ("network", "list_internet_gateways"),
    "core:nat-gateway": ("network", "list_nat_gateways"),
    "core:service-gateway": ("network", "list_service_gateways"),
    "core:local-peering-gateway": ("network", "list_local_peering_gateways"),
    "core:drg": ("network", "list_drgs"),
    "core:drg-attachment": ("network", "list_drg_attachments"),
    "core:route-table": ("network", "list_route_tables"),
    "core:security-list": ("network", "list_security_lists"),
    "core:dhcp-options": ("network", "list_dhcp_options"),
    "core:boot-volume-backup": ("storage", "list_boot_volume_backups"),
    "core:volume-backup": ("storage", "list_volume_backups"),
    "core:volume-group": ("storage", "list_volume_groups"),
    "core:volume-group-backup": ("storage", "list_volume_group_backups"),
    "loadbalancer:load-balancer": ("balancers", "list_load_balancers"),
    "networkloadbalancer:network-load-balancer": (
        "network_balancers",
        "list_network_load_balancers",
    ),
    "kms:vault": ("vaults", "list_vaults"),
}
_BY_NAME: Mapping[str, tuple[str, str]] = {
    "core:network-security-group": ("network", "list_network_security_groups"),
    "core:boot-volume": ("storage", "list_boot_volumes"),
    "core:volume": ("storage", "list_volumes"),
}
_IDENTITIES: Mapping[str, str] = {
    "identity:compartment": "list_compartments",
    "identity:policy": "list_policies",
    "identity:dynamic-group": "list_dynamic_groups",
    "identity:group": "list_groups",
    "identity:user": "list_users",
    "identity:tag-namespace": "list_tag_namespaces",
}


def everything(
    endpoint: str,
    config: Mapping[str, str],
    compartments: Iterable[str],
    regions: Iterable[str],
    home: str = "us-ashburn-1",
) -> dict[Seen, str]:
    """Describe all that exists in these compartments and regions, and of the root's identities.

    Descriptions are JSON, equal as long as nothing about the thing has changed.
    """
    seen: dict[Seen, str] = {}
    where = tuple(compartments)
    for region in regions:
        clients = Clients(endpoint, config, region)
        for compartment in where:
            for kind, item in _of_region(clients, compartment):
                _note(seen, kind, f"{region}/{compartment}", item)
    at_home = Clients(endpoint, config, home)
    for compartment in (config["tenancy"], *where):
        for kind, name in _IDENTITIES.items():
            for item in pages(getattr(at_home.identity, name), compartment):
                held = _credentials(at_home, kind, item)
                _note(seen, kind, f"{home}/{compartment}", {**item, **held})
    return seen


def _note(seen: dict[Seen, str], kind: str, where: str, item: dict[str, Any]) -> None:
    if item.get("lifecycleState") not in _OVER:
        name = item["name"] if kind == "objectstorage:bucket" else item["id"]
        seen[f"oci:{kind}", where, name] = json.dumps(item, sort_keys=True)


def _of_region(clients: Clients, compartment: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, (client, name) in _LISTS.items():
        for item in pages(getattr(getattr(clients, client), name), compartment):
            yield kind, item
    for kind, (client, name) in _BY_NAME.items():
        for item in pages(getattr(getattr(clients, client), name), compartment_id=compartment):
            yield kind, item
    for item in pages(clients.network.list_public_ips, "REGION", compartment):
        yield "core:public-ip", item
    for item in pages(clients.keys(clients.endpoint).list_keys, compartment):
        yield "kms:key", item
    yield from _vnics(clients, compartment)
    yield from _buckets(clients, compartment)


def _vnics(clients: Clients, compartment: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for attachment in pages(clients.compute.list_vnic_attachments, compartment):
        if attachment["lifecycleState"] not in _OVER:
            vnic = clients.network.get_vnic(attachment["vnicId"]).data
            yield "core:vnic", vnic
            for address in pages(clients.network.list_private_ips, vnic_id=vnic["id"]):
                if not address["isPrimary"]:
                    yield "core:private-ip", address


def _buckets(clients: Clients, compartment: str) -> Iterator[tuple[str, dict[str, Any]]]:
    api = clients.objects
    namespace = api.get_namespace().data
    for item in pages(api.list_buckets, namespace, compartment, fields=["tags"]):
        name = item["name"]
        yield (
            "objectstorage:bucket",
            {
                **item,
                "objects": list(pages(api.list_object_versions, namespace, name)),
                "uploads": list(pages(api.list_multipart_uploads, namespace, name)),
                "requests": list(pages(api.list_preauthenticated_requests, namespace, name)),
            },
        )


def _credentials(clients: Clients, kind: str, item: Mapping[str, Any]) -> dict[str, Any]:
    if kind != "identity:user":
        return {}
    api = clients.identity
    groups = pages(api.list_user_group_memberships, item["compartmentId"], user_id=item["id"])
    return {"keys": api.list_api_keys(item["id"]).data, "groups": list(groups)}
