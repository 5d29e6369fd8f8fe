"""What somebody uses stays, and says who it is: the ways to harm a stranger in Google Cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("googleapiclient.discovery_cache")
pytest.importorskip("google.auth")

from reaper.client.active import ActiveRun
from reaper.providers.gce.kinds.clusters import ID_LABEL, id_label
from reaper.sandbox.gce.world.rest import Rest
from tests.acceptance.google import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.google import running as running  # noqa: PLC0414 - a fixture
from tests.googlebench import GoogleBench
from tests.results import Result
from tests.sandbox.gce.asking import GLOBAL, REGION, ZONE, Project

BOOT = [{"boot": True, "autoDelete": True, "initializeParams": {"diskSizeGb": "10"}}]
NETWORK = f"{GLOBAL}/networks/default"


@dataclass(frozen=True, kw_only=True)
class Site:
    """A project, a run that works in it, and what it makes there."""

    bench: GoogleBench
    project: Project
    run: ActiveRun
    over: Callable[[], None]

    @property
    def labels(self) -> Mapping[str, str]:
        return self.run.tags

    def ours(self, collection: str, name: str, **body: Any) -> dict[str, Any]:
        """Create something of the run's: with its labels."""
        return self.project.make(collection, name, labels=dict(self.labels), **body)

    def journaled(self, collection: str, name: str, **body: Any) -> dict[str, Any]:
        """Create something of the run's that bears no labels."""
        made = self.project.make(collection, name, **body)
        self.note(collection, name, made["id"])
        return made

    def note(self, collection: str, name: str, number: str) -> None:
        nouns = {"networks": "network", "instanceGroupManagers": "instance-group-manager"}
        noun = collection.rpartition("/")[2]
        kind = f"gce:compute:{nouns.get(noun, noun.removesuffix('s'))}"
        self.run.created(
            kind=kind,
            scope="sandbox",
            id=f"{collection}/{name}",
            incarnation=number,
            taggable=False,
        )

    def machine(self, name: str, **body: Any) -> dict[str, Any]:
        return {
            "machineType": f"{ZONE}/machineTypes/e2-micro",
            "networkInterfaces": [{"network": NETWORK}],
            "disks": BOOT,
            **body,
        }

    def there(self, path: str) -> bool:
        collection, _, name = path.rpartition("/")
        return name in self.project.names(collection)


@pytest.fixture
def site(bench: GoogleBench) -> Iterator[Site]:
    """A run at work; it is over when the test sweeps."""
    with Rest(bench.sandbox.endpoint) as rest, ExitStack() as exits:
        run = exits.enter_context(bench.run())
        yield Site(bench=bench, project=Project(rest, "sandbox"), run=run, over=exits.close)


def swept(site: Site) -> Result:
    site.over()
    return site.bench.sweep()


def outcome(told: Result, kind: str, resource_id: str) -> tuple[str | None, str]:
    item = told.item(f"gce:compute:{kind}", resource_id)
    return item["outcome"], f"{item['detail']} {item['reason']} {item['blocked_by']}"


def test_a_strangers_disk_that_goes_with_a_machine_blocks_it(site: Site) -> None:
    site.project.make(f"{ZONE}/disks", "theirs", sizeGb="1")
    disks = [*BOOT, {"source": f"{ZONE}/disks/theirs", "autoDelete": True}]
    site.bench.sandbox.lags.delete_s = 0
    site.ours(f"{ZONE}/instances", "vm", **site.machine("vm", disks=disks))
    disk = site.project.get(f"{ZONE}/disks/theirs")
    _older(site, "zones/us-central1-a/disks/theirs", disk)

    told = swept(site)

    became, why = outcome(told, "instance", f"{ZONE}/instances/vm")
    assert became == "blocked"
    assert "disks/theirs" in why
    assert site.there(f"{ZONE}/disks/theirs")
    assert site.there(f"{ZONE}/instances/vm")


def _older(site: Site, path: str, shown: Mapping[str, Any]) -> None:
    """Let something have been there for an hour before the machine came."""
    graph = site.bench.sandbox._estate.graph
    node = graph.find(f"projects/sandbox/{path}")
    assert node is not None
    assert node.body["id"] == shown["id"]
    from datetime import datetime  # noqa: PLC0415 - for this only

    born = datetime.fromisoformat(node.body["creationTimestamp"]) - timedelta(hours=1)
    node.body["creationTimestamp"] = born.isoformat(timespec="milliseconds")


