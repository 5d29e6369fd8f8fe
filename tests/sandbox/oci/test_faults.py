"""What goes wrong goes wrong in OCI's own words, and the index may lag and be haunted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import oci
import pytest

from reaper.sandbox.faults import Effect, Fault, Operation, always, once
from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.cloud import operation
from reaper.sandbox.oci.searching import read_query
from tests.sandbox.oci.asking import Tenant, refused

TAGS = {"reaper-run": "r-1"}
OURS = "query all resources where (freeformTags.key = 'reaper-run' && freeformTags.value = 'r-1')"


@pytest.mark.parametrize(
    ("method", "sort"),
    [
        ("core.instances.list", Operation.INDEX),
        ("search.resources.search", Operation.INDEX),
        ("core.networkSecurityGroups.vnics.list", Operation.INDEX),
        ("core.instances.get", Operation.READ),
        ("workrequests.workRequests.get", Operation.POLL),
        ("core.instances.delete", Operation.DELETE),
        ("kms.keys.scheduleDeletion", Operation.DELETE),
        ("objectstorage.objects.delete", Operation.DELETE),
        ("core.instances.create", Operation.CREATE),
        ("identity.tenancies.get", Operation.IDENTITY),
    ],
)
def test_methods_are_sorted(method: str, sort: Operation) -> None:
    assert operation(method) is sort


def _search(tenant: Tenant, query: str = OURS) -> list[dict[str, Any]]:
    clients = tenant.clients
    client = oci.resource_search.ResourceSearchClient(
        clients._config,
        service_endpoint=clients.endpoint,
        retry_strategy=oci.retry.NoneRetryStrategy(),
        skip_deserialization=True,
    )
    asked = {"type": "Structured", "query": query}
    found: list[dict[str, Any]] = client.search_resources(asked).data["items"]
    return found


def test_throttling_is_429(sandbox: OciSandbox, tenant: Tenant) -> None:
    sandbox.faults.add(once(Effect.THROTTLE, Operation.CREATE))

    refused(429, "TooManyRequests", tenant.vcn)


def test_a_lost_permission_looks_like_a_lost_thing(sandbox: OciSandbox, tenant: Tenant) -> None:
    vcn = tenant.vcn()["id"]
    net = tenant.clients.network
    gone = refused(404, "NotAuthorizedOrNotFound", lambda: net.get_vcn("ocid1.vcn.oc1.iad.none"))
    sandbox.faults.add(
        Fault(
            effect=Effect.DENY,
            operations=frozenset({Operation.READ}),
            kind="core.vcns.*",
            scope=f"us-ashburn-1/{tenant.compartment}",
        )
    )

    denied = refused(404, "NotAuthorizedOrNotFound", lambda: net.get_vcn(vcn))

    assert denied.partition(".")[0] == gone.partition(".")[0]


def test_the_index_knows_tags_of_both_sorts(tenant: Tenant) -> None:
    free = tenant.vcn(freeformTags=TAGS)["id"]
    defined = tenant.vcn(definedTags={"reaper": TAGS})["id"]
    tenant.vcn(freeformTags={"reaper-run": "another"})

    by_value = (
        "query all resources where definedTags.namespace = 'reaper' "
        "&& definedTags.key = 'reaper-run'"
    )

    assert [each["identifier"] for each in _search(tenant)] == [free]
    assert [each["identifier"] for each in _search(tenant, by_value)] == [defined]
    either = f"{OURS} || (definedTags.key = 'reaper-run' && definedTags.value = 'r-1')"
    assert {each["identifier"] for each in _search(tenant, either)} == {free, defined}
    only = "query subnet resources where freeformTags.key = 'reaper-run'"
    assert _search(tenant, only) == []


def test_a_query_that_is_not_understood_is_refused() -> None:
    for text in ("all", "query all resources where a ~ 'b'", "query all resources where (a = 'b'"):
        with pytest.raises(Exception, match=r"query|understood"):
            read_query(text)


def test_the_index_lags_and_is_haunted(sandbox: OciSandbox, tenant: Tenant) -> None:
    hour = timedelta(hours=1)
    vcn = tenant.vcn(freeformTags=TAGS)["id"]
    lag = sandbox.faults.add(always(Effect.LAG, Operation.INDEX, delay=hour))
    late = _search(tenant)
    sandbox.faults.remove(lag)
    tenant.clients.network.delete_vcn(vcn)
    exact = _search(tenant)
    sandbox.faults.add(always(Effect.GHOST, Operation.INDEX, delay=hour))

    assert late == []
    assert exact == []
    assert [each["identifier"] for each in _search(tenant)] == [vcn]


def test_what_is_terminated_stays_in_the_index_for_a_while(tenant: Tenant) -> None:
    subnet = tenant.subnet(tenant.vcn()["id"])["id"]
    instance = tenant.instance(subnet, freeformTags=TAGS)["id"]

    tenant.clients.compute.terminate_instance(instance)

    [found] = _search(tenant)
    assert (found["identifier"], found["lifecycleState"]) == (instance, "TERMINATED")
    assert _search(tenant, f"{OURS} && lifecycleState != 'TERMINATED'") == []


def test_a_compartment_that_is_not_empty_fails_late(sandbox: OciSandbox, tenant: Tenant) -> None:
    tenant.vcn()
    api = tenant.clients.identity

    work = api.delete_compartment(tenant.compartment).headers["opc-work-request-id"]
    told = api.get_work_request(work).data

    assert told["status"] == "FAILED"
    assert "in use by ocid1." in told["errors"][0]["message"]
    assert api.get_compartment(tenant.compartment).data["lifecycleState"] == "ACTIVE"


def test_a_vault_is_scheduled_with_its_keys(tenant: Tenant) -> None:
    clients = tenant.clients
    vault = clients.vaults.create_vault(tenant.body(displayName="v", vaultType="DEFAULT")).data
    keys = clients.keys(vault["managementEndpoint"])
    shape = {"algorithm": "AES", "length": 32}
    key = keys.create_key(tenant.body(displayName="k", keyShape=shape)).data

    refused(
        400,
        "InvalidParameter",
        lambda: clients.vaults.schedule_vault_deletion(
            vault["id"], {"timeOfDeletion": "2099-01-01T00:00:00.000Z"}
        ),
    )
    clients.vaults.schedule_vault_deletion(vault["id"], {})

    told = keys.get_key(key["id"]).data
    assert told["lifecycleState"] == "PENDING_DELETION"
    assert told["timeOfDeletion"]
