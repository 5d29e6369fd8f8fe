"""Each dependency rule refuses, and says who is in the way."""

from __future__ import annotations

from collections.abc import Iterator

import oci
import pytest

from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.rules import Bond, Rule
from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.rules import RULES
from reaper.sandbox.oci.world import Clients, build
from tests.sandbox.oci.asking import Tenant

PINS = [rule for rule in RULES if rule.bond is Bond.PINS and not rule.late]
# OCID type -> client, and the call that deletes one.
CALLS = {
    "core.volumes": ("storage", "delete_volume"),
    "core.bootVolumes": ("storage", "delete_boot_volume"),
    "core.dedicatedVmHosts": ("compute", "delete_dedicated_vm_host"),
    "core.instanceConfigurations": ("pools", "delete_instance_configuration"),
    "core.vcns": ("network", "delete_vcn"),
    "core.drgs": ("network", "delete_drg"),
    "core.internetGateways": ("network", "delete_internet_gateway"),
    "core.natGateways": ("network", "delete_nat_gateway"),
    "core.serviceGateways": ("network", "delete_service_gateway"),
    "core.localPeeringGateways": ("network", "delete_local_peering_gateway"),
    "core.routeTables": ("network", "delete_route_table"),
    "core.securityLists": ("network", "delete_security_list"),
    "core.dhcps": ("network", "delete_dhcp_options"),
    "core.subnets": ("network", "delete_subnet"),
    "core.networkSecurityGroups": ("network", "delete_network_security_group"),
    "core.publicIps": ("network", "delete_public_ip"),
    "identity.groups": ("identity", "delete_group"),
    "identity.users": ("identity", "delete_user"),
}


@pytest.fixture(scope="module")
def full() -> Iterator[OciSandbox]:
    """A sandbox in which each rule holds something."""
    with OciSandbox(strict=True) as sandbox:
        where = sandbox.compartments["ci"]
        build(
            sandbox.endpoint, sandbox.key.config(), {"reaper-run": "r"}, name="o", compartment=where
        )
        tenant = Tenant(Clients(sandbox.endpoint, sandbox.key.config(), "us-ashburn-1"), where)
        _add_what_is_rare(tenant)
        yield sandbox

        assert sandbox.violations == []


def _add_what_is_rare(tenant: Tenant) -> None:
    net = tenant.clients.network
    address = net.create_public_ip(tenant.body(lifetime="RESERVED")).data
    vcn = tenant.vcn()
    net.create_nat_gateway(tenant.body(vcnId=vcn["id"], publicIpId=address["id"]))
    table = net.create_route_table(tenant.body(vcnId=vcn["id"], routeRules=[])).data
    subnet = tenant.subnet(vcn["id"])
    instance = tenant.instance(subnet["id"])
    [attached] = tenant.clients.compute.list_vnic_attachments(
        tenant.compartment, instance_id=instance["id"]
    ).data
    net.update_vnic(attached["vnicId"], {"routeTableId": table["id"]})
    for create, more in (
        (
            tenant.clients.balancers.create_load_balancer,
            {"shapeName": "flexible", "subnetIds": [subnet["id"]]},
        ),
        (
            tenant.clients.network_balancers.create_network_load_balancer,
            {"subnetId": subnet["id"]},
        ),
    ):
        reserved = net.create_public_ip(tenant.body(lifetime="RESERVED")).data
        create(tenant.body(displayName="rare", reservedIps=[{"id": reserved["id"]}], **more))


@pytest.mark.parametrize("rule", PINS, ids=lambda rule: rule.name)
def test_what_is_held_by_a_rule_stays(full: OciSandbox, rule: Rule) -> None:
    held = _held(full, rule)
    client, call = CALLS[held.kind]
    clients = Clients(full.endpoint, full.key.config(), "us-ashburn-1")
    held.facts.pop("apiKeys", None)
    held.facts.pop("authTokens", None)

    with pytest.raises(oci.exceptions.ServiceError) as caught:
        getattr(getattr(clients, client), call)(held.path)

    assert (caught.value.status, caught.value.code) == (409, "Conflict")
    assert "references the" in caught.value.message or "is the default one" in caught.value.message


def _held(sandbox: OciSandbox, rule: Rule) -> Node:
    graph = sandbox.estate.graph
    for node in graph.of(*rule.held):
        if any(found.rule is rule for _, found in graph.blockers(node)):
            return node
    raise AssertionError(f"nothing here is held by the rule that {rule.name}")
