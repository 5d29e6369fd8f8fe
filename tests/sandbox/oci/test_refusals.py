"""What the real OCI would not do, or what is not here, is refused and changes nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import oci
import pytest

from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.world import Clients
from tests.sandbox.oci.asking import DOMAIN, Tenant, refused
from tests.sandbox.oci.test_policies import user

AD = {"availabilityDomain": DOMAIN}


def bucket(tenant: Tenant) -> tuple[str, str]:
    api = tenant.clients.objects
    namespace = api.get_namespace().data
    api.create_bucket(namespace, tenant.body(name="data"))
    return namespace, "data"


def part_of_an_upload(tenant: Tenant) -> None:
    api, within = tenant.clients.objects, bucket(tenant)
    upload = api.create_multipart_upload(*within, {"object": "o"}).data["uploadId"]
    try:
        api.upload_part(*within, "o", upload, 1, io.BytesIO(b"x"))
    finally:
        assert len(api.list_multipart_uploads(*within).data) == 1


def retention_rule(tenant: Tenant) -> None:
    tenant.clients.objects.create_retention_rule(*bucket(tenant), {"displayName": "r"})


def lifecycle_policy(tenant: Tenant) -> None:
    tenant.clients.objects.get_object_lifecycle_policy(*bucket(tenant))


def action_on_an_instance(tenant: Tenant) -> None:
    subnet = tenant.subnet(tenant.vcn()["id"])["id"]
    tenant.clients.compute.instance_action(tenant.instance(subnet)["id"], "STOP")


def fault_domains(tenant: Tenant) -> None:
    tenant.clients.identity.list_fault_domains(tenant.compartment, DOMAIN)


def every_work_request(tenant: Tenant) -> None:
    tenant.clients.network.base_client.call_api("/workRequests", "GET", header_params={})


def another_tag(tenant: Tenant) -> None:
    named = {"name": "ops", "description": "ops"}
    identity = tenant.clients.identity
    space = identity.create_tag_namespace(tenant.body(**named)).data["id"]
    identity.create_tag(space, named)
    identity.update_tag(space, "ops", {"description": "another"})


@pytest.mark.parametrize(
    "ask",
    [
        part_of_an_upload,
        retention_rule,
        lifecycle_policy,
        action_on_an_instance,
        fault_domains,
        every_work_request,
        another_tag,
    ],
    ids=lambda ask: ask.__name__,
)
def test_what_is_not_here_says_so_and_is_noted(
    running: OciSandbox, ask: Callable[[Tenant], None]
) -> None:
    running.reset()
    tenant = Tenant(
        Clients(running.endpoint, running.key.config(), "us-ashburn-1"),
        running.compartments["ci"],
    )

    told = refused(501, "NotImplemented", lambda: ask(tenant))

    assert "The sandbox does not serve" in told
    assert [each for each in running.violations if "does not serve" in each]


def test_a_vault_is_never_deleted_at_once(tenant: Tenant) -> None:
    vaults = tenant.clients.vaults
    made = vaults.create_vault(tenant.body(displayName="v", vaultType="DEFAULT")).data["id"]
    delete = {"vaultId": made}

    told = refused(
        405,
        "MethodNotAllowed",
        lambda: vaults.base_client.call_api(
            "/20180608/vaults/{vaultId}", "DELETE", path_params=delete, header_params={}
        ),
    )

    assert "scheduled" in told
    assert vaults.get_vault(made).data["lifecycleState"] == "ACTIVE"


def test_nobody_makes_what_no_policy_allows(
    sandbox: OciSandbox, clients: Clients, tenant: Tenant
) -> None:
    limited = user(sandbox, clients, ["Allow group team to read all-resources in tenancy"])
    asked: dict[str, Any] = tenant.body(cidrBlock="10.0.0.0/16")

    refused(404, "NotAuthorizedOrNotFound", lambda: limited.network.create_vcn(asked))
    refused(
        404,
        "NotAuthorizedOrNotFound",
        lambda: limited.objects.create_bucket("sandboxspace", tenant.body(name="data")),
    )
    assert tenant.clients.network.list_vcns(tenant.compartment).data == []


def test_a_body_that_is_no_json_is_refused(sandbox: OciSandbox, clients: Clients) -> None:
    base = clients.network.base_client
    for path in ("/vcns", "/publicIps/actions/getByPrivateIpId"):
        headers = {"opc-request-id": "r", "content-type": "application/json"}
        request = oci.request.Request(
            "POST", f"{base.endpoint}{path}", header_params=headers, body="{"
        )
        with pytest.raises(oci.exceptions.ServiceError) as caught:
            base.request(request)
        assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")
    assert sandbox.violations == []


def test_a_body_without_anything_in_it_lacks_what_is_wanted(
    sandbox: OciSandbox, clients: Clients
) -> None:
    told = refused(400, "InvalidParameter", lambda: clients.network.create_vcn({}))

    assert "compartmentId" in told
    assert [each for each in sandbox.violations if "compartmentId" in each]
    sandbox.violations.clear()


def test_a_boot_volume_is_attached_once(tenant: Tenant) -> None:
    subnet = tenant.subnet(tenant.vcn()["id"])["id"]
    one, other = (tenant.instance(subnet)["id"] for _ in range(2))
    compute, where = tenant.clients.compute, tenant.compartment
    [attached] = compute.list_boot_volume_attachments(DOMAIN, where, instance_id=one).data

    refused(
        409,
        "IncorrectState",
        lambda: compute.attach_boot_volume(
            {"instanceId": other, "bootVolumeId": attached["bootVolumeId"]}
        ),
    )


def private_address(tenant: Tenant, subnet: str) -> str:
    """The private address of a new instance."""
    clients, instance = tenant.clients, tenant.instance(subnet)["id"]
    [attached] = clients.compute.list_vnic_attachments(
        tenant.compartment, instance_id=instance
    ).data
    [address] = clients.network.list_private_ips(vnic_id=attached["vnicId"]).data
    return str(address["id"])


def test_a_public_address_is_assigned_to_another_private_one(tenant: Tenant) -> None:
    net, subnet = tenant.clients.network, tenant.subnet(tenant.vcn()["id"])["id"]
    one, other = (private_address(tenant, subnet) for _ in range(2))
    asked = tenant.body(lifetime="RESERVED", privateIpId=one)
    public = net.create_public_ip(asked).data["id"]

    refused(409, "Conflict", lambda: net.create_public_ip(asked))
    moved = net.update_public_ip(public, {"privateIpId": other}).data
    free = net.update_public_ip(public, {"privateIpId": ""}).data

    assert (moved["assignedEntityId"], moved["lifecycleState"]) == (other, "ASSIGNED")
    assert (free.get("assignedEntityId"), free["lifecycleState"]) == (None, "AVAILABLE")


def test_a_private_address_has_one_public_one_and_an_ephemeral_one_never_moves(
    tenant: Tenant,
) -> None:
    net, subnet = tenant.clients.network, tenant.subnet(tenant.vcn()["id"])["id"]
    one, other = (private_address(tenant, subnet) for _ in range(2))
    fleeting = net.create_public_ip(tenant.body(lifetime="EPHEMERAL", privateIpId=one)).data["id"]
    reserved = net.create_public_ip(tenant.body(lifetime="RESERVED")).data["id"]

    refused(409, "Conflict", lambda: net.update_public_ip(reserved, {"privateIpId": one}))
    for target in (other, ""):
        asked = {"privateIpId": target}
        refused(409, "IncorrectState", partial(net.update_public_ip, fleeting, asked))

    assert net.get_public_ip(fleeting).data["assignedEntityId"] == one
    assert net.get_public_ip(reserved).data["lifecycleState"] == "AVAILABLE"
