"""What somebody uses stays, and says who it is: the ways to harm a stranger in OCI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

pytest.importorskip("oci")

from tests.acceptance.ocisite import Site, open_site, outcomes, rule, stays
from tests.acceptance.oracle import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import clock as clock  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import running as running  # noqa: PLC0414 - a fixture
from tests.ocibench import STRANGER, OciBench


@pytest.fixture
def site(bench: OciBench) -> Iterator[Site]:
    """A run at work; it is over when the test sweeps."""
    with ExitStack() as exits:
        yield open_site(bench, exits)


CHECKER = {"protocol": "HTTP", "port": 80, "returnCode": 200, "urlPath": "/"}


# --- networks -----------------------------------------------------------------------------------


def test_a_gateway_that_a_strangers_routes_lead_to_stays(site: Site) -> None:
    vcn = site.theirs.vcn()
    net, within = site.clients.network, {"vcnId": vcn["id"]}
    internet = net.create_internet_gateway(site.ours.body(isEnabled=True, **within)).data
    nat = net.create_nat_gateway(site.ours.body(**within)).data
    table = site.theirs.table(vcn, internet["id"])
    net.update_route_table(vcn["defaultRouteTableId"], {"routeRules": [rule(nat["id"])]})

    told = site.swept()

    stays(told, internet, table["id"])
    stays(told, nat, vcn["defaultRouteTableId"])
    left = net.get_route_table(vcn["defaultRouteTableId"]).data["routeRules"]
    assert [each["networkEntityId"] for each in left] == [nat["id"]]


def test_a_network_with_a_strangers_things_stays_and_names_them(site: Site) -> None:
    vcn = site.ours.vcn()
    subnet = site.ours.subnet(vcn)
    group = site.ours.group(vcn)
    instance = site.theirs.instance(subnet, vnic={"nsgIds": [group["id"]]})
    other = site.theirs.subnet(site.ours.vcn(), displayName="theirs")

    told = site.swept()

    stays(told, subnet, site.vnic(instance)["id"])
    stays(told, vcn, subnet["id"])
    stays(told, group, instance["id"])
    stays(told, {"id": other["vcnId"]}, other["id"])


def test_a_security_group_that_a_strangers_rules_name_stays(site: Site) -> None:
    vcn = site.theirs.vcn()
    ours, other, theirs = site.ours.group(vcn), site.ours.group(vcn), site.theirs.group(vcn)
    net = site.clients.network
    for group, source in ((theirs, ours), (other, ours), (ours, other)):
        rules = [
            {
                "direction": "INGRESS",
                "protocol": "all",
                "sourceType": "NETWORK_SECURITY_GROUP",
                "source": source["id"],
            }
        ]
        net.add_network_security_group_security_rules(group["id"], {"securityRules": rules})

    told = site.swept()

    stays(told, ours, theirs["id"])
    assert net.get_network_security_group(ours["id"]).data["lifecycleState"] == "AVAILABLE"


def test_security_groups_of_a_run_that_name_each_other_go(site: Site) -> None:
    vcn = site.ours.vcn()
    one, other = site.ours.group(vcn), site.ours.group(vcn)
    for group, source in ((one, other), (other, one)):
        rules = [{"direction": "INGRESS", "protocol": "all", "source": source["id"]}]
        site.clients.network.add_network_security_group_security_rules(
            group["id"], {"securityRules": rules}
        )

    assert site.swept().left == {}


def test_what_a_strangers_subnet_is_set_up_with_stays(site: Site) -> None:
    vcn = site.theirs.vcn()
    net, within = site.clients.network, {"vcnId": vcn["id"]}
    table = net.create_route_table(site.ours.body(routeRules=[], **within)).data
    nothing: dict[str, list[str]] = {"egressSecurityRules": [], "ingressSecurityRules": []}
    security = net.create_security_list(site.ours.body(**nothing, **within)).data
    options = [{"type": "DomainNameServer", "serverType": "VcnLocalPlusInternet"}]
    dhcp = net.create_dhcp_options(site.ours.body(options=options, **within)).data
    subnet = site.theirs.subnet(
        vcn,
        routeTableId=table["id"],
        securityListIds=[security["id"]],
        dhcpOptionsId=dhcp["id"],
    )

    told = site.swept()

    for each in (table, security, dhcp):
        stays(told, each, subnet["id"])


def test_gateways_that_join_a_strangers_network_stay(site: Site) -> None:
    net, vcn = site.clients.network, site.theirs.vcn()
    drg, shared = (net.create_drg(each.body()).data for each in (site.ours, site.theirs))
    details = {"networkDetails": {"type": "VCN", "id": vcn["id"]}}
    attached = net.create_drg_attachment(
        {"drgId": drg["id"], "freeformTags": STRANGER, **details}
    ).data
    joined = net.create_drg_attachment(
        {
            "drgId": shared["id"],
            "freeformTags": dict(site.ours.tags),
            "networkDetails": {"type": "VCN", "id": vcn["id"]},
        }
    ).data
    peer = net.create_local_peering_gateway(site.theirs.body(vcnId=vcn["id"])).data
    own = net.create_local_peering_gateway(site.ours.body(vcnId=site.ours.vcn()["id"])).data
    net.connect_local_peering_gateways(own["id"], {"peerId": peer["id"]})

    told = site.swept()

    stays(told, drg, attached["id"])
    stays(told, joined, shared["id"])
    stays(told, own, peer["id"])


def test_addresses_that_a_stranger_uses_stay(site: Site) -> None:
    subnet = site.theirs.subnet(site.theirs.vcn())
    instance = site.theirs.instance(subnet)
    public = site.ours.public_ip(site.address(instance))
    free = site.ours.public_ip()
    asked = {"vnicId": site.vnic(instance)["id"], "freeformTags": dict(site.ours.tags)}
    private = site.clients.network.create_private_ip(asked).data

    told = site.swept()

    stays(told, public, site.vnic(instance)["id"])
    stays(told, private, site.vnic(instance)["id"])
    assert outcomes(told)[free["id"]][0] == "gone"


def test_what_bears_a_strangers_address_stays(site: Site) -> None:
    vcn = site.ours.vcn()
    subnet = site.ours.subnet(vcn)
    instance = site.ours.instance(subnet)
    public = site.theirs.public_ip(site.address(instance))
    reserved = site.theirs.public_ip()
    asked = site.ours.body(vcnId=vcn["id"], publicIpId=reserved["id"])
    nat = site.clients.network.create_nat_gateway(asked).data

    told = site.swept()

    stays(told, vnic := site.vnic(instance), public["id"])
    stays(told, instance, vnic["id"])
    stays(told, nat, reserved["id"])


def test_an_instance_that_a_strangers_traffic_goes_to_stays(site: Site) -> None:
    vcn, elsewhere = site.theirs.vcn(), site.theirs.vcn()
    subnet = site.theirs.subnet(vcn)
    routed, balanced, targeted, free = (site.ours.instance(subnet) for _ in range(4))
    table = site.theirs.table(vcn, site.address(routed))
    policy = {"policy": "ROUND_ROBIN", "healthChecker": CHECKER}

    def backends(address: str) -> dict[str, object]:
        backend = {"ipAddress": address, "port": 80}
        return {"backendSets": {"web": {**policy, "backends": [backend]}}}

    at = site.vnic(balanced)["privateIp"]
    balancer = site.theirs.balancer(subnet, "theirs", **backends(at))
    # Another VCN has the same addresses.
    far = backends(site.vnic(free)["privateIp"])
    site.theirs.balancer(site.theirs.subnet(elsewhere), "far", **far)
    target = {"targetId": targeted["id"], "port": 80}
    sets = {"web": {"policy": "FIVE_TUPLE", "healthChecker": {"protocol": "TCP"}}}
    network_balancer = site.theirs.network_balancer(
        subnet, backendSets={"web": {**sets["web"], "backends": [target]}}
    )

    told = site.swept()

    for instance, user in ((routed, table), (balanced, balancer), (targeted, network_balancer)):
        stays(told, vnic := site.vnic(instance), user["id"])
        stays(told, instance, vnic["id"])
    assert outcomes(told)[free["id"]][0] == "gone"


def test_what_leads_to_a_runs_instance_and_is_the_runs_is_in_nobodys_way(site: Site) -> None:
    vcn = site.ours.vcn()
    subnet = site.ours.subnet(vcn)
    instance = site.ours.instance(subnet)
    address = site.address(instance)
    site.ours.table(vcn, address)
    default = {"routeRules": [rule(address)]}
    site.clients.network.update_route_table(vcn["defaultRouteTableId"], default)
    site.ours.public_ip(address)
    target = {"targetId": instance["id"], "port": 80}
    checker = {"policy": "FIVE_TUPLE", "healthChecker": {"protocol": "TCP"}}
    site.ours.network_balancer(subnet, backendSets={"web": {**checker, "backends": [target]}})

    assert site.swept().left == {}


def test_a_balancer_that_is_protected_stays_as_it_is(site: Site) -> None:
    subnet = site.ours.subnet(site.ours.vcn())
    balancer = site.ours.balancer(subnet, "ours", isDeleteProtectionEnabled=True)

    told = site.swept()

    became, why = outcomes(told)[balancer["id"]]
    assert became == "protected"
    assert "delete protection" in why
    stays(told, subnet, balancer["id"])


# --- hosts and volumes --------------------------------------------------------------------------


def test_volumes_of_strangers_instances_and_groups_stay(site: Site) -> None:
    instance = site.theirs.instance(site.theirs.subnet(site.theirs.vcn()))
    attached, grouped, free = (site.ours.volume() for _ in range(3))
    attachment = site.theirs.attach(instance, attached)
    group = site.theirs.volumes(site.theirs.volume(), grouped)
    mixed = site.ours.volumes(site.ours.volume(), member := site.theirs.volume())

    told = site.swept()

    stays(told, attached, attachment["id"])
    stays(told, grouped, group["id"])
    stays(told, mixed, member["id"])
    assert outcomes(told)[free["id"]][0] == "gone"


def test_an_attachment_to_a_strangers_instance_stays(site: Site) -> None:
    instance = site.theirs.instance(site.theirs.subnet(site.theirs.vcn()))
    attachment = site.ours.attach(instance, volume := site.ours.volume())
    scope = f"{site.bench.sandbox.tenancy}/us-ashburn-1/{attachment['compartmentId']}"
    kind = "oci:core:volume-attachment"
    site.run.created(kind=kind, scope=scope, id=attachment["id"], taggable=False)

    told = site.swept()

    stays(told, attachment, instance["id"])
    stays(told, volume)


def test_an_instance_with_a_strangers_volumes_stays(site: Site) -> None:
    subnet = site.ours.subnet(site.ours.vcn())
    instance = site.ours.instance(subnet)
    site.ours.attach(instance, volume := site.theirs.volume())
    gone = site.theirs.instance(site.theirs.subnet(site.theirs.vcn()))
    boot = site.boot(gone)
    site.clients.storage.update_boot_volume(boot, {"freeformTags": STRANGER})
    site.clients.compute.terminate_instance(gone["id"], preserve_boot_volume=True)
    booted = site.ours.instance(subnet, {"sourceType": "bootVolume", "bootVolumeId": boot})

    told = site.swept()

    stays(told, instance, volume["id"])
    stays(told, booted, boot)


def test_a_boot_volume_that_somebody_keeps_keeps_its_instance(site: Site) -> None:
    instance = site.ours.instance(site.ours.subnet(site.ours.vcn()))
    boot = site.boot(instance)
    site.clients.storage.update_boot_volume(boot, {"freeformTags": {"reaper-keep": "forever"}})

    told = site.swept()

    stays(told, instance, boot)
    assert site.clients.storage.get_boot_volume(boot).data["lifecycleState"] == "AVAILABLE"
    assert site.clients.compute.get_instance(instance["id"]).data["lifecycleState"] == "RUNNING"


def test_what_a_strangers_configuration_would_launch_with_stays(site: Site) -> None:
    vcn = site.ours.vcn()
    subnet, group = site.ours.subnet(vcn), site.ours.group(vcn)
    instance = site.ours.instance(subnet)
    image = site.clients.compute.create_image(site.ours.body(instanceId=instance["id"])).data
    volume = site.ours.volume()
    asked = {"volumeId": volume["id"], "freeformTags": dict(site.ours.tags)}
    backup = site.clients.storage.create_volume_backup(asked).data
    used = site.theirs.configuration(
        sourceDetails={"sourceType": "image", "imageId": image["id"]},
        createVnicDetails={"subnetId": subnet["id"], "nsgIds": [group["id"]]},
        displayName=backup["id"],
    )
    configuration = site.ours.configuration()
    pool = site.theirs.pool(configuration, site.theirs.subnet(site.theirs.vcn()), 0)

    told = site.swept()

    for each in (image, subnet, group, backup):
        stays(told, each, used["id"])
    stays(told, configuration, pool["id"])
    assert outcomes(told)[volume["id"]][0] == "gone"


def test_instances_that_a_strangers_pool_keeps_up_stay(site: Site) -> None:
    subnet = site.theirs.subnet(site.theirs.vcn())
    instance = site.ours.instance(subnet)
    pool = site.theirs.pool(site.theirs.configuration(), subnet, 0)
    pools = site.clients.pools
    pools.attach_instance_pool_instance(pool["id"], {"instanceId": instance["id"]})
    own = site.ours.pool(site.ours.configuration(), subnet, 1)
    joined = site.theirs.instance(subnet)
    pools.attach_instance_pool_instance(own["id"], {"instanceId": joined["id"]})

    told = site.swept()

    stays(told, instance, pool["id"])
    stays(told, own, joined["id"])


def test_a_host_with_a_strangers_instance_stays(site: Site) -> None:
    asked = site.ours.body(
        availabilityDomain="SbOx:US-ASHBURN-1-AD-1", dedicatedVmHostShape="DVH.Standard.E4.128"
    )
    host = site.clients.compute.create_dedicated_vm_host(asked).data
    subnet = site.theirs.subnet(site.theirs.vcn())
    instance = site.theirs.instance(subnet, dedicatedVmHostId=host["id"])

    stays(site.swept(), host, instance["id"])


def test_a_node_of_kubernetes_stays(site: Site) -> None:
    subnet = site.theirs.subnet(site.theirs.vcn())
    node = site.ours.instance(subnet, metadata={"oke-pool-id": "ocid1.nodepool.oc1.iad.theirs"})

    stays(site.swept(), node, "ocid1.nodepool.oc1.iad.theirs")


def test_a_vnic_in_a_strangers_instance_stays(site: Site) -> None:
    subnet = site.theirs.subnet(site.theirs.vcn())
    instance = site.theirs.instance(subnet)
    details = {"subnetId": subnet["id"], "freeformTags": dict(site.ours.tags)}
    asked = {"instanceId": instance["id"], "createVnicDetails": details}
    attached = site.clients.compute.attach_vnic(asked).data
    vnic = site.clients.compute.get_vnic_attachment(attached["id"]).data["vnicId"]

    stays(site.swept(), {"id": vnic}, instance["id"])


# --- keys, buckets and identities ---------------------------------------------------------------


def test_a_key_that_a_stranger_encrypts_with_stays_and_so_does_its_vault(site: Site) -> None:
    vault = site.clients.vaults.create_vault(site.ours.body(displayName="v", vaultType="DEFAULT"))
    keys = site.clients.keys(vault.data["managementEndpoint"])
    shape = {"algorithm": "AES", "length": 32}
    one, other, free = (
        keys.create_key(site.ours.body(displayName=each, keyShape=shape)).data for each in "abc"
    )
    volume = site.theirs.volume(kmsKeyId=one["id"])
    bucket = site.theirs.bucket("theirs", kmsKeyId=other["id"])

    told = site.swept()

    stays(told, one, volume["id"])
    stays(told, other, bucket)
    stays(told, vault.data, one["id"])
    assert outcomes(told)[free["id"]][0] == "scheduled"


def test_a_strangers_key_keeps_the_vault_that_it_is_in(site: Site) -> None:
    vault = site.clients.vaults.create_vault(site.ours.body(displayName="v", vaultType="DEFAULT"))
    keys = site.clients.keys(vault.data["managementEndpoint"])
    shape = {"algorithm": "AES", "length": 32}
    key = keys.create_key(site.theirs.body(displayName="theirs", keyShape=shape)).data

    stays(site.swept(), vault.data, key["id"])


def test_a_bucket_that_is_written_to_or_shared_after_the_end_stays(site: Site) -> None:
    for name in ("written", "shared", "left"):
        site.ours.write(site.ours.bucket(name), "first")
    site.over()
    site.theirs.write("written", "later")
    api = site.clients.objects
    request = {"name": "x", "accessType": "AnyObjectRead", "timeExpires": "2099-01-01T00:00:00Z"}
    api.create_preauthenticated_request(api.get_namespace().data, "shared", request)

    told = site.swept()

    for name in ("written", "shared"):
        item = told.item("oci:objectstorage:bucket", name)
        assert (item["verdict"], item["rule"]) == ("quarantine", "used"), name
    assert outcomes(told)["left"][0] == "gone"


def test_a_name_that_another_bucket_took_is_not_shot_at(site: Site) -> None:
    site.ours.bucket("data")
    site.over()
    api = site.clients.objects
    namespace = api.get_namespace().data
    anew: list[str] = []

    def make_anew(step: str) -> None:
        if step == "scanned" and not anew:
            anew.append(step)
            api.delete_bucket(namespace, "data")
            site.bench.clock.sleep(1.0)
            site.theirs.bucket("data")

    site.bench.play(at=make_anew)

    assert api.get_bucket(namespace, "data").data["freeformTags"] == STRANGER
    assert site.bench.deletions()["objectstorage.buckets.delete"] == 1, "the one of the test's own"


def test_groups_that_a_strangers_policies_or_users_need_stay(site: Site) -> None:
    machines = site.ours.named("dynamic_group", "machines", matchingRule="Any {instance.id = 'x'}")
    people, free = (site.ours.named("group", each) for each in ("people", "free"))
    user = site.theirs.named("user", "somebody")
    membership = {"userId": user["id"], "groupId": people["id"]}
    site.clients.identity.add_user_to_group(membership)
    # A policy of a compartment that is not looked at speaks of it.
    far = site.theirs.named("compartment", "far")
    statements = ["Allow dynamic-group machines to read buckets in compartment far"]
    asked = {
        "compartmentId": far["id"],
        "name": "p",
        "description": "p",
        "statements": statements,
        "freeformTags": STRANGER,
    }
    policy = site.clients.identity.create_policy(asked).data

    told = site.swept()

    stays(told, machines, policy["id"])
    stays(told, people, user["id"])
    assert outcomes(told)[free["id"]][0] == "gone"


def test_a_compartment_with_anything_of_a_strangers_stays(site: Site) -> None:
    ours = site.ours.named("compartment", "ours", root=False)
    above = site.ours.named("compartment", "above", root=False)
    asked = {"compartmentId": above["id"], "name": "b", "description": "b"}
    below = site.clients.identity.create_compartment({**asked, "freeformTags": STRANGER}).data
    api = site.clients.objects
    inside = {"compartmentId": ours["id"], "name": "inside", "freeformTags": STRANGER}
    bucket = api.create_bucket(api.get_namespace().data, inside).data

    told = site.swept()

    stays(told, ours, f"Bucket {bucket['id']}")
    stays(told, above, below["id"])
    assert not site.bench.deletions()["identity.compartments.delete"]


def test_a_backup_of_a_group_that_somebody_keeps_one_of_stays(site: Site) -> None:
    group = site.ours.volumes(site.ours.volume())
    storage = site.clients.storage
    asked = {"volumeGroupId": group["id"], "freeformTags": dict(site.ours.tags)}
    backup = storage.create_volume_group_backup(asked).data
    [part] = storage.get_volume_group_backup(backup["id"]).data["volumeBackupIds"]
    storage.update_volume_backup(part, {"freeformTags": {"reaper-keep": "forever"}})

    told = site.swept()

    stays(told, backup, part)
    assert storage.get_volume_backup(part).data["lifecycleState"] == "AVAILABLE"
