"""What somebody uses stays, and says who it is: the ways to harm a stranger in Azure."""

from __future__ import annotations

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


def test_a_network_that_a_strangers_interface_is_in(site: Site) -> None:
    network = site.ours.network("net", tags=site.tags)
    theirs = site.theirs.interface("nic", network)

    stays(site, names.NETWORK, network, by=theirs)
    assert site.theirs.there(theirs)


def test_a_network_that_is_peered_with_a_strangers(site: Site) -> None:
    hub = site.theirs.network("hub")
    peering = {"name": "hub", "properties": {"remoteVirtualNetwork": {"id": hub}}}
    network = site.ours.add(
        "Microsoft.Network/virtualNetworks",
        "net",
        {
            "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
            "subnets": [],
            "virtualNetworkPeerings": [peering],
        },
        tags=site.tags,
    )

    stays(site, names.NETWORK, network, by=hub)


def test_a_strangers_disk_that_goes_with_a_machine(site: Site) -> None:
    disk = site.theirs.disk("precious")
    data = {
        "lun": 0,
        "createOption": "Attach",
        "deleteOption": "Delete",
        "managedDisk": {"id": disk},
    }
    network = site.ours.network("net", tags=site.tags)
    interface = site.ours.interface("nic", network, tags=site.tags)
    machine = site.ours.machine("vm", interface, storage={"dataDisks": [data]}, tags=site.tags)

    stays(site, names.MACHINE, machine, by=disk)
    assert site.theirs.there(disk)
    assert site.ours.there(interface)


def test_a_strangers_interface_and_address_that_go_with_a_machine(site: Site) -> None:
    network = site.theirs.network("net")
    address = site.theirs.add(
        "Microsoft.Network/publicIPAddresses",
        "ip",
        {"publicIPAllocationMethod": "Static", "deleteOption": "Delete"},
        sku={"name": "Standard"},
    )
    interface = site.ours.interface(
        "nic", network, inner={"publicIPAddress": {"id": address}}, tags=site.tags
    )
    machine = site.ours.machine("vm", interface, delete_interface="Delete", tags=site.tags)

    told = stays(site, names.MACHINE, machine, by=interface)
    assert told.item(names.INTERFACE, interface.lower())["outcome"] == "blocked"
    assert site.theirs.there(address)


def test_a_disk_that_a_strangers_machine_has(site: Site) -> None:
    disk = site.ours.disk("data", tags=site.tags)
    network = site.theirs.network("net")
    data = {"lun": 0, "createOption": "Attach", "managedDisk": {"id": disk}}
    machine = site.theirs.machine(
        "vm", site.theirs.interface("nic", network), storage={"dataDisks": [data]}
    )

    stays(site, names.DISK, disk, by=machine)


def test_what_a_strangers_subnet_has(site: Site) -> None:
    firewall = site.ours.add("Microsoft.Network/networkSecurityGroups", "nsg", tags=site.tags)
    routes = site.ours.add(
        "Microsoft.Network/routeTables", "routes", {"routes": []}, tags=site.tags
    )
    nat = site.ours.add(
        "Microsoft.Network/natGateways", "nat", sku={"name": "Standard"}, tags=site.tags
    )
    subnet = {
        "addressPrefix": "10.0.0.0/24",
        "networkSecurityGroup": {"id": firewall},
        "routeTable": {"id": routes},
        "natGateway": {"id": nat},
    }
    network = site.theirs.network("net", {"name": "default", "properties": subnet})

    told = stays(site, names.FIREWALL, firewall, by=network)
    for kind, identity in ((names.ROUTES, routes), (names.NAT, nat)):
        assert told.item(kind, identity.lower())["outcome"] == "blocked"
        assert site.ours.there(identity)


def balancer(group: Group, **more: Any) -> str:
    return group.add(
        "Microsoft.Network/loadBalancers",
        "lb",
        {"frontendIPConfigurations": [], "backendAddressPools": [{"name": "pool"}]},
        sku={"name": "Standard"},
        **more,
    )


@pytest.mark.parametrize("whose", ["balancer", "interface"])
def test_a_balancer_and_an_interface_of_two_owners(site: Site, whose: str) -> None:
    of_balancer, of_interface = site.theirs, site.ours
    if whose == "balancer":
        of_balancer, of_interface = site.ours, site.theirs
    tags = {"tags": site.tags}
    network = site.theirs.network("net")
    front = balancer(of_balancer, **(tags if whose == "balancer" else {}))
    interface = of_interface.interface(
        "nic",
        network,
        inner={"loadBalancerBackendAddressPools": [{"id": f"{front}/backendAddressPools/pool"}]},
        **(tags if whose == "interface" else {}),
    )

    if whose == "balancer":
        stays(site, names.BALANCER, front, by=interface)
    else:
        stays(site, names.INTERFACE, interface, by=front)


