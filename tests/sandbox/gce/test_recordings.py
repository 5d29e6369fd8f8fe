"""What Google really answered conforms to its documents, as what the emulator answers does.

So the emulator's answers are not held to more, or to something else, than Google's are. The
recordings lie beside the project (see `tests.providers.gce.replaying`); elsewhere this is skipped.
"""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("googleapiclient.discovery_cache")

from reaper.sandbox.gce.conformity import faults_of_reply, methods
from reaper.sandbox.gce.world.rest import Rest
from reaper.sandbox.kernel.requests import as_json
from tests.providers.gce.replaying import FOLDER, MISSING, recorded
from tests.sandbox.gce.asking import GLOBAL, Project, refused

P = "compute-v1-projects-cloud-custodian"

# By flight: a file's beginning, and the method that it answers.
ANSWERS = (
    ("bucket-query", "get-storage-v1-b", "storage.buckets.list"),
    ("disk-query", f"get-{P}-aggregated-disks", "compute.disks.aggregatedList"),
    ("firewall-delete", f"delete-{P}-global-firewalls-test", "compute.firewalls.delete"),
    ("firewall-delete", f"get-{P}-global-firewalls", "compute.firewalls.list"),
    (
        "gke-cluster-query-resourceLabels",
        "get-v1-projects-cloud-custodian-locations---clusters",
        "container.projects.locations.clusters.list",
    ),
    ("instance-query", f"get-{P}-aggregated-instances", "compute.instances.aggregatedList"),
    (
        "instance-terminate",
        f"delete-{P}-zones-us-central1-c-instances-instance-1",
        "compute.instances.delete",
    ),
    ("instance-terminate", f"get-{P}-zones-us-central1-c-instances", "compute.instances.list"),
    (
        "lb-forwarding-rules-query",
        f"get-{P}-aggregated-forwardingRules",
        "compute.forwardingRules.aggregatedList",
    ),
    (
        "loadbalancer-address-labels",
        f"get-{P}-aggregated-addresses",
        "compute.addresses.aggregatedList",
    ),
    ("snapshot-delete", f"delete-{P}-global-snapshots-snapshot-1", "compute.snapshots.delete"),
    ("snapshot-delete", f"get-{P}-global-snapshots", "compute.snapshots.list"),
    ("subnet-set-flow", f"get-{P}-aggregated-subnetworks", "compute.subnetworks.aggregatedList"),
)


def _recorded(flight: str, name: str) -> Any:
    if not (FOLDER / flight).exists():
        pytest.skip(MISSING)
    return recorded(flight, name)


@pytest.mark.parametrize(("flight", "name", "method"), ANSWERS, ids=lambda each: each)
def test_what_was_recorded_conforms(flight: str, name: str, method: str) -> None:
    body = _recorded(flight, name)["body"]
    (described,) = (each for each in methods(method.split(".", maxsplit=1)[0]) if each.id == method)

    assert list(faults_of_reply(described, as_json(200, body))) == []


def test_an_operation_has_what_the_recorded_one_has(project: Project) -> None:
    recorded = _recorded("firewall-delete", f"delete-{P}-global-firewalls-test")["body"]
    project.make(f"{GLOBAL}/firewalls", "test")

    begun = project.ask("DELETE", f"{GLOBAL}/firewalls/test")
    shown = project.get(f"{GLOBAL}/operations/{begun['name']}")

    assert set(recorded) <= set(shown)


def test_what_is_gone_is_not_found_in_the_recorded_words(project: Project, rest: Rest) -> None:
    recorded = _recorded("firewall-delete", f"get-{P}-global-firewalls-test")

    words = refused(404, "notFound", lambda: project.get(f"{GLOBAL}/firewalls/test"))

    expected = recorded["body"]["error"]["message"]
    assert words == expected.replace("cloud-custodian", "sandbox")
