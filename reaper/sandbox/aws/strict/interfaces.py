"""EC2's network interfaces: those in use stay, and those that a service lends are the service's."""

from __future__ import annotations

import functools
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.moto_api._internal import mock_random

from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.timetable import TIMETABLE, late

RULES = Rules()

_MISSING_NAT_GATEWAY = "NatGatewayNotFound"


def lend(
    backend: Any, subnet_id: str, *, description: str, sort: str, groups: list[str] | None = None
) -> Any:
    """Make an interface that a service has in a customer's subnet.

    `sort` is as `InterfaceType` says: `nat_gateway`, `vpc_endpoint`, `interface`.
    """
    interface = backend.create_network_interface(
        backend.get_subnet(subnet_id), [], group_ids=groups or [], description=description
    )
    _entrust(interface, description=description, sort=sort)
    return interface


def take_back(backend: Any, interface: Any) -> None:
    """Let an interface go; the addresses on it are free again."""
    for address in backend.addresses:
        if address.eni is interface:
            address.eni = address.instance = address.association_id = None
    if backend.enis.pop(interface.id, None):
        backend.tags.pop(interface.id, None)


def in_use(interface: Any) -> bool:
    """Tell whether something holds the interface."""
    return bool(interface.instance or interface.status == "in-use")


def _entrust(interface: Any, *, description: str, sort: str) -> None:
    interface.description = description
    interface.interface_type = sort
    interface.requester_managed = True
    interface.requester_id = "amazon-aws"
    interface.status = "in-use"
    interface.attachment_id = f"ela-attach-{mock_random.get_random_hex(17)}"


@RULES.around(NetworkInterface, "attachment")
def the_attachment_of_a_lent_interface_names_no_instance(original: Any, interface: Any) -> Any:
    if not interface.requester_managed:
        return original(interface)
    return {
        "AttachmentId": interface.attachment_id,
        "DeleteOnTermination": False,
        "DeviceIndex": 1,
        "InstanceOwnerId": "amazon-aws",
        "Status": "attached",
    }


@RULES.around(EC2Backend, "delete_network_interface")
def an_interface_in_use_stays(original: Any, backend: Any, eni_id: str) -> Any:
    interface = backend.get_network_interface(eni_id)
    if in_use(interface):
        raise EC2ClientError(
            "InvalidParameterValue", f"Network interface '{eni_id}' is currently in use."
        )
    take_back(backend, interface)
    backend.enis[eni_id] = interface  # for moto to take out
    return original(backend, eni_id)


@RULES.around(EC2Backend, "detach_network_interface")
def a_lent_interface_is_not_detached(original: Any, backend: Any, attachment_id: str) -> Any:
    for interface in backend.enis.values():
        if interface.attachment_id == attachment_id:
            if interface.requester_managed:
                raise EC2ClientError(
                    "OperationNotPermitted",
                    "You are not allowed to manage 'ela-attach' attachments.",
                )
            if interface.device_index == 0:
                raise EC2ClientError(
                    "OperationNotPermitted",
                    "The network interface at device index 0 cannot be detached.",
                )
    return original(backend, attachment_id)


@RULES.around(EC2Backend, "create_nat_gateway")
def a_nat_gateway_has_an_interface_lent_to_it(
    original: Any, backend: Any, subnet_id: str, allocation_id: str, *args: Any, **kwargs: Any
) -> Any:
    if allocation_id and backend.address_by_allocation([allocation_id])[0].association_id:
        raise EC2ClientError(
            "Resource.AlreadyAssociated", f"Address {allocation_id} is associated already."
        )
    gateway = original(backend, subnet_id, allocation_id, *args, **kwargs)
    _entrust(
        gateway._eni,
        description=f"Interface for NAT Gateway {gateway.id}",
        sort="nat_gateway",
    )
    gateway._eni._group_set = []
    return gateway


@RULES.around(EC2Backend, "delete_nat_gateway")
def a_nat_gateway_goes_in_steps(_: Any, backend: Any, nat_gateway_id: str) -> Any:
    gateway = backend.nat_gateways.get(nat_gateway_id)
    if gateway is None:
        raise EC2ClientError(
            _MISSING_NAT_GATEWAY, f"The Nat Gateway {nat_gateway_id} was not found"
        )
    if gateway.state not in {"available", "failed"}:
        return gateway
    gateway.state = "deleting"
    if fault := late.get():
        TIMETABLE.after(fault.delay.total_seconds(), lambda: setattr(gateway, "state", "failed"))
        return gateway

    def finish() -> None:
        gateway.state = "deleted"
        take_back(backend, gateway._eni)
        TIMETABLE.after(TIMETABLE.lags.listed_s, forget)

    def forget() -> None:
        backend.nat_gateways.pop(nat_gateway_id, None)
        backend.tags.pop(nat_gateway_id, None)

    TIMETABLE.after(TIMETABLE.lags.nat_gateway_s, finish)
    return gateway


@RULES.around(EC2Backend, "describe_nat_gateways")
def an_unknown_nat_gateway_is_an_error(
    original: Any, backend: Any, filters: Any, nat_gateway_ids: Any
) -> Any:
    for each in nat_gateway_ids or []:
        if each not in backend.nat_gateways:
            raise EC2ClientError(_MISSING_NAT_GATEWAY, f"The Nat Gateway {each} was not found")
    found = original(backend, filters, nat_gateway_ids)
    tagged = {name: values for name, values in (filters or {}).items() if name.startswith("tag")}
    return [gateway for gateway in found if _matches(gateway, tagged)]


def _matches(tagged: Any, filters: dict[str, list[str]]) -> bool:
    """Apply filters by tag, which moto passes over for NAT gateways."""
    for name, values in filters.items():
        value = tagged.get_filter_value(name)
        have = value if isinstance(value, list) else [value]
        if not any(each in values for each in have):
            return False
    return True


@RULES.around(EC2Backend, "create_vpc_endpoint")
def an_interface_endpoint_has_interfaces_lent_to_it(
    original: Any, backend: Any, *args: Any, **kwargs: Any
) -> Any:
    endpoint = original(backend, *args, **kwargs)
    for eni_id in endpoint.network_interface_ids:
        interface = backend.enis[eni_id]
        groups = [backend.get_security_group_from_id(each) for each in endpoint.security_group_ids]
        if groups:
            interface._group_set = groups
        _entrust(
            interface, description=f"VPC Endpoint Interface {endpoint.id}", sort="vpc_endpoint"
        )
    return endpoint


@RULES.around(EC2Backend, "delete_vpc_endpoints")
def an_endpoint_goes_with_its_interfaces_and_routes(
    _: Any, backend: Any, vpce_ids: list[str] | None = None
) -> None:
    for each in vpce_ids or []:
        if endpoint := backend.vpc_end_points.get(each):
            endpoint.state = "deleting"
            finish = functools.partial(_finish_endpoint, backend, endpoint)
            TIMETABLE.after(TIMETABLE.lags.endpoint_s, finish)


def _finish_endpoint(backend: Any, endpoint: Any) -> None:
    for eni_id in endpoint.network_interface_ids:
        if interface := backend.enis.get(eni_id):
            take_back(backend, interface)
    for table in backend.route_tables.values():
        table._routes = {
            route_id: route
            for route_id, route in table._routes.items()
            if route.vpc_endpoint_id != endpoint.id
        }
    backend.vpc_end_points.pop(endpoint.id, None)
    backend.tags.pop(endpoint.id, None)
