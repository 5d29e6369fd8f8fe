"""Signatures, etags, tokens, pages and regions are as OCI has them."""

from __future__ import annotations

from typing import Any

import requests

from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.world import Clients
from reaper.sandbox.oci.world.clients import pages
from tests.sandbox.oci.asking import Tenant, refused


def test_a_request_that_is_not_signed_is_refused(sandbox: OciSandbox) -> None:
    path = f"{sandbox.endpoint}/us-ashburn-1/20160918/vcns"

    answer = requests.get(path, params={"compartmentId": "x"}, timeout=5)

    assert answer.status_code == 401
    assert answer.json()["code"] == "NotAuthenticated"


def test_another_key_is_refused(sandbox: OciSandbox) -> None:
    with OciSandbox() as other:
        config = {**other.key.config(), "tenancy": sandbox.tenancy}

    strange = Tenant(Clients(sandbox.endpoint, config, "us-ashburn-1"), sandbox.compartments["ci"])

    refused(401, "NotAuthenticated", strange.vcn)


def test_a_stale_etag_is_refused(tenant: Tenant) -> None:
    vcn = tenant.vcn()
    net = tenant.clients.network
    etag = net.get_vcn(vcn["id"]).headers["etag"]

    net.update_vcn(vcn["id"], {"displayName": "another"})

    refused(412, "NoEtagMatch", lambda: net.delete_vcn(vcn["id"], if_match=etag))
    net.delete_vcn(vcn["id"], if_match=net.get_vcn(vcn["id"]).headers["etag"])


def test_a_retry_token_makes_one_thing_once(tenant: Tenant) -> None:
    net = tenant.clients.network
    asked = tenant.body(cidrBlock="10.0.0.0/16")

    made = [net.create_vcn(asked, opc_retry_token="t").data["id"] for _ in range(2)]

    assert made[0] == made[1]
    assert len(net.list_vcns(tenant.compartment).data) == 1


def test_lists_come_in_pages_by_header(tenant: Tenant) -> None:
    made = {tenant.vcn()["id"] for _ in range(5)}

    first = tenant.clients.network.list_vcns(tenant.compartment, limit=2)
    every = list(pages(tenant.clients.network.list_vcns, tenant.compartment, limit=2))

    assert len(first.data) == 2
    assert first.headers["opc-next-page"]
    assert {each["id"] for each in every} == made


def test_regions_and_compartments_are_apart(sandbox: OciSandbox, tenant: Tenant) -> None:
    vcn = tenant.vcn()["id"]
    other = Clients(sandbox.endpoint, sandbox.key.config(), "eu-frankfurt-1")

    refused(404, "NotAuthorizedOrNotFound", lambda: other.network.get_vcn(vcn))
    assert other.network.list_vcns(tenant.compartment).data == []
    assert tenant.clients.network.list_vcns(sandbox.compartments["shared"]).data == []
    refused(
        404,
        "NotAuthorizedOrNotFound",
        lambda: tenant.clients.network.list_vcns("ocid1.compartment.oc1..none"),
    )


def test_what_has_no_region_is_changed_in_the_home_region_only(
    sandbox: OciSandbox, tenant: Tenant
) -> None:
    other = Clients(sandbox.endpoint, sandbox.key.config(), "eu-frankfurt-1").identity
    asked: dict[str, Any] = {**tenant.body(name="g", description="g")}

    refused(403, "NotAllowed", lambda: other.create_group(asked))
    assert len(other.list_compartments(sandbox.tenancy).data) == 2


def test_an_instance_that_is_over_is_listed_still_and_its_volumes_are_as_asked(
    tenant: Tenant,
) -> None:
    compute, storage = tenant.clients.compute, tenant.clients.storage
    launched = {
        "type": "paravirtualized",
        "launchCreateVolumeDetails": {"volumeCreationType": "ATTRIBUTES", "sizeInGBs": 50},
    }
    subnet = tenant.subnet(tenant.vcn()["id"])["id"]
    usual, whole = (tenant.instance(subnet, launchVolumeAttachments=[launched]) for _ in "ab")

    compute.terminate_instance(usual["id"])
    compute.terminate_instance(whole["id"], preserve_data_volumes_created_at_launch=False)

    assert tenant.state(usual["id"]) == "TERMINATED"
    assert len(compute.list_instances(tenant.compartment).data) == 2
    states = [
        each["lifecycleState"]
        for each in storage.list_volumes(compartment_id=tenant.compartment).data
    ]
    assert sorted(states) == ["AVAILABLE", "TERMINATED"]
    refused(409, "IncorrectState", lambda: compute.terminate_instance(usual["id"]))