def test_a_machines_own_disks_go_with_it_without_labels(site: Site) -> None:
    site.ours(f"{ZONE}/instances", "vm", **site.machine("vm"))

    told = swept(site)

    assert told.left == {}
    assert told.item("gce:compute:disk", f"{ZONE}/disks/vm")["outcome"] == "gone"


def test_a_machine_in_a_strangers_pool_or_group_or_route_stays(site: Site) -> None:
    link = f"{ZONE}/instances"
    for name in ("pooled", "grouped", "routed"):
        body = site.machine(name, canIpForward=True)
        site.ours(link, name, **body)
    site.project.make(f"{REGION}/targetPools", "pool", instances=[f"{link}/pooled"])
    site.project.make(f"{ZONE}/instanceGroups", "group", network=NETWORK)
    member = {"instances": [{"instance": f"{link}/grouped"}]}
    site.project.ask("POST", f"{ZONE}/instanceGroups/group/addInstances", member)
    site.project.make(
        f"{GLOBAL}/routes",
        "via",
        network=NETWORK,
        destRange="10.99.0.0/24",
        priority=900,
        nextHopInstance=f"{link}/routed",
    )

    told = swept(site)

    for name, user in (("pooled", "pool"), ("grouped", "group"), ("routed", "via")):
        became, why = outcome(told, "instance", f"{link}/{name}")
        assert became == "blocked", name
        assert f"/{user}" in why
        assert site.there(f"{link}/{name}")


def test_a_member_of_a_strangers_managed_group_stays(site: Site) -> None:
    properties = {
        "machineType": "e2-micro",
        "labels": dict(site.labels),
        "disks": BOOT,
        "networkInterfaces": [{"network": NETWORK}],
    }
    site.project.make(f"{GLOBAL}/instanceTemplates", "theirs", properties=properties)
    site.project.make(
        f"{ZONE}/instanceGroupManagers",
        "theirs",
        instanceTemplate=f"{GLOBAL}/instanceTemplates/theirs",
        targetSize=1,
        baseInstanceName="node",
    )
    before = site.bench.look()

    told = swept(site)

    assert site.bench.look() == before
    assert "instance-group-manager" in str(told.left)


def test_what_a_strangers_template_starts_from_stays(site: Site) -> None:
    site.project.make(f"{ZONE}/disks", "source", sizeGb="1")
    disk = f"{ZONE}/disks/source"
    site.ours(f"{GLOBAL}/images", "named", sourceDisk=disk)
    site.ours(f"{GLOBAL}/images", "of-family", sourceDisk=disk, family="golden")
    site.ours(f"{GLOBAL}/images", "free", sourceDisk=disk)
    for name, image in (("t1", "images/named"), ("t2", "images/family/golden")):
        site.project.make(
            f"{GLOBAL}/instanceTemplates",
            name,
            properties={
                "machineType": "e2-micro",
                "disks": [{"boot": True, "initializeParams": {"sourceImage": f"{GLOBAL}/{image}"}}],
                "networkInterfaces": [{"network": NETWORK}],
            },
        )

    told = swept(site)

    assert outcome(told, "image", f"{GLOBAL}/images/named")[0] == "blocked"
    assert outcome(told, "image", f"{GLOBAL}/images/of-family")[0] == "blocked"
    assert outcome(told, "image", f"{GLOBAL}/images/free")[0] == "gone"


def test_deletion_protection_is_reported_and_never_lifted(site: Site) -> None:
    site.ours(f"{ZONE}/instances", "vm", **site.machine("vm", deletionProtection=True))

    told = swept(site)

    became, why = outcome(told, "instance", f"{ZONE}/instances/vm")
    assert became == "protected"
    assert "deletion protection" in why
    assert site.project.get(f"{ZONE}/instances/vm")["deletionProtection"] is True


def test_a_network_with_a_strangers_things_stays_and_names_them(site: Site) -> None:
    network = site.journaled(f"{GLOBAL}/networks", "ours", autoCreateSubnetworks=False)["selfLink"]
    subnet = site.journaled(
        f"{REGION}/subnetworks", "ours", network=network, ipCidrRange="10.0.0.0/24"
    )["selfLink"]
    allowed = [{"IPProtocol": "tcp"}]
    site.project.make(f"{GLOBAL}/firewalls", "theirs", network=network, allowed=allowed)
    interfaces = [{"subnetwork": subnet}]
    body = site.machine("theirs", networkInterfaces=interfaces)
    site.project.make(f"{ZONE}/instances", "theirs", **body)

    told = swept(site)

    became, why = outcome(told, "network", f"{GLOBAL}/networks/ours")
    assert became == "blocked"
    assert "firewalls/theirs" in why
    assert outcome(told, "subnetwork", f"{REGION}/subnetworks/ours")[0] in {"blocked", "pending"}
    assert site.there(f"{GLOBAL}/networks/ours")
    assert site.there(f"{GLOBAL}/firewalls/theirs")


