"""What Azure would delete under whoever uses it stays, and says who that is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("azure.identity")
pytest.importorskip("azure.mgmt.network")

from reaper.providers.azure import names
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.faults import Effect, Operation
from tests.acceptance.azure_site import Site, stays, swept
from tests.acceptance.azure_site import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.azure_site import running as running  # noqa: PLC0414 - a fixture
from tests.acceptance.azure_site import site as site  # noqa: PLC0414 - a fixture
from tests.azurebench import OTHER
from tests.sandbox.azure.asking import EMPTY_DISK, Group

BAR = "azure:microsoft.foo/bars"
VAULT = {
    "tenantId": "00000000-0000-0000-0000-0000000000aa",
    "sku": {"family": "A", "name": "standard"},
    "accessPolicies": [],
}
BALANCER = "Microsoft.Network/loadBalancers"
GATEWAY = "Microsoft.Network/applicationGateways"


def vault(site: Site) -> str:
    return site.ours.add("Microsoft.KeyVault/vaults", "our-kv", VAULT, tags=site.tags)


def account(site: Site) -> str:
    return site.ours.add(
        "Microsoft.Storage/storageAccounts",
        "ourstore",
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
        tags=site.tags,
    )


def bar(site: Site) -> str:
    return site.ours.add("Microsoft.Foo/bars", "bar", tags=site.tags)


# --- Network: what serves, and by whom ------------------------------------------------------------


def test_a_scale_set_that_serves_in_a_strangers_balancer(site: Site) -> None:
    pool = {"frontendIPConfigurations": [], "backendAddressPools": [{"name": "pool"}]}
    front = site.theirs.add(BALANCER, "lb", pool, sku={"name": "Standard"})
    inner = {
        "subnet": {"id": f"{site.ours.network('net', tags=site.tags)}/subnets/default"},
        "loadBalancerBackendAddressPools": [{"id": f"{front}/backendAddressPools/pool"}],
    }
    interface = {"primary": True, "ipConfigurations": [{"name": "ip", "properties": inner}]}
    profile = {"networkInterfaceConfigurations": [{"name": "nic", "properties": interface}]}
    scaled = site.ours.add(
        "Microsoft.Compute/virtualMachineScaleSets",
        "vmss",
        {"virtualMachineProfile": {"networkProfile": profile}},
        tags=site.tags,
    )

    stays(site, names.SCALE_SET, scaled, by=front)


def test_an_interface_that_serves_in_a_strangers_gateway(site: Site) -> None:
    gateway = site.theirs.add(GATEWAY, "gw", {"backendAddressPools": [{"name": "pool"}]})
    inner = {"applicationGatewayBackendAddressPools": [{"id": f"{gateway}/backendAddressPools/p"}]}
    network = site.ours.network("net", tags=site.tags)
    interface = site.ours.interface("nic", network, inner=inner, tags=site.tags)

    stays(site, names.INTERFACE, interface, by=gateway)


def test_a_gateway_of_the_runs_goes_with_the_interface_that_serves_in_it(site: Site) -> None:
    gateway = site.ours.add(
        GATEWAY, "gw", {"backendAddressPools": [{"name": "pool"}]}, tags=site.tags
    )
    inner = {"applicationGatewayBackendAddressPools": [{"id": f"{gateway}/backendAddressPools/p"}]}
    site.ours.interface("nic", site.theirs.network("net"), inner=inner, tags=site.tags)

    assert swept(site).left == {}


@pytest.mark.parametrize("whose", ["balancer", "interface"])
def test_a_balancer_whose_rule_leads_to_an_interface_of_another_owner(
    site: Site, whose: str
) -> None:
    of_balancer, of_interface = (
        (site.ours, site.theirs) if whose == "balancer" else (site.theirs, site.ours)
    )
    tags = {"tags": site.tags}
    front = of_balancer.add(
        BALANCER,
        "lb",
        {"frontendIPConfigurations": [], "inboundNatRules": [{"name": "ssh"}]},
        sku={"name": "Standard"},
        **(tags if whose == "balancer" else {}),
    )
    interface = of_interface.interface(
        "nic",
        site.theirs.network("net"),
        inner={"loadBalancerInboundNatRules": [{"id": f"{front}/inboundNatRules/ssh"}]},
        **(tags if whose == "interface" else {}),
    )

    if whose == "balancer":
        stays(site, names.BALANCER, front, by=interface)
    else:
        stays(site, names.INTERFACE, interface, by=front)


# --- Compute --------------------------------------------------------------------------------------


def test_a_shared_disk_that_a_strangers_machine_has_too(site: Site) -> None:
    disk = site.ours.add(
        "Microsoft.Compute/disks", "shared", {**EMPTY_DISK, "maxShares": 2}, tags=site.tags
    )
    data = {"lun": 0, "createOption": "Attach", "managedDisk": {"id": disk}}
    network = site.theirs.network("net")
    ours = site.ours.machine(
        "vm",
        site.ours.interface("nic", network, tags=site.tags),
        storage={"dataDisks": [{**data, "deleteOption": "Delete"}]},
        tags=site.tags,
    )
    theirs = site.theirs.machine(
        "vm", site.theirs.interface("nic", network), storage={"dataDisks": [data]}
    )

    stays(site, names.DISK, disk, by=theirs)
    assert site.ours.there(ours)


def test_an_image_that_a_scale_set_of_another_subscription_starts_from(site: Site) -> None:
    about = {"publisher": "p", "offer": "o", "sku": "s"}
    definition = {"osType": "Linux", "osState": "Generalized", "identifier": about}
    site.ours.add("Microsoft.Compute/galleries", "g", tags=site.tags)
    image = site.ours.add("Microsoft.Compute/galleries/images", "g/i", definition, tags=site.tags)
    elsewhere = Group.make(site.rest, OTHER, "elsewhere")
    profile = {"storageProfile": {"imageReference": {"id": image}}}
    user = elsewhere.add(
        "Microsoft.Compute/virtualMachineScaleSets", "vmss", {"virtualMachineProfile": profile}
    )

    stays(site, names.GALLERY_IMAGE, image, by=user)


# --- vaults, accounts, and what nobody knows ------------------------------------------------------


@pytest.mark.parametrize("kind", [names.VAULT, names.ACCOUNT])
def test_what_a_strangers_endpoint_leads_to(site: Site, kind: str) -> None:
    ours, noun = (vault(site), "vault") if kind == names.VAULT else (account(site), "blob")
    connection = {"privateLinkServiceId": ours, "groupIds": [noun]}
    subnet = {"id": f"{site.theirs.network('net')}/subnets/default"}
    endpoint = site.theirs.add(
        "Microsoft.Network/privateEndpoints",
        "door",
        {
            "subnet": subnet,
            "privateLinkServiceConnections": [{"name": "door", "properties": connection}],
        },
    )

    stays(site, kind, ours, by=endpoint)


@pytest.mark.parametrize("subscription", [SUBSCRIPTION, OTHER])
def test_a_vault_whose_key_a_stranger_works_with(site: Site, subscription: str) -> None:
    site.bench.options = {"purge": True}
    ours = vault(site)
    elsewhere = Group.make(site.rest, subscription, "elsewhere")
    user = elsewhere.add(
        "Microsoft.Foo/bars", "bar", {"keyUri": "https://our-kv.vault.azure.net/keys/k"}
    )

    stays(site, names.VAULT, ours, by=user)


def test_a_vault_from_which_a_strangers_gateway_has_its_certificate(site: Site) -> None:
    ours = vault(site)
    secret = {"keyVaultSecretId": "https://our-kv.vault.azure.net/secrets/tls"}
    gateway = site.theirs.add(
        GATEWAY, "gw", {"sslCertificates": [{"name": "tls", "properties": secret}]}
    )

    stays(site, names.VAULT, ours, by=gateway)


def test_an_account_in_which_somebody_makes_a_container_after_the_runs_end(site: Site) -> None:
    ours = account(site)
    containers = f"{ours}/blobServices/default/containers"
    site.rest.put(f"{containers}/first", {"properties": {}})
    site.over()
    site.rest.put(f"{containers}/later", {"properties": {}})

    told = site.bench.sweep()

    item = told.item(names.ACCOUNT, ours.lower())
    assert (item["verdict"], item["rule"]) == ("quarantine", "used")
    assert site.ours.there(ours)


def test_an_account_with_a_container_of_the_runs_goes(site: Site) -> None:
    ours = account(site)
    site.rest.put(f"{ours}/blobServices/default/containers/first", {"properties": {}})

    assert swept(site).left == {}


def test_an_account_that_a_strangers_machine_writes_to(site: Site) -> None:
    ours = account(site)
    network = site.theirs.network("net")
    interface = site.theirs.interface("nic", network)
    machine = site.theirs.add(
        "Microsoft.Compute/virtualMachines",
        "vm",
        {
            "networkProfile": {"networkInterfaces": [{"id": interface}]},
            "diagnosticsProfile": {
                "bootDiagnostics": {
                    "enabled": True,
                    "storageUri": "https://ourstore.blob.core.windows.net/",
                }
            },
        },
    )

    stays(site, names.ACCOUNT, ours, by=machine)


@pytest.mark.parametrize(
    "host",
    [
        "ourstore.blob.core.windows.net",  # as a CDN's origin is told
        "ourstore-secondary.blob.core.windows.net",
        "ourstore.z6.web.core.windows.net",  # a static website
        "ourstore.z01.blob.storage.azure.net",  # as addresses are in DNS zones of their own
    ],
)
def test_an_account_from_which_a_stranger_delivers(site: Site, host: str) -> None:
    ours = account(site)
    origin = site.theirs.add("Microsoft.Foo/bars", "cdn", {"origins": [{"hostName": host}]})

    stays(site, names.ACCOUNT, ours, by=origin)


@pytest.mark.parametrize(
    "host", ["myourstore.blob.core.windows.net", "ourstore.example.com", "my-ourstore.blob.x.net"]
)
def test_an_address_that_only_looks_like_the_accounts_keeps_nothing(site: Site, host: str) -> None:
    account(site)
    site.theirs.add("Microsoft.Foo/bars", "cdn", {"origins": [{"hostName": host}]})

    assert swept(site).left == {}


def test_what_nobody_knows_and_a_stranger_works_with(site: Site) -> None:
    plan = site.ours.add("Microsoft.Foo/bars", "plan", tags=site.tags)
    user = site.theirs.add("Microsoft.Foo/bars", "app", {"planId": plan})

    stays(site, BAR, plan, by=user)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("Microsoft.Foo/bars", {"planId": "{}2"}),  # another one, whose name begins so
        ("Microsoft.Insights/metricAlerts", {"scopes": ["{}"]}),  # it only watches
        ("Microsoft.Network/virtualNetworks", {"subnets": [], "ddosProtectionPlan": {"id": "{}"}}),
    ],
)
def test_who_only_seems_to_work_with_it_keeps_nothing(
    site: Site, kind: str, properties: Mapping[str, Any]
) -> None:
    plan = site.ours.add("Microsoft.Foo/bars", "plan", tags=site.tags)
    told = _filled(properties, plan)
    site.theirs.add(kind, "other", told)

    assert swept(site).left == {}


def _filled(value: Any, plan: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(each, plan) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, plan) for each in value]
    return value.format(plan)


def test_who_worked_with_it_and_is_gone_keeps_nothing(site: Site) -> None:
    plan = site.ours.add("Microsoft.Foo/bars", "plan", tags=site.tags)
    site.rest.drop(site.theirs.add("Microsoft.Foo/bars", "app", {"planId": plan}))
    late = timedelta(hours=1)
    site.bench.refuse(Effect.GHOST, "microsoft.resourcegraph/*", Operation.INDEX, delay=late)

    assert swept(site).left == {}


def test_two_of_a_run_that_name_each_other_go_together(site: Site) -> None:
    ids = [site.ours.id("Microsoft.Foo/bars", name) for name in ("one", "two")]
    for own, other in (ids, ids[::-1]):
        body = {"location": "westeurope", "tags": site.tags, "properties": {"peer": other}}
        site.rest.put(own, body)

    assert swept(site).left == {}


@pytest.mark.parametrize("kind", [names.VAULT, names.ACCOUNT, BAR])
def test_whose_users_nobody_can_tell_stays(site: Site, kind: str) -> None:
    make = {names.VAULT: vault, names.ACCOUNT: account, BAR: bar}[kind]
    ours = make(site)
    site.bench.sandbox.lacking.add("microsoft.resourcegraph/resources/read")

    told = swept(site)

    item = told.item(kind, ours.lower())
    assert (item["rule"], item["outcome"]) == ("unsure", None)
    site.bench.sandbox.lacking.clear()
    assert site.ours.there(ours)
