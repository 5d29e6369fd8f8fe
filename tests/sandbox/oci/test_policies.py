"""A user of the sandbox may do what policies allow its groups, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.policies import needs_of
from reaper.sandbox.oci.world import Clients
from tests.sandbox.oci.asking import Tenant, refused
from tests.sandbox.oci.test_faults import OURS, TAGS, _search


@pytest.mark.parametrize(
    ("method", "needs"),
    [
        ("core.instances.list", ("inspect instances",)),
        ("core.instances.get", ("read instances",)),
        ("core.vcns.get", ("inspect vcns",)),
        ("core.bootVolumes.delete", ("manage volumes",)),
        ("core.images.create", ("manage instance-images",)),
        ("core.instancePools.instances.list", ("read instance-pools",)),
        ("core.dedicatedVmHosts.instances.list", ("read dedicated-vm-hosts",)),
        ("core.networkSecurityGroups.vnics.list", ("use network-security-groups",)),
        ("core.networkSecurityGroups.securityRules.list", ("use network-security-groups",)),
        ("core.publicIps.get", ("read public-ips",)),
        (
            "core.volumeAttachments.delete",
            ("manage volume-attachments", "use instances", "use volumes"),
        ),
        ("identity.users.apiKeys.list", ("inspect users",)),
        ("kms.keys.scheduleDeletion", ("manage keys",)),
        ("objectstorage.objectVersions.list", ("inspect objects",)),
        ("objectstorage.namespaces.get", ()),
        ("search.resources.search", ()),
    ],
)
def test_methods_need_what_the_policy_reference_says(method: str, needs: tuple[str, ...]) -> None:
    assert needs_of(method) == needs


def user(
    sandbox: OciSandbox, clients: Clients, statements: Sequence[str], name: str = "team"
) -> Clients:
    """A new user in a new group, of which policies say this."""
    named: dict[str, Any] = {
        "compartmentId": sandbox.tenancy,
        "name": name,
        "description": name,
    }
    made = clients.identity.create_user(named).data["id"]
    group = clients.identity.create_group(named).data["id"]
    clients.identity.add_user_to_group({"userId": made, "groupId": group})
    clients.identity.create_policy({**named, "statements": list(statements)})
    return Clients(sandbox.endpoint, sandbox.key_of(made).config(), clients.region)


def test_a_statement_allows_what_it_says_and_where(
    sandbox: OciSandbox, clients: Clients, tenant: Tenant
) -> None:
    vcn = tenant.vcn()["id"]
    theirs = Tenant(clients, sandbox.compartments["shared"]).vcn()["id"]
    statement = f"Allow group team to manage vcns in compartment id {tenant.compartment}"
    limited = user(sandbox, clients, [statement]).network

    assert [each["id"] for each in limited.list_vcns(tenant.compartment).data] == [vcn]
    where = sandbox.compartments["shared"]
    refused(404, "NotAuthorizedOrNotFound", lambda: limited.list_vcns(where))
    refused(404, "NotAuthorizedOrNotFound", lambda: limited.get_vcn(theirs))
    refused(404, "NotAuthorizedOrNotFound", lambda: limited.list_drgs(tenant.compartment))
    limited.delete_vcn(vcn)


def test_the_public_address_of_a_private_one_is_shown_to_whom_it_may_be(
    sandbox: OciSandbox, clients: Clients, tenant: Tenant
) -> None:
    instance = tenant.instance(tenant.subnet(tenant.vcn()["id"])["id"])
    compute, where = clients.compute, tenant.compartment
    [attached] = compute.list_vnic_attachments(where, instance_id=instance["id"]).data
    [private] = clients.network.list_private_ips(vnic_id=attached["vnicId"]).data
    elsewhere = sandbox.compartments["shared"]
    public = clients.network.create_public_ip(
        {"compartmentId": elsewhere, "lifetime": "RESERVED", "privateIpId": private["id"]}
    ).data
    asked = {"privateIpId": private["id"]}

    def shown(name: str) -> Any:
        where = sandbox.compartments[name]
        statement = f"Allow group {name} to read public-ips in compartment id {where}"
        limited = user(sandbox, clients, [statement], name).network
        return limited.get_public_ip_by_private_ip_id(asked).data["id"]

    refused(404, "NotAuthorizedOrNotFound", lambda: shown("ci"))
    assert shown("shared") == public["id"]


def test_looking_is_not_deleting(sandbox: OciSandbox, clients: Clients, tenant: Tenant) -> None:
    vcn = tenant.vcn()["id"]
    looking = user(sandbox, clients, ["Allow group team to read virtual-network-family in tenancy"])

    assert looking.network.get_vcn(vcn).data["id"] == vcn
    refused(404, "NotAuthorizedOrNotFound", lambda: looking.network.delete_vcn(vcn))


def test_what_is_allowed_above_is_allowed_below(
    sandbox: OciSandbox, clients: Clients, tenant: Tenant
) -> None:
    below = clients.identity.create_compartment(
        {"compartmentId": tenant.compartment, "name": "below", "description": "below"}
    ).data["id"]
    statement = f"Allow group team to inspect vcns in compartment id {tenant.compartment}"
    limited = user(sandbox, clients, [statement])

    assert limited.network.list_vcns(below).data == []


def test_a_search_shows_only_what_may_be_inspected(
    sandbox: OciSandbox, clients: Clients, tenant: Tenant
) -> None:
    vcn = tenant.vcn(freeformTags=TAGS)["id"]
    tenant.clients.storage.create_volume(
        tenant.body(availabilityDomain="SbOx:US-ASHBURN-1-AD-1", freeformTags=TAGS)
    )
    limited = user(sandbox, clients, ["Allow group team to inspect vcns in tenancy"])

    assert len(_search(tenant, OURS)) == 2
    shown = _search(Tenant(limited, tenant.compartment), OURS)
    assert [each["identifier"] for each in shown] == [vcn]