def test_default_routes_and_the_default_network_are_never_touched(site: Site) -> None:
    default = site.project.get(NETWORK)
    site.note(f"{GLOBAL}/networks", "default", default["id"])
    route = next(
        each for each in site.project.names(f"{GLOBAL}/routes") if each.startswith("default-")
    )
    site.note(f"{GLOBAL}/routes", route, site.project.get(f"{GLOBAL}/routes/{route}")["id"])
    before = site.bench.look()

    told = swept(site)

    assert site.bench.look() == before
    assert told.left


def test_a_name_that_another_resource_took_is_not_shot_at(site: Site) -> None:
    network = site.project.make(f"{GLOBAL}/networks", "reused", autoCreateSubnetworks=False)
    site.note(f"{GLOBAL}/networks", "reused", network["id"])
    site.project.drop(f"{GLOBAL}/networks/reused")
    again = site.project.make(f"{GLOBAL}/networks", "reused", autoCreateSubnetworks=False)

    swept(site)

    assert site.project.get(f"{GLOBAL}/networks/reused")["id"] == again["id"] != network["id"]


def test_a_name_like_kubernetes_makes_proves_nothing(site: Site) -> None:
    cluster = _cluster(site)
    node_tag = f"gke-{cluster['name']}-{cluster['id'][:8]}-node"
    allowed = [{"IPProtocol": "tcp", "ports": ["80"]}]
    told_by_kubernetes = '{"kubernetes.io/service-name": "default/web"}'
    rules: dict[str, dict[str, Any]] = {
        "k8s-fw-by-name": {"targetTags": ["somebody-else"]},
        "k8s-fw-for-all": {},
        "k8s-fw-for-more": {"targetTags": [node_tag, "others"]},
        "mine-for-nodes": {"targetTags": [node_tag], "description": "by hand"},
    }
    for name, body in rules.items():
        described: dict[str, Any] = {"description": told_by_kubernetes, **body}
        site.project.make(
            f"{GLOBAL}/firewalls", name, network=NETWORK, allowed=allowed, **described
        )
    group = {"network": NETWORK, "networkEndpointType": "GCE_VM_IP_PORT"}
    group["description"] = '{"namespace": "default", "service-name": "web", "port": "80"}'
    site.project.make(f"{ZONE}/networkEndpointGroups", "k8s1-1234-default-web", **group)
    other = id_label("00" * 32)
    site.project.make(f"{ZONE}/disks", "pvc-1", sizeGb="1", labels={ID_LABEL: other})
    site.project.make(
        f"{ZONE}/disks", "pvc-2", sizeGb="1", labels={"goog-k8s-cluster-name": cluster["name"]}
    )

    told = swept(site)

    assert told.item("gce:container:cluster", cluster["path"])["outcome"] == "gone"
    for name in rules:
        assert site.there(f"{GLOBAL}/firewalls/{name}"), name
    assert site.there(f"{ZONE}/networkEndpointGroups/k8s1-1234-default-web")
    assert site.there(f"{ZONE}/disks/pvc-1")
    assert site.there(f"{ZONE}/disks/pvc-2")


def _cluster(site: Site) -> dict[str, Any]:
    where = "/v1/projects/sandbox/locations/us-central1-a/clusters"
    asked = {"name": "ours", "initialNodeCount": 1, "resourceLabels": dict(site.labels)}
    site.project.rest.ask("POST", where, {"cluster": asked})
    shown = site.project.rest.ask("GET", f"{where}/ours")
    return {**shown, "path": "locations/us-central1-a/clusters/ours"}


def test_peered_networks_of_a_run_go_and_a_strangers_end_blocks(site: Site) -> None:
    links = {}
    for name in ("one", "other"):
        made = site.journaled(f"{GLOBAL}/networks", name, autoCreateSubnetworks=False)
        links[name] = made["selfLink"]
    _peer(site, "one", links["other"])
    _peer(site, "other", links["one"])
    lone = site.journaled(f"{GLOBAL}/networks", "lone", autoCreateSubnetworks=False)
    theirs = site.project.make(f"{GLOBAL}/networks", "theirs", autoCreateSubnetworks=False)
    _peer(site, "lone", theirs["selfLink"])
    _peer(site, "theirs", lone["selfLink"])

    told = swept(site)
    again = site.bench.sweep("--wait", "40s")

    assert outcome(told, "network", f"{GLOBAL}/networks/lone")[0] == "blocked"
    assert site.there(f"{GLOBAL}/networks/theirs")
    assert site.project.get(f"{GLOBAL}/networks/theirs")["peerings"]
    assert not site.there(f"{GLOBAL}/networks/one"), again.left
    assert not site.there(f"{GLOBAL}/networks/other"), again.left


