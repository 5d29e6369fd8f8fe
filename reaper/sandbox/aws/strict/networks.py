"""EC2's networks: nothing goes while something stands on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.route_tables import Route

from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.strict.instances import living

RULES = Rules()

# While a VPC goes, its default group and main route table go with it.
_with_its_vpc: ContextVar[bool] = ContextVar("_with_its_vpc", default=False)


@RULES.around(EC2Backend, "delete_subnet")
def a_subnet_in_use_stays(original: Any, backend: Any, subnet_id: str) -> Any:
    interfaces = any(each.subnet.id == subnet_id for each in backend.enis.values())
    instances = any(each.subnet_id == subnet_id for each in living(backend))
    gateways = any(
        each.subnet_id == subnet_id and each.state in {"pending", "available", "deleting"}
        for each in backend.nat_gateways.values()
    )
    if interfaces or instances or gateways:
        raise DependencyViolationError(
            f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
        )
    for table in backend.route_tables.values():
        for association, target in list(table._associations.items()):
            if target == subnet_id:
                del table._associations[association]
    for acl in backend.network_acls.values():
        for association, each in list(acl._associations.items()):
            if each.subnet_id == subnet_id:
                del acl._associations[association]
    return original(backend, subnet_id)


@RULES.around(EC2Backend, "delete_security_group")
def a_security_group_in_use_stays(
    original: Any, backend: Any, name: str | None = None, group_id: str | None = None
) -> Any:
    if group_id:
        group = backend.get_security_group_from_id(group_id)
    else:
        group = backend.get_security_group_by_name_or_id(name)
    if group and not _with_its_vpc.get():
        if group.is_default or group.name == "default":
            raise EC2ClientError(
                "CannotDelete",
                f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
            )
        if _attached(backend, group) or group.id in _referred_to_by_others(backend, group):
            raise DependencyViolationError(f"resource {group.id} has a dependent object")
    return original(backend, name, group_id)


def _attached(backend: Any, group: Any) -> bool:
    return any(
        each.id == group.id for interface in backend.enis.values() for each in interface.group_set
    ) or any(each.id == group.id for one in living(backend) for each in one.security_groups)


def _referred_to_by_others(backend: Any, group: Any) -> Iterator[str]:
    for groups in backend.groups.values():
        for other in groups.values():
            if other.id != group.id:
                for rule in (*other.ingress_rules, *other.egress_rules):
                    yield (rule.source_group or {}).get("GroupId", "")


@RULES.around(EC2Backend, "delete_vpc")
def a_vpc_in_use_stays(original: Any, backend: Any, vpc_id: str) -> Any:
    backend.get_vpc(vpc_id)
    if any(_parts(backend, vpc_id)):
        raise DependencyViolationError(
            f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
        )
    acls = [each for each in backend.network_acls.values() if each.vpc_id == vpc_id]
    token = _with_its_vpc.set(True)
    try:
        gone = original(backend, vpc_id)
    finally:
        _with_its_vpc.reset(token)
    for acl in acls:
        backend.network_acls.pop(acl.id, None)
    return gone


def _parts(backend: Any, vpc_id: str) -> Iterator[object]:
    yield from (
        group
        for group in backend.groups[vpc_id].values()
        if not (group.is_default or group.name == "default")
    )
    yield from (
        gateway
        for gateway in backend.internet_gateways.values()
        if gateway.vpc and gateway.vpc.id == vpc_id
    )
    yield from (
        gateway
        for gateway in backend.egress_only_internet_gateways.values()
        if gateway.vpc_id == vpc_id
    )
    yield from (each for each in backend.enis.values() if each.subnet.vpc_id == vpc_id)
    yield from (each for each in backend.vpc_end_points.values() if each.vpc_id == vpc_id)
    yield from (
        acl for acl in backend.network_acls.values() if acl.vpc_id == vpc_id and not acl.default
    )
    yield from (
        each
        for each in backend.vpc_pcxs.values()
        if vpc_id in {each.vpc.id, each.peer_vpc.id}
        and each.status in {"active", "pending-acceptance"}
    )


@RULES.around(EC2Backend, "delete_route_table")
def a_main_route_table_stays(original: Any, backend: Any, route_table_id: str) -> Any:
    table = backend.get_route_table(route_table_id)
    if table.main_association_id and not _with_its_vpc.get():
        raise DependencyViolationError(
            f"The routeTable '{route_table_id}' has dependencies and cannot be deleted."
        )
    return original(backend, route_table_id)


@RULES.around(EC2Backend, "disassociate_route_table")
def a_main_route_table_stays_associated(original: Any, backend: Any, association_id: str) -> Any:
    if any(t.main_association_id == association_id for t in backend.route_tables.values()):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"cannot disassociate the main route table association {association_id}",
        )
    return original(backend, association_id)


@RULES.around(Route, "state")
def a_route_to_what_is_gone_is_a_black_hole(original: Any, route: Any) -> Any:
    backend = route.route_table.ec2_backend
    nat, gateway = route.nat_gateway, route.gateway
    if nat is not None and nat.state not in {"pending", "available"}:
        return "blackhole"
    if gateway is not None and gateway.id.startswith("igw-"):
        attached = gateway.vpc is not None and gateway.id in backend.internet_gateways
        return original(route) if attached else "blackhole"
    return original(route)


@RULES.around(EC2Backend, "detach_internet_gateway")
def a_gateway_stays_attached_while_public_addresses_are_mapped(
    original: Any, backend: Any, internet_gateway_id: str, vpc_id: str
) -> Any:
    mapped = any(
        interface.public_ip and interface.subnet.vpc_id == vpc_id
        for interface in backend.enis.values()
    )
    if mapped:
        raise DependencyViolationError(
            f"Network {vpc_id} has some mapped public address(es). Please unmap those public"
            " address(es) before detaching the gateway."
        )
    return original(backend, internet_gateway_id, vpc_id)


@RULES.around(EC2Backend, "release_address")
def an_address_in_use_stays(
    original: Any, backend: Any, address: str | None = None, allocation_id: str | None = None
) -> Any:
    if address:
        found = backend.address_by_ip([address])[0]
    else:
        found = backend.address_by_allocation([allocation_id])[0]
    if found.association_id or found.eni or found.instance:
        raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found.public_ip} is in use.")
    backend.tags.pop(found.id, None)
    return original(backend, address, allocation_id)


@RULES.around(EC2Backend, "disassociate_address")
def the_address_of_a_service_stays_with_it(
    original: Any, backend: Any, address: str | None = None, association_id: str | None = None
) -> Any:
    if address:
        found = backend.address_by_ip([address])[0]
    else:
        found = backend.address_by_association([association_id])[0]
    if found.eni and found.eni.requester_managed:
        raise EC2ClientError(
            "AuthFailure", "You do not have permission to access the specified resource."
        )
    return original(backend, address, association_id)
