"""What somebody uses stays, and says who it is: the ways to harm a stranger in OCI."""

from __future__ import annotations

from threading import Lock
from typing import Any

import pytest

pytest.importorskip("oci")

from reaper.config.places import OciPlace
from reaper.model import Ref, Status
from reaper.providers.oci import open_oci
from reaper.providers.protocol import Provider
from tests.acceptance.ocisite import Site, outcomes, stays
from tests.acceptance.ocisite import site as site  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import clock as clock  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import running as running  # noqa: PLC0414 - a fixture
from tests.cloudbench import STRANGER
from tests.ocibench import HOME

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


def test_what_is_taken_over_in_the_last_moment_is_not_even_emptied(site: Site) -> None:
    site.ours.write(bucket := site.ours.bucket("data"), "first")
    user = site.ours.named("user", "robot")
    site.clients.identity.create_auth_token({"description": "a token"}, user["id"])
    site.over()
    api = site.clients.objects
    namespace = api.get_namespace().data

    def take_over(step: str) -> None:
        if step == "intended":
            api.update_bucket(namespace, bucket, {"freeformTags": STRANGER})
            site.clients.identity.update_user(user["id"], {"freeformTags": STRANGER})

    site.bench.play(at=take_over)

    assert [each["name"] for each in api.list_object_versions(namespace, bucket).data["items"]]
    assert site.clients.identity.list_auth_tokens(user["id"]).data


def test_what_another_look_has_seen_since_does_not_count(site: Site) -> None:
    vcn = site.ours.vcn()
    site.ours.write(bucket := site.ours.bucket("data"), "first")
    site.over()
    api, net = site.clients.objects, site.clients.network
    namespace = api.get_namespace().data
    opened: list[Provider] = []
    at_once = Lock()

    def opener(place: OciPlace, **how: Any) -> Provider:
        opened.append(open_oci(place, **how))
        return opened[0]

    def take_over_and_look(step: str) -> None:
        if step != "intended":
            return
        with at_once:
            take_over(opened[0])

    def take_over(tenancy: Provider) -> None:
        net.update_vcn(vcn["id"], {"freeformTags": STRANGER})
        site.theirs.write(bucket, "theirs")
        cell = next(each for each in tenancy.cells() if each.scope.endswith(f"/{HOME}"))
        scope = f"{cell.scope}/{site.ours.compartment}"
        kinds = (("oci:core:vcn", vcn["id"]), ("oci:objectstorage:bucket", bucket))
        tenancy.read(cell, [Ref(kind=kind, scope=scope, id=each) for kind, each in kinds])

    became, _ = site.bench.play(opener, take_over_and_look)

    statuses = {each.ref.id: each.status for each in became}
    assert (statuses[vcn["id"]], statuses[bucket]) == (Status.PENDING, Status.PENDING)
    assert net.get_vcn(vcn["id"]).data["freeformTags"] == STRANGER
    assert api.list_object_versions(namespace, bucket).data["items"]


def test_a_name_that_another_bucket_took_is_not_shot_at(site: Site) -> None:
    site.ours.bucket("data")
    site.over()
    api = site.clients.objects
    namespace = api.get_namespace().data
    anew: list[str] = []

    def make_anew(step: str) -> None:
        if step == "planned" and not anew:
            anew.append(step)
            api.delete_bucket(namespace, "data")
            site.bench.clock.sleep(1.0)
            site.theirs.bucket("data")

    site.bench.regions = (HOME,)
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
