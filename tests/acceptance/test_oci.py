"""A tenancy in a realistic mess: only what a finished run left goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytest.importorskip("oci")

from reaper.model import Status
from reaper.sandbox.faults import Effect, Operation
from reaper.sandbox.oci.world import Clients
from tests.acceptance.ocisite import DOMAIN, Site
from tests.acceptance.ocisite import site as site  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import clock as clock  # noqa: PLC0414 - a fixture
from tests.acceptance.oracle import running as running  # noqa: PLC0414 - a fixture
from tests.cloudbench import STRANGER
from tests.ocibench import HOME, LINGERING, OciBench
from tests.results import same, without

HOUR = timedelta(hours=1)
READING = (Operation.INDEX, Operation.READ)
ENDED = frozenset({Status.GONE, Status.SCHEDULED})


def test_one_sweep_takes_all_that_runs_left_and_nothing_else(bench: OciBench) -> None:
    bench.build(STRANGER, "theirs")
    with bench.run() as alive:
        bench.build(alive.tags, "living", compartment="shared")
        before = bench.look()
        bench.left_by_a_run(objects=30)
        bench.left_by_a_run(
            "abroad", compartment="shared", region="eu-frankfurt-1", identities=False
        )
        bench.sandbox.requests.reset()

        plan = bench.reaper("plan", "--json")
        deleted_by_plan = bench.deletions()
        swept = bench.sweep()
        after = bench.look()
        bench.sandbox.requests.reset()
        again = bench.sweep()

    assert plan.code == 3, plan.stderr
    assert not deleted_by_plan
    assert swept.left == {}
    assert swept.gaps == []
    assert swept.code == 0
    assert swept.outcomes().keys() == {"gone", "scheduled"}
    assert swept.outcomes()["scheduled"] == LINGERING
    assert same(after, before) == {}
    assert without(after, before) == LINGERING
    assert again.code == 0
    assert not bench.deletions(), "a second sweep finds nothing more to delete"


def test_an_index_that_lags_and_has_ghosts_misleads_nobody(bench: OciBench) -> None:
    with bench.run() as alive:
        bench.build(alive.tags, "living")
        lag = bench.refuse(Effect.LAG, "search.*", Operation.INDEX, delay=HOUR)
        bench.refuse(Effect.GHOST, "search.*", Operation.INDEX, delay=HOUR)
        before = bench.look()
        bench.left_by_a_run()

        late = bench.sweep()
        bench.sandbox.faults.remove(lag)
        swept = bench.sweep()
        bench.sandbox.requests.reset()
        haunted = bench.sweep()

    assert late.code in {0, 3}, "what the index does not name yet is left for later"
    # A compartment waits for the index, which lists what was in it until the ghosts are gone.
    assert {key.split()[0] for key in swept.left} <= {"oci:identity:compartment"}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) <= LINGERING | {"oci:identity:compartment"}
    assert not bench.deletions(), haunted.stdout


def test_a_full_scan_needs_no_index(bench: OciBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run(identities=False)
    bench.refuse(Effect.LAG, "search.*", Operation.INDEX, delay=HOUR)

    swept = bench.sweep("--full")

    # Neither VNICs nor private addresses can be listed: they go with their instances.
    assert swept.left == {}
    assert swept.gaps == []
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_what_the_index_does_not_have_is_listed(bench: OciBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.sandbox.estate.unindexed |= {"Drg", "Bucket", "Policy", "InstanceConfiguration"}

    swept = bench.sweep()

    assert swept.left == {}
    assert swept.gaps == []
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_an_index_that_does_not_answer_is_a_gap(bench: OciBench) -> None:
    bench.left_by_a_run(identities=False)
    bench.refuse(Effect.FAIL, "search.*", Operation.INDEX)

    swept = bench.sweep()

    assert swept.code == 4
    assert any("Resource Search in us-ashburn-1" in gap["reason"] for gap in swept.gaps)
    assert not bench.deletions()["core.vcns.delete"], "only what the journal leads to is known"


def test_throttling_is_no_failure(bench: OciBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.throttle()

    swept = bench.sweep()

    assert bench.sandbox.faults.seen[Operation.READ, Effect.THROTTLE] > 5
    assert bench.sandbox.faults.seen[Operation.DELETE, Effect.THROTTLE] == 8
    assert swept.left == {}
    assert swept.code == 0
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


@pytest.mark.parametrize(
    "lost", [(Operation.READ,), READING, (Operation.READ, Operation.INDEX, Operation.DELETE)]
)
def test_a_lost_permission_looks_like_nothing_and_nothing_reads_as_gone(
    bench: OciBench, lost: tuple[Operation, ...]
) -> None:
    bench.left_by_a_run(identities=False)
    before = bench.look()
    for service in ("core.*", "loadbalancer.*", "networkloadbalancer.*", "kms.*", "object*"):
        bench.refuse(Effect.BLIND, service, *lost, scope=f"*/{bench.ocids[0]}")

    swept = bench.sweep()

    assert swept.code != 0
    assert "gone" not in swept.outcomes()
    assert same(bench.look_past_faults(), before) == {}
    assert swept.gaps, "what cannot be read is told"


def test_a_permission_that_is_lost_after_the_deletions_proves_nothing(bench: OciBench) -> None:
    bench.left_by_a_run(identities=False)

    def lose(step: str) -> None:
        if step == "called" and not bench.sandbox.faults.armed:
            bench.refuse(Effect.BLIND, "core.*", *READING)

    outcomes, _ = bench.play(at=lose)
    bench.sandbox.faults.clear()
    rest = bench.sweep("--wait", "30s")

    assert not [each for each in outcomes if each.status is Status.GONE and "core" in each.ref.kind]
    assert rest.left == {}


def test_a_permission_to_delete_that_is_missing_is_told_as_that(bench: OciBench) -> None:
    bench.left_by_a_run(identities=False)
    bench.refuse(Effect.BLIND, "core.instances.*", Operation.DELETE)
    bench.refuse(Effect.BLIND, "core.instancePools.*", Operation.DELETE)

    swept = bench.sweep()

    assert swept.code == 1
    denied = {item["kind"] for item in swept.items if item["outcome"] == "denied"}
    assert "oci:core:instance-pool" in denied
    told = next(item["detail"] for item in swept.items if item["outcome"] == "denied")
    assert "and it is there" in told


def test_what_was_changed_since_the_last_look_is_looked_at_again(bench: OciBench) -> None:
    world = bench.left_by_a_run(identities=False)
    [instance] = world.ids("oci:core:instance", "")
    compute = Clients(bench.sandbox.endpoint, bench.sandbox.key.config(), HOME).compute
    taken: list[str] = []

    def take(step: str) -> None:
        """Take an instance over, right before the first deletion is sent."""
        if step == "intended" and not taken:
            taken.append(step)
            compute.update_instance(instance, {"freeformTags": {"owner": "somebody"}})

    outcomes, _ = bench.play(at=take)
    swept = bench.sweep()

    assert compute.get_instance(instance).data["lifecycleState"] == "RUNNING"
    assert not [o for o in outcomes if o.ref.id == instance and o.status is Status.GONE]
    kept = {item["kind"] for item in swept.items if item["outcome"] == "blocked"}
    assert "oci:core:subnet" in kept or "oci:core:vcn" in kept, "what it uses stays with it"


def test_deletions_that_take_long_and_fail_late_are_seen_through(bench: OciBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.sandbox.lags.delete_s = 0.3
    late = bench.refuse(Effect.LATE, "*Balancers.delete", Operation.DELETE)

    first = bench.sweep()
    bench.sandbox.faults.remove(late)
    rest = bench.sweep("--wait", "40s")

    assert bench.sandbox.faults.seen[Operation.DELETE, Effect.LATE] == 2
    failed = {item["kind"] for item in first.items if item["outcome"] == "failed"}
    assert "oci:loadbalancer:load-balancer" in failed
    assert rest.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_a_compartment_is_pending_while_oci_takes_its_hours(bench: OciBench) -> None:
    world = bench.left_by_a_run()
    bench.sandbox.lags.compartment_s = 3 * 3600.0
    [compartment] = world.ids("oci:identity:compartment")

    outcomes, _ = bench.play()
    bench.clock.sleep(2 * 3600.0)
    meanwhile, _ = bench.play()
    told = bench.reaper("plan", "--json")
    bench.clock.sleep(2 * 3600.0)
    after, _ = bench.play()

    kept = {each.ref.id: each.status for each in outcomes if each.status not in ENDED}
    assert kept == {compartment: Status.PENDING}
    kept = {each.ref.id: each.status for each in meanwhile if each.status not in ENDED}
    assert kept == {compartment: Status.PENDING}
    assert told.item("oci:identity:compartment", compartment)["outcome"] == "pending"
    assert told.code == 3
    assert {each.status for each in after if each.ref.id == compartment} == {Status.GONE}
    assert bench.deletions()["identity.compartments.delete"] == 1


def test_a_compartment_with_somebody_elses_things_stays_and_says_which(bench: OciBench) -> None:
    world = bench.left_by_a_run()
    [compartment] = world.ids("oci:identity:compartment")
    network = Clients(bench.sandbox.endpoint, bench.sandbox.key.config(), "eu-frankfurt-1").network
    vcn = network.create_vcn({"compartmentId": compartment, "cidrBlock": "10.0.0.0/16"}).data

    swept = bench.sweep()

    item = swept.item("oci:identity:compartment", compartment)
    assert item["outcome"] == "blocked"
    assert vcn["id"] in item["detail"]
    assert not bench.deletions()["identity.compartments.delete"]


def test_a_broken_connection_leaves_nothing_behind(bench: OciBench) -> None:
    bench.build(STRANGER, "theirs")
    before = bench.look()
    bench.left_by_a_run()
    bench.refuse(Effect.LOST, "*", Operation.DELETE, chance=0.5, times=10)

    bench.play()
    assert bench.sandbox.faults.seen[Operation.DELETE, Effect.LOST] == 10
    bench.sandbox.faults.clear()
    rest = bench.play_on()

    assert {each.status for each in rest} <= ENDED
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_a_page_that_does_not_come_is_a_gap(bench: OciBench) -> None:
    bench.left_by_a_run(identities=False)
    bench.refuse(Effect.FAIL, "core.volumes.list", Operation.INDEX)

    outcomes, gaps = bench.play(full=True)

    assert {gap.kind for gap in gaps} == {"oci:core:volume"}
    gone = {each.ref.kind for each in outcomes if each.status is Status.GONE}
    assert "oci:core:vcn" in gone
    assert "oci:core:volume" not in gone, "without its list no volume is proved to be gone"


def test_a_page_that_does_not_come_is_told_by_the_exit_code(site: Site) -> None:
    vcn = site.ours.vcn()
    site.over()
    site.bench.refuse(Effect.FAIL, "core.volumes.list", Operation.INDEX)

    swept = site.bench.sweep("--full")

    assert swept.code == 4
    assert {gap["kind"] for gap in swept.gaps} == {"oci:core:volume"}
    assert swept.item("oci:core:vcn", vcn["id"])["outcome"] == "gone"


def test_defined_tags_make_it_a_runs_too(bench: OciBench) -> None:
    bench.build(STRANGER, "theirs", defined="reaper")
    before = bench.look()
    bench.left_by_a_run(defined="Reaper")

    swept = bench.sweep()

    assert swept.left == {}
    after = bench.look()
    assert same(after, before) == {}
    assert without(after, before) == LINGERING


def test_tags_that_disagree_are_a_persons_business(bench: OciBench) -> None:
    with bench.run() as run:
        one = {**run.tags}
    clients = Clients(bench.sandbox.endpoint, bench.sandbox.key.config(), HOME)
    vcn = clients.network.create_vcn(
        {
            "compartmentId": bench.ocids[0],
            "cidrBlock": "10.0.0.0/16",
            "freeformTags": one,
            "definedTags": {"reaper": {**one, "reaper-run": "r-another"}},
        }
    ).data

    swept = bench.sweep()

    item = swept.item("oci:core:vcn", vcn["id"])
    assert (item["verdict"], item["rule"]) == ("quarantine", "unsure")
    assert "disagree" in item["reason"]


def test_volumes_that_outlived_their_instance_are_found_by_tags_and_by_the_journal(
    site: Site,
) -> None:
    instance = site.ours.instance(site.ours.subnet(site.ours.vcn()))
    storage, boot = site.clients.storage, site.boot(instance)
    asked = {"compartmentId": site.ours.compartment, "availabilityDomain": DOMAIN}
    volume = storage.create_volume(asked).data["id"]
    storage.update_boot_volume(boot, {"freeformTags": dict(site.ours.tags)})
    scope = f"{site.bench.sandbox.tenancy}/{HOME}/{site.ours.compartment}"
    site.run.created(kind="oci:core:volume", scope=scope, id=volume)
    site.clients.compute.terminate_instance(instance["id"], preserve_boot_volume=True)

    told = site.swept()

    assert told.left == {}
    assert told.item("oci:core:boot-volume", boot)["outcome"] == "gone"
    assert told.item("oci:core:volume", volume)["outcome"] == "gone"
    assert storage.get_volume(volume).data["lifecycleState"] == "TERMINATED"


def test_a_subtree_and_all_regions_are_looked_at(bench: OciBench) -> None:
    identity = Clients(bench.sandbox.endpoint, bench.sandbox.key.config(), HOME).identity
    below = identity.create_compartment(
        {"compartmentId": bench.ocids[0], "name": "below", "description": "below"}
    ).data["id"]
    bench.options = {"compartments": [bench.ocids[0]], "subtree": True, "regions": "all"}
    with bench.run() as run:
        clients = Clients(bench.sandbox.endpoint, bench.sandbox.key.config(), "ap-tokyo-1")
        asked = {"compartmentId": below, "cidrBlock": "10.0.0.0/16", "freeformTags": run.tags}
        vcn = clients.network.create_vcn(asked).data["id"]
        elsewhere = {**asked, "compartmentId": bench.ocids[1]}
        beyond = clients.network.create_vcn(elsewhere).data["id"]

    swept = bench.sweep()

    assert swept.item("oci:core:vcn", vcn)["outcome"] == "gone"
    assert swept.left == {}
    assert [each["id"] for each in clients.network.list_vcns(bench.ocids[1]).data] == [beyond]


def test_another_tenancy_is_refused(bench: OciBench) -> None:
    bench.options = {"tenancy": "ocid1.tenancy.oc1..another"}

    told = bench.reaper("ls", "--json")

    assert told.code == 2
    assert "the configuration wants ocid1.tenancy.oc1..another" in told.stderr