def scale_set(group: Group, image: str) -> str:
    profile = {"storageProfile": {"imageReference": {"id": image}}}
    kind = "Microsoft.Compute/virtualMachineScaleSets"
    return group.add(kind, "vmss", {"virtualMachineProfile": profile})


def gallery(group: Group, **more: Any) -> dict[str, str]:
    disk = group.disk("source", **more)
    shown = {"storageProfile": {"osDisk": {"osType": "Linux", "managedDisk": {"id": disk}}}}
    shown["storageProfile"]["osDisk"]["osState"] = "Generalized"
    about = {"publisher": "p", "offer": "o", "sku": "s"}
    definition = {"osType": "Linux", "osState": "Generalized", "identifier": about}
    image = group.add("Microsoft.Compute/images", "image", shown, **more)
    return {
        names.IMAGE: image,
        names.GALLERY: group.add("Microsoft.Compute/galleries", "g", **more),
        names.GALLERY_IMAGE: group.add(
            "Microsoft.Compute/galleries/images", "g/i", definition, **more
        ),
        names.GALLERY_VERSION: group.add(
            "Microsoft.Compute/galleries/images/versions",
            "g/i/1.0.0",
            {"storageProfile": {"source": {"id": image}}},
            **more,
        ),
    }


@pytest.mark.parametrize("kind", [names.IMAGE, names.GALLERY_IMAGE, names.GALLERY_VERSION])
def test_an_image_that_a_strangers_scale_set_starts_from(site: Site, kind: str) -> None:
    images = gallery(site.ours, tags=site.tags)
    user = scale_set(site.theirs, images[kind])

    told = stays(site, kind, images[kind], by=user)
    if kind != names.IMAGE:
        held = told.item(names.GALLERY, images[names.GALLERY].lower())
        assert held["outcome"] == "blocked"


def test_a_gallery_that_a_stranger_put_an_image_into(site: Site) -> None:
    ours = site.ours.add("Microsoft.Compute/galleries", "g", tags=site.tags)
    about = {"publisher": "p", "offer": "o", "sku": "s"}
    theirs = site.ours.add(
        "Microsoft.Compute/galleries/images",
        "g/theirs",
        {"osType": "Linux", "osState": "Generalized", "identifier": about},
    )

    stays(site, names.GALLERY, ours, by=theirs)
    assert site.ours.there(theirs)


def test_a_zone_that_a_stranger_linked_a_network_to(site: Site) -> None:
    zone = site.ours.add(
        "Microsoft.Network/privateDnsZones", "a.internal", tags=site.tags, location="global"
    )
    link = site.ours.add(
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        "a.internal/theirs",
        {"virtualNetwork": {"id": site.theirs.network("net")}},
        location="global",
    )

    stays(site, names.ZONE, zone, by=link)


def test_something_of_a_strangers_below_what_nobody_knows(site: Site) -> None:
    bar = site.ours.add("Microsoft.Foo/bars", "bar", tags=site.tags)
    part = site.ours.add("Microsoft.Foo/bars/parts", "bar/theirs")

    stays(site, "azure:microsoft.foo/bars", bar, by=part)
    assert site.ours.there(part)


@pytest.mark.parametrize("subscription", [SUBSCRIPTION, OTHER])
def test_an_identity_that_a_strangers_machine_acts_as(site: Site, subscription: str) -> None:
    identity = site.ours.add(
        "Microsoft.ManagedIdentity/userAssignedIdentities", "me", tags=site.tags
    )
    elsewhere = Group.make(site.rest, subscription, "elsewhere")
    network = elsewhere.network("net")
    acting = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    machine = elsewhere.machine("vm", elsewhere.interface("nic", network), identity=acting)
    role = _assign(site, identity)

    told = stays(site, names.IDENTITY, identity, by=machine)
    assert told.item(names.ROLE_ASSIGNMENT, role.lower())["outcome"] == "blocked"
    assert site.ours.there(role), "while the identity stays, so do its roles"


def _assign(site: Site, identity: str) -> str:
    principal = site.rest.ask("GET", identity)["properties"]["principalId"]
    role = f"{site.theirs.path}/providers/Microsoft.Authorization/roleAssignments/given"
    definition = (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/r"
    )
    given = {"principalId": principal, "roleDefinitionId": definition}
    site.rest.put(role, {"properties": given})
    return role