def _peer(site: Site, network: str, other: str) -> None:
    peering = {"name": "to", "network": other, "exchangeSubnetRoutes": True}
    path = f"{GLOBAL}/networks/{network}"
    body = {"name": "to", "networkPeering": peering}
    site.project.ask("POST", f"{path}/addPeering", body)


def test_an_auto_network_takes_its_own_subnets_along(site: Site) -> None:
    site.journaled(f"{GLOBAL}/networks", "auto", autoCreateSubnetworks=True)

    told = swept(site)

    assert told.left == {}
    assert not site.there(f"{GLOBAL}/networks/auto")


def test_held_objects_protect_a_bucket_and_later_writes_keep_it(site: Site) -> None:
    rest = site.project.rest
    for name in ("ours-held", "ours-written"):
        body = {"name": name, "labels": dict(site.labels)}
        rest.ask("POST", "/storage/v1/b", body, project="sandbox")
        _write(rest, name, "first")
    hold = {"temporaryHold": True}
    rest.ask("PATCH", "/storage/v1/b/ours-held/o/first", hold)
    site.over()
    _write(rest, "ours-written", "later")

    told = site.bench.sweep()

    held = told.item("gce:storage:bucket", "ours-held")
    written = told.item("gce:storage:bucket", "ours-written")
    assert held["outcome"] == "protected"
    assert "first is under a hold" in held["detail"]
    assert (written["verdict"], written["rule"]) == ("quarantine", "used")
    assert rest.ask("GET", "/storage/v1/b/ours-written/o/first")["name"] == "first"


def _write(rest: Rest, bucket: str, name: str) -> None:
    headers = {"Content-Type": "text/plain"}
    path = f"/upload/storage/v1/b/{bucket}/o"
    rest.send("POST", path, b"x", headers, uploadType="media", name=name)


def test_a_topic_that_a_strangers_subscription_needs_stays(site: Site) -> None:
    rest, base = site.project.rest, "projects/sandbox"
    for name in ("read", "dead-letters"):
        rest.ask("PUT", f"/v1/{base}/topics/{name}", {"labels": dict(site.labels)})
    rest.ask("PUT", f"/v1/{base}/topics/theirs", {})
    rest.ask("PUT", f"/v1/{base}/subscriptions/one", {"topic": f"{base}/topics/read"})
    policy = {"deadLetterTopic": f"{base}/topics/dead-letters"}
    body = {"topic": f"{base}/topics/theirs", "deadLetterPolicy": policy}
    rest.ask("PUT", f"/v1/{base}/subscriptions/two", body)

    told = swept(site)

    for name in ("read", "dead-letters"):
        assert told.item("gce:pubsub:topic", f"topics/{name}")["outcome"] == "blocked"


def test_an_account_that_a_strangers_machine_runs_as_stays(site: Site) -> None:
    rest = site.project.rest
    made = rest.ask("POST", "/v1/projects/sandbox/serviceAccounts", {"accountId": "ours-acc"})
    site.run.created(
        kind="gce:iam:service-account",
        scope="sandbox",
        id=f"serviceAccounts/{made['email']}",
        incarnation=made["uniqueId"],
        taggable=False,
    )
    accounts = [{"email": made["email"], "scopes": []}]
    site.project.make(f"{ZONE}/instances", "vm", **site.machine("vm", serviceAccounts=accounts))

    told = swept(site)

    item = told.item("gce:iam:service-account", f"serviceAccounts/{made['email']}")
    assert item["outcome"] == "blocked"
    assert "instances/vm" in item["detail"]


def test_an_intent_without_result_is_looked_up(site: Site) -> None:
    """The process was killed between the call and its answer."""
    site.run.intends(
        kind="gce:compute:firewall",
        scope="sandbox",
        id=f"{GLOBAL}/firewalls/lost",
        name="lost",
        taggable=False,
    )
    allowed = [{"IPProtocol": "tcp"}]
    site.project.make(f"{GLOBAL}/firewalls", "lost", network=NETWORK, allowed=allowed)

    told = swept(site)

    assert outcome(told, "firewall", f"{GLOBAL}/firewalls/lost")[0] == "gone"
