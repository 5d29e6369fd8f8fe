"""Groups of instances: managed ones make their members anew, and go with all of them."""

from __future__ import annotations

from typing import Any

from tests.sandbox.gce.asking import GLOBAL, REGION, ZONE, Project, refused

BOOT = [{"boot": True, "autoDelete": True, "initializeParams": {"labels": {"a": "b"}}}]
IN_USE = (400, "resourceInUseByAnotherResource")


def _managed(project: Project, place: str = ZONE, size: int = 2) -> dict[str, Any]:
    properties = {"machineType": "e2-micro", "disks": BOOT, "labels": {"reaper-run": "r-1"}}
    template = project.make(f"{GLOBAL}/instanceTemplates", "t", properties=properties)
    return project.make(
        f"{place}/instanceGroupManagers",
        "m",
        instanceTemplate=template["selfLink"],
        targetSize=size,
        baseInstanceName="node",
    )


def test_a_managed_group_makes_its_members_from_the_template(project: Project) -> None:
    manager = _managed(project)

    members = project.ask("POST", f"{ZONE}/instanceGroupManagers/m/listManagedInstances")
    first = members["managedInstances"][0]
    shown = project.get(f"{ZONE}/instances/{first['name']}")
    by = next(each for each in shown["metadata"]["items"] if each["key"] == "created-by")
    assert len(members["managedInstances"]) == manager["currentActions"]["none"] == 2
    assert shown["labels"] == {"reaper-run": "r-1"}
    assert by["value"].endswith("/zones/us-central1-a/instanceGroupManagers/m")
    assert project.get(f"{ZONE}/instanceGroups/m")["size"] == 2


def test_a_regional_group_has_members_in_zones(project: Project) -> None:
    _managed(project, REGION, size=1)

    listed = project.ask("POST", f"{REGION}/instanceGroups/m/listInstances", {})

    assert "/zones/us-central1-" in listed["items"][0]["instance"]


def test_a_member_that_goes_alone_is_made_anew(project: Project) -> None:
    _managed(project, size=1)
    (before,) = project.names(f"{ZONE}/instances")

    project.drop(f"{ZONE}/instances/{before}")

    (after,) = project.names(f"{ZONE}/instances")
    assert after != before
    listed = project.ask("POST", f"{ZONE}/instanceGroups/m/listInstances", {})
    assert [each["instance"].rpartition("/")[2] for each in listed["items"]] == [after]


def test_a_manager_goes_with_its_group_members_disks_and_autoscaler(project: Project) -> None:
    manager = _managed(project)
    policy = {"maxNumReplicas": 3, "coolDownPeriodSec": 60}
    project.make(f"{ZONE}/autoscalers", "a", target=manager["selfLink"], autoscalingPolicy=policy)
    assert "autoscaler" in project.get(f"{ZONE}/instanceGroupManagers/m")["status"]

    project.drop(f"{ZONE}/instanceGroupManagers/m")

    for collection in ("instances", "disks", "instanceGroups", "autoscalers"):
        assert project.names(f"aggregated/{collection}") == []


def test_a_managed_group_stays_without_its_manager_s_deletion(project: Project) -> None:
    _managed(project)

    words = refused(*IN_USE, lambda: project.drop(f"{ZONE}/instanceGroups/m"))

    assert "instanceGroupManagers/m" in words


def test_a_template_in_use_stays(project: Project) -> None:
    _managed(project)

    words = refused(*IN_USE, lambda: project.drop(f"{GLOBAL}/instanceTemplates/t"))

    assert words.startswith("The instance_template resource")


def test_a_manager_whose_group_serves_stays(project: Project) -> None:
    manager = _managed(project)
    backends = [{"group": manager["instanceGroup"]}]
    project.make(f"{GLOBAL}/backendServices", "b", backends=backends)

    words = refused(*IN_USE, lambda: project.drop(f"{ZONE}/instanceGroupManagers/m"))

    assert "backendServices/b" in words


def test_a_group_that_shrinks_deletes_members(project: Project) -> None:
    _managed(project)

    project.rest.done(project.ask("POST", f"{ZONE}/instanceGroupManagers/m/resize", size=1))
    assert len(project.names(f"{ZONE}/instances")) == 1

    project.rest.done(project.ask("POST", f"{ZONE}/instanceGroupManagers/m/resize", size=3))
    assert len(project.names(f"{ZONE}/instances")) == 3

    name = project.names(f"{ZONE}/instances")[0]
    asked = {"instances": [f"{ZONE}/instances/{name}"]}
    path = f"{ZONE}/instanceGroupManagers/m/deleteInstances"
    project.rest.done(project.ask("POST", path, asked))
    assert len(project.names(f"{ZONE}/instances")) == 2


def test_an_unmanaged_group_goes_without_its_instances(project: Project) -> None:
    project.make(f"{ZONE}/instances", "vm")
    project.make(f"{ZONE}/instanceGroups", "g")
    asked = {"instances": [{"instance": f"{ZONE}/instances/vm"}]}
    project.rest.done(project.ask("POST", f"{ZONE}/instanceGroups/g/addInstances", asked))
    assert project.get(f"{ZONE}/instanceGroups/g")["size"] == 1

    project.drop(f"{ZONE}/instanceGroups/g")

    assert project.names(f"{ZONE}/instances") == ["vm"]


def test_groups_pools_and_endpoints_forget_an_instance_that_goes(project: Project) -> None:
    project.make(f"{ZONE}/instances", "vm")
    asked = {"instances": [{"instance": f"{ZONE}/instances/vm"}]}
    project.make(f"{ZONE}/instanceGroups", "g")
    project.rest.done(project.ask("POST", f"{ZONE}/instanceGroups/g/addInstances", asked))
    project.make(f"{REGION}/targetPools", "p")
    project.rest.done(project.ask("POST", f"{REGION}/targetPools/p/addInstance", asked))
    project.make(f"{ZONE}/networkEndpointGroups", "n", networkEndpointType="GCE_VM_IP_PORT")
    endpoints = {"networkEndpoints": [{"instance": "vm", "port": 80}]}
    path = f"{ZONE}/networkEndpointGroups/n"
    project.rest.done(project.ask("POST", f"{path}/attachNetworkEndpoints", endpoints))
    assert len(project.ask("POST", f"{path}/listNetworkEndpoints", {})["items"]) == 1

    project.drop(f"{ZONE}/instances/vm")

    assert project.get(f"{ZONE}/instanceGroups/g")["size"] == 0
    assert project.get(f"{REGION}/targetPools/p")["instances"] == []
    assert project.get(path)["size"] == 0


def test_an_instance_tells_the_groups_that_it_is_a_member_of(project: Project) -> None:
    _managed(project, size=1)
    project.make(f"{ZONE}/instanceGroups", "g")
    project.make(f"{ZONE}/instances", "alone", machineType="e2-micro", disks=BOOT)
    alone = {"instance": f"{ZONE}/instances/alone"}
    project.ask("POST", f"{ZONE}/instanceGroups/g/addInstances", {"instances": [alone]})

    everywhere = project.ask("GET", f"{ZONE}/instances/-/referrers")["items"]
    own = project.ask("GET", f"{ZONE}/instances/alone/referrers")["items"]

    assert sorted(each["referrer"].rpartition("/")[2] for each in everywhere) == ["g", "m"]
    assert [each["referrer"].rpartition("/")[2] for each in own] == ["g"]
    assert own[0]["referenceType"] == "MEMBER_OF"