def test_an_identity_whose_users_nobody_can_tell(site: Site) -> None:
    identity = site.ours.add(
        "Microsoft.ManagedIdentity/userAssignedIdentities", "me", tags=site.tags
    )
    site.bench.sandbox.lacking.add("microsoft.resourcegraph/resources/read")

    told = swept(site)

    item = told.item(names.IDENTITY, identity.lower())
    assert (item["rule"], item["outcome"]) == ("unsure", None)
    site.bench.sandbox.lacking.clear()
    assert site.ours.there(identity)


def test_a_former_user_of_an_identity_is_no_user(site: Site) -> None:
    identity = site.ours.add(
        "Microsoft.ManagedIdentity/userAssignedIdentities", "me", tags=site.tags
    )
    acting = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    bar = site.theirs.add("Microsoft.Foo/bars", "bar", identity=acting)
    role = _assign(site, identity)
    site.rest.drop(bar)
    late = timedelta(hours=1)
    site.bench.refuse(Effect.GHOST, "microsoft.resourcegraph/*", Operation.INDEX, delay=late)

    told = swept(site)

    assert told.left == {}
    assert not site.theirs.there(role)


def test_a_strangers_thing_in_a_clusters_own_group(site: Site) -> None:
    cluster = site.ours.add("Microsoft.ContainerService/managedClusters", "aks", tags=site.tags)
    nodes = Group(
        rest=site.rest, path=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_ours_aks_westeurope"
    )
    theirs = nodes.disk("precious")

    told = stays(site, names.CLUSTER, cluster, by="mc_ours_aks_westeurope")
    nodes_item = told.item(names.GROUP, nodes.path.lower())
    assert theirs.lower() in " ".join(nodes_item["blocked_by"])
    assert nodes.there(theirs)
    scaled = nodes.id("Microsoft.Compute/virtualMachineScaleSets", "aks-nodepool1-vmss")
    assert nodes.there(scaled), "while the cluster stays, so does what it would make anew"


def test_a_legal_hold_is_reported(site: Site) -> None:
    account = site.ours.add(
        "Microsoft.Storage/storageAccounts",
        "store",
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
        tags=site.tags,
    )
    held = {"properties": {"hasLegalHold": True}}
    site.rest.put(f"{account}/blobServices/default/containers/held", held)

    stays(site, names.ACCOUNT, account, by="held has a legal hold", outcome="protected")


def test_a_machines_own_disk_goes_with_it_without_tags_and_one_attached_does_not(
    site: Site,
) -> None:
    network = site.ours.network("net", tags=site.tags)
    disk = site.theirs.disk("attached")
    data = {"lun": 0, "createOption": "Attach", "managedDisk": {"id": disk}}
    machine = site.ours.machine(
        "vm",
        site.ours.interface("nic", network, tags=site.tags),
        storage={"dataDisks": [data]},
        tags=site.tags,
    )
    shown = site.rest.ask("GET", machine)["properties"]["storageProfile"]
    own = shown["osDisk"]["managedDisk"]["id"]

    told = swept(site)

    assert told.left == {}
    assert told.item(names.DISK, own.lower())["outcome"] == "gone"
    assert site.theirs.there(disk)


def test_a_flexible_scale_set_takes_only_machines_that_are_to_go(site: Site) -> None:
    flexible = site.ours.add(
        "Microsoft.Compute/virtualMachineScaleSets",
        "flex",
        {"orchestrationMode": "Flexible", "virtualMachineProfile": {}},
        tags=site.tags,
    )
    network = site.theirs.network("net")
    machine = site.ours.id("Microsoft.Compute/virtualMachines", "theirs")
    site.rest.put(
        machine,
        {
            "location": "westeurope",
            "properties": {
                "virtualMachineScaleSet": {"id": flexible},
                "networkProfile": {
                    "networkInterfaces": [{"id": site.theirs.interface("nic", network)}]
                },
            },
        },
    )

    stays(site, names.SCALE_SET, flexible, by=machine)
    assert site.ours.there(machine)


def test_tags_in_another_case_are_read(site: Site) -> None:
    shouted = {key.upper(): value for key, value in site.tags.items()}
    disk = site.ours.add("Microsoft.Compute/disks", "data", EMPTY_DISK, tags=shouted)

    told = swept(site)

    assert told.item(names.DISK, disk.lower())["outcome"] == "gone", "it is in the run's group"
